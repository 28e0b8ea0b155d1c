"""``getvpn-ops collect``, ``health``, ``doctor``: sweeps over the fleet that change nothing."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.cli.output import form_of, must_be_writable, write_data, write_text, write_view
from getvpn_ops.cli.sources import Earlier, earlier_of, from_captures, workspace_if_any
from getvpn_ops.cli.wiring import open_store, wired
from getvpn_ops.cli.workspace import FilterOption, LabOption, LimitOption, OutOption, WorkspaceOption, open_workspace
from getvpn_ops.devices.inventory import select
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.compare import compare
from getvpn_ops.engine.health import Question, judge, known_tags, sweep_of, titles, with_key_servers
from getvpn_ops.engine.questions import doctor_script
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Severity
from getvpn_ops.model.report import SpecTitle
from getvpn_ops.model.verdict import exit_code, status_of
from getvpn_ops.registry import evaluate
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.sweep import SweepForm, sweep_text
from getvpn_ops.reports.sweep_table import sweep_view
from getvpn_ops.reports.visits import visits_view
from getvpn_ops.store.folder import must_be_replaceable, write_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.report import Sweep
    from getvpn_ops.settings import Workspace


class FailOn(StrEnum):
    """What makes ``health`` end with 4."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    NEVER = "never"


QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
DepthOption = Annotated[
    Depth,
    typer.Option(
        "--depth",
        help="ks asks the key servers alone, which know every unicast member; sample adds suspicious members and some "
        "others; full asks all.",
    ),
]
SampleOption = Annotated[
    int | None, typer.Option("--sample", min=0, help="Members that --depth sample asks beside the suspicious ones.")
]
IntervalOption = Annotated[
    float | None,
    typer.Option("--interval", min=0, max=3600, help="Seconds between two looks at counters; 0 looks once."),
]
FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="Ask no device: read captures from this folder, archive or file. What collect --out wrote, terminal logs, "
        "show tech-support, configurations.",
    ),
]
InventoryOption = Annotated[
    Path | None, typer.Option("--inventory", "-i", help="With --from: the inventory that says what is expected.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="Compare with this run (an id, last, last-health) or folder of captures."),
]
SweepFormOption = Annotated[
    SweepForm | None,
    typer.Option("--output", "-o", case_sensitive=False, help="Format; a table on a terminal, else JSON."),
]
_NOTES = 12


def collect(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    depth: DepthOption = Depth.FULL,
    sample: SampleOption = None,
    interval: IntervalOption = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Also write the captures to this folder, for --from.")
    ] = None,
    output: Annotated[
        Output | None, typer.Option("--output", "-o", case_sensitive=False, help="Format of the summary.")
    ] = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask the devices everything that health and diagnosis need, and keep what they said.

    Nothing is changed on any device. Exit codes: 0 every device answered; 3 some did not; 2 nothing could be asked.
    """
    if folder is not None:
        must_be_replaceable(folder)
    with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
        wish = _wish(tools, select(tools.loaded, filters or (), limits or ()), depth, sample, interval)
        run, state = _ask(tools, "collect", wish)
        visits = [item.visit for item in state.devices.values() if item.visit is not None]
        silent = [visit for visit in visits if visit.trouble is not None]
        ending = _ending(tools, ExitCode.UNDETERMINED if silent else ExitCode.GOOD)
        _finish(tools, run, state.ended, ending, {"answered": len(visits) - len(silent), "failed": len(silent)})
        if folder is not None:
            write_folder(folder, tools.store.captures(run), visits)
        commands = sum(visit.commands for visit in visits)
    if form_of(output, None) is Output.TABLE:
        write_view(visits_view(run, visits, folder), None)
    else:
        plain = {"run": run, "folder": str(folder) if folder else None, "answers": commands, "visits": visits}
        write_data(plain, form_of(output, None), None)
    raise typer.Exit(ending)


def health(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    depth: DepthOption = Depth.FULL,
    sample: SampleOption = None,
    interval: IntervalOption = None,
    check: Annotated[
        list[str] | None, typer.Option("--check", help="Only this check; may be given again. See explain --list.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only checks with this tag.")] = None,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    since: SinceOption = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="Show only what changed since --since, or since the last health run.")
    ] = False,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The least severity of a failure that ends with exit code 4.")
    ] = FailOn.INFO,
    output: SweepFormOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell whether the encrypted WAN is healthy, and why not.

    The key servers of a selected member's groups are asked too, for a member can be judged against nothing else. Exit
    codes: 0 healthy; 4 something failed; 3 something could not be determined; 2 wrong usage or inventory.
    """
    question = Question(tuple(check or ()), tuple(tag or ()))
    _must_exist(question)
    must_be_writable(out)
    asked = _Asked(question, since, changes, None if fail_on is FailOn.NEVER else Severity(fail_on.value))
    if captures is not None:
        if filters or limits or depth is not Depth.FULL:
            raise UsageError("--from judges all that the captures hold: leave --filter, --limit and --depth away")
        sweep = _health_of_captures(captures, workspace_if_any(workspace, lab=lab), inventory, asked)
        ending = exit_code(sweep, asked.fail_on)
    elif inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    else:
        with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
            chosen = with_key_servers(tools.loaded.inventory, select(tools.loaded, filters or (), limits or ()))
            sweep, ending = _health_of_devices(tools, _wish(tools, chosen, depth, sample, interval), asked)
    show_sweep(sweep, output, out, changes_only=changes)
    raise typer.Exit(ending)


def doctor(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    output: SweepFormOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check what this program itself needs on each device, and say how to give it.

    Nothing is changed on any device. Exit codes as for health.
    """
    must_be_writable(out)
    with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
        chosen = select(tools.loaded, filters or (), limits or ())
        run, state = _ask(tools, "doctor", Wish(chosen, interval=timedelta(0), script=doctor_script))
        outcomes = [evaluate(spec, item) for item in state.devices.values() for spec in DOCTOR_CHECKS]
        specs = tuple(SpecTitle(spec.id, spec.title, spec.severity) for spec in DOCTOR_CHECKS)
        notes = tools.loaded.notes
        sweep = sweep_of(state, outcomes, kind="doctor", run=run, source=_source(tools), specs=specs, notes=notes)
        ending = _ending(tools, exit_code(sweep))
        tools.store.put_outcomes(run, outcomes)
        _finish(tools, run, state.ended, ending, _counts(outcomes))
    show_sweep(sweep, output, out)
    raise typer.Exit(ending)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What ``health`` was asked for beside the devices."""

    question: Question
    since: str | None
    changes: bool
    fail_on: Severity | None


def _health_of_devices(tools: Wiring, wish: Wish, asked: _Asked) -> tuple[Sweep, ExitCode]:
    earlier = _earlier(tools, asked)
    run, state = _ask(tools, "health", wish)
    state = replace(state, earlier=earlier.state if earlier else None)
    outcomes = judge(state, asked.question)
    tools.store.put_outcomes(run, outcomes)
    sweep = sweep_of(state, outcomes, kind="health", run=run, source=_source(tools), specs=titles())
    sweep = _compared(sweep, earlier)
    ending = _ending(tools, exit_code(sweep, asked.fail_on))
    _finish(tools, run, state.ended, ending, _counts(outcomes))
    return sweep, ending


def _source(tools: Wiring) -> str:
    """Who was asked."""
    return "lab" if tools.workspace.is_lab else "devices"


def _ending(tools: Wiring, usual: ExitCode) -> ExitCode:
    """How a sweep ends: what was looked at counts for nothing if someone broke it off."""
    return ExitCode.INTERRUPTED if tools.halt.draining else usual


def _earlier(tools: Wiring, asked: _Asked) -> Earlier | None:
    if asked.since is not None:
        return earlier_of(asked.since, tools.store, tools.loaded.inventory)
    if not asked.changes:
        return None
    return earlier_of("last-health", tools.store, tools.loaded.inventory)


def _health_of_captures(path: Path, workspace: Workspace | None, inventory: Path | None, asked: _Asked) -> Sweep:
    state, notes = from_captures(path, workspace, inventory)
    earlier = None
    if asked.since is not None:
        if workspace is not None:
            with open_store(workspace) as store:
                earlier = earlier_of(asked.since, store, state.inventory)
        else:
            earlier = earlier_of(asked.since, None, state.inventory)
    elif asked.changes:
        raise UsageError("--changes with --from needs --since: a run, or a folder of earlier captures")
    state = replace(state, earlier=earlier.state if earlier else None)
    outcomes = judge(state, asked.question)
    source = f"./{path}" if str(path) in {"devices", "lab"} else str(path)  # a folder called as those are
    sweep = sweep_of(state, outcomes, kind="health", run="", source=source, specs=titles(), notes=notes)
    return _compared(sweep, earlier)


def _compared(sweep: Sweep, earlier: Earlier | None) -> Sweep:
    if earlier is None:
        return sweep
    return replace(sweep, compared_with=earlier.name, changes=compare(earlier.outcomes, sweep.outcomes))


def _wish(tools: Wiring, selected: Sequence[Device], depth: Depth, sample: int | None, interval: float | None) -> Wish:
    settings = tools.workspace.settings.health
    return Wish(
        selected,
        depth,
        settings.sample if sample is None else sample,
        timedelta(seconds=settings.interval if interval is None else interval),
    )


def _ask(tools: Wiring, kind: str, wish: Wish) -> tuple[str, FleetState]:
    """Begin a run and collect; returns its id and what was told."""
    arguments = {
        "devices": [device.name for device in wish.selected],
        "interval_seconds": wish.interval.total_seconds(),
    }
    workspace = str(tools.workspace.root)
    run = tools.store.begin_run(kind, tools.clock.now(), arguments=arguments, depth=wish.depth, workspace=workspace)
    seeded = replace(wish, seed=run.id)
    return run.id, tools.collector.collect(run.id, tools.loaded.inventory, seeded)


def _finish(tools: Wiring, run: str, ended: datetime, ending: ExitCode, summary: dict[str, int]) -> None:
    tools.store.finish_run(run, ended, int(ending), summary)
    keep = tools.workspace.settings.retention
    tools.store.prune(tools.clock.now(), keep=keep.runs, days=keep.days)


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return dict(Counter(status_of(outcome).value for outcome in outcomes))


def _must_exist(question: Question) -> None:
    known = {title.id for title in titles()}
    if unknown := [name for name in question.ids if name not in known]:
        msg = f"there is no check called {', '.join(unknown)}; getvpn-ops explain --list names them all"
        raise UsageError(msg)
    if unknown := [name for name in question.tags if name not in known_tags()]:
        msg = f"no check has the tag {', '.join(unknown)}; there are {', '.join(sorted(known_tags()))}"
        raise UsageError(msg)


def show_sweep(sweep: Sweep, asked: SweepForm | None, out: Path | None, *, changes_only: bool = False) -> None:
    """Write a sweep in the form asked for; a table for a person at a terminal, else JSON."""
    watched = out in {None, Path("-")} and sys.stdout is not None and sys.stdout.isatty()
    form = asked or (SweepForm.TABLE if watched else SweepForm.JSON)
    if form is SweepForm.TABLE:
        write_view(sweep_view(sweep, changes_only=changes_only), out)
    else:
        write_text(sweep_text(sweep, form, changes_only=changes_only), out)
