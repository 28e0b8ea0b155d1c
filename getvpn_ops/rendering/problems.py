"""What keeps an intent from being rendered, all of it at once."""

from __future__ import annotations

from getvpn_ops.errors import MistakesError


class Problems:
    """Collects sentences; the same one is kept once."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, subject: str, where: str, text: str) -> None:
        """Add one: of which device or group, under which key, what is wrong."""
        self._found[f"{subject}: {where}: {text}" if where else f"{subject}: {text}"] = None

    def settle(self, what: str) -> None:
        """Go on only if nothing was found.

        Raises:
            MistakesError: something was; says all of it.
        """
        if self._found:
            raise MistakesError(what, tuple(self._found))
