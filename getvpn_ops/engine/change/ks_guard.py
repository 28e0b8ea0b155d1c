"""Whether a key server may be touched now (promises P10 and P11): read anew right before each step.

A key server that is configured while it rekeys ships whatever is half typed. So nothing is begun that a rekey could
meet: one that is due is let pass, and seen, first. And whoever is primary ships what it has; so the secondaries get a
change first, by the roles of this moment, not of the plan.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.change.ks_conditions import ROLES, is_done, only, role_of, sound
from getvpn_ops.engine.change.ks_leaving import gone, is_taken_down
from getvpn_ops.engine.change.ks_reading import (
    COOP,
    POLICY,
    REPLAY,
    ask_servers,
    dues,
    dues_of,
    group_view,
    is_running,
    served_by,
)
from getvpn_ops.engine.change.rekey_marks import marks_of
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait, wait_for
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.change import RekeyEffect
from getvpn_ops.model.plan import Configure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.ks_reading import Due
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.rekey_marks import Marks
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.plan import PlannedStep

_LOOKS = 4
"""At what is not known because it is in flux, such as keys of a rekey that not all key servers have yet."""
_PATIENCE = timedelta(minutes=40)
"""Most that a step waits for rekeys to pass; a TEK of some hours on old software is renewed within that."""
_PASSED = timedelta(seconds=10)
"""After a rekey was due, until it is looked for."""
_STAY, _LINE = 10.0, 0.5
"""Seconds of a stay in configuration mode, and of each of its lines."""
_IN_SESSION = 0.5
"""Share of the margin that must be left when the first line is typed; the login took the rest."""
_SELDOM = 60.0
"""Seconds between two looks for a rekey whose moment no screen tells."""
_AGAIN = "getvpn-ops resume, once it is over"
_ORDERED = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY})


def guard_key_server(step: PlannedStep, scene: Scene, *, policy: bool, mended: Collection[str] = ()) -> Hold | None:
    """Look at all key servers of the step's groups, and let rekeys pass that are due; None: the step may be taken.

    Each condition is required of every group of the step that runs; see ``ks_conditions``. The distance to the next
    rekey is kept from all groups that this key server serves: they share the router's configuration. A group that the
    plan takes down is none of them, for it ships nothing to anybody.

    Args:
        step: on a key server; of one without a device, such as a rekey on whoever is primary, no role is required.
        scene: of the run.
        policy: whether the step changes what the key server ships; then the secondaries come first.
        mended: ids of checks that the step is there to mend, see ``ks_conditions.sound``.
    """
    groups = step.groups or served_by(scene, step.device)
    served = tuple(dict.fromkeys([*groups, *(served_by(scene, step.device) if step.device else ())]))
    if not served:
        return None
    watch = _Watch(step, scene, [group for group in served if not is_taken_down(scene, group, step)])
    looks = 0
    while True:
        fleet = ask_servers(scene, served)
        held = _held(step, scene, fleet, groups, policy=policy, mended=mended)
        if held is not None and scene.plan.is_emergency:
            scene.say(f"passed over, for it is an emergency: {held.reason}")
            held = None
        if held is None:
            passed = watch.look(fleet)
            if isinstance(passed, Hold) and passed.code is ExitCode.UNDETERMINED and scene.plan.is_emergency:
                scene.say(f"passed over, for it is an emergency: {passed.reason}")
                return None
            if passed is None or isinstance(passed, Hold):
                return passed
            broken = wait(scene, passed)
        else:
            looks += 1
            if held.code is not ExitCode.UNDETERMINED or looks >= _LOOKS or not _all_answered(fleet):
                return held
            broken = wait_for(scene, scene.margins.poll)
        if broken is not None:
            return broken


def last_look(step: PlannedStep, scene: Scene, hand: Hand) -> Hold | None:
    """The same session, right before the first line: its own role is one that may go on, and no rekey came near.

    A secondary sends no rekeys, so that only its role is looked at.
    """
    captures = [hand.show(command) for command in ("show crypto gdoi", COOP, POLICY, REPLAY)]
    device = scene.device(step.device)
    now = scene.clock.now()
    fleet = assemble(captures, {}, scene.inventory, selected=[device], started=now, ended=now)
    for group in served_by(scene, step.device):
        if is_taken_down(scene, group, step) or step.device in gone(scene, group):
            continue
        view = group_view(fleet, group)
        server = view.key_servers[0]
        try:
            if not is_running(view):
                continue
            role = role_of(server)
            if role not in ROLES:
                return Hold(
                    f"{step.device}: group {group} is in an election: nothing was typed", _AGAIN, ExitCode.FINDINGS
                )
            if role != "primary":
                continue
            if (group in step.groups or not step.groups) and (held := _too_early(step, scene, group)) is not None:
                return held
            near = _first(dues_of(server, view), now + _room(step, scene.margins.before_rekey * _IN_SESSION))
        except EvidenceMissingError as exc:
            return Hold(f"{exc}: nothing was typed", f"getvpn-ops doctor {step.device}", ExitCode.UNDETERMINED)
        if near is not None:
            return _too_near(step, scene, near)
    return None


# -- conditions


def _held(  # noqa: PLR0913 -- what is asked of a group
    step: PlannedStep,
    scene: Scene,
    fleet: FleetState,
    groups: Iterable[str],
    *,
    policy: bool,
    mended: Collection[str],
) -> Hold | None:
    for group in groups:
        try:
            view = group_view(fleet, group)
            is_over = is_taken_down(scene, group, step)
            if not is_over and not is_running(view):
                continue
        except EvidenceMissingError as exc:
            return Hold(f"group {group}: {exc}", "getvpn-ops doctor", ExitCode.UNDETERMINED)
        held = sound(view, step, scene, mended)
        is_shipped = policy and step.device and not is_over and step.device not in gone(scene, group)
        if held is None and is_shipped and _is_primary(view, step.device):
            held = _too_early(step, scene, group)
        if held is not None:
            return held
    return None


def _is_primary(view: GroupView, device: str) -> bool:
    """Whether a key server is primary; ``sound`` has made sure that it tells, unless it joins only now."""
    for server in view.key_servers:
        if server.device == device:
            try:
                return role_of(server) == "primary"
            except EvidenceMissingError:
                return False
    return False


def _too_early(step: PlannedStep, scene: Scene, group: str) -> Hold | None:
    """A primary may not come before a secondary: it would ship what the others do not have."""
    kind = step.act.kind if isinstance(step.act, Configure) else None
    if scene.plan.is_emergency:  # who comes before it was tried, and may be out of reach
        return None
    if kind is None or step.change().effect not in _ORDERED:
        return None
    waiting = [
        other
        for other in scene.plan.beside(step)
        if isinstance(other.act, Configure)
        and other.act.kind is kind
        and other.act.effect in _ORDERED
        and other.device != step.device
        and group in other.groups
        and other.device in {item.name for item in scene.inventory.key_servers(group)}
        and not is_done(scene.log, other)
    ]
    if not waiting:
        return None
    names = ", ".join(dict.fromkeys(other.device for other in waiting))
    reason = (
        f"{step.device} is primary of group {group} now, and '{step.title}' is still to come on {names}: "
        "roles have changed since the plan was made; nothing was sent"
    )
    return Hold(reason, "make the plan anew: it puts the key servers into the order of their roles", ExitCode.STALE)


def _all_answered(fleet: FleetState) -> bool:
    return all(state.visit is not None and state.visit.trouble is None for state in fleet.devices.values())


# -- the distance to the next rekey


class _Watch:
    """Lets rekeys pass that a step could meet."""

    def __init__(self, step: PlannedStep, scene: Scene, served: Iterable[str]) -> None:
        self._step, self._scene, self._served = step, scene, tuple(served)
        self._ends = scene.clock.now() + _PATIENCE
        self._awaited: Due | None = None
        self._before: Marks | None = None

    def look(self, fleet: FleetState) -> Hold | datetime | None:
        """None: nothing is near. A moment: look again then."""
        scene = self._scene
        try:
            due = self._nearest(fleet)
            group = due.group if due is not None else self._awaited.group if self._awaited is not None else ""
            marks = marks_of(group_view(fleet, group)) if group else None
        except EvidenceMissingError as exc:
            return Hold(str(exc), "getvpn-ops doctor", ExitCode.UNDETERMINED)
        if due is None and self._awaited is not None and marks == _at(self._before, marks):
            due = self._awaited  # its moment has passed, and nothing came
        if due is None:
            return None
        now = scene.clock.now()
        pause = scene.margins.poll if due.is_printed else _SELDOM
        until = max(due.at + _PASSED, now + timedelta(seconds=pause))
        late = (due.at if due.is_printed else due.ends) + timedelta(seconds=scene.margins.converge)
        if until > self._ends or now > late:
            return _too_near(self._step, scene, due)
        if self._awaited is None:
            scene.say(f"{due.what} of group {due.group} is due at {due.at:%H:%M:%S} UTC: waiting until it has passed")
        self._awaited, self._before = due, marks
        return until

    def _nearest(self, fleet: FleetState) -> Due | None:
        """The first rekey that the step could meet.

        Raises:
            EvidenceMissingError: a group that runs does not tell when it rekeys.
        """
        scene = self._scene
        before = scene.clock.now() + _room(self._step, scene.margins.before_rekey)
        views = [_staying(group_view(fleet, group), scene) for group in self._served]
        near = [_first(dues(view), before) for view in views if is_running(view)]
        return _first((due for due in near if due is not None), before)


def _staying(view: GroupView, scene: Scene) -> GroupView:
    """A group without the key servers that the plan has begun to take out of it."""
    left = gone(scene, view.name)
    return only(view, [server.device for server in view.key_servers if server.device not in left]) if left else view


def _first(due: Iterable[Due], before: datetime) -> Due | None:
    return min((item for item in due if item.at < before), key=lambda item: item.at, default=None)


def _room(step: PlannedStep, margin: float) -> timedelta:
    lines = len(step.act.lines)
    return timedelta(seconds=margin + _STAY + _LINE * lines)


def _at(marks: Marks | None, other: Marks | None) -> Marks | None:
    """Marks as if they had been read with the others: moments and counts of members say nothing of rekeys."""
    if marks is None or other is None:
        return None
    return replace(marks, at=other.at, ends=other.ends, members=other.members, missed=other.missed)


def _too_near(step: PlannedStep, scene: Scene, due: Due) -> Hold:
    seconds = (due.at - scene.clock.now()).total_seconds()
    when = f"is due in {seconds:.0f} s" if seconds > 0 else f"was due {-seconds:.0f} s ago, and was not seen"
    if not due.is_printed:
        when = f"comes at any moment before {due.ends:%H:%M:%S} UTC, which this software does not print"
    where = f"{step.device}: " if step.device else ""
    reason = f"{where}{due.what} of group {due.group} {when}: no configuration mode now; nothing was sent"
    return Hold(reason, f"getvpn-ops resume {scene.run}, once it has passed", ExitCode.FINDINGS)
