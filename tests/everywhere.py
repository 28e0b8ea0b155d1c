"""A run that is cut short everywhere it can be, in this process: at each place it forks, and a child meets its fate.

The parent goes on undisturbed to the next place; the child is killed there, or its session breaks, and then it takes
the run up again as a new process would, with nothing but the journal, and says what came of it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from fake_hands import FOREVER, BankHand, Kept, Ledger, MemoryJournal, MemoryLeases, Stage
from fleets import BankClock
from wired import Line, Listener, Wire, WiredFleet, WiredHands, Wires

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.log import RunLog
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.scene import Margins, Scene
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bank import Bank

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.lab.clock import Clock
    from getvpn_ops.lab.gdoi.world import World
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.terminal import Terminal
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.journal import Event
    from getvpn_ops.model.plan import Plan

_PATIENCE = 120  # seconds that a child may take
_RESUMES = 4

NOTHING, KILL, DROP, HANG, RELOAD, SILENT = "nothing", "kill", "drop", "hang", "reload", "silent"
OUTAGE = "outage"
"""The router reloads, and the process is killed."""
VANISH = "vanish"
"""The process is gone with its host: nobody ends its sessions, and routers keep them."""
FATES = (KILL, DROP, HANG, SILENT, RELOAD, OUTAGE, VANISH)
_SOON = 25  # places, on average, that a run goes on before it is struck again


@dataclass(frozen=True)
class Place:
    """Where a fate strikes.

    Attributes:
        number: counts the places of a run.
        what: for people: the event of the journal, or the device and what is typed.
        when: ``before``, ``midway`` or ``after`` it.
        fate: what happens.
    """

    number: int
    what: str
    when: str
    fate: str

    @property
    def text(self) -> str:
        return f"{self.fate} {self.when} [{self.number}] {self.what}"


@dataclass
class Told:
    """What a child says.

    Attributes:
        place: where it was struck.
        wrong: what is not as it must be; empty if all is well.
        codes: how the run ended each time, until it was done.
        reasons: likewise.
        facts: what a test asked for.
    """

    place: Place
    wrong: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    facts: Any = None


class Everywhere(Listener):
    """Forks at each place that is chosen."""

    def __init__(self, world: Routers, chosen: Callable[[Place], bool]) -> None:
        super().__init__()
        self.world = world
        self.chosen = chosen
        self.told: list[Told] = []
        self.mine: Told | None = None
        """Of a child: what it will say; None in the parent."""
        self.broken: list[str] = []
        """What was wrong while lines were typed."""
        self.look: Callable[[Line], Iterable[str]] = lambda _line: ()
        self.end: Callable[[Everywhere], None] = lambda _self: None
        """What a child does when its run came to an end, or was killed."""
        self.is_armed = False
        self.minutes = 0.0
        """That go by before the run is taken up again."""
        self.undisturbed: Any = None
        """What a child said of the whole run, to whom nothing happened."""
        self.left: list[Terminal] = []
        """Sessions of a process that vanished."""
        self.strikes = 1
        """That meet a child: those behind the first come while it takes its run up again."""
        self._number = 0
        self._left = 0
        self._fates = random.Random()  # noqa: S311 -- not a secret
        self._pipe = -1
        self._silent = False

    # -- places

    def place(self, what: str, when: str, fates: Iterable[str], wire: Wire | None = None) -> None:
        """Fork here for each fate that is chosen; only in a run of ``swept``, which ends what was forked."""
        if self.mine is not None:
            self._strike_again(what, when, wire)
            return
        if not self.is_armed:
            return
        self._number += 1
        for fate in fates:
            place = Place(self._number, what, when, fate)
            if fate == NOTHING or self.chosen(place):
                self._fork(place, wire)
                if self.mine is not None:
                    return

    def _fork(self, place: Place, wire: Wire | None) -> None:
        read, write = os.pipe()
        child = os.fork()
        if child:
            os.close(write)
            with os.fdopen(read, "rb") as said:
                text = said.read()
            _, status = os.waitpid(child, 0)
            told = json.loads(text) if text else {"wrong": [f"the child ended with {status} and said nothing"]}
            self.told.append(Told(place, **told))
            return
        os.close(read)
        signal.alarm(_PATIENCE)
        self._pipe, self.mine = write, Told(place)
        self._fates = random.Random(f"{place.number} {place.fate}")  # noqa: S311 -- not a secret
        self._left = self._soon() if place.fate != NOTHING else 0
        self._meet(place.fate, wire)

    def _meet(self, fate: str, wire: Wire | None) -> None:
        """Of a child: this happens to it; if it is killed, this does not return."""
        if fate == VANISH:
            self.left = [wire.terminal for wire in self.open]
            self.open.clear()
        if fate in {KILL, VANISH}:
            self.meet_end()
        elif fate == SILENT:
            self._silent = True
        elif wire is not None and fate != NOTHING:
            router = wire.terminal.router
            {DROP: wire.cut, HANG: wire.hang, RELOAD: router.reload, OUTAGE: router.reload}[fate]()
            if fate == OUTAGE:
                self.meet_end()

    def _soon(self) -> int:
        self.strikes -= 1
        return 1 + int(self._fates.expovariate(1 / _SOON)) if self.strikes else 0

    def _strike_again(self, what: str, when: str, wire: Wire | None) -> None:
        """Of a child: count places until the next strike."""
        assert self.mine is not None
        if not self._left:
            return
        self._left -= 1
        if not self._left:
            self._left = self._soon()
            fate = self._fates.choice((KILL, DROP, HANG)) if wire is not None else KILL
            self.mine.reasons.append(f"[{fate} {when} {what}]")
            self._meet(fate, wire)

    def meet_end(self) -> None:
        """Of a child: the run is at its end, or the process is killed: do what is to be done then, say it, and go."""
        assert self.mine is not None
        try:
            for wire in tuple(self.open):
                wire.cut()
            self.end(self)
        except BaseException:  # noqa: BLE001 -- whatever it is: this process must not go on
            self.mine.wrong.append(traceback.format_exc())
        told = {name: getattr(self.mine, name) for name in ("wrong", "codes", "reasons", "facts")}
        with os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(json.dumps(told).encode())
        os._exit(0)

    # -- a listener

    def before(self, wire: Wire, text: str) -> None:
        self.place(_shown(wire, text), "before", (KILL, VANISH, DROP, RELOAD, OUTAGE), wire)

    def midway(self, wire: Wire, text: str) -> None:
        self.place(_shown(wire, text), "midway", (KILL, VANISH, DROP, HANG), wire)

    def after(self, wire: Wire, text: str) -> None:
        self.place(_shown(wire, text), "after", (KILL, VANISH, DROP, HANG, RELOAD, OUTAGE), wire)

    def took(self, line: Line) -> None:
        self.broken += self.look(line)

    def silences(self, name: str) -> bool:
        self.place(f"look at {name}", "before", (SILENT,))
        silent, self._silent = self._silent, False
        return silent


def _shown(wire: Wire, text: str) -> str:
    return f"{wire.device}: {text!r}"


class TellingJournal(MemoryJournal):
    """Tells a listener of each event before it is kept, and after."""

    listener: Everywhere

    def append(self, run: str, event: Event) -> Any:  # noqa: ANN401 -- an entry
        what = f"{event.kind} {getattr(event, 'step', '')}".strip()
        self.listener.place(what, "before", (KILL,))
        entry = super().append(run, event)
        self.listener.place(what, "after", (KILL,))
        return entry


# -- a run


class LookingHand(BankHand):
    """Its captures are without secrets, as those of a session are."""

    def _rewritten(self, command: str) -> str | None:
        text = super()._rewritten(command)
        redacted = Redactor().capture((text or "").encode(), command, device=self.device)
        return text if text is None else redacted.decode()


class Routers(Protocol):
    """What a run needs of a lab; a ``Bank`` and a ``SmallBank`` are some."""

    clock: Clock
    world: World

    def pass_time(self, **span: float) -> None:
        """Let simulated time go by."""


def staged(
    world: Routers,
    plan: Plan,
    inventory: Inventory,
    listener: Everywhere,
    secrets: Callable[[Device], Iterable[Secret]] = lambda _device: (),
) -> Stage:
    """A scene on wires, whose journal tells the listener."""
    bank = cast("Bank", world)  # all that they use are its clock and its world
    clock, ledger, said, archive = BankClock(bank), Ledger(), list[str](), Kept()
    wires = Wires(world.world.routers, inventory.devices, clock.now, listener, secrets)
    hands = WiredHands(ledger, clock, wires, lambda name, keep: LookingHand(bank, name, ledger, clock.now, keep))
    journal = TellingJournal(clock.now)
    journal.listener = listener
    leases, fleet = MemoryLeases("run-1", journal), WiredFleet(hands)
    scene = Scene(
        run="run-1", plan=plan, inventory=inventory, fleet=fleet, hands=hands, clock=clock, archive=archive,
        progress=archive, log=RunLog("run-1", journal, leases, FOREVER),
        collector=Collector(fleet, clock, archive, archive), margins=Margins(), say=said.append,
    )  # fmt: skip
    return Stage(scene, ledger, hands, journal, leases, archive.captures, said, clock)


def again(stage: Stage) -> Stage:
    """The same run in a new process: hands and fleet are new, and only the journal is remembered."""
    ledger = replace(stage.ledger, open=set())
    hands = WiredHands(ledger, stage.clock, stage.hands.wires, stage.hands.make)  # type: ignore[attr-defined]
    fleet = WiredFleet(hands)
    return replace(stage, hands=hands, ledger=ledger, scene=replace(
        stage.scene, hands=hands, fleet=fleet,
        collector=Collector(fleet, stage.clock, stage.scene.archive, stage.scene.progress),
    )).resumed()  # fmt: skip


def to_the_end(stage: Stage, ending: Ending | None, told: Told, world: Routers) -> None:
    """Resume until all is done, and say how each run ended.

    Args:
        stage: of the run.
        ending: of its first process; None: it was killed.
        told: gets the codes and the reasons.
        world: whose time goes by a little between two runs.
    """
    for _ in range(_RESUMES):
        if ending is None:
            stage = again(stage)
            ending = apply_plan(stage.scene, performers())
        told.codes.append(int(ending.code))
        told.reasons.append(ending.reason)
        if ending.code is ExitCode.GOOD:
            return
        world.pass_time(minutes=1)
        ending = None
    told.wrong.append(f"not done after {_RESUMES} runs: {told.reasons}")


def swept(
    stage: Stage,
    listener: Everywhere,
    facts: Callable[[], Any],
    check: Callable[[Everywhere], Iterable[str]],
    resume: Callable[[Everywhere, Ending | None], None] | None = None,
) -> Ending:
    """Run a plan undisturbed, and at each chosen place also as it goes on after what happens there.

    Args:
        stage: of ``staged``.
        listener: of it; has what all children said afterwards.
        facts: of an undisturbed run at its end, as JSON has them; ``listener.undisturbed`` for ``check``.
        check: of a child, when its run is done: what is not as it must be.
        resume: what a child does behind its first ending (None: it was killed); it resumes to the end if absent.

    Returns:
        How the undisturbed run ended.
    """
    ending: Ending | None = None

    def end(child: Everywhere) -> None:
        assert child.mine is not None
        if child.mine.place.fate == NOTHING:
            child.mine.facts = facts()
            return
        child.world.pass_time(minutes=child.minutes)
        if resume is not None:
            resume(child, ending)
        else:
            to_the_end(stage, ending, child.mine, child.world)
        child.mine.wrong += check(child)

    listener.end, listener.is_armed = end, True
    listener.place("the whole run", "before", (NOTHING,))
    if listener.mine is None:
        (whole,), listener.told = listener.told, []
        assert not whole.wrong, whole.wrong
        listener.undisturbed = whole.facts
    try:
        ending = apply_plan(stage.scene, performers())
    except BaseException:
        if listener.mine is not None:
            listener.mine.wrong.append(traceback.format_exc())
            listener.meet_end()
        raise
    if listener.mine is not None:
        listener.meet_end()
    listener.is_armed = False
    return ending


# -- what is looked at


def texts(router: Router) -> list[str]:
    """What runs on a router."""
    return [line for line in router.running.lines() if line != "!"]


def states(world: Routers) -> dict[str, list[list[str]]]:
    """What runs on each router, and what it saved."""
    saved = {
        name: [line for line in router.startup.lines() if line != "!"] if router.startup else []
        for name, router in world.world.routers.items()
    }
    return {name: [texts(router), saved[name]] for name, router in world.world.routers.items()}


def in_modes(world: Routers, left: Sequence[Terminal] = ()) -> list[str]:
    """Sessions that stand in configuration mode, but those that were left to themselves."""
    return [
        f"{name}: a session stands in configuration mode"
        for name, router in world.world.routers.items()
        for session in router.sessions
        if session not in left and cast("Terminal", session).shell.blocks
    ]


def lists_in_use(router: Router) -> dict[str, tuple[str, ...]]:
    """The lists that a policy or a map refers to, with their entries."""
    entries: dict[str, list[str]] = {}
    used: set[str] = set()
    name = ""
    for line in texts(router):
        words = line.split()
        if not line.startswith(" "):
            name = words[3] if words[:3] == ["ip", "access-list", "extended"] else ""
            if name:
                entries[name] = []
        elif name:
            entries[name].append(line.strip())
        elif words[:2] == ["match", "address"]:
            used.add(words[-1])
    return {item: tuple(entries.get(item, ())) for item in used}
