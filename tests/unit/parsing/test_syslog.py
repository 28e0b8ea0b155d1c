"""Log lines of routers and of the servers that collect them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing.syslog import parse_syslog

UP = "%LINK-3-UPDOWN: Interface Gi0/1, changed state to up"

STAMPS: dict[str, dict[str, Any]] = {
    UP: {},
    f"*Mar  1 00:00:12.003: {UP}": {"mark": "*", "stamp": "Mar 1 00:00:12.003"},
    f".Dec 31 23:59:58: {UP}": {"mark": ".", "stamp": "Dec 31 23:59:58"},
    f"Jun  5 05:09:30.838 EST: {UP}": {"stamp": "Jun 5 05:09:30.838", "zone": "EST"},
    f"Feb 29 2024 05:09:30.838 CEST: {UP}": {"stamp": "2024-02-29T05:09:30.838000", "zone": "CEST"},
    f"2024 Feb 29 05:09:30: {UP}": {"stamp": "2024-02-29T05:09:30"},
    f"Feb 29 2023 05:09:30 UTC: {UP}": {"stamp": "2023 Feb 29 05:09:30", "zone": "UTC"},
    f".Mar 26 20:49:19KST: {UP}": {"mark": ".", "stamp": "Mar 26 20:49:19", "zone": "KST"},
    f"1d02h: {UP}": {"uptime_seconds": 93600},
    f"1w2d: {UP}": {"uptime_seconds": 777600},
    f"2y5w: {UP}": {"uptime_seconds": 66096000},
    f"00:00:12: {UP}": {"uptime_seconds": 12},
    f"000123: {UP}": {"sequence": 123},
    f"000123: *Mar  1 2002 00:00:12.003 UTC: {UP}": {
        "sequence": 123, "mark": "*", "stamp": "2002-03-01T00:00:12.003000", "zone": "UTC",
    },
    f"<189>45: R1: 000123: *Mar  1 00:00:12: {UP}": {
        "priority": 189, "other_sequences": [45], "origin": "R1", "sequence": 123, "mark": "*",
        "stamp": "Mar 1 00:00:12",
    },
    f"Nov 23 09:00:00 gm1.example.net 77: 000011: .Nov 23 08:59:59.123 CET: {UP}": {
        "received": "Nov 23 09:00:00", "origin": "gm1.example.net", "other_sequences": [77], "sequence": 11,
        "mark": ".", "stamp": "Nov 23 08:59:59.123", "zone": "CET",
    },
    f"Nov 23 09:00:00 10.1.1.1 {UP}": {"received": "Nov 23 09:00:00", "origin": "10.1.1.1"},
    f"2026-11-23T09:00:00.123456+01:00 2001:db8::7 45: {UP}": {
        "received": "2026-11-23T09:00:00.123456+01:00", "origin": "2001:db8::7", "sequence": 45,
    },
    f"<189>1 2026-11-23T09:00:00Z ks1 - - - - 000045: Nov 23 2026 09:00:00.001 UTC: {UP}": {
        "priority": 189, "received": "2026-11-23T09:00:00Z", "origin": "ks1 - - - -", "sequence": 45,
        "stamp": "2026-11-23T09:00:00.001000", "zone": "UTC",
    },
    f"2026-11-23 09:00:00\tLocal7.Notice\t10.1.1.1\t45: {UP}": {
        "received": "2026-11-23 09:00:00", "origin": "Local7.Notice 10.1.1.1", "sequence": 45,
    },
}  # fmt: skip


def stamps(line: str) -> dict[str, Any]:
    message = to_plain(parse_syslog(line))
    names = ("sequence", "mark", "stamp", "zone", "uptime_seconds", "priority", "received", "origin", "other_sequences")
    return {name: message[name] for name in names if message.get(name) not in (None, [])}


@pytest.mark.parametrize("line", STAMPS, ids=str)
def test_stamps(line: str) -> None:
    message = parse_syslog(line)
    assert message is not None
    assert (message.facility, message.severity, message.mnemonic) == ("LINK", 3, "UPDOWN")
    assert message.text == "Interface Gi0/1, changed state to up"
    assert stamps(line) == STAMPS[line]


# message -> facility, severity, mnemonic, catalogue entry, group, addresses
MESSAGES: dict[str, tuple[str, int, str, str | None, str | None, list[str]]] = {
    "%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.1.1 for group G-1 using address 10.2.2.2": (
        "CRYPTO", 5, "GM_REGSTER", "GM_REGISTER", "G-1", ["10.1.1.1", "10.2.2.2"],
    ),
    "%CRYPTO-6-GDOI_ON_OFF: GDOI is ON": ("CRYPTO", 6, "GDOI_ON_OFF", "GDOI_ON_OFF", None, []),
    "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is OFF": ("CRYPTO", 6, "ISAKMP_ON_OFF", "ISAKMP_ON_OFF", None, []),
    "%GDOI-5-GM_REGS_COMPL: Registration to KS 10.1.1.1 complete for group bw600-IPV6_eft using address 2001:DB8::2": (
        "GDOI", 5, "GM_REGS_COMPL", "GM_REGS_COMPL", "bw600-IPV6_eft", ["10.1.1.1", "2001:db8::2"],
    ),
    "%GDOI-4-GM_RE_REGISTER: The IPSec SA created for group G may have expired/been cleared, or didn not go through. "
    "Re-register to KS.": ("GDOI", 4, "GM_RE_REGISTER", "GM_RE_REGISTER", "G", []),
    "%CRYPTO-4-IKMP_BAD_MESSAGE: IKE message from 10.9.9.9 failed its sanity check or is malformed": (
        "CRYPTO", 4, "IKMP_BAD_MESSAGE", "IKMP_BAD_MESSAGE", None, ["10.9.9.9"],
    ),
    "%GDOI-1-UNAUTHORIZED_IDENTITY: Group G received registration from unauthorized identity: \tFQDN name: x.example": (
        "GDOI", 1, "UNAUTHORIZED_IDENTITY", "UNAUTHORIZED_IDENTITY", "G", [],
    ),
    "%GDOI-1-UNAUTHORIZED_IDENTITY: Group G received registration from unauthorized identity: "
    "\tDist. name parsing failed. Peer Address: 10.4.4.4": (
        "GDOI", 1, "UNAUTHORIZED_IDENTITY", "UNAUTHORIZED_IDENTITY", "G", ["10.4.4.4"],
    ),
    "%GDOI-4-TIMEBASED_REPLAY_FAILED: An anti replay check has failed in group GETVPN from sourceip-address 10.0.0.9. "
    "my_pseudotime is 600006.78 secs, peer_pseudotime is 500033.34 secs, replay_window is 100 (second)": (
        "GDOI", 4, "TIMEBASED_REPLAY_FAILED", "TIMEBASED_REPLAY_FAILED", "GETVPN", ["10.0.0.9"],
    ),
    "%CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed connection id=29, sequence number=11": (
        "CRYPTO", 4, "PKT_REPLAY_ERR", "PKT_REPLAY_ERR", None, [],
    ),
    "%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet. (ip) vrf/dest_addr= /10.5.0.10, "
    "src_addr= 10.5.0.11, prot= 1": (
        "CRYPTO", 4, "RECVD_PKT_NOT_IPSEC", "RECVD_PKT_NOT_IPSEC", None, ["10.5.0.10", "10.5.0.11"],
    ),
    "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=10.5.0.1, prot=50, "
    "spi=0x1F2E3D4C(523124044), srcaddr=10.6.0.1, input interface=Gi0/0": (
        "CRYPTO", 4, "RECVD_PKT_INV_SPI", "RECVD_PKT_INV_SPI", None, ["10.5.0.1", "10.6.0.1"],
    ),
    "%GDOI-5-POLICY_CHANGE: GDOI group G policy has changed": ("GDOI", 5, "POLICY_CHANGE", "POLICY_CHANGE", "G", []),
    "%GDOI-4-GM_REKEY_NOT_REC'D : no rekey at 10:11:12 from 10.1.1.1": (
        "GDOI", 4, "GM_REKEY_NOT_REC'D", "GM_REKEY_NOT_REC'D", None, ["10.1.1.1"],
    ),
    "%SYS-SP-5-RESTART: System restarted": ("SYS-SP", 5, "RESTART", None, None, []),
    "%IOSXE-3-PLATFORM: R0/0: cpp_cp: QFP:0.0 Thread:001 TS:00000000123 crypto": (
        "IOSXE", 3, "PLATFORM", None, None, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", MESSAGES, ids=str)
def test_message(line: str) -> None:
    message = parse_syslog(f"*Mar  1 00:00:12.003: {line}")
    assert message is not None
    got = (
        message.facility, message.severity, message.mnemonic, message.entry, message.group,
        [str(address) for address in message.addresses],
    )  # fmt: skip
    assert got == MESSAGES[line]


def test_lookup_ignores_facility_and_severity() -> None:
    for code in ("%CRYPTO-5-GM_REGS_COMPL", "%GDOI-6-GM_REGS_COMPL", "%GKM-0-GM_REGS_COMPL"):
        message = parse_syslog(f"{code}: done")
        assert message is not None
        assert message.entry == "GM_REGS_COMPL"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "%",
        "%NTP is not enabled.",
        "% Invalid input detected at '^' marker.",
        "Jun  5 05:11:04.626 EST: Rollback:Acquired Configuration lock.",
        "ISAKMP:(1001): processing SA payload",
        "100%GDOI-5-X: glued",
        "%GDOI-9-GM_REGS_COMPL: nine is no severity",
        "%GDOI-5-: no mnemonic",
    ],
)
def test_no_message(line: str) -> None:
    assert parse_syslog(line) is None


PARTS = st.sampled_from(
    [
        *" ".join(STAMPS).split(), *" ".join(MESSAGES).split(), "99999999999:", "<999>", "9999999999y9w:", "::",
        "1::2::3", "256.1.1.1", "Feb 31 2020 25:61:61.1:", "%", ":",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=14).map(" ".join) | st.text(max_size=80))
@example("999999999999y9w: %A-1-B: x")
@example("Feb 31 2020 25:61:61: %A-1-B: group group")
def test_never_raises(line: str) -> None:
    message = parse_syslog(line)
    if message is not None:
        to_plain(message)
