"""Devices of an inventory -> a table for people, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from getvpn_ops.model.inventory import Device
from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.sweep_csv import cell
from getvpn_ops.reports.words import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.model.inventory import Inventory

_FLAGS = ("pilot", "idle", "manager")


class Listing(StrEnum):
    """Formats of a list of devices."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"


def devices_table(devices: Sequence[Device]) -> Table:
    """What tells devices apart; columns in which nothing stands are left out."""
    columns = {
        "name": [item.name for item in devices],
        "address": [f"{item.hostname}{'' if item.port == 22 else f':{item.port}'}" for item in devices],  # noqa: PLR2004
        "role": [in_words(item.role) for item in devices],
        "GDOI groups": [", ".join(item.gdoi_groups) for item in devices],
        "site": [item.site for item in devices],
        "ring": [in_words(item.ring) for item in devices],
        "model": [item.model for item in devices],
        "release": [item.release for item in devices],
        "marks": [", ".join(flag for flag in _FLAGS if getattr(item, flag)) for item in devices],
    }
    kept = {title: cells for title, cells in columns.items() if any(cells)}
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for title in kept:
        table.add_column(title, overflow="fold")
    for row in zip(*kept.values(), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def devices_csv(devices: Iterable[Device]) -> str:
    """One line a device, with the headers that ``inventory import`` reads; a list is separated by blanks.

    What a device has otherwise than others of its group is no cell, and is left out.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [key for key, value in to_plain(Device("")).items() if not isinstance(value, dict)]
    writer.writerow([key if key != "host_groups" else "groups" for key in columns])
    for item in devices:
        plain = to_plain(item)
        writer.writerow([_cell(plain[key]) for key in columns])
    return out.getvalue()


def _cell(value: object) -> str:
    return cell(" ".join(str(item) for item in value) if isinstance(value, list) else in_words(value))


def groups_plain(inventory: Inventory) -> dict[str, dict[str, object]]:
    """Of each GDOI group its key servers, how many members are expected, and how much its file says.

    ``intent`` is whether there is a file; ``whole``, whether it says enough to render configurations.
    """
    return {
        name: {
            "key_servers": [item.name for item in inventory.key_servers(name)],
            "members": len(inventory.members(name)),
            "intent": name in inventory.gdoi_groups,
            "whole": name in inventory.gdoi_groups and inventory.gdoi_groups[name].policies is not None,
        }
        for name in inventory.group_names()
    }
