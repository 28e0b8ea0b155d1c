"""What routers have otherwise than their GDOI groups: who is heard, field by field; and what is only worth a note."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.model.intent.router import FailCloseIntent
from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from getvpn_ops.devices.inventory import LoadedInventory

EXAMPLE = Path(__file__).parents[3] / "inventory"
WHOLE: dict[str, Any] = {"name": "WAN", "identity": 1, "policies": [{"acl": {"encrypt": ["10.0.0.0/8"]}}]}


def load(folder: Path, **files: object) -> LoadedInventory:
    """An inventory of two key servers and two members, with what a case says."""
    usual: dict[str, Any] = {
        "hosts": {
            "ks1": {"hostname": "10.0.0.1", "groups": ["servers"]},
            "ks2": {"hostname": "10.0.0.2", "groups": ["servers"]},
            "gm1": {"hostname": "10.0.0.11", "groups": ["near", "members"]},
            "gm2": {"hostname": "10.0.0.12", "groups": ["members"]},
        },
        "groups": {
            "servers": {"data": {"role": "ks", "gdoi_groups": ["WAN"]}},
            "members": {"data": {"role": "gm", "gdoi_groups": ["WAN"]}},
            "near": {},
        },
        "defaults": {},
        "gdoi_groups/WAN": WHOLE,
    }
    for name, value in {**usual, **files}.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(to_yaml(value), encoding="utf-8")
    return load_folder(folder)


def said(**words: object) -> dict[str, Any]:
    return {"getvpn": {"WAN": words}}


LAYERS: dict[str, tuple[dict[str, dict[str, Any]], dict[str, object]]] = {
    "the file alone": ({"file": {"vrf": "FILE", "df_bit": "copy"}}, {"vrf": "FILE", "df_bit": "copy"}),
    "defaults before the file": (
        {"file": {"vrf": "FILE", "df_bit": "copy"}, "defaults": {"vrf": "DEFAULTS"}},
        {"vrf": "DEFAULTS", "df_bit": "copy"},
    ),
    "a host group before the defaults": (
        {"defaults": {"vrf": "DEFAULTS", "map_sequence": 20}, "members": {"vrf": "GROUP"}},
        {"vrf": "GROUP", "map_sequence": 20},
    ),
    "the nearer host group": (
        {"members": {"vrf": "FAR", "map_name": "FAR"}, "near": {"vrf": "NEAR"}},
        {"vrf": "NEAR", "map_name": "FAR"},
    ),
    "the host before all": (
        {"host": {"vrf": "HOST"}, "near": {"vrf": "NEAR", "passive": True}, "file": {"vrf": "FILE", "df_bit": "set"}},
        {"vrf": "HOST", "passive": True, "df_bit": "set"},
    ),
    "null takes it back": (
        {"host": {"vrf": None}, "near": {"vrf": "NEAR"}, "file": {"vrf": "FILE"}},
        {"vrf": None},
    ),
    "a list is one word": (
        {"host": {"interfaces": ["GigabitEthernet0/1"]}, "near": {"interfaces": ["GigabitEthernet0/0", "Vlan1"]}},
        {"interfaces": ("GigabitEthernet0/1",)},
    ),
    "nothing": ({}, {"vrf": None, "interfaces": None}),
}


@pytest.mark.parametrize("case", LAYERS)
def test_the_nearest_word_wins_field_by_field(tmp_path: Path, case: str) -> None:
    layers, expected = LAYERS[case]
    words = {name: said(**value) for name, value in layers.items() if name != "file"}
    loaded = load(
        tmp_path,
        hosts={
            "ks1": {"hostname": "10.0.0.1", "groups": ["servers"]},
            "gm1": {"hostname": "10.0.0.11", "groups": ["near", "members"], "data": words.get("host", {})},
            "gm2": {"hostname": "10.0.0.12", "groups": ["members"]},
        },
        groups={
            "servers": {"data": {"role": "ks", "gdoi_groups": ["WAN"]}},
            "members": {"data": {"role": "gm", "gdoi_groups": ["WAN"], **words.get("members", {})}},
            "near": {"data": words.get("near", {})},
        },
        defaults={"data": words.get("defaults", {})},
        **{"gdoi_groups/WAN": {**WHOLE, "member_defaults": layers.get("file", {})}},
    )
    found = loaded.inventory.member_intent("WAN", "gm1")
    assert {key: getattr(found, key) for key in expected} == expected


def test_words_of_both_roles_in_one_host_group(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        defaults={"data": said(hold_queue=2048, passive=True, group_name="BANK")},
    )
    inventory = loaded.inventory
    assert inventory.key_server_intent("WAN", "ks1").hold_queue == 2048
    assert inventory.member_intent("WAN", "gm2").passive is True
    assert {
        inventory.key_server_intent("WAN", "ks1").group_name,
        inventory.member_intent("WAN", "gm1").group_name,
    } == {"BANK"}
    assert [*inventory.devices["ks1"].server_of] == [*inventory.devices["gm1"].member_of] == ["WAN"]
    assert not inventory.devices["ks1"].member_of


def test_words_of_the_worked_example() -> None:
    inventory = load_folder(EXAMPLE).inventory
    assert inventory.member_intent("WAN", "nor-gm1").interfaces == ("FastEthernet0/0",)
    assert inventory.member_intent("WAN", "man-gm1").interfaces == ("GigabitEthernet0/0/0", "GigabitEthernet0/0/1")
    assert inventory.member_intent("PAYMENTS", "bir-gm1").addresses == (IPv4Address("10.254.6.10"),)
    assert inventory.member_intent("PAYMENTS", "bir-gm1").vrf == "PAYMENTS"
    assert isinstance(inventory.member_intent("WAN", "lis-gm1").fail_close, FailCloseIntent)
    assert not inventory.devices["evo-ce1"].member_of


MEMBERS_READY = {"member_defaults": {"interfaces": ["GigabitEthernet0/0"]}}
NO_INTERFACES = "getvpn: WAN: interfaces is not said, so nothing can be rendered for"
NOTES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all is well": (MEMBERS_READY, []),
    "not described whole": ({"policies": None}, []),
    "no interfaces yet": ({}, [f"GDOI group WAN: {NO_INTERFACES}: gm1, gm2"]),
    "a KEK of two TEKs": (
        {**MEMBERS_READY, "rekey": {"kek_lifetime": 14400}},
        ["GDOI group WAN: policy 1: the KEK lives 14400 seconds, less than 3 TEKs of 7200 (guide, KEK Lifetime)"],
    ),
    "short RSA keys": (
        {**MEMBERS_READY, "rekey": {"modulus": 1024}, "ike": {"pki": {"trustpoint": "CA", "modulus": 1024}}},
        ["GDOI group WAN: rekey.modulus: 1024 bits, less than 2048 (SP 800-131A)",
         "GDOI group WAN: ike.pki.modulus: 1024 bits, less than 2048 (SP 800-131A)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTES)
def test_what_is_allowed_and_worth_a_look(tmp_path: Path, case: str) -> None:
    more, notes = NOTES[case]
    assert list(load(tmp_path, **{"gdoi_groups/WAN": {**WHOLE, **more}}).notes) == notes


def test_replay_by_time_for_ipv6_is_not_promised(tmp_path: Path) -> None:
    hosts = {
        "ks1": {"hostname": "10.0.0.1", "data": {"role": "ks", "gdoi_addresses": ["2001:db8::1"]}},
        "ks2": {"hostname": "10.0.0.3", "data": {"role": "ks", "gdoi_addresses": ["2001:db8::3"]}},
        "gm1": {"hostname": "10.0.0.2", "data": {"role": "gm", "gdoi_addresses": ["2001:db8::2"]}},
    }
    file: dict[str, Any] = {
        **WHOLE, **MEMBERS_READY, "ip": 6, "key_servers": ["ks1", "ks2"], "members": ["gm1"],
        "policies": [{"acl": {"encrypt": ["2001:db8::/32"]}}],
    }  # fmt: skip
    notes = load(tmp_path, hosts=hosts, groups={}, **{"gdoi_groups/WAN": file}).notes
    assert [note for note in notes if "replay" in note]
    file["policies"][0]["replay"] = {"counter": 64}
    assert load(tmp_path, hosts=hosts, groups={}, **{"gdoi_groups/WAN": file}).notes == ()


def test_two_groups_on_one_router_that_agree(tmp_path: Path) -> None:
    """One map with an entry for each, one policy that both mean: nothing is wrong with that."""
    hosts = {
        "ks1": {"hostname": "10.0.0.1", "data": {"role": "ks", "gdoi_groups": ["WAN", "LAN"]}},
        "ks2": {"hostname": "10.0.0.3", "data": {"role": "ks", "gdoi_groups": ["WAN", "LAN"]}},
        "gm1": {
            "hostname": "10.0.0.2",
            "data": {
                "role": "gm",
                "gdoi_groups": ["WAN", "LAN"],
                "getvpn": {
                    "WAN": {"interfaces": ["GigabitEthernet0/0"]},
                    "LAN": {"interfaces": ["GigabitEthernet0/0"], "map_sequence": 20},
                },
            },
        },
    }
    policy = {"number": 10, "encryption": "aes-256", "hash": "sha256", "dh_group": 14}
    files = {
        f"gdoi_groups/{name}": {
            "name": name,
            "identity": number,
            "policies": [{"acl": {"encrypt": [f"10.{number}.0.0/16"]}}],
            "ike": {"policies": [policy]},
            "rekey": {"key_label": f"{name}_REKEY"},
        }
        for number, name in enumerate(("WAN", "LAN"))
    }
    assert load(tmp_path, hosts=hosts, groups={}, **files).notes == ()


def test_words_of_a_host_group_without_a_member_left_are_a_note(tmp_path: Path) -> None:
    """A host group of hardware may hold key servers alone: its words for members wait for the next member."""
    hosts = {
        "ks1": {"hostname": "10.0.0.1", "groups": ["big"], "data": {"role": "ks", "gdoi_groups": ["WAN"]}},
        "gm1": {"hostname": "10.0.0.2", "data": {"role": "gm", "gdoi_groups": ["WAN"]}},
    }
    groups = {"big": {"data": {"getvpn": {"WAN": {"df_bit": "clear"}}}}}
    files = {"gdoi_groups/WAN": {"name": "WAN", "identity": 1, "key_servers": ["ks1"]}}
    loaded = load(tmp_path, hosts=hosts, groups=groups, **files)
    assert [note for note in loaded.notes if "fits nobody" in note] == [
        "big: getvpn.WAN.df_bit fits nobody: df_bit is said of members, and ks1 is a key server"
    ]
