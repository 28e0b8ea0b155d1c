"""Routers on which a step is typed line by line, in memory: each line can drop, be refused, get lost, or kill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from circle import LabRouter, config
from fake_hands import START, FakeHand, FakeHands, Killed, Ledger, Scripted, Stage, StillClock, _stage

from getvpn_ops.dialect.revert_timer import SHOW_TIMER
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.configuring import Configuring
from getvpn_ops.engine.change.scene import Margins
from getvpn_ops.model.change import ChangeLine, StepKind
from getvpn_ops.model.exec import ExecOutcome, ExecReceipt
from getvpn_ops.model.inventory import Device, Inventory, Role
from getvpn_ops.model.plan import Configure, Plan, PlannedDevice, PlannedLine, PlannedStep, Wave
from getvpn_ops.model.receipt import Hindrance, LineReceipt, StepOutcome, StepReceipt
from getvpn_ops.remediation.undoing import chosen
from getvpn_ops.workflow.fingerprint import fingerprint
from getvpn_ops.workflow.snapshot import snapshot
from getvpn_ops.workflow.states import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.exec import ExecCommand

TEXT = """hostname {name}
crypto gdoi group WAN
 identity number 4711
 server address ipv4 10.255.0.1
interface Loopback0
 ip address 10.254.1.2 255.255.255.255
