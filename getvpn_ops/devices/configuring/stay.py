"""One stay in configuration mode: the lines of a step, what undoes them, and the way out.

A key server rekeys when configuration mode is left, and a scheduled rekey ships whatever stands there half typed. So
whatever happens, the stay goes on to its end: the rest of the step, or what undoes its beginning, and then ``end``.
Nothing is sent twice, and no question is answered.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from getvpn_ops.devices.configuring.door import ENTER, GLOBAL, HINDRANCES, Door, HaltError
from getvpn_ops.devices.configuring.hand import Reply, StuckError
from getvpn_ops.devices.configuring.told import Told, hider
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.dialect.config_answers import Judged, Verdict, judge
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.model.receipt import Hindrance, LineState, StepOutcome, StepReceipt
from getvpn_ops.remediation.undoing import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from getvpn_ops.devices.session import Session
    from getvpn_ops.devices.ssh.terminal import Terminal
    from getvpn_ops.model.change import ChangeLine, ChangeStep

_REVERTING = "configure terminal revert timer {}"
_CONFIRM = "configure confirm"
_DEEPEST = 5  # modes within modes
_LEAVES = re.compile(r"(?:end?|exit?|ex|quit|do)(?:\s.*)?|conf\S*\s+t\S*|exit\S*", re.IGNORECASE)
"""Lines that leave a mode, or run a command of another one: which mode is open is the stay's own business."""

_STATES = {
    Verdict.REFUSED: LineState.REFUSED,
    Verdict.UNCLEAR: LineState.UNCLEAR,
    Verdict.LOCKED: LineState.REFUSED,
}
_MAYBE = frozenset({LineState.ACCEPTED, LineState.UNCLEAR, LineState.UNANSWERED})


def send_step(
    session: Session, step: ChangeStep, redact: Callable[[str], str], *, revert_minutes: int = 0
) -> StepReceipt:
    """Send one step, once. It neither saves nor reads back.

    Args:
        session: with ``Purpose.CHANGE``, at its exec prompt. If the receipt says that configuration mode was not left,
            the session has been hung up.
        step: what to send.
        redact: takes secrets out of what the device says.
        revert_minutes: the router takes all changes back by itself after so many minutes, unless somebody confirms
            (``configure terminal revert timer``, Configuration Replace and Rollback, 12.4(20)T); 0: never. The timer
            runs on where the step was applied, or nobody knows how far it came; where nothing of it is left, it is
            ended here, for it would take back the changes of others.

    Returns:
        What became of it; also where the session broke off or was cancelled. Its stop is looked at before each line:
        before the first one it ends in nothing sent, later in what is undone.

    Raises:
        SessionError: NOT_ALLOWED or DEFECT: this session is not to be used so; nothing was sent.
    """
    with session.hold() as terminal:
        stay = _Stay(terminal, step, revert_minutes)
        stay.go()
        return stay.receipt(session.device, hider((*step.lines, *step.rollback), redact))


