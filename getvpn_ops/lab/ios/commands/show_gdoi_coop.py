"""Key servers among themselves: ``ks coop``, its identifiers and versions, ``ks identifier``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.gdoi.state import PeerStatus, Role
from getvpn_ops.lab.ios.commands.show_gdoi_fields import Look, look
from getvpn_ops.lab.ios.commands.show_gdoi_server import handle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.gdoi.state import KeyServerState, Peer
    from getvpn_ops.lab.ios.router import Router

_COOP = "1.0.8"
_ANNOUNCES, _LISTENS = 20, 30  # seconds: of a primary, of a secondary
_IKE = {PeerStatus.ALIVE: "Established", PeerStatus.DEAD: "Failed", PeerStatus.UNKNOWN: "In Progress"}
"""Words for a dead and an unknown peer are those of Cisco's YANG model; no capture has one."""


def coop_lines(router: Router, servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks coop [detail]``."""
    for number, server in enumerate(servers):
        if number:
            yield ""
        yield f"Crypto Gdoi Group Name :{server.group} "
        own = handle(router, server.handle)
        yield f"        Group handle: {own}, Local Key Server handle: {own}"
        if not server.redundant:  # the sentence is attested, its place is not
            yield "        *NO* redundancy configured for this group"
            continue
        yield ""
        yield from _local_lines(router, server)
        yield ""
        yield "        Peer Sessions:"
        for at, peer in enumerate(server.peers.values(), 1):
            yield f"        Session {at}:"
            yield f"                Server handle: {own + at}"
            yield from _peer_lines(router, peer)


def _local_lines(router: Router, server: KeyServerState) -> Iterator[str]:
    form, now = look(router.release), router.clock.now()
    sequence = max((peer.ann_sent for peer in server.peers.values()), default=0)
    yield f"        Local Address: {server.address} "
    yield f"        Local Priority: {server.priority:<8} "
    yield f"        Local KS Role: {server.role.value:<9} , Local KS Status: Alive     "
    if form >= Look.LATE:
        yield f"        Local KS version: {software.version_of(router)}"
    if form == Look.XE:
        yield f"        Local COOP version: {_COOP} "
    if server.role is Role.PRIMARY:
        past = int((now - router.booted).total_seconds()) % _ANNOUNCES
        yield "        Primary Timers: "
        yield f"                Primary Refresh Policy Time: {_ANNOUNCES} "
        yield f"                Remaining Time: {_ANNOUNCES - past}"
    else:
        primary = next((peer for peer in server.peers.values() if peer.role is Role.PRIMARY), None)
        heard = primary.heard if primary else None
        past = int((now - heard).total_seconds()) if heard else _LISTENS
        lost = primary.replies_lost if primary else 0
        yield "        Secondary Timers: "
        yield f"                Sec Primary Periodic Time: {_LISTENS} "
        yield f"                Remaining Time: {max(0, _LISTENS - past)}, Retries: {lost}"
        if form >= Look.ISR:
            yield "                Invalid ANN PST recvd: 0"
            yield f"                New GM Temporary Blocking Enforced?: {'Yes' if server.blocked else 'No'}"
    if form == Look.XE:
        yield "                Per-user timer remaining time: 0"
    yield f"                Antireplay Sequence Number: {sequence}"


def _peer_lines(router: Router, peer: Peer) -> Iterator[str]:
    form = look(router.release)
    yield f"                Peer Address: {peer.address}"
    if form >= Look.LATE and peer.version:
        yield f"                Peer Version: {peer.version}"
    if form == Look.XE and peer.version:
        yield f"                Peer COOP version: {_COOP}"
        yield "                COOP Protocol: base"
    yield f"                Peer Priority: {peer.priority or 0:<15} "
    yield f"                Peer KS Role: {peer.role.value:<9} , Peer KS Status: {peer.status.value}"
    yield f"                Antireplay Sequence Number: {peer.ann_received}"
    yield ""
    yield f"                IKE status: {_IKE[peer.status]}"
    yield "                Counters:"
    word = "rcv" if form == Look.OLD else "recv"
    asked = peer.replies_lost + (1 if peer.ann_sent else 0)
    yield f"                    Ann msgs sent: {peer.ann_sent}"
    yield f"                    Ann msgs sent with reply request: {asked}"
    yield f"                    Ann msgs {word}: {peer.ann_received} "
    yield f"                    Ann msgs {word} with reply request: {1 if peer.ann_received else 0}"
    yield f"                    Packet sent drops: {peer.sent_drops} "
    yield "                    Packet Recv drops: 0 "
    yield f"                    Total bytes sent: {peer.bytes_sent} "
    yield f"                    Total bytes {word}: {peer.bytes_received} "


def identifier_lines(servers: list[KeyServerState], *, detail: bool) -> Iterator[str]:
    """``show crypto gdoi ks coop identifier [detail]``; the lab has no suite that needs identifiers."""
    for number, server in enumerate(servers):
        if number:
            yield ""
        yield f"COOP-KS Sender ID (SID) Information for Group {server.group}:"
        yield ""
        yield f"    Local KS Role: {server.role.value:<9} , Local KS Status: Alive"
        yield f"        Local Address                : {server.address}"
        yield from _SIDS
        for peer in server.peers.values() if detail else ():
            yield ""
            yield f"    Peer KS Role: {peer.role.value:<9} , Peer KS Status: {peer.status.value}"
            yield f"        Peer Address                 : {peer.address}"
            yield from _SIDS


_SIDS = (
    "        Next SID Client Operation    : NOTIFY",
    "        Re-initializing              : No",
    "        KSSID Overlap                : No",
    "        SID Length (Group Size) Cfg  : 24 bits (MEDIUM)",
    "        SID Length (Group Size) Used : 24 bits (MEDIUM)",
    "        Current KSSID In-Use         : none",
    "        KSSID(s) Assigned            : none",
    "        KSSID(s) Used                : none",
    "        Old KSSID(s) Used            : none",
)


def version_lines() -> Iterator[str]:
    """``show crypto gdoi ks coop version``."""
    yield "Cooperative key server infra Version : 2.0.0 "
    yield "Client : KS_POLICY_CLIENT Version : 2.0.0 "
    yield "Client : GROUP_MEMBER_CLIENT Version : 2.0.1 "
    yield "Client : SID_CLIENT Version : 1.0.1"
    yield ""


def kssid_lines(servers: list[KeyServerState], *, detail: bool) -> Iterator[str]:
    """``show crypto gdoi ks identifier [detail]``."""
    for server in servers:
        yield f"KS Sender ID (KSSID) Information for Group {server.group}:"
        yield ""
        yield "    Transform Mode           : Non-Counter (Non-Suite-B)"
        yield "    Re-initializing          : No"
        yield "    SID Length (Group Size)  : 24 bits (MEDIUM)"
        yield "    Current KSSID In-Use     : none"
        yield "    Last GMSID Used          : none"
        if detail:
            yield ""
            yield "    KSSID(s) Assigned        : none"
            yield "    KSSID(s) Used            : none"
            yield "    KSSID(s) Used (Old)      : none"
            yield "    Available KSSID(s)       : none"
            yield ""
            yield "    REMAINING SIDs: none"
        yield ""
        yield ""
