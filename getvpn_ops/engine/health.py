"""``health``: every check over everything that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.checks.device_view import device_views
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.model.report import NotLookedAt, SpecTitle, Subject, SubjectKind, Sweep
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Question:
    """Which checks to ask; an empty tuple means all.

    Attributes:
        ids: of checks.
        tags: a check with one of them is asked.
    """

    ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def wants(self, spec_id: str, tags: frozenset[str]) -> bool:
        """Whether a check is asked."""
        if not self.ids and not self.tags:
            return True
        return spec_id in self.ids or bool(tags & set(self.tags))


def judge(fleet: FleetState, question: Question | None = None) -> tuple[Outcome, ...]:
    """Evaluate every check: over groups first, then over members, then over devices.

    A member that was not asked at this depth is not judged by itself: the report lists it as not looked at. A device
    that was asked and did not answer is judged, and all that it did not tell is UNKNOWN.
    """
    asked = question or Question()
    return tuple(_outcomes(fleet, asked.wants))


def _outcomes(fleet: FleetState, wants: Callable[[str, frozenset[str]], bool]) -> Iterator[Outcome]:
    groups = [view for view in group_views(fleet) if view.key_servers or view.members]
    for group in groups:
        yield from (evaluate(spec, group) for spec in GROUP_CHECKS if wants(spec.id, spec.tags))
    for group in groups:
        for member in group.members:
            if member.state.was_asked:
                yield from (evaluate(spec, member) for spec in MEMBER_CHECKS if wants(spec.id, spec.tags))
    for device in device_views(fleet):
        if device.state.was_asked:
            yield from (evaluate(spec, device) for spec in DEVICE_CHECKS if wants(spec.id, spec.tags))


def titles() -> tuple[SpecTitle, ...]:
    """Every check, in the order in which they are asked."""
    every = (*GROUP_CHECKS, *MEMBER_CHECKS, *DEVICE_CHECKS)
    return tuple(SpecTitle(spec.id, spec.title, spec.severity) for spec in every)


def known_tags() -> frozenset[str]:
    """Every tag that a check has."""
    return frozenset(tag for spec in (*GROUP_CHECKS, *MEMBER_CHECKS, *DEVICE_CHECKS) for tag in spec.tags)


def with_key_servers(inventory: Inventory, selected: Sequence[Device]) -> tuple[Device, ...]:
    """A selection with the key servers of its groups: a member can be judged against nothing else."""
    meant = {name for device in selected for name in device.gdoi_groups}
    servers = [server for name in inventory.group_names() if name in meant for server in inventory.key_servers(name)]
    return tuple(dict.fromkeys([*servers, *selected]))


def sweep_of(  # noqa: PLR0913 -- the parts of one record
    fleet: FleetState,
    outcomes: Iterable[Outcome],
    *,
    kind: str,
    run: str,
    source: str,
    specs: tuple[SpecTitle, ...],
    notes: tuple[str, ...] = (),
) -> Sweep:
    """A finished run as reports read it."""
    states = fleet.devices.values()
    return Sweep(
        kind=kind,
        run=run,
        source=source,
        started=fleet.started,
        ended=fleet.ended,
        depth=fleet.depth,
        selected=len(fleet.devices),
        visits=tuple(state.visit for state in states if state.visit is not None),
        outcomes=tuple(outcomes),
        specs=specs,
        not_looked_at=tuple(_not_looked_at(fleet)),
        notes=notes,
        subjects=tuple(_subjects(fleet)),
    )


def _subjects(fleet: FleetState) -> Iterator[Subject]:
    """Who can be judged, under the names that outcomes have."""
    groups = group_views(fleet)
    for group in groups:
        yield Subject(group.name, SubjectKind.GROUP, group.name)
    for group in groups:
        for member in group.members:
            yield Subject(member.name, SubjectKind.MEMBER, group.name, member.device)
    for state in fleet.devices.values():
        yield Subject(state.name, SubjectKind.DEVICE, device=state.name)


def _not_looked_at(fleet: FleetState) -> Iterator[NotLookedAt]:
    for state in fleet.devices.values():
        if state.visit is None:
            yield NotLookedAt(state.name, state.why_not)
        elif state.visit.trouble is not None and not state.visit.commands:
            why = f": {state.visit.reason}" if state.visit.reason else ""
            yield NotLookedAt(state.name, f"{state.visit.trouble.value}{why}")
