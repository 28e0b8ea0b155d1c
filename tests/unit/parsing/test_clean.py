"""The noise of terminals does no harm, and is accounted for."""

from __future__ import annotations

import logging
import sys

import pytest

from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.parsed import Noise
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.clean import decode, screen

MEMBERS = """\
Group Member ID    : 10.20.1.1\t GM Version: 1.0.25
 Group ID          : 4711
 Group Name        : BRANCH
 Key Server ID     : 10.9.0.1
 Rekeys sent       : 4

Group Member ID    : 10.20.2.1\t GM Version: 1.0.26
 Group ID          : 4711
 Group Name        : BRANCH
 Key Server ID     : 10.9.0.1
 Rekeys sent       : 5
"""
COMMAND = "show crypto gdoi ks members"
ERASED = "\b" * 9 + " " * 9 + "\b" * 9

HARMLESS = {
    "as-is": (MEMBERS, []),
    "crlf": (MEMBERS.replace("\n", "\r\n"), []),
    "double-cr": (MEMBERS.replace("\n", "\r\r\n"), []),
    "left-trimmed": ("\n".join(line.strip() for line in MEMBERS.split("\n")), []),
    "indented-paste": ("\n".join("        " + line for line in MEMBERS.split("\n")), []),
    "trailing-blanks": (MEMBERS.replace("\n", "   \t\n"), []),
    "blank-lines": (MEMBERS.replace("\n", "\n" + " " * 31 + "\n"), []),
    "ansi": (MEMBERS.replace("10.20.2.1", "\x1b[1;32m10.20.2.1\x1b[0m"), []),
    "nul-and-bell": (MEMBERS.replace("4711", "47\x0011\x07"), []),
    "utf-8-bom": ("﻿".encode() + MEMBERS.encode(), []),
    "utf-16": (MEMBERS.encode("utf-16"), []),
    "prompt-and-echo": (f"KS1#{COMMAND}\n{MEMBERS}KS1#", [Noise.ECHO, Noise.PROMPT]),
    "abbreviated-echo": (f"KS1#sh cry gdoi ks mem\n{MEMBERS}KS1#\n", [Noise.ECHO, Noise.PROMPT]),
    "doubled-echo": (f"KS1#{COMMAND}\n{COMMAND}\n{MEMBERS}\nKS1#", [Noise.ECHO, Noise.ECHO, Noise.PROMPT]),
    "echo-without-prompt": (f"sh cry gdoi ks mem\nsh cry gdoi ks mem\n{MEMBERS}", [Noise.ECHO, Noise.ECHO]),
    "bare-prompts-of-the-guide": (f"#{COMMAND}\n{MEMBERS}#\n", [Noise.ECHO, Noise.PROMPT]),
    "do-in-config-mode": (
        f"KS1(gdoi-local-server)#do {COMMAND}\n{MEMBERS}KS1(gdoi-local-server)#",
        [Noise.ECHO, Noise.PROMPT],
    ),
    "exec-timestamps": (
        "Load for five secs: 1%/0%; one minute: 2%; five minutes: 2%\n"
        "Time source is NTP, 10:44:12.123 UTC Mon Mar 1 2021\n\n" + MEMBERS,
        [Noise.LOAD, Noise.CLOCK],
    ),
    "pager-erased-by-backspaces": (MEMBERS.replace("\nGroup", f"\n --More-- {ERASED}Group"), []),
    "pager-erased-by-cr": (MEMBERS.replace("\nGroup", "\n --More-- \r          \rGroup"), []),
    "pager-erased-by-escape": (MEMBERS.replace("\nGroup", "\n --More-- \r\x1b[KGroup"), []),
    "pager-left": (MEMBERS.replace("\nGroup", "\n --More-- Group"), [Noise.PAGER]),
    "pager-on-a-line": (MEMBERS.replace("\nGroup", "\n--More--\nGroup"), [Noise.PAGER]),
    "syslog-between": (
        MEMBERS.replace(
            " Group Name        : BRANCH\n",
            "*Mar  1 00:12:13.517: %GDOI-5-KS_SEND_UNICAST_REKEY: Sending Unicast Rekey for group BRANCH\n"
            " Group Name        : BRANCH\n",
            1,
        ),
        [Noise.SYSLOG],
    ),
    "syslog-at-the-prompt": (
        f"KS1#{COMMAND}\n{MEMBERS}KS1#000123: Mar  1 2021 10:00:00 UTC: %SYS-5-CONFIG_I: Configured from console\nKS1#",
        [Noise.ECHO, Noise.SYSLOG, Noise.PROMPT],
    ),
}


@pytest.mark.parametrize(("text", "noise"), HARMLESS.values(), ids=HARMLESS)
def test_noise_does_no_harm(text: str | bytes, noise: list[Noise]) -> None:
    parsed = parse(COMMAND, text)
    assert to_plain(parsed.data) == to_plain(parse(COMMAND, MEMBERS).data)
    assert parsed.unrecognized == ()
    assert [item.kind for item in parsed.set_aside] == noise


FAILS = {
    "empty": ("", "the text is empty"),
    "blank": (" \n\t\r\n\n", "the text is empty"),
    "control-characters": ("\x00\x07\x1b[2J", "the text is empty"),
    "prompts-only": ("KS1#show crypto gdoi ks members\nKS1#", "nothing is left"),
    "refused": (
        "KS1#sh cry gdoi ks mem\n      ^\n% Invalid input detected at '^' marker.\n\nKS1#",
        "refused the command",
    ),
    "incomplete": ("% Incomplete command.\n", "refused the command"),
    "unauthorized": ("Command authorization failed.\n", "refused the command"),
    "another-command": (f"KS1#show crypto isakmp sa\n{MEMBERS}KS1#", "answers another command"),
    "foreign": ("Interface IP-Address OK? Method Status\nGi1 10.0.0.1 YES manual up\n", "no line is known"),
    "binary": (bytes(range(256)), "no line is known"),
}


