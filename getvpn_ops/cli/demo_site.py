"""The workspace of the demonstration: the worked example's intents, and keys that were drawn for it alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from getvpn_ops.cli.skeleton import GITIGNORE
from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import UsageError
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.resources import data_dir
from getvpn_ops.settings.mistakes import shown
from getvpn_ops.settings.workspace import FILE

_MARK = "# made by getvpn-ops demo: it may be deleted\n"
_SETTINGS = f"""{_MARK}schema: 1
secrets: [{{from: file, path: "keys/{{name}}"}}]
health: {{interval: 5}}
"""
_KEY_BYTES = 18


def prepare(root: Path, inventory: Path | None = None) -> None:
    """Make the workspace, or take up that of an earlier demonstration: settings, and a key for each named secret.

    Args:
        root: the folder; one that somebody else made is left alone.
        inventory: whose intents are played; None is the worked example.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    try:
        if root.exists() and any(root.iterdir()) and not _is_ours(root):
            msg = f"{shown(root)} is not empty, and no demonstration made it: name another folder with --workspace"
            raise UsageError(msg)
        root.mkdir(parents=True, exist_ok=True)
        (root / FILE).write_text(_SETTINGS, encoding="utf-8")
        (root / ".gitignore").write_text(f"{GITIGNORE}keys/\n", encoding="utf-8")
        for name in _names(inventory or data_dir("inventory")):
            _key(root / "keys" / name)
    except OSError as exc:
        msg = f"cannot write into {shown(root)}: {exc.strerror or exc}"
        raise UsageError(msg) from exc


def _is_ours(root: Path) -> bool:
    file = root / FILE
    return file.is_file() and file.read_text(encoding="utf-8", errors="replace").startswith(_MARK)


def _names(folder: Path) -> list[str]:
    """Names of secrets that the intents ask for, found by rendering them all."""
    inventory = load_folder(folder).inventory
    asked: dict[str, None] = {}

    def resolve(name: str) -> None:
        asked[name] = None

    intents = Intents(inventory, Secrets(resolve))
    for device in inventory.devices.values():
        if device.gdoi_groups:
            intents.of(device.name)
    return list(asked)


def _key(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(secrets.token_hex(_KEY_BYTES))
