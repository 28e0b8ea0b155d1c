"""What IOS says of a change that it takes back by itself unless somebody confirms it.

``show archive config rollback timer``: "Configuration Rollback Confirmed Change", 12.4(20)T and later, in the same
words up to IOS XE 17.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SHOW_TIMER = "show archive config rollback timer"
NONE_PENDING = "No Rollback Confirmed Change pending"
"""What this screen, ``configure confirm`` and ``configure revert`` say where no timer runs."""

_FIELDS = {
    "since": re.compile(r"^Time configured[^:]*:[ \t]*(\S.*)$", re.MULTILINE),
    "kind": re.compile(r"^Timer type:[ \t]*(\w+)", re.MULTILINE),
    "minutes": re.compile(r"^Timer value:[ \t]*(\d{1,3}) min", re.MULTILINE),
    "by": re.compile(r"^User:[ \t]*(\S.*)$", re.MULTILINE),
}
_IDLE = "idle"


@dataclass(frozen=True, slots=True)
class RevertTimer:
    """A timer that runs.

    Attributes:
        minutes: of it, from 1 to 120, counted from when it was set.
        is_idle: whether it begins anew with each line that somebody types.
        since: when it was set, in the words and the time zone of the device; empty if it does not say.
        by: who set it, in its words; likewise.
    """

    minutes: int
    is_idle: bool
    since: str = ""
    by: str = ""


def read_timer(text: str) -> RevertTimer | None:
    """The timer that a device shows; None if it says that none runs.

    Args:
        text: of ``SHOW_TIMER``.

    Raises:
        ValueError: it says neither.
    """
    lines = "\n".join(line.strip() for line in text.splitlines())
    if NONE_PENDING in lines:
        return None
    found = {name: match[1].strip() for name, form in _FIELDS.items() if (match := form.search(lines))}
    if "minutes" not in found or "kind" not in found:
        msg = f"neither a timer nor that there is none in the answer to `{SHOW_TIMER}`"
        raise ValueError(msg)
    return RevertTimer(
        int(found["minutes"]), found["kind"].lower() == _IDLE, found.get("since", ""), found.get("by", "")
    )
