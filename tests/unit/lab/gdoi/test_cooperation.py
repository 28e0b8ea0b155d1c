"""Key servers among each other: who is the primary, a split and its end, keys that differ."""

from __future__ import annotations

import pytest
from networks import Network, address, key_server, member, network, registered

from getvpn_ops.lab.gdoi.paths import What
from getvpn_ops.lab.gdoi.state import PeerStatus, Registration, Role

ALL = ("ks1", "ks2", "ks3")
COOP = ("crypto gdoi group gdoi-group1", "server local", "redundancy")


def roles(lab: Network) -> list[Role]:
    return [lab.ks(name).role for name in ALL]


P, S = Role.PRIMARY, Role.SECONDARY


def test_announcements_come_every_20_seconds() -> None:
    lab = registered()
    before = lab.ks("ks1").peers[address("ks2")].ann_sent, lab.ks("ks2").peers[address("ks1")].ann_received
    lab.run(600)
    after = lab.ks("ks1").peers[address("ks2")].ann_sent, lab.ks("ks2").peers[address("ks1")].ann_received
    assert [later - sooner for later, sooner in zip(after, before, strict=True)] == [30, 30]
    assert {peer.status for name in ALL for peer in lab.ks(name).peers.values()} == {PeerStatus.ALIVE}
    assert lab.server("ks1").coop.next_action() is not None


@pytest.mark.parametrize(("priorities", "expected"), [((1, 2, 3), "ks3"), ((7, 7, 7), "ks3"), ((9, 9, 1), "ks2")])
def test_an_election_goes_by_priority_then_address(priorities: tuple[int, ...], expected: str) -> None:
    configurations = {}
    for name, priority in zip(ALL, priorities, strict=True):
        lines = key_server(name)
        at = next(number for number, line in enumerate(lines) if "local priority" in line)
        configurations[name] = [*lines[:at], f"   local priority {priority}", *lines[at + 1 :]]
    lab = Network(configurations)
    lab.run(60)
    assert [name for name in ALL if lab.ks(name).role is P] == [expected]
    assert lab.logged(expected, "COOP_KS_TRANS_TO_PRI")
    assert lab.logged("ks1", "COOP_KS_ELECTION")


def test_each_knows_all_members_and_whose_they_are() -> None:
    lab = Network(
        {
            **{name: key_server(name) for name in ALL},
            "gm1": member("gm1", servers=["ks1"]),
            "gm2": member("gm2", servers=["ks3"]),
        }
    )
    lab.run(120)
    for name, local in (("ks1", ["gm1"]), ("ks2", []), ("ks3", ["gm2"])):
        records = lab.ks(name).members
        assert set(records) == {address("gm1"), address("gm2")}
        assert [found for found in ("gm1", "gm2") if records[address(found)].local] == local
    assert lab.spis("gm1") == lab.spis("gm2")
    lab.run(6600)
    assert lab.gm("gm2").last_rekey_from == address("ks1")


def test_the_first_registration_may_come_to_a_secondary() -> None:
    lab = Network({**{name: key_server(name) for name in ALL}, "gm1": member("gm1", servers=["ks3"])})
    lab.run(90)
    assert lab.gm("gm1").attempts == 1
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.spis("gm1") == lab.spis("ks1") == lab.spis("ks3")


def test_a_newcomer_with_a_higher_priority_does_not_take_over() -> None:
    lab = registered()
    lab.configure("ks3", *COOP, "local priority 250")
    lab.run(300)
    assert roles(lab) == [P, S, S]
    assert lab.ks("ks1").peers[address("ks3")].priority in {50, 250}


@pytest.mark.parametrize(("where", "expected"), [("ks1", [S, S, P]), ("ks2", [P, S, S]), ("ks3", [P, S, S])])
def test_a_change_of_roles_by_command_works_on_the_primary_only(where: str, expected: list[Role]) -> None:
    lab = registered()
    spis = lab.spis("gm1")
    lab.configure("ks3", *COOP, "local priority 250")
    lab.routers[where].gdoi.handles.clear_role(None)  # type: ignore[union-attr]
    lab.run(60)
    assert roles(lab) == expected
    assert lab.spis("gm1") == lab.spis("ks3") == spis
    assert lab.gm("gm1").rekeys_total == 0
    lab.run(6800)
    assert len({tuple(lab.spis(name)) for name in (*ALL, "gm1", "gm2")}) == 1
    assert lab.gm("gm1").rekeys_total == 1


