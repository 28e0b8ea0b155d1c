"""Contracts over every parser: index, templates, models and cases belong together, and nothing is lost in silence."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from captures import RELEASES, cases, good_cases, lines_to_spoil
from textfsm import clitable

from getvpn_ops.errors import ParseFailure, UnknownCommandError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import known_commands, parse
from getvpn_ops.parsing.clean import clean, decode
from getvpn_ops.parsing.command import TEMPLATE_SUFFIX
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import index_rows, resolve
from getvpn_ops.resources import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.model.parsed import Parsed

DATA = Path(__file__).parents[1] / "data"
KNOWN = known_commands()


@cache
def parsed_cases() -> dict[str, Parsed[Any]]:
    return {case.id: parse(case.command, case.text) for case in good_cases()}


def test_index_templates_and_parsers_are_the_same_set() -> None:
    indexed = {row.template for row in index_rows()}
    assert indexed == set(commands_by_template())
    files = {path.name for path in data_dir("parsers").glob(f"*{TEMPLATE_SUFFIX}")}
    assert files == {name for name in indexed if name.endswith(TEMPLATE_SUFFIX)}


@pytest.mark.parametrize("template", sorted(commands_by_template()))
def test_template_and_models_fit(template: str) -> None:
    command = commands_by_template()[template]
    if command.reader is None:
        assert command.builder.plans
        assert set(command.machine.states) <= set(command.records) | {"Start"}, "a state whose records nothing takes"


def test_canonical_commands_mean_themselves() -> None:
    for row in index_rows():
        found = resolve(row.canonical)
        assert found is not None, row.canonical
        assert (found.template, found.canonical) == (row.template, row.canonical)


def test_gdoi_commands_know_group_and_gkm() -> None:
    gdoi = [name for name in KNOWN if name.startswith("show crypto gdoi")]
    assert gdoi
    for name in gdoi:
        plain = resolve(name)
        assert plain is not None
        for typed in (name.replace("gdoi", "gkm"), name.replace("show crypto gdoi", "sh cry gd")):
            assert resolve(typed) == plain, typed
        grouped = resolve(name.replace("gdoi", "gkm group LAB-G_1"))
        assert grouped is not None
        assert grouped.template == plain.template, name
        assert "gdoi group LAB-G_1" in grouped.canonical


def test_stock_clitable_finds_the_same_templates() -> None:
    """The folder serves stock TextFSM tools too, so a shorter command must not stand before a longer one."""
    index = data_dir("parsers") / "index"
    table = clitable.CliTable("index", str(index.parent))
    for row in index_rows():
        place = table.index.GetRowMatch({"Command": row.canonical, "Platform": "cisco_ios"})
        assert table.index.index[place]["Template"] == row.template, row.canonical


def test_every_index_row_has_cases() -> None:
    seen = {found.known_as for case in good_cases() if (found := resolve(case.command))}
    assert set(KNOWN) - seen == set()


def test_cases_are_well_formed() -> None:
    rows = yaml.safe_load((DATA / "evidence.yaml").read_text(encoding="utf-8"))
    kinds = re.compile(r"guide: .+|sample: .+|synthetic|IOS-OUTPUT (?:1\.2: \d+|1\.1: .+)")
    cited = set()
    for case in cases():
        assert case.release in RELEASES, case.id
        assert case.evidence, case.id
        for item in case.evidence:
            assert kinds.fullmatch(item), (case.id, item)
            if item.startswith("IOS-OUTPUT 1.1: "):
                assert item.removeprefix("IOS-OUTPUT 1.1: ") in rows, (case.id, item)
                cited.add(item.removeprefix("IOS-OUTPUT 1.1: "))
        found = resolve(case.command)
        assert found is not None, case.id
        assert found.template.removesuffix(TEMPLATE_SUFFIX) == case.folder, case.id
    assert set(rows) - cited == set(), "rows of the table of formats that no case shows"


def filled(value: object, into: dict[type, set[str]]) -> None:
    """Collect which fields of which models hold something."""
    if isinstance(value, tuple):
        for item in value:
            filled(item, into)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = into.setdefault(type(value), set())
        for item in dataclasses.fields(value):
            held = getattr(value, item.name)
            if held not in (None, ()):
                names.add(item.name)
                filled(held, into)


def test_every_model_field_is_filled_somewhere() -> None:
    into: dict[type, set[str]] = {}
    for parsed in parsed_cases().values():
        filled(parsed.data, into)
    models = {cls for command in commands_by_template().values() for cls in (command.model, *command.records.values())}
    models |= set(into)
    empty = [
        f"{cls.__module__}.{cls.__name__}.{item.name}"
        for cls in sorted(models, key=lambda cls: (cls.__module__, cls.__name__))
        for item in dataclasses.fields(cls)
        if item.name not in into.get(cls, set())
    ]
    assert empty == []


def test_every_rule_of_every_template_is_met() -> None:
    met: dict[str, set[int]] = {}
    for case in good_cases():
        found = resolve(case.command)
        assert found is not None
        command = commands_by_template()[found.template]
        if command.reader is not None:
            continue
        cleaned = clean(decode(case.text)[0], found, syslog_is_data=command.syslog_is_data)
        state = "Start"
        for line in filter(None, cleaned.lines):
            for rule in command.machine.states.get(state, ()):
                if rule.match(line):
                    met.setdefault(command.template, set()).add(id(rule))
                    if not rule.continues:
                        state = rule.new_state or state
                        break
    missed = [
        f"{template}: {state}: {rule.regex.pattern}"
        for template, command in sorted(commands_by_template().items())
        if command.reader is None
        for state, rules in command.machine.states.items()
        for rule in rules
        if id(rule) not in met.get(template, set())
    ]
    assert missed == [], f"{len(missed)} rules are met by no case"


GARBAGE = {
    "empty": b"",
    "blank": b"  \r\n\t\n\n",
    "prompts": b"GM1#\nGM1#\n",
    "words": b"the quick brown fox\njumps over the lazy dog\n" * 5,
    "refused": b"                ^\n% Invalid input detected at '^' marker.\n\n",
    "incomplete": b"% Incomplete command.\n\n",
    "bytes": bytes(range(256)) * 3,
    "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>\n",
}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("command", KNOWN)
def test_empty_and_garbage_are_failures(command: str, kind: str) -> None:
    if command.startswith("show logging") and kind in {"words", "bytes", "html"}:
        pytest.skip("a log buffer may hold any line at all")
    with pytest.raises(ParseFailure) as failure:
        parse(command, GARBAGE[kind])
    assert failure.value.command == command
    assert failure.value.reason


def leaves(plain: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every value with the name of its field."""
    if isinstance(plain, dict):
        for name, item in plain.items():
            yield from leaves(item, name)
    elif isinstance(plain, list):
        for item in plain:
            yield from leaves(item, key)
    elif plain is not None:
        yield key, str(plain)


