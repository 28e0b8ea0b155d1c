"""How long the stages of a plan may take: seconds per kind of step, what is waited for, and what that rests on.

Where our own runs have shown how long a kind of step takes, their median is the usual figure; elsewhere an assumption
is, and the plan says so. Approvals take as long as a person does, and are not counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from getvpn_ops.engine.change.migrating.legs import APPROVE, GATE, WAIT
from getvpn_ops.model.journal import StepIntended, StepOutcome, StepResult
from getvpn_ops.model.plan import Configure
from getvpn_ops.model.plan_times import PlannedTime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from getvpn_ops.model.journal import Entry
    from getvpn_ops.model.plan import Plan, PlannedStep, Wave

SERVER, MEMBER, SAVE, REKEY = "key server configured", "member configured", "configuration saved", "rekey by command"
_LEAST_RUNS: Final = 5
"""Steps of a kind that a median needs to say anything."""
_SESSION = 3.0
"""Seconds of a login, and of reading a configuration, around what a session types."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of one thing.

    Attributes:
        lowest: of it.
        usual: of it.
        longest: of it.
        waits: share of the longest that is waiting, which the timeout of the stage bounds.
    """

    lowest: float
    usual: float
    longest: float
    waits: float = 0.0

    def plus(self, other: Span) -> Span:
        """One after the other."""
        return Span(
            self.lowest + other.lowest,
            self.usual + other.usual,
            self.longest + other.longest,
            self.waits + other.waits,
        )


_NOTHING = Span(0, 0, 0)
_ASSUMED: Final[Mapping[str, Span]] = {
    MEMBER: Span(3, 10, 60),
    SERVER: Span(8, 20, 2460, 2400),
    SAVE: Span(3, 6, 60),
    REKEY: Span(8, 60, 900, 840),
}
"""Of one device; a key server may have to let rekeys pass first, and a rekey to reach everybody."""
_LOOK = Span(4, 12, 120)
_PERFORMED: Final[Mapping[str, Span]] = {
    "member-registered": Span(3, 20, 180, 150),
    "preflight": Span(8, 30, 300),
    "prove-traffic": Span(10, 30, 180),
    "measure-passive": Span(60, 240, 900, 600),
    "test-applications": Span(10, 60, 300),
    "drill": Span(120, 600, 3600, 3000),
    "rsa-key": Span(10, 60, 300),
}
_OTHER = Span(5, 30, 300)


def paces(journals: Iterable[Iterable[Entry]], servers: Collection[str]) -> dict[str, tuple[float, int]]:
    """Median seconds of the kinds of steps in runs of our own, and how many steps that is.

    Args:
        journals: events of each run.
        servers: names of key servers.
    """
    found: dict[str, list[float]] = {}
    for entries in journals:
        begun: dict[tuple[str, str], tuple[str, Entry]] = {}
        for entry in entries:
            event = entry.event
            if isinstance(event, StepIntended) and event.lines:
                begun[event.step, event.device] = (_kind(event, servers), entry)
            elif isinstance(event, StepOutcome) and event.result is StepResult.APPLIED:
                kind, first = begun.pop((event.step, event.device), ("", entry))
                if kind:
                    found.setdefault(kind, []).append((entry.at - first.at).total_seconds())
    return {kind: (median(seconds), len(seconds)) for kind, seconds in found.items() if len(seconds) >= _LEAST_RUNS}


def _kind(event: StepIntended, servers: Collection[str]) -> str:
    if event.lines[0].startswith("write"):
        return SAVE
    if "ks rekey" in event.lines[0]:
        return REKEY
    if event.once:
        return ""
    return SERVER if event.device in servers else MEMBER


def timed(plan: Plan, lifetimes: Mapping[str, int], known: Mapping[str, tuple[float, int]]) -> Plan:
    """The plan, each of its stages with the time that it may take.

    Args:
        plan: with stages.
        lifetimes: of TEKs in seconds, by group; of groups that do not say so the longest is taken.
        known: what ``paces`` found.
    """
    servers = {device.name for device in plan.devices if device.role == "ks"}
    spans = {kind: _measured(span, known.get(kind)) for kind, span in _ASSUMED.items()}
    lifetime = max(lifetimes.values(), default=7200)
    stages = []
    for stage in plan.stages:
        total, basis = _NOTHING, dict[str, None]()
        for wave in plan.waves:
            if wave.stage == stage.id:
                total = total.plus(_of_wave(wave, servers, spans, lifetime, basis))
        waits = min(total.waits, 60.0 * stage.timeout) if stage.timeout else total.waits
        longest = total.longest - total.waits + waits
        usual = min(total.usual, longest)
        texts = tuple(_with_measure(text, known) for text in basis)
        time = PlannedTime(round(min(total.lowest, usual)), round(usual), round(longest), texts)
        stages.append(replace(stage, time=time))
    return replace(plan, stages=tuple(stages))


def _measured(span: Span, found: tuple[float, int] | None) -> Span:
    if found is None:
        return span
    usual = found[0] + _SESSION
    return Span(min(span.lowest, usual), usual, max(span.longest, usual), span.waits)


def _with_measure(text: str, known: Mapping[str, tuple[float, int]]) -> str:
    if text in known:
        seconds, count = known[text]
        return f"{text}: {seconds:.0f} s and a session, the median of {count} steps of our own runs"
    if text in _ASSUMED:
        return f"{text}: {_ASSUMED[text].usual:g} s, assumed"
    return text


def _of_wave(
    wave: Wave, servers: Collection[str], spans: Mapping[str, Span], lifetime: float, basis: dict[str, None]
) -> Span:
    """What a wave takes: its devices in hand at once, those of one device one after the other; gates share looks."""
    own: dict[str, Span] = {}
    looks = _NOTHING
    for step in wave.steps:
        span = _of_step(step, servers, spans, lifetime, basis)
        if step.act.do == "perform" and step.act.action == GATE:
            looks = Span(_LOOK.lowest, _LOOK.usual, max(looks.longest, span.longest), max(looks.waits, span.waits))
        else:
            own[step.device] = own.get(step.device, _NOTHING).plus(span)
    total = looks
    alone = [span for name, span in own.items() if not name]
    others = [span for name, span in own.items() if name]
    for span in alone:
        total = total.plus(span)
    size = max(1, wave.at_once)
    for at in range(0, len(others), size):
        batch = others[at : at + size]
        total = total.plus(
            Span(*(max(getattr(span, name) for span in batch) for name in ("lowest", "usual", "longest", "waits")))
        )
    return total


def _of_step(
    step: PlannedStep, servers: Collection[str], spans: Mapping[str, Span], lifetime: float, basis: dict[str, None]
) -> Span:
    act = step.act
    kind = ""
    if isinstance(act, Configure):
        kind = SERVER if step.device in servers else MEMBER
    elif act.action in {"save", "prove-rekey"}:
        kind = SAVE if act.action == "save" else REKEY
    if kind:
        basis.setdefault(kind)
        return spans[kind]
    assert not isinstance(act, Configure)  # noqa: S101 -- it has a kind
    match act.action:
        case _ if act.action == APPROVE:
            basis.setdefault("a person's word, which takes as long as it does, is not counted")
            return _NOTHING
        case _ if act.action == WAIT:
            seconds = 60.0 * int(act.parameter("minutes"))
            basis.setdefault(f"soaks and waits, {int(act.parameter('minutes'))} min each")
            return Span(seconds, seconds, seconds, seconds)
        case _ if act.action == GATE:
            patience = 60.0 * int(act.parameter("patience", "0"))
            basis.setdefault("a look at the devices for gates: 12 s, assumed; at the longest their patience")
            return Span(_LOOK.lowest, _LOOK.usual, _LOOK.longest + patience, patience)
        case "await-rekeys":
            count = int(json.loads(act.parameter("params", "{}")).get("count", 1))
            basis.setdefault(f"{count} rekeys, each once in a TEK of {lifetime:.0f} s")
            return Span((count - 1) * lifetime, (count - 0.5) * lifetime, (count + 0.1) * lifetime, count * lifetime)
        case _:
            basis.setdefault(f"{act.action}, assumed")
            return _PERFORMED.get(act.action, _OTHER)
