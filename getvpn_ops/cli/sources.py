"""Where a verdict comes from: the devices, a folder of captures, or an earlier run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.cli.output import say
from getvpn_ops.devices.inventory import load_folder, load_inventory
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.collect import read_back
from getvpn_ops.engine.health import judge
from getvpn_ops.errors import NoWorkspaceError, UsageError
from getvpn_ops.model.inventory import Device, Inventory
from getvpn_ops.settings import find_workspace
from getvpn_ops.store.folder import read_folder

if TYPE_CHECKING:
    from getvpn_ops.devices.inventory import LoadedInventory
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.folder import Captured
    from getvpn_ops.store.store import Store

_INVENTORY = "inventory"
_NOTES = 8


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run is compared with.

    Attributes:
        name: id of the run, or the folder.
        state: of then.
        outcomes: of then.
    """

    name: str
    state: FleetState
    outcomes: tuple[Outcome, ...]


def from_captures(
    path: Path, workspace: Workspace | None, inventory: Path | None, redactor: Redactor | None = None
) -> tuple[FleetState, tuple[str, ...]]:
    """The state that captures hold, and remarks on what was left out of it.

    Expectations come from ``inventory``, else from an ``inventory`` folder beside the captures, else from the
    workspace if it knows one of the devices; else there are none.

    Raises:
        UsageError: there is nothing to read.
        MistakesError: the inventory is wrong.
    """
    if not _exists(path):
        msg = f"there is no {path}: --from takes a folder, an archive or a file of captures"
        raise UsageError(msg)
    loaded = _expectations(path, workspace, inventory)
    captured = read_folder(path, (redactor or Redactor()).capture, _known(loaded.inventory) if loaded else {})
    told = {capture.device for capture in captured.captures} | {visit.device for visit in captured.visits}
    if not told:
        msg = f"nothing in {path} could be read as what a router said" + _notes_text(captured)
        raise UsageError(msg)
    if loaded is not None and inventory is None and not told & set(loaded.inventory.devices):
        say(f"none of the devices in {path} is in the inventory {loaded.inventory.source}: judged without", "yellow")
        loaded = None
    known = loaded.inventory if loaded else Inventory()
    selected = [*known.devices.values(), *(Device(name) for name in sorted(told - set(known.devices)))]
    visits = {visit.device: visit for visit in captured.visits}
    state = read_back(captured.captures, visits, known, selected, f"no capture of it in {path}")
    notes = tuple(f"{note.file}{f':{note.line}' if note.line else ''}: {note.reason}" for note in captured.notes)
    return state, notes


def earlier_of(text: str, store: Store | None, inventory: Inventory) -> Earlier:
    """What ``--since`` names: a run of the store, or a path of captures.

    Raises:
        UsageError: it is neither.
    """
    if not text.strip():
        raise UsageError("an empty --since names nothing: write the id of a run, last, last-health, or a folder")
    path = Path(text)
    if _exists(path) and (store is None or path.is_dir() or "/" in text):
        captured = read_folder(path, Redactor().capture, _known(inventory))
        state = _state(captured.captures, captured.visits, inventory)
        return Earlier(str(path), state, judge(state))
    if store is None:
        msg = f"--since {text}: there is no such folder of captures, and no workspace whose store could know a run"
        raise UsageError(msg)
    run = store.find_run(text, finished=True)
    state = _state(tuple(store.captures(run.id)), store.visits(run.id), inventory)
    return Earlier(run.id, state, store.outcomes(run.id) or judge(state))


def workspace_if_any(named: Path | None, *, lab: bool) -> Workspace | None:
    """The workspace, or None where none was named and none is here."""
    if named is not None or lab:
        return find_workspace(named, lab=lab)
    try:
        return find_workspace()
    except NoWorkspaceError:
        return None


def _state(captures: tuple[Capture, ...], visits: tuple[Visit, ...], inventory: Inventory) -> FleetState:
    told = {capture.device for capture in captures} | {visit.device for visit in visits}
    selected = [inventory.devices.get(name, Device(name)) for name in sorted(told)]
    return read_back(captures, {visit.device: visit for visit in visits}, inventory, selected)


def _expectations(path: Path, workspace: Workspace | None, inventory: Path | None) -> LoadedInventory | None:
    if inventory is not None:
        return load_folder(inventory)
    if (path / _INVENTORY / "hosts.yaml").is_file():
        return load_folder(path / _INVENTORY)
    return load_inventory(workspace) if workspace is not None else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long for one
        return False


def _known(inventory: Inventory) -> dict[str, str]:
    """What a device may be called in captures: its name, and its host name and address where no other has them."""
    names = {name.lower(): name for name in inventory.devices}
    called: dict[str, set[str]] = defaultdict(set)
    for device in inventory.devices.values():
        for other in {device.hostname.lower(), device.expected_hostname.lower()} - {""}:
            called[other].add(device.name)
    return {other: next(iter(those)) for other, those in called.items() if len(those) == 1} | names


def _notes_text(captured: Captured) -> str:
    return "".join(f"\n  {note.file}: {note.reason}" for note in captured.notes[:_NOTES])
