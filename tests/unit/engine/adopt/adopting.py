"""Adoption of a folder of captures, as the command does it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.cli.sources import from_captures
from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.adopt import Adoption, adopt, files_of, routers_of
from getvpn_ops.engine.adopt.told import Remarks
from getvpn_ops.settings.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.inventory import Inventory

DATA = Path(__file__).parent / "data"
EXAMPLE = Path(__file__).parents[4] / "inventory"


def adopted(captures: Path, inventory: Path | None = None) -> Adoption:
    """Adopt what a folder holds."""
    state, _ = from_captures(captures, None, inventory)
    remarks = Remarks()
    return adopt(routers_of(state, remarks), state.inventory, remarks)


def adopted_texts(folder: Path, texts: Mapping[str, str], inventory: Path | None = None) -> Adoption:
    """Adopt configurations given as text, by device."""
    place = folder / "captures"
    place.mkdir()
    for name, text in texts.items():
        (place / f"{name}.cfg").write_text(text, encoding="utf-8")
    return adopted(place, inventory)


def loaded(adoption: Adoption, folder: Path, inventory: Path | None = None) -> Inventory:
    """The files of an adoption, with the hosts of an inventory, written and read back."""
    document = None if inventory is None else Mistakes().read(inventory / "hosts.yaml")
    for name, text in files_of(adoption, None if document is None else document.value).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_folder(folder).inventory


def told(adoption: Adoption) -> set[tuple[str, str, str]]:
    """Kind, subject and text of the remarks, without what is said of releases."""
    return {(str(item.kind), item.subject, item.text) for item in adoption.remarks if item.text != "release"}
