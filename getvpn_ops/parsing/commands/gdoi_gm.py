"""Commands of a group member, and ``show crypto gdoi`` of both roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.parsing.command import Command

COMMANDS: tuple[Command, ...] = ()
