"""What putting changes on devices needs from the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from getvpn_ops.model.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from pydantic import SecretStr

    from getvpn_ops.engine.ports import Progress
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.exec import ExecCommand, ExecReceipt
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal import Entry, Event, Resource
    from getvpn_ops.model.lease import Lease
    from getvpn_ops.model.receipt import StepReceipt

__all__ = ["Hand", "Hands", "Journal", "Leases", "Told"]

T = TypeVar("T")


class Hand(Protocol):
    """One open session that may change its device. Belongs to one thread. Nothing here sends anything twice.

    Once a method says that the session ended (a capture with trouble, a receipt UNKNOWN), only a new session goes on.
    """

    @property
    def device(self) -> str:
        """Name in the inventory."""
        ...

    def show(self, command: str) -> Capture:
        """Ask one read-only command; the capture is kept, without secrets, before it is given back.

        ``show running-config`` also teaches this session the secrets that stand in it, so that lines with placeholders
        can be typed. Does not raise for what the device does: the capture has the trouble.
        """
        ...

    def configure(self, step: ChangeStep, *, revert_minutes: int = 0) -> StepReceipt:
        """One stay in configuration mode (``devices.configuring``); placeholders are resolved in memory.

        A placeholder that nobody can resolve makes it UNFIT, and nothing is sent.

        Args:
            step: what to type.
            revert_minutes: enter with ``configure terminal revert timer N``; the caller must ``confirm``. 0: without.
        """
        ...

    def confirm(self) -> ExecReceipt:
        """``configure confirm``: the revert timer of this device ends, and what was typed stays."""
        ...

    def command(self, command: ExecCommand) -> ExecReceipt:
        """One command that does something, with its declared questions."""
        ...

    def export_key(
        self, label: str, cipher: str, passphrase: SecretStr, *, seconds: float = 60.0
    ) -> tuple[ExecReceipt, SecretStr | None]:
        """``crypto key export rsa LABEL pem terminal CIPHER PASSPHRASE``: the PEM text of both keys, in memory only.

        Args:
            label: of the key.
            cipher: ``3des``, ``aes`` or ``des``, as this device has it.
            passphrase: that seals the private key.
            seconds: of silence.
        """
        ...

    def import_key(
        self, label: str, pem: SecretStr, passphrase: SecretStr, *, exportable: bool, seconds: float = 60.0
    ) -> ExecReceipt:
        """``crypto key import rsa LABEL ...``: the key that ``export_key`` gave; refuses a label that is there."""
        ...


class Hands(Protocol):
    """Devices that can be changed."""

    def each(
        self,
        jobs: Mapping[Device, Callable[[Hand], T]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
        at_once: int = 1,
        watch: Callable[[], None] = lambda: None,
    ) -> Mapping[str, Told[T]]:
        """Open one session on each device and run its job in it, so many at once; through Nornir.

        A session is opened once, without a second login: what was typed before a drop is not known. When a person asks
        for the end, jobs in hand go on, and those not begun are told CANCELLED.

        Args:
            jobs: called in the device's own thread.
            keep: gets every capture before the job does; if it raises, the job ends with that.
            progress: is told of every command.
            at_once: devices in hand.
            watch: called before anything is typed; if it raises, nothing more is, and the job ends with that. A run
                that was stopped, and woken after its lease ended, types no byte more.

        Returns:
            One answer for each device, by name.

        Raises:
            DispatchError: there is no job.
        """
        ...


class Leases(Protocol):
    """``store.leases.Leases``."""

    def take(self, run: str, resources: Iterable[Resource], lasts: timedelta) -> Lease:
        """Take all of these, or none."""
        ...

    def renew(self, lease: Lease, lasts: timedelta) -> Lease:
        """Go on for so long."""
        ...

    def check(self, lease: Lease, lasts: timedelta = ...) -> None:
        """Read it again."""
        ...

    def append(self, lease: Lease, event: Event, lasts: timedelta = ...) -> Entry:
        """Write an event down if the lease still holds for so long."""
        ...

    def release(self, lease: Lease) -> bool:
        """Give it back."""
        ...


class Journal(Protocol):
    """``store.journal.Journal``."""

    def append(self, run: str, event: Event) -> Entry:
        """Write an event down; it is on disk when this returns."""
        ...

    def entries(self, run: str) -> tuple[Entry, ...]:
        """All events of a run."""
        ...
