"""``getvpn-ops acl``: proofs about access lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.analysis.lists.difference import compare
from getvpn_ops.analysis.packets.flow import parse_flow
from getvpn_ops.cli.acl_intents import group_of_intent, intent_in, inventory_with_intents
from getvpn_ops.cli.acl_operands import file_of, lists_of_file, operand
from getvpn_ops.cli.diagnose import meant as devices_meant
from getvpn_ops.cli.output import form_of, must_be_writable, write_data, write_view
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.sweeps import FailOn, FromOption, InventoryOption, QuietOption, SweepFormOption, show_sweep
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.engine.acl.answers import (
    decisions_in_file,
    decisions_of,
    known_names,
    lint_file,
    lint_fleet,
    lint_intent,
)
from getvpn_ops.engine.acl.groups import acl_script, acl_views, meant
from getvpn_ops.engine.acl.intents import intended_list, intended_state
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import ExitCode, NoWorkspaceError, UsageError
from getvpn_ops.model.outcome import Severity
from getvpn_ops.model.verdict import exit_code
from getvpn_ops.reports.acl import Compared, decided_plain, decided_view, difference_plain, difference_view
from getvpn_ops.reports.parsed import Output

if TYPE_CHECKING:
    from getvpn_ops.analysis.lists.effective import EffectiveList
    from getvpn_ops.engine.acl.groups import AclViews
    from getvpn_ops.model.fleet import FleetState

app = typer.Typer(
    help="Proofs about access lists: what they do to every packet.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_NO_LOCAL = "--local goes with a file of bare lines or of access lists"
LocalOption = Annotated[
    bool, typer.Option("--local", help="The list of the file is a member's own: its permits drop, its denies pass.")
]
_TARGET = "A GDOI group, a device, a file with access lists, or intent:GROUP; everything if absent."
_LISTS = "FILE, FILE:NAME, DEVICE:NAME, GROUP, intent:GROUP, intent:GROUP:NAME or intent:DEVICE:NAME."


@app.command()
def lint(
    target: Annotated[str, typer.Argument(metavar="[GROUP|DEVICE|FILE|intent:GROUP]", help=_TARGET)] = "",
    *,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    local: LocalOption = False,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The least severity of a failure that ends with exit code 4.")
    ] = FailOn.INFO,
    output: SweepFormOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is wrong with access lists: by themselves, and with what is around them.

    A file may hold bare lines, an access list, a configuration, or what show access-lists or the acl commands of GDOI
    printed. intent:GROUP is the list that the inventory says, with the own lists of its members: no device is asked.
    Exit codes: 0 nothing wrong; 4 findings; 3 something could not be determined; 2 wrong usage.
    """
    must_be_writable(out)
    path = file_of(target) if captures is None else None
    if path is not None and (listed := lists_of_file(path, for_lint=True)) is not None:
        sweep = lint_file(str(path), listed, datetime.now(UTC), local=local)
    elif local:
        raise UsageError(_NO_LOCAL)
    elif (meant_group := intent_in(target)) is not None:
        known = inventory_with_intents(captures, inventory, workspace, lab=lab)
        sweep = lint_intent(known, group_of_intent(known, meant_group), datetime.now(UTC))
    else:
        source, name = (path, "") if path is not None else (captures, target)
        state, origin, notes = _state(source, inventory, workspace, name, lab=lab, quiet=quiet)
        sweep = lint_fleet(state, _views(state, name), origin, notes)
    show_sweep(sweep, output, out)
    raise typer.Exit(exit_code(sweep, None if fail_on is FailOn.NEVER else Severity(fail_on.value)))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_LISTS)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Likewise.")],
    *,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    local: LocalOption = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say which traffic fares otherwise under another list, with an example and the lines that make it so.

    Permits encrypt and denies pass in clear; with --local permits drop. Devices and groups are read from --from, else
    from the devices. An intent is what the inventory says: acl diff WAN intent:WAN proves a change before anything is
    rendered. Exit codes: 0 equivalent; 4 they differ; 3 it could not be determined; 2 wrong usage.
    """
    must_be_writable(out)
    loaded: list[FleetState] = []

    def state() -> FleetState:
        if not loaded:
            loaded.append(_state(captures, inventory, workspace, "", lab=lab, quiet=quiet)[0])
        return loaded[0]

    def listed(text: str) -> EffectiveList:
        meant_by = intent_in(text)
        if meant_by is None:
            return operand(text, state, local=local)
        found = loaded[0].inventory if loaded else inventory_with_intents(captures, inventory, workspace, lab=lab)
        return intended_list(found, meant_by, local=local)

    before, after = listed(old), listed(new)
    known = tuple(item for found in loaded for device in found.inventory.devices.values() for item in device.prefixes)
    compared = Compared(old, new, compare(before, after), known[:64])
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(difference_view(compared), out)
    else:
        write_data(difference_plain(compared), form, out)
    found = compared.difference
    raise typer.Exit(
        ExitCode.GOOD if found.equivalent else ExitCode.FINDINGS if found.shifts else ExitCode.UNDETERMINED
    )


@app.command()
def explain(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help='Such as "tcp 10.1.2.3:40000 -> 10.2.3.4:443".')],
    target: Annotated[str, typer.Argument(metavar="[GROUP|DEVICE|FILE|intent:GROUP]", help=_TARGET)] = "",
    *,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    local: LocalOption = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say which line decides a flow and its answers, for each group and member.

    The flow is whole: no part of it may be any. By intent:GROUP it is decided as the inventory says. Exit codes: 0
    decided; 3 not for all; 2 wrong usage.
    """
    must_be_writable(out)
    asked = parse_flow(flow)
    path = file_of(target) if captures is None else None
    if path is not None and (listed := lists_of_file(path)) is not None:
        decisions = decisions_in_file(asked, target, listed, local=local)
    elif local:
        raise UsageError(_NO_LOCAL)
    elif (meant_group := intent_in(target)) is not None:
        known = inventory_with_intents(captures, inventory, workspace, lab=lab)
        group = group_of_intent(known, meant_group)
        decisions = decisions_of(asked, meant(acl_views(intended_state(known, group, datetime.now(UTC))), group))
    else:
        source, name = (path, "") if path is not None else (captures, target)
        state, _, _ = _state(source, inventory, workspace, name, lab=lab, quiet=quiet)
        decisions = decisions_of(asked, _views(state, name), name)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(decided_view(asked, decisions), out)
    else:
        write_data(decided_plain(asked, decisions), form, out)
    unknown = not decisions or any(item.reason for item in decisions)
    raise typer.Exit(ExitCode.UNDETERMINED if unknown else ExitCode.GOOD)


