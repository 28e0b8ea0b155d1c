"""Lines that IOS does not take as they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.config.views import RouterConfig
    from getvpn_ops.model.outcome import Finding

_WRONG = (
    (re.compile(r"ip multi-cast[ -]routing\b"), "ip multicast-routing"),
    (re.compile(r"authentication pre-shared\b"), "authentication pre-share"),
)
"""Lines of the guide's samples that no release has, and what is meant. Nothing is here that a release might know."""
_MOVED = re.compile(r"the place of (?P<count>\d+) lines .*by their indentation \(first: line (?P<line>\d+)\)")
_SA = re.compile(r"sa ipsec \d", re.IGNORECASE)
_OF_THE_SERVER = re.compile(r"(?:no )?(?:address ipv[46] |redundancy$|rekey |authorization |identifier$)")


def unknown(view: RouterConfig, _params: NoParams) -> Iterator[Finding]:
    """A line that no IOS has is refused when it is typed, and what it should do is not done.

    A router never prints one back, so it stands in a text that somebody wrote: a template, a file for ``copy``, a
    sample out of the guide, which has ``ip multi-cast routing`` and ``authentication pre-shared``. Only lines that are
    known to be wrong are named; that a line is not named here says nothing for it.
    """
    found = 0
    for path, line in view.commands():
        meant = next((right for wrong, right in _WRONG if wrong.match(line.text)), None)
        if meant is None:
            continue
        found += 1
        where = f" in '{path[-1]}'" if path else ""
        yield view.finding(
            Status.FAIL,
            f"line '{line.text}'{where}",
            expected=meant,
            actual="no IOS has such a command",
            next_steps=(f"write {meant}",),
        )
    if not found:
        yield view.clean("commands that no IOS has", "none")


def place(view: RouterConfig, _params: NoParams) -> Iterator[Finding]:
    """A line that is indented into a mode it does not belong to was not printed by a router.

    The guide's samples print ``address ipv4`` and ``redundancy`` inside ``sa ipsec``. Both are lines of ``server
    local``; a router that gets them so may take them for it, or not, and a text that is compared by its indentation is
    compared wrongly. This program reads such a line where it belongs, and says so.
    """
    found = 0
    for warning in view.warnings:
        moved = _MOVED.search(warning)
        if moved is None:
            continue
        found += 1
        first = next(((path, item) for path, item in view.commands() if item.line == int(moved["line"])), None)
        text = f"line '{first[1].text}'" if first is not None else f"line {moved['line']}"
        owner = f"in '{first[0][-1]}'" if first is not None and first[0] else "at the top"
        more = f", and {int(moved['count']) - 1} more" if int(moved["count"]) > 1 else ""
        yield _misplaced(view, text, owner, f"it stands elsewhere by its indentation{more}")
    for path, line in view.commands():
        if path and _SA.match(path[-1]) and _OF_THE_SERVER.match(line.text):
            found += 1
            yield _misplaced(view, f"line '{line.text}'", "in 'server local'", f"it stands in '{path[-1]}'")
    if not found:
        yield view.clean("places of lines", "each in the mode that it belongs to")


def _misplaced(view: RouterConfig, text: str, expected: str, actual: str) -> Finding:
    steps = (f"capture the configuration of {view.name} again: a router prints it in its place",)
    return view.finding(Status.FAIL, text, expected=expected, actual=actual, next_steps=steps)


COMMAND_RULES = (
    Spec(
        id="command-unknown",
        title="Every command is one that IOS has",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=unknown,
        tags=frozenset({"config"}),
    ),
    Spec(
        id="command-place",
        title="Every line stands in the mode that it belongs to",
        severity=Severity.MINOR,
        params=NoParams,
        examine=place,
        tags=frozenset({"config"}),
    ),
)
