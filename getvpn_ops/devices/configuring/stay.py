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

from getvpn_ops.devices.configuring.hand import Hand, Reply, StuckError
from getvpn_ops.devices.configuring.told import Told, hider
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.dialect.config_answers import Judged, Verdict, judge
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.receipt import Hindrance, LineState, StepOutcome, StepReceipt
from getvpn_ops.remediation.undoing import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from getvpn_ops.devices.session import Session
    from getvpn_ops.devices.ssh.terminal import Terminal
    from getvpn_ops.devices.terms import Stop
    from getvpn_ops.model.change import ChangeLine, ChangeStep

_ENTER = "configure terminal"
_GLOBAL = "config"
_DEEPEST = 5  # modes within modes
_LEAVES = re.compile(r"(?:end?|exit?|ex|quit|do)(?:\s.*)?|conf\S*\s+t\S*|exit\S*", re.IGNORECASE)
"""Lines that leave a mode, or run a command of another one: which mode is open is the stay's own business."""

_HINDRANCES = {
    Verdict.REFUSED: Hindrance.REFUSED,
    Verdict.UNCLEAR: Hindrance.UNCLEAR,
    Verdict.LOCKED: Hindrance.LOCKED,
}
_STATES = {
    Verdict.REFUSED: LineState.REFUSED,
    Verdict.UNCLEAR: LineState.UNCLEAR,
    Verdict.LOCKED: LineState.REFUSED,
}
_MAYBE = frozenset({LineState.ACCEPTED, LineState.UNCLEAR, LineState.UNANSWERED})


def send_step(session: Session, step: ChangeStep, redact: Callable[[str], str]) -> StepReceipt:
    """Send one step, once. It neither saves nor reads back.

    Args:
        session: with ``Purpose.CHANGE``, at its exec prompt. If the receipt says that configuration mode was not left,
            the session has been hung up.
        step: what to send.
        redact: takes secrets out of what the device says.

    Returns:
        What became of it; also where the session broke off or was cancelled. Its stop is looked at before each line:
        before the first one it ends in nothing sent, later in what is undone.

    Raises:
        SessionError: NOT_ALLOWED or DEFECT: this session is not to be used so; nothing was sent.
    """
    with session.hold() as terminal:
        stay = _Stay(terminal, step)
        stay.go()
        return stay.receipt(session.device, hider((*step.lines, *step.rollback), redact))


class _HaltError(Exception):
    """The step ends here; the router waits at a prompt that is known."""

    def __init__(self, hindrance: Hindrance, reason: str) -> None:
        self.hindrance = hindrance
        self.reason = reason
        super().__init__(reason)


