"""``diagnose``: why a group or a device is not well, from state that was collected, and what a second look adds."""

from __future__ import annotations

import difflib
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.judge import judge
from getvpn_ops.checks.diagnosis.scene import GroupScene
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.errors import EvidenceMissingError, UsageError
from getvpn_ops.model.diagnosis import Complaint
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.ports import Archive, Fleet, Progress, Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.diagnosis import Diagnosis
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device

_SERVERS = 3  # key servers that a member sends echoes to
_SUSPICIOUS = 10  # members of a group that are looked at again
_PROBE = "repeat 3 timeout 1"
_LARGE = 1400
"""Bytes of a probe with DF: it fits 1,500 once it is encrypted only where nothing on the way is narrower."""


def diagnose(state: FleetState, target: str = "") -> tuple[Diagnosis, ...]:
    """Diagnose a group, one device in each of its groups, or everything.

    Args:
        state: from devices or from captures.
        target: name of a group or of a device; empty for all groups.

    Returns:
        One diagnosis for each group that is meant; none if the device is in no group.

    Raises:
        UsageError: there is no such group or device; names near ones.
    """
    return tuple(judge(view, device) for view, device in _meant(state, target))


def _meant(state: FleetState, target: str) -> Iterator[tuple[GroupView, str | None]]:
    views = [view for view in group_views(state) if view.key_servers or view.members]
    named = [view for view in views if target in {"", view.name}]
    if named or not target:
        yield from ((view, None) for view in named)
        return
    if target not in state.devices:
        known = [*(view.name for view in views), *state.devices]
        near = difflib.get_close_matches(target, known, n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        msg = f"there is no group and no device {target!r}{hint}"
        raise UsageError(msg)
    for view in views:
        if target in {item.device for item in (*view.key_servers, *view.members)}:
            yield view, target


def second_look(state: FleetState, target: str = "") -> dict[Device, tuple[str, ...]]:
    """Probes that would tell more, by device: echoes to key servers, and small and large ones through the tunnel.

    They send a few packets, so the session that sends them must be allowed to probe. Members that cannot register are
    asked for echoes to their key servers. Where one device is meant, or packets are lost, echoes go to the network
    behind another member; their addresses are a guess, the first of the networks that the inventory knows.

    Args:
        state: from devices.
        target: as for ``diagnose``.
    """
    found: dict[Device, tuple[str, ...]] = {}
    for view, device in _meant(state, target):
        group = GroupScene(view)
        wrong = judge(view, device).symptoms
        inside = {Complaint.NOT_DECRYPTING, Complaint.DROPS}
        suspicious = {item.device for item in wrong}
        lossy = {item.device for item in wrong if item.complaint in inside} | ({device} if device else set())
        chosen = [item for item in group.members if item.device in suspicious | lossy][:_SUSPICIOUS]
        for member in chosen:
            probes = tuple(_probes(member, through=member.device in lossy))
            if probes and member.state.visit is not None and member.state.visit.trouble is None:
                found[member.state.device] = found.get(member.state.device, ()) + probes
    return found


def _probes(member: MemberScene, *, through: bool) -> Iterator[str]:
    own = next(iter(sorted(member.addresses, key=int)), None)
    if member.is_out:
        try:
            servers = sorted(member.wanted_servers, key=int)
        except EvidenceMissingError:
            servers = []
        source = f" source {own}" if own is not None else ""
        where = _vrf(member, "fvrf")
        yield from (f"ping {where}{server} {_PROBE}{source}" for server in servers[:_SERVERS])
    elif through and member.inner is not None:
        target = _behind_another(member)
        if target is not None:
            where = _vrf(member, "ivrf")
            yield f"ping {where}{target} {_PROBE} source {member.inner}"
            yield f"ping {where}{target} {_PROBE} size {_LARGE} source {member.inner} df-bit"


def _vrf(member: MemberScene, which: str) -> str:
    """``vrf NAME``, where the member says that it registers, or has its traffic, in one: elsewhere nothing answers."""
    blocks = member.local.value.members if member.has_group else ()
    names = {getattr(item, which) or item.vrf for item in blocks}
    names = {name for name in names if name is not None and not isinstance(name, Sentinel)}
    return f"vrf {names.pop()} " if len(names) == 1 else ""


def _behind_another(member: MemberScene) -> object:
    """An address behind a member at another site that seems well."""
    site = member.state.device.site
    for other in member.group.members:
        if other is member or other.inner is None or (site and other.state.device.site == site):
            continue
        if other.has_group and not other.is_out and other.inner != member.inner:
            return other.inner
    return None


def diagnosis_script(commands: Iterable[str]) -> Script:
    """The second look at one device."""
    for command in commands:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command


def look_again(  # noqa: PLR0913 -- the ports of one sweep
    state: FleetState,
    commands: Mapping[Device, tuple[str, ...]],
    *,
    run: str,
    fleet: Fleet,
    archive: Archive,
    progress: Progress,
) -> FleetState:
    """Ask more of some devices, keep it, and give the state with it.

    Args:
        state: so far.
        commands: as ``second_look`` gives them; nothing is asked if there are none.
        run: under which captures are kept.
        fleet: devices that may be probed.
        archive: keeps captures before they are read.
        progress: is told.
    """
    if not commands:
        return state
    lock, captures = Lock(), []

    def keep(capture: Capture) -> None:
        archive.put_capture(run, capture)
        with lock:
            captures.append(capture)

    scripts: dict[Device, Callable[[], Script]] = {
        device: partial(diagnosis_script, asked) for device, asked in commands.items()
    }
    progress.begin("a second look", len(scripts))
    try:
        fleet.ask(scripts, keep=keep, progress=progress)
    finally:
        progress.end()
    return with_captures(state, captures)


def with_captures(state: FleetState, captures: Iterable[Capture]) -> FleetState:
    """The same state with more answers of its devices."""
    devices = dict(state.devices)
    for capture in captures:
        evidence = evidence_of(capture)
        before = devices.get(capture.device)
        if evidence is not None and before is not None:
            devices[capture.device] = replace(before, evidence=(*before.evidence, evidence))
    return replace(state, devices=devices)
