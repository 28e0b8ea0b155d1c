"""Which routers belong together, what is theirs alone, and what cannot be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from adopting import adopted_texts, told

from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.engine.adopt import Adoption

BOOT = "boot system flash0:c2900-universalk9-mz.SPA.154-3.M10.bin"
IKE = """crypto isakmp policy 10
 encr aes 256
 hash sha256
 authentication pre-share
 group 14
"""


def key_server(name: str, own: str, peers: dict[str, int], keys: dict[str, str], *edits: tuple[str, str]) -> str:
    """A key server of group ``BAY``, identity 70; the first priority is its own."""
    (_, priority), *others = peers.items()
    lines = [
        "version 15.4", f"hostname {name}", BOOT, IKE.rstrip(),
        *(f"crypto isakmp key {key} address {address}" for address, key in keys.items()),
        "crypto isakmp keepalive 15 periodic",
        "crypto ipsec transform-set TS esp-aes 256 esp-sha256-hmac", " mode tunnel",
        "crypto ipsec profile BAY", " set security-association lifetime seconds 7200", " set transform-set TS",
        "crypto gdoi group BAY", " identity number 70", " server local",
        "  rekey algorithm aes 256", "  rekey sig-hash algorithm sha256", "  rekey retransmit 10 number 3",
        "  rekey authentication mypubkey rsa BAY", "  rekey transport unicast",
        "  authorization address ipv4 BAY-MEMBERS",
        "  sa ipsec 1", "   profile BAY", "   match address ipv4 BAY", "   replay time window-size 5",
        f"  address ipv4 {own}",
        *(["  redundancy", f"   local priority {priority}", *(f"   peer address ipv4 {item}" for item, _ in others)]
          if others else []),
        "interface Loopback0", f" ip address {own} 255.255.255.255",
        "ip access-list standard BAY-MEMBERS",
        *(f" permit {address}" for address in keys if address not in dict(others)),
        "ip access-list extended BAY", " deny udp any eq 848 any eq 848", " permit ip any any", "end",
    ]  # fmt: skip
    return edited("\n".join(lines) + "\n", edits)


def member(name: str, address: str, servers: dict[str, str], *edits: tuple[str, str]) -> str:
    """A member of group ``BAY``; ``servers`` are addresses with the key for each."""
    lines = [
        "version 15.4", f"hostname {name}", BOOT, f"{IKE} lifetime 300",
        *(f"crypto isakmp key {key} address {server}" for server, key in servers.items()),
        "crypto gdoi group BAY", " identity number 70", *(f" server address ipv4 {server}" for server in servers),
        "crypto map BAY-MAP 10 gdoi", " set group BAY",
        "interface GigabitEthernet0/0", f" ip address {address} 255.255.255.252", " crypto map BAY-MAP", "end",
    ]  # fmt: skip
    return edited("\n".join(lines) + "\n", edits)


def edited(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


KS1, KS2 = "10.0.0.1", "10.0.0.2"
GM1, GM2 = "192.0.2.1", "192.0.2.5"
KEYS = {GM1: "one-1", GM2: "two-2"}


def bay(**edits: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Two key servers and two members that agree, with edits by name."""
    return {
        "ks1": key_server("ks1", KS1, {KS1: 100, KS2: 90}, {**KEYS, KS2: "coop-3"}, *edits.get("ks1", ())),
        "ks2": key_server("ks2", KS2, {KS2: 90, KS1: 100}, {**KEYS, KS1: "coop-3"}, *edits.get("ks2", ())),
        "gm1": member("gm1", GM1, {KS1: "one-1", KS2: "one-1"}, *edits.get("gm1", ())),
        "gm2": member("gm2", GM2, {KS2: "two-2", KS1: "two-2"}, *edits.get("gm2", ())),
    }


def unequal(adoption: Adoption) -> set[str]:
    return {proof.device for proof in adoption.proofs if not proof.equal}


