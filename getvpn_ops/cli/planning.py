"""Plans out of what was asked for: the composition of ``plan push``, ``plan action`` and ``plan rollback``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from getvpn_ops.cli.config_targets import named
from getvpn_ops.cli.hands_of import intents_of, prints_of_run
from getvpn_ops.cli.journaled import KIND, journal_of
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.open_steps import notes_of_open
from getvpn_ops.cli.plan_output import ending_of
from getvpn_ops.cli.who import who
from getvpn_ops.devices.inventory import select
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.planning.action import (
    LIFETIME,
    ActionRequest,
    params_of,
    plan_action,
    targets_of,
)
from getvpn_ops.engine.change.planning.push import Asked, plan_push
from getvpn_ops.engine.change.planning.rolling_back import plan_rollback
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.errors import ExitCode, GetvpnOpsError, StalePlanError, UsageError
from getvpn_ops.settings.mistakes import nearest
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.workflow.actions.spec import ActionSpec

_PLAN = "plan"
"""Kind of the runs under which captures of planning are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the command line says otherwise than the settings; None is as they have it.

    Attributes:
        lifetime: of the plan.
        at_once: members in hand at once.
        budget: members that may fail.
    """

    lifetime: timedelta | None = None
    at_once: int | None = None
    budget: int | None = None


def action_spec(name: str) -> ActionSpec[Any]:
    """An action of the catalogue.

    Raises:
        UsageError: there is none of that name.
    """
    found = ACTIONS.get(name)
    if found is None:
        near = nearest(name, tuple(ACTIONS)) if name else ""
        hint = f"; did you mean {near}?" if near else ""
        said = f"there is no action {name!r}{hint}" if name else "name an action"
        msg = f"{said}: getvpn-ops plan action --list shows all"
        raise UsageError(msg)
    return found


def action_plan(
    tools: Wiring, spec: ActionSpec[Any], targets: Iterable[str], values: Mapping[str, str], lifetime: timedelta | None
) -> Plan:
    """Plan an action; raises as ``engine.change.planning.action`` does."""
    params = params_of(spec, values)
    names = tuple(targets)
    devices, groups = targets_of(tools.loaded.inventory, names)
    said = " ".join((spec.id, *names, *(f"{key}={value}" for key, value in values.items())))
    request = ActionRequest(spec, params, devices, groups, f"action {said}", who(), lifetime or LIFETIME)

    differ = None
    if spec.reads_intents:
        intents, terms = intents_of(tools)
        differ = Differ(intents, tools.loaded.inventory, terms)

    def make(run: str) -> Plan:
        return plan_action(run, request, collector=tools.collector, inventory=tools.loaded.inventory, differ=differ)

    return planned(tools, request.what, devices, make)


def push_plan(
    tools: Wiring, targets: Sequence[str], chosen: tuple[Sequence[str], Sequence[str]], limits: Limits
) -> Plan:
    """Plan a push.

    Args:
        tools: of the workspace.
        targets: groups and devices.
        chosen: what ``--filter`` and ``--limit`` say.
        limits: of the command line.

    Raises:
        UsageError: nobody is meant, or a name is none.
    """
    selected = select(tools.loaded, *chosen)
    meant = {item.name for item in named(tools.loaded.inventory, targets)}
    devices = tuple(item for item in selected if item.name in meant)
    if not devices:
        raise UsageError("--filter and --limit leave none of the devices named")
    intents, terms = intents_of(tools)
    what = " ".join(
        ("push", *targets, *(f"--filter {text}" for text in chosen[0]), *(f"--limit {text}" for text in chosen[1]))
    )

    def make(run: str) -> Plan:
        return plan_push(
            asked_of(tools, run, what, limits),
            devices,
            collector=tools.collector,
            inventory=tools.loaded.inventory,
            intents=intents,
            keys=terms,
        )

    return planned(tools, what, devices, make)


def rollback_plan(tools: Wiring, run: str, lifetime: timedelta | None) -> Plan:
    """Plan the way back of a run.

    Raises:
        UsageError: it changed nothing.
        StalePlanError: its plan is not kept here.
    """
    found = tools.store.find_run(run)
    if found.kind != KIND:
        msg = f"run {found.id} is one of {found.kind}: it changed nothing"
        raise UsageError(msg)
    story = journal_of(tools).story(found.id)
    name = str(found.arguments.get("plan", ""))
    kept = KeptPlans(tools.workspace).with_digest(name, story.plan)
    if kept is None:
        msg = f"run {found.id} applied plan {name}, which is not kept here as it was"
        raise StalePlanError(msg)
    devices = tuple(item for item in tools.loaded.inventory.devices.values() if kept.plan.device(item.name) is not None)
    what = f"rollback of {found.id}"

    def make(run: str) -> Plan:
        prints = prints_of_run(tools, replace(kept.plan, what=what))
        asked = replace(asked_of(tools, run, what, Limits(lifetime)), secrets=prints)
        plan = plan_way_back if kept.plan.stages else plan_rollback
        return plan(asked, kept.plan, story, collector=tools.collector, inventory=tools.loaded.inventory)

    return planned(tools, what, devices, make)


def asked_of(tools: Wiring, run: str, what: str, limits: Limits) -> Asked:
    """The words, times and limits of a plan: of the command line, else of the settings."""
    usual = tools.workspace.settings.change
    return Asked(
        run=run,
        what=what,
        by=who(),
        now=tools.clock.now(),
        at_once=usual.at_once if limits.at_once is None else limits.at_once,
        budget=usual.budget if limits.budget is None else limits.budget,
        lifetime=limits.lifetime or timedelta(hours=usual.expires),
        revert_minutes=usual.revert,
    )


def planned(tools: Wiring, what: str, devices: Sequence[Device], make: Callable[[str], Plan]) -> Plan:
    """Make a plan as a run of its own, under which everything that was read is kept; both have one id."""
    store, clock = tools.store, tools.clock
    arguments = {"what": what, "devices": [device.name for device in devices]}
    run = store.begin_run(_PLAN, clock.now(), arguments=arguments, workspace=str(tools.workspace.root))
    try:
        plan = replace(make(run.id), id=run.id)
        plan = replace(plan, notes=(*plan.notes, *notes_of_open(tools, plan, arguments["devices"])))
    except GetvpnOpsError as exc:
        store.finish_run(run.id, clock.now(), int(exc.exit_code))
        raise
    if tools.halt.draining:
        store.finish_run(run.id, clock.now(), int(ExitCode.INTERRUPTED))
        raise KeyboardInterrupt  # a plan of half of the fleet is none
    counts = Counter({"steps": len(plan.steps), "left out": len(plan.left_out)})
    store.finish_run(run.id, clock.now(), int(ending_of(plan)), dict(counts))
    keep = tools.workspace.settings.retention
    store.prune(clock.now(), keep=keep.runs, days=keep.days)
    return plan
