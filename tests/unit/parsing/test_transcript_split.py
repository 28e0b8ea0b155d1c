"""Splitting a terminal log: every command with its raw text, before anything reads it."""

from __future__ import annotations

from pathlib import Path

from getvpn_ops.parsing import Exchange, parse_transcript, split_transcript

LOG = """\
Connected.
KS-1#show clock\r
*10:44:12.123 UTC Mon Mar 1 2021\r
KS-1#show crypto gdoi ks members\r
Group Member ID    : 10.20.1.1\r
 --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bKS-1#sh ver\r
KS-1#\r
GM-2>show crypto gdoi\r
GROUP INFORMATION\r
 Group Name : X"""


def test_every_exchange_has_its_text() -> None:
    split = split_transcript(LOG)
    assert split.exchanges == (
        Exchange("KS-1", "show clock", 2, "*10:44:12.123 UTC Mon Mar 1 2021\n"),
        Exchange("KS-1", "show crypto gdoi ks members", 4, "Group Member ID    : 10.20.1.1\n", quit_at_pager=True),
        Exchange("KS-1", "sh ver", 6, ""),
        Exchange("GM-2", "show crypto gdoi", 8, "GROUP INFORMATION\n Group Name : X", ends_the_log=True),
    )
    assert split.hostnames == ("KS-1", "GM-2")
    assert [(gap.first_line, gap.last_line, gap.text) for gap in split.unsplit] == [(1, 1, "Connected.")]


def test_reading_builds_upon_splitting() -> None:
    log = (Path(__file__).parents[2] / "data" / "transcripts" / "key-server-and-member.txt").read_text()
    exchanges, pieces = split_transcript(log).exchanges, parse_transcript(log).pieces
    assert [(item.hostname, item.typed, item.line) for item in exchanges] == [
        (item.hostname, item.typed, item.line) for item in pieces
    ]
    lines = log.split("\n")
    for exchange in exchanges:
        count = exchange.text.count("\n")
        assert exchange.text.rstrip("\n").split("\n") == "\n".join(lines[exchange.line : exchange.line + count]).rstrip(
            "\n"
        ).split("\n")
