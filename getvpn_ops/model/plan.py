"""A plan: everything that is going to be typed, on which devices, in which order, and what it does (promise P1).

A plan holds no secret: lines carry placeholders, which the session resolves in memory. ``workflow.plan_file`` writes
and seals it; ``engine.change`` makes and applies it; nothing is sent to a device that does not stand in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import AwareDatetime, ConfigDict, Field

from getvpn_ops.model.change import ChangeLine, ChangeStep, RekeyEffect, StepKind
from getvpn_ops.model.plan_times import PlannedFreeze, PlannedTime, PlannedWindow

VERSION: Final = 1
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a device was when the plan was made.

    Attributes:
        whole: SHA-256 (hexadecimal) of its normalised running configuration; secrets stand in it as placeholders.
        managed: likewise, of the lines that this program manages alone.
        release: of its software, as ``show version`` has it.
        serial: of the chassis; empty if it shows none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    whole: str
    managed: str
    release: str
    serial: str = ""


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """A device that a plan changes, or that its safety rests on.

    Attributes:
        name: in the inventory.
        role: ``ks`` or ``gm``; empty if it is neither.
        groups: GDOI groups it is in.
        site: of the inventory.
        fingerprint: of it.
        is_changed: whether the plan types anything on it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    name: str
    role: str
    groups: tuple[str, ...]
    site: str
    fingerprint: Fingerprint
    is_changed: bool = True


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line as it will be typed; secrets are placeholders.

    Attributes:
        text: of it.
        path: the lines that open its mode, outermost first.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    text: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Configure:
    """One stay in configuration mode.

    Attributes:
        kind: of the step.
        lines: to type, in order.
        rollback: lines that undo exactly these, in order.
        effect: on the group's keys, on a key server.
        states: fingerprints of the managed lines before the first line and after each: one more than ``lines``. So a
            device that is read after a drop says how far the step came.
        revert_minutes: of the timer on the device that takes the step back if nobody confirms; 0: none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    kind: StepKind
    lines: tuple[PlannedLine, ...]
    rollback: tuple[PlannedLine, ...]
    effect: RekeyEffect = RekeyEffect.NONE
    states: tuple[str, ...] = ()
    revert_minutes: int = 0
    do: Literal["configure"] = "configure"


@dataclass(frozen=True, slots=True)
class Perform:
    """Anything else: an action of the catalogue (``workflow.actions``), by its id.

    Attributes:
        action: id of it.
        parameters: of it, by name; no secrets.
        lines: what is typed, in order; those that are only typed if a reading demands it say so in the step's notes.
        once: whether it must not be sent twice (promise P4).
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    action: str
    parameters: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    once: bool = False
    do: Literal["perform"] = "perform"

    def parameter(self, name: str, otherwise: str = "") -> str:
        """One parameter."""
        return dict(self.parameters).get(name, otherwise)


Act: TypeAlias = Annotated[Configure | Perform, Field(discriminator="do")]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step on one device.

    Attributes:
        id: unique in the plan.
        device: that gets it; of an action that chooses at run time, such as a rekey on the current primary, empty.
        title: one line for people.
        act: what is done.
        groups: GDOI groups it concerns.
        notes: what a person should know, such as the seconds that a registration costs.
        way_back: how it is undone, in words, with what that costs; where nothing leads back it says so.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    id: str
    device: str
    title: str
    act: Act
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    way_back: str = ""

    def change(self) -> ChangeStep:
        """The stay in configuration mode of a ``Configure``.

        Raises:
            TypeError: the step is none.
        """
        if not isinstance(self.act, Configure):
            msg = f"step {self.id} configures nothing"
            raise TypeError(msg)
        return ChangeStep(
            self.act.kind,
            self.title,
            tuple(ChangeLine(line.text, line.path) for line in self.act.lines),
            tuple(ChangeLine(line.text, line.path) for line in self.act.rollback),
            self.act.effect,
            self.groups,
            self.notes,
        )


