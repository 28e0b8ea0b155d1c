"""The report of a run as one page that needs nothing else: no script, no network, light and dark, and on paper.

Escaped, and shielded by a content security policy, as ``sweep_html`` says. However many devices a run changes, the page
stays of a size that can be sent: what is left out is counted, and the command that shows it is named.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from getvpn_ops.reports.console import visible
from getvpn_ops.reports.run_digest import NAMES, RunDigest
from getvpn_ops.reports.run_pictures import pictures
from getvpn_ops.reports.run_stages import StageState
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from jinja2 import Template

    from getvpn_ops.reports.run_record import DeviceChange, RunRecord
    from getvpn_ops.reports.run_stages import StageTold, Told

_LONG = 1200
_EVIDENCE = 40
_PENDING = 60
_PREDICTED = 25
_DEVICES = 80
_ROWS = 400
_LINES = 200
_ALL_LINES = 6000
_BADGES = {
    StageState.DONE: "pass",
    StageState.HELD: "unknown",
    StageState.UNDER_WAY: "unknown",
    StageState.NOT_BEGUN: "na",
}
_SIGNS = {True: ("pass", "passed"), False: ("unknown", "held"), None: ("na", "not asked")}


def run_html(record: RunRecord) -> str:
    """The page as text."""
    digest = RunDigest(record)
    style = _read("sweep.css") + _read("run.css")
    return _template().render(
        digest=digest,
        style=Markup(style),  # noqa: S704 -- our own files
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        pictures=pictures(digest),
        preflight=digest.preflight[:_ROWS],
        preflight_left=max(len(digest.preflight) - _ROWS, 0),
        changes=_changes(digest.changes),
        changes_left=max(len(digest.changes) - _DEVICES, 0),
        predicted=(*digest.predicted[-1:], *digest.predicted[:-1])[:_PREDICTED],
        predicted_left=max(len(digest.predicted) - _PREDICTED, 0),
        pending=digest.pending[:_PENDING],
        pending_left=max(len(digest.pending) - _PENDING, 0),
    )


def _changes(changes: tuple[DeviceChange, ...]) -> list[tuple[DeviceChange, list[tuple[str, str]], int]]:
    """Devices with their lines, each with its class, and how many lines are left out."""
    room, made = _ALL_LINES, []
    for change in changes[:_DEVICES]:
        most = min(_LINES, room)
        rows = [(_kind(line) if change.is_diff else "", line) for line in change.lines[:most]]
        room -= len(rows)
        made.append((change, rows, len(change.lines) - len(rows)))
    return made


def _kind(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "d-head"
    return {"-": "d-out", "+": "d-in", "@": "d-at"}.get(line[:1], "")


def _progress(stage: StageTold) -> str:
    if not stage.steps[0]:
        return "nothing had to be done"
    steps = f"{stage.steps[1]} of {count(stage.steps[0], 'step')} proven"
    on = f" on {count(len(stage.devices), 'device')}" if stage.devices else ""
    return f"{steps}{on}"


def _shown(told: list[Told]) -> list[Told]:
    """The worst first, then the first ones."""
    return sorted(told, key=lambda item: {False: 0, True: 1, None: 2}[item.is_good])[:_EVIDENCE]


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_finalize, trim_blocks=False, keep_trailing_newline=True
    )
    environment.globals.update(
        badges=_BADGES,
        count=count,
        cut=lambda text: text if len(text) <= _LONG else f"{text[:_LONG]}...",
        listed=lambda names: listed(names, NAMES),
        most=_EVIDENCE,
        progress=_progress,
        shown=_shown,
        signs=_SIGNS,
    )
    return environment.from_string(_read("run.html"))


def _read(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value
