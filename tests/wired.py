"""Sessions of the product on routers of the lab, in this process: a wire that can be cut at every key, without SSH.

What is typed goes through the product's own session, stay and command, and the answers are those of the lab. Whoever
listens is told of each piece before a router gets it, when half of it is there, and behind it; there he may cut the
wire, let the router boot, or end the run as a killed process ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from fake_hands import FakeHands, HandFleet

from getvpn_ops.devices.asking import Hooks
from getvpn_ops.devices.hand import OpenHand
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.session import Session
from getvpn_ops.devices.ssh.driver import Driver
from getvpn_ops.devices.ssh.engine import LostError
from getvpn_ops.devices.ssh.terminal import Terminal
from getvpn_ops.devices.terms import Cancel, Stop
from getvpn_ops.devices.vault import Vault
from getvpn_ops.lab.ios.session.terminal import Terminal as RouterTerminal
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from fake_hands import Ledger

    from getvpn_ops.devices.ssh.engine import Engine
    from getvpn_ops.engine.ports import Progress, Script
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device

_LONG = 3600.0


@dataclass
class Line:
    """What one device was given, up to an Enter.

    Attributes:
        device: which.
        text: as it was typed.
        mode: between the brackets of the prompt at which it was typed; empty in exec mode; ``?`` at a question.
    """

    device: str
    text: str
    mode: str


@dataclass
class Listener:
    """Is told of every piece that is typed; the usual one only remembers lines.

    Attributes:
        lines: that routers got whole, in order.
        open: wires that stand.
    """

    lines: list[Line] = field(default_factory=list)
    open: list[Wire] = field(default_factory=list)

    def took(self, line: Line) -> None:
        """A router got a line with its Enter, and did it."""

    def before(self, wire: Wire, text: str) -> None:
        """Nothing of it is there yet."""

    def midway(self, wire: Wire, text: str) -> None:
        """Half of it stands at the router's prompt, without its Enter."""

    def after(self, wire: Wire, text: str) -> None:
        """The router has all of it, and did it; nobody read its answer yet."""

    def silences(self, name: str) -> bool:
        """Whether this look at a device finds nobody."""
        del name
        return False


class Wire:
    """``devices.ssh.engine.Engine`` as far as an open session needs it."""

    name = "memory"

    def __init__(self, router: Router, device: str, listener: Listener) -> None:
        self.device = device
        self._listener = listener
        self._shown = bytearray()
        self._begun = ""
        self.is_up = True
        self.is_deaf = False
        self._is_told = False
        self.terminal = RouterTerminal(router, self._show, self._ended, 15, user="ops", drop=self._ended)
        router.sessions.append(self.terminal)
        listener.open.append(self)
        self.terminal.start()

    def _show(self, text: str) -> None:
        if self.is_up and not self.is_deaf:
            self._shown += text.encode("latin-1", "replace")

    def _ended(self) -> None:
        self.is_up = False

    def told_all(self) -> None:
        """From now on its listener is told of what is typed: the login is behind it."""
        self._is_told = True

    def cut(self) -> None:
        """The connection breaks: the router notices, and what it had shown is lost."""
        self._shown.clear()
        self.terminal.drop()
        self.close()

    def hang(self) -> None:
        """The router takes no key and says nothing from now on; the connection stays."""
        self._shown.clear()
        self.is_deaf = True

    # -- the port

    def read(self, stop: Stop, seconds: float) -> bytes | None:
        del seconds
        stop.check()
        if self._shown:
            piece, self._shown = bytes(self._shown), bytearray()
            return piece
        return None if self.is_up else b""

    def write(self, data: bytes, stop: Stop) -> None:
        stop.check()
        text = data.decode("latin-1")
        if not self._is_told:
            self._feed(text)
            return
        for piece in text.splitlines(keepends=True):
            self._listener.before(self, piece)
            half = len(piece.rstrip("\n")) // 2
            if half:
                self._feed(piece[:half])
                self._listener.midway(self, piece)
            self._feed(piece[half:])
            self._listener.after(self, piece)

    def _feed(self, text: str) -> None:
        for key in text:
            if not self.is_up:
                raise LostError("the wire is cut")
            if self.is_deaf:
                continue
            if key == "\n" and self._is_told:
                line = Line(self.device, self._begun, self._mode())
                self._begun = ""
                self.terminal.feed(key)
                self._listener.lines.append(line)
                self._listener.took(line)
                continue
            self._begun = "" if key in "\n\x03" else self._begun + key
            self.terminal.feed(key)
        if not self.is_up:
            raise LostError("the wire is cut")

    def _mode(self) -> str:
        if self.terminal._ask is not None:  # noqa: SLF001 -- whether a question stands there
            return "?"
        prompt = self.terminal.shell.prompt
        return prompt[prompt.index("(") + 1 : prompt.index(")")] if "(" in prompt else ""

    def alive(self) -> bool:
        return self.is_up

    def hang_up(self) -> None:
        self.close()

    def close(self) -> None:
        if self.is_up or not self.terminal.closed:
            self.is_up = False
            self.terminal.stop()
        if self in self._listener.open:
            self._listener.open.remove(self)


