"""The catalogue of actions as a list; ``explain ID`` has the page of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from getvpn_ops.reports.console import indented
from getvpn_ops.reports.manual import action_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from getvpn_ops.workflow.actions.spec import ActionSpec

SCHEMA = 1


def actions_view(specs: Iterable[ActionSpec[Any]]) -> RenderableType:
    """Every action with what ``--set`` takes; of each, what it is when it is not set."""
    return Group(
        *(part for spec in specs for part in _action(spec)),
        Text(),
        Text("a parameter is given by --set NAME=VALUE; getvpn-ops explain ACTION says what one does and costs"),
    )


def _action(spec: ActionSpec[Any]) -> Iterator[RenderableType]:
    yield Text.assemble((spec.id, "bold"), f"  {spec.title}")
    for item in action_plain(spec)["params"]:
        value = "" if item["default"] in {"", None} else f"={str(item['default']).lower()}"
        yield indented(Text.assemble((f"{item['name']}{value}", "cyan"), f"  {item['about']}"), 4)


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
                        "name": item["name"],
                        "required": spec.params.model_fields[item["name"]].is_required(),
                        "default": None if item["default"] is None else str(item["default"]),
                        "description": item["about"],
                    }
                    for item in action_plain(spec)["params"]
                ],
            }
            for spec in specs
        ],
    }
