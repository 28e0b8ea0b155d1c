"""Which template reads which command: ``parsers/index``, in the format of TextFSM's ``CliTable``.

The columns are CliTable's (``Template``, ``Hostname``, ``Platform``, ``Command`` with ``[[ ]]`` around what may be left
out), so the folder serves stock tools as well; ours is ``Canonical``, the command in full. A row whose template has no
``.textfsm`` ending is read by code of ours.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache

from getvpn_ops.dialect.secrets import redact
from getvpn_ops.errors import TemplateError, UnknownCommandError
from getvpn_ops.resources import data_dir

_OPTIONAL_TAIL = re.compile(r"\[\[(.+?)\]\]")
_LONGEST = 400  # characters of an unknown command that are looked at
_ECHO_LEAD = re.compile(r"(?:do\s+)?(?=sh)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One row: the commands it matches, and what reads their output."""

    template: str
    canonical: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A command as typed, understood.

    Attributes:
        template: what reads the output.
        known_as: the command in full as the index has it, without arguments.
        canonical: in full, with its arguments.
        output_filter: the text behind ``|``, or None.
    """

    template: str
    known_as: str
    canonical: str
    output_filter: str | None = None


def _expand(pattern: str) -> str:
    """``sh[[ow]]`` -> ``sh(?:o(?:w)?)?``, as CliTable does."""
    return _OPTIONAL_TAIL.sub(lambda tail: "(?:" + "(?:".join(tail[1]) + ")?" * len(tail[1]), pattern)


@cache
def index_rows() -> tuple[IndexRow, ...]:
    """Read ``parsers/index``.

    Raises:
        TemplateError: a row is malformed.
    """
    path = data_dir("parsers") / "index"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"]
    rows = []
    for row in csv.DictReader(lines, skipinitialspace=True):
        try:
            pattern = re.compile(_expand(row["Command"]), re.IGNORECASE)
            rows.append(IndexRow(row["Template"].strip(), row["Canonical"].strip(), pattern))
        except (AttributeError, KeyError, TypeError, re.error) as exc:
            msg = f"parsers/index: {row}: {exc!r}"
            raise TemplateError(msg) from exc
    return tuple(rows)


def resolve(command: str) -> Resolved | None:
    """Understand a command as people type it, or None.

    ``sh cry gdoi gr G1 ks mem | i Rekey`` -> ``show crypto gdoi group G1 ks members``, filter ``i Rekey``. ``gkm`` is
    the newer keyword for ``gdoi``; both mean the same output, and the canonical command says ``gdoi``.
    """
    typed, bar, output_filter = command.partition("|")
    words = " ".join(typed.split())
    if lead := _ECHO_LEAD.match(words):
        words = words[lead.end() :]
    for row in index_rows():
        found = row.pattern.fullmatch(words)
        if found is None:
            continue
        arguments = {name: value for name, value in found.groupdict().items() if value is not None}
        canonical = row.canonical
        if name := arguments.pop("group", None):
            canonical = canonical.replace("show crypto gdoi", f"show crypto gdoi group {name}", 1)
        for value in arguments.values():
            canonical += f" {value}"
        return Resolved(row.template, row.canonical, canonical, output_filter.strip() if bar else None)
    return None


def resolve_or_raise(command: str) -> Resolved:
    """``resolve``, or say what is near.

    Raises:
        UnknownCommandError: no row matches.
    """
    found = resolve(command)
    if found is None:
        typed = redact(" ".join(command.split())[:_LONGEST])
        raise UnknownCommandError(typed, _nearest(command[:_LONGEST]))
    return found


def _nearest(command: str) -> tuple[str, ...]:
    known = list(dict.fromkeys(row.canonical for row in index_rows()))
    words = " ".join(command.lower().replace("gkm", "gdoi").split())
    if words.startswith(("sh ", "sho ")):
        words = f"show {words.partition(' ')[2]}"
    close = difflib.get_close_matches(words, known, n=4, cutoff=0.5)
    starts = [name for name in known if name.startswith(words)] if len(words) > len("show") else []
    return tuple(dict.fromkeys([*close, *starts]))[:6]
