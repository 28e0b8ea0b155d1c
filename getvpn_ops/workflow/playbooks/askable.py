"""What a gate may ask: health checks, each with what it is about; and checks and rules that no gate can ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from getvpn_ops.checks.acl import CONFIG_RULES, GROUP_RULES, LIST_RULES
from getvpn_ops.checks.config import ROUTER_RULES
from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.registry import Registry, Spec


class About(StrEnum):
    """What a check looks at."""

    GROUP = "group"
    MEMBER = "member"
    DEVICE = "device"
    NO_GATE = "no gate"
    """Something else than what devices of a run show: no gate can ask it."""


@dataclass(frozen=True, slots=True)
class Askable:
    """A check that a person may name.

    Attributes:
        spec: of it.
        about: what it looks at.
        kind: what it is called, such as ``doctor check``.
    """

    spec: Spec[Any, Any]
    about: About
    kind: str


def askable(registries: Mapping[About, tuple[Registry[Any], ...]]) -> Mapping[str, Askable]:
    """Checks by id.

    Args:
        registries: that hold them, by what their checks look at.
    """
    return {
        spec.id: Askable(spec, about, registry.kind)
        for about, held in registries.items()
        for registry in held
        for spec in registry
    }


CHECKS: Mapping[str, Askable] = askable(
    {
        About.NO_GATE: (DOCTOR_CHECKS, LIST_RULES, GROUP_RULES, CONFIG_RULES, ROUTER_RULES),
        About.GROUP: (GROUP_CHECKS,),
        About.MEMBER: (MEMBER_CHECKS,),
        About.DEVICE: (DEVICE_CHECKS,),
    }
)
"""All there are."""
