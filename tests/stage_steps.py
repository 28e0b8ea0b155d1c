"""Steps of stages that are no configuration, on routers in memory: planned alone, and applied by the one engine."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fake_hands import bank_stage, network_inventory, plan_of

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.performers import STAGES_PERFORMED
from getvpn_ops.engine.change.migrating.performers.drill_terms import drill_lines
from getvpn_ops.engine.change.scene import Margins
from getvpn_ops.model.plan import Perform, PlannedStep
from getvpn_ops.parsing import parse
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fake_hands import Stage
    from networks import Network

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory

GROUP = "gdoi-group1"
STEP = "007-stage"


def stage_step(
    action: str,
    targets: Iterable[str],
    groups: Iterable[str] = (GROUP,),
    lines: Iterable[str] = (),
    **params: Any,  # noqa: ANN401 -- of the action
) -> PlannedStep:
    """A step as a playbook's plan has it."""
    told = (
        ("stage", action), ("groups", ",".join(groups)), ("targets", ",".join(targets)), ("params", json.dumps(params)),
    )  # fmt: skip
    return PlannedStep(STEP, "", f"the stage {action}", Perform(action, told, tuple(lines)), tuple(groups))


def staged(made: Any, step: PlannedStep, inventory: Inventory) -> Stage:  # noqa: ANN401 -- a Network or a Bank
    """A scene whose plan has this step alone."""
    plan = plan_of(step)
    now = made.clock.now()
    plan = replace(plan, inventory=snapshot(inventory), made=now, expires=now + timedelta(days=9))
    return bank_stage(made, plan, inventory, Margins(poll=5))


def on_network(made: Network, action: str, **params: Any) -> Stage:  # noqa: ANN401 -- of the action
    """A scene on a small network; a drill shows the lines that its key servers call for."""
    inventory = network_inventory(made)
    targets = [name for name in made.routers if action == "drill" or name.startswith("gm")]
    lines: tuple[str, ...] = ()
    if action == "drill":
        lines = drill_lines(inventory, running_configs(made), (GROUP,), targets)
    return staged(made, stage_step(action, targets, lines=lines, **params), inventory)


def running_configs(made: Network) -> dict[str, Any]:
    """What its routers run."""
    return {name: _running(made, name) for name in made.routers}


def _running(made: Network, name: str) -> Any:  # noqa: ANN401 -- a RunningConfig
    text = made.type(name, "show running-config").partition("\r\n")[2].rpartition("\r\n")[0]
    return parse("show running-config", text.replace("\r", "")).data


def went(stage: Stage) -> Ending:
    """Apply, or go on."""
    return apply_plan(stage.scene, STAGES_PERFORMED)


def evidence(stage: Stage) -> str:
    """What the step was proven with; empty if it was not."""
    return stage.scene.log.proven(STEP) or ""
