"""What each family of IOS may have, and what the profile ``today`` makes of a group of several."""

from __future__ import annotations

from typing import Any

import pytest
from intents import M151, M152, M155, OLD, T22, XE16, XE17, fleet, texts

from getvpn_ops.dialect.releases import FIRST, Family, Feature, first_text, release_of
from getvpn_ops.errors import MistakesError
from getvpn_ops.rendering.resolve import Resolver

READ = {
    "12.4(15)T8": ((12, 4, 15), Family.IOS_12),
    "12.4(22)T5": ((12, 4, 22), Family.IOS_12),
    "15.1(4)M10": ((15, 1, 4), Family.IOS_15),
    "15.4(3)M10a": None,
    "15.2(4)M11": ((15, 2, 4), Family.IOS_15),
    "15.4": ((15, 4, 0), Family.IOS_15),
    "16.09.08": ((16, 9, 8), Family.IOS_XE),
    "17.9.4a": ((17, 9, 4), Family.IOS_XE),
    "17.12": ((17, 12, 0), Family.IOS_XE),
    "03.16.05.S": ((15, 5, 3), Family.IOS_15),
    "3.5.0S": ((15, 2, 1), Family.IOS_15),
    "03.99.00.S": None,
    "": None,
    "newest": None,
}


@pytest.mark.parametrize("text", READ)
def test_a_release_is_read_or_is_unknown(text: str) -> None:
    found = release_of(text)
    assert (None if found is None else (found.number, found.family)) == READ[text]


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_has_a_first_release(feature: Feature) -> None:
    first = release_of(first_text(feature))
    assert first is not None
    assert first.has(feature)
    older = release_of(OLD)
    assert older is not None
    assert not older.has(feature)
    assert FIRST[feature] > older.number


GROUP = {"identity": 1, "policies": [{"acl": {"encrypt": ["any"]}}]}
STRONG, WEAK = "10 aes 256 sha256 14", "20 aes 256 sha 5"
TODAY: dict[str, tuple[dict[str, str], dict[str, list[str]], str, str]] = {
    # releases -> IKE policies of each router, transform, hash of rekey signatures
    "all new": (
        {"ks1": XE17, "ks2": XE17, "gm1": XE16},
        {"ks1": [STRONG], "ks2": [STRONG], "gm1": [STRONG]},
        "esp-aes 256 esp-sha256-hmac",
        "sha256",
    ),
    "15.5": ({"ks1": M155, "gm1": M155}, {"ks1": [STRONG], "gm1": [STRONG]}, "esp-aes 256 esp-sha256-hmac", "sha256"),
    "a member with 15.1": (
        {"ks1": M155, "gm1": M151, "gm2": M152},
        {"ks1": [STRONG], "gm1": [STRONG], "gm2": [STRONG]},
        "esp-aes 256 esp-sha256-hmac",
        "",
    ),
    "a member with 12.4": (
        {"ks1": XE17, "gm1": XE17, "gm2": T22},
        {"ks1": [STRONG, WEAK], "gm1": [STRONG], "gm2": [WEAK]},
        "esp-aes 256 esp-sha-hmac",
        "",
    ),
    "a key server with 12.4": (
        {"ks1": XE17, "ks2": T22, "gm1": XE17},
        {"ks1": [WEAK], "ks2": [WEAK], "gm1": [WEAK]},
        "esp-aes 256 esp-sha-hmac",
        "",
    ),
    "all old": ({"ks1": OLD, "gm1": OLD}, {"ks1": [WEAK], "gm1": [WEAK]}, "esp-aes 256 esp-sha-hmac", ""),
}


def said(text: str) -> tuple[list[str], str, str]:
    policies: list[str] = []
    transform = signature = ""
    for line in text.splitlines():
        words = line.split()
        if line.startswith("crypto isakmp policy"):
            policies.append(words[-1])
        elif words[:1] in (["encr"], ["hash"]) or (words[:1] == ["group"] and policies and len(words) == 2):
            policies[-1] += f" {' '.join(words[1:])}"
        elif line.startswith("crypto ipsec transform-set"):
            transform = " ".join(words[4:])
        elif words[:2] == ["rekey", "sig-hash"]:
            signature = words[-1]
    return policies, transform, signature


@pytest.mark.parametrize("name", TODAY)
def test_today_is_the_best_that_all_routers_can_do(name: str) -> None:
    releases, policies, transform, signature = TODAY[name]
    routers = {
        router: {
            "release": release,
            "addresses": [f"192.0.2.{place}"],
            "groups": {"G": {} if "ks" in router else {"interfaces": ["Serial0/0"]}},
        }
        for place, (router, release) in enumerate(releases.items(), 1)
    }
    for router, text in texts(fleet(routers, GROUP)).items():
        found = said(text)
        assert found[0] == policies[router]
        if "ks" in router:
            assert found[1:] == (transform, signature)


