"""``acl lint`` and ``acl explain``: rules over lists as a report, and the lines that decide a flow."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.decided import Decided
from getvpn_ops.analysis.lists import EffectiveList
from getvpn_ops.checks.acl.views import ListView, Use
from getvpn_ops.engine.acls import AclViews, effective_lists, judge, titles
from getvpn_ops.engine.health import sweep_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.report import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from getvpn_ops.analysis.flow import Flow
    from getvpn_ops.engine.acl_texts import Listed
    from getvpn_ops.model.fleet import FleetState

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


def lint_file(name: str, found: Sequence[Listed], now: datetime, *, local: bool) -> Sweep:
    """The rules that ask for nothing but a list, over the lists of a file.

    Where the file tells which lists GETVPN uses, the others are left out.

    Args:
        name: of the file.
        found: its lists.
        now: UTC, for the report.
        local: whether they are members' own lists.
    """
    chosen = [item for item in found if item.used] if any(item.used for item in found) else list(found)
    views: list[tuple[str, ListView]] = []
    for item in chosen:
        called = f"{name}:{item.name}" if item.name else name
        if item.local or local:
            views.append((name, ListView(f"{called} (own list)" if item.downloaded else called, Use.LOCAL, item.local)))
            if local:
                views[-1] = (name, ListView(called, Use.LOCAL, item.local + item.downloaded))
        if item.downloaded and not local:
            views.append((name, ListView(called, Use.POLICY, item.downloaded)))
        if not (item.local or item.downloaded):
            views.append((name, ListView(called, Use.POLICY)))
    judged = list(judge(AclViews(tuple(views))))
    return Sweep(
        kind=_KIND,
        run="",
        source=name,
        started=now,
        ended=now,
        depth=Depth.FULL,
        selected=0,
        visits=(),
        outcomes=tuple(outcome for outcome, _ in judged),
        specs=titles(),
        subjects=tuple(dict.fromkeys(subject for _, subject in judged)),
    )


def decisions_of(flow: Flow, views: AclViews, target: str = "") -> tuple[Decided, ...]:
    """What becomes of a flow and its answers by the list of each group, and at each of its members.

    Args:
        flow: whole.
        views: of the fleet, or of a part of it.
        target: a device to speak of alone, with the lists of its groups.
    """
    ends: dict[tuple[str, str], tuple[str, ...]] = {}
    for group in views.groups:
        for member in group.members:
            sides = (("source", flow.source), ("destination", flow.destination))
            inside = [name for name, address in sides if any(address in prefix for prefix in member.prefixes)]
            ends[group.name, member.device] = tuple(inside)
    devices = {device for _, device in ends}
    found = []
    for name, device, effective, reason in effective_lists(views):
        if target in devices and device not in {"", target}:
            continue
        behind = ends.get((name, device), ())
        found.append(_decided(flow, name, device, effective, behind, reason))
    return tuple(found)


def decisions_in_file(flow: Flow, name: str, found: Sequence[Listed], *, local: bool) -> tuple[Decided, ...]:
    """What becomes of a flow and its answers by each list of a file that says something.

    Args:
        flow: whole.
        name: of the file.
        found: the lists.
        local: whether they are members' own lists.
    """
    chosen = [item for item in found if item.used] if any(item.used for item in found) else list(found)
    return tuple(
        _decided(
            flow,
            "",
            f"{name}:{item.name}" if item.name else name,
            EffectiveList(local=item.local + item.downloaded) if local else item.effective,
        )
        for item in chosen
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
