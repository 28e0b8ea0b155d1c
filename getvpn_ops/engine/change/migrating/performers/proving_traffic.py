"""Traffic between targets that is encrypted on one end and decrypted on the other (guide, "Test the encryption").

Echoes that come back prove nothing of encryption, and keys on both ends prove nothing of packets. So echoes are sent in
both directions, and the counters of both ends are read before and after: over two intervals, for IOS-XE counts late.
Counters are of the whole member, so that users' packets move them as well; therefore echoes must come back besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks import counters
from getvpn_ops.engine.change.migrating.performers.given import Looks, members_of, params_of, some
from getvpn_ops.engine.change.migrating.performers.probing import (
    SCREENS,
    Echo,
    nobody,
    pairs_of,
    places_of,
    rounds_of,
    sent,
)
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.workflow.actions.reading import member_of
from getvpn_ops.workflow.playbooks.stages import TrafficParams

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.checks.counters import Movement
    from getvpn_ops.engine.change.migrating.performers.probing import Place
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.model.state.reach import Ping

_INTERVAL = 30.0
"""Seconds between two looks at counters."""
_VOLLEYS, _LATER = 2, 2
"""Volleys of echoes, with an interval behind each; and further intervals for counters that come late."""
_COUNTERS = (
    "show version", "show crypto gdoi", "show crypto map", "show crypto ipsec sa",
    "show crypto gdoi gm dataplane counters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction of a pair, judged.

    Attributes:
        text: for people and the journal.
        is_known: whether all that it rests on was read.
        is_good: whether packets were encrypted here and decrypted there.
    """

    text: str
    is_known: bool
    is_good: bool


class ProvingTraffic(Looks):
    """Pings between networks of the targets, and the counters of both ends."""

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Each pair, both ways; one that fails is named with its direction."""
        if scene.log.proven(step.id) is not None:
            return None
        params, said = params_of(step, TrafficParams), list[str]()
        groups = members_of(step, scene)
        if not groups:
            return nobody(f"'{step.title}': none of its targets is a member", {})
        for group, devices in groups.items():
            wish = Wish(devices, interval=timedelta(), script=lambda _: _ask(SCREENS))
            places, why = places_of(scene.collector.collect(scene.run, scene.inventory, wish), group, devices)
            pairs = pairs_of(tuple(places.values()), params.pairs, f"{scene.run} {step.id}")
            if why or not pairs:
                return nobody(f"'{step.title}': traffic of group {group} is not proven", why)
            for together in rounds_of(pairs):
                ways = _round(scene, group, together, params.packets)
                if isinstance(ways, Hold):
                    return ways
                bad = [way for way in ways if not way.is_good]
                if bad:
                    is_known = any(way.is_known for way in bad)
                    worst = [way.text for way in bad if way.is_known is is_known]
                    what = "does not pass encrypted" if is_known else "cannot be told to pass encrypted"
                    reason = f"group {group}: traffic {what}: {some(worst)}"
                    after = f"getvpn-ops diagnose {group} --probe, then: getvpn-ops resume {scene.run}"
                    return Hold(reason, after, ExitCode.FINDINGS if is_known else ExitCode.UNDETERMINED)
                said += [way.text for way in ways]
        scene.log.prove(step.id, step.groups[0], "; ".join(said))
        scene.say(f"{step.title}: {some(said)}")
        return None


def _round(scene: Scene, group: str, pairs: Sequence[tuple[Place, Place]], packets: int) -> list[_Way] | Hold:
    """Pairs that share no device, at the same time."""
    ways = [way for one, other in pairs for way in ((one, other), (other, one))]
    echoes = [Echo(here, there, packets) for here, there in ways]
    devices = [scene.device(place.device) for pair in pairs for place in pair]
    before = _count(scene, devices)
    judged: list[_Way] = []
    came: dict[Echo, list[Ping | str]] = {}
    for turn in range(_VOLLEYS + _LATER):
        if turn < _VOLLEYS:
            for echo, ping in sent(scene, echoes).items():
                came.setdefault(echo, []).append(ping)
        if (broken := wait_for(scene, _INTERVAL)) is not None:
            return broken
        seen = joined(before, _count(scene, devices))
        judged = [_judged(seen, group, echo, came[echo], packets * _VOLLEYS) for echo in echoes]
        if turn >= _VOLLEYS - 1 and all(way.is_good for way in judged):
            break
    return [
        replace(way, text=f"{way.text}: both ends count, and echoes do not come back", is_good=False)
        if _is_counted(judged, at) and not all(isinstance(ping, str) or ping.answered for ping in came[echo])
        else way
        for at, (way, echo) in enumerate(zip(judged, echoes, strict=True))
    ]


def _is_counted(judged: Sequence[_Way], at: int) -> bool:
    """Whether the counters speak for both directions of a pair, which stand side by side."""
    return judged[at].is_good and judged[at ^ 1].is_good


def _count(scene: Scene, devices: Iterable[Device]) -> FleetState:
    wish = Wish(tuple(devices), interval=timedelta(), script=lambda _: _ask(_COUNTERS))
    return scene.collector.collect(scene.run, scene.inventory, wish)


def _ask(commands: Iterable[str]) -> Script:
    for command in commands:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command


def joined(first: FleetState, last: FleetState) -> FleetState:
    """Two looks as one state: what was read twice stands twice."""
    devices = {
        name: replace(state, evidence=(*first.devices[name].evidence, *state.evidence))
        for name, state in last.devices.items()
    }
    return replace(last, devices=devices, started=first.started)


def _judged(fleet: FleetState, group: str, echo: Echo, came: Sequence[Ping | str], least: int) -> _Way:
    """One direction: requests of its own echoes, and replies to those of the other one, go this way.

    Half of that must be counted on each end: then a direction that is dead does not make the other one look so too.

    Args:
        fleet: with the first and the last look at the counters.
        group: of both.
        echo: in this direction.
        came: of it, by volley.
        least: packets that must be counted.
    """
    unknown = next((item for item in came if isinstance(item, str)), None)
    if unknown is not None:
        return _Way(unknown, is_known=False, is_good=False)
    try:
        here, there = (movement_of(fleet, group, place.device) for place in (echo.here, echo.there))
        out, into = here.moved("encrypted"), there.moved("decrypted")
    except EvidenceMissingError as exc:
        return _Way(f"{echo.way}: {exc}", is_known=False, is_good=False)
    if out is None or into is None:
        who = echo.here.device if out is None else echo.there.device
        text = f"{echo.way}: the counters of {who} are missing, or began again meanwhile"
        return _Way(text, is_known=False, is_good=False)
    seconds = here.span.total_seconds() if here.span is not None else 0.0
    answered = sum(ping.percent for ping in came if not isinstance(ping, str)) / len(came)
    text = (
        f"{echo.way}: {out} encrypted on {echo.here.device}, {into} decrypted on {echo.there.device} in "
        f"{seconds:.0f} s ({least} echoes, {answered:.0f} % answered)"
    )
    return _Way(text, is_known=True, is_good=out >= least and into >= least)


def movement_of(fleet: FleetState, group: str, device: str) -> Movement:
    """Counters of a member in a group: those of its data plane, where it has some of its own.

    Raises:
        EvidenceMissingError: it shows none.
    """
    member = member_of(fleet, group, device)
    return counters.dataplane(member) or counters.ipsec(member)
