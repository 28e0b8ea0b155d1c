"""Every state of every capture has a table view that shows its values and interprets nothing."""

from __future__ import annotations

import dataclasses
import io

import pytest
from captures import Case, good_cases
from rich.console import Console

from getvpn_ops.model.acl import Ace
from getvpn_ops.parsing import parse
from getvpn_ops.reports.parsed import parsed_view
from getvpn_ops.reports.words import in_words


def shown(case: Case, width: int) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(parsed_view(parse(case.command, case.text), width))
    return capture.get()


def words_of(value: object) -> set[str]:
    """Every text of a state that is one short word, and so stands on a line as it is."""
    if isinstance(value, Ace):
        return set()  # shown as the router prints it, not as its parts
    if isinstance(value, tuple):
        return {word for item in value for word in words_of(item)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [item for item in dataclasses.fields(value) if not item.metadata.get("private")]
        return {word for item in fields for word in words_of(getattr(value, item.name))}
    return {value} if type(value) is str and value and " " not in value and len(value) < 20 else set()


@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_every_word_is_shown(case: Case) -> None:
    output = shown(case, 200)
    parsed = parse(case.command, case.text)
    assert {word for word in words_of(parsed.data) if word not in output} == set()
    assert parsed.command in output


@pytest.mark.parametrize("width", [40, 80])
def test_narrow_terminals_lose_nothing_to_the_right(width: int) -> None:
    for case in good_cases():
        assert max(map(len, shown(case, width).splitlines())) <= width, case.id


def test_markup_in_a_value_is_text() -> None:
    parsed = parse("show crypto gdoi ks members", "Group Member ID : 10.1.1.1\n Group Name : [bold]X[/bold]\n")
    console = Console(file=io.StringIO(), width=80, markup=False)
    with console.capture() as capture:
        console.print(parsed_view(parsed, 80))
    assert "[bold]X[/bold]" in capture.get()


WORDS = {
    "none": (None, ""),
    "yes": (True, "yes"),
    "several": ((1, 2), "1, 2"),
}


@pytest.mark.parametrize(("value", "words"), WORDS.values(), ids=WORDS)
def test_in_words(value: object, words: str) -> None:
    assert in_words(value) == words
