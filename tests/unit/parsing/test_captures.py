"""Every capture gives what a person read in it, and stock TextFSM agrees with our loop."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
import textfsm
import yaml
from captures import Case, cases, good_cases, is_new, look_up
from conftest import SOAK

from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.clean import clean, decode
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import resolve
from getvpn_ops.parsing.machine import Run
from getvpn_ops.resources import data_dir

DROPPED = yaml.safe_load((Path(__file__).parents[2] / "data" / "dropped.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_capture(case: Case) -> None:
    if case.fails is not None:
        with pytest.raises(ParseFailure, match=re.escape(case.fails)):
            parse(case.command, case.text)
        return
    assert case.expect, "a case without expectations proves nothing"
    parsed = parse(case.command, case.text)
    plain = json.loads(json.dumps(to_plain(parsed.data)))
    got = {path: look_up(plain, path) for path in case.expect}
    assert got == case.expect
    assert [item.line for item in parsed.unrecognized] == list(case.unrecognized), parsed.unrecognized


@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_stock_textfsm_gives_the_same_rows(case: Case) -> None:
    resolved = resolve(case.command)
    assert resolved is not None
    command = commands_by_template()[resolved.template]
    if command.reader is not None:
        pytest.skip("read without a template")
    if case.unrecognized:
        pytest.skip("damaged on purpose: stock TextFSM overwrites where this loop reports")
    cleaned = clean(decode(case.text)[0], resolved, syslog_is_data=command.syslog_is_data)
    template = (data_dir("parsers") / command.template).read_text(encoding="utf-8")
    stock = textfsm.TextFSM(io.StringIO(template)).ParseText("\n".join(cleaned.lines))
    run = Run()
    rows = list(command.machine.run(cleaned.lines, run, doubles_count=command.syslog_is_data))
    lists = command.machine.lists
    if run.doubled:
        pytest.skip("holds a doubled line, which this loop counts once")
    ours = [
        [([] if place in lists else "") if value is None else value for place, value in enumerate(row.values)]
        for row in rows
    ]
    # an optional group that did not match is a None in a list of stock TextFSM
    assert ours == [
        [[item for item in cell if item is not None] if isinstance(cell, list) else cell for cell in row]
        for row in stock
    ]


VALUE = re.compile(rb"[A-Za-z0-9]+")
LONG = 150
"""Lines of a text that is parsed so slowly that the short form saves on it."""


def mutate(word: bytes) -> bytes:
    """Another value of the same kind: the last digit goes up, or the first letter changes."""
    for place in range(len(word) - 1, -1, -1):
        if chr(word[place]).isdigit():
            return word[:place] + str((word[place] - 48 + 1) % 10).encode() + word[place + 1 :]
    return (b"Q" if word[:1] != b"Q" else b"Z") + word[1:]


def values_to_change(case: Case, number: int, line: bytes) -> list[re.Match[bytes]]:
    """All values of a line that is new in its folder, or every second in a long text; one in turn of any other line."""
    words = list(VALUE.finditer(line))
    if SOAK or not words:
        return words
    if not is_new(case, number):
        return [words[number % len(words)]]
    return words if case.text.count(b"\n") < LONG else words[number % 2 :: 2] or words


@pytest.mark.soak
@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_every_single_value_counts(case: Case) -> None:
    """Change one value: the JSON changes, or ``unrecognized`` names the line. Nothing is lost in silence.

    The soak form changes every value of every line.
    """
    before = parse(case.command, case.text)
    plain = to_plain(before.data)
    noise = {item.line for item in before.set_aside}
    dropped = [re.compile(rule["line"]) for rule in DROPPED if rule["template"] == case.folder]
    silent = []
    lines = case.text.split(b"\n")
    for number, line in enumerate(lines, 1):
        if number in noise or number in case.unrecognized:
            continue
        if any(rule.fullmatch(line.decode(errors="backslashreplace").strip()) for rule in dropped):
            continue
        for word in values_to_change(case, number, line):
            changed = line[: word.start()] + mutate(word[0]) + line[word.end() :]
            text = b"\n".join([*lines[: number - 1], changed, *lines[number:]])
            try:
                after = parse(case.command, text)
            except ParseFailure:
                continue
            if to_plain(after.data) != plain:
                continue
            named = {item.line for item in after.unrecognized} | {
                int(found) for warning in after.warnings for found in re.findall(r"\bline (\d+)", warning)
            }
            if number not in named:
                shown = line.decode(errors="replace").strip()
                silent.append(f"{number}: {shown!r}: {word[0].decode()} -> {mutate(word[0]).decode()}")
    assert not silent, "\n".join(silent)
