"""Each fault of GDOI and of the network: its harm shows where it would, and its end heals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS, LABEL, Bank

from getvpn_ops.lab.faults import KINDS, kind
from getvpn_ops.lab.gdoi.harms import HARMS, NotPossibleError
from getvpn_ops.lab.gdoi.state import PeerStatus, Registration, Role

if TYPE_CHECKING:
    from collections.abc import Callable


def harm(bank: Bank, name: str, device: str, **options: str) -> Callable[[], None]:
    """Do it with the usual options, where no others are given; returns how it is undone."""
    undo = HARMS[name](bank.world, device, {**kind(name).options, **options})
    return undo or (lambda: pytest.fail("cannot be undone"))


def test_every_harm_has_a_kind() -> None:
    assert set(HARMS) <= {item.name for item in KINDS if item.where == "now"}


def test_lose_rekeys() -> None:
    bank = Bank()
    before = bank.member("ork-gm1").rekeys_total
    undo = harm(bank, "lose-rekeys", "ork-gm1")
    bank.pass_time(hours=2)
    assert bank.member("ork-gm1").rekeys_total == before
    assert bank.member("ork-gm1").successes == 2, "it registered again before its key ended"
    assert bank.member("ham-gm1").successes == 1
    undo()
    bank.pass_time(hours=2)
    assert bank.member("ork-gm1").rekeys_total > before


def test_udp_848_blocked() -> None:
    bank = Bank()
    undo = harm(bank, "udp-848-blocked", "ork-gm1")
    bank.pass_time(hours=3)
    assert bank.member("ork-gm1").registration is not Registration.REGISTERED
    assert bank.member("ham-gm1").registration is Registration.REGISTERED
    undo()
    bank.pass_time(minutes=20)
    assert bank.member("ork-gm1").registration is Registration.REGISTERED


def test_split_and_merge() -> None:
    bank = Bank()
    assert [bank.server(name).role for name in KEY_SERVERS] == [Role.PRIMARY, Role.SECONDARY, Role.SECONDARY]
    undo = harm(bank, "split", "lds-ks1")
    bank.pass_time(minutes=5)
    assert bank.server("lds-ks1").role is Role.PRIMARY
    assert bank.server("ams-ks1").role is Role.PRIMARY
    assert bank.server("lds-ks1").peers[bank.server("ams-ks1").address].status is PeerStatus.DEAD
    undo()
    bank.pass_time(minutes=5)
    assert [bank.server(name).role for name in KEY_SERVERS].count(Role.PRIMARY) == 1
    assert bank.server("lds-ks1").peers[bank.server("ams-ks1").address].status is PeerStatus.ALIVE


@pytest.mark.parametrize("device", ["ams-ks1", "lds-ks1"])
def test_election_flip(device: str) -> None:
    bank = Bank()
    spi = bank.member("ork-gm1").teks[0].spi
    HARMS["election-flip"](bank.world, device, {})
    bank.pass_time(minutes=2)
    roles = {name: bank.server(name).role for name in KEY_SERVERS}
    assert roles["ams-ks1"] is Role.PRIMARY
    assert list(roles.values()).count(Role.PRIMARY) == 1
    assert bank.server("lds-ks1").priority == 100
    assert bank.server("ams-ks1").priority == 75
    assert bank.member("ork-gm1").teks[0].spi == spi, "an election alone changes no key"


def test_rsa_key_missing() -> None:
    bank = Bank()
    undo = harm(bank, "rsa-key-missing", "dub-ks1")
    assert LABEL not in bank.world.routers["dub-ks1"].keys.held
    undo()
    assert LABEL in bank.world.routers["dub-ks1"].keys.held


def test_a_primary_with_another_rsa_key_is_not_believed() -> None:
    bank = Bank()
    harm(bank, "rsa-key-differs", "ams-ks1")
    HARMS["election-flip"](bank.world, "ams-ks1", {})
    bank.pass_time(minutes=1)
    assert bank.server("ams-ks1").role is Role.PRIMARY
    before = {name: item.rekeys_total for name, item in bank.members().items()}
    bank.world.machines("ams-ks1")[0]["WAN"].rekey(replace_now=False)
    bank.pass_time(minutes=3)
    assert {name: item.rekeys_total for name, item in bank.members().items()} == before


def test_registration_storm() -> None:
    bank = Bank()
    HARMS["registration-storm"](bank.world, "lds-ks1", {})
    assert all(item.registration is not Registration.REGISTERED for item in bank.members().values())
    bank.pass_time(minutes=5)
    assert all(item.registration is Registration.REGISTERED for item in bank.members().values())
    assert {item.successes for item in bank.members().values()} == {2}


def test_kek_lost() -> None:
    bank = Bank()
    HARMS["kek-lost"](bank.world, "ork-gm1", {})
    bank.pass_time(hours=3)
    assert bank.member("ork-gm1").successes == 2, "it could not read the rekey, and registered again"
    assert bank.member("ham-gm1").successes == 1


def test_acl_mismatch() -> None:
    bank = Bank()

    def texts(name: str) -> list[str]:
        block = bank.world.routers[name].running.find("ip access-list extended GETVPN_WAN_POLICY")
        assert block is not None
        return [item.text for item in block.lines]

    same = texts("ams-ks1")
    assert same == texts("lds-ks1")
    undo = harm(bank, "acl-mismatch", "ams-ks1")
    assert set(texts("ams-ks1")) - set(same) == {"deny ip any host 203.0.113.99"}
    undo()
    assert texts("ams-ks1") == same


def test_policy_mismatch() -> None:
    bank = Bank()
    undo = harm(bank, "policy-mismatch", "ams-ks1")
    profile = "crypto ipsec profile GETVPN-WAN"
    lines = [line.text for line in bank.world.routers["ams-ks1"].running.find(profile).lines]  # type: ignore[union-attr]
    assert "set security-association lifetime seconds 1800" in lines
    undo()
    lines = [line.text for line in bank.world.routers["ams-ks1"].running.find(profile).lines]  # type: ignore[union-attr]
    assert "set security-association lifetime seconds 7200" in lines


@pytest.mark.parametrize("name", ["esp-filtered", "mtu"])
def test_obstacles_for_packets_leave_gdoi_alone(name: str) -> None:
    bank = Bank()
    paths = bank.world.paths
    undo = harm(bank, name, "ork-gm1")
    assert paths.gdoi_passes("ork-gm1", "lds-ks1")
    assert (paths.esp_passes("ork-gm1", "ham-gm1"), paths.mtu("ork-gm1", "ham-gm1")) == (
        (False, 1500) if name == "esp-filtered" else (True, 1400)
    )
    undo()
    assert (paths.esp_passes("ork-gm1", "ham-gm1"), paths.mtu("ork-gm1", "ham-gm1")) == (True, 1500)


def test_tbar_skew() -> None:
    bank = Bank()
    undo = harm(bank, "tbar-skew", "ork-gm1", seconds="45")
    assert bank.member("ork-gm1").skew == 45
    undo()
    assert bank.member("ork-gm1").skew == 0


WRONG_PLACES = {
    "no-member": ("kek-lost", "swa-ce1"),
    "no-key-server": ("election-flip", "ork-gm1"),
    "no-key": ("rsa-key-differs", "ork-gm1"),
}


@pytest.mark.parametrize(("name", "device"), WRONG_PLACES.values(), ids=WRONG_PLACES)
def test_what_cannot_be_harmed(name: str, device: str) -> None:
    with pytest.raises(NotPossibleError):
        HARMS[name](Bank(minutes=1).world, device, dict(kind(name).options))