MULTICAST = {"rekey": {"transport": "multicast", "multicast": {"group": "239.1.1.1"}}}
ROUTING = {OLD: "ip multicast-routing", M152: "ip multicast-routing", XE16: "ip multicast-routing distributed"}


@pytest.mark.parametrize("release", ROUTING)
def test_multicast_routing_is_written_as_the_family_has_it(release: str) -> None:
    own = {"ks1": {"multicast_interfaces": ["Loopback0"]}, "gm1": {"interfaces": ["Serial0/0"]}}
    routers = {
        name: {"release": release, "addresses": [address], "groups": {"G": own[name]}}
        for name, address in (("ks1", "192.0.2.1"), ("gm1", "192.0.2.2"))
    }
    for text in texts(fleet(routers, {**GROUP, **MULTICAST})).values():
        assert ROUTING[release] in text.splitlines()


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # what the group says, a release, the sentence about ks1
    "sha-2 in IKE": (
        {"ike": {"policies": [{"number": 1, "hash": "sha256", "dh_group": 2}]}},
        T22,
        "ks1: ike policy 1: it runs 12.4(22)T2, and SHA-2 in IKE policies came with 15.0(1)",
    ),
    "group 14": (
        {"ike": {"policies": [{"number": 1, "hash": "sha1", "dh_group": 14}]}},
        OLD,
        "ks1: ike policy 1: it runs 12.4(15)T8, and Diffie-Hellman groups above 5 came with 15.0(1)",
    ),
    "sha-2 in transforms": (
        {"policies": [{"acl": {"encrypt": ["any"]}, "transform": {"integrity": "sha256"}}]},
        T22,
        "G: policy 1: transform: ks1: it runs 12.4(22)T2, and SHA-2 in transform sets came with 15.1(2)",
    ),
    "gcm": (
        {"policies": [{"acl": {"encrypt": ["any"]}, "transform": {"encryption": "gcm-128"}}], "kssid": {}},
        T22,
        "G: policy 1: transform: ks1: it runs 12.4(22)T2, and GCM and GMAC in transform sets came with 15.1(2)",
    ),
    "signature": (
        {"rekey": {"signature_hash": "sha256"}},
        M151,
        "G: rekey: signature_hash: ks1: it runs 15.1(4)M10, and rekey sig-hash came with 15.2(3)",
    ),
    "size": (
        {"group_size": "medium"},
        M151,
        "G: group_size: ks1: it runs 15.1(4)M10, and group size came with 15.2(3)",
    ),
    "periodic": (
        {"rekey": {"retransmit": {"periodic": True}}},
        M152,
        "G: rekey: retransmit: ks1: it runs 15.2(4)M11, and periodic retransmission of rekeys came with 15.3(1)",
    ),
    "forward secrecy": (
        {"pfs": True},
        XE16,
        "G: pfs: ks1: it runs 16.9.8, and perfect forward secrecy of rekeys came with 17.1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_release_lacks_is_told_with_the_first_that_has_it(name: str) -> None:
    group, release, sentence = REFUSED[name]
    inventory = fleet({"ks1": {"release": release, "addresses": ["192.0.2.1"]}}, {**GROUP, **group})
    with pytest.raises(MistakesError) as caught:
        texts(inventory)
    assert sentence in caught.value.mistakes


WRITTEN: dict[str, Any] = {
    "identity": 1,
    "policies": [{"acl": {"encrypt": ["any"]}, "transform": {"encryption": "aes-256", "integrity": "sha1"}}],
    "rekey": {"signature_hash": "sha1"},
    "ike": {"policies": [{"number": 20, "encryption": "aes-256", "hash": "sha1", "dh_group": 5}]},
}
KNOWN: dict[str, dict[str, Any]] = {
    "ks1": {"release": M155, "addresses": ["192.0.2.1"]},
    "gm1": {"release": M155, "addresses": ["192.0.2.11"], "groups": {"G": {"interfaces": ["Vlan1"]}}},
    "gm2": {"release": "", "addresses": ["192.0.2.12"], "groups": {"G": {"interfaces": ["Vlan1"]}}},
}


def test_a_release_that_nobody_knows_holds_up_only_what_depends_on_it() -> None:
    resolver = Resolver(fleet(KNOWN, WRITTEN))
    assert resolver.config("gm1").release == M155
    with pytest.raises(MistakesError, match="gm2: release: it is not said"):
        resolver.config("gm2")
    with pytest.raises(MistakesError, match="gm2: release: it is not said"):
        Resolver(fleet(KNOWN, GROUP)).config("gm1")
