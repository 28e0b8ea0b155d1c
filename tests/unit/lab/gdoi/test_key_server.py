"""Key servers: registration, keys on schedule, a change of policy on old and new software, rekeys that get lost."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from networks import MIDDLE, NEW, OLD, Network, address, key_server, member, network, registered

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.gdoi.paths import What
from getvpn_ops.lab.gdoi.state import Direction, Registration
from getvpn_ops.lab.gdoi.variants import Variants
from getvpn_ops.lab.ios.releases import release

KS = ("crypto gdoi group gdoi-group1", "server local")
RECEIVE_ONLY = (*KS, "sa receive-only")


def single(*extra: str, lines: tuple[str, ...] = (), members: int = 2, **options: object) -> Network:
    """One key server, with lines in its ``server local`` and lines that are typed later."""
    configurations = {"ks1": [*key_server("ks1", *extra, names=["ks1"]), *lines]}
    configurations |= {f"gm{number}": member(f"gm{number}", servers=["ks1"]) for number in range(1, members + 1)}
    made = Network(configurations, **options)  # type: ignore[arg-type]
    made.run(180)
    return made


def left(lab: Network, spi: int, name: str = "ks1") -> float:
    """Seconds that a key still lives."""
    tek = next(tek for tek in lab.ks(name).teks if tek.spi == spi)
    return (tek.ends - lab.clock.now()).total_seconds()


@pytest.mark.parametrize(
    ("lifetime", "expected"),
    [(300, 90), (600, 120), (1200, 240), (3600, 600), (7200, 600), (28800, 2304), (86400, 6912)],
)
def test_how_early_a_key_is_renewed(lifetime: float, expected: float) -> None:
    assert software.early(lifetime) == expected
    assert software.early(lifetime) > max(60, 0.06 * lifetime)


@pytest.mark.parametrize(
    ("lifetime", "expected"), [(600, 90), (3600, 180), (7200, 360), (28800, 1440), (86400, 3600), (604800, 3600)]
)
def test_how_long_a_key_lives_that_policy_replaced(lifetime: float, expected: float) -> None:
    assert software.old_life(lifetime, lifetime) == expected
    assert software.old_life(42, lifetime) == 42


def test_versions_increase_with_releases() -> None:
    texts = [
        "12.4(15)T17",
        OLD,
        "15.1(4)M10",
        "15.2(1)T",
        MIDDLE,
        "15.4(3)M10",
        "15.7(3)M5",
        "16.6.10",
        "16.9.8",
        NEW,
        "17.9.4a",
    ]
    found = [tuple(map(int, software.version(release(text)).split("."))) for text in texts]
    assert found == sorted(found)
    assert found[3] == (1, 0, 2)
    assert [software.rekeys_on_leaving(release(text)) for text in texts[:5]] == [True, True, True, False, False]
    assert [software.has_passive(release(text)) for text in texts[:2]] == [False, True]


def test_keys_come_with_the_first_member() -> None:
    lab = network(1)
    lab.run(39)
    assert (lab.ks("ks1").kek, lab.ks("ks1").teks) == (None, [])
    lab.run(60)
    assert lab.ks("ks1").kek is not None
    assert lab.logged("ks1", "KS_FIRST_GM")


def test_a_rekey_on_schedule() -> None:
    lab = registered()
    (old,) = lab.spis("ks1")
    due = lab.ks("ks1").next_tek_rekey
    assert due is not None
    assert left(lab, old) - (due - lab.clock.now()).total_seconds() == 600
    lab.run((due - lab.clock.now()).total_seconds() + 1)
    new, still = lab.spis("gm1")
    assert still == old
    assert lab.spis("gm2") == lab.spis("ks2") == [new, old]
    record = lab.ks("ks1").members[address("gm1")]
    assert (record.rekeys_sent, record.acks_received, record.acks_missed) == (1, 1, 0)
    assert (record.sent[0], record.received[0], lab.gm("gm1").last_sequence) == (1, 1, 1)
    assert lab.ks("ks1").rekey_took < timedelta(seconds=1)
    lab.run(600)
    assert lab.spis("gm1") == [new]
    assert old in {tek.spi for tek in lab.ks("ks1").teks}  # ended ones stay on the screen for a while
    assert lab.gm("gm1").successes == 1


@pytest.mark.parametrize(("text", "at_once"), [(OLD, True), ("15.1(4)M10", True), (MIDDLE, False), (NEW, False)])
def test_leaving_configuration_mode_after_a_change_of_policy(text: str, *, at_once: bool) -> None:
    lab = single(usual=text)
    (old,) = lab.spis("ks1")
    lab.type("ks1", "configure terminal", "ip access-list extended getvpn-acl", "permit gre any any")
    lab.run(5)
    assert lab.spis("gm1") == [old]
    assert lab.ks("ks1").pending == ("sa ipsec 1 access list",)
    assert not lab.logged("ks1", "KS_SEND_UNICAST_REKEY")
    lab.configure("ks1", "no ip access-list extended nothing")
    lab.run(5)
    assert bool(lab.logged("ks1", "KS_SEND_UNICAST_REKEY")) is at_once
    assert bool(lab.logged("ks1", "POLICY_CHANGE")) is not at_once
    if not at_once:
        lab.world.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
        lab.run(5)
    assert lab.ks("ks1").pending == ()
    assert len(lab.spis("gm1")) == 2
    assert lab.gm("gm1").downloaded[-1].protocol == "gre"
    assert 340 < left(lab, old) <= 360
    lab.run(360)
    assert len(lab.spis("gm1")) == 1


CHANGES = {
    "list": (("ip access-list extended getvpn-acl", "permit gre any any"), ("sa ipsec 1 access list",)),
    "another list": ((*KS, "sa ipsec 1", "match address ipv4 other"), ("match address", "access list")),
    "transform set": (
        ("no crypto ipsec transform-set aes128", "crypto ipsec transform-set aes128 esp-aes 256 esp-sha-hmac"),
        ("transform set",),
    ),
    "profile": ((*KS, "sa ipsec 1", "profile profile2"), ("sa ipsec 1 profile",)),
    "replay": ((*KS, "sa ipsec 1", "no replay time window-size 5"), ("sa ipsec 1 replay",)),
    "replay kind": ((*KS, "sa ipsec 1", "no replay time window-size 5", "replay counter window-size 64"), ("replay",)),
    "algorithm": ((*KS, "rekey algorithm aes 256"), ("rekey algorithm",)),
    "transport": ((*KS, "no rekey transport unicast"), ("rekey transport",)),
    "receive-only": (RECEIVE_ONLY, ("sa receive-only",)),
    "one more sa": ((*KS, "sa ipsec 2", "profile profile1", "match address ipv4 other"), ("sa ipsec 2",)),
    "TEK lifetime": (("crypto ipsec profile profile1", "set security-association lifetime seconds 3600"), ()),
    "KEK lifetime": ((*KS, "rekey lifetime seconds 43200"), ()),
    "window": ((*KS, "sa ipsec 1", "replay time window-size 20"), ()),
    "authorization": ((*KS, "authorization address ipv4 members"), ()),
    "retransmission": ((*KS, "rekey retransmit 20 number 5"), ()),
    "another list that nothing names": (("ip access-list extended other", "permit ip any any"), ()),
    "one more sa, incomplete": ((*KS, "sa ipsec 2", "profile profile1"), ()),
}
MORE = (
    "ip access-list extended other",
    " permit udp any any",
    "crypto ipsec transform-set aes256 esp-aes 256 esp-sha-hmac",
    "crypto ipsec profile profile2",
    " set transform-set aes128",
)


@pytest.mark.parametrize(("lines", "differences"), CHANGES.values(), ids=CHANGES)
def test_what_makes_a_rekey(lines: tuple[str, ...], differences: tuple[str, ...]) -> None:
    lab = single(usual="15.1(4)M10", lines=MORE)
    said = lab.type("ks1", "configure terminal", *lines)
    assert "Invalid" not in said
    pending = lab.ks("ks1").pending
    assert len(pending) == len(differences)
    assert all(text in found for text, found in zip(differences, pending, strict=True))
    lab.configure("ks1")
    lab.run(5)
    assert bool(lab.ks("ks1").rekeys_sent) is bool(differences)
    assert lab.ks("ks1").pending == ()


def test_a_change_of_the_tek_lifetime_shows_in_the_next_key() -> None:
    lab = single()
    lab.configure("ks1", "crypto ipsec profile profile1", "set security-association lifetime seconds 3600")
    lab.run(60)
    assert [tek.lifetime.total_seconds() for tek in lab.gm("gm1").teks] == [7200]
    lab.run(6600)
    assert [tek.lifetime.total_seconds() for tek in lab.gm("gm1").teks] == [3600, 7200]


def test_half_a_list_is_shipped_by_a_rekey_that_falls_into_the_edit() -> None:
    lab = single(usual=OLD)
    due = lab.ks("ks1").next_tek_rekey
    assert due is not None
    lab.run((due - lab.clock.now()).total_seconds() - 30)
    screen = ["configure terminal", "no ip access-list extended getvpn-acl", "ip access-list extended getvpn-acl"]
    lab.type("ks1", *screen, "permit ip 10.1.0.0 0.0.255.255 any")
    lab.run(40)
    assert [entry.text for entry in lab.gm("gm1").downloaded] == ["permit ip 10.1.0.0 0.0.255.255 any"]


def test_only_the_first_hundred_entries_are_honoured() -> None:
    lab = single(usual=OLD)
    lines = [f"permit ip 10.{number}.0.0 0.0.255.255 any" for number in range(120)]
    lab.configure("ks1", "no ip access-list extended getvpn-acl", "ip access-list extended getvpn-acl", *lines)
    lab.run(5)
    assert len(lab.gm("gm1").downloaded) == 100
    assert lab.logged("ks1", "GDOI_ACL_NUM")


def test_replace_now_ends_the_old_key_at_each_member_as_it_hears_of_it() -> None:
    lab = single(members=20)
    old = lab.spis("ks1")
    lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=True)  # type: ignore[union-attr]
    lab.run(0.3)
    has_old = {name for name in lab.routers if name.startswith("gm") and lab.spis(name) == old}
    assert 0 < len(has_old) < 20
    lab.run(2)
    assert all(len(lab.spis(name)) == 1 and lab.spis(name) != old for name in lab.routers)


def test_removal_of_receive_only() -> None:
    lab = single("sa receive-only", usual=OLD)
    assert lab.gm("gm1").direction is Direction.INBOUND_ONLY
    assert lab.ks("ks1").receive_only
    lab.configure("ks1", *KS, "no sa receive-only")
    lab.run(1)
    assert {lab.gm(name).direction for name in ("gm1", "gm2")} == {Direction.BOTH}
    assert not lab.ks("ks1").receive_only
    assert lab.logged("gm1", "GM_CONV_SA_DUPLEX")


@pytest.mark.parametrize(("by", "usual", "rekeys"), [(True, NEW, 1), (False, OLD, 0)])
def test_when_a_release_rekeys_can_be_switched(by: bool, usual: str, rekeys: int) -> None:  # noqa: FBT001
    lab = single(usual=usual)
    lab.world.variants["ks1"] = Variants(rekeys_on_leaving=by)
    lab.configure("ks1", *RECEIVE_ONLY)
    lab.run(1)
    assert lab.ks("ks1").rekeys_sent == rekeys


@pytest.mark.parametrize("hours", [2, 24])
def test_the_pseudotime_is_told_every_two_hours(hours: int) -> None:
    lab = single(lines=("crypto ipsec profile profile1", f" set security-association lifetime seconds {hours * 3600}"))
    (old,) = lab.spis("gm1")
    moments: list[object] = []
    for _ in range(12):
        lab.run(600)
        if lab.gm("gm1").last_rekey not in {*moments, None}:
            moments.append(lab.gm("gm1").last_rekey)
    assert len(moments) == 1
    assert (lab.spis("gm1") == [old]) is (hours == 24)
    lab.run(7200)
    assert lab.ks("ks1").pseudotime > 7000


@pytest.mark.parametrize(("usual", "left_at_rekey"), [(NEW, 2304), (OLD, 5)])
def test_when_the_kek_is_renewed(usual: str, left_at_rekey: float) -> None:
    lab = single(usual=usual)
    kek = lab.ks("ks1").kek
    assert kek is not None
    lab.run((kek.ends - lab.clock.now()).total_seconds() - left_at_rekey - 1)
    assert lab.ks("ks1").kek == kek
    lab.run(2)
    new = lab.ks("ks1").kek
    assert new is not None
    assert new.spi != kek.spi
    assert lab.gm("gm1").kek == lab.gm("gm2").kek == new
    assert lab.gm("gm1").successes == 1
    lab.run(10000)
    assert lab.gm("gm1").successes == 1


def test_a_member_that_is_not_listed_is_refused() -> None:
    lab = single("authorization address ipv4 members", lines=("ip access-list standard members", " deny 203.0.113.99"))
    assert lab.gm("gm1").registration is Registration.REGISTERED
    configurations = {
        "ks1": key_server("ks1", "authorization address ipv4 members", names=["ks1"]),
        "gm77": member("gm77", servers=["ks1"]),
    }
    lab = Network(configurations)
    lab.run(900)
    assert lab.gm("gm77").registration is Registration.REGISTERING
    tries = [lab.logged("ks1", "UNAUTHORIZED_IPADDR")[at] for at in range(4)]
    assert len(lab.logged("gm77", "GM_REGSTER")) == lab.gm("gm77").attempts
    moments = [line.split()[2] for line in tries]
    seconds = [
        sum(float(part) * 60 ** (2 - at) for at, part in enumerate(text.strip(":").split(":"))) for text in moments
    ]
    assert [round(after - before) for before, after in itertools.pairwise(seconds)] == [50, 20, 50]


def test_pre_shared_keys_that_differ() -> None:
    lab = Network({"ks1": key_server("ks1", names=["ks1"]), "gm1": member("gm1", servers=["ks1"], psk="another")})
    lab.run(300)
    assert lab.gm("gm1").registration is Registration.REGISTERING
    assert lab.logged("ks1", "IKMP_BAD_MESSAGE")[0].endswith(
        "IKE message from 198.51.100.1 failed its sanity check or is malformed"
    )
    lab.configure("gm1", "no crypto isakmp key another address 0.0.0.0", "crypto isakmp key tempkey1 address 192.0.2.1")
    lab.run(120)
    assert lab.gm("gm1").registration is Registration.REGISTERED


def test_no_common_policy_of_ike() -> None:
    lab = Network(
        {
            "ks1": key_server("ks1", names=["ks1"]),
            "gm1": [line.replace("group 2", "group 14") for line in member("gm1", servers=["ks1"])],
        }
    )
    lab.run(300)
    assert lab.gm("gm1").registration is Registration.REGISTERING
    assert lab.logged("ks1", "IKMP_MODE_FAILURE")


def test_certificates_that_are_missing() -> None:
    lines = [
        line.replace("authentication pre-share", "authentication rsa-sig") for line in member("gm1", servers=["ks1"])
    ]
    server = [
        line.replace("authentication pre-share", "authentication rsa-sig") for line in key_server("ks1", names=["ks1"])
    ]
    lab = Network({"ks1": server, "gm1": lines})
    lab.run(300)
    assert lab.gm("gm1").registration is Registration.REGISTERING
    assert lab.logged("ks1", "IKMP_MODE_FAILURE")


def test_another_identity() -> None:
    lab = Network(
        {
            "ks1": key_server("ks1", names=["ks1"]),
            "gm1": [line.replace("12345", "54321") for line in member("gm1", servers=["ks1"])],
        }
    )
    lab.run(300)
    assert lab.gm("gm1").registration is Registration.REGISTERING
    assert lab.logged("ks1", "KS_BAD_ID")


def test_without_its_rsa_key_a_key_server_has_no_kek_and_members_register_again() -> None:
    lab = single(keys={"ks1": None})
    assert lab.logged("ks1", "KS_NO_RSA_KEYS")
    assert lab.ks("ks1").kek is None
    assert lab.gm("gm1").kek is None
    assert lab.gm("gm1").registration is Registration.REGISTERED
    lab.run(20000)
    assert lab.gm("gm1").rekeys_total == 0
    assert lab.gm("gm1").successes >= 3
    assert lab.spis("gm1")[0] == lab.spis("ks1")[0]


def test_a_member_is_dropped_after_three_rekeys_without_an_acknowledgement() -> None:
    lab = single()
    lab.world.deaf.add("gm1")
    where = address("gm1")
    for missed in (1, 2, 3):
        lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
        lab.run(5)
        assert where in lab.ks("ks1").members
        lab.run(40)
        record = lab.ks("ks1").members.get(where)
        assert (record.missed_in_a_row if record else 3) == missed
        assert (record is None) is (missed == 3)
    assert lab.ks("ks1").members[address("gm2")].acks_received == 3
    assert lab.logged("ks1", "KS_NACK_GM_EJECT")


def test_a_rekey_is_sent_again_to_who_does_not_acknowledge() -> None:
    lab = single()
    number = lab.world.paths.block(What.GDOI, ["gm1"])
    lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
    lab.run(12)
    lab.world.paths.unblock(number)
    lab.run(10)
    record = lab.ks("ks1").members[address("gm1")]
    assert (record.rekeys_sent, record.rekey_retries, record.acks_received, record.acks_missed) == (1, 2, 1, 0)
    assert lab.ks("ks1").members[address("gm2")].rekey_retries == 0
    assert lab.spis("gm1") == lab.spis("gm2")


def test_clear_on_a_key_server_drops_everyone() -> None:
    lab = registered()
    old = lab.spis("gm1")
    lab.routers["ks1"].gdoi.handles.clear(None)  # type: ignore[union-attr]
    assert lab.ks("ks1").members == {}
    lab.run(0.2)
    assert lab.gm("gm1").teks == []
    lab.run(20)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.spis("gm1") != old
    assert lab.spis("gm1") == lab.spis("gm2") == lab.spis("ks1")


def test_removal_of_members_lets_them_register_again_while_their_keys_live() -> None:
    lab = single(members=4)
    lab.routers["ks1"].gdoi.handles.clear_members(None)  # type: ignore[union-attr]
    for _ in range(40):
        lab.run(10)
        assert all(lab.gm(f"gm{number}").teks for number in range(1, 5))
    assert {lab.gm(f"gm{number}").successes for number in range(1, 5)} == {2}
    assert len(lab.ks("ks1").members) == 4


MULTICAST = ("no rekey transport unicast", "rekey address ipv4 rekeys")
ROUTED = (
    "ip multicast-routing",
    "ip access-list extended rekeys",
    " permit ip any host 239.192.1.190",
    "interface GigabitEthernet0/1",
    " ip pim sparse-mode",
)
JOINED = ("ip pim sparse-mode", "ip igmp join-group 239.192.1.190 source 192.0.2.1")


@pytest.mark.parametrize(
    ("server", "routing", "port", "comes"),
    [
        (ROUTED, ["ip multicast-routing"], JOINED, True),
        (ROUTED, ["ip multicast-routing"], ("ip pim sparse-mode", "ip igmp join-group 239.192.1.190"), True),
        (ROUTED[1:], ["ip multicast-routing"], JOINED, False),
        (ROUTED, [], JOINED, False),
        (ROUTED, ["ip multicast-routing"], JOINED[:1], False),
        (ROUTED, ["ip multicast-routing"], JOINED[1:], False),
        (ROUTED, ["ip multicast-routing"], (JOINED[0], "ip igmp join-group 239.192.1.190 source 192.0.2.9"), False),
    ],
)
def test_multicast_rekeys_need_both_sides(
    server: tuple[str, ...], routing: list[str], port: tuple[str, ...], *, comes: bool
) -> None:
    lines = [line for line in key_server("ks1", MULTICAST[1], names=["ks1"]) if line != "  rekey transport unicast"]
    lab = Network(
        {"ks1": [*lines, *server], "gm1": [*routing, *member("gm1", servers=["ks1"], port=port)]}, usual=MIDDLE
    )
    lab.run(180)
    lab.run(6600)
    assert lab.gm("gm1").rekeys_total == int(comes)
    assert lab.gm("gm1").acks_sent == 0
    lab.run(600)
    assert lab.gm("gm1").successes == (1 if comes else 2)
    assert bool(lab.logged("ks1", "KS_SEND_MCAST_REKEY"))
    assert len(lab.ks("ks1").members) == 1


@pytest.mark.parametrize("joined", [True, False])
def test_members_learn_of_another_transport_by_the_old_one(*, joined: bool) -> None:
    port = JOINED if joined else ()
    lines = ["ip multicast-routing", *member("gm1", servers=["ks1"], port=port)]
    server = key_server("ks1", MULTICAST[1], names=["ks1"])
    lab = Network({"ks1": [*server, *ROUTED], "gm1": lines}, usual=OLD)
    lab.run(180)
    lab.configure("ks1", *KS, "no rekey transport unicast")
    lab.run(5)
    assert lab.gm("gm1").rekeys_total == 1
    assert lab.gm("gm1").kek == lab.ks("ks1").kek
    assert lab.logged("gm1", "GM_REKEY_TRANS_2_MULTI")
    lab.run(6700)
    assert lab.gm("gm1").rekeys_total == (2 if joined else 1)


def test_an_rsa_key_that_comes_late() -> None:
    lab = single(usual=OLD)
    key = lab.routers["ks1"].keys.held["REKEYRSA"]
    lab.configure("ks1", *KS, "rekey authentication mypubkey rsa LATE")
    lab.run(60)
    assert lab.logged("ks1", "KS_NO_RSA_KEYS")
    assert (lab.ks("ks1").kek, lab.gm("gm1").rekeys_total) == (None, 0)
    lab.routers["ks1"].keys.held["LATE"] = key
    lab.routers["ks1"].gdoi.handles.rekey(None, replace_now=False)  # type: ignore[union-attr]
    lab.run(5)
    assert lab.gm("gm1").rekeys_total == 1
    assert lab.gm("gm1").kek == lab.ks("ks1").kek is not None


def test_a_key_that_policy_has_given_up_is_not_renewed() -> None:
    lab = single(usual=OLD)
    lab.configure("ks1", *KS, "sa ipsec 2", "profile profile1", "match address ipv4 getvpn-acl")
    lab.run(60)
    assert {tek.sequence for tek in lab.gm("gm1").teks} == {1, 2}
    lab.configure("ks1", *KS, "no sa ipsec 2")
    lab.run(500)
    assert {tek.sequence for tek in lab.gm("gm1").teks} == {1}
    assert lab.ks("ks1").rekeys_sent == 2
