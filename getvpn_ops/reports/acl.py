"""What two access lists differ in, and which line decides a flow: for a person, and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.reports.console import indented, visible
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from getvpn_ops.analysis.lists.decided import Decided
    from getvpn_ops.analysis.lists.difference import Cause, Difference, Shift
    from getvpn_ops.analysis.lists.effective import Decision, Line
    from getvpn_ops.analysis.packets.sets import Flow, PacketSet
    from getvpn_ops.model.values import Network

_STYLE = {Action.ENCRYPT: "green", Action.CLEAR: "yellow", Action.DROP: "red"}
_CAUSES = 12
_NAMES = 6
_LONG = 200
_NO_LINE = "no line (the end of the list)"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two lists and how they differ.

    Attributes:
        old: what the first is called.
        new: what the second is called.
        difference: packet by packet.
        known: networks that examples are taken from.
    """

    old: str
    new: str
    difference: Difference
    known: tuple[Network, ...] = ()


def difference_plain(compared: Compared) -> dict[str, Any]:
    """A difference as plain data.

    Returns:
        ``schema``, ``old``, ``new``, ``equivalent`` (null if lines without exact meaning keep it from being known and
        nothing certain differs), ``changes`` (each with ``before``, ``after``, ``headers``: how many combinations of
        addresses, protocol and ports, ``example`` and ``lines``), ``stays``: an example of what fares as before, by
        fate, and ``unsure``: an example of what cannot be told, or null.
    """
    found = compared.difference
    stays = {action.value: _example(compared, packets) for action, packets in found.stays.items()}
    return {
        "schema": 1,
        "old": compared.old,
        "new": compared.new,
        "equivalent": found.equivalent if found.shifts or found.is_known else None,
        "changes": [_shift_plain(compared, shift) for shift in found.shifts],
        "stays": stays,
        "unsure": _example(compared, found.unsure),
    }


def _example(compared: Compared, packets: PacketSet) -> str | None:
    return None if packets.is_empty else str(packets.example(compared.known))


def _shift_plain(compared: Compared, shift: Shift) -> dict[str, Any]:
    return {
        "before": shift.before.value,
        "after": shift.after.value,
        "headers": shift.packets.count,
        "example": _example(compared, shift.packets),
        "lines": [
            {
                "before": _line_plain(cause.before),
                "after": _line_plain(cause.after),
                "headers": cause.packets.count,
                "example": _example(compared, cause.packets),
            }
            for cause in shift.causes
        ],
    }


def _line_plain(line: Line | None) -> dict[str, Any] | None:
    return {"place": line.place, "list": line.origin.value, "text": line.ace.text} if line is not None else None


def difference_view(compared: Compared) -> RenderableType:
    """A difference for a person; what is cut says so."""
    return Group(*_difference(compared))


def _difference(compared: Compared) -> Iterator[RenderableType]:
    found = compared.difference
    yield Text(_words(f"{compared.old} -> {compared.new}"), style="bold")
    if found.equivalent:
        yield Text("equivalent: every packet fares as before", style="bold green")
    for shift in found.shifts:
        yield Text()
        yield Text.assemble(
            (f"{shift.before.value} -> ", "bold"), (shift.after.value, f"bold {_STYLE[shift.after]}"),
            (f"  {_number(shift.packets.count)}", "dim"),
        )  # fmt: skip
        for cause in shift.causes[:_CAUSES]:
            yield indented(_cause(compared, cause))
        if len(shift.causes) > _CAUSES:
            more = count(len(shift.causes) - _CAUSES, "more pair of lines")
            yield indented(Text(f"and {more}; -o json tells all", style="dim"))
    if not found.is_known:
        yield Text()
        said = _example(compared, found.unsure)
        yield Text(f"could not be determined: lines without exact meaning may decide {said}", style="bold yellow")
    stays = [(action.value, said) for action, packets in found.stays.items() if (said := _example(compared, packets))]
    if stays and not found.equivalent:
        yield Text("\nas before", style="bold")
        for name, said in stays:
            yield indented(Text(f"{name}: {said}", style="dim"))


def _cause(compared: Compared, cause: Cause) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("such as", Text(_words(str(cause.packets.example(compared.known)))))
    grid.add_row("was", Text(_line(cause.before)))
    grid.add_row("is", Text(_line(cause.after)))
    return grid


def _line(line: Line | None) -> str:
    if line is None:
        return _NO_LINE
    return _words(f"{line.origin.value} line {line.place}: {line.ace.text}")


def _number(headers: int) -> str:
    return count(headers, "header") if headers < 10**6 else f"about 10^{len(str(headers)) - 1} headers"


def _words(text: str) -> str:
    words = visible(" ".join(text.split()))
    return words if len(words) <= _LONG else f"{words[:_LONG]}..."


def decided_plain(flow: Flow, decisions: Sequence[Decided]) -> dict[str, Any]:
    """Decisions as plain data: ``schema``, ``flow`` and ``decisions``."""
    return {
        "schema": 1,
        "flow": str(flow),
        "decisions": [
            {
                "group": item.group,
                "device": item.device,
                "crypto_map": item.crypto_map,
                "behind": list(item.behind),
                "sends": _decision_plain(item.sends),
                "answers": _decision_plain(item.answers),
                "reason": item.reason,
            }
            for item in decisions
        ],
    }


def _decision_plain(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "action": decision.action.value,
        "list": decision.origin.value if decision.origin is not None else None,
        "place": decision.place,
        "line": decision.ace.text if decision.ace is not None else None,
    }


def decided_view(flow: Flow, decisions: Sequence[Decided]) -> RenderableType:
    """Decisions for a person, equal ones together."""
    parts: list[RenderableType] = [Text(str(flow), style="bold")]
    for group in dict.fromkeys(item.group for item in decisions):
        alike: dict[tuple[object, ...], list[Decided]] = {}
        for item in decisions:
            if item.group == group:
                alike.setdefault((item.sends, item.answers, item.behind, item.reason), []).append(item)
        parts += [Text(), *([Text(_words(group), style="bold underline")] if group else [])]
        parts += [indented(_decided(items)) for items in alike.values()]
    return Group(*parts)


def _decided(items: Sequence[Decided]) -> RenderableType:
    first = items[0]
    names = [_who(item) for item in items]
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    behind = f"  ({' and '.join(first.behind)} behind it)" if first.behind else ""
    head = Text.assemble((_words(", ".join(names[:_NAMES]) + more), "bold"), (behind, "dim"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if first.reason:
        grid.add_row("unknown", Text(_words(first.reason), style="yellow"))
    for name, decision in (("sends it", first.sends), ("answers", first.answers)):
        if decision is not None:
            grid.add_row(name, _decision(decision))
    return Group(head, indented(grid))


def _who(item: Decided) -> str:
    if item.crypto_map:
        return f"{item.device} (crypto map {item.crypto_map})"
    return item.device or "list of the key server"


def _decision(decision: Decision) -> Text:
    text = Text(decision.action.value, style=f"bold {_STYLE[decision.action]}")
    if decision.ace is None or decision.origin is None:
        return text.append(f"  by {_NO_LINE}", style="default not bold")
    said = _words(f"{decision.origin.value} line {decision.place}: {decision.ace.text}")
    return text.append(f"  by {said}", style="default not bold")
