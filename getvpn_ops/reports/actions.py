"""The catalogue of actions as a list; ``explain ID`` has the page of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.workflow.actions.spec import ActionSpec

SCHEMA = 1


def actions_view(specs: Iterable[ActionSpec[Any]]) -> Table:
    """Every action with its parameters; those that have no default stand in capitals."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("action", no_wrap=True)
    table.add_column("what it does", overflow="fold")
    table.add_column("--set", overflow="fold")
    for spec in specs:
        fields = spec.params.model_fields.items()
        wanted = [name.upper() if item.is_required() else name for name, item in fields]
        table.add_row(Text(spec.id), Text(spec.title), Text(", ".join(wanted), style="dim"))
    return table


def actions_plain(specs: Iterable[ActionSpec[Any]]) -> dict[str, Any]:
    """Every action as plain data: ``schema``, ``kind``, and ``actions``."""
    return {
        "schema": SCHEMA,
        "kind": "actions",
        "actions": [
            {
                "id": spec.id,
                "title": spec.title,
                "tags": list(spec.tags),
                "parameters": [
                    {
                        "name": name,
                        "required": item.is_required(),
                        "default": None if item.is_required() else str(item.default),
                        "description": item.description or "",
                    }
                    for name, item in spec.params.model_fields.items()
                ],
            }
            for spec in specs
        ],
    }
