"""Passwords as a configuration keeps them."""

from __future__ import annotations


def matches(words: list[str], typed: str) -> bool:
    """Whether a typed password is the one that a configuration line keeps.

    Args:
        words: what stands behind ``secret`` or ``password``: ``["0", "text"]``, ``["5", "$1$..."]`` or ``["text"]``.
        typed: the password.
    """
    if not words:
        return False
    if words[0] == "0" and len(words) > 1:
        return " ".join(words[1:]) == typed
    return " ".join(words) == typed
