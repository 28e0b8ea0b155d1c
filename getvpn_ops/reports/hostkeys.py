"""Pinned and scanned host keys -> a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class HostKeyRow:
    """One device and its key.

    Attributes:
        device: name in the inventory; empty for a pinned key of no device.
        address: name in ``known_hosts``, such as ``[10.0.0.1]:2022``.
        algorithm: of the key; empty if there is none.
        fingerprint: ``SHA256:...``.
        state: ``pinned``, ``new``, ``not pinned`` or ``no answer``.
        reason: why there is no key, for a person.
    """

    device: str
    address: str
    algorithm: str = ""
    fingerprint: str = ""
    state: str = "pinned"
    reason: str = ""


def hostkeys_table(rows: Iterable[HostKeyRow]) -> Table:
    """One line a key."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("device", "address", "state", "algorithm", "fingerprint"):
        table.add_column(title, overflow="fold")
    for row in rows:
        words = (row.device, row.address, row.state, row.algorithm, row.fingerprint or row.reason)
        table.add_row(*(Text(word) for word in words))
    return table
