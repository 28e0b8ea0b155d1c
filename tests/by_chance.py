"""A migration to which anything happens: what may be done to it at any time, and what must be true all the time.

A ``Room`` has two key servers, three members and the packets between them; the journal is that of the store. It runs
plans as processes do: each attempt begins with nothing but the journal, and may be struck at a place that is counted.
Each line that a router gets is looked at when it gets it; what is wrong stands in ``wrong``.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from everywhere import LookingHand, in_modes
from fake_hands import FOREVER, Kept, Killed, Ledger, MemoryLeases, Stage
from fleets import BankClock
from flowing import FlowingBank
from journals import KEY
from plans import asked, collector_of, running
from small_migration import ASKS, ROUTERS, SERVERS, allowed, inventory, migration, secrets
from wired import Line, Listener, Wire, WiredFleet, WiredHands, Wires

from getvpn_ops.engine import assemble
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.log import RunLog
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.planning.emergency import plan_emergency
from getvpn_ops.engine.change.scene import Margins, Scene
from getvpn_ops.engine.change.settling import give_back, settle
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import UsageError
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.gdoi.harms import HARMS, NotPossibleError
from getvpn_ops.model.journal import OperatorWord, StepIntended, StepOutcome, StepReconciled, Word
from getvpn_ops.model.journal_story import fold
from getvpn_ops.parsing import parse
from getvpn_ops.store import Store
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.journal import Entry, Event
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.store.journal import Journal

SINGLE = re.compile(r"(no )?sa receive-only")
"""A line that members follow at once."""


_parsed = lru_cache(maxsize=20_000)(parse)
"""It is pure, and half of what an attempt takes: rooms begin alike, so most of their screens were read before."""


class StruckJournal:
    """The journal of the store; each event is a place, and who is dead writes nothing."""

    def __init__(self, room: Room, journal: Journal) -> None:
        self._room, self._journal = room, journal
        self.open: dict[str, StepIntended] = {}
        """Intents whose outcome nobody wrote down, by device."""
        self.known: dict[str, list[Entry]] = {}

    def entries(self, run: str) -> tuple[Entry, ...]:
        """Who listens reads it between any two steps: it is read from the disk once for each process."""
        if run not in self.known:
            self.known[run] = list(self._journal.entries(run))
        return tuple(self.known[run])

    def written(self, run: str, event: Event) -> Entry:
        """Kept, by whomever."""
        entry = self._journal.append(run, event)
        self.known.get(run, []).append(entry)
        return entry

    def append(self, run: str, event: Event) -> Entry:
        self._room.place()
        entry = self.written(run, event)
        if isinstance(event, StepIntended):
            self.open[event.device] = event
        elif isinstance(event, StepOutcome | StepReconciled):
            self.open.pop(event.device, None)
        self._room.place()
        return entry


@dataclass
class RoomWires(Wires):
    """Some routers do not answer."""

    down: set[str] = field(default_factory=set)

    def answers(self, name: str) -> bool:
        return name not in self.down and super().answers(name)


class RoomListener(Listener):
    """Counts what is typed, and looks at it."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def before(self, wire: Wire, text: str) -> None:
        del text
        self._room.place(wire)

    midway = after = before

    def took(self, line: Line) -> None:
        self._room.took(line)


