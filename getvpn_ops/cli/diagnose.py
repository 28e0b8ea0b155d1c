"""``getvpn-ops diagnose``: from symptoms to the likely causes, in order, with what would prove them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_view
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.diagnose import diagnose, look_again, second_look
from getvpn_ops.engine.health import with_key_servers
from getvpn_ops.engine.questions import diagnosis_script
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.reports.diagnosis import diagnosis_view
from getvpn_ops.reports.parsed import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.diagnosis import Diagnosis
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory


def command(
    target: Annotated[
        str, typer.Argument(metavar="GROUP or DEVICE", help="What is not well; all groups if absent.")
    ] = "",
    *,
    captures: Annotated[
        Path | None, typer.Option("--from", help="Ask no device: read captures from this folder, archive or file.")
    ] = None,
    inventory: Annotated[
        Path | None, typer.Option("--inventory", "-i", help="With --from: the inventory that says what is expected.")
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option("--interval", min=0, max=3600, help="Seconds between two looks at counters; 0 looks once."),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="Let suspicious members send a few pings to key servers and through the tunnel, and say so before.",
        ),
    ] = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Say why a GDOI group or a device is not well: the likely causes in order, each with its evidence.

    Nothing is changed on any device. Of a device its key servers are asked too. Exit codes: 0 no symptom; 4 there are
    symptoms; 3 none, but not everything could be looked at; 2 wrong usage or inventory.
    """
    must_be_writable(out)
    if captures is not None:
        state, _ = from_captures(captures, workspace_if_any(workspace, lab=lab), inventory)
        if probe:
            raise UsageError("--probe asks devices, and --from asks none")
        found = diagnose(state, target)
    elif inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    else:
        with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
            run, state = _ask(tools, target, interval)
            if probe:
                state = _probe(tools, run, state, target)
            found = diagnose(state, target)
            tools.store.finish_run(run, state.ended, int(ending(found)), {"symptoms": _symptoms(found)})
    if not found:
        msg = f"{target or 'what was read'} is in no GDOI group" if target else "no GDOI group is known"
        raise UsageError(msg)
    if form_of(output, out) is Output.TABLE:
        write_view(Group(*(diagnosis_view(item) for item in found)), out)
    else:
        write_data({"schema": 1, "diagnoses": found}, form_of(output, out), out)
    raise typer.Exit(ending(found))


def _ask(tools: Wiring, target: str, interval: float | None) -> tuple[str, FleetState]:
    known = tools.loaded.inventory
    chosen = meant(known, target)
    seconds = tools.workspace.settings.health.interval if interval is None else interval
    wish = Wish(chosen, interval=timedelta(seconds=seconds), script=diagnosis_script)
    run = tools.store.begin_run(
        "diagnose",
        tools.clock.now(),
        arguments={"target": target, "devices": [device.name for device in chosen], "interval_seconds": seconds},
        depth=wish.depth,
        workspace=str(tools.workspace.root),
    )
    return run.id, tools.collector.collect(run.id, known, wish)


def _probe(tools: Wiring, run: str, state: FleetState, target: str) -> FleetState:
    """Ask for pings, each shown before it is sent."""
    commands = second_look(state, target)
    for device, probes in commands.items():
        for line in probes:
            say(f"{device.name}: {line}", "dim")
    fleet = replace(tools.fleet, purpose=Purpose.PROBE)
    return look_again(state, commands, run=run, fleet=fleet, archive=tools.store, progress=tools.collector.progress)


def meant(inventory: Inventory, target: str) -> tuple[Device, ...]:
    """The devices to ask: of a group all of it, of a device the device and its key servers.

    Raises:
        UsageError: the inventory knows neither group nor device of the name.
    """
    if not target:
        return tuple(inventory.devices.values())
    if target in inventory.group_names():
        return tuple(dict.fromkeys([*inventory.key_servers(target), *inventory.members(target)]))
    if target in inventory.devices:
        return with_key_servers(inventory, [inventory.devices[target]])
    msg = f"the inventory {inventory.source} has no group and no device {target!r}"
    raise UsageError(msg)


def ending(found: Sequence[Diagnosis]) -> ExitCode:
    """The exit code of diagnoses."""
    if _symptoms(found):
        return ExitCode.FINDINGS
    looked_at = [item for diagnosis in found for item in diagnosis.looked_at]
    return (
        ExitCode.GOOD
        if looked_at and all(item.commands and not item.blind for item in looked_at)
        else ExitCode.UNDETERMINED
    )


def _symptoms(found: Sequence[Diagnosis]) -> int:
    return sum(len(diagnosis.symptoms) for diagnosis in found)
