"""Configurations and inventories -> fingerprints: equal for what says the same, whoever printed it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.plan import Fingerprint
from getvpn_ops.remediation.sameness import managed_sameness, sameness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config.tree import ConfigLine

_VOLATILE = re.compile(r"ntp clock-period \d+")
"""Lines that a router changes by itself."""


def fingerprint(tree: Iterable[ConfigLine], release: str, serial: str = "") -> Fingerprint:
    """What a device is: see ``model.plan.Fingerprint``.

    Args:
        tree: of its whole running configuration, secrets replaced by placeholders of this installation.
        release: as ``show version`` has it.
        serial: likewise.
    """
    lines = tuple(tree)
    return Fingerprint(whole_of(lines), managed_of(lines), release, serial)


def whole_of(tree: Iterable[ConfigLine]) -> str:
    """Of all lines but comments, and but those that a router changes by itself."""
    lines = (line for line in tree if line.kind is not LineKind.COMMENT and not _VOLATILE.fullmatch(line.text))
    return _digest(sameness(lines))


def managed_of(tree: Iterable[ConfigLine]) -> str:
    """Of the lines that this program manages, and of all access lists."""
    return _digest(managed_sameness(tree))


def _digest(value: object) -> str:
    return digest_of(canonical(value))


def digest_of(text: str) -> str:
    """SHA-256 (hexadecimal) of a canonical text."""
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def canonical(value: object) -> str:
    """One text for equal values: sets have no order of their own."""
    if isinstance(value, frozenset):
        return "{" + ",".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(canonical, value)) + ")"
    return repr(value)
