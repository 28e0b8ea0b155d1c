"""What a rule decides of a typed configuration line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.configuration.blocks import Block


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rule has done what the line asks for, or refuses it; the line is not stored in the usual way.

    Attributes:
        said: what the router remarks.
        refused: the line changed nothing.
        opened: the block of the mode that it opens.
        action: name of a command that is to go on with a dialog.
    """

    said: tuple[str, ...] = ()
    refused: bool = False
    opened: Block | None = None
    action: str | None = None
