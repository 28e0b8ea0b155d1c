"""A diagnosis for a person: what is wrong, the likely causes with their clues, what was ruled out or not seen."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.diagnosis import Likelihood, Points
from getvpn_ops.reports.console import indented, visible
from getvpn_ops.reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from getvpn_ops.checks.diagnosis.cause import Cause
    from getvpn_ops.model.diagnosis import Clue, Diagnosis, Suspect, Symptom

_STYLE = {Likelihood.CERTAIN: "bold red", Likelihood.LIKELY: "red", Likelihood.POSSIBLE: "yellow"}
_MARK = {Points.FOR: "+", Points.AGAINST: "-", Points.MISSING: "?"}
_SYMPTOMS = 12
_SUSPECTS = 8
_CLUES = 8
_STEPS = 6
_NAMES = 6
_LONG = 300


def diagnosis_view(diagnosis: Diagnosis) -> RenderableType:
    """One diagnosis; what is cut says so."""
    parts: list[RenderableType] = [*_head(diagnosis)]
    for place, suspect in enumerate(diagnosis.suspects[:_SUSPECTS], 1):
        parts += _suspect(place, suspect, diagnosis.taken_at)
    parts += _more(len(diagnosis.suspects) - _SUSPECTS, "less likely cause")
    if diagnosis.unexplained:
        parts.append(Text("\nno cause found for", style="bold yellow"))
        parts += _symptoms(diagnosis.unexplained)
    parts += _open(diagnosis.open)
    if diagnosis.subject == diagnosis.group:  # of a whole group only the names: of each device there is another reason
        parts += _ids("ruled out", diagnosis.ruled_out)
    else:
        parts += _others("ruled out", diagnosis.ruled_out)
    parts.append(Text(f"\n{_looked_at(diagnosis)}", style="dim"))
    return Group(*parts)


def _head(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    what = (
        f"{diagnosis.subject} in group {diagnosis.group}" if diagnosis.subject != diagnosis.group else diagnosis.group
    )
    head = Text(_line(what), style="bold")
    mute = [item for item in diagnosis.looked_at if not item.commands]
    blind = [item for item in diagnosis.looked_at if item.commands and item.blind]
    if not diagnosis.symptoms and (mute or blind or not diagnosis.looked_at):
        yield head.append(": no symptom was seen, but not everything was looked at", style="bold yellow")
    elif not diagnosis.symptoms and diagnosis.suspects:
        yield head.append(": no symptom, but something to look at", style="bold yellow")
    elif not diagnosis.symptoms:
        yield head.append(": no symptom", style="bold green")
    for item in mute[:_NAMES]:
        why = item.gaps[0] if item.gaps else "it told nothing"
        yield indented(Text(_line(f"{item.device} was not looked at: {why}"), style="yellow"))
    yield from _more(len(mute) - _NAMES, "device", " not looked at")
    for item in blind[:_NAMES]:
        yield indented(Text(_line(f"how {item.device} stands is not known: {item.blind}"), style="yellow"))
    yield from _more(len(blind) - _NAMES, "device", " of which it is not known")
    if not diagnosis.symptoms:
        return
    yield head.append(f": {count(len(diagnosis.symptoms), 'symptom')}", style="bold red")
    yield from _symptoms(diagnosis.symptoms)


def _symptoms(symptoms: Sequence[Symptom]) -> Iterator[RenderableType]:
    """Symptoms, equal complaints of many devices on one line."""
    camps: dict[str, list[tuple[str, str]]] = {}
    for item in symptoms:
        camps.setdefault(item.complaint.value, []).append((item.device, item.says))
    for complaint, rows in list(camps.items())[:_SYMPTOMS]:
        line = Text(f"{complaint}: ", style="red")
        if len(rows) == 1:
            line.append(_line(f"{rows[0][0]}: {rows[0][1]}"), style="default")
        else:
            line.append(_line(f"{_names([name for name, _ in rows])}; {rows[0][0]}: {rows[0][1]}"), style="default")
        yield indented(line)
    yield from _more(len(camps) - _SYMPTOMS, "kind", " of symptom")


def _suspect(place: int, suspect: Suspect, now: datetime) -> Iterator[RenderableType]:
    head = Text(f"\n{place}. {suspect.likelihood.value}", style=_STYLE.get(suspect.likelihood, ""))
    head.append(f"  {_line(suspect.title)}", style="bold")
    head.append(f"  {suspect.cause}", style="dim")
    yield head
    explains = f"; explains {count(len(suspect.explains), 'symptom')}" if suspect.explains else ""
    yield indented(Text(_line(f"on {_names(suspect.devices)}{explains}")))
    for clue in suspect.clues[:_CLUES]:
        yield indented(_clue(clue, now), 4)
    yield from _more(len(suspect.clues) - _CLUES, "clue", by=4)
    for step in suspect.confirm[:_STEPS]:
        yield indented(Text.assemble(("confirm  ", "cyan"), _line(f"{step.device}# {step.command}")))
    yield from _more(len(suspect.confirm) - _STEPS, "command")
    for words in suspect.heal:
        yield indented(Text.assemble(("mend     ", "green"), _line(words)))


def _clue(clue: Clue, now: datetime) -> Text:
    text = Text(f"{_MARK[clue.points]} ", style="dim" if clue.points is Points.MISSING else "")
    text.append(_line(clue.says))
    if clue.evidence:
        seen = clue.evidence[0]
        age = span(timedelta(seconds=int(max(now - seen.taken_at, timedelta()).total_seconds())))
        more = f" and {len(clue.evidence) - 1} more" if len(clue.evidence) > 1 else ""
        text.append("  " + _line(f"[{seen.device}: {seen.command}, {age} old{more}]"), style="dim")
    return text


def _others(title: str, suspects: Sequence[Suspect]) -> Iterator[RenderableType]:
    if not suspects:
        return
    yield Text(f"\n{title}", style="bold")
    for suspect in suspects:
        yield indented(Text(_line(f"{suspect.title} ({_names(suspect.devices)}): {suspect.why}"), style="dim"))


def _open(suspects: Sequence[Suspect]) -> Iterator[RenderableType]:
    """Causes that could not be looked at, folded by what was missing."""
    by_reason: dict[str, list[str]] = {}
    for suspect in suspects:
        by_reason.setdefault(suspect.why, []).append(suspect.title)
    if by_reason:
        yield Text("\ncould not be looked at", style="bold")
    for why, titles in by_reason.items():
        said = titles[0] if len(titles) == 1 else f"{count(len(titles), 'cause')}, such as: {titles[0]}"
        yield indented(Text(_line(f"{said} ({why})"), style="dim"))


def _ids(title: str, suspects: Sequence[Suspect]) -> Iterator[RenderableType]:
    if suspects:
        yield Text(f"\n{title}", style="bold")
        rows = (f"{item.cause} ({len(item.devices)})" if len(item.devices) > 1 else item.cause for item in suspects)
        yield indented(Text(", ".join(rows), style="dim"))


def _looked_at(diagnosis: Diagnosis) -> str:
    told = [item for item in diagnosis.looked_at if item.commands]
    mute = [item for item in diagnosis.looked_at if not item.commands]
    commands = len({command for item in told for command in item.commands})
    words = f"looked at {count(len(told), 'device')} by {count(commands, 'command')}"
    return _line(f"{words}; not at {_names([item.device for item in mute])}" if mute else words)


def _more(rest: int, thing: str, which: str = "", by: int = 2) -> Iterator[RenderableType]:
    if rest > 0:
        yield indented(Text(f"and {count(rest, f'more {thing}')}{which}; -o json tells all", style="dim"), by)


def _names(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    shown = ", ".join(found[:_NAMES])
    return f"{shown} and {len(found) - _NAMES} more" if len(found) > _NAMES else shown


def _line(text: str) -> str:
    """A text of a device as part of one line, no longer than a person reads."""
    words = visible(" ".join(text.split()))
    return words if len(words) <= _LONG else f"{words[:_LONG]}..."


def cause_plain(cause: Cause[Any], scope: str) -> dict[str, Any]:
    """The page of a cause as plain data.

    Returns:
        ``kind`` (``cause of a member``, ...), ``id``, ``title``, ``doc``, ``explains``, ``confirm`` (where and command)
        and ``heal``.
    """
    return {
        "kind": f"cause of a {scope}",
        "id": cause.id,
        "title": cause.title,
        "doc": inspect.cleandoc(cause.doc),
        "explains": sorted(complaint.value for complaint in cause.explains),
        "confirm": [{"on": where, "command": command} for where, command in cause.confirm],
        "heal": list(cause.heal),
    }


def cause_page(cause: Cause[Any], scope: str) -> RenderableType:
    """The page of a cause in the manual."""
    plain = cause_plain(cause, scope)
    parts: list[RenderableType] = [Text.assemble((cause.id, "bold"), (f"  {plain['kind']}", "dim")), Text("")]
    parts += [indented(Text(cause.title, style="bold")), Text("")]
    for paragraph in plain["doc"].split("\n\n"):
        parts += [indented(Text(" ".join(paragraph.split()))), Text("")]
    parts.append(Text("what proves it", style="bold"))
    parts += [indented(Text(f"on the {where}: {command}")) for where, command in cause.confirm]
    parts.append(Text("\nwhat mends it", style="bold"))
    parts += [indented(Text(words)) for words in cause.heal]
    parts.append(Text(f"\nexplains: {', '.join(plain['explains'])}", style="dim"))
    return Group(*parts)


def cause_list(causes: Iterable[Cause[Any]]) -> RenderableType:
    """Every cause that diagnosis knows."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("cause", no_wrap=True)
    table.add_column("holds when it is the cause", overflow="fold")
    for cause in causes:
        table.add_row(Text(cause.id), Text(cause.title))
    return table
