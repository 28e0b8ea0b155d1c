"""The running configuration."""

from __future__ import annotations

from getvpn_ops.model.config import RunningConfig
from getvpn_ops.parsing import running_config
from getvpn_ops.parsing.command import Command

COMMANDS: tuple[Command, ...] = (Command(template="running_config", model=RunningConfig, reader=running_config.read),)
