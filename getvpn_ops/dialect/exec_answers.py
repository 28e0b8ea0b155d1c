"""What IOS says to a command that does something: what it did, or that it does not do it.

From IOS's own words (guide, "Key Server Configuration" and Table 3; IOS 12.4, 15 and XE 17). Words that stand in no
table are not understood: the command may have been done or not, and only reading the device tells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.dialect.config_answers import CONFIG_REFUSALS, LOCKED, REMARKS, WELCOME, Judged, Verdict
from getvpn_ops.dialect.terminal import SYSLOG

if TYPE_CHECKING:
    from collections.abc import Iterable

EXEC_REMARKS = (
    *REMARKS,
    WELCOME,
    re.compile(r"Building configuration\.\.\."),
    re.compile(r"Compressed configuration from \d+ bytes to \d+ bytes"),
    re.compile(r"\[OK\]"),
    re.compile(r"\d+ bytes copied in [\d.]+ secs"),
    re.compile(r"The name for the keys will be: "),
    re.compile(r"% ?The key modulus size is \d+ bits"),
    re.compile(r"% ?Generating \d+ bit RSA keys"),
    re.compile(r"% ?You already have RSA keys defined named "),
    re.compile(r"% ?They will be replaced\."),
    re.compile(r"% ?Key name: "),
    re.compile(r"Usage: \w+( Purpose)? Key$"),
    re.compile(r"Key data:$"),
    re.compile(r"base64 len \d+"),
    re.compile(r"% ?Enter PEM-formatted "),
    re.compile(r"% ?End with .*\bquit\b"),
    re.compile(r"% ?Key pair import succeeded\."),
    re.compile(r"% ?If you replace them, all router certs "),
    re.compile(r"% ?will be removed\."),
    re.compile(r"% ?(?:Keys to be removed are named |All keys will be removed\.)"),
    re.compile(r"% ?All router certs issued using these keys "),
    re.compile(r"% ?The Key Server and Group Member will destroy "),
    re.compile(r"% ?The Key Server will remove all Group Members"),
    re.compile(r"% ?All Group Members (?:are required to re-register|will be removed at once)"),
    re.compile(r".* debugging is (?:on|off)$"),
    re.compile(r"All possible debugging has been turned off"),
)
"""Words that come with a command that was done, or that lead to the question whether it shall be."""

EXEC_REFUSALS = (
    *CONFIG_REFUSALS,
    re.compile(r"% ?RSA keypair '.*' (?:not found|is not exportable)"),
    re.compile(r"% ?Pass ?phrase must be at least "),
    re.compile(r"% ?Key pair import failed"),
    re.compile(r"% ?You already have RSA keys named "),  # an import asks then; a new pair says "defined named"
    re.compile(r"% ?Please define a (?:hostname|domain-name)"),
    re.compile(r"% ?No (?:Signature )?RSA keys\b", re.IGNORECASE),
    re.compile(r"% ?No Rollback Confirmed Change pending"),
    re.compile(r"% ?Error\b"),
    re.compile(r"startup-config file open failed"),
    re.compile(r"% ?Invalid (?:time|key length)\b"),
    re.compile(r"%.*\b(?:no|not the|not a) primary\b", re.IGNORECASE),  # wording from memory
)
"""Words with which IOS says that it does not do a command."""

_CARET = re.compile(r"[ \t]*\^[ \t]*")


def judge_command(answer: str, questions: Iterable[str] = ()) -> Judged:
    """What an answer to a command means.

    Args:
        answer: what came between the echo and the next prompt.
        questions: that were answered, without the answers; their lines mean nothing.
    """
    asked = tuple(questions)
    column: int | None = None
    remark, unclear = "", ""
    for raw in answer.splitlines():
        line = raw.strip()
        if not line or SYSLOG.fullmatch(line) or line.startswith(asked):
            continue
        if _CARET.fullmatch(raw):
            column = raw.index("^")
        elif LOCKED.match(line):
            return Judged(Verdict.LOCKED, line)
        elif any(form.match(line) for form in EXEC_REFUSALS):
            return Judged(Verdict.REFUSED, line, column)
        elif any(form.match(line) for form in EXEC_REMARKS):
            remark = remark or line
        else:
            unclear = unclear or line
    if unclear or column is not None:
        return Judged(Verdict.UNCLEAR, unclear, column)
    return Judged(Verdict.ACCEPTED, remark)
