"""Hardware: what ``show version`` and ``show inventory`` say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.releases import Release


@dataclass(frozen=True, slots=True)
class Platform:
    """A sort of router.

    Attributes:
        model: as in the inventory of devices, such as ``2811`` or ``ISR4331/K9``.
        software: the name of its software as the first line of ``show version`` has it.
        image: name of the image.
    """

    model: str
    software: str
    image: str


_USUAL = {"12.4": "2811", "15": "CISCO2911/K9", "17": "ISR4331/K9"}
PLATFORMS: tuple[Platform, ...] = (
    Platform("2811", "2800 Software", "C2800NM-ADVENTERPRISEK9-M"),
    Platform("CISCO2911/K9", "C2900 Software", "C2900-UNIVERSALK9-M"),
    Platform("ISR4331/K9", "ISR Software", "X86_64_LINUX_IOSD-UNIVERSALK9-M"),
)


def platform(model: str, release: Release) -> Platform:
    """The hardware of a model; the usual one of the release if the model is empty or unknown."""
    usual = _USUAL[release.family]
    by_model = {item.model: item for item in PLATFORMS}
    return by_model.get(model) or by_model[usual]
