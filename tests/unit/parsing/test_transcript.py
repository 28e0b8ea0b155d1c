"""A terminal log is split at its prompts, and what cannot be split is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from getvpn_ops.errors import ParseFailure
from getvpn_ops.parsing import parse_transcript
from getvpn_ops.parsing.transcript import Fate

LOG = """\
Connection to 10.0.0.1 established

KS-1>enable
Password:
KS-1#terminal length 0
KS-1#sh cry gdoi ks mem
Group Member ID    : 10.20.1.1
 Group ID          : 4711

KS-1#show clock
*10:44:12.123 UTC Mon Mar 1 2021
KS-1#show ip route
Gateway of last resort is not set
KS-1#show crypto gdoi ks members
KS-1#show crypto gdoi ks members 10.9.9.9
      ^
% Invalid input detected at '^' marker.

KS-1#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
KS-1(config)#do sh crypto gkm ks mem
 Group Member ID   : 10.20.1.7
KS-1(config)#end
KS-1#ssh 10.0.0.2
GM-2#show crypto gdoi ks members
Group Member not Found
  Group Member #7 said > nothing
GM-2#exit
"""


def test_every_command_is_found() -> None:
    found = parse_transcript(LOG)
    assert [(piece.hostname, piece.typed, piece.line, piece.fate) for piece in found.pieces] == [
        ("KS-1", "enable", 3, Fate.NOT_READ),
        ("KS-1", "terminal length 0", 5, Fate.NOT_READ),
        ("KS-1", "sh cry gdoi ks mem", 6, Fate.PARSED),
        ("KS-1", "show clock", 10, Fate.PARSED),
        ("KS-1", "show ip route", 12, Fate.UNKNOWN),
        ("KS-1", "show crypto gdoi ks members", 14, Fate.NO_OUTPUT),
        ("KS-1", "show crypto gdoi ks members 10.9.9.9", 15, Fate.FAILED),
        ("KS-1", "conf t", 19, Fate.NOT_READ),
        ("KS-1", "do sh crypto gkm ks mem", 21, Fate.PARSED),
        ("KS-1", "end", 23, Fate.NOT_READ),
        ("KS-1", "ssh 10.0.0.2", 24, Fate.NOT_READ),
        ("GM-2", "show crypto gdoi ks members", 25, Fate.PARSED),
        ("GM-2", "exit", 28, Fate.NOT_READ),
    ]
    assert [(gap.first_line, gap.last_line) for gap in found.unsplit] == [(1, 1)]
    assert not found.is_whole


def test_line_numbers_are_those_of_the_transcript() -> None:
    last = parse_transcript(LOG).pieces[-2].parsed
    assert last is not None
    assert [item.line for item in last.unrecognized] == [27]


def test_a_clean_log_is_whole() -> None:
    log = "KS-1#sh cry gdoi ks mem\nGroup Member ID    : 10.20.1.1\n Group ID          : 4711\nKS-1#\n"
    assert parse_transcript(log.replace("\n", "\r\n").encode()).is_whole


def test_bare_prompts_of_the_guide() -> None:
    found = parse_transcript(
        "#show crypto gdoi ks members\nGroup Member ID : 10.20.1.1\n#\n"
        "# show crypto gdoi ks members\nGroup Member ID : 10.20.1.2\n"
    )
    assert [piece.fate for piece in found.pieces] == [Fate.PARSED, Fate.PARSED]


@pytest.mark.parametrize(
    ("text", "words"), [("", "empty"), ("  \n", "empty"), ("Group Member ID : 10.1.1.1\n", "no prompt")]
)
def test_no_prompt(text: str, words: str) -> None:
    with pytest.raises(ParseFailure, match=words):
        parse_transcript(text)


def test_a_session_over_two_routers() -> None:
    log = Path(__file__).parents[2] / "data" / "transcripts" / "key-server-and-member.txt"
    found = parse_transcript(log.read_bytes())
    assert found.is_whole
    parsed = [(piece.hostname, piece.parsed) for piece in found.pieces if piece.parsed is not None]
    assert [(host, item.command) for host, item in parsed] == [
        ("KS-LON-1", "show crypto gdoi ks coop"),
        ("KS-LON-1", "show crypto gdoi ks members"),
        ("GM-BRS-1", "show crypto gdoi"),
        ("GM-BRS-1", "show crypto isakmp sa"),
    ]
    assert all(item.unrecognized == () for _, item in parsed)


def test_a_line_that_is_too_long_stands_for_itself() -> None:
    found = parse_transcript("x# " * 70_000 + "\nKS1#show clock\n12:34:56.789 UTC Mon Mar 1 2021\nKS1#\n")
    assert [piece.fate for piece in found.pieces] == [Fate.PARSED]
    assert found.unsplit[0].text == "(a line of 209999 characters)"
