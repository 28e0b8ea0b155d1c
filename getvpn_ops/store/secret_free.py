"""Refuses an event in which a secret stands: what is in the journal stays there for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.secrets import KEY_CHAIN_PARENT, PRIVATE_BEGIN, PRIVATE_END, find_secrets, redact
from getvpn_ops.errors import StoreError
from getvpn_ops.model.journal import StepIntended
from getvpn_ops.model.plain import to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.model.journal import Event

_LINE_MAX = 4096  # characters; patterns look at no longer line
_KEY_NUMBER = re.compile(r"\s*(?:no\s+)?key\s+\d+\s*", re.IGNORECASE)
_NEW_LINE = re.compile(r"[\r\n]")


def must_hold_no_secret(event: Event, clean: Callable[[str], str]) -> None:
    """Look at every text of an event, by pattern and by the values that this process knows.

    Args:
        event: to be written.
        clean: replaces secrets that are known by value, such as ``Redactor.text``; what it replaces by pattern is found
            here, too.

    Raises:
        StoreError: there is one, or a text cannot be looked at; says in which field, and nothing of the text.
    """
    parent = ""
    for field, text in _texts(to_plain(event)):
        if field == "lines" and not text.isprintable():
            _refuse(event, field, "a line with a character that cannot be printed")
        for line in _NEW_LINE.split(text):
            if len(line) > _LINE_MAX:
                _refuse(event, field, f"a line of more than {_LINE_MAX} characters, which is not looked through")
            is_number = bool(_KEY_NUMBER.fullmatch(line))
            above = parent if is_number and field == "lines" and isinstance(event, StepIntended) else ""
            found = find_secrets(line, above)
            if found:
                _refuse(event, field, f"a secret ({found[0].secret.kind})")
            if PRIVATE_BEGIN.search(line) or PRIVATE_END.search(line):
                _refuse(event, field, "a private key")
            if clean(line) not in {line, redact(line)}:
                _refuse(event, field, "a secret that this process was given")
            if field == "lines" and line.strip() and not is_number:
                parent = line.strip() if KEY_CHAIN_PARENT.match(line.strip()) else _below(parent, line)


def _below(parent: str, line: str) -> str:
    """A key chain stays open over the lines of its keys."""
    words = line.split()
    return (
        parent
        if words[0] in {"key-string", "no", "accept-lifetime", "send-lifetime", "cryptographic-algorithm"}
        else ""
    )


def _texts(plain: Any, field: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- plain data
    match plain:
        case str():
            yield field, plain
        case dict():
            for name, value in plain.items():
                yield from _texts(value, field or name)
        case list():
            for value in plain:
                yield from _texts(value, field)
        case _:
            return


def _refuse(event: Event, field: str, what: str) -> None:
    msg = f"an event {event.kind} was not written to the journal: its {field} holds {what}"
    raise StoreError(msg)