class _Stay(Door):
    def __init__(self, terminal: Terminal, step: ChangeStep, revert_minutes: int) -> None:
        super().__init__(terminal)
        self._step = step
        self._opening = _REVERTING.format(revert_minutes) if revert_minutes else ENTER
        self._lines = [Told(line) for line in step.lines]
        self._undo: list[Told] = []
        self._covered = True
        self._began: float | None = None
        self._touched = False

    # -- the order of things

    def go(self) -> None:
        if not self._lines or not self._may_begin():
            return
        self._began = time.monotonic()
        try:
            try:
                self.enter(self._opening)
                self._forward()
            except HaltError as halt:
                self.note(halt.hindrance, halt.reason)
                self._take_back()
            except StuckError as stuck:
                self.note(stuck.hindrance, stuck.reason)
                if self.is_back(stuck):
                    self._take_back()
        finally:
            self.leave()
        self._end_timer()

    def _may_begin(self) -> bool:
        for line in (*self._step.lines, *self._step.rollback):
            reason = _unfit(line)
            if reason:
                self.note(Hindrance.UNFIT, reason)
                return False
        return self.is_ready()

    def _end_timer(self) -> None:
        """Nothing of the step is left: the timer has nothing to take back."""
        if self._opening == ENTER or judge(self.entered).verdict is not Verdict.ACCEPTED:
            return
        if not self.is_left:
            self.reason = f"{self.reason}; the revert timer may be running on the router"
            return
        if self._outcome() not in {StepOutcome.NOTHING_SENT, StepOutcome.UNDONE}:
            return
        try:
            reply = self.hand.type(_CONFIRM)
            self.leaving = f"{self.leaving}\n{reply.text}".strip()
        except StuckError as stuck:
            self.note(stuck.hindrance, f"while ending the revert timer, {stuck.reason}")
            self.is_left = self.is_back(stuck) and self.is_left

    # -- lines

    def _forward(self) -> None:
        for told in self._lines:
            self.check_stop()
            self._send(told)

    def _take_back(self) -> None:
        """Undo what may have had an effect; a line that undoes is sent though the one before it was refused."""
        effective = [at for at, told in enumerate(self._lines) if told.state in _MAYBE]
        opened = [at for at, told in enumerate(self._lines) if told.opened]
        lines, self._covered = chosen(self._step.lines, self._step.rollback, effective, opened)
        self._undo = [Told(line) for line in lines]
        try:
            if self._undo and not self.modes:
                self.enter()
            for told in self._undo:
                with suppress(HaltError):  # noted in its state
                    self._send(told)
        except HaltError as halt:
            self.note(halt.hindrance, f"while undoing, {halt.reason}")
        except StuckError as stuck:
            self.note(stuck.hindrance, f"while undoing, {stuck.reason}")
            self.is_back(stuck)

    def _send(self, told: Told) -> None:
        if not self.modes:
            raise HaltError(Hindrance.WRONG_MODE, "configuration mode is not open any more")
        self._go_to(told)
        line = told.line
        reply, judged = self._type(told, line.true_text)
        if judged.verdict is not Verdict.ACCEPTED:
            told.state = _STATES[judged.verdict]
            told.point(judged, reply.width)
            self.stand_in(reply.mode)
            raise HaltError(HINDRANCES[judged.verdict], f"'{line.text}': {judged.words}")
        told.state = LineState.ACCEPTED
        if reply.mode == self.modes[-1]:
            return
        if reply.mode and reply.mode != GLOBAL and not line.text.lower().startswith(("no ", "default ")):
            self.path.append(line.true_text)
            self.modes.append(reply.mode)
            return
        told.state = LineState.UNCLEAR
        self.stand_in(reply.mode)
        raise HaltError(Hindrance.WRONG_MODE, f"'{line.text}' led to the mode {reply.mode or 'exec'!r}")

    def _go_to(self, told: Told) -> None:
        """Open the mode of a line."""
        if self.is_astray:
            self._go_up(told)
        path = told.line.path
        shared = 0
        while shared < min(len(path), len(self.path)) and _same(path[shared], self.path[shared]):
            shared += 1
        while len(self.path) > shared:
            reply, judged = self._type(told, "exit")
            self.path.pop()
            self.modes.pop()
            if judged.verdict is not Verdict.ACCEPTED or not self.modes or reply.mode != self.modes[-1]:
                self.stand_in(reply.mode)
                raise HaltError(
                    HINDRANCES.get(judged.verdict, Hindrance.WRONG_MODE),
                    f"'exit' led to the mode {reply.mode or 'exec'!r}: {judged.words}",
                )
        for opener in path[shared:]:
            told.opened = True
            reply, judged = self._type(told, opener)
            if judged.verdict is not Verdict.ACCEPTED:
                told.state = LineState.REFUSED
                self.stand_in(reply.mode)
                raise HaltError(HINDRANCES[judged.verdict], f"'{opener}': {judged.words}")
            if reply.mode in {"", self.modes[-1], GLOBAL}:
                self.stand_in(reply.mode)
                raise HaltError(Hindrance.WRONG_MODE, f"'{opener}' led to the mode {reply.mode or 'exec'!r}")
            self.path.append(opener)
            self.modes.append(reply.mode)

    def _go_up(self, told: Told) -> None:
        """From a mode that nobody asked for to the global one."""
        for _ in range(_DEEPEST):
            reply, _judged = self._type(told, "exit")
            self.stand_in(reply.mode)
            if not self.is_astray:
                return
            if not reply.mode:
                break
        raise HaltError(Hindrance.WRONG_MODE, "no 'exit' led back to the global mode")

    def _type(self, told: Told, text: str) -> tuple[Reply, Judged]:
        self._touched = True
        try:
            reply = self.hand.type(text)
        except StuckError as stuck:
            told.hear(stuck.said)
            told.state = LineState.UNCLEAR if stuck.hindrance is Hindrance.QUESTION else LineState.UNANSWERED
            raise
        told.hear(reply.text)
        return reply, judge(reply.text)

    # -- what came of it

    def receipt(self, device: str, hide: Callable[[str], str]) -> StepReceipt:
        return StepReceipt(
            device=device,
            title=hide(self._step.title),
            outcome=self._outcome(),
            lines=tuple(told.receipt(hide) for told in self._lines),
            undo=tuple(told.receipt(hide) for told in self._undo),
            hindrance=self.hindrance,
            reason=hide(self.reason),
            entered=hide(self.entered),
            leaving=hide(self.leaving),
            left=self.is_left,
            seconds=0.0 if self._began is None else time.monotonic() - self._began,
        )

    def _outcome(self) -> StepOutcome:
        if not self._touched:
            unseen = self._began is not None and self._opening != ENTER and not self.is_left
            return StepOutcome.UNKNOWN if unseen else StepOutcome.NOTHING_SENT  # its revert timer may run
        if self.is_gone or not self.is_left:
            return StepOutcome.UNKNOWN
        if self.hindrance is None and _all_accepted(self._lines):
            return StepOutcome.APPLIED
        if self._covered and _all_accepted(self._undo):
            return StepOutcome.UNDONE
        unsure = any(told.state is LineState.UNANSWERED for told in (*self._lines, *self._undo))
        return StepOutcome.UNKNOWN if unsure else StepOutcome.PARTLY


def _all_accepted(lines: Iterable[Told]) -> bool:
    return all(told.state is LineState.ACCEPTED for told in lines)


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _texts(line: ChangeLine) -> Iterator[str]:
    yield from line.path
    yield line.true_text


def _unfit(line: ChangeLine) -> str:
    """Why a line is not to be typed; empty if it may be."""
    try:
        texts: Sequence[str] = tuple(_texts(line))
        for text in texts:
            permit(text, Purpose.CHANGE)
    except NotAllowedError as exc:
        return f"'{line.text}': {exc.reason}"
    except ValueError as exc:
        return f"'{line.text}': {exc}"
    if not all(text.strip() for text in texts):
        return "a line is empty"
    if any(_LEAVES.fullmatch(text.strip()) for text in texts):
        return f"'{line.text}': a line of a step may not leave its mode"
    return ""
