"""One command, typed once: its Enter only behind its whole echo, declared questions answered, any other broken off.

What is known afterwards is said and no more: before the Enter nothing was sent, behind it only the router's own words
count, and where they are missing or unknown the device must be read.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.devices.configuring.door import GLOBAL, HINDRANCES, Door, HaltError
from getvpn_ops.devices.configuring.hand import Cue, StuckError
from getvpn_ops.dialect.config_answers import Verdict
from getvpn_ops.dialect.exec_answers import judge_command
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.model.exec import ExecMode, ExecOutcome
from getvpn_ops.model.receipt import Hindrance

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.devices.session import Session
    from getvpn_ops.devices.ssh.terminal import Terminal
    from getvpn_ops.model.exec import ExecCommand

_OUTCOMES = {
    Verdict.ACCEPTED: ExecOutcome.DONE,
    Verdict.REFUSED: ExecOutcome.REFUSED,
    Verdict.LOCKED: ExecOutcome.REFUSED,
    Verdict.UNCLEAR: ExecOutcome.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a command; quotes the device, so it is to be redacted before anyone sees it.

    Attributes:
        outcome: of it.
        said: the device's words between the echo and the prompt, as they came.
        hindrance: why it was not done; None if it was.
        reason: the hindrance in words.
        seconds: it took.
    """

    outcome: ExecOutcome
    said: str = ""
    hindrance: Hindrance | None = None
    reason: str = ""
    seconds: float = 0.0


def cues_of(command: ExecCommand) -> tuple[Cue, ...]:
    """The declared questions of a command, each with its answer.

    Raises:
        ValueError: a question is no regular expression.
    """
    try:
        return tuple(Cue(re.compile(reply.question), (reply.answer,)) for reply in command.replies)
    except re.error as exc:
        msg = f"a declared question is no regular expression: {exc}"
        raise ValueError(msg) from exc


@dataclass(frozen=True, slots=True)
class Typing:
    """One command as it is typed.

    Attributes:
        line: of it; never logged.
        cues: questions that it may ask, each answered once.
        mode: where it is typed.
        seconds: that the device may be silent while it works.
        clean: takes out of the answer what is neither judged nor shown, such as keys.
    """

    line: str = field(repr=False)
    cues: tuple[Cue, ...] = field(default=(), repr=False)
    mode: ExecMode = ExecMode.EXEC
    seconds: float = 60.0
    clean: Callable[[str], str] = field(default=str, repr=False)


def act(session: Session, typing: Typing) -> Acted:
    """Type one command, once.

    Args:
        session: with ``Purpose.CHANGE``, at its exec prompt; hung up if the router does not come back to it.
        typing: what is typed.

    Raises:
        SessionError: NOT_ALLOWED or DEFECT: this session is not to be used so; nothing was sent.
    """
    with session.hold() as terminal:
        acting = _Act(terminal, typing)
        acting.go()
        return acting.acted()


class _Act(Door):
    def __init__(self, terminal: Terminal, typing: Typing) -> None:
        super().__init__(terminal)
        self._typing = typing
        self._outcome = ExecOutcome.NOTHING_SENT
        self._said = ""
        self._began: float | None = None

    def go(self) -> None:
        if not self.is_ready():
            return
        self._began = time.monotonic()
        try:
            try:
                if self._typing.mode is ExecMode.CONFIG:
                    self.enter()
                self.check_stop()
                self._act()
            except HaltError as halt:
                self.note(halt.hindrance, halt.reason)
            except StuckError as stuck:  # on the way in
                self.note(stuck.hindrance, stuck.reason)
                self.is_back(stuck)
        finally:
            self.leave()

    def _act(self) -> None:
        typing = self._typing
        try:
            reply = self.hand.command(typing.line, typing.cues, typing.seconds)
        except NotAllowedError as exc:
            self.note(Hindrance.UNFIT, exc.reason)
            return
        except StuckError as stuck:
            self._stuck(stuck)
            return
        self._said = typing.clean(reply.text)
        judged = judge_command(self._said, self.hand.asked)
        self._outcome = _OUTCOMES[judged.verdict]
        if judged.verdict is not Verdict.ACCEPTED:
            self.note(HINDRANCES[judged.verdict], judged.words or "an answer with a caret and no words")
        expected = GLOBAL if self._typing.mode is ExecMode.CONFIG else ""
        if reply.mode != expected:
            self.is_left = not reply.mode
            self.stand_in(reply.mode)
            self._outcome = ExecOutcome.UNKNOWN
            self.note(Hindrance.WRONG_MODE, f"it led to the mode {reply.mode or 'exec'!r}")

    def _stuck(self, stuck: StuckError) -> None:
        self._said = self._typing.clean(stuck.said)
        self.note(stuck.hindrance, stuck.reason)
        is_back = self.is_back(stuck)
        if not stuck.is_entered:
            return
        self._outcome = ExecOutcome.UNKNOWN
        if is_back and stuck.hindrance is Hindrance.QUESTION:
            # Ctrl-C answers no question; where words stand before it that the router does not do it, that is known
            before = self._said.replace("\r", "").rpartition("\n")[0]
            if judge_command(before, self.hand.asked).verdict is Verdict.REFUSED:
                self._outcome = ExecOutcome.REFUSED

    def acted(self) -> Acted:
        return Acted(
            self._outcome,
            self._said,
            self.hindrance,
            self.reason,
            0.0 if self._began is None else time.monotonic() - self._began,
        )