@dataclass
class Wires:
    """Opens sessions for changes on routers.

    Attributes:
        routers: by name.
        inventory: devices, by name.
        now: of their clock.
        listener: is told of what is typed.
        secrets: of what devices are meant to have.
    """

    routers: Mapping[str, Router]
    devices: Mapping[str, Device]
    now: Callable[[], datetime]
    listener: Listener = field(default_factory=Listener)
    secrets: Callable[[Device], Iterable[Secret]] = lambda _device: ()

    def answers(self, name: str) -> bool:
        """Whether a router is up."""
        return self.routers[name].booted <= self.now()

    def hand(self, name: str, keep: Callable[[Capture], None], watch: Callable[[], None] = lambda: None) -> OpenHand:
        """Log in."""
        wire = Wire(self.routers[name], name, self.listener)
        stop = Stop(_LONG, Cancel())
        terminal = Terminal(cast("Engine", wire), stop, _LONG)
        terminal.prepare()
        driver = Driver(terminal, host=name, port=22, username="ops", purpose=Purpose.CHANGE)
        session = Session(name, driver, Purpose.CHANGE)
        session.watched(watch)
        redactor = Redactor()
        device = self.devices[name]
        hooks = Hooks(
            keep=keep,
            asked=lambda _command: None,
            redact=lambda command, text: redactor.capture(text, command, device=name),
            now=self.now,
            write=lambda _capture: None,
        )
        vault = Vault(name, lambda: self.secrets(device), redactor)
        wire.told_all()
        return OpenHand(device, session, hooks, vault, redactor)


class WiredHands(FakeHands):
    """The port of hands on wires, one device at a time; ``make`` is for those who only look."""

    def __init__(self, ledger: Ledger, clock: Any, wires: Wires, make: Callable[..., Any]) -> None:  # noqa: ANN401 -- a fake
        super().__init__(ledger, clock, make)
        self.wires = wires

    def each(
        self,
        jobs: Mapping[Device, Callable[[Any], Any]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
        at_once: int = 1,
        watch: Callable[[], None] = lambda: None,
    ) -> dict[str, Told[Any]]:
        del progress, at_once
        return {device.name: self._typed(device.name, job, keep, watch) for device, job in jobs.items()}

    def _typed(
        self, name: str, job: Callable[[Any], Any], keep: Callable[[Capture], None], watch: Callable[[], None]
    ) -> Told[Any]:
        if not self.wires.answers(name):
            return Told(name, None, Trouble.UNREACHABLE, "no answer within 10 s", "ping it")
        assert name not in self.ledger.open, f"two sessions on {name}"
        self.ledger.open.add(name)
        self.ledger.opened.append(name)
        hand = self.wires.hand(name, keep, watch)
        try:
            return Told(name, job(hand))
        except Exception as exc:  # noqa: BLE001 -- as the port has it
            return Told(name, None, error=exc)
        finally:
            self.ledger.open.discard(name)
            hand.close()


class WiredFleet(HandFleet):
    """Looks at the same routers; one that boots does not answer, nor one that its listener silences."""

    def __init__(self, hands: WiredHands) -> None:
        super().__init__(hands)
        self._wires = hands.wires

    def _visit(self, name: str, script: Script, keep: Callable[[Capture], None]) -> Visit:
        if self._wires.answers(name) and not self._wires.listener.silences(name):
            return super()._visit(name, script, keep)
        now = self._wires.now()
        return Visit(name, now, now, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
