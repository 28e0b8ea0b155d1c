"""The composition of a run that changes devices: journal, leases, backups, hands, and the plan (P2, P5, P14, P15)."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.cli.board_live import boarded, is_watched
from getvpn_ops.cli.changing_clock import clock_or_wall
from getvpn_ops.cli.hands_of import backed_up, hands_of, prints_of_run
from getvpn_ops.cli.journaled import KIND, journal_of, must_be_whole
from getvpn_ops.cli.lease_words import held_by_another, lost_to_another
from getvpn_ops.cli.open_steps import must_be_known
from getvpn_ops.cli.output import say
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.cli.processes import is_alive, process_of
from getvpn_ops.cli.reporting import leave_reports
from getvpn_ops.cli.who import who
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.engine.change.apply import Ending, apply_plan
from getvpn_ops.engine.change.log import LEASE, RunLog
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.scene import Margins, Scene
from getvpn_ops.errors import ExitCode, GetvpnOpsError, LeaseHeldError, LeaseLostError
from getvpn_ops.model.journal import PlanFixed, Resource, ResourceKind, RunBegun, RunEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.journal import OperatorWord
    from getvpn_ops.model.lease import Lease
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.model.run import Run
    from getvpn_ops.store.journal import Journal
    from getvpn_ops.store.leases import Leases


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a run.

    Attributes:
        run: its record, finished.
        ending: how it ended.
        code: of the process.
    """

    run: Run
    ending: Ending
    code: ExitCode


def apply_anew(
    tools: Wiring,
    kept: KeptPlan,
    words: Sequence[OperatorWord],
    begun: Callable[[str], None] = lambda _: None,
    *,
    ticket: str = "",
) -> Applied:
    """Apply a plan for the first time, as a run of its own.

    Args:
        tools: of the workspace.
        kept: the plan; ``consent.must_be_applicable``.
        words: of whoever applies it.
        begun: called with the id of the run once its lease is taken, before anything is sent.
        ticket: number of the change in whatever system; stands in journal and report.

    Raises:
        PlanRefusedError: the journal is not as it was written.
        LeaseHeldError: another run changes one of the devices or groups.
        GetvpnOpsError: see ``engine.change.apply``.
    """
    journal = journal_of(tools)
    must_be_whole(journal, tools.workspace)
    plan = kept.plan
    arguments = {"plan": plan.id, "digest": kept.digest, "what": plan.what, "devices": _changed(plan)}
    if ticket:
        arguments["ticket"] = ticket
    root = str(tools.workspace.root)
    run = tools.store.begin_run(KIND, tools.clock.now(), arguments=arguments, workspace=root)
    say(f"run {run.id}")
    return _Changing(tools, journal, run, kept).go(words, resumed=False, begun=begun)


def go_on(tools: Wiring, kept: KeptPlan, run: Run) -> Applied:
    """Take up a run where it stopped; what is in hand is read first.

    Args:
        tools: of the workspace.
        kept: the plan of the run.
        run: to take up.

    Raises:
        StepRefusedError: nobody knows how far a step of another run came on one of its devices.
        GetvpnOpsError: see ``apply_anew``.
    """
    journal = journal_of(tools)
    must_be_whole(journal, tools.workspace)
    must_be_known(tools, kept.plan, run.id)
    free_of_the_dead(tools.store.leases(journal), run)
    return _Changing(tools, journal, run, kept).go((), resumed=True)


