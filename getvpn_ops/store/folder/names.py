"""What the name of a file says: a command, a device, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from getvpn_ops.parsing import known_commands
from getvpn_ops.parsing.index import Resolved, resolve

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import PurePosixPath

_ENDING = re.compile(r"\.(?:txt|log|out|cfg|conf|config|text|asc|cap|ios|show|dat|output|md)$", re.IGNORECASE)
_COPY = re.compile(r"(?: ?\(\d{1,3}\)| - copy)$", re.IGNORECASE)
_SHOW = re.compile(r"(?:^|(?<=[_\-. +@,]))sh(?:ow?)?(?=[_\-. +])", re.IGNORECASE)
_DATE = re.compile(
    r"(?:^|[_\-. +@,])(?:20\d\d[-_.]?[01]\d[-_.]?[0-3]\d)(?:[T_\-. ]?[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?)?"
    r"(?=$|[_\-. +@,])"
)
_BETWEEN = "_-. +@,"
_SPACED = re.compile(r"[_\-+ ]+")
_NUMBER = re.compile(r"[\dxX]{1,3}|before|after|pre|post|first|second|output|out|capture|cap|log", re.IGNORECASE)
_SEPARATORS = ("__", "@", ",", "+", " ", "_", ".", "-")
_GENERIC = re.compile(
    r"(?:show|sh|capture|output|log|text|data|file|config|cli|raw|router|device|customer|evidence|upload|download|tmp|"
    r"temp|new|old|before|after|pre|post|ks|gm|key-?server|member|group-?member|session|show-?tech|tech|version)s?\d{0,2}"
    r"|[\d_\-. ]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says.

    Attributes:
        command: in full, with what stands behind ``|``; None if it names none.
        device: None if it names none.
    """

    command: str | None = None
    device: str | None = None


def full(resolved: Resolved) -> str:
    """A command that was understood, in full."""
    return resolved.canonical if resolved.output_filter is None else f"{resolved.canonical} | {resolved.output_filter}"


def stem(name: str) -> str:
    """A file name without ending, mark of a copy, or date."""
    while (shorter := _COPY.sub("", _ENDING.sub("", name))) != name:
        name = shorter
    return _DATE.sub("", name).strip(_BETWEEN)


def is_generic(word: str) -> bool:
    """Whether a name of a folder says nothing of a device: ``logs``, ``2026-03-01``, ``show`` ..."""
    return _GENERIC.fullmatch(stem(word)) is not None or understood(stem(word)) is not None


def read_name(path: PurePosixPath, known: Container[str]) -> Named:
    """Understand ``lon-gm1_show-crypto-gdoi.txt``, ``show_version.lon-gm1.log``, ``show-crypto-gdoi/lon-gm1.txt`` ...

    Args:
        path: below the folder that was named.
        known: names of devices in lower case, where an inventory gives some.
    """
    name = stem(path.name)
    found = _in_words(name, known)
    if found.command is not None:
        return found
    for parent in path.parents:
        if parent.name and (command := understood(stem(parent.name))) is not None:
            return Named(command, None if _NUMBER.fullmatch(name) else name)
    return found


def understood(words: str) -> str | None:
    """``show_crypto-gdoi_ks`` -> ``show crypto gdoi ks``; None if it is no command that is known."""
    loose = _SPACED.sub(" ", words).split()
    spellings = [" ".join(loose), " ".join(re.sub(r"[_+ ]+", " ", words).split())]
    spellings += [" ".join([*loose[:-last], "-".join(loose[-last:])]) for last in range(2, min(5, len(loose)))]
    for spelled in [*spellings, " ".join(re.sub(r"[_\-+. ]+", " ", words).split())]:
        exact = spelled
        for word in _hyphenated():
            exact = re.sub(rf"\b{word.replace('-', '[ -]')}\b", word, exact)
        if (resolved := resolve(exact)) is not None:
            return full(resolved)
    return None


@cache
def _hyphenated() -> tuple[str, ...]:
    """Words of known commands that have a hyphen in them: it may stand for a blank in a file name, or for itself."""
    words = {word for command in known_commands() for word in command.split() if "-" in word}
    return tuple(sorted(words, key=len, reverse=True))


def _in_words(name: str, known: Container[str]) -> Named:
    show = _SHOW.search(name)
    if show is None:
        command = understood(f"show {name}")
        return Named(command, None if command else name or None)
    before = name[: show.start()].strip(_BETWEEN)
    device = None if not before or _NUMBER.fullmatch(before) else before
    typed = name[show.start() :]
    if (command := understood(typed)) is not None and (device or not _ends_in_device(typed, known)):
        return Named(command, device)
    for separator in _SEPARATORS:
        parts = typed.split(separator)
        for cut in range(len(parts) - 1, 0, -1):
            tail = separator.join(parts[cut:]).strip(_BETWEEN)
            command = understood(separator.join(parts[:cut]))
            if command is None or not tail:
                continue
            if _NUMBER.fullmatch(tail):
                return Named(command, device)
            if device is None and (tail.lower() in known or re.search(r"\d", tail)):
                return Named(command, tail)
    return Named(understood(typed), device)


def _ends_in_device(typed: str, known: Container[str]) -> bool:
    """Whether the last words are a device that the inventory knows, and not an argument of the command."""
    return any(
        separator.join(parts[cut:]).lower() in known
        for separator in _SEPARATORS
        if len(parts := typed.split(separator)) > 1
        for cut in range(1, len(parts))
    )
