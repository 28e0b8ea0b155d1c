"""One run of the program as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """One run: who asked for what, when, and how it ended.

    Attributes:
        id: short, sorts by time within its kind: ``h-20260301-100500-k3f9``.
        kind: the command: ``collect``, ``health``, ``doctor`` ...
        started: UTC, by the clock of the run (the lab's, in a lab).
        ended: likewise; None while it runs, and for ever if it was killed.
        arguments: what was asked for, plain data.
        depth: how many members were to be asked; empty if that makes no sense for this kind.
        exit_code: None as long as ``ended`` is.
        summary: counts, such as ``{"fail": 2, "pass": 40}``.
        workspace: folder of the workspace; empty if there was none.
        user: who ran it, as the operating system says.
        host: where.
        tool_version: of getvpn-ops.
    """

    id: str
    kind: str
    started: datetime
    ended: datetime | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    depth: str = ""
    exit_code: int | None = None
    summary: Mapping[str, int] = field(default_factory=dict)
    workspace: str = ""
    user: str = ""
    host: str = ""
    tool_version: str = ""
