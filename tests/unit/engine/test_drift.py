"""One router against what it should hold: what differs, what of its keys can be told, what is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import small_wan

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.config.drift import NO_SOURCE, KeyTerms, change_of, difference_of, doubt_of, drift_of
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.change import DriftKind
from getvpn_ops.model.config_diff import RemarkKind
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory

KNOWN = KeyTerms(has_source=True)
MISSING, EXTRA, CHANGED = DriftKind.MISSING, DriftKind.EXTRA, DriftKind.CHANGED

LAN = "interface GigabitEthernet0/0/1\n ip address 10.1.0.1 255.255.255.0\n"
BANK = "crypto map BANK 5 ipsec-isakmp\n set peer 10.77.0.1\n set transform-set T\n match address 177\n!\n"


@dataclass(frozen=True)
class Case:
    """A router's text with something else in it.

    Attributes:
        device: which.
        edits: old and new text.
        drifts: kind, last line of the path, running, intended.
    """

    device: str
    edits: tuple[tuple[str, str], ...] = ()
    drifts: tuple[tuple[DriftKind, str, str | None, str | None], ...] = ()


CASES = {
    "nothing": Case("hub-ks1"),
    "nothing on a member": Case("bat-gm1"),
    "other words for the same": Case(
        "hub-ks1",
        ((" encr aes 256\n", " encryption aes 256\n"), (" deny tcp any any eq 22\n", " deny tcp any any eq ssh\n")),
    ),
    "a line of somebody else": Case("abe-gm1", (("line vty", "ip route 0.0.0.0 0.0.0.0 10.254.1.1\nline vty"),)),
    "a value": Case(
        "bat-gm1", ((" lifetime 300\n", " lifetime 1200\n"),),
        ((CHANGED, "crypto isakmp policy 10", "lifetime 1200", "lifetime 300"),),
    ),
    "an entry missing": Case(
        "fal-ks2", ((" deny tcp any eq 22 any\n", ""),),
        ((MISSING, "ip access-list extended GETVPN_WAN_POLICY", None, "deny tcp any eq 22 any"),),
    ),
    "an entry too many": Case(
        "hub-ks1", ((" permit 10.254.1.2\n", " permit 10.254.1.2\n permit 10.66.6.6\n"),),
        ((EXTRA, "ip access-list standard GETVPN_WAN_MEMBERS", "permit 10.66.6.6", None),),
    ),
    "no map on the interface": Case(
        "abe-gm1", ((" crypto map GETVPN-MAP\n", ""),),
        ((MISSING, "interface GigabitEthernet0/0/0", None, "crypto map GETVPN-MAP"),),
    ),
    "no such interface": Case(
        "abe-gm1", ((f"{LAN} ip tcp adjust-mss 1360\n", ""),),
        (
            (MISSING, "", None, "interface GigabitEthernet0/0/1"),
            (MISSING, "interface GigabitEthernet0/0/1", None, "ip tcp adjust-mss 1360"),
        ),
    ),
    "the map of somebody else": Case(
        "abe-gm1",
        (
            (" crypto map GETVPN-MAP\n", " crypto map BANK\n"),
            ("interface GigabitEthernet0/0/0\n", f"{BANK}interface GigabitEthernet0/0/0\n"),
        ),
        ((CHANGED, "interface GigabitEthernet0/0/0", "crypto map BANK", "crypto map GETVPN-MAP"),),
    ),
    "a key missing": Case(
        "abe-gm1", (("crypto isakmp key Kq7-abe-gm1-x address 10.255.0.2\n", ""),),
        ((MISSING, "", None, "crypto isakmp key KEY address 10.255.0.2"),),
    ),
    "a key of nobody": Case(
        "abe-gm1", (("crypto gdoi group", "crypto isakmp key leftover-9 address 10.66.6.6\ncrypto gdoi group"),),
        ((EXTRA, "", "crypto isakmp key KEY address 10.66.6.6", None),),
    ),
    "another key": Case(
        "abe-gm1", (("key Kq7-abe-gm1-x address 10.255.0.2", "key other-key-4 address 10.255.0.2"),),
        ((CHANGED, "", "crypto isakmp key KEY address 10.255.0.2", "crypto isakmp key KEY address 10.255.0.2"),),
    ),
}  # fmt: skip


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return small_wan.loaded(tmp_path / "inventory")


def read(text: str, *, redacted: bool = False) -> RunningConfig:
    raw = text.encode()
    found: RunningConfig = parse("show running-config", Redactor().capture(raw) if redacted else raw).data
    return found


def edited(inventory: Inventory, device: str, edits: tuple[tuple[str, str], ...]) -> str:
    text = small_wan.running(inventory, device)
    for old, new in edits:
        assert old in text, text
        text = text.replace(old, new, 1)
    return text


def without_prints(text: str | None) -> str | None:
    if text is None or "<redacted" not in text:
        return text
    head, _, tail = text.partition("<redacted")
    return f"{head}KEY{tail.partition('>')[2]}"


@pytest.mark.parametrize("redacted", [True, False], ids=["redacted", "plain"])
@pytest.mark.parametrize("name", CASES)
def test_what_differs_is_said_and_nothing_else(name: str, redacted: bool, inventory: Inventory) -> None:  # noqa: FBT001
    case = CASES[name]
    intended = Intents(inventory, Secrets(small_wan.secret_of)).of(case.device)
    running = read(edited(inventory, case.device, case.edits), redacted=redacted)

    found = difference_of(intended, running, KNOWN)

    said = [
        (item.kind, item.path[-1] if item.path else "", without_prints(item.running), without_prints(item.intended))
        for item in found.drifts
    ]
    assert said == list(case.drifts)
    assert not found.untold
    assert found.drifts == drift_of(intended, running, KNOWN)
    ends_by_change = name not in {"no such interface", "the map of somebody else"}
    assert bool(change_of(intended, running, KNOWN).steps) is (bool(case.drifts) and ends_by_change)
    assert "Kq7-" not in repr(found)
    assert "other-key-4" not in repr(found)


@dataclass(frozen=True)
class KeyCase:
    """Attributes: what the router prints in place of its key, what is known, and what is said."""

    printed: str
    secrets: Secrets = field(default_factory=lambda: Secrets(small_wan.secret_of))
    terms: KeyTerms = KNOWN
    drifts: bool = False
    kind: RemarkKind | None = None
    reason: str = ""


OLD = "<redacted sha256:0123456789ab>"
KEYS = {
    "the same": KeyCase("Kq7-abe-gm1-x"),
    "the same, typed with its type": KeyCase("0 Kq7-abe-gm1-x"),
    "another one": KeyCase("wrong-1", drifts=True),
    "encrypted": KeyCase("6 GHbfS[`YZQEdgAAB", kind=RemarkKind.CANNOT_TELL, reason="has it encrypted (type 6)"),
    "a placeholder of who knows whom": KeyCase(
        OLD, terms=KeyTerms(has_source=True, prints_are_ours=False), kind=RemarkKind.CANNOT_TELL, reason="placeholder"
    ),
    "a placeholder of ours": KeyCase(OLD, drifts=True),
    "known by name, no source": KeyCase(
        "anything-1", Secrets(), NO_SOURCE, kind=RemarkKind.NOT_COMPARED, reason="psk/abe-gm1 is not known here"
    ),
    "known by name, a source that has it not": KeyCase(
        "anything-1", Secrets(), KeyTerms(lambda name: f"no file {name}", has_source=True),
        kind=RemarkKind.CANNOT_TELL, reason="no file psk/abe-gm1",
    ),
    "not to be compared": KeyCase("anything-1", Secrets(), KeyTerms(are_compared=False)),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_right_wrong_or_cannot_be_told(name: str, inventory: Inventory) -> None:
    case = KEYS[name]
    text = edited(
        inventory, "abe-gm1", (("key Kq7-abe-gm1-x address 10.255.0.2", f"key {case.printed} address 10.255.0.2"),)
    )
    if case.secrets.get("psk/abe-gm1").reveal() != small_wan.key_of("psk/abe-gm1"):
        text = text.replace(
            "crypto isakmp key Kq7-abe-gm1-x address 10.255.0.1\n", "crypto isakmp key k1 address 10.255.0.1\n"
        )
    intended = Intents(inventory, case.secrets).of("abe-gm1")

    found = difference_of(intended, read(text, redacted=True), case.terms)

    assert bool(found.drifts) is case.drifts
    told = [item for item in found.remarks if "10.255.0.2" in item.text]
    assert [item.kind for item in told] == ([case.kind] if case.kind else [])
    assert all(case.reason in item.reason for item in told)


def test_a_key_known_by_name_that_is_missing_is_shown_by_name(inventory: Inventory) -> None:
    text = edited(inventory, "abe-gm1", (("crypto isakmp key Kq7-abe-gm1-x address 10.255.0.2\n", ""),))

    found = difference_of(Intents(inventory).of("abe-gm1"), read(text, redacted=True))

    assert [item.intended for item in found.drifts] == ["crypto isakmp key <secret:psk/abe-gm1> address 10.255.0.2"]


DOUBTS = {
    "whole": ((), ""),
    "no end": ((("\nend\n", "\n"),), "cut short"),
    "cut in the middle of a list": ((("deny tcp any eq 22 any\n", "deny tcp any"),), ""),
    "a banner without an end": ((("line vty", "banner motd ^C\nhello\nline vty"),), "has no end"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_text_that_may_be_cut_is_doubted(name: str, inventory: Inventory) -> None:
    edits, doubt = DOUBTS[name]
    parsed = parse("show running-config", edited(inventory, "fal-ks2", edits))

    said = doubt_of(parsed.data, parsed.warnings)

    assert doubt in said
    assert bool(said) is bool(doubt)


def test_a_line_of_a_managed_section_that_nobody_knows_is_kept_and_told(inventory: Inventory) -> None:
    text = edited(
        inventory, "abe-gm1", ((" identity number 51001\n", " identity number 51001\n frobnicate level 3\n"),)
    )

    found = difference_of(Intents(inventory).of("abe-gm1"), read(text))

    assert not found.drifts
    assert [(item.kind, item.text) for item in found.remarks if item.kind is not RemarkKind.NOT_COMPARED] == [
        (RemarkKind.NOT_MANAGED, "frobnicate level 3")
    ]
