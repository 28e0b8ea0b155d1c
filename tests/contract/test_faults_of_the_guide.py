"""Every fault of the deployment guide's own samples is found: which command finds it, and what it says.

The configurations are the guide's, typed in its form, faults and all; nothing is repaired before a command reads them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from getvpn_ops.cli.app import main
from getvpn_ops.settings.yaml_file import to_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SAMPLES = Path(__file__).parents[1] / "data" / "faults_of_the_guide"
GROUP = "gdoi-group1"
POLICY: dict[str, Any] = {
    "acl": {
        "name": "getvpn-acl",
        "exempt": ["gdoi", "multicast", "deny pim any host 224.0.0.13", "ssh", "tacacs", "bgp", "ospf", "eigrp", "ntp",
                   "snmp", "snmptrap", "syslog"],
        "encrypt": ["any"],
    },
    "transform": {"name": "aes128", "encryption": "aes-128", "integrity": "sha1"},
    "profile_name": "profile1",
    "tek_lifetime": 7200,
}  # fmt: skip
INTENT: dict[str, Any] = {
    "name": GROUP,
    "identity": 1357924680,
    "profile": "guide",
    "key_servers": ["sample-ks1", "sample-ks2", "sample-ks3"],
    "members": ["getvpn-gm"],
    "policies": [POLICY],
    "rekey": {"algorithm": "aes-128", "kek_lifetime": 28800, "key_label": "rekeyrsa"},
    "ike": {"pki": {"trustpoint": "my-ca"}},
    "authorization": {"members": False},
    "coop": {"priorities": {"sample-ks1": 191, "sample-ks2": 131, "sample-ks3": 101}},
    "member_defaults": {"map_name": "getvpn_map", "map_sequence": 1, "interfaces": ["FastEthernet4"]},
}
ADDRESSES = {
    "sample-ks1": "10.32.178.56",
    "sample-ks2": "10.32.178.23",
    "sample-ks3": "10.32.178.57",
    "getvpn-gm": "10.32.178.42",
}
NOTHING: Mapping[str, Any] = MappingProxyType({})
PSK: dict[str, Any] = {"members": ["getvpn-gm", "second-gm"], "ike": {"psk": {"reference": "tempkey1"}}}


class Fault(NamedTuple):
    """A fault of a sample.

    Attributes:
        command: that finds it.
        rule: whose finding or remark it is; empty for notes and drift.
        says: words of one finding, all of them.
        intent: what the group's file says otherwise.
        edit: old and new words of the samples, by device.
    """

    command: str
    rule: str
    says: tuple[str, ...]
    intent: Mapping[str, Any] = NOTHING
    edit: Mapping[str, tuple[str, str]] = NOTHING


CHECK, LINT, DIFF, HEALTH = "inventory check", "acl lint", "config diff", "health"
MULTICAST = {"sample-ks1": ("  rekey transport unicast\n", ""), "sample-ks2": ("  rekey transport unicast\n", "")}

FAULTS = {
    "a zero for an O in the name of a list": Fault(
        LINT, "acl-dangling", ("getvpn-gm", "CSM_GET_GM_CRYPTO_ACL_1", "there is CSM_GET_GM_CRYPT0_ACL_1")
    ),
    "ip multi-cast routing": Fault(
        DIFF, "command-unknown", ("sample-ks1", "ip multi-cast routing", "expected ip multicast-routing"),
        edit={"sample-ks1": ("ip multicast-routing", "ip multi-cast routing")},
    ),
    "the mask of a host on a WAN interface": Fault(
        DIFF, "address-host-mask", ("sample-ks1", "GigabitEthernet0/1", "10.32.178.54/32", "room for none"),
        edit={"sample-ks1": ("10.32.178.54 255.255.255.252", "10.32.178.54 255.255.255.255")},
    ),
    "an address inside sa ipsec": Fault(
        DIFF, "command-place", ("sample-ks1", "line 'address ipv4 10.32.178.56'", "server local")
    ),
    "NTP without mirror": Fault(LINT, "acl-deny-mirror", ("answers to", "deny udp any any eq ntp", "is encrypted")),
    "SNMP traps without mirror": Fault(LINT, "acl-deny-mirror", ("answers to", "snmp-trap", "is encrypted")),
    "syslog without mirror": Fault(LINT, "acl-deny-mirror", ("answers to", "eq syslog", "is encrypted")),
    "224/8 for all multicast": Fault(LINT, "acl-multicast-mask", ("224.0.0.0 0.255.255.255", "224.0.0.0/8 alone")),
    "the rekey group is not in 224/8": Fault(
        LINT, "acl-rekey-address", ("rekey address 239.192.1.190", "is encrypted"), edit=MULTICAST
    ),
    "RSA keys of 1024 bits": Fault(
        CHECK, "", ("rekey.modulus: 1024 bits", "SP 800-131A"), {"rekey": {"modulus": 1024}}
    ),
    "3DES": Fault(
        CHECK, "", ("transform: 3des", "RFC 8221", "SP 800-131A"),
        {"policies": [{**POLICY, "transform": {"name": "t1", "encryption": "3des"}}]},
    ),
    "DH group 2": Fault(CHECK, "", ("IKE policy 1: DH group 2", "1024 bits", "RFC 8247")),
    "SHA-1 signs rekeys": Fault(CHECK, "", ("signed with SHA-1", "SP 800-131A")),
    "a transform set that GETVPN never uses": Fault(
        DIFF, "unused-ipsec", ("getvpn-gm", "transform set t1", "nothing uses it")
    ),
    "a profile that GETVPN never uses": Fault(
        DIFF, "unused-ipsec", ("getvpn-gm", "IPsec profile sec-profile", "nothing uses it")
    ),
    "a KEK of two TEKs": Fault(
        CHECK, "", ("KEK lives 14400", "3 TEKs of 7200", "guide, KEK Lifetime"), {"rekey": {"kek_lifetime": 14400}}
    ),
    "priorities 191 and 131 where 30, 5 and 3 are meant": Fault(
        DIFF, "", ("sample-ks1", "local priority 191", "local priority 30"),
        {"coop": {"priorities": {"sample-ks1": 30, "sample-ks2": 5, "sample-ks3": 3}}},
    ),
    "the output shows 30 for the first key server": Fault(
        HEALTH, "coop-priority-intended", ("sample-ks1", "191 by the inventory, 191 by its configuration", "30 shown")
    ),
    "the output shows 5 for the second": Fault(
        HEALTH, "coop-priority-intended", ("sample-ks2", "131 by the inventory", "5 shown")
    ),
    "a console session never ends": Fault(
        DIFF, "session-timeout", ("getvpn-gm", "line con 0", "never ended: exec-timeout 0 0")
    ),
    "an SSH session never ends": Fault(
        DIFF, "session-timeout", ("sample-ks1", "line vty 5 15", "never ended: exec-timeout 0 0")
    ),
    "one pre-shared key for all": Fault(
        CHECK, "", ("one pre-shared key, tempkey1", "common to getvpn-gm, second-gm"), PSK
    ),
}  # fmt: skip


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Fault], tuple[str, Any]]:
    """Runs the command of a fault where its inventory and captures are."""

    def run(fault: Fault) -> tuple[str, Any]:
        write(tmp_path, fault)
        where = [] if fault.command == CHECK else ["--from", "captures", "--inventory", "inventory"]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", *fault.command.split(), *where, "-o", "json"])
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        return err, json.loads(out) if out else None

    return run


def write(place: Path, fault: Fault) -> None:
    """The workspace, its inventory, and captures of the samples."""
    (place / "getvpn-ops.yaml").write_text("schema: 1\n", encoding="utf-8")
    intent = {**INTENT, **fault.intent, "rekey": {**INTENT["rekey"], **fault.intent.get("rekey", {})}}
    addresses = {**ADDRESSES, **{name: "10.32.178.43" for name in intent["members"] if name not in ADDRESSES}}
    hosts = {
        name: {"hostname": address, "data": {
            "role": "ks" if "ks" in name else "gm", "gdoi_groups": [GROUP], "gdoi_addresses": [address],
            "release": "12.4(22)T",
        }}
        for name, address in addresses.items()
    }  # fmt: skip
    for name, value in {"hosts": hosts, f"gdoi_groups/{GROUP}": intent}.items():
        path = place / "inventory" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_yaml(value), encoding="utf-8")
    for sample in sorted(SAMPLES.iterdir()):
        text = sample.read_text(encoding="utf-8")
        if sample.suffix == ".cfg" and (edit := fault.edit.get(sample.stem)) is not None:
            assert edit[0] in text
            text = text.replace(*edit)
        (place / "captures").mkdir(exist_ok=True)
        (place / "captures" / sample.name).write_text(text, encoding="utf-8")


def told(command: str, answer: Any) -> list[tuple[str, str]]:  # noqa: ANN401 -- JSON
    """Rule and words of everything that a command finds wrong."""
    if command == CHECK:
        return [("", note) for note in answer["notes"]]
    if command == DIFF:
        remarks = [
            (item["reason"].rpartition("(")[2].rstrip(")"), f"{device['device']} {item['text']} {item['reason']}")
            for device in answer["devices"]
            for item in device["remarks"]
            if item["kind"] == "fault"
        ]
        drifts = [
            ("", f"{device['device']} {item['running']} -> {item['intended']}")
            for device in answer["devices"]
            for item in device["drifts"]
        ]
        return remarks + drifts
    return [
        (
            outcome["spec_id"],
            " ".join(str(found[key]) for key in ("subject", "device", "message", "expected", "actual")),
        )
        for outcome in answer["outcomes"]
        for found in outcome["findings"]
        if found["status"] == "fail"
    ]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_guide_is_found(name: str, typed: Callable[[Fault], tuple[str, Any]]) -> None:
    fault = FAULTS[name]
    err, answer = typed(fault)
    assert answer is not None, err
    found = told(fault.command, answer)
    assert any(rule == fault.rule and all(word in text for word in fault.says) for rule, text in found), found


CURED: Mapping[str, Mapping[str, Any]] = {
    "ip multi-cast routing": {},
    "the mask of a host on a WAN interface": {},
    "the rekey group is not in 224/8": {},
    "RSA keys of 1024 bits": {"rekey": {"modulus": 2048}},
    "3DES": {"policies": [POLICY]},
    "a KEK of two TEKs": {"rekey": {"kek_lifetime": 28800}},
    "priorities 191 and 131 where 30, 5 and 3 are meant": {},
    "one pre-shared key for all": {**PSK, "ike": {"psk": {"reference": "psk/{member}"}}},
}


@pytest.mark.parametrize("name", CURED)
def test_nothing_is_found_where_the_fault_is_not(name: str, typed: Callable[[Fault], tuple[str, Any]]) -> None:
    fault = FAULTS[name]._replace(intent=CURED[name], edit={})
    err, answer = typed(fault)
    assert answer is not None, err
    assert not [text for rule, text in told(fault.command, answer) if all(word in text for word in fault.says)]


REPEATED = " deny tcp any any eq tacacs\n"
PRINTED: Mapping[str, tuple[Callable[[str], str], str]] = {
    "without any indentation": (lambda text: "\n".join(line.strip() for line in text.splitlines()), "fail"),
    "with two servers made alike": (lambda text: text.replace(NTP, NTP * 2), "fail"),
    "with an entry that stands twice": (lambda text: text.replace(REPEATED, REPEATED * 2), "unknown"),
}
NTP = "ntp server 198.51.100.9\n"


@pytest.mark.parametrize("name", PRINTED)
def test_lists_are_judged_as_the_guide_prints_them_unless_they_are_in_doubt(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change, status = PRINTED[name]
    for device in ("sample-ks1", "sample-ks2"):
        text = (SAMPLES / f"{device}.cfg").read_text(encoding="utf-8")
        assert change(text) != text
        (tmp_path / f"{device}.cfg").write_text(change(text) + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["getvpn-ops", "acl", "lint", "--from", str(tmp_path), "-o", "json"])
    with pytest.raises(SystemExit):
        main()
    outcomes = json.loads(capsys.readouterr().out)["outcomes"]
    assert {item["status"] for item in outcomes if item["spec_id"] == "acl-deny-mirror"} == {status}


def test_nothing_differs_after_adopting_what_the_guide_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = str(tmp_path / "learnt")
    for words in (("adopt", "--from", str(SAMPLES), "--out", learnt, "-o", "json"),
                  ("config", "diff", "--from", str(SAMPLES), "-i", learnt, "-o", "json")):  # fmt: skip
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", *words])
        with pytest.raises(SystemExit):
            main()
    devices = json.loads(capsys.readouterr().out)["devices"]
    assert {item["device"]: item["standing"] for item in devices} == dict.fromkeys(
        ("sample-ks1", "sample-ks2", "getvpn-gm"), "as intended"
    )
