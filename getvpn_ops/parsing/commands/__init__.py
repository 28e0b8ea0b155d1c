"""Every command's parser, in explicit tuples by topic."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from getvpn_ops.errors import TemplateError
from getvpn_ops.parsing.commands import config, crypto, event_trace, gdoi_gm, gdoi_ks, system

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.parsing.command import Command

COMMANDS: tuple[Command, ...] = (
    *gdoi_ks.COMMANDS,
    *gdoi_gm.COMMANDS,
    *crypto.COMMANDS,
    *system.COMMANDS,
    *event_trace.COMMANDS,
    *config.COMMANDS,
)


@cache
def commands_by_template() -> Mapping[str, Command]:
    """Every parser by the name of its template.

    Raises:
        TemplateError: two parsers claim one template.
    """
    if twice := [name for name, count in Counter(command.template for command in COMMANDS).items() if count > 1]:
        msg = f"two parsers for {', '.join(twice)}"
        raise TemplateError(msg)
    return {command.template: command for command in COMMANDS}
