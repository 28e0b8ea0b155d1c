"""Each sample configuration of the deployment guide comes out of an intent with the guide's names.

The samples were typed from the guide before anything was rendered. Every difference stands in ``corrections.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from intents import T22, fleet, paths

from getvpn_ops.model.config.secret import Secret
from getvpn_ops.rendering.resolve import Resolver
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GUIDE = Path(__file__).parents[2] / "data" / "rendering" / "guide"
CORRECTIONS: list[dict[str, Any]] = yaml.safe_load((GUIDE / "corrections.yaml").read_text())
GROUP_GUIDE, APPENDIX = "GDOI-GROUP1", "gdoi-group1"
MULTICAST = {
    "transport": "multicast",
    "multicast": {"group": "239.192.1.190", "acl_name": "getvpn-rekey-multicast-group"},
    "key_label": "REKEYRSA",
}
LIST = [
    *("gdoi", "ssh", "tacacs", "bgp", "ospf", "eigrp"),
    *("ntp", "snmp", "snmptrap", "syslog"),
]
POLICY: dict[str, Any] = {
    "acl": {"name": "getvpn-acl", "exempt": LIST, "encrypt": ["any"]},
    "transform": {"name": "aes128"},
    "profile_name": "profile1",
}
BASIC: Mapping[str, Any] = {
    "name": GROUP_GUIDE,
    "profile": "guide",
    "identity": 12345,
    "policies": [POLICY],
    "rekey": {"key_label": "REKEYRSA"},
    "ike": {"psk": {"reference": "tempkey1"}},
    "authorization": {"members": False},
}
MULTICAST_LIST = [LIST[0], "multicast", "deny pim any host 224.0.0.13", *LIST[1:]]
APPENDIX_GROUP: Mapping[str, Any] = {
    **BASIC,
    "name": APPENDIX,
    "identity": 1357924680,
    "policies": [{**POLICY, "acl": {"name": "getvpn-acl", "exempt": MULTICAST_LIST, "encrypt": ["any"]}}],
    "rekey": {
        "transport": "multicast",
        "multicast": {"group": "239.192.1.190", "acl_name": "rekey-multicast-group", "ssm_range": "239.192.0.0/16"},
        "key_label": "rekeyrsa",
        "kek_lifetime": 28800,
    },
    "ike": {
        "pki": {"trustpoint": "my-ca", "enrollment_url": "http://ca.example:80", "ra": True, "auto_enroll": 90},
        "keepalive": {"interval": 15},
    },
    "coop": {"priorities": {"ks1": 191, "ks2": 131, "ks3": 90}},
}
MAP = {"map_name": "gdoimap", "map_sequence": 1, "interfaces": ["FastEthernet4"]}
APPENDIX_MEMBER = {
    "map_name": "getvpn_map",
    "map_sequence": 1,
    "interfaces": ["FastEthernet4"],
    "multicast_interfaces": ["Vlan10"],
    "join_interface": "Vlan10",
    "adjust_mss": {"Vlan10": 1360},
    "servers": ["ks1", "ks2", "ks3"],
    "exceptions": {
        "name": "CSM_GET_GM_CRYPTO_ACL_1",
        "entries": [
            *(f"deny ip 10.32.176.0 0.0.0.255 host 10.32.178.{host}" for host in (23, 56, 57)),
            "deny ip any host 239.192.1.190",
        ],
    },
}


@dataclass(frozen=True)
class Sample:
    """One printed sample.

    Attributes:
        device: whose configuration it is.
        over: the sample that it is added to; None: it is whole.
        group: what its group has otherwise than the basic one.
        own: what this device has otherwise.
        second: a second key server, 10.0.6.1, serves the group.
        alone: only the blocks that are printed are compared.
    """

    device: str
    over: str | None = None
    group: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    second: bool = False
    alone: bool = False


CASES: dict[str, Sample] = {
    "basic-ks": Sample("ks1"),
    "basic-gm": Sample("gm1"),
    "multicast-ks": Sample(
        "ks1",
        "basic-ks",
        {"rekey": MULTICAST, "policies": [{**POLICY, "acl": {**POLICY["acl"], "exempt": MULTICAST_LIST}}]},
        {"multicast_interfaces": ["GigabitEthernet0/1"]},
    ),
    "multicast-gm": Sample("gm1", "coop-gm", {"rekey": MULTICAST}, second=True),
    "coop-ks": Sample("ks1", "basic-ks", {"coop": {"priorities": {"ks1": 250}}}, second=True),
    "coop-gm": Sample("gm1", "basic-gm", second=True),
    "receive-only-ks": Sample("ks1", "basic-ks", {"direction": "receive-only"}),
    "passive-gm": Sample("gm1", "basic-gm", own={"passive": True}),
    "fail-close-gm": Sample(
        "gm1",
        "basic-gm",
        own={
            "fail_close": {
                "acl": {"name": "bypass_acl", "entries": ["deny udp any any eq bootps", "deny udp any any eq domain"]}
            }
        },
    ),
    "local-exception-gm": Sample(
        "gm1",
        "basic-gm",
        own={
            "exceptions": {
                "name": "exception-acl",
                "entries": [f"deny ip 10.32.176.0 0.0.0.255 host 10.32.178.{host}" for host in (23, 56)],
            }
        },
    ),
    "lifetimes-gm": Sample("gm1", "basic-gm"),
    "lifetimes-ks": Sample("ks1", "basic-ks"),
    "fragmentation-gm": Sample("gm1", "basic-gm", own={"adjust_mss": {"Vlan1": 1360}, "df_bit": "clear"}),
    "pmtud-ks": Sample(
        "ks1", "basic-ks", {"policies": [{**POLICY, "acl": {**POLICY["acl"], "exempt": [*LIST, "pmtud"]}}]}
    ),
    "two-interfaces-gm": Sample("gm1", "basic-gm", own={"local_address": "Loopback0"}),
    "buffers-ks": Sample(
        "ks1", "basic-ks", {"buffers": 64000}, {"hold_queue_interfaces": ["GigabitEthernet0/1"], "hold_queue": 4096}
    ),
    "appendix-a-ks1": Sample("ks1", group=APPENDIX_GROUP),
    "appendix-a-ks2": Sample("ks2", group=APPENDIX_GROUP, alone=True),
    "appendix-a-gm": Sample("gm1", group=APPENDIX_GROUP),
}


def rendered(sample: Sample) -> list[str]:
    """What is written for it."""
    if sample.group is APPENDIX_GROUP:
        interfaces = {"multicast_interfaces": ["Loopback0", "GigabitEthernet0/1"]}
        addresses = {"ks1": "10.32.178.56", "ks2": "10.32.178.23", "ks3": "10.32.178.57", "gm1": "10.32.178.42"}
        own: dict[str, Any] = {name: APPENDIX_MEMBER if name == "gm1" else interfaces for name in addresses}
    else:
        addresses = {"ks1": "10.0.0.1", "gm1": "10.0.1.1"} | ({"ks2": "10.0.6.1"} if sample.second else {})
        own = {"gm1": {**MAP, "servers": [name for name in ("ks1", "ks2") if name in addresses]}}
    own[sample.device] = {**own.get(sample.device, {}), **sample.own}
    group = {**BASIC, **sample.group}
    routers = {
        name: {"release": T22, "addresses": [address], "groups": {group["name"]: own.get(name, {})}}
        for name, address in addresses.items()
    }
    secrets = Secrets(lambda reference: Secret.of("isakmp-key", reference))
    return paths(true_text_of(Resolver(fleet(routers, group), secrets).config(sample.device)))


def matches(path: str, printed: str) -> str | None:
    """The path in which what is printed is marked by a NUL, or None if it is not in it."""
    whole, start = f" / {path} ", f" / {printed} "
    return whole.replace(start, " / \0 ", 1) if start in whole else None


def corrected(lines: Iterable[str], name: str, used: set[int]) -> list[str]:
    """Lines of a sample after the table of corrections."""
    found = list(lines)
    for number, entry in enumerate(CORRECTIONS):
        if entry["prints"] is None or name not in entry.get("samples", [name]):
            continue
        made: list[str] = []
        for path in found:
            marked = matches(path, entry["prints"])
            if marked is None:
                made.append(path)
                continue
            used.add(number)
            made += [marked.replace("\0", text).strip().removeprefix("/ ") for text in entry["writes"]]
        found = made
    return found


def lacking(name: str, used: set[int]) -> list[str]:
    """Lines that the guide does not print."""
    found = []
    for number, entry in enumerate(CORRECTIONS):
        if entry["prints"] is None and name in entry["samples"]:
            used.add(number)
            found += entry["writes"]
    return found


def expected(name: str, used: set[int]) -> list[str]:
    """What a sample says, over the one that it is added to."""
    sample = CASES[name]
    lines = corrected(paths((GUIDE / f"{name}.cfg").read_text()), name, used)
    below = expected(sample.over, used) if sample.over else []
    gone = set()
    for path in lines:
        above, _, last = path.rpartition(" / ")
        if last.startswith("no "):
            gone |= {path, f"{above} / {last.removeprefix('no ')}"}
    kept = list(dict.fromkeys(path for path in (*below, *lines, *lacking(name, used)) if path not in gone))
    return [path for path in kept if not path.startswith("interface ") or "/ " in path or _has_lines(path, kept)]


def _has_lines(interface: str, lines: list[str]) -> bool:
    """Whether anything under an interface is managed; one without is not written."""
    return any(path.startswith(f"{interface} / ") for path in lines)


@pytest.mark.parametrize("name", CASES)
def test_a_sample_comes_out_of_its_intent(name: str) -> None:
    lines, wanted = rendered(CASES[name]), expected(name, set())
    if CASES[name].alone:
        heads = {path.partition(" / ")[0] for path in wanted}
        lines = [path for path in lines if path.partition(" / ")[0] in heads]
    assert sorted(lines) == sorted(wanted)


@pytest.mark.parametrize("name", [name for name, sample in CASES.items() if not sample.over and not sample.alone])
def test_the_order_of_its_lists_is_the_guides(name: str) -> None:
    def lists(lines: list[str]) -> dict[str, list[str]]:
        held: dict[str, list[str]] = {}
        for path in lines:
            head, _, entry = path.partition(" / ")
            if head.startswith("ip access-list") and entry:
                held.setdefault(head, []).append(entry)
        return held

    assert lists(rendered(CASES[name])) == lists(expected(name, set()))


def test_every_sample_is_used_and_every_correction_too() -> None:
    used: set[int] = set()
    for name in CASES:
        expected(name, used)
    assert {path.stem for path in GUIDE.glob("*.cfg")} == set(CASES)
    assert [entry for number, entry in enumerate(CORRECTIONS) if number not in used] == []
    assert all(entry["why"] for entry in CORRECTIONS)
