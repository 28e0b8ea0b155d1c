"""The board of a run: stages, gates, roles, modes and what it waits for, folded from its journal event by event.

Nothing is asked for it: what the journal does not hold is not known here, and what was seen a while ago says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.model.journal import (
    OperatorWord,
    RunBegun,
    RunEnded,
    RunHeld,
    StateSeen,
    StepIntended,
    StepOutcome,
    StepProven,
)
from getvpn_ops.model.observed import COOP_ROLES, MEMBER_MODES
from getvpn_ops.model.plan import Configure, Perform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from getvpn_ops.model.journal import Event
    from getvpn_ops.model.plan import Plan, PlannedStage, PlannedStep

GATE, WAIT = "gate", "wait"


class Mark(StrEnum):
    """Where a stage stands."""

    DONE = "done"
    NOW = "now"
    HELD = "held"
    NEXT = "to come"


@dataclass(slots=True)
class StageRow:
    """A stage on the board.

    Attributes:
        stage: as planned.
        steps: ids of its steps.
        proven: of them.
        begins: first event of it.
        ends: the last one so far.
        rings: highest ring that was begun, and of how many.
    """

    stage: PlannedStage
    steps: frozenset[str]
    proven: set[str] = field(default_factory=set)
    begins: datetime | None = None
    ends: datetime | None = None
    rings: tuple[int, int] = (0, 0)

    @property
    def is_done(self) -> bool:
        """Whether every step of it was proven."""
        return self.proven >= self.steps


class Board:
    """A run so far. Not safe to use from many threads at once."""

    def __init__(self, run: str, plan: Plan) -> None:
        """Nothing happened yet.

        Args:
            run: its id.
            plan: that it applies.
        """
        self.run = run
        self.plan = plan
        self.began: datetime | None = None
        self.last: tuple[datetime, str] | None = None
        self.held = ""
        self.ended: int | None = None
        self.gate: tuple[datetime, str] | None = None
        self.roles: dict[str, dict[str, tuple[datetime, str]]] = {}
        self.modes: dict[str, dict[str, str]] = {}
        self.modes_at: datetime | None = None
        self.words: list[str] = []
        self._steps = {step.id: step for step in plan.steps}
        self._stage_of = {step.id: wave.stage for wave in plan.waves for step in wave.steps}
        self._ring_of = {step.id: wave.ring for wave in plan.waves for step in wave.steps}
        self.stages = [
            StageRow(stage, frozenset(name for name, of in self._stage_of.items() if of == stage.id))
            for stage in plan.stages
        ]
        for row in self.stages:
            row.rings = (0, len({self._ring_of[name] for name in row.steps} - {0}))
        self._rows = {row.stage.id: row for row in self.stages}

    def take(self, at: datetime, event: Event) -> None:
        """One more event of the journal.

        Args:
            at: its moment.
            event: of this run.
        """
        match event:
            case RunBegun():
                self.began = self.began or at
                self.held, self.ended = "", None
            case StateSeen(about=about, facts=facts):
                self._saw(at, about, dict(facts))
            case StepIntended(step=step, title=title, device=device):
                self._touch(at, step)
                self.last = at, f"{device}: {title}"
            case StepOutcome(step=step, device=device, result=result):
                self._touch(at, step)
                self.last = at, f"{device}: {self._title(step)}: {result}"
            case StepProven(step=step, evidence=evidence):
                self._proven(at, step, evidence)
            case RunHeld(reason=reason):
                self.held = reason
            case RunEnded(exit_code=code):
                self.ended = code
            case OperatorWord(word=word, by=by):
                self.words.append(f"{by}: {word}")
                self.last = at, f"{by} says {word}"
            case _:
                pass

    def mark(self, row: StageRow) -> Mark:
        """Where a stage stands."""
        if row.is_done:
            return Mark.DONE
        if row is self.current:
            return Mark.HELD if self.held else Mark.NOW
        return Mark.NEXT

    def spent(self, row: StageRow, now: datetime) -> timedelta | None:
        """How long a stage has taken, from the end of the one before it, since a wait writes nothing down."""
        at = self.stages.index(row)
        begins = (self.stages[at - 1].ends if at else None) or row.begins or self.began
        ends = row.ends if row.is_done else now
        return ends - begins if begins is not None and ends is not None else None

    @property
    def current(self) -> StageRow | None:
        """The first stage that is not done."""
        return next((row for row in self.stages if not row.is_done), None)

    @property
    def gates(self) -> tuple[int, int]:
        """Gates of the current stage that opened, and how many it has."""
        row = self.current
        names = [name for name in row.steps if self._is(name, GATE)] if row is not None else []
        return sum(row is not None and name in row.proven for name in names), len(names)

    @property
    def awaited(self) -> PlannedStep | None:
        """The next step that was not proven."""
        done = {name for row in self.stages for name in row.proven}
        return next((step for step in self.plan.steps if step.id not in done), None)

    @property
    def typed(self) -> tuple[int, int]:
        """Steps that configure: proven, and planned."""
        all_of = [step.id for step in self.plan.steps if isinstance(step.act, Configure)]
        done = {name for row in self.stages for name in row.proven}
        return sum(name in done for name in all_of), len(all_of)

    def crowd(self, group: str) -> Mapping[str, int]:
        """Members of a group by what they are, the most first."""
        return dict(Counter(self.modes.get(group, {}).values()).most_common())

    # -- events

    def _saw(self, at: datetime, about: str, facts: Mapping[str, str]) -> None:
        for name, what in facts.items():
            group, _, device = name.partition(" ")
            if about == COOP_ROLES:
                self.roles.setdefault(group, {})[device] = at, what
            elif about == MEMBER_MODES:
                self.modes.setdefault(group, {})[device] = what
                self.modes_at = at

    def _proven(self, at: datetime, step: str, evidence: str) -> None:
        self._touch(at, step)
        row = self._row(step)
        if row is not None and step in row.steps:
            row.proven.add(step)
        told = f"{self._title(step)}: {evidence}"
        if self._is(step, GATE):
            self.gate = at, told
        self.last = at, told

    def _touch(self, at: datetime, step: str) -> None:
        row = self._row(step)
        if row is None:
            return
        row.begins = row.begins or at
        row.ends = at
        row.rings = max(row.rings[0], self._ring_of.get(step.partition(".")[0], 0)), row.rings[1]

    def _row(self, step: str) -> StageRow | None:
        return self._rows.get(self._stage_of.get(step.partition(".")[0], ""))

    def _title(self, step: str) -> str:
        known = self._steps.get(step.partition(".")[0])
        return known.title if known is not None else step

    def _is(self, name: str, action: str) -> bool:
        step = self._steps.get(name)
        return step is not None and isinstance(step.act, Perform) and step.act.action == action
