"""What a person is told of an intent that is right by itself, and whose routers would not work together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from intents import M152, T22, XE17, fleet

from getvpn_ops.engine.config.intent_doubts import doubts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP: Mapping[str, Any] = {
    "name": "G",
    "identity": 1,
    "policies": [{"acl": {"exempt": ["gdoi", "ssh"], "encrypt": ["10.0.0.0/8"]}}],
}
XE1712 = "17.12.4"


def server(number: int = 1, release: str = XE17, **own: Any) -> dict[str, Any]:  # noqa: ANN401 -- as written
    return {"addresses": [f"192.0.2.{number}"], "release": release, "groups": {"G": own}}


def member(number: int, release: str = XE17, **own: Any) -> dict[str, Any]:  # noqa: ANN401 -- as written
    said = {"interfaces": ["GigabitEthernet0/0"], **own}
    return {"addresses": [f"198.51.100.{number}"], "release": release, "groups": {"G": said}}


BASE = {"ks1": server(), "ks2": server(2), "gm1": member(1), "gm2": member(2)}
LONELY = [{"number": 1, "encryption": "aes-128", "hash": "sha1", "dh_group": 2}]
TWO = ["GigabitEthernet0/0", "GigabitEthernet0/1"]

CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]], list[str]]] = {
    "nothing": ({}, {}, []),
    "a member without interfaces, of which others speak": ({}, {"gm1": member(1, interfaces=None)}, []),
    "rekeys encrypted": (
        {"policies": [{"acl": {"exempt": ["ssh", "10.1.0.0/16", "10.0.0.0/8 -> 10.9.0.0/16"], "encrypt": ["any"]}}]},
        {},
        [
            (
                "GDOI group G: policy 1: nothing in GETVPN_G_POLICY exempts UDP 848, so what it permits may encrypt "
                "registrations and rekeys: put gdoi under exempt"
            )
        ],
    ),
    "rekeys exempt otherwise": (
        {"policies": [{"acl": {"entries": ["deny udp any range 840 850 any", "permit ip any any"]}}]},
        {},
        [],
    ),
    "all of UDP exempt": ({"policies": [{"acl": {"entries": ["deny udp any any", "permit ip any any"]}}]}, {}, []),
    "fail-close that keeps registrations in": (
        {"fail_close": True},
        {"gm2": member(2, fail_close={"acl": {"exempt": ["ssh"]}})},
        ["GDOI group G: gm2: fail-close: nothing in GETVPN_G_FAIL_CLOSE lets UDP 848 pass: put gdoi under exempt"],
    ),
    "two circuits, one address": (
        {},
        {"gm1": member(1, interfaces=TWO)},
        [
            (
                "GDOI group G: gm1: more interfaces with the crypto map than addresses, and no local_address: key "
                "servers know some only"
            )
        ],
    ),
    "two circuits, one loopback": ({}, {"gm1": member(1, interfaces=TWO, local_address="Loopback0")}, []),
    "one loopback, two addresses": (
        {},
        {"gm1": {**member(1, local_address="Loopback0"), "addresses": ["198.51.100.1", "198.51.100.9"]}},
        ["GDOI group G: gm1: local_address names one address, and key servers are told of several: say addresses"],
    ),
    "IKE of its own": (
        {},
        {"gm1": member(1, ike_policies=LONELY, servers=["ks2"])},
        ["GDOI group G: gm1: no IKE policy in common with ks2, so it could not register there"],
    ),
    "IKE of a key server's own": (
        {},
        {"ks2": server(2, ike_policies=LONELY)},
        ["GDOI group G: gm1, gm2: no IKE policy in common with ks2, so it could not register there"],
    ),
    "no key for a key server": (
        {},
        {"gm1": member(1, keys=[{"address": "192.0.2.1", "reference": "psk/gm1"}])},
        ["GDOI group G: gm1: no pre-shared key for ks2, so it could not register there"],
    ),
    "a key for all of them": (
        {},
        {"gm1": member(1, keys=[{"address": "192.0.2.0", "mask": "255.255.255.0", "reference": "psk/gm1"}])},
        [],
    ),
    "a key server without a member's key": (
        {},
        {"ks1": server(keys=[{"address": "198.51.100.1", "reference": "psk/gm1"}])},
        ["GDOI group G: gm2: ks1 has no pre-shared key for it"],
    ),
    "who may register, without a member": (
        {"authorization": {"acl": ["deny 198.51.100.2", "permit 198.51.100.0 0.0.0.255"]}},
        {},
        [f"GDOI group G: gm2: GETVPN_G_MEMBERS of ks{number} does not permit it to register" for number in (1, 2)],
    ),
    "a range of who may register": ({"authorization": {"acl": ["permit 198.51.100.0 0.0.0.3"]}}, {}, []),
    "rekeys that a member does not take": (
        {},
        {"gm1": member(1, client={"rekey_encryption": ["3des-cbc", "aes"], "rekey_hash": ["sha"]})},
        [
            "GDOI group G: gm1: client rekey encryption does not accept the group's aes 256, so it could not register",
            "GDOI group G: gm1: client rekey hash does not accept the group's sha256, so it could not register",
        ],
    ),
    "rekeys that a member takes": (
        {},
        {"gm1": member(1, client={"rekey_encryption": ["aes 128", "aes 256"], "rekey_hash": ["sha256"]})},
        [],
    ),
    "an old member, and a key server that takes nothing weak": (
        {},
        {"ks2": server(2, XE1712), "gm1": member(1, T22)},
        [
            (
                "GDOI group G: policy 1: SHA-1 for all, since gm1 can do no SHA-2: write transform, so that no router "
                "that comes or goes changes it"
            ),
            (
                "GDOI group G: ks2: IKE policy 20 with Diffie-Hellman group 5 is no longer taken by 17.11.1 and later "
                "unless `crypto engine compliance shield disable` stands there"
            ),
        ],
    ),
    "weak transform sets and ciphers": (
        {
            "policies": [{"acl": GROUP["policies"][0]["acl"], "transform": {"encryption": "3des", "integrity": "md5"}}],
            "ike": {"policies": [{"number": 7, "encryption": "3des", "hash": "sha1", "dh_group": 14}]},
        },
        {"ks1": server(1, XE1712)},
        [
            (
                "GDOI group G: ks1: IKE policy 7 with 3des and sha is no longer taken by 17.11.1 and later unless "
                "`crypto engine compliance shield disable` stands there"
            ),
            (
                "GDOI group G: ks1: transform set GETVPN-3DES-MD5 (esp-3des esp-md5-hmac) is no longer taken by "
                "17.11.1 and later unless `crypto engine compliance shield disable` stands there"
            ),
        ],
    ),
    "a mask for a wildcard": (
        {"policies": [{"acl": {"exempt": ["gdoi"], "encrypt": ["permit ip 10.0.0.0 255.0.0.0 any"]}}]},
        {},
        ["GDOI group G: policy 1: 'permit ip 10.0.0.0 255.0.0.0 any' has a mask where IOS takes a wildcard"],
    ),
    "a wildcard that is no network": (
        {"policies": [{"acl": {"exempt": ["gdoi"], "encrypt": ["permit ip 10.0.0.1 0.255.255.0 any"]}}]},
        {},
        [],
    ),
    "a transform that follows the oldest member": (
        {},
        {"gm1": member(1, T22)},
        [
            (
                "GDOI group G: policy 1: SHA-1 for all, since gm1 can do no SHA-2: write transform, so that no router "
                "that comes or goes changes it"
            )
        ],
    ),
    "a group that cannot be rendered": (
        {"pfs": True},
        {"gm1": member(1, M152)},
        [
            (
                "GDOI group G: cannot be rendered: G: pfs: gm1: it runs 15.2(4)M11, and perfect forward secrecy of "
                "rekeys came with 17.1"
            )
        ],
    ),
    "a router that cannot be rendered": (
        {},
        {"gm1": member(1, map_name="ipv6")},
        [
            (
                "GDOI group G: cannot be rendered: gm1: map_name: IOS would take 'ipv6' for its own word: write "
                "another name"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_would_not_work_is_told(name: str) -> None:
    group, routers, sentences = CASES[name]
    assert list(doubts_of(fleet({**BASE, **routers}, {**GROUP, **group}))) == sentences


def test_only_the_routers_that_were_asked_for_are_spoken_of() -> None:
    lonely = {"gm1": member(1, ike_policies=LONELY), "gm2": member(2, ike_policies=LONELY)}
    made = fleet({**BASE, **lonely}, GROUP)
    told = doubts_of(made, {"gm2"})
    assert len(told) == 2
    assert all("gm2" in text and "gm1" not in text for text in told)
    assert doubts_of(made, {"ks1"}) == ()
