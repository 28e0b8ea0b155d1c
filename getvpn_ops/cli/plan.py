"""``getvpn-ops plan``: what would be typed on which devices, in which order, and what it would do. Nothing is sent."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.output import form_of, must_be_writable, write_data, write_view
from getvpn_ops.cli.plan_output import AllOption, PlanFormOption, keep_and_show, show_plan
from getvpn_ops.cli.planning import Limits, action_plan, action_spec, push_plan, rollback_plan
from getvpn_ops.cli.planning_playbooks import Said, playbook_plan
from getvpn_ops.cli.sweeps import QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import (
    FilterOption,
    LabOption,
    LimitOption,
    OutOption,
    OutputOption,
    WorkspaceOption,
    open_kept,
    open_workspace,
)
from getvpn_ops.errors import UsageError
from getvpn_ops.reports.actions import actions_plain, actions_view
from getvpn_ops.reports.listing import Listing
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.plan_forms import plans_plain
from getvpn_ops.reports.plan_rows import verdict
from getvpn_ops.reports.sweep_words import moment
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from getvpn_ops.cli.kept_plans import KeptPlan


class _Plans(TyperGroup):
    """Subcommands; a first word that is none of them is the name of a playbook: ``plan migrate-to-getvpn WAN``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 -- Typer brings its own Click
        """Find a command."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            near = difflib.get_close_matches(args[0], self.commands, n=1, cutoff=_NEAR)
            if near:
                ctx.fail(f"No such command {args[0]!r}; did you mean {near[0]}?")
            args = [_PLAYBOOK, *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Plans,
    help="What would be typed on which devices, in which order, and what it would do. Nothing is sent. The name of a "
    "playbook may stand in place of a command: plan migrate-to-getvpn GROUP.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_SPAN = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")
_PLAYBOOK = "playbook"
_NEAR = 0.7
"""Share of a word that makes it a slip of the name of a subcommand, and not the name of a playbook."""
_LONGEST = timedelta(days=7)
ExpiresOption = Annotated[
    str | None, typer.Option("--expires", help="How long the plan can be applied, such as 4h or 90m; 7d at most.")
]
BudgetOption = Annotated[
    int | None, typer.Option("--budget", min=0, help="Members that may fail before no more are begun.")
]
AtOnceOption = Annotated[
    int | None,
    typer.Option("--at-once", min=1, max=1000, help="Members in hand at once; a key server always stands alone."),
]


@app.command()
def push(
    targets: Annotated[list[str], typer.Argument(metavar="GROUP|DEVICE...", help="Which devices get what they lack.")],
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    at_once: AtOnceOption = None,
    budget: BudgetOption = None,
    expires: ExpiresOption = None,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan what makes devices hold what the intents say: exact lines, order, rekeys, effect on traffic, the way back.

    All key servers and members of the groups concerned are read, and nothing is sent. Exit codes: 0 a plan was made,
    also one without a step; 4 it is never applied, and says why; 3 nothing could be told; 2 wrong usage or intents.
    """
    must_be_writable(out)
    lifetime = _lifetime(expires)
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet) as tools:
        plan = push_plan(tools, targets, (filters or (), limits or ()), Limits(lifetime, at_once, budget))
        code = keep_and_show(plan, place, output, out, everything=everything)
    raise typer.Exit(code)


