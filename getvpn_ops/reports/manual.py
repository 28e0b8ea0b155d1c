"""Pages of the manual: what a thing means, how bad it is, and what to do next."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.outcome import Severity
from getvpn_ops.reports.console import indented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from getvpn_ops.dialect.syslog_catalogue import CatalogueEntry
    from getvpn_ops.model.base import FrozenModel
    from getvpn_ops.model.syslog import SyslogMessage
    from getvpn_ops.registry import Spec
    from getvpn_ops.workflow.actions.spec import ActionSpec
    from getvpn_ops.workflow.playbooks.stages import StageAction

_STYLE = {Severity.INFO: "", Severity.MINOR: "yellow", Severity.MAJOR: "red", Severity.CRITICAL: "bold red"}


def syslog_page(entry: CatalogueEntry, message: SyslogMessage | None = None) -> RenderableType:
    """The page of one log message; what a given line of it says stands on top."""
    head = Text(entry.mnemonic, style="bold")
    head.append(f"  {entry.severity.value}", style=_STYLE[entry.severity])
    head.append(f"  on {entry.role.value}", style="dim")
    if entry.hostile:
        head.append("  may be an attack", style="bold red")
    parts: list[RenderableType] = [head, Text(""), indented(Text(entry.meaning))]
    if message is not None and (message.group or message.addresses):
        said = [f"group {message.group}"] if message.group else []
        said += [str(address) for address in message.addresses]
        parts.append(indented(Text(f"this line names {', '.join(said)}", style="cyan")))
    parts.append(Text("\nlook at next", style="bold"))
    parts.extend(indented(Text(f"{place}. {step}")) for place, step in enumerate(entry.next_steps, 1))
    tail = f"\nrests on: {entry.source.value}"
    if entry.spellings:
        tail += f"; also spelt {', '.join(entry.spellings)}"
    parts.append(Text(tail, style="dim"))
    return Group(*parts)


def syslog_list(entries: Iterable[CatalogueEntry]) -> RenderableType:
    """Every log message that has a page."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("message", "on", "severity", ""):
        table.add_column(name, no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for entry in entries:
        table.add_row(
            Text(entry.mnemonic),
            entry.role.value,
            Text(entry.severity.value, style=_STYLE[entry.severity]),
            Text("attack?" if entry.hostile else "", style="bold red"),
            Text(entry.meaning),
        )
    return table


def spec_plain(spec: Spec[Any, Any], kind: str) -> dict[str, Any]:
    """The page of a check as plain data.

    Returns:
        ``kind`` (``group check``, ...), ``id``, ``title``, ``severity``, ``tags``, ``doc`` and ``params``: one a
        parameter with ``name``, ``default`` and ``about``.
    """
    return {
        "kind": kind,
        "id": spec.id,
        "title": spec.title,
        "severity": spec.severity.value,
        "tags": sorted(spec.tags),
        "doc": _typeset(inspect.cleandoc(spec.doc)),
        "params": _params(spec.params),
    }


def action_plain(action: ActionSpec[Any]) -> dict[str, Any]:
    """The page of an action as plain data: as ``spec_plain``, without a severity."""
    return {
        "kind": "action",
        "id": action.id,
        "title": action.title,
        "tags": sorted(action.tags),
        "doc": _typeset(action.doc),
        "params": _params(action.params),
    }


def stage_plain(action: StageAction[Any]) -> dict[str, Any]:
    """The page of an action of stages as plain data: as ``action_plain``, and ``types``: whether it types anything."""
    return {
        "kind": "stage action",
        "id": action.id,
        "title": action.title,
        "types": action.types,
        "doc": _typeset(action.about),
        "params": _params(action.params),
    }


def _params(model: type[FrozenModel]) -> list[dict[str, Any]]:
    defaults = model.model_construct().model_dump(mode="json")
    about = _about(inspect.getdoc(model) or "")
    return [
        {
            "name": name,
            "default": defaults.get(name),
            "about": _typeset(field.description or about.get(name, "")),
        }
        for name, field in model.model_fields.items()
    ]


def _typeset(doc: str) -> str:
    """What is code in a docstring, as people write it."""
    return doc.replace("``", "`")


def _about(doc: str) -> dict[str, str]:
    """The ``Attributes:`` of a docstring, each on one line."""
    found: dict[str, str] = {}
    name = ""
    for line in doc.partition("Attributes:\n")[2].splitlines():
        depth = len(line) - len(line.lstrip())
        if depth == _INDENT:
            name, _, found_text = line.strip().partition(": ")
            found[name] = found_text
        elif depth > _INDENT and name:
            found[name] += f" {line.strip()}"
    return found


_INDENT = 4  # of an entry of ``Attributes:``


def spec_page(spec: Spec[Any, Any], kind: str) -> RenderableType:
    """The page of one check: what holds when all is well, why it matters, and what can be set."""
    head = Text(spec.id, style="bold")
    head.append(f"  {spec.severity.value}", style=_STYLE[spec.severity])
    head.append(f"  {kind}", style="dim")
    return _page(head, spec_plain(spec, kind))


def action_page(action: ActionSpec[Any]) -> RenderableType:
    """The page of one action: why it is done, what it costs, the way back, and what can be set."""
    head = Text(action.id, style="bold")
    head.append("  action", style="dim")
    return _page(head, action_plain(action))


def stage_page(action: StageAction[Any]) -> RenderableType:
    """The page of one action of stages: what it does, what it rests on, and what can be set."""
    head = Text(action.id, style="bold")
    head.append("  stage of a playbook", style="dim")
    head.append("" if action.types else "  types nothing", style="dim")
    return _page(head, stage_plain(action))


def _page(head: Text, plain: dict[str, Any]) -> RenderableType:
    parts: list[RenderableType] = [head, Text(""), indented(Text(plain["title"], style="bold")), Text("")]
    for paragraph in plain["doc"].split("\n\n"):
        parts += [indented(Text(" ".join(paragraph.split()))), Text("")]
    if plain["params"]:
        parts.append(Text("parameters", style="bold"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="cyan", no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for param in plain["params"]:
            grid.add_row(Text(param["name"]), Text(str(param["default"])), Text(param["about"]))
        parts += [indented(grid), Text("")]
    if "tags" in plain:
        parts.append(Text(f"tags: {', '.join(plain['tags']) or 'none'}", style="dim"))
    return Group(*parts)


def action_list(
    actions: Iterable[ActionSpec[Any]] | Iterable[StageAction[Any]], heading: str = "action"
) -> RenderableType:
    """Every action.

    Args:
        actions: of one kind.
        heading: what that kind is called.
    """
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(heading, no_wrap=True)
    table.add_column("does", overflow="fold")
    for action in actions:
        table.add_row(Text(action.id), Text(action.title))
    return table


def spec_list(specs: Iterable[tuple[Spec[Any, Any], str]]) -> RenderableType:
    """Every check that has a page, with what kind it is."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("check", "of", "severity"):
        table.add_column(name, no_wrap=True)
    table.add_column("holds when all is well", overflow="fold")
    for spec, kind in specs:
        severity = Text(spec.severity.value, style=_STYLE[spec.severity])
        table.add_row(Text(spec.id), Text(kind.removesuffix(" check")), severity, Text(spec.title))
    return table