"""
LIST, GROUP = "ip access-list extended LOCAL_r2", "crypto gdoi group WAN"
LINES = (
    PlannedLine(LIST),
    PlannedLine("deny udp any eq 848 any eq 848", (LIST,)),
    PlannedLine("permit ip 10.1.0.0 0.0.255.255 any", (LIST,)),
    PlannedLine("server address ipv4 10.255.0.2", (GROUP,)),
)
BACK = (PlannedLine("no server address ipv4 10.255.0.2", (GROUP,)), PlannedLine(f"no {LIST}"))
VERSION = (
    "Cisco IOS XE Software, Version 17.06.05\nCisco IOS Software [Bengaluru], Virtual XE Software "
    "(X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.6.5, RELEASE SOFTWARE (fc2)\n"
    "Processor board ID {serial}\n\nConfiguration register is 0x2102\n"
)
NO_TIMER = "%No Rollback Confirmed Change pending"
TIMER = """Time configured(or reconfigured): 08:05:00 UTC Sun Mar 1 2026
Timer type: absolute timer
Timer value: {} min
User: ops(Priv: 15, View: 0)"""


class LineRouter(Scripted):
    """One of them.

    Attributes:
        faults: kind by the number of the line, in all that is typed on it; each strikes once, but those in ``always``.
        always: faults that strike again and again.
        kept: the configuration that its revert timer leads back to; empty if none runs.
        minutes: of that timer.
        is_mute: whether it does not know the command that shows the timer.
        reverts: what was typed about the timer, but confirmations.
        entering: ``drop``: the session is lost once, right after the timer was armed.
        confirms: what it answers to ``configure confirm``, one after the other: kinds of ``ExecOutcome``.
    """

    def __init__(self, name: str, serial: str = "FOC1") -> None:
        super().__init__()
        self.router, self.serial = LabRouter(TEXT.format(name=name)), serial
        self.faults: dict[int, str] = {}
        self.always: dict[str, str] = {}
        self.kept = ""
        self.minutes = 0
        self.is_mute = False
        self.confirms: list[str] = []
        self.entering = ""
        self.reverts: list[str] = []

    @property
    def lines(self) -> str:
        return "\n".join(self.router.config.lines())

    def text(self, command: str) -> str | None:
        if command == "show version":
            return VERSION.format(serial=self.serial)
        if command == SHOW_TIMER:
            return None if self.is_mute else TIMER.format(self.minutes) if self.kept else NO_TIMER
        return f"{self.lines}\nend" if command == "show running-config" else None

    def fire(self) -> None:
        """The revert timer ends."""
        if self.kept:
            self.router, self.kept = LabRouter(self.kept), ""


class LineHand(FakeHand):
    """Types on one."""

    def __init__(self, held: LineRouter, name: str, ledger: Ledger, *more: object) -> None:
        super().__init__(name, ledger, *more)  # type: ignore[arg-type]
        self._held = held

    def answer(self, command: str) -> str | None:
        return self._held.text(command)

    def configure(self, step: ChangeStep, *, revert_minutes: int = 0) -> StepReceipt:
        if self.lost:
            return self._told(step, StepOutcome.NOTHING_SENT, Hindrance.LOST)
        if "locked" in self._held.always or (revert_minutes and self._held.kept):
            return self._told(step, StepOutcome.NOTHING_SENT, Hindrance.LOCKED)
        if revert_minutes:
            self._held.kept, self._held.minutes = self._held.lines, revert_minutes
            if self._held.entering == "drop":
                self._held.entering, self.lost = "", True
                return self._told(step, StepOutcome.UNKNOWN, Hindrance.LOST)
        typed: list[int] = []
        for at, line in enumerate(step.lines):
            kind = self._held.always.get(line.text) or self._held.faults.pop(len(self.ledger.lines(self.device)), "")
            if kind == "drop-before":
                self.lost = True
                sent = StepOutcome.UNKNOWN if typed else StepOutcome.NOTHING_SENT
                return self._told(step, sent, Hindrance.LOST)
            if kind == "kill-before":
                raise Killed
            self.ledger.typed.append((self.device, line.text))
            if kind.startswith("refuse"):
                return self._refused(step, typed, kind, revert_minutes)
            if kind != "ignore":
                self._type(line)
            typed.append(at)
            if kind == "kill-after":
                raise Killed
            if kind == "drop-after":
                self.lost = True
                return self._told(step, StepOutcome.UNKNOWN, Hindrance.LOST)
        return self._told(step, StepOutcome.APPLIED, None)

    def _refused(self, step: ChangeStep, typed: list[int], kind: str, minutes: int) -> StepReceipt:
        if kind == "refuse-stuck":
            return self._told(step, StepOutcome.PARTLY, Hindrance.REFUSED)
        for line in chosen(step.lines, step.rollback, typed, ())[0]:
            self._type(line)
        if minutes:
            self._held.kept = ""
        return self._told(step, StepOutcome.UNDONE, Hindrance.REFUSED)

    def _type(self, line: ChangeLine) -> None:
        self._held.router.type((line,))

    def _told(self, step: ChangeStep, outcome: StepOutcome, hindrance: Hindrance | None) -> StepReceipt:
        lines = tuple(LineReceipt(line.text, line.path) for line in step.lines)
        return StepReceipt(self.device, step.title, outcome, lines, hindrance=hindrance)

    def command(self, command: ExecCommand) -> ExecReceipt:
        self._held.reverts.append(command.line)
        if not self._held.kept:
            return self._receipt(command.line, ExecOutcome.REFUSED, Hindrance.REFUSED, NO_TIMER)
        if command.line == "configure revert now":
            self._held.fire()
            said = "Rollback Confirmed Change: rolling to:flash:kept-1\n\nTotal number of passes: 1\nRollback Done"
            return self._receipt(command.line, ExecOutcome.UNKNOWN, Hindrance.UNCLEAR, said)
        self._held.minutes = int(command.line.removeprefix("configure revert timer "))
        return self._receipt(command.line, ExecOutcome.DONE, None)

    def confirm(self) -> ExecReceipt:
        kind = self._held.confirms.pop(0) if self._held.confirms else "done"
        if kind == "fire":
            self._held.fire()
        if kind == "drop":
            self.lost = True
            return self._receipt("configure confirm", ExecOutcome.UNKNOWN, Hindrance.LOST)
        if kind == "refused":
            return self._receipt("configure confirm", ExecOutcome.REFUSED, Hindrance.REFUSED, "% Authorization failed")
        if not self._held.kept:
            return self._receipt("configure confirm", ExecOutcome.REFUSED, Hindrance.REFUSED, NO_TIMER)
        self._held.kept = ""
        return self._receipt("configure confirm", ExecOutcome.DONE, None)


class LineHands(FakeHands):
    """Remembers how many devices were in hand at once, as far as it was allowed."""

    def __init__(self, ledger: Ledger, make: Callable[[str, Callable[[Capture], None]], FakeHand]) -> None:
        super().__init__(ledger, StillClock(), make)
        self.rounds: list[tuple[tuple[str, ...], int]] = []

    def each(self, jobs, *, keep, progress, at_once=1, **more):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN201
        self.rounds.append((tuple(device.name for device in jobs), at_once))
        return super().each(jobs, keep=keep, progress=progress, at_once=at_once, **more)


def step_on(
    router: LineRouter,
    name: str,
    *,
    minutes: int = 0,
    lines: tuple[PlannedLine, ...] = LINES,
    back: tuple[PlannedLine, ...] = BACK,
) -> PlannedStep:
    """A second key server, and a list that nobody uses yet."""
    typed = tuple(ChangeLine(line.text, line.path) for line in lines)
    states = Simulation(router.router.read().tree).typed(typed)
    act = Configure(StepKind.SET, lines, back, states=states, revert_minutes=minutes)
    return PlannedStep(f"001-{name}", name, "a second key server", act, ("WAN",))


def staged(
    routers: Mapping[str, LineRouter],
    steps: Iterable[PlannedStep],
    *,
    at_once: int = 1,
    budget: int = 0,
    waves: tuple[Wave, ...] = (),
) -> Stage:
    """A scene whose plan has one wave of these steps, unless others are given."""
    inventory = Inventory({name: Device(name, role=Role.MEMBER) for name in routers}, {}, "a test")
    devices = tuple(
        PlannedDevice(
            name, "gm", ("WAN",), name, fingerprint(config(router.text("show running-config") or "").tree,
            "17.06.05", router.serial),
        )
        for name, router in routers.items()
    )  # fmt: skip
    plan = Plan(
        "p-1", "push WAN", START, START + timedelta(hours=4), "me@here", snapshot(inventory), devices,
        waves or (Wave("members", tuple(steps), at_once=at_once),), budget=budget,
    )  # fmt: skip
    ledger, clock = Ledger(), StillClock()
    hands = LineHands(ledger, lambda name, keep: LineHand(routers[name], name, ledger, clock.now, keep))
    return _stage(plan, inventory, hands, Margins())


def go(stage: Stage) -> Ending:
    """Apply, or go on."""
    return apply_plan(stage.scene, {"configure": Configuring()})


def undisturbed(name: str = "br-1") -> str:
    """What a router holds in the end if nothing happens."""
    router = LineRouter(name)
    router.router.type(ChangeLine(line.text, line.path) for line in LINES)
    return router.lines


def stopped(stage: Stage, after: int) -> Stage:
    """A person asks for the end when so many sessions were opened."""
    return replace(stage, scene=replace(stage.scene, stopping=lambda: len(stage.ledger.opened) >= after))