@app.command()
def action(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Of the catalogue; --list shows it.")] = "",
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[GROUP|DEVICE]...", help="What it is done to.")
    ] = None,
    *,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter; may be given again.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show every action.")] = False,
    expires: ExpiresOption = None,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan one action of the catalogue, such as a clear, a rekey, a change of roles or a debug.

    Nothing is sent. Exit codes: 0 a plan was made; 4 it is never applied, and says why; 3 nothing could be told; 2 no
    such action, parameter or target.
    """
    must_be_writable(out)
    if listed:
        form = form_of(Output(output.value) if output in {"json", "table"} else None, out)
        if form is Output.TABLE:
            write_view(actions_view(ACTIONS.values()), out)
        else:
            write_data(actions_plain(ACTIONS.values()), form, out)
        return
    lifetime = _lifetime(expires)
    spec = action_spec(name)
    given = _values(values or ())
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet) as tools:
        plan = action_plan(tools, spec, targets or (), given, lifetime)
        code = keep_and_show(plan, place, output, out, everything=everything)
    raise typer.Exit(code)


@app.command()
def playbook(
    name: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="Its name, or the path of a file.")],
    groups: Annotated[list[str], typer.Argument(metavar="GROUP...", help="GDOI groups that it is run for.")],
    *,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="OPTION=CHOICE", help="A choice; may be given again.")
    ] = None,
    pilots: Annotated[
        list[str] | None,
        typer.Option("--pilot", metavar="DEVICE", help="A member that goes first, else those marked in the inventory."),
    ] = None,
    at_once: AtOnceOption = None,
    budget: BudgetOption = None,
    expires: ExpiresOption = None,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan a playbook, such as migrate-to-getvpn: all of its stages, with every line, gate, rekey and way back.

    Everyone of the groups is read once, and each stage is planned on what the stages before it leave. Nothing is sent.
    Exit codes: 0 a plan was made; 4 it is never applied, and says why; 3 nothing could be told; 2 wrong usage, intents
    or playbook.
    """
    must_be_writable(out)
    lifetime = _lifetime(expires)
    said = Said(name, groups, pilots or (), _values(values or ()))
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet) as tools:
        plan = playbook_plan(tools, said, Limits(lifetime, at_once, budget))
        code = keep_and_show(plan, place, output, out, everything=everything)
    raise typer.Exit(code)


@app.command()
def rollback(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="Stage of its playbook that stays, with all before it.")
    ] = None,
    expires: ExpiresOption = None,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Plan the way back of a run: what it configured, in the opposite order, with the rekeys that this costs.

    Nothing is sent. Exit codes: 0 a plan was made; 4 it is never applied, and says why; 7 the plan of the run is not
    kept here; 3 nothing could be told; 2 the run changed nothing.
    """
    must_be_writable(out)
    lifetime = _lifetime(expires)
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet) as tools:
        plan = rollback_plan(tools, run, lifetime, to or "")
        code = keep_and_show(plan, place, output, out, everything=everything)
    raise typer.Exit(code)


@app.command()
def show(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="Id of a plan or its unique beginning, last, or a file of one.")
    ] = "last",
    *,
    output: PlanFormOption = None,
    out: OutOption = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Show a plan again. Exit codes: 0 shown; 7 it was changed after it was made; 2 there is no such plan."""
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    show_plan(KeptPlans(place).find(plan), place, output, out, everything=everything)


@app.command("list")
def list_plans(
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """List the plans that are kept here, the newest first. Exit codes: 0 listed, also if there is none."""
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    found = KeptPlans(place).every()
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(_table(found, now_of(place)()), out)
    else:
        write_data(plans_plain((kept.plan, kept.digest) for kept in found), form, out)


def _table(kept: Iterable[KeptPlan], now: datetime) -> Listing:
    rows = []
    for item in kept:
        plan, said = item.plan, "expired" if item.plan.is_expired(now) else verdict(item.plan)
        rows.append(
            (
                plan.id, plan.what, moment(plan.made), moment(plan.expires), str(len(plan.steps)), plan.by,
                Text(said, style="red" if said.startswith("REFUSED") else "dim" if said == "expired" else ""),
            )
        )  # fmt: skip
    headings = ("plan", "what", "made (UTC)", "expires (UTC)", "steps", "by", "verdict")
    return Listing(headings, rows, right=("steps",), details=("verdict",))


def _lifetime(text: str | None) -> timedelta | None:
    """What ``--expires`` says.

    Raises:
        UsageError: it is no time, or too long a one.
    """
    if text is None:
        return None
    found = _SPAN.fullmatch(text.strip())
    numbers = {unit: int(number) for unit, number in found.groupdict().items() if number} if found else {}
    try:
        lasts = timedelta(**numbers)
    except OverflowError:
        lasts = timedelta.max
    if not numbers or not timedelta() < lasts <= _LONGEST:
        msg = f"--expires {text}: expected a time such as 4h, 90m or 1d12h, 7d at most"
        raise UsageError(msg)
    return lasts


def _values(words: Iterable[str]) -> dict[str, str]:
    """What ``--set`` says.

    Raises:
        UsageError: a word is no pair, or a key stands twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or key.strip() in found:
            msg = f"--set {word}: expected KEY=VALUE, each key once"
            raise UsageError(msg)
        found[key.strip()] = value.strip()
    return found
