"""Members: whom they ask, what they do without rekeys, and what commands and lines do to them."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from networks import NEW, OLD, Network, address, key_server, member, network, registered

from getvpn_ops.lab.gdoi.paths import What
from getvpn_ops.lab.gdoi.state import Direction, Registration
from getvpn_ops.lab.gdoi.variants import BAD, Takes, Variants

GROUP = "crypto gdoi group gdoi-group1"
PORT = "interface FastEthernet4"


@pytest.fixture
def lab() -> Network:
    return registered()


def receiving(variants: Variants, *, receive_only: bool = True) -> Network:
    """A group that is receive-only, or not, with a member that behaves in some way."""
    extra = ("sa receive-only",) if receive_only else ()
    made = Network(
        {
            "ks1": key_server("ks1", *extra, names=["ks1"]),
            **{name: member(name, servers=["ks1"]) for name in ("gm1", "gm2")},
        }
    )
    made.world.variants["gm1"] = variants
    made.run(180)
    return made


def rekey(made: Network) -> None:
    made.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
    made.run(2)


def test_the_next_server_is_asked_when_one_does_not_answer() -> None:
    made = network()
    made.run(38)
    made.world.paths.block(What.GDOI, ["gm1"], ["ks1"])
    made.run(100)
    assert made.gm("gm1").server == address("ks2")
    assert made.gm("gm2").server == address("ks1")
    assert [line.split("KS ")[1].split()[0] for line in made.logged("gm1", "GM_REGSTER")] == ["192.0.2.1", "192.0.2.2"]


def test_it_goes_on_asking_while_none_answers() -> None:
    made = network()
    number = made.world.paths.block(What.GDOI, ["gm1"])
    made.run(1800)
    assert made.gm("gm1").registration is Registration.REGISTERING
    assert 20 < made.gm("gm1").attempts < 45
    made.world.paths.unblock(number)
    made.run(120)
    assert made.gm("gm1").registration is Registration.REGISTERED


def test_it_registers_again_before_its_key_ends_when_rekeys_are_lost(lab: Network) -> None:
    lab.world.deaf.add("gm1")
    due = lab.gm("gm1").reregisters
    assert due is not None
    assert 216 <= (lab.gm("gm1").teks[0].ends - due).total_seconds() <= 432
    lab.run((due - lab.clock.now()).total_seconds() - 1)
    assert lab.gm("gm1").successes == 1
    lab.run(5)
    assert (lab.gm("gm1").successes, lab.gm("gm1").rekeys_total) == (2, 0)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.spis("gm1") == lab.spis("gm2")
    assert (
        "may have expired/been cleared, or didn not go through. Re-register to KS."
        in lab.logged("gm1", "GM_RE_REGISTER")[0]
    )


@pytest.mark.parametrize("lifetime", [300, 600, 3600, 7200, 14400])
def test_the_window_of_re_registration_is_jittered(lifetime: int) -> None:
    made = registered(9, 1)
    made.configure("ks1", "crypto ipsec profile profile1", f"set security-association lifetime seconds {lifetime}")
    rekey(made)
    moments = {made.gm(f"gm{number}").reregisters for number in range(1, 10)}
    ends = made.gm("gm1").teks[0].ends
    windows = [(ends - moment).total_seconds() for moment in moments if moment is not None]
    assert all(60 <= window <= max(60, 0.06 * lifetime) for window in windows)
    assert len(moments) > 1 or lifetime <= 1000


def test_its_keys_end_when_nobody_answers(lab: Network) -> None:
    downloaded = lab.gm("gm1").downloaded
    lab.world.paths.block(What.GDOI, ["gm1"])
    lab.run(7300)
    assert (lab.gm("gm1").registration, lab.gm("gm1").teks) == (Registration.EXPIRED, [])
    assert lab.gm("gm1").downloaded == downloaded
    assert lab.gm("gm1").ever_registered
    assert lab.gm("gm2").registration is Registration.REGISTERED


def test_a_missed_rekey_leaves_the_old_key_only(lab: Network) -> None:
    old = lab.spis("gm1")
    lab.world.deaf.add("gm1")
    lab.configure("ks1", "ip access-list extended getvpn-acl", "permit gre any any")
    rekey(lab)
    assert lab.spis("gm1") == old
    assert lab.spis("gm2")[1:] == old
    lab.run(400)
    assert lab.spis("gm1") == old
    assert old[0] not in lab.spis("gm2")


def test_the_kek_ends(lab: Network) -> None:
    lab.world.deaf |= {"gm1", "gm2"}
    kek = lab.gm("gm1").kek
    assert kek is not None
    lab.run((kek.ends - lab.clock.now()).total_seconds())
    assert lab.gm("gm1").kek != kek
    lab.world.deaf.clear()
    rekey(lab)
    assert lab.gm("gm1").rekeys_since == 1


def test_a_member_that_lost_its_kek_hears_no_rekey(lab: Network) -> None:
    lab.machine("gm1").lose_keys()
    rekey(lab)
    assert (lab.gm("gm1").rekeys_total, lab.gm("gm2").rekeys_total) == (0, 1)


@pytest.mark.parametrize(
    ("takes", "at_once", "after_rekey", "successes"),
    [
        (Takes.AT_ONCE, Direction.INBOUND_OPTIONAL, Direction.INBOUND_OPTIONAL, 1),
        (Takes.NEXT_REKEY, Direction.INBOUND_ONLY, Direction.INBOUND_OPTIONAL, 1),
        (Takes.REREGISTRATION, Direction.BOTH, Direction.INBOUND_OPTIONAL, 2),
    ],
)
def test_when_passive_takes_effect(takes: Takes, at_once: Direction, after_rekey: Direction, successes: int) -> None:
    made = receiving(Variants(passive=takes))
    assert made.gm("gm1").direction is Direction.INBOUND_ONLY
    made.configure("gm1", GROUP, "passive")
    assert made.gm("gm1").direction is at_once
    assert bool(made.gm("gm1").teks) is (takes is not Takes.REREGISTRATION)
    made.run(10)
    rekey(made)
    assert (made.gm("gm1").direction, made.gm("gm1").passive) == (after_rekey, True)
    assert made.gm("gm1").successes == successes
    assert made.gm("gm2").direction is Direction.INBOUND_ONLY
    made.configure("gm1", GROUP, "no passive")
    made.run(10)
    rekey(made)
    assert made.gm("gm1").direction is Direction.INBOUND_ONLY


@pytest.mark.parametrize(("accepts", "direction"), [(True, Direction.INBOUND_OPTIONAL), (False, Direction.BOTH)])
def test_passive_when_the_key_server_says_both(accepts: bool, direction: Direction) -> None:  # noqa: FBT001
    made = receiving(Variants(passive_accepts_clear=accepts), receive_only=False)
    made.configure("gm1", GROUP, "passive")
    assert made.gm("gm1").direction is direction
    assert made.gm("gm1").refuses_clear is not accepts


def test_a_gap_when_the_direction_changes() -> None:
    made = receiving(Variants(direction_gap=3.0))
    made.configure("gm1", GROUP, "passive")
    assert made.gm("gm1").gap
    made.run(2.9)
    assert made.gm("gm1").gap
    made.run(0.2)
    assert not made.gm("gm1").gap
    assert not made.gm("gm2").gap


def test_passive_survives_a_reload_only_when_saved() -> None:
    made = receiving(Variants())
    made.configure("gm1", GROUP, "passive")
    made.configure("gm2", GROUP, "passive")
    made.routers["gm1"].save()
    for name in ("gm1", "gm2"):
        made.routers[name].reload()
    made.run(300)
    assert [made.gm(name).direction for name in ("gm1", "gm2")] == [Direction.INBOUND_OPTIONAL, Direction.INBOUND_ONLY]


def test_a_direction_by_command_holds_until_the_next_rekey() -> None:
    made = receiving(Variants())
    made.routers["gm1"].gdoi.handles.direct(None, Direction.INBOUND_OPTIONAL)  # type: ignore[union-attr]
    assert (made.gm("gm1").direction, made.gm("gm1").commanded) == (Direction.INBOUND_OPTIONAL, True)
    made.run(3600)
    assert made.gm("gm1").direction is Direction.INBOUND_OPTIONAL
    rekey(made)
    assert (made.gm("gm1").direction, made.gm("gm1").commanded) == (Direction.INBOUND_ONLY, False)


def test_clear_on_a_member_destroys_its_policy_and_registers_again(lab: Network) -> None:
    lab.routers["gm1"].gdoi.handles.clear("gdoi-group1")  # type: ignore[union-attr]
    state = lab.gm("gm1")
    assert (state.teks, state.kek, state.downloaded, state.ever_registered) == ([], None, (), False)
    lab.run(5)
    assert (state.registration, state.successes) == (Registration.REGISTERED, 2)
    assert lab.gm("gm2").successes == 1
    assert lab.logged("gm1", "GM_CLEAR_REGISTER")


def test_clear_crypto_sa_keeps_the_list(lab: Network) -> None:
    lab.type("gm1", "clear crypto sa")
    assert (lab.gm("gm1").teks, bool(lab.gm("gm1").downloaded)) == ([], True)
    lab.run(5)
    assert lab.spis("gm1") == lab.spis("gm2")


def test_the_map_is_taken_away_and_comes_back(lab: Network) -> None:
    lab.configure("gm1", PORT, "no crypto map gdoimap")
    assert (lab.gm("gm1").interfaces, lab.gm("gm1").teks) == ((), [])
    assert address("gm1") in lab.ks("ks1").members  # a key server learns it by missing acknowledgements only
    assert lab.logged("gm1", "GM_CM_DETACH")
    lab.configure("gm1", PORT, "crypto map gdoimap")
    lab.run(5)
    assert lab.gm("gm1").registration is Registration.REGISTERED


def test_a_port_that_is_shut_down_hears_no_rekey(lab: Network) -> None:
    lab.configure("gm1", PORT, "shutdown")
    rekey(lab)
    assert (lab.gm("gm1").rekeys_total, lab.gm("gm2").rekeys_total) == (0, 1)
    lab.configure("gm1", PORT, "no shutdown")
    lab.run(5)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.spis("gm1") == lab.spis("gm2")


def test_a_local_list_is_merged_at_once(lab: Network) -> None:
    lab.configure("gm1", "ip access-list extended mine", "deny ip host 10.1.1.1 any", "permit ip any any")
    assert lab.gm("gm1").local_entries == ()
    lab.configure("gm1", "crypto map gdoimap 1 gdoi", "match address mine")
    assert [entry.permit for entry in lab.gm("gm1").local_entries] == [False, True]
    assert lab.logged("gm1", "GM_ACL_MERGE")
    assert lab.logged("gm1", "GM_ACL_PERMIT")


def test_fail_close_is_in_force_when_activated(lab: Network) -> None:
    lab.configure(
        "gm1",
        "ip access-list extended pass",
        "deny udp any any eq 848",
        "crypto map gdoimap gdoi fail-close",
        "match address pass",
    )
    assert not lab.gm("gm1").fail_close
    lab.configure("gm1", "crypto map gdoimap gdoi fail-close", "activate")
    assert lab.gm("gm1").fail_close
    assert [entry.destination_port for entry in lab.gm("gm1").bypass] == [848]


def test_two_ports_one_identity() -> None:
    lines = [
        *member("gm1", servers=["ks1"]),
        *(
            "crypto map gdoimap local-address Loopback0",
            "interface Loopback0",
            " ip address 198.51.100.101 255.255.255.255",
        ),
        *("interface FastEthernet5", " ip address 203.0.113.200 255.255.255.0", " crypto map gdoimap"),
    ]
    made = Network({"ks1": key_server("ks1", names=["ks1"]), "gm1": lines})
    made.run(120)
    state = made.gm("gm1")
    assert (state.address, state.interfaces) == (IPv4Address("198.51.100.101"), ("FastEthernet4", "FastEthernet5"))
    made.configure("gm1", PORT, "shutdown")
    rekey(made)
    assert (state.rekeys_total, state.successes) == (1, 1)
    assert made.routers["gm1"].gdoi.members == [state]


@pytest.mark.parametrize("usual", [OLD, NEW])
def test_groups_in_vrfs(usual: str) -> None:
    word = "ip vrf" if usual == OLD else "vrf definition"
    forwarding = "ip vrf forwarding" if usual == OLD else "vrf forwarding"
    lines = [
        *(f"{word} PAY",),
        *("crypto keyring PAY vrf PAY", " pre-shared-key address 192.0.2.2 key payments"),
        *member("gm1", servers=["ks1"]),
        *("crypto gdoi group pay", " identity number 777", " server address ipv4 192.0.2.2"),
        *("crypto map paymap 1 gdoi", " set group pay"),
        *(
            "interface FastEthernet5",
            f" {forwarding} PAY",
            " ip address 203.0.113.201 255.255.255.0",
            " crypto map paymap",
        ),
    ]
    server = [
        line.replace("12345", "777").replace("crypto isakmp key tempkey1", "crypto isakmp key payments")
        for line in key_server("ks2", names=["ks2"])
    ]
    made = Network({"ks1": key_server("ks1", names=["ks1"]), "ks2": server, "gm1": lines}, usual=usual)
    made.run(120)
    assert [(state.vrf, state.registration) for state in made.routers["gm1"].gdoi.members] == [
        ("", Registration.REGISTERED),
        ("PAY", Registration.REGISTERED),
    ]
    assert made.world.member_at("gm1", "PAY") is made.routers["gm1"].gdoi.members[1]
    assert made.world.member_at("gm1", "OTHER") is None


def test_a_pseudotime_that_is_off_is_set_right_by_the_next_rekey(lab: Network) -> None:
    lab.world.skew("gm1", 30)
    assert lab.gm("gm1").skew == 30
    rekey(lab)
    assert lab.gm("gm1").skew == 0
    assert lab.logged("gm1", "PSEUDO_TIME_LARGE")


def test_a_late_copy_of_a_rekey_carries_its_age(lab: Network) -> None:
    number = lab.world.paths.block(What.GDOI, ["gm1"])
    rekey(lab)
    assert lab.gm("gm1").rekeys_total < lab.gm("gm2").rekeys_total
    lab.world.paths.unblock(number)
    lab.run(60)
    assert lab.gm("gm1").rekeys_total == lab.gm("gm2").rekeys_total
    late, early = lab.gm("gm1").last_rekey, lab.gm("gm2").last_rekey
    assert late is not None
    assert early is not None
    assert late - early > timedelta(seconds=5)
    clocks = []
    for state in (lab.gm("gm1"), lab.gm("gm2")):
        assert state.synced is not None
        clocks.append(state.pseudotime - (state.synced - late).total_seconds())
    assert abs(clocks[0] - clocks[1]) < 1


def test_bad_devices_lose_more_than_good_ones() -> None:
    assert (BAD.passive, BAD.passive_accepts_clear, BAD.direction_gap > 0) == (Takes.REREGISTRATION, False, True)


def test_an_incomplete_group_does_not_register() -> None:
    made = Network({"ks1": key_server("ks1", names=["ks1"]), "gm1": member("gm1", servers=[])})
    made.run(120)
    assert made.logged("gm1", "GM_INCOMPLETE_CFG")
    assert made.gm("gm1").attempts == 0
    made.configure("gm1", GROUP, "server address ipv4 192.0.2.1")
    made.run(5)
    assert made.gm("gm1").registration is Registration.REGISTERED


def test_credentials_count_at_the_next_registration_only(lab: Network) -> None:
    for name in ("ks1", "ks2", "ks3"):
        lab.configure(
            name,
            "no crypto isakmp key tempkey1 address 0.0.0.0 0.0.0.0",
            "crypto isakmp key fresh address 0.0.0.0 0.0.0.0",
        )
    lab.run(6700)
    assert (lab.gm("gm1").rekeys_total, lab.gm("gm1").registration) == (1, Registration.REGISTERED)
    lab.machine("gm1").clear()
    lab.run(300)
    assert lab.gm("gm1").registration is Registration.REGISTERING
    assert lab.clock.now() - lab.gm("gm2").teks[0].born < timedelta(hours=1)


def test_a_first_registration_leaves_no_gap() -> None:
    made = receiving(Variants(direction_gap=3.0))
    made.routers["gm1"].gdoi.handles.clear(None)  # type: ignore[union-attr]
    gaps = []
    made.world.observers.append(lambda _router, state: gaps.append(state.gap))
    made.run(10)
    assert gaps
    assert not any(gaps)


def test_traffic_is_told_of_a_map_that_begins_closed() -> None:
    lines = [line for line in member("gm1") if line != " crypto map gdoimap"]
    made = Network({"gm1": [*lines, "crypto map gdoimap gdoi fail-close", " activate"]})
    heard: list[bool] = []
    made.world.observers.append(lambda router, state: heard.append(state in router.gdoi.members and state.fail_close))
    made.configure("gm1", PORT, "crypto map gdoimap")
    assert heard[-1]
