"""``getvpn-ops inventory``: which devices there are, and whether what is written about them is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from getvpn_ops.cli.output import form_of, say, write_data, write_text, write_view
from getvpn_ops.cli.workspace import (
    FilterOption,
    LabOption,
    LimitOption,
    OutOption,
    OutputOption,
    WorkspaceOption,
    open_workspace,
)
from getvpn_ops.devices.inventory import load_folder, load_inventory, select
from getvpn_ops.devices.inventory.table import read_table
from getvpn_ops.devices.inventory.write import append_hosts, hosts_text
from getvpn_ops.engine.config.intent_doubts import doubts_of
from getvpn_ops.errors import MistakesError, UsageError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.inventory import Listing, devices_csv, devices_table, groups_plain
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.words import count
from getvpn_ops.settings.mistakes import Mistakes, shown

app = typer.Typer(
    name="inventory", help="Which devices there are, and whether what is written about them is right.",
    no_args_is_help=True,
)  # fmt: skip

ListingOption = Annotated[
    Listing | None,
    typer.Option("--output", "-o", case_sensitive=False, help="Format; a table on a terminal, else JSON."),
]


@app.command("check")
def check(
    *,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    output: OutputOption = None,
    out: OutOption = None,
) -> None:
    """Read settings, hosts and GDOI groups, and say everything that is wrong with them at once.

    Each mistake has its file, line, path, value and what was expected. No device is asked. Exit codes: 0 nothing is
    wrong; 2 something is.
    """
    form = form_of(output, out)
    try:
        place = open_workspace(workspace, lab=lab)
        loaded = load_inventory(place)
    except MistakesError as exc:
        if form is not Output.TABLE:
            write_data({"mistakes": list(exc.mistakes), "notes": []}, form, out)
        raise
    inventory = loaded.inventory
    groups = groups_plain(inventory)
    exposed = () if place.is_lab else loaded.password_files  # the lab's passwords last as long as it runs
    notes = [*loaded.notes, *doubts_of(inventory), *(_password_note(path) for path in exposed)]
    if form is not Output.TABLE:
        answer = {"mistakes": [], "notes": notes, "devices": len(inventory.devices), "gdoi_groups": groups}
        write_data(answer, form, out)
    say(f"{inventory.source}: {count(len(inventory.devices), 'device')}, nothing wrong")
    for name, group in groups.items():
        servers = group["key_servers"]
        said = ", ".join(servers) if isinstance(servers, list) else ""
        say(f"  {name}: key servers {said or 'none'}; {group['members']} expected members")
    whole = sum(group["whole"] is True for group in groups.values())
    if groups:
        say(f"  {whole} of {count(len(groups), 'GDOI group')} described whole: what its routers should hold is known")
    for note in notes:
        say(f"note: {note}", "yellow")


def _password_note(path: Path) -> str:
    return f"{shown(path)} holds a password; getvpn-ops.yaml can say where it is kept instead (credentials:)"


@app.command("list")
def list_devices(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    output: ListingOption = None,
    out: OutOption = None,
) -> None:
    """Show the devices that --filter and --limit select; every command that asks devices selects in the same way.

    Exit codes: 0 shown; 2 no device is selected, or the inventory is wrong.
    """
    loaded = load_inventory(open_workspace(workspace, lab=lab))
    devices = select(loaded, filters or (), limits or ())
    if output is Listing.CSV:
        write_text(devices_csv(devices), out)
        return
    form = form_of(None if output is None else Output(output.value), out)
    if form is Output.TABLE:
        write_view(devices_table(devices), out)
        say(f"{len(devices)} of {count(len(loaded.inventory.devices), 'device')}", "dim")
    else:
        write_data([to_plain(item) for item in devices], form, out)


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table of hosts as CSV, with a line of headers.")],
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the new hosts to hosts.yaml.")] = False,
    workspace: WorkspaceOption = None,
    out: OutOption = None,
) -> None:
    """Turn a table of hosts into entries of hosts.yaml; without --write, only show them.

    Columns: name, hostname, role (ks, gm, ce), gdoi_groups, site, model, release, serial, prefixes, gdoi_addresses,
    ring, pilot, manager, port, username, platform, groups; their usual other names are understood, and any other
    column becomes data of its own. Hosts that are in the inventory already stay as they are. Exit codes: 0 done;
    2 something in the table, or in the inventory with it, is wrong.
    """
    place = open_workspace(workspace, lab=False)
    if place.nornir is not None:
        msg = f"the hosts come from {shown(place.nornir)}; only an inventory of hosts.yaml can be added to"
        raise UsageError(msg)
    new, notes = import_hosts(file, place.inventory)
    for note in notes:
        say(note, "yellow")
    hosts_file = place.inventory / "hosts.yaml"
    if not new:
        say(f"nothing new: every host of {shown(file)} is in {shown(hosts_file)}")
    elif write:
        append_hosts(hosts_file, new, f"Imported from {file.name}")
        say(f"{count(len(new), 'host')} written to {shown(hosts_file)}; look: getvpn-ops inventory check")
    else:
        write_text(hosts_text(new), out)
        say(f"{count(len(new), 'host')} for {shown(hosts_file)}; nothing is written yet: add --write")


def import_hosts(file: Path, folder: Path) -> tuple[dict[str, dict[str, object]], list[str]]:
    """The new hosts of a table, right by themselves and within an inventory.

    Args:
        file: the table.
        folder: of the inventory; it need not be there.

    Returns:
        Entries of ``hosts.yaml`` by name, and notes for a person.

    Raises:
        MistakesError: something is wrong; says all of it.
    """
    mistakes = Mistakes()
    table = read_table(file, mistakes)
    notes = [*table.notes, *(_taken(title, column) for title, column in table.columns.items())]
    there = Mistakes().read(folder / "hosts.yaml", needed=False)
    known = there.value if there is not None and isinstance(there.value, dict) else {}
    old = [name for name in table.hosts if name in known]
    if old:
        notes.append(f"in the inventory already, and left as they are: {', '.join(old)}")
    added = {name: found for name, found in table.hosts.items() if name not in old}
    if added:
        load_folder(folder, added, mistakes)
    mistakes.settle(f"{shown(file)} cannot be imported")
    return {name: entry for name, (_, entry) in added.items()}, [note for note in notes if note]


def _taken(title: str, column: str) -> str:
    if column.startswith("data."):
        return f"column {title!r} means nothing to getvpn-ops, and is kept as {column}"
    return "" if title.lower() == column else f"column {title!r} is taken for {column}"
