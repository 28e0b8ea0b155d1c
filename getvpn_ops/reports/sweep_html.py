"""A sweep as one page that needs nothing else: no script, no network, light and dark, on paper and on a telephone.

Every value is escaped by the template engine after all that is unseen in it became an escape. A content security policy
allows the page's own style and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from getvpn_ops.model.outcome import Status
from getvpn_ops.model.report import ChangeKind
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_matrix import matrices
from getvpn_ops.reports.sweep_words import (
    evidence,
    facts,
    folded_changes,
    gap_next_step,
    heading,
    listed,
    next_commands,
    not_looked_at,
    overall,
    passed,
    questions,
    said,
    sentence,
    verdict,
)
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jinja2 import Template

    from getvpn_ops.model.report import Change, Sweep

_LONG = 600
_SIGNS = {
    Status.PASS: "✓", Status.WAIVED: "w", Status.NOT_APPLICABLE: "\u2013",
    Status.UNKNOWN: "?", Status.ERROR: "!", Status.FAIL: "✗",
}  # fmt: skip
_KIND_CSS = {
    ChangeKind.WORSE: "worse", ChangeKind.NEW: "new", ChangeKind.NO_LONGER_ASKED: "gone",
    ChangeKind.STILL: "still", ChangeKind.BETTER: "better", ChangeKind.FIXED: "fixed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of each thing the page shows; what is left out is counted."""

    kinds: int = 10
    names: int = 100
    steps: int = 5
    gaps: int = 50
    places: int = 50
    problems: int = 40
    changes: int = 50


_CAPS = Caps()


def sweep_html(sweep: Sweep, *, changes_only: bool = False) -> str:
    """The page as text.

    Args:
        sweep: the run.
        changes_only: leave out what is as it was in the run compared with.
    """
    digest = Digest(sweep)
    style = _read("sweep.css")
    tables, room = matrices(digest)
    places = [] if changes_only else list(digest.problems.items())
    gaps = [] if changes_only else digest.gaps
    missing = not_looked_at(digest)
    return _template().render(
        sweep=sweep,
        caps=_CAPS,
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        status=overall(digest),
        verdict=verdict(digest),
        facts=facts(digest),
        failed=digest.counts[Status.FAIL],
        unknown=digest.unknown,
        passed=passed(digest),
        places=[
            (heading(place, digest), found[: _CAPS.problems],
             max(len(found) - _CAPS.problems, 0))
            for place, found in places[: _CAPS.places]
        ],
        places_left=max(len(places) - _CAPS.places, 0),
        gaps=gaps[: _CAPS.gaps],
        gaps_left=max(len(gaps) - _CAPS.gaps, 0),
        changes=_changes(sweep.changes, changes_only=changes_only),
        missing=list(missing.items())[: _CAPS.gaps],
        missing_left=max(len(missing) - _CAPS.gaps, 0),
        notes_left=max(len(sweep.notes) - _CAPS.gaps, 0),
        commands=next_commands(digest),
        matrices=[] if changes_only else tables,
        budget_spent=room.spent,
        evidence=lambda items: evidence(items, digest),
    )  # fmt: skip


def _changes(changes: Sequence[Change], *, changes_only: bool) -> list[tuple[ChangeKind, int, list[object], int]]:
    found: list[tuple[ChangeKind, int, list[object], int]] = []
    for kind in dict.fromkeys(change.kind for change in changes):
        alike = [change for change in changes if change.kind is kind]
        listed_too = changes_only or kind is not ChangeKind.STILL
        rows = list(folded_changes(alike).items()) if listed_too else []
        found.append((kind, len(alike), list(rows[: _CAPS.changes]), max(len(rows) - _CAPS.changes, 0)))
    return found


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_finalize, trim_blocks=False, keep_trailing_newline=True
    )
    environment.globals.update(
        alike=_alike,
        count=count,
        css=_css,
        cut=_cut,
        gap_next_step=gap_next_step,
        kind_css=_KIND_CSS,
        listed=listed,
        questions=questions,
        said=said,
        sentence=sentence,
        signs=_SIGNS,
    )
    return environment.from_string(_read("sweep.html"))


def _read(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value


def _css(status: Status) -> str:
    return "na" if status is Status.NOT_APPLICABLE else status.value


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _alike(subjects: Iterable[str]) -> str:
    who = list(subjects)
    return f"{len(who)} alike: {listed(who, _CAPS.names)}" if len(who) > 1 else listed(who, 1)
