"""Values that nobody wrote: who comes changes those of nobody else, and names fit what they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from intents import fleet, texts

from getvpn_ops.errors import MistakesError
from getvpn_ops.rendering.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

ACL = {"exempt": ["gdoi"], "encrypt": ["10.0.0.0/8"]}
GROUP: Mapping[str, Any] = {"name": "G", "identity": 1, "policies": [{"acl": ACL}]}
GM = {"addresses": ["198.51.100.1"], "groups": {"G": {"interfaces": ["GigabitEthernet0/0"]}}}
GCM: Mapping[str, Any] = {**GROUP, "policies": [{"acl": ACL, "transform": {"encryption": "gcm-256"}}], "kssid": {}}

NAMES: dict[str, tuple[list[str], str]] = {
    "of a directory": (["dn ou=branches,o=bank"], "dn"),
    "of hosts": (["fqdn gm1.bank.example", "fqdn gm2.bank.example"], "hostname"),
    "of both kinds": (["fqdn gm1.bank.example", "dn ou=branches,o=bank"], "dn"),
    "written elsewhere": ([], "dn"),
}


def identifiers(count: int) -> dict[str, str]:
    servers = {f"ks{number}": {"addresses": [f"192.0.2.{number}"]} for number in range(1, count + 1)}
    made = texts(fleet({**servers, "gm1": GM}, GCM))
    return {name: line for name in servers for line in made[name].splitlines() if line.strip().startswith("range ")}


def test_a_key_server_more_leaves_the_identifiers_of_the_others() -> None:
    assert identifiers(2) == {"ks1": "   range 0 - 15", "ks2": "   range 16 - 31"}
    assert {name: identifiers(8)[name] for name in ("ks1", "ks2")} == identifiers(2)
    assert identifiers(8)["ks8"] == "   range 112 - 127"
    assert len(set(identifiers(16).values())) == 16


@pytest.mark.parametrize("name", NAMES)
def test_members_call_themselves_what_key_servers_look_for(name: str) -> None:
    lines, kind = NAMES[name]
    group = {**GROUP, "ike": {"pki": {"trustpoint": "CA"}}, "authorization": {"identity": "BRANCHES", "names": lines}}
    made = texts(fleet({"ks1": {"addresses": ["192.0.2.1"]}, "gm1": GM}, group))
    said = [line for line in made["gm1"].splitlines() if line.startswith("crypto isakmp identity")]
    assert said == [f"crypto isakmp identity {kind}"]


def test_a_keyring_whose_name_grows_too_long_is_told() -> None:
    own = {"interfaces": ["GigabitEthernet0/0"], "map_name": "MAP", "vrf": "V" * 60}
    member = {**GM, "groups": {"G": own}}
    resolver = Resolver(fleet({"ks1": {"addresses": ["192.0.2.1"]}, "gm1": member}, GROUP))
    with pytest.raises(MistakesError, match=r"gm1: keyring: 'GETVPN-V+' is made from other names and too long"):
        resolver.config("gm1")
