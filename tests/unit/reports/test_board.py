"""The board of a run: folded from its journal, drawn into any terminal, and never in the way of the run."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import run_records as runs
from rich.console import Console

from getvpn_ops.cli.board_live import LiveBoard
from getvpn_ops.model.journal import OperatorWord, RunBegun, RunEnded, RunHeld, StateSeen, Word
from getvpn_ops.model.observed import MEMBER_MODES
from getvpn_ops.reports.board import Board, Mark
from getvpn_ops.reports.board_view import board_view
from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.story_table import run_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.journal import Event
    from getvpn_ops.reports.run_record import RunRecord

LATER = runs.BEGUN + timedelta(hours=1)


def board_of(record: RunRecord) -> Board:
    assert record.shown.plan is not None
    board = Board(record.shown.run.id, record.shown.plan)
    for entry in record.entries:
        board.take(entry.at, entry.event)
    return board


def drawn(board: Board, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    with console.capture() as shown:
        console.print(Visible(board_view(board, LATER, width=width, height=height)))
    return shown.get().splitlines()


MARKS: dict[str, tuple[Callable[[], RunRecord], list[Mark], int | None, tuple[int, int]]] = {
    "done": (runs.done, [Mark.DONE, Mark.DONE, Mark.DONE], 0, (5, 5)),
    "held": (runs.held, [Mark.DONE, Mark.HELD, Mark.NEXT], 3, (5, 5)),
    "killed": (runs.killed, [Mark.NOW, Mark.NEXT, Mark.NEXT], None, (0, 5)),
}


@pytest.mark.parametrize("case", MARKS.values(), ids=MARKS)
def test_stages_stand_where_the_journal_says(
    case: tuple[Callable[[], RunRecord], list[Mark], int | None, tuple[int, int]],
) -> None:
    record, marks, ended, typed = case
    board = board_of(record())
    assert [board.mark(row) for row in board.stages] == marks
    assert board.ended == ended
    assert board.typed == typed


def test_roles_and_modes_are_the_last_that_were_seen() -> None:
    board = board_of(runs.done())
    before = dict(board.crowd("WAN"))
    board.take(LATER, StateSeen(MEMBER_MODES, (("WAN new-gm1", "passive"), ("WAN new-gm2", "passive"))))
    assert board.crowd("WAN").get("passive", 0) == before.get("passive", 0) + 2
    assert board.modes_at == LATER
    assert set(board.roles["WAN"]) == {"fal-ks2", "hub-ks1"}


def test_a_hold_ends_when_somebody_goes_on() -> None:
    board = board_of(runs.held())
    assert board.held
    board.take(LATER, RunBegun("apply", "ops@noc2", resumed=True))
    assert (board.held, board.ended) == ("", None)
    board.take(LATER, OperatorWord(Word.HOLD, "ops@noc2", "dinner"))
    assert board.last == (LATER, "ops@noc2 says hold")
    board.take(LATER, RunEnded(0, ""))
    assert board.ended == 0


SIZES = {"usual": (80, 24), "wide": (120, 40), "narrow": (40, 24), "low": (80, 10)}


@pytest.mark.parametrize("case", SIZES.values(), ids=SIZES)
def test_it_fits_the_terminal(case: tuple[int, int]) -> None:
    width, height = case
    board = board_of(runs.held())
    board.take(LATER, RunHeld("006-member-approval", "why " * 100))
    shown = drawn(board, width, height)
    assert max(map(len, shown)) <= width
    assert len(shown) <= max(height, 3 + 9)
    text = "\n".join(shown)
    for words in ("servers", "held: why", "COOP WAN", runs.RUN.id):
        assert words in text


def test_what_a_device_says_cannot_draw() -> None:
    board = board_of(runs.held())
    board.take(LATER, RunHeld("006-member-approval", "\x1b[2J[red]gone[/red]\r\nnext"))
    shown = "\n".join(drawn(board))
    assert "\x1b" not in shown
    assert "[red]gone[/red]" in shown


def test_an_error_ends_the_board_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_of(runs.done())
    live = LiveBoard(board, lambda: LATER)

    def fails(_at: object, _event: Event) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(board, "take", fails)
    assert isinstance(live.view(), Visible)
    live.heard(RunBegun("apply", "ops"))
    assert not isinstance(live.view(), Visible), "nothing is drawn any more"
    live.heard(RunBegun("apply", "ops"))


STORIES: dict[str, tuple[Callable[[], RunRecord], list[str]]] = {
    "done": (runs.done, ["done", "done", "done"]),
    "held": (runs.held, ["done", "held", "to come"]),
    "killed": (runs.killed, ["now", "to come", "to come"]),
}


@pytest.mark.parametrize("case", STORIES.values(), ids=STORIES)
def test_a_run_of_a_playbook_shows_its_stages(case: tuple[Callable[[], RunRecord], list[str]]) -> None:
    record, states = case
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    with console.capture() as shown:
        console.print(run_view(record().shown))
    text = shown.get()
    lines = text[text.index("\nstages") :].splitlines()
    rows = [line.split() for line in lines if line.split()[:1] in (["servers"], ["member"], ["traffic"])]
    for row, state in zip(rows, states, strict=True):
        assert " ".join(row).removeprefix(row[0] + " ").startswith(state), row
    assert "--all shows them" in text
