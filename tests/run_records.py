"""Runs to report on: a migration of stages that came to its end, one that holds, a hostile one, one of thousands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import shown_plans as plans

from getvpn_ops.model.journal import (
    Entry,
    LeaseTaken,
    OperatorWord,
    PlanFixed,
    RunBegun,
    RunEnded,
    RunHeld,
    StateSeen,
    StepIntended,
    StepOutcome,
    StepProven,
    StepReconciled,
    StepResult,
    Word,
)
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.observed import COOP_ROLES, MEMBER_MODES, fact_of
from getvpn_ops.model.plan import Perform, PlannedStage, PlannedStep, Wave
from getvpn_ops.model.run import Run
from getvpn_ops.reports.run_record import DeviceChange, RunRecord
from getvpn_ops.reports.story import ShownRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.journal import Event
    from getvpn_ops.model.plan import Plan

BEGUN = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
HEAD = "fedcba9876543210" * 4
ZONE = timezone(timedelta(hours=2), "EET")
RUN = Run(
    "a-20260301-220000-m4xq", "apply", BEGUN, user="ops", host="noc1", arguments={"ticket": "CHG0012"},
    tool_version="0.1.0",
)  # fmt: skip
LEASE = LeaseTaken("lease-1", (), BEGUN + timedelta(minutes=10))


def staged_plan() -> Plan:
    """Two key servers and their rekey, a person's word, then a member whose traffic is proven."""
    servers = plans.plan().waves[:3]
    ask = PlannedStep("006-member-approval", "", "approval: is the pilot well?", Perform("approve"), ("WAN",))
    gates = tuple(
        PlannedStep(f"00{at}-member-gate-{check}", "", f"{check}, after member", Perform("gate"), ("WAN",))
        for at, check in ((8, "registration-complete"), (9, "convergence-tek"))
    )
    traffic = PlannedStep("010-traffic", "", "traffic of the pilot", Perform("prove-traffic"), ("WAN",))
    waves = (
        *(replace(wave, stage="servers") for wave in servers),
        Wave("approval", (ask,), stage="member"),
        Wave("members", (plans.build(7, "bat-gm1"),), ring=1, stage="member"),
        Wave("gates", gates, stage="member"),
        Wave("traffic", (traffic,), stage="traffic"),
        Wave("save", (plans.save(11, "bat-gm1"),), stage="traffic"),
    )
    stages = (
        PlannedStage("servers", "key servers serve the new list", "configure", ("fal-ks2", "hub-ks1")),
        PlannedStage("member", "the pilot", "configure", ("bat-gm1",), approval="is the pilot well?"),
        PlannedStage("traffic", "", "prove-traffic", ("bat-gm1",)),
    )
    return plans.plan(what="playbook move WAN", waves=waves, stages=stages)


PLAN = staged_plan()


def typed(step: str) -> tuple[Event, ...]:
    """A step of the plan, sent and read back."""
    planned = next(item for item in PLAN.steps if item.id == step)
    lines = tuple(line.text for line in getattr(planned.act, "lines", ()) if not isinstance(line, str))
    return (
        StepIntended(step, planned.device, planned.title, lines),
        StepOutcome(step, planned.device, StepResult.APPLIED),
        StepProven(step, planned.device, "show running-config: all lines stand there"),
    )


def roles(**said: str) -> StateSeen:
    """What key servers of WAN are, names with ``_`` for ``-``."""
    return StateSeen(COOP_ROLES, tuple((fact_of("WAN", name.replace("_", "-")), role) for name, role in said.items()))


def modes(**said: str) -> StateSeen:
    """Likewise of members."""
    return StateSeen(MEMBER_MODES, tuple((fact_of("WAN", name.replace("_", "-")), mode) for name, mode in said.items()))


REKEYED = StepProven("005-wan-rekey", "WAN", "rekey of group WAN on hub-ks1: TEK 0x1 -> 0x2; 1 of 1 members have it")
TO_THE_WORD: tuple[Event, ...] = (
    RunBegun("apply", "ops@noc1"),
    LEASE,
    PlanFixed("0f" * 32),
    OperatorWord(Word.ACCEPT_LOSS, "ops@noc1", "bat-gm1 loses its traffic for 12 s"),
    *typed("001-fal-ks2-build"),
    roles(fal_ks2="secondary", hub_ks1="primary"),
    *typed("002-fal-ks2-swap-list"),
    *typed("003-hub-ks1-build"),
    *typed("004-hub-ks1-swap-list"),
    roles(fal_ks2="primary", hub_ks1="no answer"),
    REKEYED,
    modes(bat_gm1="receive-only"),
    RunHeld("006-member-approval", "stage member waits for a person's word: is the pilot well?"),
    RunEnded(8, "stage member waits for a person's word: is the pilot well?"),
)
AFTER_IT: tuple[Event, ...] = (
    OperatorWord(Word.APPROVE_STAGE, "lead@noc2", "member: is the pilot well? (called them)"),
    RunBegun("apply", "night@noc2", resumed=True),
    PlanFixed("0f" * 32),
    StepProven("006-member-approval", "", "lead@noc2 said yes: is the pilot well? (called them)"),
    *typed("007-bat-gm1-build"),
)
GATE_HELD: tuple[Event, ...] = (
    modes(bat_gm1="passive"),
    StepProven("008-member-gate-registration-complete", "WAN", "passed for 1 of 1; read 2 s before"),
    RunHeld("009-member-gate-convergence-tek", "gate convergence-tek, after member cannot be told: 1 of 1: no answer"),
    RunEnded(3, "gate convergence-tek, after member cannot be told: 1 of 1: no answer"),
)
TO_THE_END: tuple[Event, ...] = (
    modes(bat_gm1="both"),
    StepProven("008-member-gate-registration-complete", "WAN", "passed for 1 of 1; read 2 s before"),
    StepProven("009-member-gate-convergence-tek", "WAN", "passed for bat-gm1; read 3 s before"),
    StepProven("010-traffic", "WAN", "bat-gm1 -> cph-gm1: 20 encrypted on bat-gm1, 20 decrypted on cph-gm1 in 60 s"),
    StepProven("011-bat-gm1-save", "bat-gm1", "its managed lines are the same in the running and the saved one"),
    RunEnded(0),
)
DIFF = DeviceChange(
    "bat-gm1",
    ("--- bat-gm1 2026-03-01 22:00:00 UTC 0a1b2c3d", "+++ bat-gm1 2026-03-02 06:00:00 UTC 4e5f6a7b",
     "@@ -10,3 +10,3 @@", " crypto map VPN 10 gdoi", "- match address OLD", "+ match address NEW"),
    "backup 0a1b2c3d -> 4e5f6a7b",
)  # fmt: skip


