"""The lines of a configuration, nested as the router understands them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.model.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator


class LineKind(StrEnum):
    """What a line of a configuration is."""

    COMMAND = "command"
    COMMENT = "comment"
    VERBATIM = "verbatim"
    """A line of a banner, a certificate or a macro: text that IOS does not read as a command."""


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One line with the lines of its sub-mode.

    Attributes:
        text: as printed, without indentation, secrets replaced by ``<redacted sha256:...>``.
        line: its number in the text that was read.
        kind: command, comment or verbatim text.
        children: the lines of its sub-mode, in order.
        hidden: the text with its secrets, if it has any.
    """

    text: str
    line: int
    kind: LineKind = LineKind.COMMAND
    children: tuple[ConfigLine, ...] = ()
    hidden: Secret | None = field(default=None, repr=False, metadata={"private": True})

    @property
    def true_text(self) -> str:
        """The text as the router printed it, with secrets: for comparing and for sending, never for showing."""
        return self.text if self.hidden is None else self.hidden.reveal()

    @property
    def commands(self) -> tuple[ConfigLine, ...]:
        """The children that are commands."""
        return tuple(child for child in self.children if child.kind is LineKind.COMMAND)

    def walk(self) -> Iterator[ConfigLine]:
        """This line and everything below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()
