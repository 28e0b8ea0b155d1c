"""Plain words -> an intent that the schema accepts; what it does not accept is left out and told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from getvpn_ops.engine.adopt.told import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.adopt.told import Remarks

M = TypeVar("M", bound=BaseModel)
_REVISION = re.compile(r"(?P<base>.+?)_r[1-9]\d*")


def accepted(model: type[M], words: dict[str, Any], subject: str, remarks: Remarks) -> M | None:
    """Check words; a field whose value cannot be said is taken out of them.

    Args:
        model: the schema.
        words: are changed.
        subject: device or group, for remarks.
        remarks: gets each field that was taken out.

    Returns:
        The intent; None if even the rest is none.
    """
    while True:
        try:
            return model.model_validate(words)
        except ValidationError as exc:
            if not _without(words, exc, subject, remarks):
                return None


def _without(words: dict[str, Any], exc: ValidationError, subject: str, remarks: Remarks) -> bool:
    """Take the first mistake out; what it was may have caused others."""
    for error in exc.errors(include_url=False):
        where = _last_key(words, error["loc"])
        if where is None:
            continue
        holder, key, path = where
        if key in holder:
            value = holder.pop(key)
            reason = f"the intent cannot say this value: {error['msg'].removeprefix('Value error, ')}"
            remarks.add(Kind.DIFFERS, subject, f"{path}: {value}", reason)
            return True
    return False


def _last_key(words: dict[str, Any], loc: tuple[int | str, ...]) -> tuple[dict[str, Any], str, str] | None:
    """The innermost mapping on the way to a mistake, and its key."""
    found: tuple[dict[str, Any], str, str] | None = None
    here: Any = words
    path: list[str] = []
    for step in loc:
        path.append(str(step))
        if isinstance(here, dict) and step in here:
            found = (here, str(step), ".".join(path))
            here = here[step]
        elif isinstance(here, list | tuple) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            break
    return found


def base_of(name: str) -> str:
    """An access list's name without its revision: ``NAME_r2`` -> ``NAME``."""
    found = _REVISION.fullmatch(name)
    return found["base"] if found else name


def said(words: Mapping[str, Any]) -> dict[str, Any]:
    """Words without those that say nothing."""
    return {key: value for key, value in words.items() if value is not None}


def seconds(value: Any) -> int:  # noqa: ANN401 -- a time of the configuration, or of a table of defaults
    """A time in seconds."""
    return int(value.total_seconds())
