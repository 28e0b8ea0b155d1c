"""The simulated fleet: one router for each host of an inventory, one clock, one record of what happened."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.lab import inventory
from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.events import Events
from getvpn_ops.lab.faults import Fault, Faults, UnknownFaultError
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.lab.ios.identity.keys import KeyStore, rsa_key
from getvpn_ops.lab.ios.router import PRIVILEGED, Account, Router
from getvpn_ops.lab.ios.session.shell import exec_syntax
from getvpn_ops.lab.life import Life
from getvpn_ops.lab.station import FIRST_PORT, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path

    from getvpn_ops.lab.inventory import Host
    from getvpn_ops.lab.ios.identity.keys import RsaKey

_SUFFIXES = (".cfg", ".txt", ".conf", "")
_REKEY = "rekey authentication mypubkey rsa "
_REKEY_BITS = 2048
_LONGEST_UP = 90 * 86400  # seconds that a router may have been up when the lab starts
_SETTLING = timedelta(minutes=10)  # lived through before the start: members of a working group are registered by then
_WORKERS = 4
_EACH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fleet is set up.

    Attributes:
        inventory: folder of the inventory files.
        configs: folder of the start configurations, ``HOST.cfg`` each; None starts every router empty.
        speed: simulated seconds in a real one.
        seed: the same seed gives the same run; None takes a new one.
        start: first moment of the clock; None is now.
        password: of every account and of every enable; None makes one up.
        public_keys: blobs in base64 that log in without a password, on releases that can.
        first_port: where to begin to look for free ports.
        flows: text of a file of flows; None: the standard ones between the sites of the inventory.
    """

    inventory: Path
    configs: Path | None = None
    speed: float = 1.0
    seed: int | None = None
    start: datetime | None = None
    password: str | None = None
    public_keys: tuple[str, ...] = ()
    first_port: int = FIRST_PORT
    flows: str | None = None


