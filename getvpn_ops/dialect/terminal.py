"""What a terminal adds around a command's output: prompts, echoes, pagers, clocks, log lines; and how IOS refuses."""

from __future__ import annotations

import re

PROMPT = re.compile(
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9_.\-]{0,62})?(?P<mode>\([A-Za-z0-9_.\-]{1,40}\))?(?P<mark>[#>])[ \t]*(?P<typed>.*)"
)
"""A whole line that is a prompt with what was typed behind it. IOS host names have at most 63 characters; the guide's
own captures show a bare ``#``. Several configuration prompts do not begin with ``config``, such as
``(gdoi-local-server)``, ``(ipsec-profile)`` and ``(ca-trustpoint)``."""

LOAD = re.compile(r"Load for five secs: \d+%/\d+%; one minute: \d+%; five minutes: \d+%")
"""First line of ``terminal exec prompt timestamp``. ``show processes cpu`` says ``CPU utilization for five seconds``:
that is data, and has no place here."""

CLOCK = re.compile(r"Time source is .+, [*.]?\d\d:\d\d:\d\d(?:\.\d+)? .+")
"""Second line of ``terminal exec prompt timestamp``."""

SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?(?:\d+: )*(?:[\w.\-]+: )*?"  # priority, sequence numbers, host
    r"(?:(?:[*.])?(?:"
    r"(?:(?:\d{4} )?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Za-z+\-\d:]+)*)"  # datetime
    r"|(?:\d+[ywdhms](?:\d+[ywdhms])*|\d\d:\d\d:\d\d)"  # uptime
    r"): )?"
    r"%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_']+ ?:.*"
)
"""A syslog message, with whatever stamps stand before it."""

PAGER = re.compile(r"<?-{1,3} ?[Mm]ore ?-{1,3}>?")
"""`` --More-- ``, the question of the pager; the keys pressed leave backspaces and blanks behind it."""

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_]|[ -/][0-~])")
"""Escape sequences of a terminal (ECMA-48)."""

REFUSALS = (
    re.compile(r"% ?Invalid input detected"),
    re.compile(r"% ?Incomplete command"),
    re.compile(r"% ?Ambiguous command"),
    re.compile(r"% ?Unknown command"),
    re.compile(r"% ?Unrecognized command"),
    re.compile(r"% ?Bad IP address or host name"),
    re.compile(r"% ?(?:Command )?[Aa]uthorization (?:failed|denied)"),
    re.compile(r"Command authorization failed"),
    re.compile(r"Line has invalid autocommand"),
)
"""First words of the answers with which IOS says that it did not run a command."""

_REFUSED_WITHIN = 6  # lines: the echo, the caret, stamps of the prompt


def refusal(text: str) -> str | None:
    """The words with which IOS refused a command, if the whole answer is a refusal; None if it ran it.

    Args:
        text: what came between the echo and the next prompt.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _REFUSED_WITHIN:
        return None
    return next((line for line in lines if any(form.match(line) for form in REFUSALS)), None)
