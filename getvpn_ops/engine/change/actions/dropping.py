"""Clears of a key server: every member registers anew."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import old_life
from getvpn_ops.engine.change.actions.looking import Patience, came, log_mark, look, servers
from getvpn_ops.engine.change.actions.registering import registered_since, registration_facts
from getvpn_ops.engine.change.actions.typing_lines import SURE, OneLine, perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.parts import storm
from getvpn_ops.workflow.actions.reading import cooperation, group_named, keys_held, registered, server_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

_MARK, _LIVES, _WATCHED = "cleared", "lives", "watched"
_WATCHES = 3
_SETTLES = 15.0
_SHOWN = 12


class Dropping(OneLine):
    """Clears one key server, and waits until everybody is back."""

    replies = SURE

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """Who is registered, and with which keys."""
        fleet = look(scene, servers(step, scene))
        try:
            facts = _facts(fleet, step)
            watched = _some_members(fleet, step, scene)
            return facts | {_WATCHED: " ".join(item.name for item in watched)} | _registrations(watched, step, scene)
        except EvidenceMissingError as exc:
            reason = f"{step.device}: not cleared, for what members have now could not be read: {exc}"
            return Hold(reason, f"getvpn-ops health {step.device}", ExitCode.UNDETERMINED)

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """A clear shows in its log, in its keys and in its members, whichever of them it has."""
        scene.clock.wait_until(scene.clock.now() + timedelta(seconds=_SETTLES))
        try:
            now = _facts(look(scene, servers(step, scene)), step)
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        if came(facts.get(_MARK, ""), now[_MARK]):
            return Settled(StepResult.APPLIED, f"the log of {step.device} tells of registrations that were cleared")
        for group in step.groups:
            if changes := _changes(facts, now, group):
                return Settled(StepResult.APPLIED, f"{step.device}: {changes}")
        logged = came(facts.get(_MARK, ""), now[_MARK])
        if not _is_logged(step) and facts.get(_WATCHED):  # they may live on with keys that were replaced
            scene.clock.wait_until(scene.clock.now() + timedelta(seconds=float(facts[_LIVES])))
            logged = False
        if fresh := _registered(facts, step, scene):
            return Settled(StepResult.APPLIED, fresh)
        if logged is False:
            return Settled(StepResult.NOTHING_SENT, f"{step.device}: log, keys and members are as they were")
        return Settled(StepResult.UNKNOWN, f"{step.device}: keys and members are as they were; its log proves nothing")

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """Everybody who was registered is registered again, and the key servers are sound."""
        wanted = {group: set(facts[f"members {group}"].split()) for group in step.groups}
        count = sum(map(len, wanted.values()))
        gentle = perform_of(step).lines[0].endswith("ks members")
        lives = float(facts.get(_LIVES) or 0.0) if gentle else 0.0
        patience = Patience(scene, max(scene.margins.register, storm(count)) + lives, scene.margins.poll)
        reason, known, began = f"{step.device} was not looked at", False, not count
        for _ in patience:
            fleet = look(scene, servers(step, scene))
            began = began or _began(fleet, step, facts) or bool(_registered(facts, step, scene))
            reason, known = _missing(fleet, wanted)
            if not reason and began:
                return f"{count} members are registered again, and the key servers agree"
        if not reason:
            reason, known = (
                "all members are registered, and nothing shows that any of them had to register again",
                False,
            )
        next_step = f"getvpn-ops health {' '.join(step.groups)}"
        return patience.held(step, f"after '{step.title}': {reason}", next_step, is_known=known)


def _some_members(fleet: FleetState, step: PlannedStep, scene: Scene) -> list[Device]:
    """A few of the members that are registered: they show whether anybody had to register again.

    Raises:
        EvidenceMissingError: a key server did not tell.
    """
    names = {name for group in step.groups for name in registered(group_named(fleet, group)).values()}
    known = [device for device in scene.inventory.devices.values() if device.name in names]
    return known[:_WATCHES]


def _registrations(watched: list[Device], step: PlannedStep, scene: Scene) -> dict[str, str]:
    """How often those few have registered; of one that does not tell, nothing."""
    found: dict[str, str] = {}
    fleet = look(scene, watched) if watched else None
    for device in watched:
        groups = [group for group in step.groups if group in device.gdoi_groups]
        with suppress(EvidenceMissingError):
            facts = registration_facts(fleet, groups, device.name) if fleet is not None else {}
            found |= {f"{device.name} {name}": value for name, value in facts.items()}
    return found


def _registered(before: Mapping[str, str], step: PlannedStep, scene: Scene) -> str:
    """What shows that one of those few registers since; empty: nothing."""
    names = before.get(_WATCHED, "").split()
    now = _registrations([scene.device(name) for name in names], step, scene)
    for name in names:
        start = f"{name} "
        then, here = (
            {key.removeprefix(start): value for key, value in facts.items() if key.startswith(start)}
            for facts in (before, now)
        )
        if here and (fresh := registered_since(then, here)):
            return f"{name} registers anew since: {fresh}"
    return ""


def _began(fleet: FleetState, step: PlannedStep, facts: Mapping[str, str]) -> bool:
    """Whether it is seen that the clear did something: another log, other keys, or members that are gone."""
    try:
        now = _facts(fleet, step)
    except EvidenceMissingError:
        return False
    return bool(came(facts.get(_MARK, ""), now[_MARK])) or any(_changes(facts, now, group) for group in step.groups)


def _changes(before: Mapping[str, str], now: Mapping[str, str], group: str) -> str:
    """What of a group is gone; empty: nothing."""
    was, held = (set(values[f"keys {group}"].split()) for values in (before, now))
    if was and not was & held:
        return f"none of its keys of group {group} is there any more"
    gone = set(before[f"members {group}"].split()) - set(now[f"members {group}"].split())
    return f"{len(gone)} members of group {group} are gone: {_some(gone)}" if gone else ""


def _missing(fleet: FleetState, wanted: Mapping[str, set[str]]) -> tuple[str, bool]:
    for group, addresses in wanted.items():
        try:
            view = group_named(fleet, group)
            there = registered(view)
            if addresses and not view.served.ring().current():
                return f"group {group} has no key that lives", True
        except EvidenceMissingError as exc:
            return str(exc), False
        gone = addresses - {str(address) for address in there}
        if gone:
            return f"group {group}: {len(gone)} members are not registered again: {_some(gone)}", True
        for item in cooperation(view):
            return item.text, item.is_known
    return "", True


def _facts(fleet: FleetState, step: PlannedStep) -> dict[str, str]:
    """What a clear changes.

    Raises:
        EvidenceMissingError: a key server did not tell.
    """
    facts: dict[str, str] = {}
    lives = 0.0
    for group in step.groups:
        view = group_named(fleet, group)
        facts[f"members {group}"] = " ".join(sorted(str(address) for address in registered(view)))
        own = server_of(fleet, group, step.device)
        facts[f"keys {group}"] = " ".join(sorted(str(spi) for spi in keys_held(own)))
        lives = max(lives, _old_life(view))
    facts[_LIVES] = f"{lives:.0f}"
    facts[_MARK] = log_mark(fleet.devices[step.device], "KS_CLEAR_REGISTER")
    return facts


def _is_logged(step: PlannedStep) -> bool:
    """Whether the log tells of the line: nobody attests that for the removal of members."""
    return " ks members" not in perform_of(step).lines[0]


def _old_life(view: GroupView) -> float:
    """Seconds that members may live on with keys that were replaced."""
    try:
        ring = view.served.ring()
    except EvidenceMissingError:
        return 0.0
    return max(
        (
            old_life((key.ends - ring.seen.taken_at).total_seconds(), (key.ends - key.born).total_seconds())
            for key in ring.current()
            if key.ends is not None and key.born is not None
        ),
        default=0.0,
    )


def _some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
