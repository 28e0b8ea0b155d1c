"""``intent:GROUP`` on the command line of ``acl``: what the inventory says, without asking a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.cli.acl_operands import file_of
from getvpn_ops.cli.sources import from_captures, workspace_if_any
from getvpn_ops.cli.workspace import open_workspace
from getvpn_ops.devices.inventory import load_folder, load_inventory
from getvpn_ops.errors import NoWorkspaceError, UsageError
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.inventory import Inventory

PREFIX = "intent:"


def intent_in(text: str) -> str | None:
    """What stands behind ``intent:``; None where it does not stand there, or names a file."""
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) and file_of(text) is None else None


def inventory_with_intents(
    captures: Path | None, inventory: Path | None, workspace: Path | None, *, lab: bool
) -> Inventory:
    """The inventory of ``--inventory``, else of the captures, else of the workspace.

    Raises:
        UsageError: there is none.
        MistakesError: it is wrong.
    """
    if inventory is not None:
        return load_folder(inventory).inventory
    if captures is not None:
        return from_captures(captures, workspace_if_any(workspace, lab=lab), None)[0].inventory
    try:
        return load_inventory(open_workspace(workspace, lab=lab)).inventory
    except NoWorkspaceError as exc:
        msg = f"an intent stands in an inventory: name it with --inventory; else {exc}"
        raise UsageError(msg) from exc


def group_of_intent(inventory: Inventory, target: str) -> str:
    """The group that ``intent:`` names.

    Raises:
        UsageError: there is no such group; says which is near.
    """
    names = tuple(inventory.gdoi_groups)
    if target in names:
        return target
    near = nearest(target, names)
    hint = f"; did you mean {PREFIX}{near}?" if near else f"; there are: {', '.join(names) or 'none'}"
    msg = f"{PREFIX}{target}: no file in gdoi_groups/ says what the group {target!r} should be{hint}"
    raise UsageError(msg)
