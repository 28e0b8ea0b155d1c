"""``collect``: ask a fleet, keep every answer raw, then make state of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.checks.views import gdoi_addresses, group_views
from getvpn_ops.engine.assemble import assemble
from getvpn_ops.engine.questions import counter_script, counting, script
from getvpn_ops.errors import DispatchError, EvidenceMissingError
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from getvpn_ops.engine.ports import Archive, Clock, Fleet, Progress, Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory

WHY_NOT = {
    Depth.KS: "only key servers are asked at depth ks",
    Depth.SAMPLE: "not in the sample",
    Depth.FULL: "",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to collect.

    Attributes:
        selected: devices to speak of.
        depth: how many members are asked.
        sample: random members of depth ``sample``, beside the suspicious ones.
        interval: between two looks at counters; zero for one look only.
        seed: of the choice of random members.
        script: what each device is asked.
    """

    selected: Sequence[Device]
    depth: Depth = Depth.FULL
    sample: int = 20
    interval: timedelta = timedelta(seconds=30)
    seed: int | str = 0
    script: Callable[[Device], Script] = script


@dataclass(frozen=True)
class Collector:
    """Asks a fleet through ports.

    Attributes:
        fleet: the devices.
        clock: their time.
        archive: keeps captures before they are read.
        progress: is told.
    """

    fleet: Fleet
    clock: Clock
    archive: Archive
    progress: Progress

    def collect(self, run: str, inventory: Inventory, wish: Wish) -> FleetState:
        """Ask, keep, assemble.

        Raises:
            DispatchError: nothing is selected, or nothing of it is asked at this depth.
        """
        if not wish.selected:
            raise DispatchError("no device is selected")
        started = self.clock.now()
        sweep = _Sweep(self, run)
        first = list(wish.selected) if wish.depth is Depth.FULL else _key_servers(inventory, wish.selected)
        if not first:
            msg = f"depth {wish.depth.value} asks key servers first, and none is among the devices selected"
            raise DispatchError(msg)
        sweep.ask(
            "devices" if wish.depth is Depth.FULL else "key servers",
            {item: partial(wish.script, item) for item in first},
        )
        if wish.depth is Depth.SAMPLE:
            sampled = choose(self._state(inventory, wish, sweep, started), wish)
            if sampled:
                sweep.ask("members", {item: partial(wish.script, item) for item in sampled})
        if wish.interval:
            self._count_again(sweep, wish)
        self.archive.put_visits(run, sweep.visits.values())
        return self._state(inventory, wish, sweep, started)

    def _state(self, inventory: Inventory, wish: Wish, sweep: _Sweep, started: datetime) -> FleetState:
        return assemble(
            sweep.captures,
            sweep.visits,
            inventory,
            selected=wish.selected,
            started=started,
            ended=self.clock.now(),
            depth=wish.depth,
            why_not=WHY_NOT[wish.depth],
        )

    def _count_again(self, sweep: _Sweep, wish: Wish) -> None:
        """Ask for counters once more, when enough time has passed since the last device was asked."""
        commands: dict[str, list[str]] = {}
        last = None
        for capture in sweep.captures:
            if counting(capture.command) and capture.trouble is None and capture.text.strip():
                commands.setdefault(capture.device, []).append(capture.command)
                last = capture.taken_at if last is None else max(last, capture.taken_at)
        if last is None:
            return
        again = {
            device: partial(counter_script, tuple(commands[device.name]))
            for device in wish.selected
            if device.name in commands and sweep.visits[device.name].trouble is None
        }
        if again:
            due = min(last, self.clock.now()) + wish.interval  # a clock that was set back must not hold the run up
            if self.clock.wait_until(due):
                sweep.ask("counters", again, again=True)


class _Sweep:
    """Visits and captures of one run so far."""

    def __init__(self, collector: Collector, run: str) -> None:
        self._collector = collector
        self._run = run
        self._lock = Lock()
        self.captures: list[Capture] = []
        self.visits: dict[str, Visit] = {}

    def ask(self, what: str, scripts: Mapping[Device, Callable[[], Script]], *, again: bool = False) -> None:
        collector = self._collector
        collector.progress.begin(what, len(scripts))
        try:
            visits = collector.fleet.ask(scripts, keep=self._keep, progress=collector.progress)
        finally:
            collector.progress.end()
        for name, visit in visits.items():
            self.visits[name] = _joined(self.visits[name], visit) if again else visit

    def _keep(self, capture: Capture) -> None:
        self._collector.archive.put_capture(self._run, capture)
        with self._lock:
            self.captures.append(capture)


def _joined(first: Visit, second: Visit) -> Visit:
    """Two visits to a device as one: that the second failed must show, since its counters are missing."""
    return replace(
        first,
        ended=second.ended,
        commands=first.commands + second.commands,
        trouble=first.trouble or second.trouble,
        reason=first.reason or second.reason,
        next_step=first.next_step or second.next_step,
    )


def _key_servers(inventory: Inventory, selected: Sequence[Device]) -> list[Device]:
    """The key servers; where nobody says who is one, all whose role nobody says."""
    named = {device.name for group in inventory.group_names() for device in inventory.key_servers(group)}
    servers = [item for item in selected if item.role is Role.KEY_SERVER or item.name in named]
    return servers or [item for item in selected if item.role is None]


def choose(state: FleetState, wish: Wish) -> list[Device]:
    """The members that depth ``sample`` asks: those that the key servers' words make suspicious, and some at random."""
    asked = {item.name for item in state.devices.values() if item.was_asked}
    members = [item for item in wish.selected if item.name not in asked and item.role is not Role.OUTSIDER]
    wrong = suspects(state)
    suspicious = [item for item in members if item.name in wrong]
    others = [item for item in members if item.name not in wrong]
    picked = random.Random(wish.seed).sample(others, min(wish.sample, len(others)))  # noqa: S311 -- not a secret
    return suspicious + picked


def suspects(state: FleetState) -> frozenset[str]:
    """Members that no key server knows, or that missed acknowledgements."""
    found: set[str] = set()
    for group in group_views(state):
        known: set[object] = set()
        late: set[object] = set()
        told = False
        for server in group.key_servers:
            try:
                rows = server.members().value
            except EvidenceMissingError:
                continue
            told = True
            known |= {row.address for row in rows}
            late |= {row.address for row in rows if row.acks_missed}
        if not told:
            continue
        for member in group.members:
            addresses = gdoi_addresses(member.state)
            if addresses and (not addresses & known or addresses & late):
                found.add(member.device)
    return frozenset(found)


def read_back(
    captures: Iterable[Capture],
    visits: Mapping[str, Visit],
    inventory: Inventory,
    selected: Iterable[Device],
    why_not: str = "",
) -> FleetState:
    """The state of what was kept: an earlier run, or a folder of captures.

    Args:
        captures: of it.
        visits: by device.
        inventory: what is expected.
        selected: devices that the answer speaks of.
        why_not: why a device without a visit was not looked at.

    Raises:
        DispatchError: there is nothing in it.
    """
    kept = list(captures)
    times = [item.taken_at for item in kept] + [item.started for item in visits.values()]
    if not times:
        raise DispatchError("there is no capture in it")
    return assemble(kept, visits, inventory, selected=selected, started=min(times), ended=max(times), why_not=why_not)
