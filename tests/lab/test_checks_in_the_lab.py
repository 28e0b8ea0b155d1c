"""Every check over SSH: a fault of the lab fails it, the end of the fault passes it, without evidence it does not know.

What is collected goes the program's own way: its sessions, its store, its clock of the lab.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncssh
import pytest
import yaml
from hands import configure, type_on
from scenes import KEY_SERVERS, Act, Configured, Fault, Place, Scene, Typed, Wait
from scenes_device import PLACES as OF_DEVICES
from scenes_device import SCENES as DEVICE_SCENES
from scenes_group import PLACES as OF_GROUPS
from scenes_group import SCENES as GROUP_SCENES
from scenes_member import PLACES as OF_MEMBERS
from scenes_member import SCENES as MEMBER_SCENES
from worksites import EXAMPLE, Worksite

from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.cli.wiring import Wiring, wired
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.health import judge
from getvpn_ops.engine.questions import doctor_script, script
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Outcome, Status
from getvpn_ops.model.verdict import status_of
from getvpn_ops.registry import evaluate
from getvpn_ops.settings import find_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from getvpn_ops.model.fleet import FleetState

PLACES = {**OF_GROUPS, **OF_MEMBERS, **OF_DEVICES}
SCENES = {**GROUP_SCENES, **MEMBER_SCENES, **DEVICE_SCENES}

Look = dict[tuple[str, str], Outcome]
"""Check and subject -> what was concluded."""


@dataclass
class Bench:
    """A place while its lab runs."""

    place: Place
    site: Worksite
    tools: Wiring
    earlier: FleetState | None = None

    def do(self, acts: Iterable[Act]) -> None:
        """Each once, in order."""
        for act in dict.fromkeys(acts):
            match act:
                case Fault(device, name, line, options):
                    self.site.arm(device, name, line, 0 if line else None, **dict(options))
                case Typed(device, lines):
                    with contextlib.suppress(asyncssh.ConnectionLost):  # it may have been told to boot
                        type_on(self.site.lab, device, *lines)
                case Configured(device, lines):
                    configure(self.site.lab, device, *lines)
                case Wait(seconds) if seconds:
                    clock = self.tools.clock
                    clock.wait_until(clock.now() + timedelta(seconds=seconds))

    def collect(self, depth: Depth | None = None) -> FleetState:
        tools, place = self.tools, self.place
        inventory = tools.loaded.inventory
        run = tools.store.begin_run("health", tools.clock.now())
        asking = doctor_script if place.doctor else script
        devices = tuple(inventory.devices.values())
        wish = Wish(devices, depth or place.depth, interval=timedelta(seconds=place.interval), script=asking)
        state = tools.collector.collect(run.id, inventory, wish)
        tools.store.finish_run(run.id, state.ended, 0)
        return state

    def remember(self) -> None:
        """What comes is compared with this, if the place wants so."""
        if self.place.since:
            self.earlier = self.collect()

    def look(self, depth: Depth | None = None) -> Look:
        state = replace(self.collect(depth), earlier=self.earlier)
        if self.place.doctor:
            found = tuple(evaluate(spec, item) for item in state.devices.values() for spec in DOCTOR_CHECKS)
        else:
            found = judge(state)
        return {(outcome.spec_id, outcome.subject): outcome for outcome in found}


def words(outcome: Outcome, status: Status) -> str:
    """What the findings of a status say, and why nothing is known."""
    found = [outcome.reason] if status is Status.UNKNOWN else []
    said = (item for item in outcome.findings if item.status is status)
    found += [f"{item.subject} {item.device} | {item.message} | {item.expected} | {item.actual}" for item in said]
    return "\n".join(found)


def wrong(outcome: Outcome | None, status: Status, said: Iterable[str]) -> str:
    """What is not as it must be in one outcome; empty if all is."""
    if outcome is None:
        return "nothing is said of the subject"
    shown = words(outcome, status_of(outcome))
    if status_of(outcome) is not status:
        return f"{status_of(outcome).value} instead of {status.value}: {shown}"
    missing = [word for word in said if word not in shown]
    return f"it does not say {missing}: {shown}" if missing else ""


def cast_of(name: str) -> dict[str, Scene]:
    return {check: scene for check, scene in SCENES.items() if scene.place == name}


def played(bench: Bench, scenes: Mapping[str, Scene]) -> list[str]:
    """All scenes of a place at once; returns what was not as it must be."""
    place, cast = bench.place, scenes.values()
    bench.do(place.before)
    bench.remember()
    bench.do(act for scene in cast for act in scene.inject)
    bench.do([Wait(place.ill_after)])
    ill = bench.look()
    bench.site.heal()
    bench.do(act for scene in cast for act in scene.heal)
    bench.do([Wait(place.well_after)])
    bench.remember()
    well = bench.look()
    unasked = bench.look(Depth.KS) if any(scene.unasked for scene in cast) else {}
    bench.do(act for scene in cast for act in scene.withhold)
    dark = bench.look()
    found = {}
    for check, scene in scenes.items():
        key = (check, scene.subject)
        silent = unasked if scene.unasked else dark
        found[check, "ill"] = wrong(ill.get(key), Status.FAIL, scene.says)
        found[check, "healed"] = wrong(well.get(key), scene.healed, ())
        found[check, "without evidence"] = wrong(silent.get(key), Status.UNKNOWN, [scene.misses])
    return [f"{check}, {when}: {what}" for (check, when), what in found.items() if what]


def inventory_of(place: Place, folder: Path) -> Path:
    """The worked example with the routers of a place, and what its group should be."""
    hosts = yaml.safe_load((EXAMPLE / "hosts.yaml").read_text(encoding="utf-8"))
    intent = yaml.safe_load((EXAMPLE / "gdoi_groups" / "WAN.yaml").read_text(encoding="utf-8"))
    (folder / "gdoi_groups").mkdir(parents=True)
    (folder / "gdoi_groups" / "WAN.yaml").write_text(yaml.safe_dump({**intent, **place.intent}), encoding="utf-8")
    kept = {name: hosts[name] for name in (*KEY_SERVERS, *place.members)}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(kept), encoding="utf-8")
    groups = yaml.safe_load((EXAMPLE / "groups.yaml").read_text(encoding="utf-8"))
    of_members = {group for name in place.members for group in hosts[name]["groups"]}
    for name in groups.keys() - of_members:  # what is said of members and fits none of them is a mistake
        groups[name].get("data", {}).pop("getvpn", None)
    (folder / "groups.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    (folder / "defaults.yaml").write_text((EXAMPLE / "defaults.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", PLACES)
def test_checks_at(name: str, tmp_path: Path) -> None:
    place = PLACES[name]
    site = Worksite(tmp_path, inventory_of(place, tmp_path / "source"))
    with site, wired(find_workspace(tmp_path, lab=True), quiet=True) as tools:
        site.lab.call(setattr, site.lab.fleet.clock, "speed", 0.0)  # a machine under load changes nothing
        found = played(Bench(place, site, tools), cast_of(name))
    assert not found, "\n".join(found)
