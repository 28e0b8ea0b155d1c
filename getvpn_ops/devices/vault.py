"""Placeholder -> secret, for one session, in memory: how a line that was shown becomes the line that is typed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from getvpn_ops.dialect.secrets import find_secrets
from getvpn_ops.model.config.secret import Secret, placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.model.change import ChangeLine, ChangeStep

_PLACEHOLDER = re.compile(r"<redacted sha256:[0-9a-f]{12}>")


class UnresolvedError(Exception):
    """A placeholder stands for a secret that neither the intent nor the device's configuration gave."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        super().__init__(shown)


class Vault:
    """The secrets that may be typed on one device. Belongs to one thread; nothing shows what is in it."""

    __slots__ = ("_device", "_given", "_redactor", "_values")

    def __init__(self, device: str, given: Callable[[], Iterable[Secret]], redactor: Redactor) -> None:
        """Know nothing yet.

        Args:
            device: its name.
            given: the secrets of its intent: whole true lines, or values alone. Asked once, and only when a line needs
                one that the device's own configuration does not show.
            redactor: is told of every value before it can be typed.
        """
        self._device = device
        self._given: Callable[[], Iterable[Secret]] | None = given
        self._redactor = redactor
        self._values: dict[str, str] = {}

    def learn(self, text: str) -> None:
        """Take in the secrets of a configuration as the device prints it.

        Args:
            text: what ``show running-config`` answered, with its secrets and its indentation.
        """
        above: list[tuple[int, str]] = []
        for raw in text.splitlines():
            line = raw.rstrip()
            if not line.strip():
                continue
            indent = len(line) - len(line.lstrip())
            while above and above[-1][0] >= indent:
                above.pop()
            self._find(line.strip(), above[-1][1] if above else "")
            above.append((indent, line.strip()))

    def resolve(self, step: ChangeStep) -> ChangeStep:
        """A step whose lines can be typed.

        Raises:
            UnresolvedError: names a line that cannot, as it may be shown.
        """
        return replace(
            step,
            lines=tuple(self._line(line) for line in step.lines),
            rollback=tuple(self._line(line) for line in step.rollback),
        )

    def _line(self, line: ChangeLine) -> ChangeLine:
        path = tuple(self._text(opener) for opener in line.path)
        if line.hidden is not None:
            self._find(line.hidden.reveal().strip(), path[-1] if path else "")
            return replace(line, path=path)
        true = self._text(line.text)
        return replace(line, path=path, hidden=line.hidden if true == line.text else Secret.of("line", true))

    def _text(self, shown: str) -> str:
        """A text with the secrets in place of their placeholders."""
        wanted = _PLACEHOLDER.findall(shown)
        if any(item not in self._values for item in wanted):
            self._ask()
        if any(item not in self._values for item in wanted):
            raise UnresolvedError(shown)
        return _PLACEHOLDER.sub(lambda found: self._values[found[0]], shown)

    def _ask(self) -> None:
        given, self._given = self._given, None
        for secret in given() if given is not None else ():
            text = secret.reveal().strip()
            if not self._find(text, ""):
                self._keep(text)

    def _find(self, line: str, parent: str) -> bool:
        found = find_secrets(line, parent)
        for item in found:
            self._keep(item.secret.reveal())
        return bool(found)

    def _keep(self, value: str) -> None:
        if (shown := placeholder(value)) not in self._values:
            self._redactor.know(SecretStr(value), device=self._device)
            self._values[shown] = value