class Fleet:
    """Simulated routers, and the handles of the one who runs them. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Read the inventory; nothing listens yet.

        Raises:
            InventoryError: the inventory is wrong.
            FileNotFoundError: the folder of configurations is missing.
        """
        self.settings = settings
        self.seed = settings.seed if settings.seed is not None else secrets.randbelow(1_000_000)
        self.started = settings.start or datetime.now(UTC)
        self.clock = Clock(self.started - _SETTLING, speed=settings.speed)
        self.events = Events(self.clock.now)
        self.password = settings.password or secrets.token_urlsafe(9)
        self.stations: dict[str, Station] = {}
        self.missing: list[str] = []
        """Hosts that have no start configuration."""
        self._hosts = inventory.read(settings.inventory)
        if settings.configs is not None and not settings.configs.is_dir():
            msg = f"there is no folder {settings.configs}"
            raise FileNotFoundError(msg)
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="lab")
        self._tasks: set[asyncio.Task[None]] = set()
        self._driving: asyncio.Task[None] | None = None
        self._waiting: dict[str, list[tuple[str, Fault]]] = {}
        self._undo: dict[int, Callable[[], None]] = {}
        self._wake: asyncio.Event | None = None
        self._rekey_keys: dict[str, RsaKey] = {}
        self._life: Life | None = None
        """GDOI between the routers; there once they are up."""

    @property
    def life(self) -> Life:
        """GDOI and traffic of the fleet.

        Raises:
            RuntimeError: the fleet is not up.
        """
        if self._life is None:
            raise RuntimeError("the fleet is not up")
        return self._life

    # -- up and down

    async def up(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        """Build the routers and put each on a port of its own.

        Args:
            progress: told how many of how many answer.

        Raises:
            OSError: ports are missing.
        """
        self._wake = asyncio.Event()
        self.clock.rescheduled = self._wake.set
        for host in self._hosts:
            self.stations[host.name] = self._station(host)
        self._share_rekey_keys()
        self._life = Life(
            self.clock,
            [(s.host, s.router) for s in self.stations.values()],
            self.seed,
            self.started,
            self.settings.flows,
        )
        await asyncio.gather(*(station.make_key() for station in self.stations.values()))
        numbers = itertools.count(self.settings.first_port)
        for done, station in enumerate(self.stations.values(), 1):
            await station.up(lambda: next(numbers))
            progress(done, len(self.stations))
        self._driving = asyncio.get_running_loop().create_task(self._drive())
        self.events.add("clock", f"routers up: {len(self.stations)}; seed {self.seed}")

    async def down(self) -> None:
        """Every router stops to answer, and every session ends."""
        tasks = [*self._tasks, *((self._driving,) if self._driving is not None else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for station in self.stations.values():
            for session in tuple(station.router.sessions):
                session.drop()
            await station.down()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _station(self, host: Host) -> Station:
        chance = random.Random(f"{self.seed}:{host.name}")  # noqa: S311 -- a simulation must be repeatable
        router = Router(
            hostname=host.name,
            release=host.release,
            model=host.model,
            serial=host.serial,
            accounts={host.username: Account(self.password, host.privilege, self.settings.public_keys)},
            enable_secret=self.password,
            clock=self.clock,
            keys=KeyStore(),
            faults=Faults(lambda fault, line: self._struck(host.name, fault, line)),
            random=chance,
        )
        station = Station(host, router, self._executor)
        if self.settings.configs is not None:
            found = next(
                (path for end in _SUFFIXES if (path := self.settings.configs / f"{host.name}{end}").is_file()), None
            )
            if found is None:
                self.missing.append(host.name)
            else:
                station.refused = router.load(found.read_text(encoding="utf-8", errors="replace").splitlines())
        exec_syntax(host.release, PRIVILEGED)  # read before the first session needs it
        router.booted = self.started - timedelta(seconds=chance.randrange(3600, _LONGEST_UP))
        router.told = lambda kind, text: self.events.add(kind, text, host.name)
        router.boots.append(lambda seconds: self._boots(station, seconds))
        return station

    def _share_rekey_keys(self) -> None:
        """Give each key server the rekey key that its configuration names: the same one to all that name it."""
        for station in self.stations.values():
            for block in station.router.running.all("crypto g"):
                for line in (line for below in block.lines for line in below.lines):
                    if line.text.startswith(_REKEY):
                        self._give_key(station.router, line.text.removeprefix(_REKEY))

    def _give_key(self, router: Router, label: str) -> None:
        if label not in self._rekey_keys:
            self._rekey_keys[label] = rsa_key(label, _REKEY_BITS, exportable=True, made=self.started)
        router.keys.held[label] = self._rekey_keys[label]
        router.keys.save()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until every port that is to open or to close has done so: what a jump began, its caller can rely on."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _boots(self, station: Station, seconds: float) -> None:
        self.events.add("reload", f"goes down for {seconds:g} s", station.host.name)
        self._spawn(station.hold_down(down=True))
        self.clock.after(seconds, lambda: self._spawn(station.hold_down(down=False)))

    # -- time

    async def _drive(self) -> None:
        """Run events as they come due."""
        assert self._wake is not None  # noqa: S101 -- set before
        while True:
            self._wake.clear()
            seconds = self.clock.real_seconds_to_next()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), None if seconds is None else min(seconds, _EACH_SECONDS))
            self.clock.run_due()

    def moment(self, seconds: float | None = None, to: datetime | None = None) -> datetime:
        """A moment given from now or as such."""
        return to if to is not None else self.clock.now() + timedelta(seconds=seconds or 0.0)

    def advance(self, to: datetime) -> int:
        """Jump to a moment; returns how many events happened on the way.

        Raises:
            ValueError: the moment has passed.
        """
        before = self.clock.now()
        count = self.clock.advance(to)
        self.events.add("clock", f"jumped from {before:%Y-%m-%d %H:%M:%S}; events on the way: {count}")
        return count

    # -- faults

    def devices(self, wanted: str | Iterable[str]) -> list[str]:
        """The hosts that are meant: a name, several, or ``*``.

        Raises:
            UnknownFaultError: there is no such host.
        """
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        if names == ["*"]:
            return list(self.stations)
        for name in names:
            if name not in self.stations:
                msg = f"the lab has no device {name!r}"
                raise UnknownFaultError(msg)
        return names

    def arm(self, device: str, made: Fault, *, at: datetime | None = None, step: str = "") -> None:
        """Let a fault wait on a device: at once, from a moment on, or from a step that someone will mark.

        Raises:
            UnknownFaultError: the lab has no such device, or none that the fault names.
        """
        self.devices(device)
        if (other := made.options.get("device")) is not None:
            self.devices(other or "")
        if step:
            self._waiting.setdefault(step, []).append((device, made))
        elif at is not None:
            self.clock.at(at, partial(self._armed_later, device, made))
        else:
            self._armed(device, made)

    def mark(self, step: str) -> int:
        """A step begins: the faults that wait for it are armed; returns how many."""
        self.events.add("mark", step)
        waiting = self._waiting.pop(step, [])
        for device, made in waiting:
            self._armed_later(device, made)
        return len(waiting)

    def waiting(self) -> list[tuple[str, str, Fault]]:
        """The faults that wait for a step: step, device, fault."""
        return [(step, device, made) for step, items in self._waiting.items() for device, made in items]

    def clear(self, device: str = "*", number: int | None = None) -> int:
        """Take faults away, and undo what they did where that can be undone; returns how many. Numbers are unique."""
        gone = 0
        for name in self.devices(device):
            faults = self.stations[name].router.faults
            for item in [item for item in faults.every if number in {None, item.number}]:
                gone += faults.clear(item.number)
                undo = self._undo.pop(item.number, None)
                if undo is not None:
                    undo()
                self.events.add("fault", f"cleared: {item.kind.name}", name)
        for step in tuple(self._waiting):
            kept = [
                item
                for item in self._waiting[step]
                if (device not in {"*", item[0]}) or number not in {None, item[1].number}
            ]
            gone += len(self._waiting[step]) - len(kept)
            self._waiting[step] = kept
        return gone

    def _armed(self, device: str, made: Fault) -> None:
        if made.kind.where == "now" and made.line is not None:
            come = partial(self._armed_later, device, replace(made, line=None))
            self.stations[device].router.faults.wait(made, come)
            self.events.add("fault", f"waits for its line: {made.text}", device)
            return
        try:
            undo = self._harm(self.stations[device], made)
        except ValueError as exc:
            self.events.add("fault", f"not possible: {made.kind.name}: {exc}", device)
            raise
        if made.kind.where == "now" and made.kind.once:
            self.events.add("fault", f"struck: {made.text}", device)
            return
        self.stations[device].router.faults.arm(made)
        if undo is not None:
            self._undo[made.number] = undo
        self.events.add("fault", f"armed: {made.text}", device)

    def _armed_later(self, device: str, made: Fault) -> None:
        """The moment of a fault has come. That it is not possible stands in the events: nobody is there to hear it."""
        with contextlib.suppress(ValueError):
            self._armed(device, made)

    def _harm(self, station: Station, made: Fault) -> Callable[[], None] | None:
        """Do at once what a fault does at once; returns how that is undone."""
        name = made.kind.name
        if name == "down":
            self._spawn(station.hold_down(down=True))
            return lambda: self._spawn(station.hold_down(down=False))
        if name == "host-key-changed":  # a router has no way back to a key that it lost
            self._spawn(station.change_key())
            return None
        if name == "wrong-device":
            other = self.stations[made.options["device"]].router
            station.answers = lambda: other
            return lambda: setattr(station, "answers", lambda: station.router)
        harm = HARMS.get(name)
        return None if harm is None else harm(self.life.world, station.host.name, made.options)

    def _struck(self, device: str, fault: Fault, line: str) -> None:
        at = f" at {line!r}" if line and fault.kind.where not in {"login", "enable", "key"} else ""
        self.events.add("fault", f"struck: {fault.kind.name}{at}", device)
