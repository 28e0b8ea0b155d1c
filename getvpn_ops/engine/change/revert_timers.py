"""Revert timers of members: armed before a step, ended when what stands is known, and looked for after a drop (P12).

A member that is entered with ``configure terminal revert timer N`` goes back to what it had unless somebody confirms.
When a session is lost the timer runs on, and as long as one runs no other can be armed. So whoever comes back looks:

- no timer may run before the first try, which is written down: one that runs later was set by this run, unless it is of
  another kind or length. Nor could this run have typed a line while another's ran: the device refuses to arm a second
  one. What may be another's is left alone, and the run holds.
- nothing of the step stands there, or all of it: that was read, so it is kept, and the timer ended.
- a part stands there: the timer gets its full time again, and covers the rest.
- lines stand there of which nobody knows who typed them: nothing is confirmed, and nothing taken back by this run; the
  timer comes to its end, and then the device is read.
- what this session typed does not stand there as it should, and no lines lead back: the device goes back at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.dialect.revert_timer import NONE_PENDING, SHOW_TIMER, RevertTimer, read_timer
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.exec import ExecCommand, ExecOutcome
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.engine.change.at_device import AtDevice
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.workflow.progress import Place

CONFIRM, LENGTHEN, REVERT = ".confirm", ".lengthen", ".revert"
"""Parts of a step that concern its timer."""
_FACT, _NONE = "revert timer before the first try", "none"
_MET = "revert timer after a drop"
_POLL = timedelta(seconds=30)
_SLACK = timedelta(minutes=1)
_DONE = "Rollback Done"
_PATIENCE = 180.0
"""Seconds in which a router goes back to a copy, without a word until it is done."""
_RESULTS = {
    ExecOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    ExecOutcome.DONE: StepResult.APPLIED,
    ExecOutcome.REFUSED: StepResult.NOTHING_SENT,
    ExecOutcome.UNKNOWN: StepResult.UNKNOWN,
}


def timer_of(capture: Capture) -> RevertTimer | str | None:
    """The timer that a capture of ``SHOW_TIMER`` shows; None: it says that none runs; else why it does not tell."""
    if capture.trouble is not None:
        return capture.reason or capture.trouble.value
    try:
        return read_timer(capture.text.decode("utf-8", "replace"))
    except ValueError as exc:
        return str(exc)


def _look(at: AtDevice) -> RevertTimer | str | Hold | None:
    """The same of a device that is asked now; it holds only where the session ended."""
    capture = at.hand.show(SHOW_TIMER)
    if capture.trouble is None or capture.trouble is Trouble.REFUSED:
        return timer_of(capture)
    reason = f"{at.name}: `{SHOW_TIMER}`: {capture.reason or capture.trouble.value}: nothing more was sent"
    return Hold(reason, at.resume, ExitCode.UNDETERMINED)


def look_first(at: AtDevice) -> Hold | None:
    """Before anything of a step was ever sent: no timer may run, for it would take back what is typed now.

    Where the device does not tell, it is gone on with: it refuses to arm a second timer.
    """
    timer = _look(at)
    if isinstance(timer, Hold):
        return timer
    if isinstance(timer, RevertTimer):
        return _foreign(at, timer)
    if timer is None:
        at.scene.log.saw(at.step.id, {_FACT: _NONE})
    return None


def meet(at: AtDevice, place: Place) -> Hold | None:
    """After a try that ended badly: see to a timer of it that may run; the caller reads the configuration again.

    Args:
        at: the device; ``is_covered`` says afterwards whether a timer of the step runs.
        place: how far the step came, as was read in this session.
    """
    timer = _look(at)
    if isinstance(timer, Hold):
        return timer
    is_ours = bool(place.lines) or at.scene.log.facts(at.step.id).get(_FACT) == _NONE
    if timer is None:
        return None
    if isinstance(timer, str):
        if place.lines:  # a line of the step stands there, so its timer was armed
            _say(at, f"it does not tell whether its revert timer runs ({timer})")
            return _keep_on(at, place)
        return _await_end(at, f"it does not tell whether a revert timer runs ({timer})", is_told=False)
    if not is_ours or timer.is_idle or timer.minutes != at.act.revert_minutes:
        return _foreign(at, timer)
    if place.lines == 0:
        _say(at, "the revert timer of the last try runs, and nothing of the step stands there: it is ended")
        at.is_covered = True
        return end_timer(at)
    if place.lines is None and not place.home:
        reason = "its revert timer runs, and nobody knows who typed what stands there: it is waited for"
        return _await_end(at, reason, is_told=True)
    return _keep_on(at, place)


def _keep_on(at: AtDevice, place: Place) -> Hold | None:
    """Lines of the step stand there, and its timer covers them."""
    at.is_covered = True
    if place.lines == at.total:
        return None  # the end of the step confirms it
    _say(at, "its revert timer gets its full time again, and covers the rest")
    line = f"configure revert timer {at.act.revert_minutes}"
    settled, said = _type(at, LENGTHEN, f"lengthen the revert timer of: {at.step.title}", ExecCommand(line))
    if NONE_PENDING in said:
        at.is_covered = False
        return None
    if settled.result is StepResult.APPLIED:
        return None
    return Hold(f"{at.name}: `{line}` was not taken: {settled.detail}", at.resume, ExitCode.UNDETERMINED)


def end_timer(at: AtDevice) -> Hold | None:
    """End the timer of a step if one runs: what stands there was read, and stays.

    That none runs any more is fine, for what stands there is read afterwards.
    """
    if not at.is_covered:
        return None
    settled, said = _type(at, CONFIRM, f"end the revert timer of: {at.step.title}", None)
    if settled.result is StepResult.APPLIED or NONE_PENDING in said:
        at.is_covered = False
        return None
    return Hold(
        f"{at.name}: `configure confirm` was not taken, as far as is known: {settled.detail}; then it "
        f"takes '{at.step.title}' back within {at.act.revert_minutes} minutes",
        at.resume,
        ExitCode.UNDETERMINED,
    )


def go_back_now(at: AtDevice) -> Hold | None:
    """Let the device take back at once what this session typed; the caller reads what stands there then.

    Returns:
        Why it is not known to have done so; None if it says that it did, or that no timer runs.
    """
    at.forget()
    command = ExecCommand("configure revert now", seconds=_PATIENCE)
    settled, said = _type(at, REVERT, f"let the device take back: {at.step.title}", command)
    if settled.result is StepResult.APPLIED or NONE_PENDING in said:
        at.is_covered = False
        return None
    return Hold(
        f"`configure revert now` was not taken, as far as is known: {settled.detail}; then its revert timer takes it "
        f"back within {at.act.revert_minutes} minutes",
        at.resume,
        ExitCode.UNDETERMINED,
    )


def _type(at: AtDevice, part: str, title: str, command: ExecCommand | None) -> tuple[Settled, str]:
    """One command about the timer; None: ``configure confirm``."""
    receipts: list[ExecReceipt] = []

    def do() -> Settled:
        receipt = at.hand.confirm() if command is None else at.hand.command(command)
        receipts.append(receipt)
        # a router lists what it takes back, in words that no table has
        result = StepResult.APPLIED if _DONE in receipt.said else _RESULTS[receipt.outcome]
        return Settled(result, receipt.reason or receipt.said)

    line = "configure confirm" if command is None else command.line
    settled = at.scene.log.send(f"{at.step.id}{part}", at.name, title, (line,), do, once=False)
    return settled, f"{receipts[0].said} {receipts[0].reason}"


def _await_end(at: AtDevice, why: str, *, is_told: bool) -> Hold | None:
    """Wait until a timer of the last try has surely ended: no longer than it may run.

    Args:
        at: the device.
        why: for people.
        is_told: whether the device shows the timer, so that it can be looked at meanwhile.
    """
    clock = at.scene.clock
    last = clock.now() + timedelta(minutes=at.act.revert_minutes) + _SLACK
    _say(at, f"{why}, until {last:%H:%M:%S} UTC at most")
    at.forget()
    while (now := clock.now()) < last:
        if (held := wait(at.scene, min(last, now + _POLL) if is_told else last)) is not None:
            return held
        seen = _look(at) if is_told else ""
        if seen is None or isinstance(seen, Hold):
            return seen
    if not is_told:
        return None
    reason = f"{at.name}: its revert timer runs on, longer than the {at.act.revert_minutes} minutes it was armed for"
    return Hold(reason, at.resume, ExitCode.UNDETERMINED)


def _foreign(at: AtDevice, timer: RevertTimer) -> Hold:
    kind = "idle timer" if timer.is_idle else "timer"
    by, since = (f", by {timer.by}" if timer.by else ""), (f", since {timer.since}" if timer.since else "")
    reason = (
        f"{at.name}: a revert {kind} of {timer.minutes} minutes runs{by}{since}, which this run did not set: what is "
        f"typed now would be taken back with it; nothing of '{at.step.title}' was sent"
    )
    next_step = (
        f"wait until it has ended, or end it there (`configure confirm` keeps what stands, `configure revert now` does "
        f"not); then {at.resume}"
    )
    return Hold(reason, next_step, ExitCode.UNDETERMINED)


def _say(at: AtDevice, what: str) -> None:
    at.scene.log.saw(at.step.id, {_MET: what})
    at.scene.say(f"{at.name}: {what}")