@dataclass(frozen=True, slots=True)
class Wave:
    """Steps that are done together: each device's in their order, several devices at once, all before the next wave.

    Attributes:
        title: for people.
        steps: of it; a key server stands alone in its wave.
        at_once: devices in hand at once, at most.
        ring: of a rollout; 0 if it is no part of one.
        stage: of the playbook that it belongs to; empty if the plan is of none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title: str
    steps: tuple[PlannedStep, ...]
    at_once: int = 1
    ring: int = 0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage of a playbook in a plan.

    Attributes:
        id: as in the playbook.
        title: for people.
        action: of it.
        devices: that it changes or looks at.
        gates: checks that must pass after it, by id.
        approval: what a person has to say yes to before it; empty: nothing.
        windowed: whether it only begins within the windows.
        timeout: minutes that all its waits may take together; 0: as long as they do.
        time: how long it may take; None: nobody said.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    id: str
    title: str
    action: str
    devices: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    approval: str = ""
    windowed: bool = False
    timeout: int = 0
    time: PlannedTime | None = None


@dataclass(frozen=True, slots=True)
class PlannedRekey:
    """A rekey that the plan causes.

    Attributes:
        group: whose keys.
        step: id of the step that causes it.
        when: when it takes effect, in words, such as ``when configuration mode is left``.
        text: for people, with the seconds that the old keys live on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    group: str
    step: str
    when: str
    text: str = ""


class Statement(StrEnum):
    """What a plan does to traffic, as far as it can be said."""

    HITLESS = "hitless"
    LOSES = "loses"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class PredictedEffect:
    """What a part of the plan does to the traffic of a group.

    Attributes:
        group: its name.
        title: of the part.
        statement: in one word; ``cannot tell`` is treated as loss.
        seconds: that some traffic is lost for; None if it cannot be told, 0 for none.
        texts: for people: what is lost, and what the prediction rests on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    group: str
    title: str
    statement: Statement
    seconds: float | None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A device that was asked for and is not in the plan.

    Attributes:
        device: its name.
        reason: why.
        is_known: whether the reason is that nothing has to be done; otherwise it is unknown or held.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    device: str
    reason: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, as it is shown and as it is applied.

    Attributes:
        id: names it; unique in the workspace.
        what: the command that made it, in words, such as ``push WAN``.
        made: by the clock of the run, UTC.
        expires: likewise; not applied after it.
        by: who made it, ``user@host``.
        inventory: SHA-256 (hexadecimal) of the inventory and the intents that it was made of.
        devices: everyone that the plan changes or rests on.
        waves: what is done, in order.
        rekeys: that it causes.
        effects: predicted, on traffic.
        lockouts: what it would cut of what routers need, in words; any of them refuses the plan.
        refusals: other reasons for which it is never applied.
        confirm: what a person must type in full; empty: nothing.
        drops: what the confirmation is about, in words.
        left_out: devices that were asked for and are not in it.
        notes: for people.
        budget: failed members after which no more are begun.
        stages: of a playbook, in order; every wave then belongs to one.
        windows: when its windowed stages may be done; empty: always.
        freezes: when none of it may.
        is_emergency: whether what would hold it back is said and passed over, as far as promise P13 allows.
        version: of the plain form.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    id: str
    what: str
    made: AwareDatetime
    expires: AwareDatetime
    by: str
    inventory: str
    devices: tuple[PlannedDevice, ...] = ()
    waves: tuple[Wave, ...] = ()
    rekeys: tuple[PlannedRekey, ...] = ()
    effects: tuple[PredictedEffect, ...] = ()
    lockouts: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    confirm: str = ""
    drops: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    budget: int = 0
    stages: tuple[PlannedStage, ...] = ()
    windows: tuple[PlannedWindow, ...] = ()
    freezes: tuple[PlannedFreeze, ...] = ()
    is_emergency: bool = False
    version: Literal[1] = VERSION

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """All steps in order."""
        return tuple(step for wave in self.waves for step in wave.steps)

    def beside(self, step: PlannedStep) -> tuple[PlannedStep, ...]:
        """All steps of the stage that a step belongs to; of the whole plan if it has no stages."""
        stage = next((wave.stage for wave in self.waves if step in wave.steps), "")
        return tuple(other for wave in self.waves if wave.stage == stage for other in wave.steps)

    @property
    def groups(self) -> tuple[str, ...]:
        """GDOI groups that it concerns."""
        named = [*(group for step in self.steps for group in step.groups)]
        named += [group for device in self.devices if device.is_changed for group in device.groups]
        return tuple(dict.fromkeys(named))

    @property
    def loses(self) -> bool:
        """Whether somebody has to accept that traffic is lost, or may be."""
        return any(effect.statement is not Statement.HITLESS for effect in self.effects)

    def device(self, name: str) -> PlannedDevice | None:
        """One device of it."""
        return next((item for item in self.devices if item.name == name), None)

    def is_expired(self, now: datetime) -> bool:
        """Whether it is too old."""
        return now >= self.expires