class _Stay:
    def __init__(self, terminal: Terminal, step: ChangeStep) -> None:
        self._terminal = terminal
        self._stop: Stop = terminal.stop
        self._step = step
        self._hand = Hand(terminal)
        self._lines = [Told(line) for line in step.lines]
        self._undo: list[Told] = []
        self._covered = True
        self._path: list[str] = []
        self._modes: list[str] = []
        """Of the prompts: the global one, then one for each line of the path; empty in exec mode."""
        self._began: float | None = None
        self._left = True
        self._gone = False
        self._astray = False
        self._touched = False
        self._hindrance: Hindrance | None = None
        self._reason = ""
        self._entered = ""
        self._leaving = ""

    # -- the order of things

    def go(self) -> None:
        if not self._lines or not self._may_begin():
            return
        self._began = time.monotonic()
        try:
            try:
                self._enter()
                self._forward()
            except _HaltError as halt:
                self._note(halt.hindrance, halt.reason)
                self._take_back()
            except StuckError as stuck:
                self._note(stuck.hindrance, stuck.reason)
                if self._is_back(stuck):
                    self._take_back()
        finally:
            self._leave()

    def _may_begin(self) -> bool:
        for line in (*self._step.lines, *self._step.rollback):
            reason = _unfit(line)
            if reason:
                self._note(Hindrance.UNFIT, reason)
                return False
        if not self._terminal.hostname or not self._terminal.prompt.rstrip().endswith(b"#"):
            shown = self._terminal.prompt.decode("latin-1").strip()
            self._note(Hindrance.WRONG_MODE, f"the prompt {shown!r} shows no host name, or no privilege level 15")
            return False
        try:
            self._check_stop()
        except _HaltError as halt:
            self._note(halt.hindrance, halt.reason)
            return False
        return True

    def _check_stop(self) -> None:
        try:
            self._stop.check()
        except SessionError as exc:
            cancelled = exc.trouble is Trouble.CANCELLED
            raise _HaltError(Hindrance.CANCELLED if cancelled else Hindrance.DEADLINE, exc.reason) from exc

    def _note(self, hindrance: Hindrance, reason: str) -> None:
        self._gone = self._gone or hindrance is Hindrance.LOST
        if self._hindrance is None:
            self._hindrance, self._reason = hindrance, reason
        else:
            self._reason = f"{self._reason}; then {hindrance}: {reason}"

    # -- ways in and out

    def _enter(self) -> None:
        self._left = False
        reply = self._hand.type(_ENTER)
        self._entered = f"{self._entered}\n{reply.text}".strip()
        judged = judge(reply.text)
        if reply.mode:
            self._modes, self._path, self._astray = [reply.mode], [], False
        else:
            self._left = True
        if judged.verdict is not Verdict.ACCEPTED:
            raise _HaltError(_HINDRANCES[judged.verdict], judged.words)
        if reply.mode != _GLOBAL:
            raise _HaltError(Hindrance.WRONG_MODE, f"{_ENTER!r} led to the mode {reply.mode!r}")

    def _is_back(self, stuck: StuckError) -> bool:
        """Leave what the router waits at; whether a prompt of it is there again."""
        if stuck.hindrance is Hindrance.LOST:
            return False
        renamed = stuck.hindrance is Hindrance.WRONG_MODE
        mode = self._hand.believe(stuck.shown) if renamed else self._hand.break_off()
        if mode is None:
            self._hand.hang_up()
            return False
        self._stand_in(mode)
        return True

    def _leave(self) -> None:
        """``end``; if that does not lead out, Ctrl-C; if that does not, the line is given up."""
        if self._gone or not self._terminal.engine.alive():
            self._hand.hang_up()
            return
        if self._left:
            return
        try:
            reply = self._hand.type("end")
            self._leaving = reply.text.strip()
            self._left = not reply.mode
        except StuckError as stuck:
            self._note(stuck.hindrance, f"while leaving configuration mode, {stuck.reason}")
        if not self._left and not self._gone:
            self._left = self._hand.break_off() == ""
        if not self._left:
            self._hand.hang_up()

    # -- lines

    def _forward(self) -> None:
        for told in self._lines:
            self._check_stop()
            self._send(told)

    def _take_back(self) -> None:
        """Undo what may have had an effect; a line that undoes is sent though the one before it was refused."""
        effective = [at for at, told in enumerate(self._lines) if told.state in _MAYBE]
        opened = [at for at, told in enumerate(self._lines) if told.opened]
        lines, self._covered = chosen(self._step.lines, self._step.rollback, effective, opened)
        self._undo = [Told(line) for line in lines]
        try:
            if self._undo and not self._modes:
                self._enter()
            for told in self._undo:
                with suppress(_HaltError):  # noted in its state
                    self._send(told)
        except _HaltError as halt:
            self._note(halt.hindrance, f"while undoing, {halt.reason}")
        except StuckError as stuck:
            self._note(stuck.hindrance, f"while undoing, {stuck.reason}")
            self._is_back(stuck)

    def _send(self, told: Told) -> None:
        if not self._modes:
            raise _HaltError(Hindrance.WRONG_MODE, "configuration mode is not open any more")
        self._go_to(told)
        line = told.line
        reply, judged = self._type(told, line.true_text)
        if judged.verdict is not Verdict.ACCEPTED:
            told.state = _STATES[judged.verdict]
            told.point(judged, reply.width)
            self._stand_in(reply.mode)
            raise _HaltError(_HINDRANCES[judged.verdict], f"'{line.text}': {judged.words}")
        told.state = LineState.ACCEPTED
        if reply.mode == self._modes[-1]:
            return
        if reply.mode and reply.mode != _GLOBAL and not line.text.lower().startswith(("no ", "default ")):
            self._path.append(line.true_text)
            self._modes.append(reply.mode)
            return
        told.state = LineState.UNCLEAR
        self._stand_in(reply.mode)
        raise _HaltError(Hindrance.WRONG_MODE, f"'{line.text}' led to the mode {reply.mode or 'exec'!r}")

    def _go_to(self, told: Told) -> None:
        """Open the mode of a line."""
        if self._astray:
            self._go_up(told)
        path = told.line.path
        shared = 0
        while shared < min(len(path), len(self._path)) and _same(path[shared], self._path[shared]):
            shared += 1
        while len(self._path) > shared:
            reply, judged = self._type(told, "exit")
            self._path.pop()
            self._modes.pop()
            if judged.verdict is not Verdict.ACCEPTED or not self._modes or reply.mode != self._modes[-1]:
                self._stand_in(reply.mode)
                raise _HaltError(
                    _HINDRANCES.get(judged.verdict, Hindrance.WRONG_MODE),
                    f"'exit' led to the mode {reply.mode or 'exec'!r}: {judged.words}",
                )
        for opener in path[shared:]:
            told.opened = True
            reply, judged = self._type(told, opener)
            if judged.verdict is not Verdict.ACCEPTED:
                told.state = LineState.REFUSED
                self._stand_in(reply.mode)
                raise _HaltError(_HINDRANCES[judged.verdict], f"'{opener}': {judged.words}")
            if reply.mode in {"", self._modes[-1], _GLOBAL}:
                self._stand_in(reply.mode)
                raise _HaltError(Hindrance.WRONG_MODE, f"'{opener}' led to the mode {reply.mode or 'exec'!r}")
            self._path.append(opener)
            self._modes.append(reply.mode)

    def _go_up(self, told: Told) -> None:
        """From a mode that nobody asked for to the global one."""
        for _ in range(_DEEPEST):
            reply, _judged = self._type(told, "exit")
            self._stand_in(reply.mode)
            if not self._astray:
                return
            if not reply.mode:
                break
        raise _HaltError(Hindrance.WRONG_MODE, "no 'exit' led back to the global mode")

    def _type(self, told: Told, text: str) -> tuple[Reply, Judged]:
        self._touched = True
        try:
            reply = self._hand.type(text)
        except StuckError as stuck:
            told.hear(stuck.said)
            told.state = LineState.UNCLEAR if stuck.hindrance is Hindrance.QUESTION else LineState.UNANSWERED
            raise
        told.hear(reply.text)
        return reply, judge(reply.text)

    def _stand_in(self, mode: str) -> None:
        """Believe the prompt: where the router stands after it did not do what was asked."""
        if not mode:
            self._modes, self._path, self._left = [], [], True
        elif not self._modes or mode != self._modes[-1]:
            self._modes, self._path, self._astray = [mode], [], mode != _GLOBAL

    # -- what came of it

    def receipt(self, device: str, hide: Callable[[str], str]) -> StepReceipt:
        return StepReceipt(
            device=device,
            title=hide(self._step.title),
            outcome=self._outcome(),
            lines=tuple(told.receipt(hide) for told in self._lines),
            undo=tuple(told.receipt(hide) for told in self._undo),
            hindrance=self._hindrance,
            reason=hide(self._reason),
            entered=hide(self._entered),
            leaving=hide(self._leaving),
            left=self._left,
            seconds=0.0 if self._began is None else time.monotonic() - self._began,
        )

    def _outcome(self) -> StepOutcome:
        if not self._touched:
            return StepOutcome.NOTHING_SENT
        if self._gone or not self._left:
            return StepOutcome.UNKNOWN
        if self._hindrance is None and _all_accepted(self._lines):
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