def test_a_primary_that_dies_is_followed_by_the_next() -> None:
    lab = registered()
    lab.world.paths.power("ks1", on=False)
    lab.run(120)
    assert [lab.ks(name).role for name in ("ks2", "ks3")] == [P, S]
    assert lab.ks("ks2").peers[address("ks1")].status is PeerStatus.DEAD
    assert lab.logged("ks2", "COOP_KS_UNREACH")
    lab.run(6600)
    assert lab.gm("gm1").last_rekey_from == address("ks2")
    assert lab.gm("gm1").successes == 1


def test_a_split_and_its_end() -> None:
    lab = Network(
        {
            **{name: key_server(name) for name in ALL},
            "gm1": member("gm1", servers=["ks1", "ks2"]),
            "gm2": member("gm2", servers=["ks2", "ks1"]),
        }
    )
    lab.run(180)
    number = lab.world.paths.block(What.ALL, ["ks1", "gm1"])
    lab.run(7400)
    assert roles(lab) == [P, P, S]
    assert lab.spis("gm1") == lab.spis("ks1")
    assert lab.spis("gm2") == lab.spis("ks2") == lab.spis("ks3")
    assert not set(lab.spis("gm1")) & set(lab.spis("gm2"))
    keks = {name: lab.ks(name).kek.spi for name in ALL}  # type: ignore[union-attr]
    assert keks["ks1"] != keks["ks2"] == keks["ks3"]
    both = {*lab.spis("gm1"), *lab.spis("gm2")}
    lab.world.paths.unblock(number)
    lab.run(60)
    assert roles(lab) == [P, S, S]
    assert lab.logged("ks1", "COOP_KS_REACH")
    for name in (*ALL, "gm1", "gm2"):
        assert set(lab.spis(name)) == both
    assert {lab.gm(name).kek.spi for name in ("gm1", "gm2")} == {keks["ks1"]}  # type: ignore[union-attr]
    lab.run(14400)
    assert len({tuple(lab.spis(name)) for name in (*ALL, "gm1", "gm2")}) == 1
    assert {lab.gm(name).successes for name in ("gm1", "gm2")} == {1}


def test_peers_with_another_pre_shared_key_do_not_hear_each_other() -> None:
    lab = Network({name: key_server(name, psk="other" if name == "ks3" else "tempkey1") for name in ALL})
    lab.run(300)
    assert roles(lab) == [P, S, P]
    assert lab.logged("ks1", "IKMP_BAD_MESSAGE")
    assert lab.ks("ks3").peers[address("ks1")].status is PeerStatus.DEAD


def test_a_key_server_that_is_no_peer_is_not_listened_to() -> None:
    lab = Network(
        {"ks1": key_server("ks1", names=["ks1", "ks2"]), **{name: key_server(name) for name in ("ks2", "ks3")}}
    )
    lab.run(120)
    assert lab.logged("ks1", "COOP_KS_UNAUTH")
    assert address("ks3") not in lab.ks("ks1").peers


def test_another_rsa_key_makes_members_refuse_the_new_primary() -> None:
    lab = registered(keys={"ks2": "another"})
    assert roles(lab) == [P, S, S]
    lab.run(6600)
    assert lab.gm("gm1").rekeys_total == 1
    lab.world.paths.power("ks1", on=False)
    lab.run(6700)
    assert lab.ks("ks2").role is P
    assert lab.gm("gm1").rekeys_total == 1
    assert lab.logged("gm1", "GDOI_REKEY_FAILURE")
    assert lab.ks("ks2").members[address("gm1")].missed_in_a_row > 0
    lab.run(400)
    assert lab.gm("gm1").successes == 2
    assert lab.gm("gm1").server == address("ks2")


