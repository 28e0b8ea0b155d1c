"""What every run over devices through Nornir shares: its means, who is told, and how it is ended."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.asking import Hooks
from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.terms import Cancel, SessionError
from getvpn_ops.errors import DispatchError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from getvpn_ops.devices.credentials import Credentials
    from getvpn_ops.devices.hostkeys import KnownHosts
    from getvpn_ops.devices.inventory import LoadedInventory
    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.devices.transcript import Transcripts
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings import SshSettings

logger = logging.getLogger(__name__)


class Watcher(Protocol):
    """What devices tell who watches; called from many threads. One that raises is logged and does no harm.

    Who asks says when it begins and ends.
    """

    def asked(self, device: str, command: str) -> None:
        """A command is under way."""
        ...

    def visited(self, visit: Visit) -> None:
        """A device is done, well or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What it takes to reach devices.

    Attributes:
        loaded: the inventory.
        ssh: how devices are reached.
        credentials: who logs in.
        known_hosts: pinned host keys.
        redactor: takes the secrets out of what devices print.
        now: the moment by the clock of the run, UTC.
        transcripts: where sessions are written down; None is nowhere.
        halt: ends a sweep early.
    """

    loaded: LoadedInventory
    ssh: SshSettings
    credentials: Credentials
    known_hosts: KnownHosts
    redactor: Redactor
    now: Callable[[], datetime]
    transcripts: Transcripts | None = None
    halt: Halt = field(default_factory=Halt)

    def prepare(self, devices: Iterable[Device]) -> tuple[str, ...]:
        """Ask a person for the passwords that are missing, before any device is called.

        Returns:
            The names of the devices.

        Raises:
            DispatchError: two devices have one name, or the inventory has not one of them.
        """
        names = tuple(device.name for device in devices)
        if len(set(names)) < len(names):
            raise DispatchError("two devices to be asked have one name")
        if unknown := [name for name in names if name not in self.loaded.access]:
            msg = f"not in the inventory: {', '.join(unknown)}"
            raise DispatchError(msg)
        self.credentials.prepare((name, self.loaded.access[name]) for name in names)
        return names

    def hooks(self, device: str, keep: Callable[[Capture], None], progress: Watcher) -> Hooks:
        """Who is told of what one device shows.

        Args:
            device: its name.
            keep: gets every capture.
            progress: is told of every command.
        """
        return Hooks(
            keep=keep,
            asked=lambda command: progress.asked(device, command),
            redact=lambda command, text: self.redactor.capture(text, command, device=device),
            now=self.now,
            write=self._write,
        )

    def _write(self, capture: Capture) -> None:
        if self.transcripts is not None:
            try:
                self.transcripts.write(capture)
            except OSError as exc:
                logger.warning("the transcript of %s cannot be written: %s", capture.device, exc.strerror)


class Ending(Halt):
    """What a person asked, or this sweep: its flag is set, too, when something cannot be kept."""

    def __init__(self, person: Halt, cancel: Cancel) -> None:
        """Nobody asked yet.

        Args:
            person: may ask.
            cancel: flag of the sweep.
        """
        super().__init__()
        self._person = person
        self._cancel = cancel

    def ask(self) -> None:
        """The sweep's own runner was interrupted: its sessions end."""
        self._cancel.set()

    @property
    def draining(self) -> bool:
        """Whether no more devices are begun."""
        return self._person.draining or self._cancel.is_set


class Guarded:
    """Progress that cannot harm a sweep."""

    def __init__(self, inner: Watcher) -> None:
        """Tell someone.

        Args:
            inner: who is told; if it raises, that is logged.
        """
        self._inner = inner

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception:
            logger.exception("showing progress failed")

    def asked(self, device: str, command: str) -> None:
        """A command is under way."""
        self._tell(lambda: self._inner.asked(device, command))

    def visited(self, visit: Visit) -> None:
        """A device is done."""
        self._tell(lambda: self._inner.visited(visit))


def not_begun(error: BaseException | None) -> SessionError:
    """Why a device gave no answer at all: it was not begun, or we crashed.

    Args:
        error: what its task raised.
    """
    if isinstance(error, SessionError):
        return error
    return SessionError(Trouble.DEFECT, type(error).__name__, "please report it; GETVPN_OPS_DEBUG=1 shows more")
