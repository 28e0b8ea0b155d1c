"""Collection: what is asked, what is kept, what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from fleets import BankClock, BankFleet, Silent, bank_inventory, state_of

from getvpn_ops.engine.collect import Collector, Wish, choose, read_back, suspects
from getvpn_ops.engine.questions import GDOI_CONFIGURATION, doctor_script
from getvpn_ops.errors import DispatchError, EvidenceMissingError
from getvpn_ops.model.capture import Capture, Trouble
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.inventory import Device, Inventory
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm_details import GmPubkey
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.ks import KsMembers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from getvpn_ops.model.capture import Visit
    from getvpn_ops.model.fleet import FleetState


@cache
def bank() -> Bank:
    return Bank(minutes=10)


@cache
def whole() -> FleetState:
    return state_of(bank())


def asked(state: FleetState, device: str) -> list[str]:
    return [item.command for item in state.devices[device].evidence]


ASKED = {
    "a key server": ("lds-ks1", "show crypto gdoi ks policy", "show crypto gdoi gm acl"),
    "a member": ("lds-gm1", "show crypto gdoi gm acl", "show crypto gdoi ks policy"),
    "a member of 12.4(22)T has no data plane counters": (
        "nor-gm1", "show crypto ipsec sa", "show crypto gdoi gm dataplane counters",
    ),
    "nor summary on a member": ("ork-gm1", "show crypto gdoi gm dataplane counters", "show crypto gdoi ks members"),
    "a router outside": ("swa-ce1", "show logging", "show crypto gdoi gm acl"),
}  # fmt: skip


@pytest.mark.parametrize(("device", "there", "absent"), ASKED.values(), ids=ASKED)
def test_role_and_release_decide_what_is_asked(device: str, there: str, absent: str) -> None:
    commands = asked(whole(), device)
    assert there in commands
    assert absent not in commands
    assert commands[:3] == ["show version", "show clock detail", "show crypto gdoi"]
    assert len(commands) == len(set(commands))


def test_a_member_that_lost_its_group_is_asked_what_is_left() -> None:
    inventory = bank_inventory(bank())
    as_member = replace(inventory.devices["swa-ce1"], role=inventory.devices["lds-gm1"].role)
    state = state_of(bank(), devices=["swa-ce1"], inventory=Inventory({"swa-ce1": as_member}))
    assert "show crypto map" in asked(state, "swa-ce1")


def test_a_router_of_no_known_role_is_asked_by_its_own_word() -> None:
    known = Inventory({"lds-ks1": Device("lds-ks1"), "lds-gm1": Device("lds-gm1")})
    state = state_of(bank(), inventory=known)
    assert "show crypto gdoi ks policy" in asked(state, "lds-ks1")
    assert "show crypto gdoi gm acl" in asked(state, "lds-gm1")


def test_counters_are_looked_at_twice_and_nothing_else() -> None:
    state = state_of(bank(), devices=["lds-ks1", "lds-gm1"], interval=45)
    found = state.devices["lds-gm1"].samples(IpsecSas)
    assert len(found) == 2
    assert found[1].taken_at - found[0].taken_at == timedelta(seconds=45)
    assert len(state.devices["lds-gm1"].samples(Gdoi)) == 1
    assert asked(state, "lds-ks1").count("show crypto gdoi ks members") == 1


def test_a_wait_that_is_broken_off_leaves_one_look() -> None:
    here = bank()

    class Impatient(BankClock):
        def wait_until(self, moment: datetime) -> bool:
            return moment <= self.now()

    silent = Silent()
    known = bank_inventory(here)
    wish = Wish([known.devices["lds-ks1"], known.devices["lds-gm1"]], interval=timedelta(seconds=45))
    state = Collector(BankFleet(here), Impatient(here), silent, silent).collect("test", known, wish)
    assert len(state.devices["lds-gm1"].samples(IpsecSas)) == 1
    visit = state.devices["lds-gm1"].visit
    assert visit is not None
    assert visit.trouble is None


def test_no_capture_keeps_keys_of_the_configuration() -> None:
    config = whole().devices["lds-gm1"].latest(RunningConfig).value
    assert [group.name for group in config.gdoi_groups] == ["WAN"]
    assert config.crypto.isakmp_keys == ()
    assert GDOI_CONFIGURATION in asked(whole(), "lds-gm1")


def test_depth_ks_asks_no_member_and_says_so() -> None:
    state = state_of(bank(), depth=Depth.KS)
    left = {item.name: item.why_not for item in state.not_asked()}
    assert len(left) == 26
    assert [name for name, found in state.devices.items() if found.was_asked] == ["lds-ks1", "ams-ks1", "dub-ks1"]
    assert set(left.values()) == {"only key servers are asked at depth ks"}
    assert state.devices["dub-ks1"].has(KsMembers)
    with pytest.raises(EvidenceMissingError, match="lon-gm1 was not asked: only key servers"):
        state.devices["lon-gm1"].latest(Gdoi)


def test_depth_sample_asks_the_suspicious_and_some_others() -> None:
    inventory = bank_inventory(bank())
    stranger = replace(inventory.devices["gal-gm1"], gdoi_addresses=(inventory.devices["lds-ks1"].gdoi_addresses))
    known = replace(inventory, devices={**inventory.devices, "gal-gm1": stranger})
    selected = list(known.devices.values())
    servers = state_of(bank(), depth=Depth.KS, inventory=known)
    assert suspects(servers) == {"gal-gm1"}
    picked = [item.name for item in choose(servers, Wish(selected, Depth.SAMPLE, sample=3, seed=5))]
    assert picked[0] == "gal-gm1"
    assert len(picked) == len(set(picked)) == 4
    assert picked == [item.name for item in choose(servers, Wish(selected, Depth.SAMPLE, sample=3, seed=5))]


def test_at_depth_ks_members_alone_are_refused() -> None:
    with pytest.raises(DispatchError, match="none is among the devices selected"):
        state_of(bank(), devices=["lon-gm1"], depth=Depth.KS)


def test_an_empty_selection_is_refused() -> None:
    silent = Silent()
    collector = Collector(BankFleet(bank()), BankClock(bank()), silent, silent)
    with pytest.raises(DispatchError, match="no device is selected"):
        collector.collect("r", Inventory(), Wish([]))


def test_a_device_that_does_not_answer_leaves_a_gap_with_its_reason() -> None:
    state = state_of(bank(), devices=["lds-ks1", "lon-gm1"], down=["lon-gm1"], interval=30)
    visit = state.devices["lon-gm1"].visit
    assert visit is not None
    assert visit.trouble is Trouble.UNREACHABLE
    with pytest.raises(EvidenceMissingError, match="lon-gm1: unreachable: no answer within 10 s"):
        state.devices["lon-gm1"].latest(Gdoi)
    assert state.devices["lds-ks1"].has(Gdoi)


class Kept(Silent):
    """An archive that remembers, and may be full."""

    def __init__(self, room: int | None = None) -> None:
        self.captures: list[Capture] = []
        self.visits: list[Visit] = []
        self._room = room

    def put_capture(self, run: str, capture: Capture) -> None:
        assert run == "r"
        if self._room is not None and len(self.captures) >= self._room:
            raise OSError("no space left")
        self.captures.append(capture)

    def put_visits(self, run: str, visits: Iterable[Visit]) -> None:
        assert run == "r"
        self.visits.extend(visits)


def test_everything_is_kept_raw_and_can_be_read_back() -> None:
    kept = Kept()
    inventory = bank_inventory(bank())
    selected = [inventory.devices[name] for name in ("lds-ks1", "lon-gm1")]
    collector = Collector(BankFleet(bank(), down=["lon-gm1"]), BankClock(bank()), kept, kept)
    state = collector.collect("r", inventory, Wish(selected, interval=timedelta(0)))
    again = read_back(kept.captures, {visit.device: visit for visit in kept.visits}, inventory, selected)
    assert again.devices == state.devices
    assert len(kept.captures) > 10


def test_what_cannot_be_kept_stops_the_sweep() -> None:
    inventory = bank_inventory(bank())
    kept = Kept(room=3)
    collector = Collector(BankFleet(bank()), BankClock(bank()), kept, kept)
    with pytest.raises(OSError, match="no space left"):
        collector.collect("r", inventory, Wish([inventory.devices["lds-ks1"]]))


def test_the_doctor_asks_little() -> None:
    inventory = bank_inventory(bank())
    silent = Silent()
    collector = Collector(BankFleet(bank()), BankClock(bank()), silent, silent)
    wish = Wish([inventory.devices["lon-gm1"]], interval=timedelta(0), script=doctor_script)
    state = collector.collect("r", inventory, wish)
    assert asked(state, "lon-gm1")[-1] == "show archive"
    assert not state.devices["lon-gm1"].has(GmPubkey)