def test_a_new_rsa_key_under_a_new_label_is_taken_when_the_old_one_signs() -> None:
    lab = registered()
    for name in ALL:
        lab.routers[name].keys.held["NEW"] = network(1, 1, keys={"ks1": "another"}).routers["ks1"].keys.held["REKEYRSA"]
    lines = ("crypto gdoi group gdoi-group1", "server local", "rekey authentication mypubkey rsa NEW")
    for name in reversed(ALL):
        lab.configure(name, *lines)
    before = lab.gm("gm1").kek
    lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
    lab.run(5)
    after = lab.gm("gm1").kek
    assert before is not None
    assert after is not None
    assert (after.sig_key, after.sig_fingerprint != before.sig_fingerprint) == ("NEW", True)
    assert lab.gm("gm1").rekeys_total == 1


def test_a_policy_that_differs_is_seen_and_shipped_by_whoever_becomes_the_primary() -> None:
    lab = registered()
    lab.configure("ks2", "ip access-list extended getvpn-acl", "permit gre any any")
    assert lab.ks("ks2").pending == ("sa ipsec 1 access list",)
    lab.run(60)
    assert lab.logged("ks1", "COOP_CONFIG_MISMATCH") or lab.logged("ks2", "COOP_CONFIG_MISMATCH")
    assert lab.gm("gm1").rekeys_total == 0
    lab.world.paths.power("ks1", on=False)
    lab.run(6700)
    assert lab.gm("gm1").downloaded[-1].protocol == "gre"


def test_a_key_server_alone_becomes_one_of_several_without_losing_its_keys() -> None:
    lab = Network(
        {
            "ks1": key_server("ks1", names=["ks1"]),
            "ks2": key_server("ks2", names=ALL[:2]),
            "gm1": member("gm1", servers=["ks1"]),
        }
    )
    lab.run(180)
    spis = lab.spis("gm1")
    lab.configure("ks1", *COOP, "local priority 191", "peer address ipv4 192.0.2.2")
    lab.run(120)
    assert lab.ks("ks1").role is P
    assert lab.spis("ks1") == spis
    assert lab.logged("ks1", "COOP_KS_ADD")


@pytest.mark.parametrize("seconds", [20, 45, 300])
def test_a_primary_that_boots_does_not_come_back_without_the_keys(seconds: float) -> None:
    lab = registered()
    spis = lab.spis("gm1")
    lab.routers["ks1"].reload(seconds=seconds)
    lab.run(seconds + 200)
    assert sorted(roles(lab), key=lambda role: role.value) == [P, S, S]
    assert {tuple(lab.spis(name)) for name in (*ALL, "gm1", "gm2")} == {tuple(spis)}
    assert {tuple(sorted(lab.ks(name).members)) for name in ALL} == {(address("gm1"), address("gm2"))}
    lab.run(6700)
    assert {lab.gm(name).rekeys_total for name in ("gm1", "gm2")} == {1}


def test_a_member_that_is_dropped_is_dropped_where_it_registered() -> None:
    lab = Network(
        {**{name: key_server(name) for name in ALL}, "gm1": member("gm1", servers=["ks2"]), "gm2": member("gm2")}
    )
    lab.run(180)
    lab.world.deaf.add("gm1")
    for _ in range(3):
        lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
        lab.run(60)
    lab.run(60)
    assert [address("gm1") in lab.ks(name).members for name in ALL] == [False, False, False]
    assert lab.ks("ks2").members[address("gm2")].local is False


def test_clear_on_the_primary_takes_the_keys_everywhere() -> None:
    lab = registered(0)
    assert lab.ks("ks2").teks == []
    lab = registered()
    old = lab.spis("ks2")
    lab.world.paths.block(What.GDOI, ["gm1", "gm2"])
    lab.routers["ks1"].gdoi.handles.clear(None)  # type: ignore[union-attr]
    lab.run(1)
    assert old
    assert lab.spis("ks2") == lab.spis("ks3") == []
