"""Where an answer ends, however its bytes are cut."""

from __future__ import annotations

import random

import pytest

from getvpn_ops.devices.ssh.answer import MOMENT, Answer, is_prompt, is_question

COMMAND = b"show clock"
PROMPT = b"R1#"
OUTPUT = b"*16:09:11.163 GMT Mon Nov 23 2026\r\n"

WHOLE: dict[str, tuple[bytes, bytes]] = {
    "plain": (b"show clock\r\n" + OUTPUT + PROMPT, OUTPUT),
    "no output": (b"show clock\r\nR1#", b""),
    "blanks behind the echo": (b"show clock \r\n" + OUTPUT + PROMPT, OUTPUT),
    "echo of a slow line": (b"show clock\r\r\n" + OUTPUT + PROMPT, OUTPUT),
    "a log line before the echo": (
        b"\r\n*Nov 23: %SYS-5-CONFIG_I: by ops\r\nR1#show clock\r\n" + OUTPUT + PROMPT,
        OUTPUT,
    ),
    "a log line names the command": (
        b"\r\n%PARSER-5-CFGLOG_LOGGEDCMD: command:show clock\r\nR1#show clock\r\n" + OUTPUT + PROMPT,
        OUTPUT,
    ),
    "a log line within": (
        b"show clock\r\n%LINK-3-UPDOWN: x\r\n" + OUTPUT + PROMPT,
        b"%LINK-3-UPDOWN: x\r\n" + OUTPUT,
    ),
    "the command within": (b"show clock\r\nshow clock\r\n" + OUTPUT + PROMPT, b"show clock\r\n" + OUTPUT),
    "a prompt within a line": (b"show clock\r\n remark R1# here\r\nR1#", b" remark R1# here\r\n"),
    "control characters": (b"show clock\r\n\x00\x1b[1;31m\xff\xfe\x08\r\nR1#", b"\x00\x1b[1;31m\xff\xfe\x08\r\n"),
}

OPEN: dict[str, bytes] = {
    "nothing": b"",
    "echo only": b"show clock",
    "the old prompt again, before the echo": b"\r\n%SYS-5-CONFIG_I\r\nR1#",
    "output without a prompt": b"show clock\r\n" + OUTPUT,
    "half a prompt": b"show clock\r\n" + OUTPUT + b"R1",
    "a prompt at the end of a line": b"show clock\r\nsee R1#",
    "another prompt": b"show clock\r\n" + OUTPUT + b"R2#",
    "text behind the prompt": b"show clock\r\nR1#x",
}

SURPRISES: dict[str, tuple[bytes, str | None]] = {
    "another name": (b"show clock\r\nR2#", "R2#"),
    "another mode": (b"show clock\r\nR1(config)#", "R1(config)#"),
    "confirm": (b"show clock\r\nProceed with reload? [confirm]", "Proceed with reload? [confirm]"),
    "yes or no": (b"show clock\r\nSave? [yes/no]: ", "Save? [yes/no]:"),
    "password": (b"show clock\r\nPassword: ", "Password:"),
    "pager": (b"show clock\r\n --More-- ", "--More--"),
    "file name": (b"show clock\r\nDestination filename [startup-config]? ", "Destination filename [startup-config]?"),
    "the prompt itself": (b"show clock\r\nR1#", None),
    "a number": (b"show clock\r\n12345", None),
    "a line end": (b"show clock\r\nR2#\r\n", None),
}


def cut(data: bytes, seed: int) -> list[bytes]:
    """The same bytes in pieces."""
    if seed == 0:
        return [data]
    if seed == 1:
        return [data[at : at + 1] for at in range(len(data))]
    picks = sorted(random.Random(seed).sample(range(len(data)), min(3, len(data))))  # noqa: S311 -- repeatable
    return [data[start:end] for start, end in zip([0, *picks], [*picks, len(data)], strict=True)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_answer(case: str, seed: int) -> None:
    data, text = WHOLE[case]
    answer = Answer(COMMAND, PROMPT)
    for piece in cut(data, seed):
        answer.add(piece, 0.0)
    assert answer.whole
    assert answer.text == text
    assert answer.surprise() is None


@pytest.mark.parametrize("case", OPEN)
def test_no_end_yet(case: str) -> None:
    answer = Answer(COMMAND, PROMPT)
    for byte in OPEN[case]:
        answer.add(bytes([byte]), 0.0)
    assert not answer.whole


@pytest.mark.parametrize("case", SURPRISES)
def test_what_stands_in_the_prompts_place(case: str) -> None:
    data, found = SURPRISES[case]
    answer = Answer(COMMAND, PROMPT)
    answer.add(data, 0.0)
    assert answer.surprise() == found


def test_a_device_that_pauses_is_given_more_time() -> None:
    answer = Answer(COMMAND, PROMPT)
    answer.add(b"show clock\r\n", 9.0)  # a slow echo says nothing about the output
    assert answer.moment == MOMENT
    answer.add(b"line\r\n", 9.0)
    assert answer.moment == MOMENT
    answer.add(b"R1#", 0.2)
    assert answer.moment == pytest.approx(0.4)
    answer.add(b"\r\nmore", 5.0)
    assert answer.moment == 1.0


def test_what_came_before_a_break() -> None:
    answer = Answer(COMMAND, PROMPT)
    assert answer.partial == b""
    answer.add(b"show cl", 0.0)
    assert answer.partial == b"show cl"
    answer.add(b"ock\r\n*16:09", 0.0)
    assert answer.partial == b"*16:09"


LINES: dict[bytes, tuple[bool, bool]] = {
    b"R1#": (True, False),
    b"R1>": (True, False),
    b"R1 14:02 #": (True, False),
    b"#": (True, False),
    b"Username: ": (False, True),
    b"Would you like to enter the initial configuration dialog? [yes/no]: ": (False, True),
    b"Authorised staff only": (False, False),
    b"": (False, False),
}


@pytest.mark.parametrize("text", LINES)
def test_lines_that_wait(text: bytes) -> None:
    assert (is_prompt(text), is_question(text)) == LINES[text]
