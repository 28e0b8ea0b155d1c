"""Hands, a fleet, a clock and a journal in memory: what a performer needs, without SSH and without a store.

``text_stage`` is a scene on ``Scripted`` devices, which answer from texts. ``bank_stage`` is one on the routers of a
``Bank`` or a ``Network``, so that commands do to the group what they do in the lab. Both remember what was typed, and
both can drop, or kill the run, at a line, and rewrite what a screen says.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from fleets import BankClock, Silent, bank_inventory
from networks import address
from screens import Screen

from getvpn_ops.dialect.terminal import refusal
from getvpn_ops.engine.change.log import RunLog
from getvpn_ops.engine.change.ports import Told
from getvpn_ops.engine.change.scene import Margins, Scene
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import LeaseLostError, StepRefusedError
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.exec import ExecMode, ExecOutcome, ExecReceipt
from getvpn_ops.model.intent import GdoiGroupIntent
from getvpn_ops.model.inventory import Device, Inventory, Role
from getvpn_ops.model.journal import Entry, StepIntended, StepOutcome, StepReconciled, StepResult
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.lease import Lease
from getvpn_ops.model.plan import Perform, Plan, PlannedStep, Wave
from getvpn_ops.model.receipt import Hindrance, LineReceipt, LineState, StepReceipt
from getvpn_ops.model.receipt import StepOutcome as StayOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bank import Bank
    from networks import Network
    from pydantic import SecretStr

    from getvpn_ops.engine.ports import Progress, Script
    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.exec import ExecCommand
    from getvpn_ops.model.journal import Event, Resource

_PROMPT = re.compile(r"[\w.\-]+(?:\([\w\-]+\))?#$")
START = datetime(2026, 3, 1, 8, 5, tzinfo=UTC)


class Killed(BaseException):
    """The run was killed at this point; only the journal is left of it."""


# -- the journal


class MemoryJournal:
    """A journal without a chain, with the rules of the store on what may come next."""

    def __init__(self, now: Callable[[], datetime] = lambda: START) -> None:
        self._now = now
        self.written: list[Entry] = []

    def entries(self, run: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.written if entry.run == run)

    def append(self, run: str, event: Event) -> Entry:
        if isinstance(event, StepIntended):
            self._must_be_sendable(run, event)
        elif (
            isinstance(event, StepOutcome | StepReconciled) and self._steps(run).get((event.step, event.device)) is None
        ):
            msg = f"{event.device}: step {event.step} is not in hand"
            raise StepRefusedError(msg)
        entry = Entry("memory", len(self.written) + 1, run, self._now(), event)
        self.written.append(entry)
        return entry

    def _steps(self, run: str) -> dict[tuple[str, str], Any]:
        return {(step.intended.step, step.intended.device): step for step in fold(run, self.entries(run)).steps}

    def _must_be_sendable(self, run: str, event: StepIntended) -> None:
        for (name, device), step in self._steps(run).items():
            if device != event.device:
                continue
            if step.result is StepResult.UNKNOWN:
                msg = f"{device}: nobody knows how far step {name} came"
                raise StepRefusedError(msg)
            if name == event.step and event.once and step.result is not StepResult.NOTHING_SENT:
                msg = f"{device}: step {name} must not be sent twice"
                raise StepRefusedError(msg)


FOREVER = Lease("lease-1", "run-1", (), datetime(2100, 1, 1, tzinfo=UTC), "me@here, process 1")


class MemoryLeases:
    """Leases of one run; ``lost`` makes the next use of it fail."""

    def __init__(self, run: str, journal: MemoryJournal) -> None:
        self._run, self._journal = run, journal
        self.lost = False

    def take(self, run: str, resources: Iterable[Resource], lasts: timedelta) -> Lease:
        del run, resources, lasts
        return FOREVER

    def renew(self, lease: Lease, lasts: timedelta) -> Lease:
        del lasts
        self._must_hold()
        return lease

    def check(self, lease: Lease, lasts: timedelta = timedelta()) -> None:
        del lease, lasts
        self._must_hold()

    def append(self, lease: Lease, event: Event, lasts: timedelta = timedelta()) -> Entry:
        del lease, lasts
        self._must_hold()
        return self._journal.append(self._run, event)

    def release(self, lease: Lease) -> bool:
        del lease
        return True

    def _must_hold(self) -> None:
        if self.lost:
            raise LeaseLostError("the lease was broken")


# -- hands


@dataclass
class Fault:
    """What happens at a line that is typed to change something; once.

    Attributes:
        device: on which.
        line: regular expression that the line matches.
        kind: ``drop-before`` and ``drop-after`` end the session before or after the line works, ``kill-before`` and
            ``kill-after`` the whole run, ``refuse`` answers with an error and does nothing.
    """

    device: str
    line: str
    kind: str


@dataclass
class Ledger:
    """What all hands of a test share.

    Attributes:
        typed: device and line, in order, of all that changes something.
        opened: devices, in the order in which sessions for changes were opened on them.
        faults: that wait.
        down: devices that do not answer.
        open: devices with a session for changes.
        rewrites: (device, command) -> what is made of its text; None of it is a refusal.
    """

    typed: list[tuple[str, str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    rewrites: dict[tuple[str, str], Callable[[str], str | None]] = field(default_factory=dict)

    def meet(self, device: str, line: str) -> str:
        """The kind of the fault that strikes here; it is gone then."""
        for fault in self.faults:
            if fault.device == device and re.search(fault.line, line):
                self.faults.remove(fault)
                return fault.kind
        return ""

    def lines(self, device: str | None = None) -> list[str]:
        """What was typed to change something, on one device or on all."""
        return [line for name, line in self.typed if device in {None, name}]


class FakeHand:
    """What is the same for all hands of a test; subclasses say what a device answers and does."""

    def __init__(self, name: str, ledger: Ledger, now: Callable[[], datetime], keep: Callable[[Capture], None]) -> None:
        self.device = name
        self.ledger = ledger
        self.lost = False
        self._now, self._keep = now, keep

    # -- what a subclass says

    def answer(self, command: str) -> str | None:
        """The text behind a show command; None is a refused one."""
        raise NotImplementedError

    def do(self, command: ExecCommand) -> str:
        """Do it; returns what the device said."""
        raise NotImplementedError

    def stay(self, step: ChangeStep) -> str:
        """Type the lines of a step; returns what the device said against one, or nothing."""
        raise NotImplementedError

    # -- the port

    def show(self, command: str) -> Capture:
        trouble, reason, text = None, "", None
        if self.lost:
            trouble, reason = Trouble.DROPPED, "the session had ended"
        elif (text := self._rewritten(command)) is None:
            trouble, reason = Trouble.REFUSED, "% Invalid input detected at '^' marker."
        capture = Capture(
            self.device, command, f"{text}\n".encode() if text else b"", self._now(), 0.0, "fake", trouble, reason
        )
        self._keep(capture)
        return capture

    def _rewritten(self, command: str) -> str | None:
        text = self.answer(command)
        rewrite = self.ledger.rewrites.get((self.device, command))
        return text if rewrite is None or text is None else rewrite(text)

    def close(self) -> None:
        """The session ends."""

    def command(self, command: ExecCommand) -> ExecReceipt:
        if self.lost:
            return self._receipt(command.line, ExecOutcome.NOTHING_SENT, Hindrance.LOST)
        kind = self.ledger.meet(self.device, command.line)
        if kind == "kill-before":
            raise Killed
        if kind == "drop-before":
            self.lost = True
            return self._receipt(command.line, ExecOutcome.NOTHING_SENT, Hindrance.LOST)
        self.ledger.typed.append((self.device, command.line))
        if kind == "refuse":
            return self._receipt(command.line, ExecOutcome.REFUSED, Hindrance.REFUSED, "% Not now.")
        said = self.do(command)
        if kind == "kill-after":
            raise Killed
        if kind == "drop-after":
            self.lost = True
            return self._receipt(command.line, ExecOutcome.UNKNOWN, Hindrance.LOST)
        if not command.replies and (refusal(said) is not None or said.startswith("% ")):
            return self._receipt(command.line, ExecOutcome.REFUSED, Hindrance.REFUSED, said)
        return self._receipt(command.line, ExecOutcome.DONE, None, said)

    def configure(self, step: ChangeStep, *, revert_minutes: int = 0) -> StepReceipt:
        del revert_minutes
        outcome, hindrance, said, state = StayOutcome.APPLIED, None, "", LineState.ACCEPTED
        kind = self.ledger.meet(self.device, step.lines[0].text) if step.lines else ""
        if self.lost or kind == "drop-before":
            self.lost, hindrance = True, Hindrance.LOST
            outcome, state = StayOutcome.NOTHING_SENT, LineState.NOT_SENT
        elif kind == "kill-before":
            raise Killed
        else:
            self.ledger.typed += [(self.device, line.text) for line in step.lines]
            said = self.stay(step)
            if kind == "kill-after":
                raise Killed
            if kind == "drop-after":
                self.lost, hindrance = True, Hindrance.LOST
                outcome, state = StayOutcome.UNKNOWN, LineState.UNANSWERED
            elif said:
                hindrance, outcome, state = Hindrance.REFUSED, StayOutcome.UNDONE, LineState.REFUSED
        lines = tuple(LineReceipt(line.text, line.path, state, said) for line in step.lines)
        return StepReceipt(self.device, step.title, outcome, lines, hindrance=hindrance, reason=said)

    def confirm(self) -> ExecReceipt:
        self.ledger.typed.append((self.device, "configure confirm"))
        return self._receipt("configure confirm", ExecOutcome.DONE, None)

    def export_key(
        self, label: str, cipher: str, passphrase: SecretStr, *, seconds: float = 60.0
    ) -> tuple[ExecReceipt, SecretStr | None]:
        raise NotImplementedError

    def import_key(
        self, label: str, pem: SecretStr, passphrase: SecretStr, *, exportable: bool, seconds: float = 60.0
    ) -> ExecReceipt:
        raise NotImplementedError

    def _receipt(self, line: str, outcome: ExecOutcome, hindrance: Hindrance | None, said: str = "") -> ExecReceipt:
        return ExecReceipt(self.device, line, outcome, said.strip(), hindrance, hindrance.value if hindrance else "")


class ScriptedHand(FakeHand):
    """A device that answers from texts, and does what a test says."""

    def __init__(self, device: Scripted, name: str, ledger: Ledger, *more: Any) -> None:  # noqa: ANN401 -- see FakeHand
        super().__init__(name, ledger, *more)
        self._device = device

    def answer(self, command: str) -> str | None:
        return self._device.text(command)

    def do(self, command: ExecCommand) -> str:
        return next((does() for line, does in self._device.does.items() if re.fullmatch(line, command.line)), "")

    def stay(self, step: ChangeStep) -> str:
        for line in step.lines:
            for pattern, does in self._device.does.items():
                if re.fullmatch(pattern, line.text):
                    said = does()
                    if said:
                        return said
        return ""


@dataclass
class Scripted:
    """A device that answers from texts.

    Attributes:
        texts: by command; of a list each answer is given once, and the last for ever.
        does: regular expression of a whole line -> what it does; it returns what the device says.
    """

    texts: dict[str, str | list[str]] = field(default_factory=dict)
    does: dict[str, Callable[[], str]] = field(default_factory=dict)

    def text(self, command: str) -> str | None:
        found = self.texts.get(command)
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found


class BankHand(FakeHand):
    """Types on a router of the bank."""

    def __init__(self, bank: Bank | Network, name: str, ledger: Ledger, *more: Any) -> None:  # noqa: ANN401 -- see FakeHand
        super().__init__(name, ledger, *more)
        self._screen = Screen(router=bank.world.routers[name])

    def close(self) -> None:
        self._screen.router.sessions.remove(self._screen.terminal)

    def answer(self, command: str) -> str | None:
        text = self._typed(command)
        return None if refusal(text) else text

    def do(self, command: ExecCommand) -> str:
        if command.mode is ExecMode.CONFIG:
            self._screen.enter("configure terminal")
        said = self._typed(command.line)
        for _ in range(10):
            last = self._screen.shown.rsplit("\n", 1)[-1]
            if _PROMPT.search(last.strip()):
                break
            reply = next((item for item in command.replies if re.search(item.question, last)), None)
            said += self._screen.enter(reply.answer) if reply is not None else self._screen.type("\x03")
        if command.mode is ExecMode.CONFIG:
            self._screen.enter("end")
        return said

    def stay(self, step: ChangeStep) -> str:
        said = ""
        self._screen.enter("configure terminal")
        for at, line in enumerate(step.lines):
            self._screen.enter("exit", "configure terminal") if at and line.path != step.lines[at - 1].path else None
            said = self._refused(*line.path, line.true_text)
            if said:
                for undo in step.rollback:
                    self._refused(*undo.path, undo.true_text)
                break
        self._screen.enter("end")
        return said

    def _refused(self, *lines: str) -> str:
        for line in lines:
            if (said := refusal(self._typed(line))) is not None:
                return said
        return ""

    def _typed(self, line: str) -> str:
        return self._screen.enter(line).partition("\r\n")[2].rpartition("\r\n")[0]


class FakeHands:
    """Opens one session a device at a time; ``make`` gives the hand."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Any,  # noqa: ANN401 -- a fake
        make: Callable[[str, Callable[[Capture], None]], FakeHand],
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.make = make

    def each(
        self,
        jobs: Mapping[Device, Callable[[Any], Any]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
        at_once: int = 1,
        watch: Callable[[], None] = lambda: None,
    ) -> dict[str, Told[Any]]:
        del progress, at_once, watch
        return {device.name: self._one(device.name, job, keep) for device, job in jobs.items()}

    def _one(self, name: str, job: Callable[[Any], Any], keep: Callable[[Capture], None]) -> Told[Any]:
        if name in self.ledger.down:
            return Told(name, None, Trouble.UNREACHABLE, "no answer within 10 s", "ping it")
        with self.opened(name, keep) as hand:
            try:
                return Told(name, job(hand))
            except Exception as exc:  # noqa: BLE001 -- as the port has it
                return Told(name, None, error=exc)

    @contextmanager
    def opened(self, name: str, keep: Callable[[Capture], None] = lambda _: None) -> Iterator[FakeHand]:
        """A session for a test that calls ``act`` itself."""
        assert name not in self.ledger.open, f"two sessions on {name}"
        self.ledger.open.add(name)
        self.ledger.opened.append(name)
        hand = self.make(name, keep)
        try:
            yield hand
        finally:
            self.ledger.open.discard(name)
            hand.close()


class HandFleet:
    """Drives scripts on the same devices; none may be asked while a session for changes is open on it."""

    def __init__(self, hands: FakeHands) -> None:
        self._hands = hands

    def ask(
        self,
        scripts: Mapping[Device, Callable[[], Script]],
        *,
        keep: Callable[[Capture], None],
        progress: Progress,
    ) -> dict[str, Visit]:
        del progress
        busy = {device.name for device in scripts} & self._hands.ledger.open
        assert not busy, f"a second session on {busy}"
        return {device.name: self._visit(device.name, start(), keep) for device, start in scripts.items()}

    def _visit(self, name: str, script: Script, keep: Callable[[Capture], None]) -> Visit:
        now = self._hands.clock.now
        started = now()
        if name in self._hands.ledger.down:
            return Visit(name, started, started, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
        hand = self._hands.make(name, keep)
        commands, command = 0, next(script, None)
        while command is not None:
            capture = hand.show(command)
            commands += 1
            try:
                command = script.send(capture)
            except StopIteration:
                command = None
        hand.close()
        return Visit(name, started, now(), "fake", name, commands)


class StillClock:
    """A clock that stands unless somebody waits; ``broken`` ends waits early, as when a person asks for the end."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment, self.broken = moment, False
        self.waits: list[datetime] = []

    def now(self) -> datetime:
        return self.moment

    def wait_until(self, moment: datetime) -> bool:
        self.waits.append(moment)
        if self.broken:
            return False
        self.moment = max(self.moment, moment)
        return True


# -- a whole scene


def plan_of(*steps: PlannedStep, waves: Iterable[Wave] = ()) -> Plan:
    """A plan whose steps stand alone in their waves."""
    alone = tuple(Wave(step.title, (step,)) for step in steps)
    return Plan("p-1", "a test", START, START + timedelta(days=1), "me@here", "0" * 64, waves=(*alone, *waves))


def perform(
    step: str, action: str, device: str = "", groups: tuple[str, ...] = ("WAN",), **parameters: str
) -> PlannedStep:
    """A step of the catalogue."""
    return PlannedStep(step, device, action, Perform(action, tuple(parameters.items())), groups)


@dataclass
class Stage:
    """A scene with what a test wants to look at.

    Attributes:
        scene: for performers.
        ledger: what was typed.
        hands: opens sessions.
        journal: what was written.
        leases: of the run.
        captures: everything that was kept.
        said: what a person was told.
        clock: of the scene.
    """

    scene: Scene
    ledger: Ledger
    hands: FakeHands
    journal: MemoryJournal
    leases: MemoryLeases
    captures: list[Capture]
    said: list[str]
    clock: Any

    def resumed(self) -> Stage:
        """The same run in another process: only the journal is remembered."""
        leases = MemoryLeases(self.scene.run, self.journal)
        log = RunLog(self.scene.run, self.journal, leases, FOREVER)
        return replace(self, scene=replace(self.scene, log=log), leases=leases)


class Kept(Silent):
    """An archive that remembers captures."""

    def __init__(self) -> None:
        self.captures: list[Capture] = []

    def put_capture(self, run: str, capture: Capture) -> None:
        del run
        self.captures.append(capture)


def _stage(plan: Plan, inventory: Inventory, hands: FakeHands, margins: Margins) -> Stage:
    clock, said = hands.clock, list[str]()
    archive, journal = Kept(), MemoryJournal(clock.now)
    leases = MemoryLeases("run-1", journal)
    fleet = HandFleet(hands)
    scene = Scene(
        run="run-1",
        plan=plan,
        inventory=inventory,
        fleet=fleet,
        hands=hands,
        clock=clock,
        archive=archive,
        progress=archive,
        log=RunLog("run-1", journal, leases, FOREVER),
        collector=Collector(fleet, clock, archive, archive),
        margins=margins,
        say=said.append,
    )
    return Stage(scene, hands.ledger, hands, journal, leases, archive.captures, said, clock)


def bank_stage(
    bank: Bank | Network, plan: Plan, inventory: Inventory | None = None, margins: Margins | None = None
) -> Stage:
    """A scene on the routers of a lab without a network; sessions take no time, waits move its clock.

    Args:
        bank: the lab.
        plan: of the run.
        inventory: that the product has; that of a ``Bank`` if none is given.
        margins: of the run.
    """
    ledger, clock = Ledger(), BankClock(cast("Bank", bank))  # all that it uses is the clock
    hands = FakeHands(ledger, clock, lambda name, keep: BankHand(bank, name, ledger, clock.now, keep))
    return _stage(plan, inventory or bank_inventory(cast("Bank", bank)), hands, margins or Margins())


def network_inventory(network: Network, group: str = "gdoi-group1") -> Inventory:
    """The routers of a ``Network`` as the product's inventory."""
    devices = {}
    for name, router in network.routers.items():
        role = Role.KEY_SERVER if name.startswith("ks") else Role.MEMBER
        devices[name] = Device(
            name,
            role=role,
            gdoi_groups=(group,),
            gdoi_addresses=(address(name),),
            site=name,
            release=router.release.text,
        )
    servers = tuple(name for name in devices if name.startswith("ks"))
    return Inventory(devices, {group: GdoiGroupIntent(name=group, identity=12345, key_servers=servers)}, "a test")


def text_stage(
    devices: Mapping[str, Scripted], plan: Plan, inventory: Inventory, margins: Margins | None = None
) -> Stage:
    """A scene on devices that answer from texts; the clock stands unless somebody waits."""
    ledger, clock = Ledger(), StillClock()
    hands = FakeHands(ledger, clock, lambda name, keep: ScriptedHand(devices[name], name, ledger, clock.now, keep))
    return _stage(plan, inventory, hands, margins or Margins())
