"""``getvpn-ops hostkeys``: which keys the devices must show before anything is sent to them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_view
from getvpn_ops.cli.workspace import (
    FilterOption,
    LabOption,
    LimitOption,
    OutOption,
    OutputOption,
    WorkspaceOption,
    open_workspace,
)
from getvpn_ops.devices.hostkey_scan import scan_many
from getvpn_ops.devices.hostkeys import SSH_PORT, HostKey, KnownHosts, host_name
from getvpn_ops.devices.inventory import Access, load_inventory, select
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.hostkeys import HostKeyRow, hostkeys_table
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.words import count
from getvpn_ops.settings.mistakes import shown

if TYPE_CHECKING:
    from getvpn_ops.settings import Workspace

app = typer.Typer(
    name="hostkeys", help="Which keys the devices must show before anything is sent to them.", no_args_is_help=True
)

_COMPARE = "compare with the devices' own, such as on the console: show crypto key mypubkey rsa"


@app.command("pin")
def pin(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Devices; all, if none is named.")] = None,
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    known_hosts: Annotated[
        Path | None,
        typer.Option("--from", help="Take the keys from this known_hosts file, and ask no device for its key."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Pin without asking: whoever answers now is trusted from now on.")
    ] = False,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    output: OutputOption = None,
    out: OutOption = None,
) -> None:
    """Show the host keys of devices that have none pinned, and pin them once you have said yes.

    No one logs in. A key that is pinned already stays: see hostkeys rotate. Exit codes: 0 every device named has a
    pinned key; 2 nothing was confirmed, or the inventory is wrong; 3 some device gave no key.
    """
    must_be_writable(out)
    place = open_workspace(workspace, lab=lab)
    chosen = _chosen(place, filters, [*(limits or ()), *(names or ())])
    pinned = _known(place)
    missing = {name: access for name, access in chosen.items() if not pinned.find(access.hostname, access.port)}
    if len(missing) < len(chosen):
        say(f"pinned already: {len(chosen) - len(missing)} of {count(len(chosen), 'device')}", "dim")
    found = _from_file(missing, known_hosts) if known_hosts else scan_many(missing, place.settings.ssh)
    keys = {name: key for name, key in found.items() if isinstance(key, HostKey)}
    rows = [_row(name, missing[name], found[name]) for name in missing]
    form = form_of(output, out)
    if rows and form is Output.TABLE:
        write_view(hostkeys_table(rows), out)
    if keys:
        _confirm(keys, form, rows, yes=yes, trusted=known_hosts is not None)
        for name, key in keys.items():
            _pin(pinned, missing[name], key, name)
    if form is not Output.TABLE:
        done = [HostKeyRow(*(item.device, item.address, item.algorithm, item.fingerprint), state="pinned")
                if item.device in keys else item for item in rows]  # fmt: skip
        write_data([to_plain(item) for item in done], form, out)
    if keys:
        say(f"{count(len(keys), 'key')} pinned in {shown(pinned.path)}")
    for name, error in found.items():
        if isinstance(error, SessionError):
            say(f"{name}: {error.reason}", "yellow")
    if len(keys) < len(missing):
        raise typer.Exit(ExitCode.UNDETERMINED)


def _confirm(
    keys: Mapping[str, HostKey], form: Output, rows: Iterable[HostKeyRow], *, yes: bool, trusted: bool
) -> None:
    if yes:
        return
    if form is not Output.TABLE:
        for row in rows:
            if row.fingerprint:
                say(f"{row.device}  {row.address}  {row.algorithm}  {row.fingerprint}")
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("there is nobody to ask: compare the fingerprints, then add --yes")
    if not trusted:
        say(_COMPARE)
    if not typer.confirm(f"Pin {count(len(keys), 'key')}?", default=False, err=True):
        raise UsageError("nothing is pinned")


@app.command("list")
def list_keys(
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    output: OutputOption = None,
    out: OutOption = None,
) -> None:
    """Show the pinned keys of the devices, and which devices have none.

    Exit codes: 0 shown; 2 no device is selected, or the inventory is wrong.
    """
    place = open_workspace(workspace, lab=lab)
    chosen = _chosen(place, filters, limits or ())
    pinned = _known(place)
    rows = []
    for name, access in chosen.items():
        address = host_name(access.hostname, access.port)
        keys = pinned.find(access.hostname, access.port)
        rows += [HostKeyRow(name, address, key.algorithm, key.fingerprint) for key in keys]
        if not keys:
            rows.append(HostKeyRow(name, address, state="not pinned"))
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(hostkeys_table(rows), out)
    else:
        write_data([to_plain(row) for row in rows], form, out)
    without = sum(row.state == "not pinned" for row in rows)
    if without:
        say(f"{count(without, 'device')} without a pinned key: getvpn-ops hostkeys pin", "yellow")


@app.command("rotate")
def rotate(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The device whose key has changed.")],
    *,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="The new key's, from the device itself; if it is that, nothing is asked."),
    ] = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Accept another host key from a device: old and new fingerprint are shown, and its name must be typed.

    Exit codes: 0 the key is the pinned one now; 2 it was not confirmed; 3 the device gave no key; 4 its key is not the
    one of --fingerprint.
    """
    place = open_workspace(workspace, lab=lab)
    loaded = load_inventory(place)
    if name not in loaded.access:
        likely = [item.name for item in select(loaded, (), [name])]
        msg = f"name one device: {', '.join(likely)}"
        raise UsageError(msg)
    access, pinned = loaded.access[name], _known(place)
    old = pinned.find(access.hostname, access.port)
    found = scan_many({name: access}, place.settings.ssh)[name]
    if isinstance(found, SessionError):
        raise found
    say(f"{name} at {host_name(access.hostname, access.port)}")
    for key in old:
        say(f"  pinned: {key.algorithm} {key.fingerprint}")
    say(f"  shown:  {found.algorithm} {found.fingerprint}")
    if found in old:
        say("this key is pinned already; nothing has changed")
        return
    if fingerprint is not None:
        if fingerprint.strip() != found.fingerprint:
            say(f"{name} shows another key than --fingerprint says; nothing is changed", "bold red")
            raise typer.Exit(ExitCode.FINDINGS)
    elif sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("there is nobody to ask: say the new key with --fingerprint SHA256:...")
    else:
        say(_COMPARE)
        if typer.prompt(f"Type {name} to trust the new key", default="", show_default=False, err=True) != name:
            raise UsageError("not confirmed; nothing is changed")
    _pin(pinned, access, found, name)
    say(f"pinned in {shown(pinned.path)}")


