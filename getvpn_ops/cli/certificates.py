"""``getvpn-ops certificates``: how long certificates are valid yet, who renews them, and how far enrolments are."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.output import form_of, must_be_writable, write_data, write_view
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.sweeps import FromOption, InventoryOption, QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import (
    FilterOption,
    LabOption,
    LimitOption,
    OutOption,
    OutputOption,
    WorkspaceOption,
    open_workspace,
)
from getvpn_ops.devices.inventory import select
from getvpn_ops.engine.certificates import certificate_rows, exit_code
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.questions import certificate_script
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.reports.certificates import certificates_plain, certificates_view
from getvpn_ops.reports.parsed import Output

if TYPE_CHECKING:
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.certificates import CertificateRow

KIND = "certificates"
_DAYS = 30


def command(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    days: Annotated[
        int, typer.Option("--days", min=0, help="Days that must be left, unless the router renews by itself.")
    ] = _DAYS,
    captures: FromOption = None,
    inventory: InventoryOption = None,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """List certificates with their days left, their renewal, and the state of their enrolment.

    Devices are only asked, and each is judged by its own clock. Exit codes: 0 all are valid; 4 one ended, ends soon, is
    not valid yet, or is waited for; 3 a device could not say; 2 wrong usage or inventory.
    """
    must_be_writable(out)
    if captures is not None:
        if filters or limits:
            raise UsageError("--from tells of all that the captures hold: leave --filter and --limit away")
        state, _ = from_captures(captures, workspace_if_any(workspace, lab=lab), inventory)
        run, rows = "", certificate_rows(state, days)
        ending = exit_code(rows)
    elif inventory is not None:
        raise UsageError("--inventory goes with --from; for devices the workspace names the inventory")
    else:
        with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
            run, rows, ending = _asked(tools, (filters, limits), days)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(certificates_view(rows), out)
    else:
        write_data(certificates_plain(rows, run, int(ending)), form, out)
    raise typer.Exit(ending)


def _asked(
    tools: Wiring, chosen: tuple[list[str] | None, list[str] | None], days: int
) -> tuple[str, tuple[CertificateRow, ...], ExitCode]:
    """Ask the devices, as a run of its own."""
    devices = select(tools.loaded, chosen[0] or (), chosen[1] or ())
    arguments = {"devices": [device.name for device in devices], "days": days}
    root = str(tools.workspace.root)
    run = tools.store.begin_run(KIND, tools.clock.now(), arguments=arguments, workspace=root)
    wish = Wish(devices, interval=timedelta(0), script=certificate_script)
    state = tools.collector.collect(run.id, tools.loaded.inventory, wish)
    rows = certificate_rows(state, days)
    ending = ExitCode.INTERRUPTED if tools.halt.draining else exit_code(rows)
    summary = dict(Counter(row.standing.value for row in rows))
    tools.store.finish_run(run.id, state.ended, int(ending), summary)
    keep = tools.workspace.settings.retention
    tools.store.prune(tools.clock.now(), keep=keep.runs, days=keep.days)
    return run.id, rows, ending
