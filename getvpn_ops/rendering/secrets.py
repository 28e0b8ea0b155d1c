"""Pre-shared keys in what is rendered: by name, until someone resolves them for the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable


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
        """The secret of a name, or its name."""
        found = self._resolve(reference) if self._resolve else None
        return found if found is not None else by_name(reference)
