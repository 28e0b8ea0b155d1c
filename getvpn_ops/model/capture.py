"""What came of asking a device: the raw text of each command, and how the visit itself went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Trouble(StrEnum):
    """Why a device, or one command on it, gave no answer. The words are part of the JSON (P18)."""

    UNREACHABLE = "unreachable"
    CONNECTION_REFUSED = "connection refused"
    NO_COMMON_SSH = "no common SSH algorithm"
    HOST_KEY_UNKNOWN = "host key unknown"
    HOST_KEY_CHANGED = "host key changed"
    NO_CREDENTIALS = "no credentials"
    LOGIN_REFUSED = "login refused"
    BREAKER = "not tried, logins were refused elsewhere"
    ENABLE_REFUSED = "enable refused"
    VTYS_FULL = "no free VTY"
    UNEXPECTED_PROMPT = "unexpected prompt"
    WRONG_DEVICE = "wrong device"
    DEADLINE = "deadline passed"
    DROPPED = "session dropped"
    NOT_ALLOWED = "command not allowed"
    REFUSED = "command refused by the device"
    CANCELLED = "cancelled"
    SETUP = "cannot be tried as configured"
    DEFECT = "defect of getvpn-ops"


@dataclass(frozen=True, slots=True)
class Capture:
    """One command's text from one device, as it came.

    Attributes:
        device: name in the inventory.
        command: as it was sent.
        text: what the device printed between the echo and the next prompt; bytes, for it may be no UTF-8. Secrets are
            replaced before it becomes a ``Capture``.
        taken_at: when the answer was complete, UTC, by the clock of the run (the lab's, in a lab).
        seconds: from sending to the prompt; None for text of a file.
        source: SSH engine that fetched it, such as ``libssh 0.11.3``, or the file it stands in.
        trouble: why there is no (whole) answer; ``text`` is then what came before that.
        reason: the trouble in words, for a person.
    """

    device: str
    command: str
    text: bytes
    taken_at: datetime
    seconds: float | None = None
    source: str = ""
    trouble: Trouble | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """How one visit to a device went, whatever was asked.

    Attributes:
        device: name in the inventory.
        started: UTC, by the clock of the run.
        ended: likewise.
        engine: SSH engine in use, such as ``libssh 0.11.3``; empty if none got to work.
        hostname: of the prompt, if one came.
        commands: how many were answered whole.
        trouble: why it ended early or never began; None if all was asked.
        reason: the trouble in words, for a person.
        next_step: what a person can do about it.
    """

    device: str
    started: datetime
    ended: datetime
    engine: str = ""
    hostname: str = ""
    commands: int = 0
    trouble: Trouble | None = None
    reason: str = ""
    next_step: str = ""
