"""Inventories of other kinds, such as NetBox: by Nornir's own configuration file and its plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nornir.core.configuration import Config
from nornir.core.inventory import Defaults, Groups, Hosts, Inventory
from nornir.init_nornir import load_inventory
from pydantic import BaseModel, ConfigDict

from getvpn_ops.devices.inventory.simple import SimpleFiles, read_simple
from getvpn_ops.devices.inventory.source import Origins
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.settings.workspace import at_home

if TYPE_CHECKING:
    from getvpn_ops.settings.mistakes import Mistakes

_SIMPLE = "SimpleInventory"
_FILES = {"host_file": "hosts.yaml", "group_file": "groups.yaml", "defaults_file": "defaults.yaml"}


class _InventorySection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plugin: str | None = None
    options: dict[str, Any] | None = None
    transform_function: str | None = None
    transform_function_options: dict[str, Any] | None = None


class _File(BaseModel):
    """Nornir's other sections (runner, logging, ssh, core) mean nothing here."""

    model_config = ConfigDict(extra="ignore")

    inventory: _InventorySection | None = None
    user_defined: dict[str, Any] | None = None


def read_plugin(path: Path, mistakes: Mistakes) -> tuple[Inventory, Origins]:
    """Read the inventory that a Nornir configuration names; nothing else of it is used, and no log is written.

    Args:
        path: of the file. Paths of a SimpleInventory in it are relative to its folder.
        mistakes: gets what is wrong.

    Returns:
        Nornir's inventory, and where its values come from; empty if something is wrong.
    """
    nothing = Inventory(Hosts(), Groups(), Defaults()), Origins("host", "group", "defaults")
    document = mistakes.read(path)
    if document is None:
        return nothing
    said = mistakes.check(_File, {} if document.value is None else document.value, document)
    if said is None:
        return nothing
    section = said.inventory or _InventorySection()
    config = Config.from_dict(
        inventory=section.model_dump(exclude_none=True),
        logging={"enabled": False},
        user_defined=said.user_defined or {},
    )
    plain = config.inventory
    if plain.plugin == _SIMPLE and not plain.transform_function and set(plain.options) <= set(_FILES):
        places = (path.parent / at_home(Path(str(plain.options.get(key, name)))) for key, name in _FILES.items())
        return read_simple(SimpleFiles(*places), mistakes)
    try:
        return load_inventory(config), Origins("host", "group", "defaults")
    except Exception as exc:  # noqa: BLE001 -- a plugin is anyone's code
        words = f"Nornir's inventory plugin {plain.plugin!r} gave nothing: {type(exc).__name__}: {redact(str(exc))}"
        mistakes.at(document, ("inventory",), words)
        return nothing
