"""A fleet held against its intents: whoever was not read whole is unknown; what is wrong with files is said at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import small_wan

from getvpn_ops.engine.collect import read_back
from getvpn_ops.engine.config.diff import COMMAND, Differ, read_configurations
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import DispatchError, ExitCode, MistakesError
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.config_diff import ConfigDiff, DeviceDiff, Standing, exit_code
from getvpn_ops.model.inventory import Device
from getvpn_ops.remediation.apply import RefusedLineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.inventory import Inventory

NOW = datetime(2024, 3, 12, 12, 0, tzinfo=UTC)
GOOD = Visit("bat-gm1", NOW, NOW, commands=1)


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return small_wan.loaded(tmp_path / "inventory")


def differ_of(inventory: Inventory) -> Differ:
    return Differ(Intents(inventory), inventory)


def taken(text: str, command: str = COMMAND, **fields: object) -> Capture:
    return replace(Capture("bat-gm1", command, text.encode(), NOW), **fields)  # type: ignore[arg-type]


ANSWERS: dict[str, tuple[Callable[[str], Capture | None], Visit | None, Standing, str]] = {
    "whole": (taken, GOOD, Standing.AS_INTENDED, ""),
    "something else in it": (
        lambda text: taken(text.replace(" lifetime 300", " lifetime 400")), GOOD, Standing.DRIFT, "",
    ),
    "not asked": (lambda _: None, None, Standing.UNKNOWN, "it was not asked"),
    "no answer": (
        lambda _: None, replace(GOOD, commands=0, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s"),
        Standing.UNKNOWN, "unreachable: no answer within 10 s",
    ),
    "dropped on the way": (
        lambda text: taken(text[:300], trouble=Trouble.DROPPED, reason="the session ended"),
        replace(GOOD, commands=0, trouble=Trouble.DROPPED, reason="the session ended"),
        Standing.UNKNOWN, "was not read: the session ended",
    ),
    "nothing": (lambda _: taken(""), GOOD, Standing.UNKNOWN, "answered with nothing"),
    "refused": (lambda _: taken("% Invalid input detected at '^' marker.\n"), GOOD, Standing.UNKNOWN, "refused"),
    "cut short": (lambda text: taken(text.replace("\nend\n", "\n")), GOOD, Standing.UNKNOWN, "may be cut short"),
    "no configuration": (lambda _: taken("Interface  IP-Address\nGi0/0  10.1\n"), GOOD, Standing.UNKNOWN, "not read"),
    "another release than the inventory says": (
        lambda text: taken(text.replace("version 15.2", "version 12.4")), GOOD, Standing.UNKNOWN, "version 12.4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_device_answered_is_judged(name: str, inventory: Inventory) -> None:
    answer, visit, standing, reason = ANSWERS[name]
    device = inventory.devices["bat-gm1"]

    found = differ_of(inventory).of_visit(device, answer(small_wan.running(inventory, "bat-gm1")), visit)

    assert (found.standing, found.device, found.groups) == (standing, "bat-gm1", ("WAN",))
    assert reason in found.reason
    assert bool(found.reason) is (standing is Standing.UNKNOWN)


CAPTURED: dict[str, tuple[Callable[[str], tuple[Capture, ...]], Standing]] = {
    "one": (lambda text: (taken(text),), Standing.AS_INTENDED),
    "the newest of two": (
        lambda text: (taken(text.replace("group 14", "group 5")), taken(text, taken_at=NOW.replace(hour=13))),
        Standing.AS_INTENDED,
    ),
    "the newest of two was cut": (
        lambda text: (taken(text), taken(text[:400], taken_at=NOW.replace(hour=13))), Standing.UNKNOWN,
    ),
    "a filtered one": (lambda text: (taken(text, f"{COMMAND} | section crypto"),), Standing.UNKNOWN),
    "the startup configuration": (lambda text: (taken(text, "show startup-config"),), Standing.UNKNOWN),
    "one interface": (lambda text: (taken(text, f"{COMMAND} interface GigabitEthernet0/0"),), Standing.UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize("name", CAPTURED)
def test_only_a_whole_running_configuration_counts(name: str, inventory: Inventory) -> None:
    captures, standing = CAPTURED[name]
    device = inventory.devices["bat-gm1"]
    state = read_back(captures(small_wan.running(inventory, "bat-gm1")), {"bat-gm1": GOOD}, inventory, [device])

    assert differ_of(inventory).of_state(device, state.devices["bat-gm1"]).standing is standing


def test_a_device_without_captures_is_unknown(inventory: Inventory) -> None:
    found = differ_of(inventory).of_state(inventory.devices["bat-gm1"], None)

    assert (found.standing, found.next_step) == (Standing.UNKNOWN, "capture `show running-config` without a filter")


def test_everything_that_keeps_a_fleet_from_being_rendered_is_said_at_once(tmp_path: Path) -> None:
    inventory = small_wan.loaded(tmp_path / "inventory", abe_gm1={"getvpn": {}}, bat_gm1={"release": "9.1"})

    with pytest.raises(MistakesError) as caught:
        differ_of(inventory).described(inventory.devices.values())

    said = "\n".join(caught.value.mistakes)
    assert "bat-gm1: release" in said
    assert len(set(caught.value.mistakes)) == len(caught.value.mistakes)


def test_groups_that_are_not_described_whole_are_named_with_what_is_missing(tmp_path: Path) -> None:
    inventory = small_wan.loaded(
        tmp_path / "inventory", abe_gm1={"gdoi_groups": ["WAN", "LAB"]}, bat_gm1={"gdoi_groups": ["LAB"], "getvpn": {}}
    )
    bare = small_wan.loaded(tmp_path / "bare", {key: small_wan.WAN[key] for key in ("schema", "name", "key_servers")})

    chosen, missing = differ_of(inventory).described(inventory.devices.values())
    none, why = differ_of(bare).described(bare.devices.values())

    assert [item.name for item in chosen] == ["hub-ks1", "fal-ks2", "abe-gm1"]
    assert missing == ("group LAB of 2 devices is not compared: no file in gdoi_groups/ describes it",)
    assert (none, len(why)) == ((), 1)
    assert "its file has no `policies`" in why[0]


ENDINGS = {
    "nothing examined": ((), ExitCode.UNDETERMINED),
    "all well": ((Standing.AS_INTENDED,), ExitCode.GOOD),
    "one unknown": ((Standing.AS_INTENDED, Standing.UNKNOWN), ExitCode.UNDETERMINED),
    "one differs": ((Standing.UNKNOWN, Standing.DRIFT, Standing.AS_INTENDED), ExitCode.FINDINGS),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_the_exit_code_is_that_of_the_worst(name: str) -> None:
    standings, code = ENDINGS[name]
    devices = tuple(DeviceDiff(f"r{place}", standing) for place, standing in enumerate(standings))

    assert exit_code(ConfigDiff("", "lab", NOW, NOW, devices)) is code


class _Ports:
    """Fleet, clock, archive and progress of a run in which every device says its name, and one hangs."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.visits: list[Visit] = []

    def ask(
        self, scripts: Mapping[Device, Callable[[], Script]], *, keep: Callable[[Capture], None], progress: object
    ) -> dict[str, Visit]:
        assert progress is self
        for device, script in scripts.items():
            assert list(script()) == [COMMAND]
            if device.name != "hung":
                keep(Capture(device.name, COMMAND, b"hostname\n", NOW))
        return {item.name: Visit(item.name, NOW, NOW, commands=1) for item in scripts}

    def now(self) -> datetime:
        return NOW

    def wait_until(self, moment: datetime) -> bool:
        raise AssertionError(moment)

    def put_capture(self, run: str, capture: Capture) -> None:
        self.kept.append(f"{run} {capture.device}")

    def put_visits(self, run: str, visits: Iterable[Visit]) -> None:
        assert run
        self.visits += visits

    def begin(self, what: str, total: int) -> None:
        assert (what, total) == ("configurations", 2)

    def asked(self, device: str, command: str) -> None:
        raise AssertionError(device, command)

    def visited(self, visit: Visit) -> None:
        raise AssertionError(visit)

    def end(self) -> None:
        self.kept.append("end")


def test_configurations_are_kept_before_they_are_judged() -> None:
    ports = _Ports()

    read = read_configurations(
        "r1", [Device("one"), Device("hung")], fleet=ports, clock=ports, archive=ports, progress=ports
    )

    assert (list(read.captures), list(read.visits)) == (["one"], ["one", "hung"])
    assert ports.kept == ["r1 one", "end"]
    assert [visit.device for visit in ports.visits] == ["one", "hung"]
    with pytest.raises(DispatchError):
        read_configurations("r1", [], fleet=ports, clock=ports, archive=ports, progress=ports)


def test_one_router_without_a_way_does_not_cost_the_answer_about_the_others(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_: object) -> None:
        raise RefusedLineError("no crypto map GETVPN 10", "the map is in use")

    device = inventory.devices["bat-gm1"]
    text = small_wan.running(inventory, "bat-gm1")
    good = differ_of(inventory).of_visit(device, taken(text), GOOD)
    monkeypatch.setattr("getvpn_ops.engine.config.diff.difference_of", odd)
    found = differ_of(inventory).of_visit(device, taken(text), GOOD)
    assert (good.standing, found.standing) == (Standing.AS_INTENDED, Standing.UNKNOWN)
    assert "no crypto map GETVPN 10" in found.reason