def record(events: Iterable[Event], plan: Plan | None = PLAN, **fields: Any) -> RunRecord:  # noqa: ANN401 -- of it
    """A record of these events, ten seconds apart; who takes a run up comes eight hours later."""
    at, entries = BEGUN, []
    for number, event in enumerate(events, 1):
        at += timedelta(hours=8) if isinstance(event, RunBegun) and event.resumed else timedelta(seconds=10)
        entries.append(Entry("chain", number, RUN.id, at, event))
    codes = [entry.event.exit_code for entry in entries if isinstance(entry.event, RunEnded)]
    run = replace(RUN, ended=at if codes else None, exit_code=codes[-1] if codes else None)
    usual: dict[str, Any] = {"plan": plan, "head": HEAD, "flags": " --lab", "events": 400}
    changes = fields.pop("changes", ())
    shown = ShownRun(run, fold(RUN.id, entries), **(usual | fields))
    return RunRecord(shown, tuple(entries), at, ZONE, changes)


def done(**fields: Any) -> RunRecord:  # noqa: ANN401 -- likewise
    """It came to its end, with a night between two of its stages."""
    return record((*TO_THE_WORD, *AFTER_IT, *TO_THE_END), **{"changes": (DIFF,), **fields})


def held(**fields: Any) -> RunRecord:  # noqa: ANN401 -- likewise
    """Its second gate could not be told."""
    return record((*TO_THE_WORD, *AFTER_IT, *GATE_HELD), **fields)


def killed() -> RunRecord:
    """A step is in hand, which a reading did not settle."""
    step = StepIntended("001-fal-ks2-build", "fal-ks2", "build list", ("ip access-list extended WAN_POLICY_r2",))
    unknown = StepReconciled(step.step, step.device, StepResult.UNKNOWN, "it did not answer")
    return record((*TO_THE_WORD[:3], step, unknown))


def hostile(text: str) -> RunRecord:
    """The same text wherever a device, an inventory or a person could put one."""
    word = text or "x"
    plan = plans.hostile(text)
    events = (
        RunBegun(text, word),
        PlanFixed("0f" * 32),
        OperatorWord(Word.APPROVE, word, text),
        StepIntended("001", word, text, (text, text)),
        StepOutcome("001", word, StepResult.APPLIED, text),
        StepProven("001", word, text),
        StepIntended("002", word, text, (text,)),
        StepOutcome("002", word, StepResult.PARTLY, text),
        StateSeen(COOP_ROLES, ((fact_of("WAN", word), word),)),
        StateSeen(MEMBER_MODES, ((fact_of("WAN", word), word),)),
        RunHeld("003", text),
        RunEnded(4, text),
    )
    changes = (DeviceChange(word, (f"-{text}", f"+{text}", f" {text}"), text),)
    return replace(record(events, plan, broken=text, changes=changes), note=text)


def large(members: int) -> RunRecord:
    """Every member is configured, and seen in three modes."""
    base = plans.large(members)
    stages = (PlannedStage("all", "all members", "configure", tuple(device.name for device in base.devices)),)
    plan = replace(base, waves=tuple(replace(wave, stage="all") for wave in base.waves), stages=stages)
    events: list[Event] = [RunBegun("apply", "ops@noc1"), PlanFixed("0f" * 32)]
    for wave in plan.waves:
        for step in wave.steps:
            events += [
                StepIntended(step.id, step.device, step.title, ("a line",)),
                StepOutcome(step.id, step.device, StepResult.APPLIED),
                StepProven(step.id, step.device, f"{step.device} is well"),
            ]
        for mode in ("receive-only", "passive", "both"):
            facts = tuple((fact_of("WAN", step.device), mode) for step in wave.steps)
            events.append(StateSeen(MEMBER_MODES, facts))
    return record((*events, RunEnded(0)), plan)
