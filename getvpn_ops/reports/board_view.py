"""The board on a terminal: what fits into its height, the current stage in the middle."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.reports.board import Mark
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.console import RenderableType

    from getvpn_ops.reports.board import Board, StageRow

_SIGNS = {
    Mark.DONE: ("✔", "green"),
    Mark.NOW: ("▶", "bold cyan"),
    Mark.HELD: ("■", "bold yellow"),
    Mark.NEXT: ("·", "dim"),
}
_FIXED = 9
"""Lines beside the stages."""
_LEAST = 3
_SERVERS = 5
_NARROW = 60


def board_view(board: Board, now: datetime, *, width: int = 80, height: int = 24, busy: str = "") -> RenderableType:
    """A run on a terminal.

    Args:
        board: of it.
        now: this moment, by the clock of the devices.
        width: columns.
        height: lines that there are; what is less important falls away.
        busy: what is under way with devices, in one line.
    """
    parts: list[Text] = [_head(board, now)]
    lines = [line for line in (*_groups(board, now), *_said(board, now, busy)) if line.plain]
    rows = _window(board, max(_LEAST, height - _FIXED))
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(justify="right", no_wrap=True)
    if width >= _NARROW:
        table.add_column(justify="right", no_wrap=True)
    for at, row in rows:
        mark = board.mark(row)
        sign, style = _SIGNS[mark]
        cells = [Text(sign, style), Text(visible(f"{at:>2} {row.stage.id}"), style), Text(_steps(row, mark), style)]
        if width >= _NARROW:
            cells.append(Text(_time(board, row, mark, now), "dim" if mark is Mark.NEXT else style))
        table.add_row(*cells)
    for line in (*parts, *lines):
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*parts, table, *lines)


def _head(board: Board, now: datetime) -> Text:
    done, total = board.typed
    since = f", {_short(now - board.began)} so far" if board.began is not None else ""
    return Text.assemble(
        (f"run {board.run}", "bold"),
        f"  {done} of {count(total, 'change')} proven{since}, {now:%H:%M:%S} UTC",
    )


def _window(board: Board, most: int) -> list[tuple[int, StageRow]]:
    """Stages around the current one."""
    rows = list(enumerate(board.stages, 1))
    current = board.current
    at = next((number for number, row in rows if row is current), len(rows))
    begin = max(0, min(at - 1 - most // 2, len(rows) - most))
    return rows[begin : begin + most]


def _steps(row: StageRow, mark: Mark) -> str:
    if mark is Mark.NEXT:
        return count(len(row.steps), "step")
    ring = (
        f"ring {row.rings[0]} of {row.rings[1]}, "
        if row.rings[1] > 1 and row.rings[0] and mark is not Mark.DONE
        else ""
    )
    return f"{ring}{len(row.proven)} of {count(len(row.steps), 'step')}"


def _time(board: Board, row: StageRow, mark: Mark, now: datetime) -> str:
    planned = row.stage.time
    usual = f"about {_short(timedelta(seconds=planned.usual))}" if planned is not None else ""
    if mark is Mark.NEXT:
        return usual
    took = board.spent(row, now)
    spent = _short(took) if took is not None else ""
    return spent if mark is Mark.DONE or not usual else f"{spent} of {usual}"


def _groups(board: Board, now: datetime) -> Iterator[Text]:
    """Roles and modes, each with its age."""
    for group, servers in board.roles.items():
        told = [f"{name} {what}" for name, (_, what) in list(servers.items())[:_SERVERS]]
        age = now - max(at for at, _ in servers.values())
        yield Text(visible(f"COOP {group}: {', '.join(told)} ({_age(age)})"))
    for group in board.modes:
        told = [f"{number} {what}" for what, number in board.crowd(group).items()]
        seen = f" ({_age(now - board.modes_at)})" if board.modes_at is not None else ""
        yield Text(visible(f"members {group}: {', '.join(told)}{seen}"))


def _said(board: Board, now: datetime, busy: str) -> Iterator[Text]:
    passed, gates = board.gates
    if gates:
        yield Text(f"gates: {passed} of {gates} open; {count(board.plan.budget, 'member')} may fail")
    if board.gate is not None:
        at, told = board.gate
        yield Text(visible(f"last gate: {told} ({_age(now - at)})"), "green")
    if board.held:
        yield Text(visible(f"held: {board.held}"), "bold yellow")
    elif (step := board.awaited) is not None:
        yield Text(visible(f"now: {step.device + ': ' if step.device else ''}{step.title}"), "bold")
    if busy:
        yield Text(visible(busy), "dim")
    elif board.last is not None:
        at, told = board.last
        yield Text(visible(f"{at:%H:%M:%S} {told}"), "dim")


def _age(age: timedelta) -> str:
    return f"{_short(age)} ago" if age >= timedelta(seconds=1) else "now"


def _short(length: timedelta) -> str:
    return span(timedelta(seconds=max(0, round(length.total_seconds()))))
