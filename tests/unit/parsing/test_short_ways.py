"""The short ways of the loop and the builder end where the long ones do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from captures import Case, good_cases

from getvpn_ops.parsing.build import Builder, Damage
from getvpn_ops.parsing.clean import decode
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import resolve
from getvpn_ops.parsing.machine import Machine, Run, _lead


@pytest.mark.parametrize(
    ("regex", "lead"),
    [
        (r"^\s*Rekeys sent\s*:\s*(\d+)\s*$", "Rekeys sent"),
        (r"^Rekeys", "Rekeys"),
        (r"^\s*Rekeys?\s+sent", "Rekey"),
        (r"^\s*Rekeys* sent", "Rekey"),
        (r"^\s*Rekeys+ sent", "Rekey"),
        (r"^\s*Rekeys{2} sent", "Rekey"),
        (r"^\s*(?P<STATE>\S+) sent", ""),
        (r"^\s*(?i:rekeys) sent", ""),
        (r"^\s*[Rr]ekeys sent", ""),
        (r"^\s*#+pkts", ""),
        (r"^\s*Sent|^\s*Rcvd", ""),
        (r"^\s*Sent (?:a|b(?:c|d)) \| [|)]\)", "Sent "),
        (r"^.", ""),
    ],
)
def test_what_a_line_must_begin_with(regex: str, lead: str) -> None:
    assert _lead(regex) == lead


@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_the_rules_near_a_line_do_what_all_rules_do(case: Case) -> None:
    resolved = resolve(case.command)
    assert resolved is not None
    command = commands_by_template()[resolved.template]
    if command.reader is not None:
        pytest.skip("read without a template")
    machine = command.machine
    for line in filter(None, map(str.strip, decode(case.text)[0].split("\n"))):
        for state, rules in machine.states.items():
            near = machine._near(state, line[:12])  # noqa: SLF001 -- what is to be proved
            assert machine._action(near, line) == machine._action(rules, line), (state, line)  # noqa: SLF001


TEMPLATE = """\
Value NAME (\\S+)
Value COUNT (\\S+)
Value SIZES (\\S.*?)
Value OTHER (\\S+)

Start
  ^\\s*name -> Continue.Record
  ^\\s*name ${NAME}\\s*$$
  ^\\s*count ${COUNT}\\s*$$
  ^\\s*sizes ${SIZES}\\s*$$
  ^\\s*other ${OTHER}\\s*$$
"""


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    count: int | None = None
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    other: str


@dataclass(frozen=True, slots=True)
class Whole:
    items: tuple[Item, ...] = ()
    others: tuple[Other, ...] = ()


def build(text: str) -> tuple[Whole, dict[int, str]]:
    machine = Machine("items", f"{TEMPLATE}\nOthers\n  ^other ${{OTHER}}\n")
    damage = Damage()
    rows = machine.run(text.split("\n"), Run())
    return Builder(machine, {"Start": Item, "Others": Other}, Whole).build(rows, damage), damage.lines


@pytest.mark.parametrize(
    ("middle", "item", "lines"),
    [
        ("name b\ncount 2\nsizes 1, 2  3", Item("b", 2, (1, 2, 3)), {}),
        ("name b\n\n", Item("b"), {}),
        ("name b\ncount x\nsizes 4", Item("b", None, (4,)), {5: "count: invalid literal for int() with base 10: 'x'"}),
        ("name b\ncount 2\nother 3", Item("b", 2), {6: "a Item has no place for this value"}),
        ("name b\ncount 0x10\nsizes (5)", Item("b", 16, (5,)), {}),
    ],
)
def test_a_row_that_is_not_perfect_is_built_as_ever(middle: str, item: Item, lines: dict[int, str]) -> None:
    whole, damaged = build(f"name a\ncount 1\nsizes 1\n{middle}\nname c\ncount 1")
    assert whole.items == (Item("a", 1, (1,)), item, Item("c", 1))
    assert damaged == lines


def test_a_row_without_what_is_essential_is_disowned() -> None:
    whole, damaged = build("count 1\nsizes 2\nname a")
    assert whole.items == (Item("a"),)
    assert damaged == {1: "a Item without name", 2: "a Item without name"}
