"""Pre-shared keys in what is rendered: by name, until someone resolves them for the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.errors import MistakesError
from getvpn_ops.model.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPED = re.compile(r"[!-;=>@-~]{1,127}")
"""No ``?``, which asks for help, and no ``<``, with which names of unresolved secrets begin."""


def unresolved(reference: str) -> str:
    """What stands for a secret that was not looked up: ``<secret:NAME>``; no transport sends it."""
    return f"<secret:{reference}>"


def by_name(reference: str) -> Secret:
    """A secret that knows its name alone."""
    return Secret.of("isakmp-key", unresolved(reference))


class Secrets:
    """Where secrets come from while a configuration is rendered."""

    def __init__(self, resolve: Callable[[str], Secret | None] | None = None) -> None:
        """Take them from a function; without it all stay names.

        Args:
            resolve: name -> secret; None if the user's sources do not have it.
        """
        self._resolve = resolve

    def get(self, reference: str) -> Secret:
        """The secret of a name, or its name.

        Raises:
            MistakesError: it cannot be typed on a router; says its name, never the secret.
        """
        found = self._resolve(reference) if self._resolve else None
        if found is None:
            return by_name(reference)
        text = found.reveal()
        if not _TYPED.fullmatch(text):
            expected = "expected 1 to 127 visible characters of ASCII, no blank, no ? and no <"
            raise MistakesError("a secret cannot be typed on a router", (f"{reference}: {expected}",))
        return Secret.of("isakmp-key", text, found.encryption)
