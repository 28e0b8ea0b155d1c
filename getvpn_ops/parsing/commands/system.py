"""Commands about the router itself: release, load, clock, logs, access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.parsing.command import Command

COMMANDS: tuple[Command, ...] = ()
