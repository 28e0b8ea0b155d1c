"""What IOS says to a line of configuration: nothing, a remark, a refusal; whatever else it says is not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from getvpn_ops.dialect.terminal import REFUSALS, SYSLOG


class Verdict(StrEnum):
    """What an answer means for the line."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Surely not taken: the configuration is as it was before the line."""
    LOCKED = "locked"
    UNCLEAR = "unclear"
    """Words that stand in no table: it may have been taken or not."""


LOCKED = re.compile(r"%? ?Configuration mode (?:is )?(?:currently )?locked ", re.IGNORECASE)
"""``Configuration mode is locked by process '331' user 'ops' from terminal '2'. Please try later.`` and
``Configuration mode locked exclusively by user ...`` (``configure terminal lock``)."""

WELCOME = re.compile(r"Enter configuration commands, one per line\. ")
"""What ``configure terminal`` says."""

REMARKS = (
    re.compile(r"% ?(?:NOTE|Warning)\b", re.IGNORECASE),
    re.compile(r"% group \S+ doesn't yet exist\.$"),
    re.compile(r"% Interface \S+ IPv[46] disabled and address\(es\) removed due to "),
    re.compile(r"updated group cp to "),
    re.compile(r"Rollback Confirmed Change: (?:Backing up |Rollback will begin )"),
    re.compile(r'Enter "configure confirm" if you wish to keep '),
)
"""Words that come with a line that was taken."""

CONFIG_REFUSALS = (
    *REFUSALS,
    re.compile(r"%.*\b(?:is|are|still|currently|already) in use\b", re.IGNORECASE),
    re.compile(r"% ?Duplicate sequence number"),
    re.compile(r"% ?Invalid access list name"),
    re.compile(r"%.*\balready exists\b", re.IGNORECASE),
    re.compile(r"%.*\boverlaps with\b"),
    re.compile(r"%.*\bdoes not exist\b"),
    re.compile(r"%.*\bentry is of another type\b"),  # wording from memory
    re.compile(r"% ?No matching route to delete"),
    re.compile(r"%.*\bnot (?:permitted|allowed|supported)\b", re.IGNORECASE),
    re.compile(r"Group \S+ is an IPv[46] group and Crypto map is for IPv[46]\."),
    re.compile(r"% ?Turn config archive on before "),
    re.compile(r"% ?Rollback Confirmed Change is already pending"),
    re.compile(r"Bad mask (?:0x)?[0-9A-Fa-f/]+ for address "),
)
"""Words with which IOS does not take a line of configuration; the line has no effect."""

_CARET = re.compile(r"[ \t]*\^[ \t]*")


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer, understood as far as it can be.

    Attributes:
        verdict: the worst of its lines.
        words: the line that decided it; empty for an answer without words.
        column: characters before the caret on its line, where there is one; counted from the start of the prompt.
    """

    verdict: Verdict
    words: str = ""
    column: int | None = None


def judge(answer: str) -> Judged:
    """What an answer to a line of configuration means.

    Log lines in it mean nothing. A line that begins with a blank goes on with the one before it.

    Args:
        answer: what came between the echo and the next prompt.
    """
    column: int | None = None
    remark, unclear, heard = "", "", False
    for raw in answer.splitlines():
        line = raw.strip()
        if not line or SYSLOG.fullmatch(line):
            continue
        if _CARET.fullmatch(raw):
            column = raw.index("^")
            continue
        if LOCKED.match(line):
            return Judged(Verdict.LOCKED, line)
        if WELCOME.match(f"{line} ") or any(form.match(line) for form in REMARKS):
            remark, heard = remark or line, True
        elif any(form.match(line) for form in CONFIG_REFUSALS):
            return Judged(Verdict.REFUSED, line, column)
        elif not (heard and raw[0] in " \t"):
            unclear = unclear or line
    if unclear or column is not None:
        return Judged(Verdict.UNCLEAR, unclear, column)
    return Judged(Verdict.ACCEPTED, remark)
