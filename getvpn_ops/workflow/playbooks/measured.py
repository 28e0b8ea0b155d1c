"""What was measured of ``passive``, by platform and release: as the journal has it, and as a prediction takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import Known, Measured
from getvpn_ops.model.inventory import Role
from getvpn_ops.workflow.playbooks.variants import can_be_passive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.inventory import Device

FACTS = "measured"
"""End of the names under which the journal has answers; facts are those of ``Measured``, and kind, device, told."""


def kind_of(device: Device) -> str:
    """Platform and release, for which an answer holds; empty if either is not said."""
    return f"{device.model} {device.release}" if device.model and device.release else ""


def to_measure(devices: Iterable[Device]) -> tuple[Device, ...]:
    """The first member of each platform and release that can be passive."""
    found: dict[str, Device] = {}
    for device in devices:
        if device.role is Role.MEMBER and kind_of(device) and can_be_passive(device):
            found.setdefault(kind_of(device), device)
    return tuple(found.values())


def unmeasured(members: Iterable[Device], pilot: Iterable[Device], known: Iterable[str]) -> tuple[str, ...]:
    """Which platforms and releases nothing will be known of, in words, with a member of each that the pilot needs.

    Args:
        members: of the group.
        pilot: of it, among whom is measured.
        known: platforms and releases that were measured before.
    """
    told = {*known, *(kind_of(device) for device in to_measure(pilot))}
    found: dict[str, Device] = {}
    for device in members:
        if device.role is Role.MEMBER and kind_of(device) not in told:
            found.setdefault(kind_of(device), device)
    return tuple(_missing(kind, device) for kind, device in found.items())


def _missing(kind: str, device: Device) -> str:
    if not kind:
        return f"what passive does on {device.name} is not measured: the inventory does not say its model and release"
    if not can_be_passive(device):
        return f"what passive does on a {kind} is not measured: it cannot be passive ({device.name})"
    return f"what passive does on a {kind} is not measured: no pilot member is one; {device.name} could join the pilot"


def measured_in(facts: Mapping[str, str]) -> tuple[str, Measured] | None:
    """An answer as the journal has it, with its platform and release; None if it is none."""
    try:
        gap = float(facts["gap_seconds"])
        return facts["kind"], Measured(
            Known(facts["passive_at_once"]),
            Known(facts["passive_accepts_clear"]),
            Known(facts["turns_without_gap"]),
            Known(facts["shown_as_optional"]),
            gap or None,
        )
    except (KeyError, ValueError):
        return None


def for_devices(answers: Iterable[tuple[str, Measured]], devices: Iterable[Device]) -> dict[str, Measured]:
    """What is known of each device; the last answer for its platform and release counts.

    Args:
        answers: oldest first.
        devices: of the inventory.
    """
    known = dict(answers)
    return {device.name: known[kind_of(device)] for device in devices if kind_of(device) in known}
