"""Plans out of what was asked for: the composition of ``plan push``, ``plan action`` and ``plan rollback``."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from getvpn_ops.cli.config_targets import named
from getvpn_ops.cli.hands_of import intents_of, prints_of_intent, prints_of_run
from getvpn_ops.cli.journaled import KIND, journal_of
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.open_steps import notes_of_open
from getvpn_ops.cli.plan_output import ending_of
from getvpn_ops.cli.who import who
from getvpn_ops.devices.inventory import select
from getvpn_ops.engine.change.migrating.estimating import paces
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.planning.action import (
    LIFETIME,
    ActionRequest,
    params_of,
    plan_action,
    targets_of,
)
from getvpn_ops.engine.change.planning.effects import Known
from getvpn_ops.engine.change.planning.emergency import plan_emergency
from getvpn_ops.engine.change.planning.push import Asked, plan_push
from getvpn_ops.engine.change.planning.rolling_back import plan_rollback
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.errors import ExitCode, GetvpnOpsError, StalePlanError, StoreError, UsageError
from getvpn_ops.model.inventory import Role
from getvpn_ops.settings.mistakes import nearest
from getvpn_ops.workflow.actions import ACTIONS
from getvpn_ops.workflow.playbooks.measured import FACTS, for_devices, measured_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.model.run import Run
    from getvpn_ops.store.journal import Journal
    from getvpn_ops.workflow.actions.spec import ActionSpec

_RUNS = 10
"""Of our own that tell how long steps take."""
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

    differ = given = None
    if spec.reads_intents:
        intents, terms = intents_of(tools)
        differ = Differ(intents, tools.loaded.inventory, terms)
        given = partial(prints_of_intent, intents)

    def make(run: str) -> Plan:
        inventory = tools.loaded.inventory
        return plan_action(run, request, collector=tools.collector, inventory=inventory, differ=differ, given=given)

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


def changed_by(tools: Wiring, run: str) -> tuple[Run, KeptPlan]:
    """A run that changed devices, with the plan that it applied.

    Raises:
        UsageError: there is no such run, or it changed nothing.
        StalePlanError: its plan is not kept here.
    """
    found = tools.store.find_run(run)
    if found.kind != KIND:
        msg = f"run {found.id} is one of {found.kind}: it changed nothing"
        raise UsageError(msg)
    name = str(found.arguments.get("plan", ""))
    kept = KeptPlans(tools.workspace).with_digest(name, journal_of(tools).story(found.id).plan)
    if kept is None:
        msg = f"run {found.id} applied plan {name}, which is not kept here as it was"
        raise StalePlanError(msg)
    return found, kept


def rollback_plan(tools: Wiring, run: str, lifetime: timedelta | None, to: str = "") -> Plan:
    """Plan the way back of a run.

    Args:
        tools: of the workspace.
        run: as a person names it.
        lifetime: of the plan; None: as the settings have it.
        to: stage of its playbook that stays; empty: all of the run is taken back.

    Raises:
        UsageError: it changed nothing, or has no such stage.
        StalePlanError: its plan is not kept here.
    """
    found, kept = changed_by(tools, run)
    story = journal_of(tools).story(found.id)
    if to and not kept.plan.stages:
        msg = f"run {found.id} applied no playbook: it has no stage {to!r} to go back to"
        raise UsageError(msg)
    devices = tuple(item for item in tools.loaded.inventory.devices.values() if kept.plan.device(item.name) is not None)
    what = f"rollback of {found.id}{f' to {to}' if to else ''}"

    def make(run: str) -> Plan:
        prints = prints_of_run(tools, replace(kept.plan, what=what))
        asked = replace(asked_of(tools, run, what, Limits(lifetime)), secrets=prints)
        inventory = tools.loaded.inventory
        if not kept.plan.stages:
            return plan_rollback(asked, kept.plan, story, collector=tools.collector, inventory=inventory)
        return plan_way_back(asked, kept.plan, story, collector=tools.collector, inventory=inventory, to=to)

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
        paces=_paces(tools),
        known=Known(for_devices(measured(journal_of(tools)), tools.loaded.inventory.devices.values())),
    )


def measured(journal: Journal) -> tuple[tuple[str, Measured], ...]:
    """What runs measured of ``passive``, oldest first, each with its platform and release."""
    found = (measured_in(facts) for _, facts in journal.seen(f".{FACTS}"))
    return tuple(item for item in found if item is not None)


def emergency_plan(tools: Wiring, run: Run, plan: Plan) -> Plan:
    """Plan the emergency way back of a run: its groups go to receive-only, as far as key servers can be reached."""
    inventory = tools.loaded.inventory
    meant = dict.fromkeys(group for step in plan.steps for group in step.groups)
    groups = tuple(group for group in meant if group in inventory.gdoi_groups)
    servers = tuple({item.name: item for group in groups for item in inventory.key_servers(group)}.values())
    if not servers:
        msg = f"run {run.id} is about no group with key servers: roll it back without --emergency"
        raise UsageError(msg)
    what = f"emergency rollback of {run.id}"

    def make(name: str) -> Plan:
        return plan_emergency(asked_of(tools, name, what, Limits()), groups, collector=tools.collector,
                              inventory=inventory)  # fmt: skip

    return planned(tools, what, servers, make)


def _paces(tools: Wiring) -> Mapping[str, tuple[float, int]]:
    """How long steps took in the last runs of this workspace; none if that cannot be told."""
    journal, inventory = journal_of(tools), tools.loaded.inventory
    servers = {item.name for item in inventory.devices.values() if item.role is Role.KEY_SERVER}
    with contextlib.suppress(StoreError):
        return paces([journal.entries(run.id) for run in tools.store.runs(KIND, _RUNS)], servers)
    return {}


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
