"""Hypothesis spoils captures: typed state with the damage reported, or ParseFailure; never anything else."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from captures import Case, good_cases, is_new, lines_to_spoil, without_lines
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.parsed import Parsed

NOISE = (
    b"*Mar  1 00:12:13.517: %GDOI-5-GM_RECV_REKEY: Received Rekey for group G1 from 10.0.0.1 to 10.1.1.1 with seq # 4",
    b"000217: Nov  3 2024 09:15:02.113 UTC: %SYS-5-CONFIG_I: Configured from console by vty0 (10.0.0.9)",
    b" --More-- ",
    b"~~~ noise ~~~ that ~~~ no ~~~ rule ~~~ knows",
    b"\x1b[2J\x1b[H",
    b"GM1#",
    b"% Some message of the router",
    b"\xff\xfe\x00\x80",
    b"",
)


def plain(parsed: Parsed[Any]) -> Any:  # noqa: ANN401 -- plain data
    """What a text says, wherever it stands."""
    return without_lines(to_plain(parsed.data))


def operations() -> st.SearchStrategy[list[tuple[str, float, int]]]:
    """What to do, where (a share of the text), and with which noise."""
    one = st.tuples(
        st.sampled_from(["cut", "cut-head", "double", "drop", "noise", "spoil"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, len(NOISE) - 1),
    )
    return st.lists(one, min_size=1, max_size=3)


def spoil(text: bytes, steps: list[tuple[str, float, int]]) -> bytes:
    """Apply the operations one after the other."""
    for what, share, which in steps:
        if what == "cut":
            text = text[: int(share * len(text))]
            continue
        if what == "cut-head":
            text = text[int(share * len(text)) :]
            continue
        lines = text.split(b"\n")
        place = int(share * len(lines))
        if what == "double":
            lines.insert(place, lines[place])
        elif what == "drop":
            del lines[place]
        elif what == "noise":
            lines.insert(place, NOISE[which])
        elif lines[place]:
            at = int(share * len(lines[place]))
            lines[place] = lines[place][:at] + bytes([which * 29 % 256]) + lines[place][at + 1 :]
        text = b"\n".join(lines)
    return text


@pytest.mark.soak
@pytest.mark.parametrize("folder", sorted({case.folder for case in good_cases()}))
def test_mutated_captures(folder: str, figure: Callable[[str], None]) -> None:
    mine = [case for case in good_cases() if case.folder == folder]
    seen: Counter[str] = Counter()

    @given(st.sampled_from(mine), operations())
    def check(case: Case, steps: list[tuple[str, float, int]]) -> None:
        before = parse(case.command, case.text)
        text = spoil(case.text, steps)
        try:
            after = parse(case.command, text)
        except ParseFailure as failure:
            said = failure.reason
            seen["failure"] += 1
            assert said
            assert "defect of getvpn-ops" not in said
            return
        assert type(after.data) is type(before.data)
        if plain(after) == plain(before):
            seen["unharmed"] += 1
            return
        seen["state"] += 1
        if after.unrecognized or after.warnings:
            seen["reported"] += 1
        else:
            # any line may be a message or a configuration line, and some fields keep lines word by word
            said_again = json.dumps(plain(after), ensure_ascii=False)
            noise = [NOISE[which].decode(errors="backslashreplace").strip() for _, _, which in steps]
            kept = folder in {"show_logging", "running_config"} or any(line and line in said_again for line in noise)
            assert kept or {what for what, _, _ in steps} != {"noise"}, f"noise changed the state in silence: {steps}"

    check()
    texts = seen["failure"] + seen["unharmed"] + seen["state"]
    figure(
        f"mutations of {folder}: {texts} texts: {seen['failure']} failures, {seen['unharmed']} unharmed, "
        f"{seen['state']} states with damage ({seen['reported']} of them reported)"
    )


@pytest.mark.soak
@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_a_doubled_line_is_reported_or_harmless(case: Case) -> None:
    """The soak form doubles every line."""
    if case.folder == "show_logging":
        pytest.skip("the same message twice is data")
    before = plain(parse(case.command, case.text))
    lines = case.text.split(b"\n")
    silent = []
    for number in lines_to_spoil(case):
        text = b"\n".join([*lines[:number], *lines[number - 1 :]])
        try:
            after = parse(case.command, text)
        except ParseFailure:
            continue
        if plain(after) != before and not after.warnings and not after.unrecognized:
            silent.append((number, lines[number - 1]))
    assert silent == []


@pytest.mark.soak
@pytest.mark.parametrize("case", good_cases(), ids=lambda case: case.id)
def test_harmless_noise_between_any_two_lines(case: Case) -> None:
    """A log message may come at any time; the state stays the same.

    The soak form puts both messages before every line; the short form one of them before a line like others.
    """
    if case.folder == "show_logging":
        pytest.skip("log messages are the data here")
    before = plain(parse(case.command, case.text))
    lines = case.text.split(b"\n")
    for place in [*(number - 1 for number in lines_to_spoil(case)), len(lines)]:
        for which in (0, 1) if is_new(case, place + 1) else (place // 4 % 2,):
            text = b"\n".join([*lines[:place], NOISE[which], *lines[place:]])
            after = plain(parse(case.command, text))
            if case.folder == "running_config":  # inside a banner a log line may be part of it: the tree keeps it
                after.pop("tree")
                before.pop("tree", None)
            assert after == before, (place, NOISE[which])
