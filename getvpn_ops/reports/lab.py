"""The lab on a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.reports.console import indented
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

_KIND_STYLES = {"fault": "red", "reload": "yellow", "clock": "cyan", "mark": "cyan", "session": "dim", "save": "green"}


def clock_line(answer: Mapping[str, Any]) -> str:
    """``it is 2026-03-01 10:00:00 UTC, at 1 s a second``."""
    speed = float(answer["speed"])
    pace = "time stands still" if not speed else "at real pace" if speed == 1 else f"at {speed:g} seconds a second"
    events = answer.get("events")
    happened = "" if events is None else f"; {count(events, 'event')} on the way"
    return f"it is {_moment(str(answer['now']))} in the lab, {pace}{happened}"


def lab_status(status: Mapping[str, Any]) -> RenderableType:
    """The routers of a lab, and what waits on them."""
    devices = status["devices"]
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading, justify in (
        ("device", "left"), ("site", "left"), ("role", "left"), ("model", "left"), ("release", "left"),
        ("port", "right"), ("up", "right"), ("sessions", "right"), ("state", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for device in devices:
        table.add_row(
            device["name"], device["site"], device["role"], device["model"], device["release"], str(device["port"]),
            _span(float(device["up_seconds"])), str(device["sessions"] or ""), _state(device),
        )  # fmt: skip
    parts: list[RenderableType] = [
        Text.assemble((count(len(devices), "router"), "bold"), f", seed {status['seed']}, {clock_line(status)}"),
        Text(),
        indented(table),
        Text(),
        Text.assemble("traffic: ", _traffic(status["traffic"])),
    ]
    faults = [(device["name"], fault) for device in devices for fault in device["faults"]]
    if faults or status["steps"]:
        listing = Table.grid(padding=(0, 2, 0, 0))
        for name, fault in faults:
            listing.add_row(Text(f"#{fault['number']}", style="red"), name, fault["text"])
        for step in status["steps"]:
            listing.add_row(
                Text("waits", style="yellow"), step["device"], f"{step['fault']}, from step {step['step']!r} on"
            )
        parts += [Text(), Text("faults", style="bold"), indented(listing)]
    return Group(*parts)


def _state(device: Mapping[str, Any]) -> Text:
    if not device["answering"]:
        return Text("does not answer", style="red")
    parts = []
    if device["not_understood"]:
        parts.append((f"{count(len(device['not_understood']), 'line')} not understood", "yellow"))
    if not device["saved"]:
        parts.append(("not saved", "yellow"))
    if device["faults"]:
        parts.append((count(len(device["faults"]), "fault"), "red"))
    text = Text()
    for at, (words, style) in enumerate(parts):
        text.append(", " if at else "")
        text.append(words, style)
    return text


def fault_kinds(kinds: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The faults that there are."""
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("fault", "what happens", "options", "strikes"):
        table.add_column(heading, overflow="fold")
    for kind in kinds:
        options = " ".join(f"{key}={value}" for key, value in kind["options"].items())
        table.add_row(kind["name"], kind["summary"], options, "once" if kind["once"] else "until cleared")
    return table


def variants(found: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """How each device behaves where nobody knows it."""
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    names = list(next(iter(found.values()), {}))
    for heading in ("device", *names):
        table.add_column(heading, overflow="fold")
    for device, choices in found.items():
        table.add_row(device, *("release" if value is None else str(value) for value in choices.values()))
    return table


def events(found: Sequence[Mapping[str, Any]]) -> RenderableType:
    """What happened, a line each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for event in found:
        style = _KIND_STYLES.get(event["kind"], "")
        table.add_row(
            str(event["number"]), _moment(event["when"]), event["device"] or "-", Text(event["kind"], style=style),
            Text(event["text"]),
        )  # fmt: skip
    return table


def ledger(found: Mapping[str, Any]) -> RenderableType:
    """What became of the packets: sums, why they were lost, between which sites, of which flows, and when."""
    reasons = found["reasons"]
    parts: list[RenderableType] = [
        Text.assemble((count(found["flows"], "flow"), "bold"),
                      f" from {_moment(found['since'])} to {_moment(found['until'])}"),
        _traffic(found["totals"]),
    ]  # fmt: skip
    if lost := found["totals"]["reasons"]:
        parts += _listed("lost", ("packets", "why"), [(_packets(n), reasons[name]) for name, n in lost.items()])
    pairs = sorted((pair for pair in found["pairs"] if pair["lost"]), key=lambda pair: -pair["lost"])
    if pairs:
        rows = [(pair["from"], pair["to"], *_sums(pair), _words(pair, reasons)) for pair in pairs[:_SHOWN]]
        parts += _listed(_first("sites", pairs), ("from", "to", *_SUMS, "why"), rows)
    if flows := found["losing_flows"]:
        rows = [(str(item["flow"]), item["kind"], item["packet"], str(item["size"]), *_sums(item)) for item in flows]
        parts += _listed(_first("flows", flows), ("flow", "kind", "packets", "bytes", *_SUMS), rows[:_SHOWN])
    if found["losses"]:
        rows = [
            (_clock(item["begin"]), _clock(item["end"]), str(item["flow"]), _packets(item["packets"]),
             reasons[item["reason"]])
            for item in found["losses"][:_SHOWN]
        ]  # fmt: skip
        parts += _listed(_first("losses", found["losses"]), ("from", "to", "flow", "packets", "why"), rows)
    if found["timeline"]:
        parts += _listed("time", ("from", *_SUMS), [(_clock(item["from"]), *_sums(item)) for item in found["timeline"]])
    return Group(*parts)


_SHOWN = 20
_SUMS = "sent", "clear", "encrypted", "lost"


def _sums(sums: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_packets(sums[key]) for key in _SUMS)


def _words(sums: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    return "; ".join(reasons[name] for name in sums["reasons"])


def _first(what: str, found: Sequence[object]) -> str:
    return f"{what} (the first {_SHOWN} of {len(found)})" if len(found) > _SHOWN else what


def _listed(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    numbers = {*_SUMS, "flow", "bytes"} | ({"packets"} if title.startswith(("lost", "losses")) else set())
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return [Text(), Text(title, style="bold"), indented(table)]


def _traffic(sums: Mapping[str, Any]) -> Text:
    """Sums in one line."""
    lost = f"{_packets(sums['lost'])} lost"
    return Text.assemble(
        f"{_packets(sums['sent'])} packets sent, {_packets(sums['clear'])} delivered clear, ",
        f"{_packets(sums['encrypted'])} delivered encrypted, ",
        (lost, "red" if sums["lost"] else "green"),
    )


def _packets(number: float) -> str:
    """Whole packets with blanks between thousands; a loss never reads as none."""
    if 0 < number < 1:
        return f"{number:.3f}"
    return f"{number:,.0f}".replace(",", " ")


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    """``3d 4h``, ``12m``: the two largest units."""
    left = timedelta(seconds=int(seconds))
    hours, rest = divmod(left.seconds, 3600)
    parts = [(left.days, "d"), (hours, "h"), (rest // 60, "m"), (rest % 60, "s")]
    shown = [f"{number}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or "0s"