class Room:
    """The routers, and a run on them.

    Attributes:
        wrong: what was not as it must be.
        excused: why packets may be lost: routers booted, or somebody said emergency.
        stage: the run of now: the migration, or a way back.
        is_over: nobody resumes the migration any more.
        ends: how attempts ended.
    """

    def __init__(self, folder: Path) -> None:
        self.bank = FlowingBank(configs="clear", only=ROUTERS)
        self._kept = ExitStack()
        self._kept.enter_context(patch.object(assemble, "parse", _parsed))
        self._store = self._kept.enter_context(Store.open(f"sqlite:///{folder / 'room.db'}"))
        self._real = self._store.journal(KEY, folder / "end", self.bank.clock.now)
        self.wrong: list[str] = []
        self.excused: set[str] = set()
        self.is_over = False
        self.ends: list[str] = []
        self.down: set[str] = set()
        self._listener = RoomListener(self)
        self.journal = StruckJournal(self, self._real)
        self._left, self._fate = 0, ""
        self._is_dead = False
        self._flipped = False
        self._typed: Counter[tuple[str, str, str]] = Counter()
        self._lines: list[re.Pattern[str]] = []
        self.fresh = self.managed()
        self.forward = self.stage = self._stage(migration())

    def close(self) -> None:
        """The journal is as it was written."""
        with self._kept:
            found = self._real.verify()
            assert not found.faults, found.faults

    def managed(self) -> dict[str, str]:
        """What each router holds of ours."""
        return {name: managed_of(running(self.bank, name).tree) for name in ROUTERS}

    # -- runs

    def _stage(self, plan: Plan) -> Stage:
        run = self._store.begin_run("apply", self.bank.clock.now(), arguments={}, workspace="").id
        clock, ledger, archive, said = BankClock(self.bank), Ledger(), Kept(), list[str]()
        routers, devices = self.bank.world.routers, inventory().devices
        wires = RoomWires(routers, devices, clock.now, self._listener, lambda device: secrets()[device.name], self.down)
        hands = WiredHands(
            ledger, clock, wires, lambda name, keep: LookingHand(self.bank, name, ledger, clock.now, keep)
        )
        journal: Any = self.journal
        leases, fleet = MemoryLeases(run, journal), WiredFleet(hands)
        scene = Scene(
            run=run, plan=plan, inventory=inventory(), fleet=fleet, hands=hands, clock=clock, archive=archive,
            progress=archive, log=RunLog(run, journal, leases, FOREVER),
            collector=Collector(fleet, clock, archive, archive), margins=Margins(), say=said.append,
        )  # fmt: skip
        return Stage(scene, ledger, hands, journal, leases, archive.captures, said, clock)

    def attempt(self, strike: tuple[int, str] = (0, "")) -> Ending | None:
        """A process takes the run up; None: it was killed."""
        self._wake()
        self.stage = self._again(self.stage)
        self._lines = list(allowed(self.stage.scene.plan))
        self._left, self._fate = strike
        self._flipped = False
        self._typed_anew()
        try:
            ending = apply_plan(self.stage.scene, performers())
        except Killed:
            ending = None
        self._wake()
        self.ends.append("killed" if ending is None else f"{ending.code.name}: {ending.reason}")
        self.check()
        return ending

    def _again(self, stage: Stage) -> Stage:
        """What a new process has: the journal, and new sessions."""
        ledger = replace(stage.ledger, open=set())
        hands = WiredHands(ledger, stage.clock, cast("WiredHands", stage.hands).wires, stage.hands.make)
        fleet = WiredFleet(hands)
        scene = replace(
            stage.scene, hands=hands, fleet=fleet,
            collector=Collector(fleet, stage.clock, stage.scene.archive, stage.scene.progress),
        )  # fmt: skip
        made = replace(stage, hands=hands, ledger=ledger, scene=scene).resumed()
        made.scene.log.listens = 0
        return made

    def _wake(self) -> None:
        """The process is gone, and its sessions with it."""
        self._is_dead, self._left = False, 0
        self.journal.known.clear()
        for wire in tuple(self._listener.open):
            wire.cut()

    def _typed_anew(self) -> None:
        self._typed.clear()

    def say(self, word: Word, detail: str = "") -> None:
        """An operator's word for the run of now."""
        self.journal.written(self.stage.scene.run, OperatorWord(word, "ann@noc", detail))

    def begin_way_back(self, to: str = "") -> bool:
        """As ``rollback`` does: read what nobody knows, give back what was lent, plan; whether there is a way."""
        self._wake()
        self.forward = self._again(self.forward)
        course = Course(self.forward.scene, performers())
        self._lines = list(allowed(self.forward.scene.plan))
        held = [*settle(course, self.forward.scene.log.in_hand), *give_back(course)]
        story = fold(self.forward.scene.run, self.journal.entries(self.forward.scene.run))
        try:
            plan = plan_way_back(
                asked(self.bank), self.forward.scene.plan, story,
                collector=collector_of(self.bank, self.down), inventory=inventory(), to=to,
            )  # fmt: skip
        except UsageError as exc:
            if "left no configuration" not in str(exc) and "is not known" not in str(exc):
                self.wrong.append(f"no way back: {exc}")
            return False
        told = [*plan.refusals, *plan.lockouts, *(f"{item.device}: {item.reason}" for item in plan.left_out)]
        if told:
            is_further = self.is_over and bool(to)  # it may have been taken back beyond that stage before
            if not (self.down or self.excused or is_further):
                self.wrong.append(f"the way back is not whole: {told} {[hold.reason for _, hold in held]}")
            return False
        self.is_over = True
        self.stage = self._stage(plan)
        return bool(plan.waves)

    def begin_emergency(self) -> bool:
        """As ``rollback --emergency``; whether there is anything to do."""
        self._wake()
        self.excused.add("an emergency")
        collector = collector_of(self.bank, self.down)
        plan = plan_emergency(asked(self.bank), ("WAN",), collector=collector, inventory=inventory())
        if plan.refusals:
            self.wrong.append(f"an emergency is refused: {plan.refusals}")
        self.is_over = True
        self.stage = self._stage(plan)
        return bool(plan.waves)

    # -- what happens

    def place(self, wire: Wire | None = None) -> None:
        """Something is written down or typed: here it may strike."""
        if self._is_dead:
            raise Killed
        if not self._left:
            return
        self._left -= 1
        if not self._left:
            self._strike(wire)

    def _strike(self, wire: Wire | None) -> None:
        if self._fate == "kill":
            self._is_dead = True
            for open_one in tuple(self._listener.open):
                open_one.cut()
            raise Killed
        if self._fate in {"hold", "abort"}:
            self.say(Word(self._fate), "too hot")
        elif self._fate == "promote":
            self.say(Word.PROMOTE, f"{ASKS}: enough")
        elif self._fate == "flip":
            self.flip()
        elif wire is None:
            self._left = 1  # the next that is typed
        elif self._fate == "drop":
            wire.cut()
        elif self._fate == "hang":
            wire.hang()
        elif self._fate == "gone":
            self.down.add(wire.device)
            wire.cut()
        elif self._fate == "reload":
            self.excused.add(f"{wire.device} booted")
            wire.terminal.router.reload()

    def flip(self) -> None:
        """Another key server becomes primary."""
        self._flipped = True
        second = next((name for name in SERVERS if not self._is_primary(name)), SERVERS[-1])
        try:
            HARMS["election-flip"](self.bank.world, second, {})
        except (NotPossibleError, KeyError, IndexError, StopIteration):
            return

    def refuse(self, device: str, line: str) -> None:
        """A router refuses a line, once."""
        self.bank.world.routers[device].faults.arm(fault("reject", line=line))

    def heal(self) -> None:
        """All routers answer, and refuse nothing."""
        self.down.clear()
        for router in self.bank.world.routers.values():
            router.faults.clear()

    # -- what must be true

    def took(self, line: Line) -> None:
        """Of each line, when a router has it."""
        if line.mode == "?" or not line.text.strip() or re.match("show |terminal ", line.text):
            return
        name, text = line.device, line.text.strip()
        intent = self.journal.open.get(name)
        if intent is None and text not in {"end", "exit"}:
            self.wrong.append(f"P2: {name} got '{text}', and nobody wrote down before that it would")
        if not any(pattern.fullmatch(text) for pattern in self._lines):
            self.wrong.append(f"P1: {name} got '{text}', which does not stand in the plan")
        if intent is not None and intent.once and any(text in told for told in intent.lines):
            self._typed[self.stage.scene.run, intent.step, text] += 1
            if self._typed[self.stage.scene.run, intent.step, text] > 1:
                self.wrong.append(f"P4: {name} got '{text}' twice for step {intent.step}")
        busy = [one for one in SERVERS if any(s.shell.blocks for s in self.bank.world.routers[one].sessions)]  # type: ignore[attr-defined]
        if len(busy) > 1:
            self.wrong.append(f"P7: {busy} are configured at once")
        if SINGLE.fullmatch(text) and line.mode:
            self._in_order(name, text)

    def _in_order(self, name: str, text: str) -> None:
        """Secondaries are told first, and the primary last."""
        if not self._is_primary(name) or self._flipped:
            return
        for other in SERVERS:
            has = any(line.strip() == "sa receive-only" for line in self.bank.world.routers[other].running.lines())
            serves = "WAN" in self.bank.world.routers[other].gdoi.servers
            if other != name and other not in self.down and serves and has is text.startswith("no "):
                self.wrong.append(f"P10: {name} is primary and got '{text}' before {other}")

    def _is_primary(self, name: str) -> bool:
        held = self.bank.world.routers[name].gdoi.servers.get("WAN")
        return held is not None and held.role.value == "Primary"

    def check(self) -> None:
        """Between two attempts."""
        self.wrong += in_modes(self.bank)
        lost = self.bank.traffic.ledger.totals().plain()
        if lost["lost"] and not self.excused:
            self.wrong.append(f"P19: lost {lost['lost']}: {lost['reasons']}")
        assert not self.wrong, f"{self.wrong}\n{self.ends}"
