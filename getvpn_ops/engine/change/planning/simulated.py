"""The steps of a plan, typed on trees: what each device holds before and after each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from getvpn_ops.errors import PlanRefusedError
from getvpn_ops.parsing.running_config import view
from getvpn_ops.remediation.apply import RefusedLineError
from getvpn_ops.workflow.states import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.workflow.ordering import Part, Stage


Tree: TypeAlias = "tuple[ConfigLine, ...]"


@dataclass(frozen=True, slots=True)
class Tried:
    """A stage, and what it makes of its devices.

    Attributes:
        stage: as ordered.
        states: of each of its parts the fingerprints of the managed lines before the first line and after each.
        befores: trees of its devices before each of its parts.
        afters: likewise after.
    """

    stage: Stage
    states: tuple[tuple[str, ...], ...] = ()
    befores: tuple[Tree, ...] = ()
    afters: tuple[Tree, ...] = ()

    @property
    def after(self) -> dict[str, Tree]:
        """Trees of its devices when it is done."""
        return {part.device: tree for part, tree in zip(self.stage.parts, self.afters, strict=True)}


def tried(stages: Iterable[Stage], configs: Mapping[str, RunningConfig]) -> tuple[Tried, ...]:
    """Type everything, in order.

    Args:
        stages: of the plan.
        configs: whole running configurations of the devices that are in them.

    Raises:
        PlanRefusedError: a router would not take a line: the plan has a defect.
    """
    simulations: dict[str, Simulation] = {}
    found = []
    for stage in stages:
        states, befores, afters = [], [], []
        for part in stage.parts:
            if part.device not in simulations:
                simulations[part.device] = Simulation(configs[part.device].tree)
            simulation = simulations[part.device]
            befores.append(simulation.tree)
            states.append(_typed(simulation, part))
            afters.append(simulation.tree)
        found.append(Tried(stage, tuple(states), tuple(befores), tuple(afters)))
    return tuple(found)


def configs_after(tried_: Iterable[Tried], configs: Mapping[str, RunningConfig]) -> dict[str, RunningConfig]:
    """The configurations of the devices that some stages change, when these are done; the others are left out."""
    trees: dict[str, Tree] = {}
    for item in tried_:
        trees |= item.after
    return {name: view(tree, configs[name]) for name, tree in trees.items()}


def _typed(simulation: Simulation, part: Part) -> tuple[str, ...]:
    try:
        return simulation.typed(part.step.lines)
    except RefusedLineError as exc:
        msg = f"{part.device}: no way was found through '{part.step.title}': {exc}; nothing was sent; report this line"
        raise PlanRefusedError(msg) from exc
