"""Registers a member anew, so that it has to use the key that it has, and waits until it is back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.keys.outcomes import answer_of, failed, result_of, untyped
from getvpn_ops.engine.change.keys.psk_reading import (
    GDOI,
    REGISTERED,
    SAS,
    facts_of,
    gdoi_of,
    made_sessions,
    not_yet,
    sessions_of,
    sound,
    work_of,
)
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.exec import DeclaredReply, ExecCommand
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

IKE, CLEAR, AGAIN = ".ike", ".register", ".again"
_SURE = (DeclaredReply(r"(?i)are you sure you want to proceed ?\? ?\[yes/no\]:", "yes"),)
_CLEAR = ExecCommand("clear crypto gdoi", _SURE)
_FRESH = timedelta(seconds=240)
"""An IKE session of a registration lives so long at least (the guide asks for 300 s): till then its absence tells."""
_POLL = 5.0
"""Seconds between two looks at a member that registers, at most."""


def clear_member(step: PlannedStep, scene: Scene, part: str) -> Hold | None:
    """Clear the member's IKE sessions with key servers, then its policy; once.

    Args:
        step: of the plan.
        scene: of the run.
        part: ``CLEAR``, or ``AGAIN`` where the old key was put back.
    """
    member = work_of(step).parameter("member")
    if scene.log.is_applied(f"{step.id}{part}", member):
        return None

    def job(hand: Hand) -> Hold | None:
        return _sessions(step, scene, hand, f"{step.id}{part}{IKE}") or _policy(step, scene, hand, f"{step.id}{part}")

    told = scene.each({scene.device(member): job})[member]
    return untyped(told, scene.run) or told.value


def _sessions(step: PlannedStep, scene: Scene, hand: Hand, part: str) -> Hold | None:
    """An IKE session that stands would register it without a look at the new key."""
    if scene.log.is_applied(part, hand.device):
        return None
    found = sessions_of(hand.show(SAS), step, scene)
    if isinstance(found, str):
        return Hold(f"{hand.device}: its IKE sessions were not read: {found}", "", ExitCode.UNDETERMINED)
    lines = tuple(f"clear crypto isakmp {number}" for number in found)
    if not lines:
        return None
    receipts: list[ExecReceipt] = []

    def do() -> Settled:
        for line in lines:
            receipts.append(hand.command(ExecCommand(line)))
            if result_of(receipts[-1]) is not StepResult.APPLIED:
                break
        result = result_of(receipts[-1])
        if result is StepResult.NOTHING_SENT and len(receipts) > 1:
            result = StepResult.PARTLY
        return Settled(result, answer_of(receipts[-1]))

    settled = scene.log.send(part, hand.device, f"clear IKE sessions of {hand.device}", lines, do, once=False)
    return None if settled.result is StepResult.APPLIED else failed(step.title, receipts[-1], scene.run)


def _policy(step: PlannedStep, scene: Scene, hand: Hand, part: str) -> Hold | None:
    evidence = evidence_of(hand.show(GDOI))
    if evidence is None or evidence.parsed is None:
        why = evidence.reason if evidence is not None else "no answer"
        return Hold(f"{hand.device}: {GDOI} was not read: {why}", "", ExitCode.UNDETERMINED)
    scene.log.saw(part, {**facts_of(evidence.parsed.data), "at": scene.clock.now().isoformat()})
    receipts: list[ExecReceipt] = []

    def do() -> Settled:
        receipts.append(hand.command(_CLEAR))
        return Settled(result_of(receipts[0]), answer_of(receipts[0]))

    settled = scene.log.send(part, hand.device, f"register {hand.device} anew", (_CLEAR.line,), do, once=True)
    return None if settled.result is StepResult.APPLIED else failed(step.title, receipts[0], scene.run)


def await_registration(step: PlannedStep, scene: Scene, part: str) -> str | Hold:
    """Wait for the member. Empty: it is back, with the current key. Else why not, as it says."""
    member = work_of(step).parameter("member")
    began = scene.clock.now()
    ends = began + timedelta(seconds=scene.margins.register)
    while True:
        looked = gdoi_of(member, scene)
        now = scene.clock.now()
        why = looked if isinstance(looked, str) else not_yet(looked)
        if not why:
            held = sound(step, scene)
            why = held.reason if held is not None else ""
        if not why:
            since = scene.log.facts(f"{step.id}{part}").get("at", began.isoformat())
            seconds = (now - datetime.fromisoformat(since)).total_seconds()
            scene.log.saw(step.id, {"seconds": f"{seconds:.0f}"})
            return ""
        if now >= ends:
            return f"{why}, {scene.margins.register:g} s after it was cleared"
        if (stop := wait_for(scene, min(_POLL, scene.margins.poll))) is not None:
            return stop


def settled_clear(part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
    """Whether a member was cleared, by what cannot be without it."""
    member, name = part.intended.device, part.intended.step
    if name.endswith(IKE):
        return Settled(StepResult.NOTHING_SENT, "IKE sessions that are left are cleared again, which does no harm")
    looked = gdoi_of(member, scene)
    sessions = made_sessions(step, member, scene)
    if isinstance(looked, str) or isinstance(sessions, str):
        why = looked if isinstance(looked, str) else sessions
        return Settled(StepResult.UNKNOWN, f"{member} was not read: {why}")
    before, after = scene.log.facts(name), facts_of(looked)
    if after["status"] != REGISTERED:
        return Settled(StepResult.APPLIED, f"it is {after['status']}: it was cleared")
    if sessions:
        return Settled(StepResult.APPLIED, "it has made a new IKE session with a key server since")
    if after["counts"] != before.get("counts"):
        return Settled(StepResult.APPLIED, "its registrations count otherwise than before")
    since = datetime.fromisoformat(before["at"]) if "at" in before else None
    if since is None or scene.clock.now() - since > _FRESH:
        return Settled(StepResult.UNKNOWN, "registered, and too long after the command to tell whether it was cleared")
    return Settled(StepResult.NOTHING_SENT, "registered as before, without a new IKE session: it was not cleared")