def _chosen(place: Workspace, filters: Iterable[str] | None, limits: Iterable[str]) -> dict[str, Access]:
    loaded = load_inventory(place)
    return {item.name: loaded.access[item.name] for item in select(loaded, filters or (), limits)}


def _known(place: Workspace) -> KnownHosts:
    place.prepare()
    return KnownHosts(place.known_hosts)


def _from_file(devices: Mapping[str, Access], path: Path) -> dict[str, HostKey | SessionError]:
    """Keys of a ``known_hosts`` that someone trusts: by address, else by the device's name."""
    if not path.is_file():
        msg = f"there is no file {shown(path)}"
        raise UsageError(msg)
    source = KnownHosts(path)
    found: dict[str, HostKey | SessionError] = {}
    for name, access in devices.items():
        named = ((access.hostname, access.port), (name, access.port), (name, SSH_PORT))
        host, port = next((item for item in named if source.find(*item)), named[0])
        keys = [key for key in source.find(host, port) if not source.is_revoked(host, port, key)]
        found[name] = (
            keys[0]
            if len(keys) == 1
            else SessionError(Trouble.HOST_KEY_UNKNOWN, f"{shown(path)} has {count(len(keys), 'key')} for it, not one")
        )
    return found


def _row(name: str, access: Access, found: HostKey | SessionError) -> HostKeyRow:
    address = host_name(access.hostname, access.port)
    if isinstance(found, SessionError):
        return HostKeyRow(name, address, state="no key", reason=found.reason)
    return HostKeyRow(name, address, found.algorithm, found.fingerprint, state="new")


def _pin(known: KnownHosts, access: Access, key: HostKey, name: str) -> None:
    try:
        known.pin(access.hostname, access.port, key, name)
    except OSError as exc:
        msg = f"cannot write {shown(known.path)}: {exc.strerror}"
        raise UsageError(msg) from exc
