"""Unusual networks that are right: they are taken, and rendered as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.engine.config.intended import Intents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

V6 = {"ip": 6, "policies": [{"acl": {"exempt": ["gdoi"], "encrypt": ["2001:db8::/32"]}, "replay": {"counter": 64}}]}
BOTH = ["192.0.2.1", "2001:db8::1"]
CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, list[str]], Mapping[str, str], list[str]]] = {
    "IPv6 whose keys go by IPv4": (
        V6,
        {"ks1": ["192.0.2.1"], "gm1": ["198.51.100.1"]},
        {},
        ["  address ipv4 192.0.2.1", " permit 198.51.100.1", "crypto isakmp key <secret:psk/gm1> address 198.51.100.1"],
    ),
    "IPv6 of routers that have both": (
        V6,
        {"ks1": BOTH, "gm1": ["2001:db8::2", "198.51.100.1"]},
        {},
        ["  address ipv4 192.0.2.1", "crypto isakmp key <secret:psk/gm1> address 198.51.100.1"],
    ),
    "IPv6 with a key server's address said": (
        V6,
        {"ks1": BOTH, "gm1": ["198.51.100.1"]},
        {"ks1": "192.0.2.1"},
        ["  address ipv4 192.0.2.1"],
    ),
    "IPv6 alone": (
        {**V6, "authorization": {"members": False}},
        {"ks1": ["2001:db8::1"], "gm1": ["2001:db8::2"]},
        {},
        ["  address ipv6 2001:DB8::1", "crypto isakmp key <secret:psk/gm1> address ipv6 2001:DB8::2/128"],
    ),
    "certificates beside pre-shared keys": (
        {"ike": {"pki": {"trustpoint": "bank-ca"}}, "policies": [{"acl": {"encrypt": ["10.0.0.0/8"]}}]},
        {"ks1": ["192.0.2.1"], "gm1": ["198.51.100.1"]},
        {},
        ["crypto isakmp policy 10", "crypto isakmp policy 15", " authentication pre-share", " authentication rsa-sig"],
    ),
}
OTHER = {
    "name": "KEYS",
    "identity": 2,
    "key_servers": ["ks1"],
    "members": ["gm2"],
    "policies": [{"acl": {"exempt": ["gdoi"], "encrypt": ["172.16.0.0/12"]}}],
}


@pytest.mark.parametrize("name", CASES)
def test_a_right_intent_is_taken(name: str, tmp_path: Path) -> None:
    group, addresses, said, lines = CASES[name]
    hosts: dict[str, Any] = {
        "ks1": {"data": {"role": "ks", "getvpn": {"G": {"address": said["ks1"]}} if "ks1" in said else {}}},
        "gm1": {"data": {"role": "gm", "getvpn": {"G": {"interfaces": ["GigabitEthernet0/0/0"]}}}},
        "gm2": {"data": {"role": "gm", "getvpn": {"KEYS": {"interfaces": ["GigabitEthernet0/0/0"]}}}},
    }
    for number, (host, entry) in enumerate(hosts.items(), start=1):
        entry["hostname"] = f"10.9.9.{number}"
        entry["data"] |= {"release": "17.6.5", "gdoi_addresses": addresses.get(host, ["198.51.100.2"])}
    hosts["ks1"]["data"]["gdoi_groups"] = ["G", "KEYS"] if group.get("ip") != 6 else ["G"]
    groups = [{"name": "G", "identity": 1, "key_servers": ["ks1"], "members": ["gm1"], **group}]
    if group.get("ip") == 6:
        del hosts["gm2"]
    else:
        groups.append(OTHER)
    (tmp_path / "gdoi_groups").mkdir()
    (tmp_path / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    for item in groups:
        (tmp_path / "gdoi_groups" / f"{item['name']}.yaml").write_text(yaml.safe_dump(item), encoding="utf-8")
    intents = Intents(load_folder(tmp_path).inventory)
    made = {host: intents.of(host).text.splitlines() for host in hosts}
    assert [line for line in lines if line not in made["ks1"]] == []