class _Changing:
    """One run, from its first event to its last."""

    def __init__(self, tools: Wiring, journal: Journal, run: Run, kept: KeptPlan) -> None:
        self._tools = tools
        self._journal = journal
        self._leases = tools.store.leases(journal)
        self._run = run
        self._kept = kept

    def go(
        self, words: Sequence[OperatorWord], *, resumed: bool, begun: Callable[[str], None] = lambda _: None
    ) -> Applied:
        """Do it, and write down how it ended, whatever happens but a kill.

        Whoever has not, or not any more, the lease writes nothing about the run: another process may be at it.
        """
        try:
            lease = self._leases.take(self._run.id, resources(self._kept.plan), LEASE)
        except LeaseHeldError as exc:
            if not resumed:
                self._finish(exc.exit_code)
            raise held_by_another(self._tools, exc, self._run.id) from exc
        except GetvpnOpsError as exc:
            if not resumed:
                self._finish(exc.exit_code)
            raise
        try:
            begun(self._run.id)
            self._begin(lease, words, resumed=resumed)
            ending = self._apply(lease)
            code = self._code(ending)
            self._leases.append(lease, RunEnded(int(code), ending.reason))
        except KeyboardInterrupt:  # the third Ctrl-C
            flags = flags_of(self._tools.workspace)
            say(f"left at once; what was in hand is read by: getvpn-ops resume {self._run.id}{flags}", "yellow")
            raise
        except LeaseLostError as exc:
            raise lost_to_another(self._tools, exc, self._run.id) from exc
        except Exception as exc:
            self._failed(lease, exc)
            raise
        self._leases.release(lease)
        done = self._finish(code)
        if self._kept.plan.stages:
            leave_reports(self._tools, done)
        return Applied(done, ending, code)

    def _begin(self, lease: Lease, words: Sequence[OperatorWord], *, resumed: bool) -> None:
        ticket = self._run.arguments.get("ticket")
        what = f"apply {self._kept.plan.id}: {self._kept.plan.what}{f', ticket {ticket}' if ticket else ''}"
        self._leases.append(lease, RunBegun(what, who(), resumed))
        for word in words:
            self._leases.append(lease, word)
        if not resumed:  # last: a run that has it can be resumed, and its words are all there then
            self._leases.append(lease, PlanFixed(self._kept.digest))

    def _apply(self, lease: Lease) -> Ending:
        scene = scene_of(self._tools, self._kept.plan, RunLog(self._run.id, self._journal, self._leases, lease))
        with backed_up(self._tools, scene):
            progress = self._tools.collector.progress
            if not is_watched(progress, self._kept.plan):
                return apply_plan(scene, performers())
            now, entries = self._tools.clock.now, self._journal.entries(self._run.id)
            with boarded(self._kept.plan, self._run.id, now, entries) as board:
                scene.log.tell = board.heard
                drawn = replace(scene, progress=board, collector=replace(scene.collector, progress=board))
                return apply_plan(drawn, performers())

    def _code(self, ending: Ending) -> ExitCode:
        """Who asked for the end gets what is to be resumed, unless something is wrong besides."""
        stopped = self._tools.halt.draining and ending.code in {ExitCode.UNDETERMINED, ExitCode.INTERRUPTED}
        return ExitCode.INTERRUPTED if stopped else ending.code

    def _failed(self, lease: Lease, error: Exception) -> None:
        """Write down as much as can be: what failed may be the journal itself."""
        code, detail = ExitCode.INTERNAL, type(error).__name__
        if isinstance(error, GetvpnOpsError):
            code, detail = error.exit_code, str(error)
        with contextlib.suppress(GetvpnOpsError):
            self._leases.append(lease, RunEnded(int(code), self._tools.redactor.text(detail)))
            self._leases.release(lease)
            self._finish(code)

    def _finish(self, code: ExitCode) -> Run:
        store, clock = self._tools.store, self._tools.clock
        steps = Counter(step.result.value for step in self._journal.story(self._run.id).steps)
        done = store.finish_run(self._run.id, clock_or_wall(clock).now(), int(code), dict(steps))
        keep = self._tools.workspace.settings.retention
        store.prune(done.ended or done.started, keep=keep.runs, days=keep.days)
        return done


def scene_of(tools: Wiring, plan: Plan, log: RunLog) -> Scene:
    """What those who put a plan on devices work with.

    Args:
        tools: of the workspace.
        plan: that is applied.
        log: of its run.
    """
    settings = tools.workspace.settings.change
    return Scene(
        run=log.run,
        plan=plan,
        inventory=tools.loaded.inventory,
        fleet=tools.fleet,
        hands=hands_of(tools, plan),
        clock=tools.clock,
        archive=tools.store,
        progress=tools.collector.progress,
        log=log,
        collector=tools.collector,
        margins=Margins(settings.before_rekey, settings.convergence, settings.registration, settings.poll),
        stopping=lambda: tools.halt.draining,
        say=lambda text: say(tools.redactor.text(text)),
        secrets=prints_of_run(tools, plan),
        prober=replace(tools.fleet, purpose=Purpose.PROBE),
    )


def resources(plan: Plan) -> tuple[Resource, ...]:
    """What a plan changes or rests on: nobody else may change it meanwhile."""
    devices = (*(device.name for device in plan.devices), *(step.device for step in plan.steps if step.device))
    found = [Resource(ResourceKind.DEVICE, name) for name in dict.fromkeys(devices)]
    return (*found, *(Resource(ResourceKind.GROUP, name) for name in plan.groups))


def _changed(plan: Plan) -> list[str]:
    return [device.name for device in plan.devices if device.is_changed]


def free_of_the_dead(leases: Leases, run: Run) -> None:
    """Break the lease of a run whose process is gone from this machine, so that it can be taken up at once.

    One whose process is alive, or is of another machine or user, where nobody can tell from here, is left alone.
    """
    for lease in leases.held():
        if lease.run != run.id:
            continue
        process = process_of(lease.owner)
        if process is None or is_alive(process):
            continue
        leases.unlock(lease.id, f"resumed: its process {process} is gone", who())
