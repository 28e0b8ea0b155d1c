"""A run that changes devices, as its journal tells it: how far it came, what was shown, and what to run next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.model.journal_story import RunStory, StepStory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.model.run import Run

SCHEMA = 1
HEAD: Final = 12
"""Characters of the journal's head that a report shows (P15)."""


@dataclass(frozen=True, slots=True)
class ShownLease:
    """A lease that somebody holds.

    Attributes:
        id: of it; ``unlock`` needs it.
        run: that has it.
        resources: devices and groups, as ``device:NAME``.
        owner: ``user@host, process N``.
        taken: when, by the clock of the run; None if the journal does not say.
        ends: by the store's clock.
        has_ended: whether that is past.
    """

    id: str
    run: str
    resources: tuple[str, ...]
    owner: str
    taken: datetime | None
    ends: datetime
    has_ended: bool


class State(StrEnum):
    """Where a run stands."""

    CHANGES_NOTHING = "it changes nothing"
    UNDER_WAY = "under way, or killed a moment ago"
    KILLED = "ended without a word: it was killed, or the machine went down"
    BROKEN = "its lease was broken: it sends nothing more"
    HELD = "held: it can be resumed"
    DONE = "done"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run with all that is known of it.

    Attributes:
        run: the record of it.
        story: of its events; None if it has none.
        plan: that it applies; None if it is not kept here.
        head: seal of the last event of the journal.
        faults: what looking through the journal found.
        leases: that it holds.
        broken: who took its last lease from it, and why; empty if nobody did.
        flags: that the next command needs, such as `` --lab``.
        events: of the journal that were looked through.
    """

    run: Run
    story: RunStory | None
    plan: Plan | None = None
    head: str = ""
    faults: int = 0
    leases: tuple[ShownLease, ...] = ()
    broken: str = ""
    flags: str = ""
    events: int = 0

    @property
    def state(self) -> State:
        """Where it stands."""
        story = self.story
        if story is None:
            return State.CHANGES_NOTHING
        if story.ended is None:
            alive = any(not lease.has_ended for lease in self.leases)
            return State.UNDER_WAY if alive else State.BROKEN if self.broken else State.KILLED
        if story.ended.exit_code == ExitCode.GOOD:
            return State.DONE
        if story.ended.exit_code == ExitCode.STALE and not any(
            step.result is not StepResult.NOTHING_SENT for step in story.steps
        ):
            return State.ENDED  # its plan is too old for the devices, and nothing of it is on any of them
        if story.held is not None or story.in_hand or story.ended.exit_code == ExitCode.INTERRUPTED:
            return State.HELD
        return State.ENDED

    @property
    def waiting(self) -> tuple[str, ...]:
        """Ids of the steps of the plan that nothing was done about."""
        if self.plan is None or self.story is None:
            return ()
        begun = {step.intended.step.partition(".")[0] for step in self.story.steps} | set(self.story.proven)
        return tuple(step.id for step in self.plan.steps if step.id not in begun)

    @property
    def can_go_back(self) -> bool:
        """Whether something was configured that lines take back."""
        if self.story is None:
            return False
        sent = {step.intended.step for step in self.story.steps if step.result is not StepResult.NOTHING_SENT}
        if self.plan is None:
            return bool(sent)
        return any(
            isinstance(step.act, Configure) and step.act.rollback and step.id in sent for step in self.plan.steps
        )


def run_made_a_plan(run: Run) -> bool:
    """Whether what came of it is a plan, which has its id."""
    return run.kind == "plan" and run.exit_code in {ExitCode.GOOD, ExitCode.FINDINGS}


def next_commands(shown: ShownRun) -> tuple[str, ...]:
    """What to type next, the first one first."""
    run, flags = shown.run.id, shown.flags
    found = [f"getvpn-ops runs verify{flags}"] if shown.faults else []
    if shown.state is State.UNDER_WAY:
        found.append(f"getvpn-ops show {run}{flags}")
        found.append(f"getvpn-ops resume {run}{flags}")  # refused while the run's process lives
        found += [f"getvpn-ops unlock {lease.id} --reason ...{flags}" for lease in shown.leases]
    elif shown.state in {State.KILLED, State.BROKEN, State.HELD}:
        if shown.story is None or not shown.story.over:
            found.append(f"getvpn-ops resume {run}{flags}")
        for step in shown.story.in_hand if shown.story is not None else ():
            if step.told:  # somebody looked, and it did not tell
                where = f"{step.intended.step} --device {step.intended.device}"
                found.append(f"getvpn-ops runs settle {run} {where} --as ... --reason ...{flags}")
    if run_made_a_plan(shown.run):
        found.append(f"getvpn-ops plan show {run}{flags}")
    if shown.can_go_back and shown.state is not State.UNDER_WAY:
        found.append(f"getvpn-ops plan rollback {run}{flags}")
    return tuple(found)


def run_plain(shown: ShownRun) -> dict[str, Any]:
    """A run as plain data.

    Returns:
        ``schema``, ``kind``, ``run`` (its record), ``state``, ``plan`` (``id``, ``what``, ``digest``), ``steps`` (each
        with its device, lines, result, how often it was intended, what came of it, what devices showed, and the word of
        the operator where no device told its result),
        ``waiting`` (ids of steps that nothing was done about), ``words`` of operators, ``held``, ``ended``,
        ``leases``, ``broken`` (who took its lease, and why), ``journal`` (``head``, ``faults``) and ``next``: commands.
    """
    run, story = shown.run, shown.story
    return {
        "schema": SCHEMA,
        "kind": "run",
        "run": {
            "id": run.id,
            "kind": run.kind,
            "started": run.started.isoformat(),
            "ended": run.ended.isoformat() if run.ended else None,
            "exit_code": run.exit_code,
            "by": f"{run.user}@{run.host}",
        },
        "state": shown.state.name.lower().replace("_", "-"),
        "plan": {
            "id": shown.plan.id if shown.plan else None,
            "what": shown.plan.what if shown.plan else None,
            "digest": story.plan if story else "",
        },
        "steps": [_step_plain(step, story) for step in story.steps] if story else [],
        "waiting": list(shown.waiting),
        "words": [{"word": word.word.value, "by": word.by, "detail": word.detail} for word in story.words]
        if story
        else [],
        "held": {"step": story.held.step, "reason": story.held.reason} if story and story.held else None,
        "ended": {"exit_code": story.ended.exit_code, "detail": story.ended.detail} if story and story.ended else None,
        "leases": [lease_plain(lease) for lease in shown.leases],
        "broken": shown.broken or None,
        "journal": {"head": shown.head[:HEAD], "faults": shown.faults},
        "next": list(next_commands(shown)),
    }


def lease_plain(lease: ShownLease) -> dict[str, Any]:
    """A lease as plain data."""
    return {
        "id": lease.id,
        "run": lease.run,
        "resources": list(lease.resources),
        "owner": lease.owner,
        "taken": lease.taken.isoformat() if lease.taken else None,
        "ends": lease.ends.isoformat(),
        "has_ended": lease.has_ended,
    }


def _step_plain(step: StepStory, story: RunStory) -> dict[str, Any]:
    return {
        "step": step.intended.step,
        "device": step.intended.device,
        "title": step.intended.title,
        "lines": list(step.intended.lines),
        "once": step.intended.once,
        "result": step.result.value,
        "tries": step.tries,
        "told": step.told,
        "proven": story.proof(step),
        "word": {"by": step.word.by, "reason": step.word.reason} if step.word is not None else None,
    }
