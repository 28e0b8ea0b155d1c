"""Rekeys that must arrive at every target, without anybody registering anew (guide, "Test the control plane").

A member that missed a rekey helps itself: it registers anew before its key ends, and looks well afterwards. So what it
counted before the wait is written down, and a registration since then is a fault, however good its keys are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.engine.change.actions.registering import current_keys, not_up, registered_since
from getvpn_ops.engine.change.migrating.performers.counting_rekeys import (
    Stood,
    births,
    look_at_rekeys,
    next_of,
    stood_from,
    stood_of,
)
from getvpn_ops.engine.change.migrating.performers.given import Looks, members_of, params_of, some
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait, wait_for
from getvpn_ops.engine.forecast.predict import timing_of
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.workflow.actions.reading import group_named, member_of
from getvpn_ops.workflow.playbooks.stages import RekeysParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

_BEGUN = "begun"
"""Fact: since when rekeys are counted."""
_DIAGNOSE = "getvpn-ops diagnose"
_UNKNOWN = ExitCode.UNDETERMINED
_AFTER = timedelta(seconds=5)
"""After the moment that a key server prints for its next rekey, until it is looked for."""
_SELDOM = 120.0
"""Seconds between looks for a rekey whose moment no screen tells."""
_LOOKS = 4
"""At what may be in flux, such as a key server between two primaries."""
_SPARE = 2
"""Rekeys beyond those that are asked for, within which every target must have counted its own."""


@dataclass(slots=True)
class _Tally:
    """What one look showed of all targets; texts for people, by member.

    Attributes:
        got: rekeys since the wait began.
        lacking: members without a key that has been out for long enough.
        anew: members that registered since.
        unread: members that do not tell.
        key_servers: why key servers do not tell.
        fresh: whether a key is out that may still be under way.
    """

    got: dict[str, int] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    anew: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    key_servers: list[str] = field(default_factory=list)
    fresh: bool = False


class AwaitingRekeys(Looks):
    """Waits by the clock of the devices until each target received so many rekeys; a killed run goes on counting."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Write down what every target counts before the wait; once, also if the run is killed meanwhile."""
        known = scene.log.facts(step.id)
        wanted = members_of(step, scene)
        if not wanted:
            return Hold(f"'{step.title}': none of its targets is a member", "see its targets", ExitCode.UNDETERMINED)
        if all(_name(group, device.name) in known for group, devices in wanted.items() for device in devices):
            return None
        fleet = look_at_rekeys(step, scene)
        facts, unread, out = dict[str, str](), list[str](), list[str]()
        for group, devices in wanted.items():
            for device in devices:
                reason, is_seen = not_up(fleet, group, device.name)
                try:
                    stood = stood_of(member_of(fleet, group, device.name), fleet)
                except EvidenceMissingError as exc:
                    unread.append(str(exc))
                    continue
                if reason:
                    (out if is_seen else unread).append(f"{device.name} ({group}): {reason}")
                facts[_name(group, device.name)] = stood.plain()
        if out or unread:
            text = f"'{step.title}': rekeys are not waited for: {some([*out, *unread])}"
            return Hold(text, "getvpn-ops diagnose", ExitCode.FINDINGS if out else ExitCode.UNDETERMINED)
        scene.log.saw(step.id, {_BEGUN: fleet.ended.isoformat(), **facts})
        return None

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Wait for the next rekey that key servers show, look at everyone, and so on."""
        if scene.log.proven(step.id) is not None:
            return None
        return _Waiting(step, scene, params_of(step, RekeysParams).count).run()


@dataclass(slots=True)
class _Waiting:
    """One wait.

    Attributes:
        step: of it.
        scene: of the run.
        count: rekeys for each target.
        keys: that were awaited to be replaced so far, by this process.
        dim: looks in a row that showed too little.
    """

    step: PlannedStep
    scene: Scene
    count: int
    keys: set[str] = field(default_factory=set)
    dim: int = 0

    def run(self) -> Hold | None:
        scene = self.scene
        while True:
            fleet = look_at_rekeys(self.step, scene)
            tally = self._tally(fleet)
            if tally.anew:
                return Hold(f"registered anew instead of being rekeyed: {some(_rows(tally.anew))}", _DIAGNOSE)
            if tally.unread or tally.key_servers:
                self.dim += not tally.fresh
                if self.dim >= _LOOKS:
                    missing = [*tally.key_servers, *_rows(tally.unread)]
                    reason = f"whether rekeys reached everyone cannot be told: {some(missing)}"
                    return Hold(reason, f"getvpn-ops doctor, then: getvpn-ops resume {scene.run}", _UNKNOWN)
            elif tally.lacking:
                if not tally.fresh:
                    return Hold(f"missed a rekey: {some(_rows(tally.lacking))}", _DIAGNOSE)
            else:
                self.dim = 0
                if min(tally.got.values()) >= self.count:
                    self._proven(fleet, tally)
                    return None
            ended = self._pause(fleet, tally)
            if ended is not None:
                return ended

    # -- looking

    def _tally(self, fleet: FleetState) -> _Tally:
        known, tally, turned = self.scene.log.facts(self.step.id), _Tally(), dict[str, str]()
        for group, devices in members_of(self.step, self.scene).items():
            try:
                out_since = max(births(group_named(fleet, group)))
                tally.fresh |= fleet.ended < out_since + self._reach(fleet, group)
            except EvidenceMissingError as exc:
                tally.key_servers.append(str(exc))
                continue
            for device in devices:
                name = _name(group, device.name)
                try:
                    self._of(fleet, group, device, known[name], tally, turned)
                except EvidenceMissingError as exc:
                    tally.unread[name] = str(exc)
        if turned:
            self.scene.log.saw(self.step.id, turned)
        return tally

    def _of(  # noqa: PLR0913, PLR0917 -- one member of one look
        self, fleet: FleetState, group: str, device: Device, plain: str, tally: _Tally, turned: dict[str, str]
    ) -> None:
        name, before = _name(group, device.name), stood_from(plain)
        now = stood_of(member_of(fleet, group, device.name), fleet)
        anew = registered_since(before.facts, now.facts)
        if anew:
            tally.anew[name] = anew
        elif anew is None:
            tally.unread[name] = "neither log nor counters tell whether it registered since"
        if now.rekeys is not None and before.rekeys is not None:
            tally.got[name] = now.rekeys - before.rekeys
        else:
            new = bool(now.spis - before.spis)
            tally.got[name] = before.turns + new
            if new:
                both = Stood(before.rekeys, before.spis | now.spis, before.facts, before.turns + 1)
                turned[name] = both.plain()
        reason, is_seen = not_up(fleet, group, device.name)
        if reason:
            (tally.lacking if is_seen else tally.unread)[name] = reason

    def _reach(self, fleet: FleetState, group: str) -> timedelta:
        """Within which a rekey has reached everyone, or has missed somebody."""
        try:
            timing = timing_of(group_named(fleet, group))
        except EvidenceMissingError:
            timing = Timing(members=len(fleet.inventory.members(group)))
        spread = timing.spread or Timing(members=len(fleet.inventory.members(group))).spread or 0.0
        return timedelta(seconds=spread + self.scene.margins.converge)

    # -- waiting

    def _pause(self, fleet: FleetState, tally: _Tally) -> Hold | None:
        """Until the next rekey of whoever still lacks one; the end of a key bounds it."""
        scene, poll = self.scene, self.scene.margins.poll
        if tally.lacking or tally.unread or tally.key_servers:
            return wait_for(scene, poll)
        behind = {name.partition(" ")[0] for name, got in tally.got.items() if got < self.count}
        moments = []
        for group in sorted(behind):
            key, moment, is_printed, closes = next_of(group_named(fleet, group))
            self.keys.add(key)
            if len(self.keys) > len(behind) * (self.count + _SPARE):
                return Hold(self._short(tally), _DIAGNOSE)
            if fleet.ended > closes + self._reach(fleet, group):
                reason = (
                    f"group {group}: no rekey came though one was due at {moment:%H:%M:%S} UTC; {self._short(tally)}"
                )
                return Hold(reason, f"getvpn-ops diagnose {group}")
            seldom = poll if is_printed else max(poll, _SELDOM)
            moments.append(max(moment + _AFTER, fleet.ended + timedelta(seconds=seldom)))
        scene.say(f"'{self.step.title}': {self._short(tally)}; the next is due at {min(moments):%H:%M:%S} UTC")
        return wait(scene, min(moments))

    def _short(self, tally: _Tally) -> str:
        short = [f"{name} {got}" for name, got in tally.got.items() if got < self.count]
        return f"of {self.count} rekeys came so far: {some(short)}"

    def _proven(self, fleet: FleetState, tally: _Tally) -> None:
        rows = [f"{name} {got}" for name, got in tally.got.items()]
        groups = list(members_of(self.step, self.scene))
        said = (
            f"{self.count} rekeys or more came at each of {len(rows)} members ({some(rows)}); none of them registered "
            f"anew since {self._since():%H:%M:%S} UTC; they have {current_keys(fleet, groups)}"
        )
        self.scene.log.prove(self.step.id, groups[0], said)
        self.scene.say(f"{self.step.title}: {said}")

    def _since(self) -> datetime:
        return datetime.fromisoformat(self.scene.log.facts(self.step.id)[_BEGUN])


def _name(group: str, device: str) -> str:
    return f"{group} {device}"


def _rows(said: Mapping[str, str]) -> list[str]:
    return [f"{name}: {text}" for name, text in said.items()]
