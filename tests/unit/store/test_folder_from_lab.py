"""Two terminal logs of routers of the lab, as a person at a terminal leaves them, and nothing else, give the state."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from screens import Screen

from getvpn_ops.errors import ParseFailure
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.index import resolve_or_raise
from getvpn_ops.store.folder import read_folder
from getvpn_ops.store.folder.names import full

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.capture import Capture

TYPED = {
    "lds-ks1": (
        "sh clock", "sh cry gdoi ks mem", "show crypto gdoi ks coop", "sh cry gdoi ks pol", "sh run",
        "sh cry gdoi gr WAN ks acl", "show version",
    ),
    "lon-gm1": ("sh clock", "sh cry gdoi", "show crypto ipsec sa", "sh crypto gkm gm ac", "sh cry isa sa"),
}  # fmt: skip


def session(bank: Bank, name: str, *, paged: bool) -> str:
    """What a terminal receives while someone types these commands, and presses the space bar at each page."""
    screen = Screen(router=bank.world.routers[name])
    screen.terminal.shell.length = 24 if paged else 0
    screen.shown = screen.shown[screen.shown.rindex("\n") + 1 :] if "\n" in screen.shown else screen.shown
    for typed in TYPED[name]:
        screen.type(f"{typed}\r")
        while screen.shown.endswith(" --More-- "):
            screen.type(" ")
    return screen.shown


@cache
def logs(*, paged: bool) -> dict[str, str]:
    """The logs by router; the world stands still meanwhile."""
    bank = Bank()
    return {name: session(bank, name, paged=paged) for name in TYPED}


def keep(text: bytes) -> bytes:
    return text


def states(captures: tuple[Capture, ...]) -> dict[tuple[str, str], object]:
    return {(item.device, item.command): parse(item.command, item.text).data for item in captures}


def test_two_logs_and_nothing_else(tmp_path: Path) -> None:
    for number, text in enumerate(logs(paged=True).values()):
        assert " --More-- " in text
        (tmp_path / f"session {number}.txt").write_text(text, newline="")
    found = read_folder(tmp_path, keep)
    assert found.notes == ()
    assert [item.trouble for item in found.captures] == [None] * sum(map(len, TYPED.values()))
    assert {item.device for item in found.captures} == set(TYPED)
    for name, typed in TYPED.items():  # their clocks were never set ("*"), so the files' own times count
        own = [item for item in found.captures if item.device == name]
        assert [item.command for item in own] == [full(resolve_or_raise(words)) for words in typed]
        assert [item.taken_at for item in own] == sorted({item.taken_at for item in own})
    paged = states(found.captures)
    assert len(paged) == len(found.captures)
    for name, text in logs(paged=False).items():
        (tmp_path / f"{name}.txt").write_text(text, newline="")
    (tmp_path / "session 0.txt").unlink()
    (tmp_path / "session 1.txt").unlink()
    assert states(read_folder(tmp_path, keep).captures) == paged


@pytest.mark.parametrize("name", TYPED)
def test_a_log_that_breaks_off_anywhere_is_never_more_than_it_is(tmp_path: Path, name: str) -> None:
    """Cut at any place, a log gives what came before, and an answer cut within is not like a whole one."""
    text = logs(paged=False)[name]
    (tmp_path / "whole.txt").write_text(text, newline="")
    whole = {item.command: item for item in read_folder(tmp_path, keep).captures}
    for place in range(200, len(text), 397):
        (tmp_path / "whole.txt").write_text(text[:place], newline="")
        captures = read_folder(tmp_path, keep).captures
        for item in captures[:-1]:
            assert item.text == whole[item.command].text
        last = captures[-1]
        if last.text == whole[last.command].text:
            continue
        if last.trouble is None:
            with contextlib.suppress(ParseFailure):
                assert "may be cut" in "".join(parse(last.command, last.text).warnings)
