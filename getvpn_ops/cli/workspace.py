"""Options that commands on a workspace share, and the workspace they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.devices.inventory import FILTER_HELP, LIMIT_HELP
from getvpn_ops.reports.parsed import Output
from getvpn_ops.settings import find_kept, find_workspace

if TYPE_CHECKING:
    from getvpn_ops.settings import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="GETVPN_OPS_WORKSPACE",
        help="Folder with getvpn-ops.yaml; if absent, the current one or the nearest above it that has one.",
    ),
]
LabOption = Annotated[
    bool,
    typer.Option(
        "--lab",
        envvar="GETVPN_OPS_LAB",
        help="Work on the lab that runs in the workspace, and keep the results apart from those of the real devices.",
    ),
]
FilterOption = Annotated[list[str] | None, typer.Option("--filter", "-f", help=FILTER_HELP)]
LimitOption = Annotated[list[str] | None, typer.Option("--limit", "-l", help=LIMIT_HELP)]
OutputOption = Annotated[
    Output | None,
    typer.Option("--output", "-o", case_sensitive=False, help="Format; a table on a terminal, else JSON."),
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write to this file (mode 0600) instead of stdout.")]


def open_workspace(named: Path | None, *, lab: bool) -> Workspace:
    """The workspace that ``--workspace`` and ``--lab`` mean.

    Raises:
        UsageError: there is none; says what to do.
        MistakesError: its settings are wrong.
    """
    return find_workspace(named, lab=lab)


def open_kept(named: Path | None, *, lab: bool) -> Workspace:
    """The same for a command that only reads what is kept: it needs no lab that runs.

    Raises:
        UsageError: there is none; says what to do.
        MistakesError: its settings are wrong.
    """
    return find_kept(named, lab=lab)
