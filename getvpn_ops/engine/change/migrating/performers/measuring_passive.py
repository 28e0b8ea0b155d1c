"""What ``passive`` does on these platforms and releases: measured, for no public source attests it (DOMAIN, "Modes").

One member of each platform and release among the targets, all of which are passive by then, sends in clear for a moment
and is passive again. What it encrypts, what it answers and whether it registers anew meanwhile tells (a), (c) and (d).
Whether a passive member accepts clear packets while key servers say Both, (b), cannot be told while they say
receive-only, and stays unknown here. The members are receive-only or passive all the time, so that nothing is lost
unless an answer is bad; then it is lost on that one member, and the run holds.

The answers stand in the journal (``FACTS``), from where later plans take them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import Known
from getvpn_ops.engine.change.actions.registering import registered_since, registration_facts
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.migrating.performers.given import Looks, members_of, params_of, some
from getvpn_ops.engine.change.migrating.performers.probing import SCREENS, Echo, Place, nobody, places_of, sent
from getvpn_ops.engine.change.migrating.performers.proving_traffic import joined, movement_of
from getvpn_ops.engine.change.migrating.performers.turning_passive import off_part, path_of, read_passive, turn_passive
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.directions import shown
from getvpn_ops.workflow.actions.reading import member_of
from getvpn_ops.workflow.playbooks.measured import FACTS, kind_of, to_measure
from getvpn_ops.workflow.playbooks.stages import TrafficParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

_INTERVAL = 30.0
"""Seconds between two looks at counters; IOS-XE counts late."""
_GAP = 10.0
"""Most seconds without an answer that are watched after a change of direction."""
_COMMANDS = (
    "show version", "show crypto gdoi", "show crypto map", "show crypto ipsec sa", "show logging",
    "show crypto gdoi gm dataplane counters",
)  # fmt: skip


@dataclass(slots=True)
class _Turned:
    """What was seen of one change.

    Attributes:
        encrypted: packets that the member encrypted afterwards, while echoes were sent; None if nobody counted.
        gap: seconds until an echo came back.
        direction: of its SAs, as it shows it; None if it shows none.
        registers: what shows that it registered anew; empty: that it did not; None: nothing tells.
    """

    encrypted: int | None
    gap: float
    direction: str | None
    registers: str | None


class MeasuringPassive(Looks):
    """The performer of ``measure-passive``."""

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Whether a member is passive now, by its configuration."""
        del step
        wanted = ".on" in part.intended.step
        found = read_passive(scene, scene.device(part.intended.device), part.intended.lines[0].partition(" > ")[0])
        if isinstance(found, str):
            return Settled(StepResult.UNKNOWN, found)
        is_there = found is wanted
        return Settled(
            StepResult.APPLIED if is_there else StepResult.NOTHING_SENT,
            f"its group {'has' if found else 'does not have'} the line `passive`",
        )

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Measure each member that is to be measured, one after the other; those that were are not measured again."""
        if scene.log.proven(step.id) is not None:
            return None
        said: list[str] = []
        params = params_of(step, TrafficParams)
        for group, devices in members_of(step, scene).items():
            wish = Wish(devices, interval=timedelta(), script=lambda _: _ask(SCREENS))
            places, why = places_of(scene.collector.collect(scene.run, scene.inventory, wish), group, devices)
            for device in to_measure(devices):
                here = places.get(device.name)
                there = next((item for item in places.values() if here is not None and item.site != here.site), None)
                if here is None or there is None:
                    return nobody(f"'{step.title}': {device.name} is not measured", why)
                told = _Course(step, scene, here, there, params.packets).measure(device)
                if isinstance(told, Hold):
                    return told
                said.append(told)
        if not said:
            return nobody(f"'{step.title}': none of its targets can be passive", {})
        scene.log.prove(step.id, step.groups[0], "; ".join(said))
        scene.say(f"{step.title}: {some(said)}")
        return None

    def give_back(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """A member that a measurement left sending in clear is passive again, as the plan has it."""
        for device in (item for devices in members_of(step, scene).values() for item in devices):
            story = scene.log.step(off_part(step, device), device.name)
            if story is None or story.result is StepResult.NOTHING_SENT:
                continue
            path = story.intended.lines[0].partition(" > ")[0]
            found = read_passive(scene, device, path)
            if isinstance(found, str):
                return Hold(f"'{step.title}': {found}", f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)
            if not found and (held := turn_passive(step, scene, device, path, on=True)) is not None:
                return held
        return None


class _Course:
    """One member, from passive to passive."""

    def __init__(self, step: PlannedStep, scene: Scene, here: Place, there: Place, packets: int) -> None:
        self._step = step
        self._scene = scene
        self._here = here
        self._there = there
        self._packets = packets
        self._path = ""

    def measure(self, device: Device) -> str | Hold:
        scene, about = self._scene, f"{self._step.id}.{device.name}.{FACTS}"
        facts = scene.log.facts(about)
        if not facts:
            try:
                found = self._answers(device)
            except EvidenceMissingError as exc:
                found = Hold(f"{device.name} cannot be measured: {exc}", self._again, ExitCode.UNDETERMINED)
            if isinstance(found, Hold):
                return self._passive_again(device, found)
            scene.log.saw(about, {"kind": kind_of(device), "device": device.name, **found})
            facts = scene.log.facts(about)
        text = f"{device.name} ({facts['kind']}): {facts['told']}"
        if Known.NO in {facts["passive_at_once"], facts["turns_without_gap"]}:
            after = "passive members would lose traffic there: plan the cut-over anew with what is known now"
            return Hold(f"passive is not what a cut-over without loss needs: {text}", after, ExitCode.FINDINGS)
        return text

    @property
    def _again(self) -> str:
        return f"getvpn-ops resume {self._scene.run}"

    def _answers(self, device: Device) -> dict[str, str] | Hold:
        before = self._look()
        registration = registration_facts(before, (self._here.group,), device.name)
        local = member_of(before, self._here.group, device.name).local_name
        self._path = path_of(local)
        found = read_passive(self._scene, device, self._path)
        if found is False and self._is_off(device):  # a process that was killed left it so
            if (held := turn_passive(self._step, self._scene, device, self._path, on=True)) is not None:
                return held
            found = True
        if found is not True:
            what = found if isinstance(found, str) else f"{device.name} is not passive: there is nothing to measure"
            code = ExitCode.UNDETERMINED if isinstance(found, str) else ExitCode.FINDINGS
            return Hold(what, self._again, code)
        off = self._turn(device, registration, on=False)
        if isinstance(off, Hold):
            return off
        on = self._turn(device, registration, on=True)
        if isinstance(on, Hold):
            return on
        return _judged(off, on, self._packets)

    def _turn(self, device: Device, registration: Mapping[str, str], *, on: bool) -> _Turned | Hold:
        """Type the line, look how long no echo comes back, and count what is encrypted from then on."""
        scene = self._scene
        held = turn_passive(self._step, scene, device, self._path, on=on)
        if held is not None:
            return held
        gap = self._gap()
        if isinstance(gap, Hold):
            return gap
        if (held := wait_for(scene, _INTERVAL)) is not None:
            return held
        first = self._look()
        echo = Echo(self._here, self._there, self._packets)
        came = sent(scene, [echo])[echo]
        if isinstance(came, str):
            return Hold(came, self._again, ExitCode.UNDETERMINED)
        if (held := wait_for(scene, _INTERVAL)) is not None:
            return held
        now = self._look()
        moved = movement_of(joined(first, now), self._here.group, device.name).moved("encrypted")
        facts = registration_facts(now, (self._here.group,), device.name)
        return _Turned(moved, gap, shown(now, self._here.group, device.name), registered_since(registration, facts))

    def _gap(self) -> float | Hold:
        """Seconds from the change until the other one's echo is answered; what is longer is not watched further."""
        scene, began = self._scene, self._scene.clock.now()
        echo = Echo(self._there, self._here, 1)
        while True:
            came = sent(scene, [echo])[echo]
            if isinstance(came, str):
                return Hold(came, self._again, ExitCode.UNDETERMINED)
            took = (scene.clock.now() - began).total_seconds()
            if came.answered:
                return 0.0 if took < 1 else took
            if took >= _GAP:
                return took
            if (held := wait_for(scene, 1.0)) is not None:
                return held

    def _passive_again(self, device: Device, held: Hold) -> Hold:
        """A member that was left sending in clear is made passive again before the run holds."""
        if not self._is_off(device) or held.code is ExitCode.INTERRUPTED:
            return held
        back = turn_passive(self._step, self._scene, device, self._path, on=True)
        if back is None:
            return held
        return Hold(f"{held.reason}; and {device.name} is not passive again: {back.reason}", self._again, held.code)

    def _is_off(self, device: Device) -> bool:
        """Whether this run took the line away, or may have."""
        line = self._scene.log.step(off_part(self._step, device), device.name)
        return line is not None and line.result is not StepResult.NOTHING_SENT

    def _look(self) -> FleetState:
        device = self._scene.device(self._here.device)
        wish = Wish((device,), interval=timedelta(), script=lambda _: _ask(_COMMANDS))
        return self._scene.collector.collect(self._scene.run, self._scene.inventory, wish)


