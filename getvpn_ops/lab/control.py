"""The handles of a running lab: a JSON object a line, over a local socket for its owner alone.

A request is ``{"do": "advance", "to": "+2h"}``, the answer ``{"ok": true, ...}`` or ``{"ok": false, "error": "..."}``.
What a request may be is named in ``HANDLES``. ``now`` and ``advance`` are all that a program needs whose clock the lab
is: the first tells the moment, the second jumps to one.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from getvpn_ops.lab import script
from getvpn_ops.lab.faults import KINDS
from getvpn_ops.lab.gdoi.variants import GOOD, chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from getvpn_ops.lab.fleet import Fleet
    from getvpn_ops.lab.gdoi.variants import Variants
    from getvpn_ops.lab.station import Station

_LINE_MAX = 1 << 20
_PATIENCE = 600.0
_EVENTS_MAX = 1000


class ControlError(Exception):
    """The lab refused a request, or no lab answers."""


def _now(fleet: Fleet, _request: Mapping[str, Any]) -> dict[str, Any]:
    return {"now": fleet.clock.now().isoformat(), "speed": fleet.clock.speed}


def _status(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    due = fleet.clock.next_event()
    return {
        **_now(fleet, request),
        "started": fleet.started.isoformat(),
        "next_event": due and due.isoformat(),
        "seed": fleet.seed,
        "pid": os.getpid(),
        "configs": str(fleet.settings.configs) if fleet.settings.configs else None,
        "missing": fleet.missing,
        "steps": [{"step": step, "device": device, "fault": made.text} for step, device, made in fleet.waiting()],
        "devices": [_device(station) for station in fleet.stations.values()],
        "traffic": fleet.life.ledger.summary(),
    }


def _device(station: Station) -> dict[str, Any]:
    router, host = station.router, station.host
    return {
        "name": host.name,
        "port": station.port,
        "answering": station.answering,
        "hostname": router.name,
        "site": str(host.data.get("site", "")),
        "role": str(host.data.get("role", "")),
        "release": host.release.text,
        "model": router.platform.model,
        "serial": router.serial,
        "sessions": len(router.sessions),
        "saved": router.is_saved(),
        "up_seconds": max(0.0, (router.clock.now() - router.booted).total_seconds()),
        "not_understood": station.refused,
        "faults": [{"number": item.number, "kind": item.kind.name, "text": item.text} for item in router.faults.every],
    }


def _advance(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    to = script.moment(str(request.get("to", "")), fleet.clock.now())
    return {"events": fleet.advance(to), **_now(fleet, request)}


def _step(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    moment = fleet.clock.step()
    return {"stepped": moment is not None, **_now(fleet, request)}


def _speed(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    fleet.clock.speed = float(request["speed"])
    fleet.events.add("clock", f"runs at {fleet.clock.speed:g} seconds a second")
    return _now(fleet, request)


def _fault(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    raw = {key: value for key, value in request.items() if key != "do"}
    return {"numbers": script.arm(fleet, script.read_entry(raw, fleet.clock.now()))}


def _faults(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    entries = script.read_script(str(request.get("script", "")), fleet.clock.now())
    for entry in entries:
        fleet.devices(entry.devices)
    return {"numbers": [number for entry in entries for number in script.arm(fleet, entry)]}


def _clear(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    number = request.get("number")
    return {"cleared": fleet.clear(str(request.get("device", "*")), None if number is None else int(number))}


def _kinds(_fleet: Fleet, _request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kinds": [
            {"name": kind.name, "summary": kind.summary, "options": dict(kind.options), "once": kind.once}
            for kind in KINDS
        ]
    }


def _mark(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"armed": fleet.mark(str(request["step"]))}


def _events(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    found = fleet.events.since(
        int(request.get("since", 0)), device=str(request.get("device", "")), kind=str(request.get("kind", ""))
    )
    last = int(request.get("last", 0))
    if last:
        found = found[-last:]
    return {
        "events": [
            {"number": e.number, "when": e.when.isoformat(), "device": e.device, "kind": e.kind, "text": e.text}
            for e in found[:_EVENTS_MAX]
        ],
        "more": len(found) > _EVENTS_MAX,
    }


def _variants(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    """Choose how devices behave where nobody knows it; without a choice, tell it."""
    held = fleet.life.world.variants
    names = fleet.devices(str(request.get("device") or "*"))
    for name in names:
        if given := request.get("choices"):
            held[name] = chosen(given, held.get(name, GOOD))
            fleet.events.add("fault", f"variant: {', '.join(f'{key}={value}' for key, value in given.items())}", name)
    return {"variants": {name: _plain_variants(held.get(name, GOOD)) for name in names}}


def _plain_variants(variants: Variants) -> dict[str, Any]:
    return {key: getattr(value, "value", value) for key, value in asdict(variants).items()}


def _ledger(fleet: Fleet, request: Mapping[str, Any]) -> dict[str, Any]:
    now = fleet.clock.now()
    since, until, step = (str(request.get(key) or "") for key in ("since", "until", "step"))
    return fleet.life.ledger.plain(
        script.past(since, now) if since else None,
        script.past(until, now) if until else None,
        script.moment(step, now) - now if step else None,
    )


HANDLES: Mapping[str, Callable[[Fleet, Mapping[str, Any]], dict[str, Any]]] = {
    "now": _now,
    "status": _status,
    "advance": _advance,
    "step": _step,
    "speed": _speed,
    "fault": _fault,
    "faults": _faults,
    "clear": _clear,
    "kinds": _kinds,
    "mark": _mark,
    "events": _events,
    "ledger": _ledger,
    "variants": _variants,
}


async def listen(fleet: Fleet, path: Path, ended: asyncio.Event) -> asyncio.AbstractServer:
    """Open the socket of a fleet, for its owner only.

    Args:
        fleet: what the handles move.
        path: where; its folder must be private already.
        ended: set when someone asks the lab to end.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = _answer(fleet, line, ended)
                await fleet.settled()
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):  # gone, or a line longer than any request
            pass
        finally:
            writer.close()

    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(serve, path, limit=_LINE_MAX)
    finally:
        os.umask(mask)


def _answer(fleet: Fleet, line: bytes, ended: asyncio.Event) -> dict[str, Any]:
    try:
        request = json.loads(line)
        wanted = str(request.get("do")) if isinstance(request, dict) else ""
        if wanted == "down":
            ended.set()
            return {"ok": True}
        handle = HANDLES.get(wanted)
        if handle is None:
            return {"ok": False, "error": f"no handle is called {wanted!r}; there are {', '.join(HANDLES)}, down"}
        return {"ok": True, **handle(fleet, request)}
    except (ValueError, KeyError, TypeError) as exc:
        text = f"missing: {exc}" if isinstance(exc, KeyError) else str(exc)
        return {"ok": False, "error": text}


def ask(path: Path, do: str, **rest: object) -> dict[str, Any]:
    """Ask a running lab.

    Args:
        path: of its socket.
        do: name of the handle.
        rest: what the handle takes.

    Raises:
        ControlError: no lab answers there, or it refused.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"do": do, **rest}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
        except OSError as exc:
            raise ControlError("no lab is running here") from exc
    if not line:
        raise ControlError("the lab ended before it answered")
    answer = json.loads(line)
    if not answer.pop("ok"):
        raise ControlError(str(answer.get("error", "refused")))
    return dict(answer)