def test_routers_that_agree_need_no_words_of_their_own(tmp_path: Path) -> None:
    adoption = adopted_texts(tmp_path, bay())
    assert told(adoption) == set()
    assert unequal(adoption) == set()
    group = adoption.groups["BAY"]
    assert group["key_servers"] == ["ks1", "ks2"]
    assert group["authorization"] == {"members": True, "acl_name": "BAY-MEMBERS"}
    assert group["member_defaults"] == {"map_name": "BAY-MAP"}
    assert "getvpn" not in adoption.hosts["ks1"].data
    assert adoption.hosts["gm1"].data["getvpn"] == {
        "BAY": {"interfaces": ["GigabitEthernet0/0"], "servers": ["ks1", "ks2"]}
    }
    assert set(adoption.references) == {"psk/gm1", "psk/gm2", "psk/ks1-ks2"}
    assert adoption.references["psk/gm1"] == ("gm1", "ks1", "ks2")


SECOND_POLICY = "crypto isakmp policy 90\n encr aes\n authentication pre-share\n group 5\n"
Edits = dict[str, tuple[tuple[str, str], ...]]


def on_both(*edits: tuple[str, str]) -> Edits:
    """The same edits on both key servers."""
    return {"ks1": edits, "ks2": edits}


DEVIATIONS: dict[str, tuple[Edits, dict[str, object], set[tuple[str, str, str]], set[str]]] = {
    "another name on one router": (
        {"gm2": (("group BAY\n", "group COVE\n"),)},
        {"gm2.group_name": "COVE"},
        set(),
        set(),
    ),
    "another anti-replay window on one key server": (
        {"ks2": (("window-size 5", "window-size 20"),)},
        {"ks2.replay": {"time": 20}},
        set(),
        set(),
    ),
    "counter replay that is not printed on one key server": (
        {"ks2": (("   replay time window-size 5\n", ""),)},
        {"ks2.replay": {"counter": 64}},
        set(),
        set(),
    ),
    "another lifetime of keys on one key server": (
        {"ks2": (("lifetime seconds 7200", "lifetime seconds 3601"),)},
        {},
        {("differs", "ks2", "set security-association lifetime seconds 3601 in 'crypto ipsec profile BAY'")},
        {"ks2"},
    ),
    "another order of servers, sequence and map": (
        {"gm1": (("crypto map BAY-MAP 10", "crypto map BAY-MAP 20"),)},
        {"gm1.map_sequence": 20, "gm2.map_sequence": 10},
        set(),
        set(),
    ),
    "an ISAKMP policy more": (
        {"gm1": (("crypto gdoi", f"{SECOND_POLICY}crypto gdoi"),)},
        {"gm1.ike_policies": [
            {"number": 10, "encryption": "aes-256", "hash": "sha256", "dh_group": 14},
            {"number": 90, "encryption": "aes-128", "hash": "sha1", "dh_group": 5, "lifetime": 86400},
        ]},
        set(),
        set(),
    ),
    "a key that differs between both ends": (
        {"gm1": (("key one-1 address 10.0.0.2", "key one-9 address 10.0.0.2"),)},
        {},
        set(),
        set(),
    ),
    "a key server without the key of a member": (
        {"ks2": (("crypto isakmp key one-1 address 192.0.2.1\n", ""),)},
        {"ks2.keys": [{"address": GM2, "reference": "psk/gm2"}, {"address": KS1, "reference": "psk/ks1-ks2"}]},
        set(),
        set(),
    ),
    "a member that nobody saw": (
        on_both(("crypto isakmp key two-2", "crypto isakmp key gone address 192.0.2.9\ncrypto isakmp key two-2"),
                (" permit 192.0.2.5", " permit 192.0.2.5\n permit 192.0.2.9")),
        {"ks1.keys": [{"address": GM1, "reference": "psk/gm1"}, {"address": "192.0.2.9", "reference": "psk/192.0.2.9"},
                      {"address": GM2, "reference": "psk/gm2"}, {"address": KS2, "reference": "psk/ks1-ks2"}]},
        {("not seen", "ks1", "pre-shared key for 192.0.2.9"), ("not seen", "ks2", "pre-shared key for 192.0.2.9")},
        set(),
    ),
    "a window that the intent does not know": (
        on_both(("replay time window-size 5", "replay counter window-size 100")),
        {},
        {("differs", "BAY", "policies.0.replay.counter: 100"),
         ("differs", "BAY", "policies.0.replay: {}"),
         *(("differs", name, "replay counter window-size 100 in 'sa ipsec 1'") for name in ("ks1", "ks2"))},
        {"ks1", "ks2"},
    ),
    "no dead peer detection": (
        on_both(("crypto isakmp keepalive 15 periodic\n", "")),
        {},
        set(),
        set(),
    ),
    "a learned address": (
        {"gm2": ((f" ip address {GM2} 255.255.255.252", " ip address dhcp"),)},
        {"ks1.keys": [{"address": GM1, "reference": "psk/gm1"}, {"address": GM2, "reference": "psk/gm2"},
                      {"address": KS2, "reference": "psk/ks1-ks2"}]},
        {("not seen", "gm2", "group BAY"), ("not seen", "ks1", f"pre-shared key for {GM2}"),
         ("not seen", "ks2", f"pre-shared key for {GM2}")},
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEVIATIONS)
def test_what_one_router_has_otherwise_stays_with_it(case: str, tmp_path: Path) -> None:
    edits, words, remarks, differing = DEVIATIONS[case]
    adoption = adopted_texts(tmp_path, bay(**edits))
    own = {name: host.data.get("getvpn", {}).get("BAY", {}) for name, host in adoption.hosts.items()}
    found = {path: own[path.partition(".")[0]].get(path.partition(".")[2]) for path in words}
    assert found == words
    assert {item for item in told(adoption) if item[0] != "left alone"} == remarks
    assert unequal(adoption) == differing


def test_ends_with_different_keys_are_told(tmp_path: Path) -> None:
    edits = DEVIATIONS["a key that differs between both ends"][0]
    assert told(adopted_texts(tmp_path, bay(**edits))) == set()  # one end has both, and the first of them is right
    (tmp_path / "again").mkdir()
    adoption = adopted_texts(tmp_path / "again", bay(gm1=(("key one-1", "key one-9"),)))
    assert told(adoption) == {("finding", "gm1", "psk/gm1: gm1, ks1, ks2 do not have the same key")}


def test_one_key_of_all_members_has_the_name_of_the_group(tmp_path: Path) -> None:
    texts = {name: text.replace("two-2", "one-1") for name, text in bay().items()}
    adoption = adopted_texts(tmp_path, texts)
    assert adoption.groups["BAY"]["member_defaults"]["psk"] == "psk/BAY"
    assert set(adoption.references) == {"psk/BAY", "psk/ks1-ks2"}
    assert ("finding", "BAY", "one pre-shared key is common to all members") in told(adoption)
    assert unequal(adoption) == set()


def test_one_key_of_everybody_is_a_pattern(tmp_path: Path) -> None:
    texts = {name: text.replace("two-2", "one-1").replace("coop-3", "one-1") for name, text in bay().items()}
    adoption = adopted_texts(tmp_path, texts)
    assert adoption.groups["BAY"]["ike"]["psk"] == {"reference": "psk/BAY"}
    assert set(adoption.references) == {"psk/BAY"}
    assert unequal(adoption) == set()


def test_two_groups_of_one_name_keep_apart(tmp_path: Path) -> None:
    texts = bay()
    other = {f"x{name}": text.replace("number 70", "number 71").replace("10.0.0.", "10.9.0.")
             .replace("192.0.2.", "198.51.100.").replace(f"hostname {name}", f"hostname x{name}")
             for name, text in texts.items()}  # fmt: skip
    adoption = adopted_texts(tmp_path, {**texts, **other})
    assert {name: words["identity"] for name, words in adoption.groups.items()} == {"BAY": 70, "BAY-71": 71}
    assert adoption.hosts["xgm1"].data["getvpn"]["BAY-71"]["group_name"] == "BAY"
    assert unequal(adoption) == set()


def test_a_key_server_is_no_member_besides(tmp_path: Path) -> None:
    other = "crypto gdoi group SEA\n identity number 5\n server address ipv4 10.5.5.5\n"
    adoption = adopted_texts(tmp_path, bay(ks1=(("crypto gdoi group BAY", f"{other}crypto gdoi group BAY"),)))
    assert set(adoption.groups) == {"BAY"}
    assert ("left alone", "ks1", "crypto gdoi group SEA") in told(adoption)


def test_members_alone_make_a_group_for_health(tmp_path: Path) -> None:
    texts = bay()
    adoption = adopted_texts(tmp_path, {name: texts[name] for name in ("gm1", "gm2")})
    assert adoption.groups["BAY"] == {
        "schema": 1, "name": "BAY", "identity": 70, "key_servers": ["ks-10-0-0-1", "ks-10-0-0-2"],
        "member_defaults": {"map_name": "BAY-MAP"},
    }  # fmt: skip
    assert ("not proven", "BAY", "not described whole") in told(adoption)
    assert adoption.hosts["ks-10-0-0-1"].data == {"role": "ks", "gdoi_groups": ["BAY"], "gdoi_addresses": [KS1]}
    assert unequal(adoption) == {"gm1", "gm2"}


def inventory(folder: Path, hosts: str, group: str = "") -> Path:
    (folder / "known" / "gdoi_groups").mkdir(parents=True)
    (folder / "known" / "hosts.yaml").write_text(hosts, encoding="utf-8")
    if group:
        (folder / "known" / "gdoi_groups" / "g.yaml").write_text(group, encoding="utf-8")
    return folder / "known"


def test_words_of_an_inventory_stay_and_are_added_to(tmp_path: Path) -> None:
    known = inventory(
        tmp_path,
        f"gm1: {{hostname: 10.1.1.1, data: {{site: here, role: gm, gdoi_addresses: [{GM1}], gdoi_groups: [CAPE]}}}}\n"
        "gm9: {hostname: 10.1.1.9, data: {role: gm, gdoi_addresses: [192.0.2.9], gdoi_groups: [CAPE]}}\n",
        "schema: 1\nname: CAPE\nidentity: 70\n",
    )
    adoption = adopted_texts(tmp_path, bay(), known)
    assert set(adoption.groups) == {"CAPE"}, "the name that the inventory has for the identity"
    assert set(adoption.hosts["gm1"].data) == {"release", "getvpn"}
    assert adoption.hosts["gm1"].known
    assert adoption.hosts["gm1"].data["getvpn"]["CAPE"]["group_name"] == "BAY"
    # a member that only the inventory knows, and no key server: so both lists are written as they run
    assert adoption.groups["CAPE"]["authorization"]["acl"] == [f"permit {GM1}", f"permit {GM2}"]
    assert {key["address"] for key in adoption.hosts["ks1"].data["getvpn"]["CAPE"]["keys"]} == {GM1, GM2, KS2}


def test_contradictions_of_inventory_and_router_are_told(tmp_path: Path) -> None:
    known = inventory(tmp_path, 'gm1: {hostname: 10.1.1.1, data: {role: ks, release: "15.2(4)M11"}}\n')
    adoption = adopted_texts(tmp_path, bay(), known)
    about = {text for _, subject, text in told(adoption) if subject == "gm1"}
    assert about == {"release 15.4(3)M10", "crypto gdoi group BAY"}
    assert adoption.inventory.devices["gm1"].role is Role.KEY_SERVER, "a person's word stays"
    assert adoption.groups["BAY"]["authorization"]["members"] is False, "so its address is not a member's"