def _judged(off: _Turned, on: _Turned, packets: int) -> dict[str, str]:
    """The answers, and the words for them."""
    told = []
    if off.registers or on.registers:
        at_once = Known.NO
        told.append(f"it registered anew: {off.registers or on.registers}")
    elif None in (off.encrypted, on.encrypted, off.registers, on.registers):
        at_once = Known.UNKNOWN
        told.append("its counters, or its registrations, were not read")
    else:
        at_once = Known.YES if not off.encrypted and (on.encrypted or 0) >= packets else Known.NO
        told.append(
            f"within {_INTERVAL:.0f} s of `no passive` it encrypted {off.encrypted} packets, of `passive` "
            f"{on.encrypted}, of {packets} echoes, and did not register anew"
        )
    gap = max(off.gap, on.gap)
    told.append(f"echoes came back within {gap:.0f} s" if gap else "the first echo after each change came back")
    optional = on.direction is not None and "optional" in on.direction
    is_told = on.direction is not None and on.direction != off.direction
    told.append(f"it shows {on.direction or 'no direction'} with passive, {off.direction or 'none'} without")
    return {
        "passive_at_once": at_once.value,
        "passive_accepts_clear": Known.UNKNOWN.value,
        "turns_without_gap": (Known.NO if gap else Known.YES).value,
        "shown_as_optional": (Known.YES if optional and is_told else Known.NO).value,
        "gap_seconds": f"{gap:.1f}",
        "told": "; ".join(told),
    }


def _ask(commands: tuple[str, ...]) -> Script:
    for command in commands:  # noqa: UP028 -- a tuple cannot be sent the captures
        yield command
