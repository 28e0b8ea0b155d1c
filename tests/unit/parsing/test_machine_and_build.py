"""The loop and the builder: what they take, what they refuse, and what they report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from getvpn_ops.errors import TemplateError
from getvpn_ops.model.values import Address  # noqa: TC001 -- the same
from getvpn_ops.parsing.build import Builder, Damage
from getvpn_ops.parsing.machine import Machine, Run

TEMPLATE = r"""
Value GROUP (\S+)
Value ADDRESS (\S+)
Value LIFETIME (\S+)
Value List ACL (.+)
Value SPI (\S+)

Start
  ^Group -> Continue.Record
  ^Group ${GROUP}$$ -> Group
  ^Member -> Continue.Record
  ^Member ${ADDRESS}$$ -> Member

Group
  ^Life ${LIFETIME}$$
  ^ACE ${ACL}$$
  ^Group -> Continue.Record
  ^Group ${GROUP}$$
  ^Member -> Continue.Record
  ^Member ${ADDRESS}$$ -> Member

Member
  ^Life ${LIFETIME} of ${ADDRESS}$$
  ^Life ${LIFETIME}$$
  ^SPI -> Continue.Record
  ^SPI ${SPI}$$ -> Sa
  ^Group -> Continue.Record
  ^Group ${GROUP}$$ -> Group
  ^Member -> Continue.Record
  ^Member ${ADDRESS}$$

Sa
  ^SPI -> Continue.Record
  ^SPI ${SPI}$$
  ^Group -> Continue.Record
  ^Group ${GROUP}$$ -> Group
  ^Member -> Continue.Record
  ^Member ${ADDRESS}$$ -> Member
""".lstrip()


@dataclass(frozen=True, slots=True)
class Sa:
    """A leaf of the tree."""

    spi: int


@dataclass(frozen=True, slots=True)
class Member:
    """Has an essential value and a child."""

    address: Address
    lifetime: timedelta | None = None
    sa: Sa | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Holds members."""

    group: str
    lifetime: timedelta | None = None
    acl: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """The root."""

    groups: tuple[Group, ...] = ()


RECORDS = {"Group": Group, "Member": Member, "Sa": Sa}


def read(text: str) -> tuple[Whole, dict[int, str], list[int]]:
    machine = Machine("test", TEMPLATE)
    run, damage = Run(), Damage()
    whole = Builder(machine, RECORDS, Whole).build(machine.run(text.split("\n"), run), damage)
    unnamed = dict.fromkeys(run.unknown, "unknown") | dict.fromkeys(run.repeated, "repeated")
    return whole, unnamed | damage.lines, run.doubled


def test_the_tree() -> None:
    whole, left_out, _ = read(
        "Group A\nLife 60\nACE permit x\nACE deny y\nMember 10.0.0.1\nSPI 1\n"
        "Member 10.0.0.2\nLife 5\nGroup B\nMember 10.0.0.3\nSPI 3"
    )
    assert left_out == {}
    assert [(group.group, group.acl, [str(m.address) for m in group.members]) for group in whole.groups] == [
        ("A", ("permit x", "deny y"), ["10.0.0.1", "10.0.0.2"]),
        ("B", (), ["10.0.0.3"]),
    ]
    assert whole.groups[0].lifetime == timedelta(minutes=1)
    assert whole.groups[0].members[1].lifetime == timedelta(seconds=5)
    assert [member.sa for group in whole.groups for member in group.members] == [Sa(1), None, Sa(3)]


DAMAGE = {
    "unknown-line": ("Group A\nwhat?\nLife 60", {2: "unknown"}),
    "value-twice": ("Group A\nLife 60\nLife 61", {3: "repeated"}),
    "behind-a-lost-heading": (
        "Group A\nLife 60\nGrxup B\nLife 61\nACE x",
        {3: "unknown", 4: "repeated", 5: "repeated"},
    ),
    "bad-value": ("Group A\nLife soon", {2: "lifetime: 'soon' is no duration"}),
    "essential-value": ("Group A\nMember nobody\nLife 5", {2: "address: 'nobody'", 3: "a Member without address"}),
    "orphan": ("Member 10.0.0.1\nLife 5\nGroup A", {1: "no Member belongs here", 2: "no Member belongs here"}),
    "second-only-child": ("Group A\nMember 10.0.0.1\nSPI 1\nSPI 2", {4: "a second Sa"}),
    "names-itself-again": ("Group A\nMember 10.0.0.1\nLife 5 of 10.0.0.1", {}),
    "names-another": ("Group A\nMember 10.0.0.1\nLife 5 of 10.0.0.2", {3: "repeated"}),
}


@pytest.mark.parametrize(("text", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named(text: str, expected: dict[int, str]) -> None:
    _, left_out, _ = read(text)
    assert sorted(left_out) == sorted(expected)
    for line, words in expected.items():
        assert words in left_out[line]


def test_a_line_right_above_itself_counts_once() -> None:
    whole, left_out, doubled = read("Group A\nGroup A\nACE x\nACE x\nACE x")
    assert (len(whole.groups), whole.groups[0].acl, left_out, doubled) == (1, ("x",), {}, [2, 4, 5])


def test_log_lines_may_repeat() -> None:
    machine = Machine("test", TEMPLATE)
    rows = list(machine.run(["Group A", "ACE x", "ACE x"], Run(), doubles_count=True))
    assert rows[0].values[3] == ["x", "x"]


REFUSED = {
    "filldown": ("Value Filldown X (.)\n\nStart\n  ^${X}\n", "Filldown"),
    "required": ("Value Required X (.)\n\nStart\n  ^${X}\n", "Required"),
    "eof": ("Value X (.)\n\nStart\n  ^${X}\n\nEOF\n", "EOF"),
    "clear": ("Value X (.)\n\nStart\n  ^${X} -> Clear\n", "Clear"),
    "error": ("Value X (.)\n\nStart\n  ^${X} -> Error\n", "Error"),
    "no-start": ("Value X (.)\n\nBegin\n  ^${X}\n", "Start"),
    "bad-regex": ("Value X (.)\n\nStart\n  ^${X}(\n", "test"),
    "no-such-state": ("Value X (.)\n\nStart\n  ^${X} -> Nowhere\n", "Nowhere"),
}


@pytest.mark.parametrize(("template", "words"), REFUSED.values(), ids=REFUSED)
def test_templates_that_hide_damage_are_refused(template: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        Machine("test", template)


@dataclass(frozen=True, slots=True)
class NoValue:
    """Has a field that nothing fills."""

    address: Address
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class OddType:
    """Has a type that nothing makes."""

    address: complex | None = None


@pytest.mark.parametrize(
    ("records", "root", "words"),
    [
        ({"Member": NoValue}, NoValue, "no Value for NoValue.colour"),
        ({"Member": OddType}, OddType, "no converter"),
        ({"Group": Group}, Whole, "no Value for Group.members"),
        ({"Sa": Sa}, Sa, "no field for Value GROUP, ADDRESS"),
    ],
    ids=["field-without-value", "type", "child-without-state", "value-without-field"],
)
def test_template_and_models_must_fit(records: dict[str, type], root: type, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        Builder(Machine("test", TEMPLATE), records, root)
