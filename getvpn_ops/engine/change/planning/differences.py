"""What would make routers as they are intended: for actions that take a part of it, such as new keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.model.config_diff import RemarkKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.config.diff import Differ
    from getvpn_ops.model.change import ChangeSet
    from getvpn_ops.model.inventory import Device


@dataclass(frozen=True, slots=True)
class Differences:
    """Of the devices that were read.

    Attributes:
        changes: what would make a router as it is intended, by name; who is absent was not compared.
        untold: what could not be compared, by name, in words.
    """

    changes: Mapping[str, ChangeSet] = field(default_factory=dict)
    untold: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_DIFFERENCES = Differences()


def differences_of(differ: Differ | None, reading: Reading, devices: Iterable[Device]) -> Differences:
    """Hold each device that was read against its intent.

    Raises:
        UsageError: there are no intents to hold them against.
        MistakesError: one of them cannot be rendered.
    """
    if differ is None:
        raise UsageError("this action takes a part of what the intents say, and there are no intents here")
    described, _ = differ.described(devices)
    changes: dict[str, ChangeSet] = {}
    untold: dict[str, tuple[str, ...]] = {}
    for device in described:
        found = differ.of_state(device, reading.fleet.devices.get(device.name))
        if found.change is not None:
            changes[device.name] = found.change
        told = (item for item in found.remarks if item.kind is not RemarkKind.NOT_MANAGED)
        untold[device.name] = tuple(f"{item.text}: {item.reason}" for item in told)
    return Differences(changes, untold)