def _views(state: FleetState, target: str) -> AclViews:
    views = acl_views(state)
    found = meant(views, target)
    if target and not (found.lists or found.groups or found.configs):
        msg = f"there is no group and no device {target!r}{known_names(views, target)}"
        raise UsageError(msg)
    return found


def _state(
    captures: Path | None,
    inventory: Path | None,
    workspace: Path | None,
    target: str,
    *,
    lab: bool,
    quiet: bool,
) -> tuple[FleetState, str, tuple[str, ...]]:
    """What captures hold, or what devices say now; where it comes from, and remarks."""
    if captures is not None:
        state, notes = from_captures(captures, workspace_if_any(workspace, lab=lab), inventory)
        return state, str(captures), notes
    if inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    try:
        opened = open_workspace(workspace, lab=lab)
    except NoWorkspaceError as exc:
        if not target:
            raise
        msg = f"{target!r} is no file here; and for a device or a group {exc}"
        raise UsageError(msg) from exc
    with wired(opened, quiet=quiet) as tools:
        chosen = devices_meant(tools.loaded.inventory, target)
        wish = Wish(chosen, interval=timedelta(0), script=acl_script)
        arguments = {"target": target, "devices": [device.name for device in chosen]}
        root = str(tools.workspace.root)
        run = tools.store.begin_run("acl", tools.clock.now(), arguments=arguments, depth=wish.depth, workspace=root)
        state = tools.collector.collect(run.id, tools.loaded.inventory, wish)
        tools.store.finish_run(run.id, state.ended, int(ExitCode.GOOD), {"devices": len(chosen)})
        return state, "lab" if tools.workspace.is_lab else "devices", tools.loaded.notes
