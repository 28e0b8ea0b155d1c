"""What a stay in configuration mode notes of each line, without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.config.secret import placeholder
from getvpn_ops.model.receipt import LineReceipt, LineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.dialect.config_answers import Judged
    from getvpn_ops.model.change import ChangeLine

_PLACEHOLDER = re.compile(r"<redacted sha256:[0-9a-f]{12}>")
_SAID_MAX = 2000  # characters of one answer that are kept


def hider(lines: Iterable[ChangeLine], redact: Callable[[str], str]) -> Callable[[str], str]:
    """A redactor that also knows the secrets of these lines.

    The device may quote a line, whole or in part: ``% Ambiguous command:  "..."``.

    Args:
        lines: with their true texts.
        redact: finds all other secrets.
    """
    values: dict[str, str] = {}
    for line in lines:
        if line.hidden is not None:
            values[line.true_text.strip()] = line.text.strip()
            values.update({secret: placeholder(secret) for secret in _secrets(line)})
    ordered = sorted(values, key=len, reverse=True)

    def hide(text: str) -> str:
        for value in ordered:
            text = text.replace(value, values[value])
        return redact(text)

    return hide


def _secrets(line: ChangeLine) -> tuple[str, ...]:
    """What stands in the true text where the shown one has placeholders."""
    form = "(.+?)".join(re.escape(part) for part in _PLACEHOLDER.split(line.text.strip()))
    found = re.fullmatch(form, line.true_text.strip())
    return found.groups() if found is not None else ()


@dataclass(slots=True)
class Told:
    """One line, while it is being sent.

    Attributes:
        line: of the step or of its rollback.
        state: what became of it so far.
        opened: whether a line that opens its mode was typed for it.
        said: the device's words so far.
        at: place of the caret in the line.
    """

    line: ChangeLine
    state: LineState = LineState.NOT_SENT
    opened: bool = False
    said: str = ""
    at: int | None = None

    def hear(self, text: str) -> None:
        """Add words of the device."""
        words = "\n".join(part.rstrip() for part in text.splitlines() if part.strip())
        self.said = "\n".join(filter(None, (self.said, words)))

    def point(self, judged: Judged, width: int) -> None:
        """Note the place of a caret.

        Args:
            judged: the answer.
            width: of the prompt, whose characters count.
        """
        if judged.column is not None and self.line.hidden is None:
            self.at = max(0, judged.column - width)

    def receipt(self, hide: Callable[[str], str]) -> LineReceipt:
        """As it may be shown."""
        path = tuple(hide(opener) for opener in self.line.path)
        return LineReceipt(hide(self.line.text), path, self.state, hide(self.said)[:_SAID_MAX], self.at)
