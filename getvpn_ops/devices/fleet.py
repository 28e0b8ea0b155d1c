"""The fleet that the engine asks: devices of the inventory, over SSH, many at a time."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.connection import register
from getvpn_ops.devices.dispatch import Answer, dispatch
from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.opening import Opening
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.terms import Cancel, SessionError, Stop
from getvpn_ops.devices.visit import Conversation, Hooks, KeepError, Script
from getvpn_ops.errors import DispatchError
from getvpn_ops.model.capture import Capture, Trouble, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nornir.core.task import Task

    from getvpn_ops.devices.credentials import Credentials
    from getvpn_ops.devices.hostkeys import KnownHosts
    from getvpn_ops.devices.inventory import LoadedInventory
    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.devices.transcript import Transcripts
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
class NornirFleet:
    """Devices that can be asked, each in one session, through ``Nornir.run``.

    Attributes:
        loaded: the inventory.
        ssh: how devices are reached.
        credentials: who logs in.
        known_hosts: pinned host keys.
        redactor: takes the secrets out of what devices print.
        now: the moment by the clock of the run, UTC.
        transcripts: where sessions are written down; None is nowhere.
        halt: ends a sweep early.
        seconds: that a whole sweep may take.
        purpose: list that every line is held against.
    """

    loaded: LoadedInventory
    ssh: SshSettings
    credentials: Credentials
    known_hosts: KnownHosts
    redactor: Redactor
    now: Callable[[], datetime]
    transcripts: Transcripts | None = None
    halt: Halt = field(default_factory=Halt)
    seconds: float = math.inf
    purpose: Purpose = Purpose.READ

    def ask(
        self, scripts: Mapping[Device, Callable[[], Script]], *, keep: Callable[[Capture], None], progress: Watcher
    ) -> Mapping[str, Visit]:
        """Visit every device once and drive its script; see ``engine.ports.Fleet``.

        Questions for passwords come first, before any device is called.

        Args:
            scripts: what to ask each device; called in the device's own thread.
            keep: gets every capture before the script does. If it raises, the sweep stops.
            progress: is told.

        Returns:
            Exactly one visit for each device, by name, in the order of ``scripts``.

        Raises:
            DispatchError: there is no device, or one that the inventory has not.
            Exception: whatever ``keep`` raised.
        """
        by_name = {device.name: (device, script) for device, script in scripts.items()}
        if len(by_name) < len(scripts):
            raise DispatchError("two devices to be asked have one name")
        if unknown := [name for name in by_name if name not in self.loaded.access]:
            msg = f"not in the inventory: {', '.join(unknown)}"
            raise DispatchError(msg)
        self.credentials.prepare((name, self.loaded.access[name]) for name in by_name)
        with self.halt.sweep() as cancel:
            sweep = _Sweep(self, by_name, keep, _Guard(progress), cancel)
            return sweep.run()


class _Sweep:
    """One call of ``ask``."""

    def __init__(
        self,
        fleet: NornirFleet,
        asked: Mapping[str, tuple[Device, Callable[[], Script]]],
        keep: Callable[[Capture], None],
        progress: _Guard,
        cancel: Cancel,
    ) -> None:
        self._fleet = fleet
        self._asked = asked
        self._keep = keep
        self._progress = progress
        self._cancel = cancel
        self._ends = time.monotonic() + fleet.seconds
        self._unkept: list[BaseException] = []
        self._halt = _Both(fleet.halt, cancel)
        self._runner = PatientRunner(fleet.ssh.workers, halt=self._halt, ends=self._ends)
        self._opening = Opening(
            fleet.loaded, fleet.ssh, fleet.credentials, fleet.known_hosts, Breaker(fleet.ssh.breaker), fleet.purpose
        )

    def run(self) -> dict[str, Visit]:
        names = tuple(self._asked)
        started = self._fleet.now()
        answers = dispatch(
            self._fleet.loaded.nornir,
            names,
            self._visit,
            runner=self._runner,
            options=register(self._opening, self._cancel),
        )
        if self._unkept:
            raise self._unkept[0]
        return {name: self._visit_of(answers[name], started) for name in names}

    def _visit(self, task: Task) -> Visit:
        device, script = self._asked[task.host.name]
        fleet = self._fleet
        allowed = self._opening.deadline(device.name)
        left = self._ends - time.monotonic()
        stop = Stop(
            max(0.0, min(allowed, left)),
            self._cancel,
            slot=self._runner,
            what="deadline of the device" if allowed <= left else "time of the whole run",
        )
        hooks = Hooks(
            keep=self._keep,
            asked=lambda command: self._progress.asked(device.name, command),
            redact=lambda command, text: fleet.redactor.capture(text, command, device=device.name),
            now=fleet.now,
            write=self._write,
        )
        conversation = Conversation(
            device,
            lambda: self._opening.session(device, stop, self._runner),
            hooks,
            retries=int(fleet.ssh.retry_dropped),
        )
        try:
            visit = conversation.run(script)
        except KeepError as exc:
            self._unkept.append(exc.__cause__ or exc)
            self._cancel.set()
            raise
        self._progress.visited(visit)
        return visit

    def _write(self, capture: Capture) -> None:
        if self._fleet.transcripts is not None:
            try:
                self._fleet.transcripts.write(capture)
            except OSError as exc:
                logger.warning("the transcript of %s cannot be written: %s", capture.device, exc.strerror)

    def _visit_of(self, answer: Answer[Visit], started: datetime) -> Visit:
        """The answer of a device; one that gave none was not begun, or we crashed."""
        if answer.value is not None:
            return answer.value
        exc = answer.error
        broken = (
            exc
            if isinstance(exc, SessionError)
            else SessionError(Trouble.DEFECT, type(exc).__name__, "please report it; GETVPN_OPS_DEBUG=1 shows more")
        )
        visit = Visit(
            device=answer.device,
            started=started,
            ended=self._fleet.now(),
            trouble=broken.trouble,
            reason=broken.reason,
            next_step=broken.next_step,
        )
        self._progress.visited(visit)
        return visit


class _Both(Halt):
    """What a person asked, or this sweep: its flag is set, too, when something cannot be kept."""

    def __init__(self, person: Halt, cancel: Cancel) -> None:
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


class _Guard:
    """Progress that cannot harm a sweep."""

    def __init__(self, inner: Watcher) -> None:
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