@pytest.mark.parametrize(("text", "words"), FAILS.values(), ids=FAILS)
def test_says_why_not(text: str | bytes, words: str) -> None:
    with pytest.raises(ParseFailure) as failure:
        parse(COMMAND, text)
    assert words in failure.value.reason
    assert failure.value.command == COMMAND


DOUBTS = {
    "no-line-end": (MEMBERS.rstrip("\n"), "no line end"),
    "no-closing-prompt": (f"KS1#{COMMAND}\n{MEMBERS}", "the prompt that ends an output is missing"),
    "other-output-behind": (
        f"KS1#{COMMAND}\n{MEMBERS}KS1#show clock\n10:00:00.000 UTC Mon Mar 1 2021\nKS1#",
        "--transcript",
    ),
    "cut-within-a-line": (f"{MEMBERS} Rekey Acks Rc\n", "the last line is not understood: the text may be cut there"),
    "filtered": (MEMBERS, "filtered"),
    "bad-bytes": (MEMBERS.encode().replace(b"BRANCH", b"BR\xe9NCH"), "no UTF-8"),
    "line-lost": (MEMBERS.replace(" Rekeys sent       : 5\n", ""), "has no rekeys_sent"),
    "line-twice": (MEMBERS.replace(" Group ID", " Group ID          : 4711\n Group ID", 1), "repeats the line above"),
    "unknown-alias": (f"KS1#ksm\n{MEMBERS}KS1#\n", "'ksm' is no command that is known"),
}


@pytest.mark.parametrize(("text", "words"), DOUBTS.values(), ids=DOUBTS)
def test_doubts_are_said(text: str | bytes, words: str) -> None:
    parsed = parse(f"{COMMAND} | include :" if words == "filtered" else COMMAND, text)
    assert any(words in warning for warning in parsed.warnings), parsed.warnings
    assert len(parsed.data.members) == 2


def test_a_byte_that_is_no_utf8_stays_visible() -> None:
    assert decode(b"caf\xe9\n") == ("caf\\xe9\n", ["line 1: bytes that are no UTF-8 are shown as \\x.."])


def test_terminal_overwrites() -> None:
    assert screen("abcdef\rXY") == "XYcdef"
    assert screen("abc\b\bZ") == "aZc"
    assert screen("wrong\r\x1b[Kright") == "right"


def test_a_lost_heading_does_not_mix_records() -> None:
    text = MEMBERS.replace("Group Member ID    : 10.20.2.1\t GM Version: 1.0.26", "Grxxp Member ID    : 10.20.2.1")
    parsed = parse(COMMAND, text)
    assert [str(member.address) for member in parsed.data.members] == ["10.20.1.1"]
    assert parsed.data.members[0].rekeys_sent == 4
    assert [item.line for item in parsed.unrecognized] == [7, 8, 9, 10, 11]


def test_ten_records_one_damaged() -> None:
    first = MEMBERS.partition("\n\n")[0]
    blocks = [first.replace("10.20.1.1", f"10.20.1.{place}") + "\n" for place in range(1, 11)]
    lines = "\n".join(blocks).split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        damaged = [*lines[: number - 1], "%$?" + line[5:], *lines[number:]]
        parsed = parse(COMMAND, "\n".join(damaged) + "\n")
        others = [str(member.address) for member in parsed.data.members]
        hit = f"10.20.1.{(number - 1) // 6 + 1}"
        assert [address for address in others if address != hit] == [
            f"10.20.1.{n}" for n in range(1, 11) if f"10.20.1.{n}" != hit
        ]
        assert number in {item.line for item in parsed.unrecognized}


def test_a_secret_that_was_typed_is_not_quoted() -> None:
    text = f"R1(config)#crypto isakmp key CANARY7 address 10.0.0.1\nR1(config)#show clock\n{MEMBERS}R1#"
    with pytest.raises(ParseFailure) as failure:
        parse(COMMAND, text)
    assert "CANARY7" not in str(failure.value)
    parsed = parse(COMMAND, MEMBERS + "snmp-server community CANARY7 RO\n")
    assert "CANARY7" not in repr(parsed)
    assert len(parsed.unrecognized) == 1


def test_a_line_longer_than_any_router_prints_costs_no_time() -> None:
    for filling in (" ", "1: ", "a#", "%A-"):
        text = f"{MEMBERS}x{filling * 100_000}x\n"
        with pytest.raises(ParseFailure, match="no router prints such a line") as caught:
            parse(COMMAND, text)
        assert caught.value.line == 12
        assert len(str(caught.value)) < 200


def test_reasons_quote_little_of_a_long_line() -> None:
    with pytest.raises(ParseFailure) as caught:
        parse(COMMAND, "x" * 4000 + "\n")
    assert len(str(caught.value)) < 400


def test_a_crash_prints_nothing_by_itself(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.modules["getvpn_ops.parsing.parse"], "clean", lambda *_, **__: int("CANARY"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with pytest.raises(ParseFailure, match="a defect of getvpn-ops: ValueError"):
        parse(COMMAND, MEMBERS)
    assert "CANARY" not in "".join(capfd.readouterr())
