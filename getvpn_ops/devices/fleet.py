"""The fleet that the engine asks: devices of the inventory, over SSH, many at a time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.devices.asking import KeepError
from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.connection import register
from getvpn_ops.devices.dispatch import Answer, dispatch
from getvpn_ops.devices.opening import Opening
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.sweep import Ending, Guarded, Means, Watcher, not_begun
from getvpn_ops.devices.terms import Cancel, Stop
from getvpn_ops.devices.visit import Conversation, Script
from getvpn_ops.model.capture import Capture, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nornir.core.task import Task

    from getvpn_ops.devices.asking import Speaker
    from getvpn_ops.devices.session import Session
    from getvpn_ops.model.inventory import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class NornirFleet(Means):
    """Devices that can be asked, each in one session, through ``Nornir.run``.

    Attributes:
        seconds: that a whole sweep may take.
        purpose: list that every line is held against.
        speak: how a session is asked; as it is, unless something has to ask it in words of its own.
    """

    seconds: float = math.inf
    purpose: Purpose = Purpose.READ
    speak: Callable[[Session], Speaker] = field(default=lambda session: session)

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
        self.prepare(scripts)
        by_name = {device.name: (device, script) for device, script in scripts.items()}
        with self.halt.sweep() as cancel:
            sweep = _Sweep(self, by_name, keep, Guarded(progress), cancel)
            return sweep.run()


class _Sweep:
    """One call of ``ask``."""

    def __init__(
        self,
        fleet: NornirFleet,
        asked: Mapping[str, tuple[Device, Callable[[], Script]]],
        keep: Callable[[Capture], None],
        progress: Guarded,
        cancel: Cancel,
    ) -> None:
        self._fleet = fleet
        self._asked = asked
        self._keep = keep
        self._progress = progress
        self._cancel = cancel
        self._ends = time.monotonic() + fleet.seconds
        self._unkept: list[BaseException] = []
        self._halt = Ending(fleet.halt, cancel)
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
        conversation = Conversation(
            device,
            lambda: fleet.speak(self._opening.session(device, stop, self._runner)),
            fleet.hooks(device.name, self._keep, self._progress),
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

    def _visit_of(self, answer: Answer[Visit], started: datetime) -> Visit:
        """The answer of a device; one that gave none was not begun, or we crashed."""
        if answer.value is not None:
            return answer.value
        broken = not_begun(answer.error)
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
