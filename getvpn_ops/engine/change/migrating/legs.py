"""Steps of a stage that are no configuration: approvals, gates, tests and waits; and where the gates of rings stand."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.model.plan import Perform, PlannedStep
from getvpn_ops.workflow.ordering import Stage as Ordered
from getvpn_ops.workflow.playbooks.stages import WaitParams

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.model.base import FrozenModel
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.playbooks.schema import Gate, Stage

GATE, APPROVE, WAIT = "gate", "approve", "wait"
_NOTHING = "nothing is typed"


@dataclass(frozen=True, slots=True)
class Leg:
    """A stage with those it is about.

    Attributes:
        stage: of the playbook.
        groups: of the run.
        targets: devices.
    """

    stage: Stage
    groups: tuple[str, ...]
    targets: tuple[Device, ...]

    def step(self, name: str, action: str, title: str, **parameters: str) -> PlannedStep:
        """A step of no device in particular; its id is made unique later."""
        told = (
            ("stage", self.stage.id),
            ("groups", ",".join(self.groups)),
            ("targets", ",".join(device.name for device in self.targets)),
            *parameters.items(),
        )
        return PlannedStep(
            f"{self.stage.id}-{name}", "", title, Perform(action, told), self.groups, way_back="nothing to undo"
        )

    def performed(self, params: FrozenModel, lines: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> Ordered:
        """What the stage does, as a wave of its own.

        Args:
            params: of its action.
            lines: that it may type.
            notes: for people.
        """
        title = self.stage.title or self.stage.action
        more = {"minutes": str(params.minutes)} if isinstance(params, WaitParams) else {}
        step = self.step(self.stage.action, self.stage.action, title, params=params.model_dump_json(), **more)
        shown = replace(perform_of(step), lines=lines)
        way_back = "it is given back within the step" if lines else step.way_back
        return Ordered(title, ready=(replace(step, act=shown, notes=notes, way_back=way_back),))


def approval(leg: Leg) -> Ordered:
    """A person's word before anything of the stage is sent."""
    title = f"approval: {leg.stage.approval}"
    return Ordered(title, ready=(leg.step("approval", APPROVE, title, ask=leg.stage.approval),))


def gates(leg: Leg, asked: Sequence[Gate], when: str, ring: int = 0, soak: int = 0) -> Ordered:
    """Gates of a stage, asked together: one look at the devices serves all of them.

    Args:
        leg: of the stage.
        asked: the gates.
        when: ``before`` or ``after``.
        ring: after which; 0: of the stage.
        soak: minutes to wait before.
    """
    of_ring = f" ring {ring} of" if ring else ""
    title = f"gate {when}{of_ring} {leg.stage.id}"
    steps = [
        leg.step(
            f"gate-{gate.check}",
            GATE,
            f"{gate.check}, {when}{of_ring} {leg.stage.id}",
            check=gate.check,
            params=json.dumps(gate.params, sort_keys=True),
            on_fail=gate.on_fail.value,
            patience=str(gate.patience),
            max_age=str(gate.max_age),
        )
        for gate in asked
    ]
    if soak:
        wait = leg.step(f"soak-{ring}", WAIT, f"soak for {soak} min after{of_ring} {leg.stage.id}", minutes=str(soak))
        steps.insert(0, wait)
    return Ordered(title, ready=tuple(steps), ring=ring)


def ringed(leg: Leg, acts: Iterable[Ordered]) -> list[Ordered]:
    """Waves of a stage with its gates after each ring, about those that were touched by then.

    The gates at the end are about all targets: also those that were as intended before.
    """
    found: list[Ordered] = []
    touched: set[str] = set()
    rings = [(ring, tuple(waves)) for ring, waves in groupby(acts, key=lambda item: item.ring)]
    for ring, waves in rings:
        found += waves
        touched |= {part.device for wave in waves for part in wave.parts}
        is_last = ring == rings[-1][0]
        about = leg if is_last else replace(leg, targets=tuple(x for x in leg.targets if x.name in touched))
        found.append(gates(about, leg.stage.exit, "after", ring, leg.stage.batch.soak))
    return found or [gates(leg, leg.stage.exit, "after")]
