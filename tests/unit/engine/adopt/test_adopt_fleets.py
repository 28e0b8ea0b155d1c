"""Whole fleets: what is learnt, what is left alone, and that nothing differs afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from adopting import DATA, EXAMPLE, adopted, loaded, told

from getvpn_ops.cli.sources import from_captures
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.config_diff import Standing
from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = DATA / "captures"


@dataclass(frozen=True)
class Fleet:
    """What is expected of one.

    Attributes:
        groups: words of group files, at some places: ``rekey.transport`` -> value.
        hosts: the same of ``getvpn`` of hosts.
        told: kind, subject and text of remarks; all of them.
        differs: routers that will differ.
    """

    groups: dict[str, dict[str, Any]]
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: frozenset[tuple[str, str, str]] = frozenset()
    differs: frozenset[str] = frozenset()
    inventory: Path | None = None


COMMON = "one pre-shared key is common to all members"
WILDCARD = "pre-shared key for 0.0.0.0 0.0.0.0"
TRUSTPOINT = "crypto pki trustpoint my-ca"

FLEETS: dict[str, Fleet] = {
    "appendix-a": Fleet(
        groups={
            "gdoi-group1": {
                "identity": 1357924680,
                "key_servers": ["sample-ks1", "sample-ks2", "third-ks"],
                "policies.0.acl.exempt": [
                    "gdoi", "deny ip any 224.0.0.0 0.255.255.255", "deny pim any host 224.0.0.13", "ssh", "tacacs",
                    "bgp", "ospf", "eigrp", "deny udp any any eq ntp", "snmp", "deny udp any any eq snmptrap",
                    "deny udp any any eq syslog",
                ],
                "rekey.transport": "unicast",
                "rekey.multicast": {"group": "239.192.1.190", "acl_name": "rekey-multicast-group", "ssm": True,
                                    "ssm_acl": "1", "ssm_range": "239.192.0.0/16"},
                "coop.priorities": {"sample-ks1": 191, "sample-ks2": 131, "third-ks": 101},
                "ike.pki": {"trustpoint": "my-ca"},
            }
        },
        hosts={
            "getvpn-gm": {
                "gdoi-group1.exceptions": {"name": "CSM_GET_GM_CRYPTO_ACL_1", "entries": []},
                "gdoi-group1.join_interface": "Vlan10",
                "gdoi-group1.adjust_mss": {"Vlan10": 1360},
            }
        },
        told=frozenset({
            ("finding", "getvpn-gm", "match address CSM_GET_GM_CRYPTO_ACL_1"),
            ("left alone", "getvpn-gm", "access list CSM_GET_GM_CRYPT0_ACL_1"),
            ("left alone", "getvpn-gm", "crypto ipsec transform-set t1"),
            ("left alone", "getvpn-gm", "crypto ipsec profile sec-profile"),
            ("left alone", "getvpn-gm", TRUSTPOINT), ("left alone", "sample-ks1", TRUSTPOINT),
            ("left alone", "sample-ks2", TRUSTPOINT),
            ("not seen", "gdoi-group1", "key server 10.32.178.57"),
            ("not seen", "third-ks", "show running-config"),
        }),
        inventory=DATA / "appendix-a-inventory",
    ),
    "one-server": Fleet(
        groups={
            "ORCHARD": {
                "policies.0.acl": {"name": "101", "exempt": ["ospf"], "encrypt": ["10.1.0.0/16"]},
                "policies.0.replay": {"counter": 64},
                "ike.psk": None,
                "member_defaults": {"map_name": "CMAP", "servers": ["hub-ks"], "psk": "psk/ORCHARD"},
                "authorization": {"members": False},
            }
        },
        hosts={"arm-gm10": {"ORCHARD.group_name": "ARM-10"}, "arm-gm20": {"ORCHARD.group_name": "ARM-20"}},
        told=frozenset({("finding", "ORCHARD", COMMON)}),
    ),
    "coop-with-type-6": Fleet(
        groups={
            "WIDE": {
                "policies.0.acl": {
                    "name": "WIDE-POLICY",
                    "exempt": ["remark --- control plane, never encrypted ---", "gdoi", "isakmp", "tcp-5666",
                               "deny udp any any eq 3222", "10.9.0.0/16 -> any", "10.8.0.1 -> 10.7.0.0/16"],
                    "encrypt": ["remark --- and all the rest ---", "any"],
                },
                "services": {"tcp-5666": ["tcp 5666"]},
                "authorization": {"members": False, "acl": ["permit 203.0.113.0 0.0.0.255"], "acl_name": "52"},
                "ike.keepalive": {"interval": 10, "retry": 3, "periodic": True},
                "ike.member_lifetime": 1200,
            }
        },
        hosts={
            "north-gm": {
                "WIDE.local_address": "FastEthernet0/0",
                "WIDE.passive": True,
                "WIDE.servers": ["west-ks", "east-ks"],
                "WIDE.ike_policies": [{"number": 10, "encryption": "aes-256", "hash": "sha1", "dh_group": 5}],
            },
            "south-gm": {
                "WIDE.group_name": "SOUTH-LOCAL-NAME",
                "WIDE.fail_close": {"acl": {"name": "BEFORE", "exempt": ["gdoi", "deny tcp any eq 22 any"]},
                                    "activate": True, "revert": True},
                "WIDE.client": {"rekey_encryption": ["aes 128", "aes 256"]},
            },
        },
    ),
    "multicast": Fleet(
        groups={
            "tide": {
                "rekey.transport": "multicast",
                "rekey.multicast.entries": ["permit udp host 192.0.2.1 eq 848 host 239.0.1.2 eq 848",
                                            "permit udp host 192.0.2.2 eq 848 host 239.0.1.2 eq 848"],
                "policies.0.acl.encrypt": ["172.16.0.0/16 -> 172.17.0.0/16"],
            }
        },
        hosts={
            "ebb-ks1": {"tide.multicast_interfaces": ["FastEthernet0/0"],
                        "tide.keys.0.mask": "0.0.0.0"},  # noqa: S104 -- a mask
            "flood-gm": {"tide.join_interface": "FastEthernet0/0"},
        },
        told=frozenset({("finding", name, WILDCARD) for name in ("ebb-ks1", "ebb-ks2", "flood-gm")}),
    ),
    "gikev2": Fleet(
        groups={
            "PEAK": {
                "keyword": "gkm",
                "ike.gikev2": {"name": "PEAK", "encryption": "aes-256", "integrity": "sha256", "dh_group": 19,
                               "also_gdoi": True},
                "ike.pki.subject": "CN={device},O=Peak",
                "ike.keepalive": False,
                "kssid": {"values": {"peak-ks": [1, 2]}},
                "policies.0.replay": {"off": True},
                "policies.0.transform": {"name": "PEAK-GCM", "encryption": "gcm-256"},
            }
        },
        hosts={"vale-gm": {"PEAK.client": {"registration_interface": "Loopback0"}}},
    ),
    "mixed-router": Fleet(
        groups={
            "MARSH": {
                "identity": "10.77.0.0",
                "key_servers": ["marsh-ks"],
                "policies.0.acl.entries": ["deny udp any eq 848 any eq 848",
                                           "permit ip 10.77.0.0 0.0.255.255 10.77.0.0 0.0.255.255",
                                           "deny ip any any"],
            }
        },
        hosts={"reed-gm": {"MARSH.interfaces": ["Serial0/0/0.7"], "MARSH.exceptions": None,
                           "MARSH.keys": [{"address": "192.0.2.77", "reference": "psk/reed-gm"},
                                          {"address": "198.18.0.7", "reference": "psk/198.18.0.7"}]}},
        told=frozenset({
            ("differs", "reed-gm", "server address 192.0.2.79"),
            ("differs", "reed-gm", "match address MARSH-LOCAL"),
            ("differs", "reed-gm", "match address MARSH-LOCAL in 'crypto map MARSH-MAP 10 gdoi'"),
            ("differs", "reed-gm", "ip access-list extended MARSH-LOCAL"),
            ("differs", "marsh-ks", "registration periodic crl trustpoint NONE in 'server local'"),
            ("not seen", "marsh-ks", "pre-shared key for 192.0.2.131"),
            ("not seen", "reed-gm", "pre-shared key for 198.18.0.7"),
            ("left alone", "reed-gm", "crypto gdoi group NAMELESS"),
            ("left alone", "reed-gm", "crypto gdoi group IDLE"),
            ("left alone", "reed-gm", "crypto map MARSH-MAP 20 ipsec-isakmp"),
            ("left alone", "reed-gm", "crypto map IDLE-MAP 10 gdoi"),
            ("left alone", "reed-gm", "crypto isakmp profile PARTNERS"),
            ("left alone", "reed-gm", "crypto ipsec transform-set OLD"),
            ("left alone", "reed-gm", "access list FORGOTTEN"),
        }),
        differs=frozenset({"reed-gm", "marsh-ks"}),
    ),
}  # fmt: skip


def at(words: Any, path: str) -> Any:  # noqa: ANN401 -- YAML
    for step in path.split("."):
        words = words[int(step)] if isinstance(words, list) else (words or {}).get(step)
    return words


def test_every_folder_of_captures_has_its_expectations() -> None:
    assert {item.name for item in CAPTURES.iterdir()} == set(FLEETS)


@pytest.mark.parametrize("name", FLEETS)
def test_a_fleet_is_learnt(name: str) -> None:
    fleet = FLEETS[name]
    adoption = adopted(CAPTURES / name, fleet.inventory)
    assert set(adoption.groups) == set(fleet.groups)
    for group, places in fleet.groups.items():
        assert {path: at(adoption.groups[group], path) for path in places} == places
    for host, places in fleet.hosts.items():
        own = adoption.hosts[host].data["getvpn"]
        assert {path: at(own, path) for path in places} == places
    assert told(adoption) == fleet.told
    assert {proof.device for proof in adoption.proofs if not proof.equal} == fleet.differs


def standings(captures: Path, inventory: Path) -> dict[str, Standing]:
    """What ``config diff --from`` says of each device that was seen."""
    state, _ = from_captures(captures, None, inventory)
    differ = Differ(Intents(state.inventory), state.inventory, KeyTerms(are_compared=False))
    seen = [item for item in state.devices.values() if item.has(RunningConfig) and item.device.gdoi_groups]
    return {item.name: differ.of_state(item.device, item).standing for item in seen}


@pytest.mark.parametrize("name", FLEETS)
def test_nothing_differs_afterwards(name: str, tmp_path: Path) -> None:
    """The files are written, read back, and held against the same captures by the engine of ``config diff``."""
    fleet, captures = FLEETS[name], CAPTURES / name
    adoption = adopted(captures, fleet.inventory)
    assert loaded(adoption, tmp_path, fleet.inventory).gdoi_groups == adoption.inventory.gdoi_groups
    found = standings(captures, tmp_path)
    assert len(found) == len(list(captures.iterdir()))
    assert {device for device, standing in found.items() if standing is not Standing.AS_INTENDED} == fleet.differs


def test_nothing_of_the_worked_example_differs_afterwards(tmp_path: Path) -> None:
    captures = EXAMPLE / "lab_configs" / "running"
    loaded(adopted(captures), tmp_path)
    found = standings(captures, tmp_path)
    assert len(found) == 27
    assert set(found.values()) == {Standing.AS_INTENDED}


@pytest.mark.parametrize("name", FLEETS)
def test_no_secret_is_written(name: str) -> None:
    adoption = adopted(CAPTURES / name, FLEETS[name].inventory)
    written = "".join(map(to_yaml, adoption.groups.values())) + to_yaml({n: h.data for n, h in adoption.hosts.items()})
    told_too = "".join(f"{item.text}{item.reason}" for item in adoption.remarks)
    for word in ("turnip", "carrot", "leek", "onion", "garlic", "shallot", "AAbbCC", "NNnnNN", "SSssSS", "redacted"):
        assert word not in written
        assert word == "redacted" or word not in told_too


def test_the_worked_example_is_learnt_whole() -> None:
    adoption = adopted(EXAMPLE / "lab_configs" / "running")
    assert [proof.device for proof in adoption.proofs if not proof.equal] == []
    assert len(adoption.proofs) == 27
    assert [group["name"] for group in adoption.groups.values()] == ["WAN", "PAYMENTS"]
    assert told(adoption) == set()
    assert {name for name, words in adoption.hosts.items() if words.data["role"] == "ce"} == {"evo-ce1", "swa-ce1"}
    payments = adoption.groups["PAYMENTS"]["member_defaults"]
    assert payments == {"map_name": "PAYMENTS-MAP", "vrf": "PAYMENTS", "keyring": "PAYMENTS-KS"}
    assert adoption.hosts["bir-gm1"].data["getvpn"]["PAYMENTS"]["psk"] == "psk/bir-gm1-PAYMENTS"