@pytest.mark.soak
@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_a_damaged_line_is_named(case: Any) -> None:  # noqa: ANN401 -- a Case
    """Spoil one line after the other: the line is named, or the whole text is refused; nothing is invented.

    The soak form spoils every line.
    """
    if case.unrecognized:
        pytest.skip("damaged already: a second fault may hide behind the first")
    before = parsed_cases()[case.id]
    whole = Counter(leaves(to_plain(before.data)))
    aside = {item.line for item in before.set_aside}
    lines = case.text.split(b"\n")
    unnamed, invented = [], []
    for number in lines_to_spoil(case):
        line = lines[number - 1]
        if not line.strip() or number in aside:
            continue
        text = b"\n".join([*lines[: number - 1], b"~%& damaged ~ line &%~", *lines[number:]])
        try:
            after = parse(case.command, text)
        except ParseFailure:
            continue
        named = {item.line for item in after.unrecognized}
        said = Counter(leaves(to_plain(after.data)))
        kept = any("damaged ~ line" in value for _, value in said)
        if number not in named and not kept:
            unnamed.append((number, line))
        if not kept and (extra := said - whole):
            invented.append((number, line, dict(extra)))
    assert unnamed == []
    assert invented == []


def test_unknown_commands_name_the_nearest() -> None:
    with pytest.raises(UnknownCommandError) as error:
        parse("show crypto gdoi ks membrs", "x")
    assert error.value.nearest[0] == "show crypto gdoi ks members"


def test_figures(figure: Callable[[str], None]) -> None:
    releases = Counter(case.release for case in cases())
    kinds = Counter(item.partition(":")[0] for case in cases() for item in case.evidence)
    figure(f"captures: {len(cases())} cases of {len(KNOWN)} commands; by release {dict(releases)}")
    figure(f"captures: evidence cited {dict(kinds)}")
