"""Members that register anew: by ``clear crypto gdoi``, or by ``clear crypto sa``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health import MEMBER_CHECKS
from getvpn_ops.engine.change.actions.looking import Patience, came, log_mark, look, with_servers
from getvpn_ops.engine.change.actions.typing_lines import SENT, SURE, OneLine
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.storm import others_register
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate
from getvpn_ops.workflow.actions.reading import group_named, member_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import DeclaredReply
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.plan import PlannedStep

_CHECKS = ("registration-complete", "convergence-tek")
_CLEARED, _REGISTERED = "cleared", "registered"
_MESSAGES = {_CLEARED: ("GM_CLEAR_REGISTER", "GM_RE_REGISTER"), _REGISTERED: ("GM_REGS_COMPL",)}
_SETTLES = 15.0
"""Seconds after which a member that took the line has begun to register."""


class Registering(OneLine):
    """Lets one member register anew, and times it."""

    def __init__(self, replies: tuple[DeclaredReply, ...] = SURE) -> None:
        """Of ``clear crypto gdoi``, or of a line that asks nothing."""
        self.replies = replies

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """How often it registered until now. Refused where nobody can tell the current key."""
        fleet = look(scene, with_servers(step, scene))
        try:
            for group in step.groups:
                group_named(fleet, group).served.ring()
                if (storm := others_register(scene, fleet, group, {step.device}).storm) is not None:
                    return storm
            return registration_facts(fleet, step.groups, step.device)
        except EvidenceMissingError as exc:
            reason = f"{step.device}: not cleared, for what it had could not be read: {exc}"
            return Hold(reason, f"getvpn-ops health {step.device}", ExitCode.UNDETERMINED)

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """A member that was cleared says so in its log and in its counters, and nothing makes it forget that."""
        scene.clock.wait_until(scene.clock.now() + timedelta(seconds=_SETTLES))
        try:
            now = registration_facts(look(scene, [scene.device(step.device)]), step.groups, step.device)
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        fresh = registered_since(facts, now) if _was_registered(facts) else _cleared(facts, now)
        if fresh is None:
            return Settled(StepResult.UNKNOWN, f"neither log nor counters of {step.device} tell whether it was cleared")
        if fresh:
            return Settled(StepResult.APPLIED, f"{step.device} registers anew since: {fresh}")
        return Settled(StepResult.NOTHING_SENT, f"{step.device}: log and counters show no registration since")

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """It registered since, and has the key that its key server has now."""
        patience = Patience(scene, scene.margins.register)
        reason, known = f"{step.device} was not looked at", False
        for _ in patience:
            fleet = look(scene, with_servers(step, scene))
            reason, known = _missing(fleet, step, facts)
            if not reason:
                return _told(fleet, step, facts)
        next_step = f"getvpn-ops diagnose {step.device}"
        return patience.held(step, f"{step.device} did not come back: {reason}", next_step, is_known=known)


def _missing(fleet: FleetState, step: PlannedStep, facts: Mapping[str, str]) -> tuple[str, bool]:
    """What is not as it should be yet, and whether that was seen; empty: nothing."""
    for group in step.groups:
        reason, known = not_up(fleet, group, step.device)
        if reason:
            return reason, known
    try:
        fresh = registered_since(facts, registration_facts(fleet, step.groups, step.device))
    except EvidenceMissingError as exc:
        return str(exc), False
    if fresh is None:
        return "it has the current key, and neither log nor counters tell that it registered since", False
    return ("", True) if fresh else ("log and counters show no registration since", True)


def not_up(fleet: FleetState, group: str, device: str) -> tuple[str, bool]:
    """Why a member is not at work: not registered, or without the key of its key servers.

    Args:
        fleet: with the member and the key servers of the group, just read.
        group: its name in the inventory.
        device: the member.

    Returns:
        What lacks, in words, empty if nothing does; and whether that was seen rather than not told.
    """
    for check in _CHECKS:
        try:
            member = member_of(fleet, group, device)
        except EvidenceMissingError as exc:
            return str(exc), False
        outcome = evaluate(MEMBER_CHECKS[check], member)
        if not outcome.status.opens_gate:
            said = [f"{item.message}: {item.actual}" for item in outcome.findings if not item.status.opens_gate]
            return "; ".join([*said, outcome.reason] if outcome.reason else said), outcome.status is Status.FAIL
    return "", True


def current_keys(fleet: FleetState, groups: Iterable[str]) -> str:
    """The keys that members must have, as ``0x0A1B2C3D of lds-ks1``.

    Raises:
        EvidenceMissingError: no key server shows any.
    """
    rings = [group_named(fleet, group).served.ring() for group in groups]
    return ", ".join(f"{key.hex} of {ring.device}" for ring in rings for key in ring.current())


def _told(fleet: FleetState, step: PlannedStep, facts: Mapping[str, str]) -> str:
    taken_at = member_of(fleet, step.groups[0], step.device).gdoi().taken_at
    took = (taken_at - datetime.fromisoformat(facts[SENT])).total_seconds() if SENT in facts else None
    within = f" within {max(took, 0.0):.0f} s" if took is not None else ""
    return f"registered anew{within}, and has {current_keys(fleet, step.groups)}"


def registration_facts(fleet: FleetState, groups: Iterable[str], device: str) -> dict[str, str]:
    """What a registration changes on a member.

    Raises:
        EvidenceMissingError: the member did not tell of its group.
    """
    facts: dict[str, str] = {}
    for group in groups:
        sample = member_of(fleet, group, device).gdoi()
        members, sums = sample.value.members, sample.value.cumulative
        counts = [item.succeeded_registrations for item in members] + [item.attempted_registrations for item in members]
        facts[f"counts {group}"] = _joined(counts)
        facts[f"since {group}"] = _joined(item.received_after_registration for item in sums)
        facts[f"status {group}"] = " ".join((item.registration_status or "").casefold() for item in members)
    state = fleet.devices[device]
    for name, mnemonics in _MESSAGES.items():
        facts[name] = log_mark(state, *mnemonics)
    return facts


def _joined(numbers: Iterable[int | None]) -> str:
    found = list(numbers)
    return "" if None in found else " ".join(map(str, found))


def registered_since(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """What shows that a member registers since; empty: that it does not; None: nothing tells."""
    for name, value in now.items():
        was = before.get(name, "")
        if name.startswith("counts") and was and value and was != value:
            return f"its counts of registrations changed from {was} to {value}"
        if name.startswith("since") and was and value and any(a > b for a, b in _pairs(was, value)):
            return "its count of rekeys since the registration began anew"
        if name.startswith("status") and was and value and was != value:
            return f"it is {value}"
        if name in _MESSAGES and came(was, value):
            return f"its log has a new {_MESSAGES[name][0]}"
    quiet = [came(before.get(name, ""), now[name]) for name in _MESSAGES]
    counted = all(value and before.get(name) == value for name, value in now.items() if name.startswith("counts"))
    return "" if counted or quiet == [False] * len(quiet) else None


def _was_registered(facts: Mapping[str, str]) -> bool:
    """Whether nothing but a clear lets its counts move soon: who is not registered tries again by himself."""
    return all(value in {"", "registered"} for name, value in facts.items() if name.startswith("status"))


def _cleared(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    new = came(before.get(_CLEARED, ""), now[_CLEARED])
    return None if new is None else f"its log has a new {_MESSAGES[_CLEARED][0]}" * new


def _pairs(was: str, value: str) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in zip(was.split(), value.split(), strict=False)]
