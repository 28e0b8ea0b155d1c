"""Rows in whatever width there is: ids stay whole, sentences get room, and nothing that was given is left out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from getvpn_ops.reports.console import indented
from getvpn_ops.reports.listing import Facts, Listing

RUN = "a-20260301-090000-k3f9"
PROOF = "rekey of group WAN on hub-ks1: 24 of 24 members acknowledged, the old key lives for 300 s more"
HEADINGS = ("run", "what", "tries", "proven")
ROWS = ((RUN, "push WAN to all of it", "1", PROOF), ("a-20260301-090100-p2m4", "save", "12", ""))
LISTING = Listing(HEADINGS, ROWS, right=("tries",), details=("proven",))
PLAIN = Listing(HEADINGS[:3], [row[:3] for row in ROWS])


def written(view: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as said:
        console.print(view)
    return said.get().splitlines()


@pytest.mark.parametrize("width", [20, 24, 31, 40, 60, 80, 120, 160, 200])
@pytest.mark.parametrize("listing", [LISTING, PLAIN], ids=["with sentences", "without"])
def test_nothing_is_lost_nor_wider_than_the_screen(listing: Listing, width: int) -> None:
    for view, wide in ((listing, width), (indented(listing), width)):
        lines = written(view, wide)
        assert max(map(len, lines)) <= width
        words = {word for line in lines for word in line.split()}
        assert {"push", "save", "12"} <= words
        if width >= 31:
            assert {row[0] for row in ROWS} <= words
        said = " ".join(word for line in lines for word in line.split())
        assert (PROOF in said) is (listing is LISTING)


FORMS = {
    "a line": (160, 3, f"{RUN}  push WAN to all of it      1  {PROOF}"),
    "sentences below": (80, 5, f"  proven: {PROOF[:60]}".rstrip()),
    "blocks": (38, 9, f"run {RUN}"),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_width_gets_the_form_that_fits(name: str) -> None:
    width, least, line = FORMS[name]
    lines = [text.rstrip() for text in written(LISTING, width)]
    assert len(lines) >= least
    assert any(text.startswith(line) for text in lines)
    assert (lines[0].split() == list(HEADINGS)) is (width == 160)


def test_no_row_is_a_heading_and_an_escape_shows() -> None:
    assert written(Listing(HEADINGS, ()), 80)[0].split() == list(HEADINGS)
    assert r"a\x1b[2Jb" in written(Listing(("name",), [("a\x1b[2Jb",)]), 80)[1]


def test_a_style_stays_on_its_cell() -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="standard")
    with console.capture() as said:
        console.print(Listing(("name", "state"), [("one", Text("unknown", style="red"))]))
    assert "\x1b[31munknown" in said.get()


FACTS = Facts([("what", "push WAN"), ("nothing", ""), ("journal", "its head is abcdef012345, 0 faults")])


@pytest.mark.parametrize(
    ("width", "first"), {"wide": (80, "what     push WAN"), "narrow": (40, "what: push WAN")}.values()
)
def test_facts_stand_beside_their_names_or_behind_them(width: int, first: str) -> None:
    lines = [line.rstrip() for line in written(FACTS, width)]
    assert lines[0] == first
    assert max(map(len, lines)) <= width
    assert not any("nothing" in line for line in lines)
