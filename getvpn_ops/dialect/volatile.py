"""What stands in the text of a configuration and changes although nobody changed the configuration."""

from __future__ import annotations

import re

_HEAD = re.compile(
    r"Building configuration\.\.\."
    r"|(?:Current|Startup) configuration\s*:\s*\d+ bytes"
    r"|Using \d+ out of \d+ bytes.*"
    r"|! (?:Last|No) configuration change\b.*"
    r"|! NVRAM config last updated\b.*"
    r"|(?:Load for five secs|Time source is\b).*"  # `terminal exec prompt timestamp`
    r"|\s*!?\s*"
)
"""Lines before the first one that configures something (IOS 12.4 to IOS-XE 17)."""
_CLOCK = re.compile(r"ntp clock-period \d+")
"""What IOS 12.4 and 15 measure of their own oscillator, and print as if it were configured."""


def stable(text: str) -> str:
    """A configuration in the form in which it only changes when somebody changes it.

    Args:
        text: as a device printed it, with secrets or without.

    Returns:
        The same lines in the same order, each ended by one line feed, without those that change by themselves. Nothing
        else is left out: also what looks like such a line but stands further down, such as in a banner, is kept.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    begin = next((number for number, line in enumerate(lines) if not _HEAD.fullmatch(line)), len(lines))
    body = [line for line in lines[begin:] if not _CLOCK.fullmatch(line)]
    while body and not body[-1].strip():
        body.pop()
    return "".join(f"{line}\n" for line in body)
