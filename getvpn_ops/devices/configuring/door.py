"""The way into configuration mode and out of it, whatever the router waits at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.devices.configuring.hand import Hand, Reply, StuckError
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.dialect.config_answers import Verdict, judge
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.receipt import Hindrance

if TYPE_CHECKING:
    from getvpn_ops.devices.ssh.terminal import Terminal
    from getvpn_ops.devices.terms import Stop

ENTER = "configure terminal"
GLOBAL = "config"
HINDRANCES = {
    Verdict.REFUSED: Hindrance.REFUSED,
    Verdict.UNCLEAR: Hindrance.UNCLEAR,
    Verdict.LOCKED: Hindrance.LOCKED,
}


class HaltError(Exception):
    """What was begun ends here; the router waits at a prompt that is known."""

    def __init__(self, hindrance: Hindrance, reason: str) -> None:
        self.hindrance = hindrance
        self.reason = reason
        super().__init__(reason)


class Door:
    """Where a session stands among the modes of its router, and why it does not go on.

    Attributes:
        hand: that types.
        modes: of the prompts: the global one, then one for each line of ``path``; empty in exec mode.
        path: lines that were typed to open the modes below the global one.
        is_left: whether the prompt of the exec mode was seen last.
        is_gone: whether the session is lost.
        is_astray: whether it stands in a mode that nobody asked for.
        hindrance: why it does not go on; None if it does.
        reason: in words; quotes the device.
        entered: what the device said when configuration mode was opened.
        leaving: what it said when that was left.
    """

    def __init__(self, terminal: Terminal) -> None:
        """Stand at the exec prompt.

        Args:
            terminal: of the session.
        """
        self._terminal = terminal
        self._stop: Stop = terminal.stop
        self.hand = Hand(terminal)
        self.modes: list[str] = []
        self.path: list[str] = []
        self.is_left = True
        self.is_gone = False
        self.is_astray = False
        self.hindrance: Hindrance | None = None
        self.reason = ""
        self.entered = ""
        self.leaving = ""

    def note(self, hindrance: Hindrance, reason: str) -> None:
        """Remember why it does not go on; the first reason is the one that counts."""
        self.is_gone = self.is_gone or hindrance is Hindrance.LOST
        if self.hindrance is None:
            self.hindrance, self.reason = hindrance, reason
        else:
            self.reason = f"{self.reason}; then {hindrance}: {reason}"

    def is_ready(self) -> bool:
        """Whether something may be begun; notes why not."""
        if not self._terminal.hostname or not self._terminal.prompt.rstrip().endswith(b"#"):
            shown = self._terminal.prompt.decode("latin-1").strip()
            self.note(Hindrance.WRONG_MODE, f"the prompt {shown!r} shows no host name, or no privilege level 15")
            return False
        try:
            self.check_stop()
        except HaltError as halt:
            self.note(halt.hindrance, halt.reason)
            return False
        return True

    def check_stop(self) -> None:
        """Go on only if there is time.

        Raises:
            HaltError: CANCELLED or DEADLINE.
        """
        try:
            self._stop.check()
        except SessionError as exc:
            cancelled = exc.trouble is Trouble.CANCELLED
            raise HaltError(Hindrance.CANCELLED if cancelled else Hindrance.DEADLINE, exc.reason) from exc

    def enter(self, line: str = ENTER) -> None:
        """Open configuration mode.

        Args:
            line: that opens it.

        Raises:
            HaltError: it did not open, or another one did.
            StuckError: no prompt came.
        """
        self.is_left = False
        reply = self.hand.type(line)
        self.entered = f"{self.entered}\n{reply.text}".strip()
        judged = judge(reply.text)
        if reply.mode:
            self.modes, self.path, self.is_astray = [reply.mode], [], False
        else:
            self.is_left = True
        if judged.verdict is not Verdict.ACCEPTED:
            raise HaltError(HINDRANCES[judged.verdict], judged.words)
        if reply.mode != GLOBAL:
            raise HaltError(Hindrance.WRONG_MODE, f"{line!r} led to the mode {reply.mode!r}")

    def is_back(self, stuck: StuckError) -> bool:
        """Leave what the router waits at; whether a prompt of it is there again."""
        if stuck.hindrance is Hindrance.LOST:
            return False
        renamed = stuck.hindrance is Hindrance.WRONG_MODE
        mode = self.hand.believe(stuck.shown) if renamed else self.hand.break_off()
        if mode is None:
            self.hand.hang_up()
            return False
        self.stand_in(mode)
        return True

    def stand_in(self, mode: str) -> None:
        """Believe the prompt: where the router stands after it did not do what was asked."""
        if not mode:
            self.modes, self.path, self.is_left = [], [], True
        elif not self.modes or mode != self.modes[-1]:
            self.modes, self.path, self.is_astray = [mode], [], mode != GLOBAL

    def leave(self) -> None:
        """``end``; if that does not lead out, Ctrl-C; if that does not, the line is given up."""
        if self.is_gone or not self._terminal.engine.alive():
            self.hand.hang_up()
            return
        if self.is_left:
            return
        reply: Reply | None = None
        try:
            reply = self.hand.type("end")
        except StuckError as stuck:
            self.note(stuck.hindrance, f"while leaving configuration mode, {stuck.reason}")
        if reply is not None:
            self.leaving = reply.text.strip()
            self.is_left = not reply.mode
        if not self.is_left and not self.is_gone:
            self.is_left = self.hand.break_off() == ""
        if not self.is_left:
            self.hand.hang_up()
