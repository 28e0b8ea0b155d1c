"""Faults as people write them: in a file, or in a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from getvpn_ops.lab.faults import UnknownFaultError, fault

if TYPE_CHECKING:
    from getvpn_ops.lab.fleet import Fleet

_SPAN = re.compile(r"\+?((?:\d+(?:\.\d+)?[wdhms])+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_KEYS = {"device", "devices", "fault", "line", "skip", "times", "options", "at", "step"}


class ScriptError(ValueError):
    """A script, or one of its entries, cannot be understood."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault to come.

    Attributes:
        devices: host names, or ``*`` alone.
        fault: name of its kind.
        line: regular expression for the line at which it strikes.
        skip: matches that pass first.
        times: strikes; 0 until cleared; None as usual for the kind.
        options: of the kind.
        at: moment from which it waits; None at once.
        step: the step from which it waits; empty at once.
    """

    devices: tuple[str, ...]
    fault: str
    line: str | None = None
    skip: int = 0
    times: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    step: str = ""


def moment(text: str, now: datetime) -> datetime:
    """A moment as people write it.

    Args:
        text: ``+2h30m``, ``90s``, or a date and time of ISO 8601 (UTC unless it says else).
        now: what a span counts from.

    Raises:
        ScriptError: it is neither.
    """
    if found := _SPAN.fullmatch(text.strip()):
        return now + timedelta(seconds=sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(found[1])))
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        msg = f"not a time: {text!r}; write a span such as +2h30m, or a moment such as 2026-03-01T10:00:00"
        raise ScriptError(msg) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def past(text: str, now: datetime) -> datetime:
    """A moment that has been, as people write it: ``10m`` or ``-10m`` ago, or a date and time of ISO 8601.

    Raises:
        ScriptError: it is neither.
    """
    span = text.strip().removeprefix("-")
    return now - (moment(span, now) - now) if _SPAN.fullmatch(span) else moment(text, now)


def read_entry(raw: Any, now: datetime) -> Entry:  # noqa: ANN401 -- as read from a file
    """One entry of a script.

    Raises:
        ScriptError: keys are unknown or missing, or values are not of their kind.
    """
    if not isinstance(raw, dict):
        msg = f"expected a mapping with device and fault, found {raw!r}"
        raise ScriptError(msg)
    if unknown := sorted(set(map(str, raw)) - _KEYS):
        msg = f"unknown key {unknown[0]!r}; an entry has {', '.join(sorted(_KEYS))}"
        raise ScriptError(msg)
    devices = raw.get("devices", raw.get("device"))
    listed = [devices] if isinstance(devices, str) else devices
    if not listed or not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ScriptError("an entry needs device: the name of a host, several, or '*'")
    if not isinstance(raw.get("fault"), str):
        raise ScriptError("an entry needs fault: the name of one")
    for key in ("skip", "times"):
        value = raw.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            msg = f"{key}: expected a number from 0 on, found {value!r}"
            raise ScriptError(msg)
    options = raw.get("options") or {}
    if not isinstance(options, dict):
        msg = f"options: expected a mapping, found {options!r}"
        raise ScriptError(msg)
    at = raw.get("at")
    if isinstance(at, datetime):
        at = at.isoformat()
    return Entry(
        tuple(listed),
        raw["fault"],
        None if raw.get("line") is None else str(raw["line"]),
        raw.get("skip") or 0,
        raw.get("times"),
        tuple((str(key), str(value)) for key, value in options.items()),
        None if at is None else moment(str(at), now),
        str(raw.get("step") or ""),
    )


def read_script(text: str, now: datetime) -> list[Entry]:
    """A script: a YAML list of entries.

    Args:
        text: of the file.
        now: what spans in ``at`` count from.

    Raises:
        ScriptError: all that is wrong with it, each with its number.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise ScriptError(" ".join(str(exc).split())) from exc
    if not isinstance(raw, list):
        raise ScriptError("expected a list of faults")
    entries, mistakes = [], []
    for number, item in enumerate(raw, 1):
        try:
            entry = read_entry(item, now)
            fault(entry.fault, line=entry.line, options=dict(entry.options))
            entries.append(entry)
        except ValueError as exc:
            mistakes.append(f"entry {number}: {exc}")
    if mistakes:
        raise ScriptError("\n".join(mistakes))
    return entries


def arm(fleet: Fleet, entry: Entry) -> list[int]:
    """Let a fault wait on each of its devices; returns the numbers of the faults.

    Raises:
        UnknownFaultError: no such device, kind or option.
    """
    numbers = []
    for device in fleet.devices(entry.devices):
        options = dict(entry.options)
        if entry.fault == "wrong-device" and options.get("device") in {None, "", device}:
            raise UnknownFaultError("wrong-device needs another device that answers: options device=NAME")
        made = fault(entry.fault, line=entry.line, skip=entry.skip, times=entry.times, options=options)
        fleet.arm(device, made, at=entry.at, step=entry.step)
        numbers.append(made.number)
    return numbers
