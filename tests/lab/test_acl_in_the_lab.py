"""``acl`` over SSH: a healthy fleet is told truly, typed faults are named by line and device, silence is no pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hands import configure
from worksites import Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("lds-gm1", "dub-gm1", "bri-gm1", "rtm-gm1", "bir-gm1", "cph-gm1", "aar-gm1")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    """Three key servers, seven members, two of them in a second group, and a site that is no member."""
    root = tmp_path_factory.mktemp("acl")
    source = part_of_example(root / "source", (*KEY_SERVERS, *MEMBERS, "swa-ce1"))
    with Worksite(root / "ops", source) as site:
        yield site


def failures(said: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """What failed, by rule and subject."""
    return {
        (outcome["spec_id"], outcome["subject"]): [
            f"{item['device']}: {item['message']}: {item['actual']}"
            for item in outcome["findings"]
            if item["status"] == "fail"
        ]
        for outcome in said["outcomes"]
        if outcome["status"] == "fail"
    }


# What the lists of the worked example leave out, read in them by hand: WAN exempts no RADIUS and no DNS, PAYMENTS no
# OSPF and no EIGRP either; neither exempts ICMP.
WAN, PAYMENTS = (f"{group} on {', '.join(KEY_SERVERS)}" for group in ("WAN", "PAYMENTS"))
LEFT_OUT = {
    ("acl-management", WAN): ["radius", "dns"],
    ("acl-management", PAYMENTS): ["radius", "dns"],
    ("acl-routing", PAYMENTS): ["ospf", "eigrp"],
    ("acl-pmtud", WAN): ["ICMP, with it 'fragmentation needed'"],
    ("acl-pmtud", PAYMENTS): ["ICMP, with it 'fragmentation needed'"],
}


def test_what_lint_says_of_a_healthy_fleet_is_true(fleet: Worksite) -> None:
    code, said, _ = fleet.ask("acl", "lint")
    found = {key: [item.split(": ")[1] for item in items] for key, items in failures(said).items()}
    assert found == LEFT_OUT
    assert code == 4
    assert [item for item in said["outcomes"] if item["status"] in {"unknown", "error"}] == []
    passed = {(item["spec_id"], item["subject"]) for item in said["outcomes"] if item["status"] == "pass"}
    assert {
        ("acl-local-mirror", "WAN"),
        ("acl-outsiders", "WAN"),
        ("acl-udp848", WAN),
        ("acl-deny-mirror", WAN),
    } <= passed
    assert fleet.ask("acl", "lint", "--fail-on", "major")[0] == 0


def test_what_runs_is_what_is_intended(fleet: Worksite) -> None:
    for group in ("WAN", "PAYMENTS"):
        code, said, _ = fleet.ask("acl", "diff", group, f"intent:{group}")
        assert (code, said["equivalent"]) == (0, True)


class Flow(NamedTuple):
    flow: str
    fates: dict[str, str]


FLOWS = {
    "between two sites": Flow(
        "tcp 10.1.9.9:40000 -> 10.22.0.9:443", {"": "encrypted", "lds-gm1": "encrypted", "bri-gm1": "encrypted"}
    ),
    "denied by both ends": Flow(
        "tcp 10.22.50.9:40000 -> 10.23.50.9:873", {"": "encrypted", "bri-gm1": "clear", "rtm-gm1": "encrypted"}
    ),
    "to a site that is no member": Flow("tcp 10.1.9.9:40000 -> 10.61.0.9:443", {"": "clear", "lds-gm1": "clear"}),
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_is_explained_by_what_routers_hold(fleet: Worksite, name: str) -> None:
    case = FLOWS[name]
    code, said, _ = fleet.ask("acl", "explain", case.flow, "WAN")
    sends = {item["device"]: item["sends"]["action"] for item in said["decisions"] if item["group"] == "WAN"}
    assert code == 0
    assert {device: sends[device] for device in case.fates} == case.fates


class Fault(NamedTuple):
    """Lines that somebody types, and what lint must say.

    Attributes:
        typed: device and its lines.
        undone: likewise.
        rule: that fails.
        subject: of the outcome.
        says: line and device.
    """

    typed: dict[str, tuple[str, ...]]
    undone: dict[str, tuple[str, ...]]
    rule: str
    subject: str
    says: tuple[str, ...]


_POLICY = "ip access-list extended GETVPN_WAN_POLICY"
FAULTS = {
    "a deny without its mirror": Fault(
        {"lds-ks1": (_POLICY, "no 30")},
        {"lds-ks1": (_POLICY, "30 deny tcp any eq 22 any")},
        "acl-deny-mirror",
        "WAN on lds-ks1",
        ("lds-ks1: ", "line 2 'deny tcp any any", ":22 -> 10.1.0.10:49152 is encrypted"),
    ),
    "a permit of one host": Fault(
        {"ams-ks1": (_POLICY, "permit ip host 10.254.1.2 any")},
        {"ams-ks1": (_POLICY, "no permit ip host 10.254.1.2 any")},
        "acl-host",
        "WAN on ams-ks1",
        ("ams-ks1: ", "permit ip host 10.254.1.2 any", "10.254.1.2"),
    ),
    "a local deny on one side only": Fault(
        {"rtm-gm1": ("crypto map GETVPN-MAP 10 gdoi", "no match address GETVPN-LOCAL-DENY")},
        {"rtm-gm1": ("crypto map GETVPN-MAP 10 gdoi", "match address GETVPN-LOCAL-DENY")},
        "acl-local-mirror",
        "WAN",
        ("bri-gm1: own denies of bri-gm1", "rtm-gm1 expects"),
    ),
    "two groups that encrypt the same": Fault(
        {
            "lds-ks1": (
                "ip access-list extended GETVPN_PAYMENTS_POLICY",
                "155 permit ip 10.6.0.0 0.0.255.255 10.8.0.0 0.0.255.255",
                "156 permit ip 10.8.0.0 0.0.255.255 10.6.0.0 0.0.255.255",
            ),
            "bir-gm1": ("crypto map GETVPN-MAP 20 gdoi", "set group PAYMENTS"),
        },
        {
            "bir-gm1": ("no crypto map GETVPN-MAP 20 gdoi",),
            "lds-ks1": ("ip access-list extended GETVPN_PAYMENTS_POLICY", "no 155", "no 156"),
        },
        "acl-overlap",
        "WAN",
        ("both encrypt", "on bir-gm1"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_list_is_named_with_line_and_device(fleet: Worksite, name: str) -> None:
    case = FAULTS[name]
    for device, lines in case.typed.items():
        configure(fleet.lab, device, *lines)
    try:
        code, said, _ = fleet.ask("acl", "lint")
    finally:
        for device, lines in case.undone.items():
            configure(fleet.lab, device, *lines)
    assert code == 4
    found = failures(said)
    assert (case.rule, case.subject) in found, found.keys()
    words = " ".join(found[case.rule, case.subject])
    assert [text for text in case.says if text not in words] == [], words


def test_a_key_server_that_is_not_reached_is_no_pass(fleet: Worksite) -> None:
    fleet.arm("dub-ks1", "down")
    try:
        code, said, _ = fleet.ask("acl", "lint", "--fail-on", "major")
    finally:
        fleet.heal()
    assert code == 3
    outcomes = [item for item in said["outcomes"] if item["subject"] == "WAN on dub-ks1"]
    assert {item["status"] for item in outcomes} == {"unknown"}
    assert {"acl-udp848", "acl-deny-mirror", "acl-encrypts"} <= {item["spec_id"] for item in outcomes}
    others = [item for item in said["outcomes"] if item["subject"] == "WAN on lds-ks1, ams-ks1"]
    assert "pass" in {item["status"] for item in others}
