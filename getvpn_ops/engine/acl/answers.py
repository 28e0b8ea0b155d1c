"""``acl lint`` and ``acl explain``: rules over lists as a report, and the lines that decide a flow."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.decided import Decided
from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.checks.acl.views import COUNTED, ListView, Use
from getvpn_ops.engine.acl.groups import AclViews, acl_views, effective_lists, judge, meant, titles
from getvpn_ops.engine.acl.intents import intended_state
from getvpn_ops.engine.health import sweep_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.report import ReadList, Subject, SubjectKind, Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.engine.acl.texts import Listed
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.outcome import Outcome

_KIND = "acl lint"


def lint_fleet(state: FleetState, views: AclViews, source: str, notes: tuple[str, ...]) -> Sweep:
    """Every rule over the lists of a fleet, or of a part of it.

    Args:
        state: of the fleet.
        views: what is judged.
        source: who was asked, for the report.
        notes: remarks for a person.
    """
    judged = list(judge(views))
    outcomes = [outcome for outcome, _ in judged]
    sweep = sweep_of(state, outcomes, kind=_KIND, run="", source=source, specs=titles(), notes=notes)
    return replace(sweep, subjects=tuple(dict.fromkeys(subject for _, subject in judged)))


def lint_intent(inventory: Inventory, group: str, now: datetime) -> Sweep:
    """Every rule over what a group's routers should hold; no device is asked.

    Args:
        inventory: with intents.
        group: that is described whole.
        now: UTC, for the report.

    Raises:
        UsageError: nothing says what the group should be.
        MistakesError: a router cannot be rendered.
    """
    state = intended_state(inventory, group, now)
    views = meant(acl_views(state), group)
    judged = list(judge(views))
    return replace(
        _sweep(f"intent of {group} in {inventory.source or 'the inventory'}", now, judged),
        subjects=tuple(dict.fromkeys(subject for _, subject in judged)),
        lists=tuple(read_list(view) for _, view in views.lists),
    )


def lint_file(name: str, found: Sequence[Listed], now: datetime, *, local: bool) -> Sweep:
    """The rules that ask for nothing but a list, over the lists of a file.

    Where the file tells which lists GETVPN uses, the others are left out, and a note says so.

    Args:
        name: of the file.
        found: its lists.
        now: UTC, for the report.
        local: whether they are members' own lists.
    """
    chosen = _chosen(found)
    left = [item.name for item in found if item not in chosen]
    views = [view for item in chosen for view in _views_of(name, item, local=local)]
    judged = list(judge(AclViews(tuple(("", view) for view in views))))
    return replace(
        _sweep(f"file {name}", now, judged),
        notes=(f"left out, for no GDOI group here uses them: {', '.join(left)}",) if left else (),
        subjects=tuple(Subject(view.name, SubjectKind.LIST) for view in views),
        lists=tuple(map(read_list, views)),
    )


def _sweep(source: str, now: datetime, judged: list[tuple[Outcome, Subject]]) -> Sweep:
    """The report of lists for which no device was asked."""
    return Sweep(
        kind=_KIND,
        run="",
        source=source,
        started=now,
        ended=now,
        depth=Depth.FULL,
        selected=0,
        visits=(),
        outcomes=tuple(outcome for outcome, _ in judged),
        specs=titles(),
    )


def read_list(view: ListView) -> ReadList:
    """What a report says of a list before it judges."""
    return ReadList(view.name, sum(ace.action in COUNTED for ace in view.entries))


def _chosen(found: Sequence[Listed]) -> list[Listed]:
    used = [item for item in found if item.used]
    return used or list(found)


def _views_of(file: str, item: Listed, *, local: bool) -> Iterator[ListView]:
    called = item.name or Path(file).name
    if local:
        yield ListView(called, Use.LOCAL, item.local + item.downloaded)
        return
    if item.local:
        yield ListView(f"{called} (own list)" if item.downloaded else called, Use.LOCAL, item.local)
    if item.downloaded or not item.local:
        yield ListView(called, Use.POLICY, item.downloaded)


def decisions_of(flow: Flow, views: AclViews, target: str = "") -> tuple[Decided, ...]:
    """What becomes of a flow and its answers by the list of each group, and at each of its members.

    Args:
        flow: whole.
        views: of the fleet, or of a part of it.
        target: a device to speak of alone, with the lists of its groups.
    """
    ends: dict[tuple[str, str], tuple[str, ...]] = {}
    for group in views.groups:
        for known in group.members:
            sides = (("source", flow.source), ("destination", flow.destination))
            inside = [name for name, address in sides if any(address in prefix for prefix in known.prefixes)]
            ends[group.name, known.device] = tuple(inside)
    devices = {device for _, device in ends}
    found = []
    for name, member, effective, reason in effective_lists(views):
        device = member.device if member is not None else ""
        if target in devices and device not in {"", target}:
            continue
        decided = _decided(flow, name, device, effective, ends.get((name, device), ()), reason)
        found.append(replace(decided, crypto_map=member.crypto_map) if member is not None else decided)
    return tuple(found)


def decisions_in_file(flow: Flow, name: str, found: Sequence[Listed], *, local: bool) -> tuple[Decided, ...]:
    """What becomes of a flow and its answers by each list of a file that says something.

    Args:
        flow: whole.
        name: of the file.
        found: the lists.
        local: whether they are members' own lists.
    """
    return tuple(
        _decided(
            flow,
            "",
            f"{name}:{item.name}" if item.name else name,
            EffectiveList(local=item.local + item.downloaded) if local else item.effective,
        )
        for item in _chosen(found)
        if item.local or item.downloaded
    )


def _decided(  # noqa: PLR0913, PLR0917 -- the parts of one record
    flow: Flow,
    group: str,
    device: str,
    effective: EffectiveList | None,
    behind: tuple[str, ...] = (),
    reason: str = "",
) -> Decided:
    if effective is None:
        return Decided(group, device, None, None, behind, reason)
    sends = answers = None
    try:
        sends = effective.decide(flow)
        answers = effective.decide(flow.mirrored())
    except EvidenceMissingError as exc:
        reason = str(exc)
    return Decided(group, device, sends, answers, behind, reason)


def known_names(views: AclViews, target: str) -> str:
    """``; did you mean ...?`` or which groups there are, for a name that is none."""
    names = list(_names(views))
    near = difflib.get_close_matches(target, names, n=3)
    if near:
        return f"; did you mean {', '.join(near)}?"
    groups = ", ".join(group.name for group in views.groups)
    return f"; there are the groups {groups}" if groups else "; no GDOI group is known"


def _names(views: AclViews) -> Iterator[str]:
    for group in views.groups:
        yield group.name
        yield from (member.device for member in group.members)
    yield from (view.name for view in views.configs)
