"""What keeps an intent from being rendered, word for word: a person must know what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from intents import OLD, T22, XE17, fleet, texts

from getvpn_ops.errors import MistakesError, UsageError
from getvpn_ops.rendering.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP: Mapping[str, Any] = {"identity": 1, "policies": [{"acl": {"encrypt": ["any"]}}]}
KS, GM = {"addresses": ["192.0.2.1"]}, {"addresses": ["192.0.2.9"], "groups": {"G": {"interfaces": ["Serial0/0"]}}}
BASE: Mapping[str, Mapping[str, Any]] = {"ks1": KS, "gm1": GM}
LONG = "L" * 60
KINDS = "expected a service, a prefix, PREFIX -> PREFIX, any, or an entry of an access list"
TOO_MANY = (
    "entries with the denies, and key servers ship 100: join prefixes, or move what concerns single sites to their "
    "members' local exceptions"
)
OLD_IKE = "it runs 12.4(22)T2, and SHA-2 in IKE policies came with 15.0(1)"
MULTICAST = {"transport": "multicast", "multicast": {"group": "239.1.1.1"}}


def policy(**said: Any) -> dict[str, Any]:  # noqa: ANN401 -- as written
    return {"policies": [{"acl": {"encrypt": ["any"]}, **said}]}


def acl(**said: Any) -> dict[str, Any]:  # noqa: ANN401 -- as written
    return {"policies": [{"acl": said}]}


def member(**said: Any) -> dict[str, Mapping[str, Any]]:  # noqa: ANN401 -- as written
    return {"ks1": KS, "gm1": {**GM, "groups": {"G": {"interfaces": ["Serial0/0"], **said}}}}


MANY = [f"deny ip any host 10.0.0.{number}" for number in range(1, 101)]
Case = tuple["Mapping[str, Any]", "Mapping[str, Mapping[str, Any]]", list[str]]
CASES: dict[str, Case] = {
    "too many entries": (
        acl(entries=[*MANY, "remark the rest", "permit ip any any"]),
        BASE,
        [(f"G: access list GETVPN_G_POLICY: 101 {TOO_MANY}")],
    ),
    "too many in two policies": (
        {
            "policies": [
                {"acl": {"entries": [*MANY[:50], "permit ip 10.0.0.0 0.255.255.255 any"]}},
                {"sequence": 2, "acl": {"entries": [*MANY[50:], "permit ip any any"]}},
            ]
        },
        BASE,
        [(f"G: access list GETVPN_G_POLICY, GETVPN_G_POLICY_2: 102 {TOO_MANY}")],
    ),
    "a name too long": (
        {"name": LONG},
        {
            "ks1": {**KS, "groups": {LONG: {}}},
            "gm1": {**GM, "groups": {LONG: {"interfaces": ["Serial0/0"]}}},
        },
        [
            (
                f"{LONG}: name: 'GETVPN_{LONG}_POLICY' is made from other names and too long, 63 characters at most: "
                "write a name"
            ),
            f"{LONG}: name: 'GETVPN-{LONG}' is made from other names and too long, 63 characters at most: write a name",
        ],
    ),
    "no key servers": (
        {"key_servers": []},
        {"gm1": GM},
        ["G: key_servers: it has none: name the devices that serve it"],
    ),
    "no interfaces": (
        {},
        {"ks1": KS, "gm1": {**GM, "groups": {"G": {}}}},
        ["gm1: getvpn.G.interfaces: say which interfaces carry the crypto map"],
    ),
    "no address of a key server": (
        {},
        {"ks1": {}, "gm1": GM},
        ["ks1: gdoi_addresses: no address that members could register with: say one"],
    ),
    "no address of a member": (
        {},
        {"ks1": KS, "gm1": {**GM, "addresses": []}},
        [
            "gm1: gdoi_addresses: no address, so it could not register",
            "gm1: gdoi_addresses: no address, and its pre-shared key is looked up by address",
        ],
    ),
    "no release": (
        {},
        {"ks1": {**KS, "release": ""}, "gm1": {**GM, "release": "Denali"}},
        [
            "ks1: release: it is not said; what can be configured depends on it",
            "gm1: release: 'Denali' is no release that this program knows; what can be configured depends on it",
        ],
    ),
    "no identity": ({"identity": None}, BASE, ["G: identity: say the number or address that its routers agree on"]),
    "nothing encrypted": (
        acl(exempt=["ssh"]),
        BASE,
        ["G: policy 1: acl: it encrypts nothing: say what under encrypt"],
    ),
    "no such service": (
        acl(exempt=["sssh", "10.1.1.1/8"], encrypt=["any"]),
        BASE,
        [
            (f"G: policy 1: exempt: {KINDS}, found 'sssh'"),
            (f"G: policy 1: exempt: {KINDS}, found '10.1.1.1/8'"),
        ],
    ),
    "an IPv6 prefix in an IPv4 group": (
        acl(encrypt=["any", "2001:db8::/32"]),
        BASE,
        [(f"G: policy 1: encrypt: {KINDS}, found '2001:db8::/32'")],
    ),
    "an IPv6 entry in an IPv4 group": (
        acl(entries=["permit ip any any", "deny ip any host 2001:db8::1"]),
        BASE,
        ["GETVPN_G_POLICY: 'deny ip any host 2001:db8::1' is of IPv6"],
    ),
    "no entry at all": (
        acl(entries=["permit ip any any", "deny what any any"]),
        BASE,
        ["GETVPN_G_POLICY: 'deny what any any' is no entry of an access list: 'what' is no protocol"],
    ),
    "the number of a standard list": (
        acl(name="50", encrypt=["any"]),
        BASE,
        ["50: name: expected a name, or a number from 100 to 199 or 2000 to 2699, for an extended list"],
    ),
    "a name that begins with a digit": (
        acl(name="9LIST", encrypt=["any"]),
        BASE,
        ["9LIST: name: a name must begin with a letter"],
    ),
    "counter mode without identifiers": (
        policy(transform={"encryption": "gcm-256"}),
        BASE,
        ["G: policy 1: transform: gcm-256 needs key server identifiers: say kssid"],
    ),
    "counter mode with another integrity": (
        {**policy(transform={"encryption": "gcm-256", "integrity": "sha256"}), "kssid": {}},
        BASE,
        ["G: policy 1: transform: gcm-256 has its own integrity: leave it out"],
    ),
    "a long life without AES": (
        policy(transform={"encryption": "3des"}, tek_lifetime=100000),
        BASE,
        ["G: policy 1: tek_lifetime: more than a day needs AES"],
    ),
    "identifiers of two": (
        {"kssid": {"values": {"ks1": [1, 2], "ks2": [2], "ks9": [3]}}},
        {**BASE, "ks2": {"addresses": ["192.0.2.2"]}, "ks3": {"addresses": ["192.0.2.3"]}},
        [
            "G: kssid.values: 'ks9' is no key server of the group",
            "G: kssid.values: 2 is of ks1 and of ks2: two senders would use one counter",
            "G: kssid.values: ks3 has none: members that register there could not encrypt",
        ],
    ),
    "a priority of nobody": (
        {"coop": {"priorities": {"ks9": 9}}},
        BASE,
        ["G: coop.priorities: 'ks9' is no key server of the group"],
    ),
    "multicast from nowhere": (
        {"rekey": MULTICAST},
        BASE,
        ["ks1: getvpn.G.multicast_interfaces: say where rekeys are multicast"],
    ),
    "multicast in a VRF": (
        {"rekey": MULTICAST},
        {**member(vrf="BLUE"), "ks1": {**KS, "groups": {"G": {"multicast_interfaces": ["Loopback0"]}}}},
        ["gm1: getvpn.G.vrf: rekeys by multicast in a VRF are not written: use unicast"],
    ),
    "an IPv6 address for rekeys": (
        {"rekey": {"transport": "multicast", "multicast": {"group": "ff3e::1", "ssm": False}}},
        {**BASE, "ks1": {**KS, "groups": {"G": {"multicast_interfaces": ["Loopback0"]}}}},
        [
            "G: rekey.multicast.group: keys travel by IPv4 in groups of both kinds; found ff3e::1",
            "GETVPN_G_REKEY: 'permit ip any host ff3e::1' is of IPv6",
        ],
    ),
    "a range without the address": (
        {"rekey": {"transport": "multicast", "multicast": {"group": "239.1.1.1", "ssm_range": "232.0.0.0/8"}}},
        BASE,
        ["G: rekey.multicast.ssm_range: 232.0.0.0/8 does not hold the group 239.1.1.1"],
    ),
    "a name without a certificate": (
        {"authorization": {"identity": "ID", "names": ["dn o=bank"]}},
        BASE,
        ["G: authorization.identity: a name can be proved by a certificate alone: say ike.pki"],
    ),
    "delivery delay with G-IKEv2": (
        {"d3p": {"window": 2000}, "ike": {"gikev2": {}}},
        BASE,
        ["G: d3p: members with G-IKEv2 do not have it"],
    ),
    "a permit among exceptions": (
        {},
        member(exceptions={"entries": ["permit ip any any"]}),
        ["gm1: exceptions: a permit in a local list drops what it matches (guide, Local Exception Policy)"],
    ),
    "nothing through fail-close": (
        {},
        member(fail_close={"acl": {"exempt": []}}),
        ["gm1: fail_close: it exempts nothing, so the router could not even register: say acl"],
    ),
    "a key server that is none": (
        {},
        member(servers=["ks7"]),
        ["gm1: servers: 'ks7' is no key server of G"],
    ),
    "an old member of a strong group": (
        {"ike": {"policies": [{"number": 5, "hash": "sha256", "dh_group": 14}]}},
        {"ks1": KS, "gm1": {**GM, "release": T22}},
        [(f"gm1: ike policies: it can do none of the group's: {OLD_IKE}")],
    ),
    "an old member that is to be passive": (
        {},
        {"ks1": KS, "gm1": {**GM, "release": OLD, "groups": {"G": {"interfaces": ["Serial0/0"], "passive": True}}}},
        ["passive: gm1: it runs 12.4(15)T8, and passive members came with 12.4(22)"],
    ),
    "a map that IOS takes for a word": (
        {},
        member(map_name="ipv6"),
        ["gm1: map_name: IOS would take 'ipv6' for its own word: write another name"],
    ),
}


def told(group: Mapping[str, Any], routers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    resolver = Resolver(fleet(routers, {**GROUP, **group}))
    found: list[str] = []
    for name in routers:
        try:
            resolver.config(name)
        except MistakesError as exc:
            found += [line for line in exc.mistakes if line not in found]
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_so_that_someone_can_mend_it(name: str) -> None:
    group, routers, sentences = CASES[name]
    assert sorted(told(group, routers)) == sorted(sentences)


def test_exactly_a_hundred_entries_are_taken() -> None:
    entries = ["remark the servers", *MANY[:99], "remark the rest", "permit ip any any"]
    assert told(acl(entries=entries), BASE) == []
    assert len(texts(fleet(BASE, {**GROUP, **acl(entries=entries)}))["ks1"].splitlines()) > 100


PAY = {"name": "PAY", "identity": 2, "policies": [{"acl": {"encrypt": ["10.0.0.0/8"]}}]}


def both(**said: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- as written
    return {"addresses": ["192.0.2.9"], "groups": {"G": {"interfaces": ["Serial0/0"]}, "PAY": said}}


TWICE: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], list[str]]] = {
    "one map, one sequence": (
        both(interfaces=["Serial0/1"]),
        PAY,
        ["gm1: crypto map GETVPN-MAP: two groups have the same sequence in it: say map_sequence"],
    ),
    "two maps on an interface": (
        both(interfaces=["Serial0/0"], map_name="OTHER"),
        PAY,
        ["gm1: interface Serial0/0: two groups want another crypto_map on it"],
    ),
    "two keys for an address": (
        both(interfaces=["Serial0/1"], map_name="OTHER", psk="another"),
        PAY,
        [
            (
                "gm1: pre-shared key for 192.0.2.1: G and PAY want it to be different things: "
                "one address has one key: write the same psk in both"
            )
        ],
    ),
    "two lives of one policy": (
        both(interfaces=["Serial0/1"], map_name="OTHER"),
        {**PAY, "ike": {"member_lifetime": 900}},
        [
            (
                "gm1: crypto isakmp policy 10: G and PAY want it to be different things: "
                "write ike.policies, with another number or equal values, in one of them"
            )
        ],
    ),
    "two lists of one name": (
        both(interfaces=["Serial0/1"], map_name="OTHER", exceptions={"name": "MINE", "exempt": ["ssh"]}),
        PAY,
        [],
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_two_groups_on_one_router_may_not_contradict(name: str) -> None:
    routers = {"ks1": {**KS, "groups": {"G": {}, "PAY": {}}}, "gm1": TWICE[name][0]}
    resolver = Resolver(fleet(routers, GROUP, TWICE[name][1]))
    try:
        resolver.config("gm1")
        found: tuple[str, ...] = ()
    except MistakesError as exc:
        found = exc.mistakes
    assert list(found) == TWICE[name][2]


@pytest.mark.parametrize(
    ("device", "words"),
    [("gm7", "there is no device 'gm7'"), ("ce1", "ce1 is in no GDOI group"), ("odd", "neither key server nor member")],
)
def test_who_has_no_part_in_a_group_is_told_so(device: str, words: str) -> None:
    routers = {**BASE, "ce1": {"groups": {}}, "odd": {"release": XE17, "groups": {"G": {}}}}
    made = fleet(routers, {**GROUP, "members": ["gm1"]})
    with pytest.raises(UsageError, match=words):
        Resolver(made).config(device)


def test_a_group_that_is_not_described_is_not_rendered() -> None:
    with pytest.raises(UsageError, match="it serves health checks only"):
        Resolver(fleet(BASE, {"identity": 1})).group("G")
