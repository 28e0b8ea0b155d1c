"""No check without a scene in the lab, over SSH, that fails it, heals it and withholds its evidence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.lab.faults import kind
from getvpn_ops.model.outcome import Status

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

import scenes_device
import scenes_group
import scenes_member
from scenes import KEY_SERVERS, Fault

FILES = (scenes_group, scenes_member, scenes_device)
SCENES = {check: scene for file in FILES for check, scene in file.SCENES.items()}
PLACES = {name: place for file in FILES for name, place in file.PLACES.items()}
CHECKS = {spec.id for registry in (GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS, DOCTOR_CHECKS) for spec in registry}


def test_every_check_has_a_scene_and_every_scene_a_check() -> None:
    assert CHECKS - SCENES.keys() == set(), "add a scene to tests/lab/scenes_*.py"
    assert SCENES.keys() - CHECKS == set(), "there are no such checks"
    assert sum(len(file.SCENES) for file in FILES) == len(SCENES), "a check stands in two files"


def test_every_place_is_played_once() -> None:
    assert {scene.place for scene in SCENES.values()} == PLACES.keys()
    assert sum(len(file.PLACES) for file in FILES) == len(PLACES)


@pytest.mark.parametrize("check", sorted(SCENES))
def test_scene_is_whole(check: str) -> None:
    scene = SCENES[check]
    place = PLACES[scene.place]
    assert scene.inject, "nothing makes it fail"
    assert scene.says, "what must the finding say?"
    assert all(scene.says)
    assert scene.misses
    assert bool(scene.withhold) is not scene.unasked, "evidence is withheld on the router, or by not asking it"
    assert scene.healed is Status.PASS, "healed means that the check passes"
    there = {*KEY_SERVERS, *place.members}
    for act in (*scene.inject, *scene.heal, *scene.withhold):
        assert getattr(act, "device", KEY_SERVERS[0]) in there
        if isinstance(act, Fault):
            kind(act.name)


def test_doctor_is_asked_where_its_checks_are() -> None:
    assert {check for check, scene in SCENES.items() if PLACES[scene.place].doctor} == {
        spec.id for spec in DOCTOR_CHECKS
    }
