"""Routers with GDOI states made by hand, for tests of the screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from screens import RELEASES, Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.lists import ace
from getvpn_ops.lab.gdoi.state import (
    Direction,
    Kek,
    KeyServerState,
    MemberRecord,
    MemberState,
    Peer,
    PeerStatus,
    Registration,
    Role,
    Tek,
)
from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2025, 2, 3, 6, 0, 0, tzinfo=UTC)
KS, KS2, GM, GM2 = (IPv4Address(text) for text in ("10.66.0.1", "10.66.0.2", "10.66.9.2", "10.66.9.6"))
ENTRIES = tuple(
    ace(text)
    for text in (
        "deny udp any eq 848 any eq 848",
        "deny tcp any any eq 22",
        "deny ip host 10.66.5.5 any",
        "permit ip 10.70.0.0 0.0.255.255 10.70.0.0 0.0.255.255",
    )
)
COMMON = ("crypto isakmp policy 5", "encr aes 256", "authentication pre-share", "group 5", "lifetime 600")
SERVER = (
    *COMMON,
    "crypto isakmp key river address 10.66.9.2",
    "crypto ipsec transform-set STRONG esp-aes 256 esp-sha-hmac",
    "crypto ipsec profile METRO",
    "set security-association lifetime seconds 5400",
    "set transform-set STRONG",
    "crypto gdoi group METRO",
    "identity number 7007",
    "server local",
    "rekey lifetime seconds 43200",
    "rekey retransmit 15 number 4",
    "rekey authentication mypubkey rsa METROKEY",
    "rekey transport unicast",
    "sa ipsec 3",
    "profile METRO",
    "match address ipv4 METROLIST",
    "replay time window-size 9",
    "address ipv4 10.66.0.1",
    "ip access-list extended METROLIST",
    *(entry.text for entry in ENTRIES),
)
MEMBER = (
    *COMMON,
    "crypto isakmp key river address 10.66.0.1",
    "crypto gdoi group METRO",
    "identity number 7007",
    "server address ipv4 10.66.0.1",
    "server address ipv4 10.66.0.2",
    "ip access-list extended LOCALS",
    "deny ip host 10.70.4.4 any",
    "crypto map METROMAP 20 gdoi",
    "set group METRO",
    "match address LOCALS",
    "interface GigabitEthernet0/1",
    "ip address 10.66.9.2 255.255.255.252",
    "crypto map METROMAP",
)


def router(release: str, *lines: str) -> Router:
    """A router with these lines, whose time stands still."""
    made = Router(
        hostname="BOX", release=read_release(RELEASES.get(release, release)), clock=Clock(START, speed=0), serial="X1"
    )
    assert made.load(lines) == []
    return made


KEK = Kek(
    spi=bytes.fromhex("C0FFEE0112345678BEEF0099AABBCCDD"),
    algorithm="AES",
    key_bits=128,
    sig_hash="sha",
    sig_key="METROKEY",
    sig_fingerprint="f",
    sig_bits=2048,
    unicast=True,
    address=None,
    lifetime=timedelta(seconds=43200),
    born=START - timedelta(seconds=200),
)
TEK = Tek(
    spi=0x1A2B3C4D,
    sequence=3,
    profile="METRO",
    transform=("esp-aes 256", "esp-sha-hmac"),
    acl="METROLIST",
    entries=ENTRIES,
    receive_only=False,
    replay=("time", 9),
    lifetime=timedelta(seconds=5400),
    born=START - timedelta(seconds=400),
    ends=START + timedelta(seconds=5000),
)
OLD_TEK = replace(TEK, spi=0x77, born=START - timedelta(seconds=5300), ends=START + timedelta(seconds=100))


def key_server(release: str) -> tuple[Screen, KeyServerState]:
    """A primary with a peer, a member of its own and one of the peer's."""
    made = router(release, *SERVER)
    state = KeyServerState(
        "METRO",
        "7007",
        KS,
        1,
        priority=90,
        redundant=True,
        kek=KEK,
        teks=[TEK],
        rekeys_sent=6,
        retransmits=2,
        rekey_took=timedelta(seconds=3),
        sequence=4,
        next_tek_rekey=START + timedelta(seconds=4200),
        next_kek_rekey=START + timedelta(seconds=42000),
        pseudotime=1000.0,
        next_sync=START + timedelta(seconds=7000),
    )
    for address, server, local in ((GM, KS, True), (GM2, KS2, False)):
        state.members[address] = MemberRecord(
            address,
            server,
            "1.0.4",
            local,
            START - timedelta(seconds=100),
            rekeys_sent=6,
            acks_received=5,
            acks_missed=1,
        )
    state.peers[KS2] = Peer(KS2, 40, Role.SECONDARY, PeerStatus.ALIVE, "1.0.4", START, ann_sent=31, ann_received=8)
    made.gdoi.servers["METRO"] = state
    return Screen(release, router=made), state


def member(release: str, registration: Registration = Registration.REGISTERED) -> tuple[Screen, MemberState]:
    """A member: registered with two keys, or as a router that has just booted."""
    made = router(release, *MEMBER)
    state = MemberState(
        "METRO",
        "7007",
        ("GigabitEthernet0/1",),
        ("METROMAP", 20),
        GM,
        servers=(KS, KS2),
        registration=registration,
        reregisters=START + timedelta(seconds=4600),
        attempts=3,
        local_entries=(ace("deny ip host 10.70.4.4 any"),),
        version="1.0.4",
    )
    if registration is Registration.REGISTERED:
        state.server, state.kek, state.teks, state.downloaded = KS, KEK, [TEK, OLD_TEK], ENTRIES
        state.successes, state.rekeys_total, state.rekeys_since, state.acks_sent = 1, 12, 7, 11
        state.registered = state.last_rekey = START - timedelta(seconds=65)
        state.last_rekey_from, state.last_sequence, state.ever_registered = KS2, 4, True
        state.counters.encrypted, state.counters.decrypted = 812.9, 455.2
    state.direction = Direction.BOTH
    made.gdoi.members.append(state)
    return Screen(release, router=made), state


def shown(on: Screen, command: str) -> list[str]:
    """The lines of an output, without the blanks at their ends."""
    return [line.rstrip() for line in on.enter(command).split("\r\n")[1:-1]]


def stripped(on: Screen, command: str) -> list[str]:
    """The lines of an output without blanks around them, those between words as one."""
    return [" ".join(line.split()) for line in shown(on, command)]


def member_with(**values: object) -> Callable[[MemberState], object]:
    """Give a member's state other values."""

    def change(state: MemberState) -> None:
        for name, value in values.items():
            setattr(state, name, value)

    return change


def counting(**values: float) -> Callable[[MemberState], object]:
    """Let a member have counted so many packets."""

    def change(state: MemberState) -> None:
        for name, value in values.items():
            setattr(state.counters, name, value)

    return change
