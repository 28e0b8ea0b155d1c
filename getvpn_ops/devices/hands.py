"""The devices that can be changed: one session each, so many at once, through ``Nornir.run``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.connection import register
from getvpn_ops.devices.dispatch import dispatch
from getvpn_ops.devices.hand import OpenHand
from getvpn_ops.devices.opening import Opening
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.sweep import Ending, Guarded, Means, Watcher, not_begun
from getvpn_ops.devices.terms import SessionError, Stop
from getvpn_ops.devices.vault import Vault
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from nornir.core.task import Task

    from getvpn_ops.devices.terms import Cancel
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device

T = TypeVar("T")


def _none(_device: Device) -> tuple[Secret, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NornirHands(Means):
    """``engine.change.ports.Hands``. One object a run: its breaker counts refused logins over all of it.

    Attributes:
        secrets_of: the secrets of what a device is meant to have: whole true lines, or values alone. Called in the
            device's thread, when a line needs one.
        seconds: that one device may take at least, whatever ``ssh.deadline`` says: a large step on a router that asks
            an authorization server for each line takes long, and a step whose time ends is undone.
    """

    secrets_of: Callable[[Device], Iterable[Secret]] = _none
    seconds: float = 900.0
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        """One breaker for all jobs."""
        object.__setattr__(self, "breaker", Breaker(self.ssh.breaker))

    def each(
        self,
        jobs: Mapping[Device, Callable[[OpenHand], T]],
        *,
        keep: Callable[[Capture], None],
        progress: Watcher,
        at_once: int = 1,
        watch: Callable[[], None] = lambda: None,
    ) -> Mapping[str, Told[T]]:
        """Run a job on each device; see ``engine.change.ports.Hands``.

        A session that waits keeps its place: there are never more than ``at_once`` devices in hand. When a person asks
        for the end twice, jobs in hand go on to what is safe: a stay undoes its lines and leaves.

        Args:
            jobs: called in the device's own thread.
            keep: gets every capture before the job does; if it raises, the job ends with that.
            progress: is told of every command, and when a device is done.
            at_once: devices in hand.
            watch: called before anything is typed.

        Returns:
            One answer for each device, by name, in the order of ``jobs``.

        Raises:
            DispatchError: there is no job, or a device that the inventory has not.
        """
        self.prepare(jobs)
        with self.halt.sweep() as cancel:
            return _Round(self, jobs, keep, Guarded(progress), cancel, watch).run(at_once)


class _Round(Generic[T]):
    """One call of ``each``."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what a round works with
        self,
        hands: NornirHands,
        jobs: Mapping[Device, Callable[[OpenHand], T]],
        keep: Callable[[Capture], None],
        progress: Guarded,
        cancel: Cancel,
        watch: Callable[[], None],
    ) -> None:
        self._watch = watch
        self._hands = hands
        self._jobs = {device.name: (device, job) for device, job in jobs.items()}
        self._keep = keep
        self._progress = progress
        self._cancel = cancel
        self._opening = Opening(
            hands.loaded, hands.ssh, hands.credentials, hands.known_hosts, hands.breaker, Purpose.CHANGE
        )

    def run(self, at_once: int) -> dict[str, Told[T]]:
        hands = self._hands
        names = tuple(self._jobs)
        answers = dispatch(
            hands.loaded.nornir,
            names,
            self._visit,
            runner=PatientRunner(at_once, halt=Ending(hands.halt, self._cancel)),
            options=register(self._opening, self._cancel),
        )
        return {
            name: answer.value if answer.value is not None else _untold(name, not_begun(answer.error))
            for name, answer in answers.items()
        }

    def _visit(self, task: Task) -> Told[T]:
        device, job = self._jobs[task.host.name]
        hands = self._hands
        if hands.halt.draining:
            return _untold(device.name, SessionError(Trouble.CANCELLED, "it was not begun: the run was cancelled"))
        stop = Stop(max(hands.seconds, self._opening.deadline(device.name)), self._cancel)
        started = hands.now()
        try:
            session = self._opening.session(device, stop)  # no slot: who waits for it stays in hand
        except SessionError as exc:
            told: Told[T] = _untold(device.name, exc)
            self._progress.visited(Visit(device.name, started, hands.now(), trouble=exc.trouble, reason=exc.reason))
            return told
        session.watched(self._watch)
        vault = Vault(device.name, lambda: hands.secrets_of(device), hands.redactor)
        hand = OpenHand(device, session, hands.hooks(device.name, self._keep, self._progress), vault, hands.redactor)
        try:
            told = Told(device.name, job(hand))
        except Exception as exc:  # noqa: BLE001 -- whatever it is: it is told to who gave the job
            told = Told(device.name, None, error=exc)
        finally:
            hand.close()
            self._progress.visited(self._visit_of(hand, session.hostname, started))
        return told

    def _visit_of(self, hand: OpenHand, hostname: str, started: datetime) -> Visit:
        asker = hand.asker
        broken = asker.broken
        return Visit(
            device=asker.device.name,
            started=started,
            ended=self._hands.now(),
            engine=asker.engine,
            hostname=hostname,
            commands=asker.answered,
            trouble=broken.trouble if broken else None,
            reason=broken.reason if broken else "",
            next_step=broken.next_step if broken else "",
        )


def _untold(device: str, exc: SessionError) -> Told[T]:
    return Told(device, None, exc.trouble, exc.reason, exc.next_step)
