"""A group as its key server shows it: ``show crypto gdoi`` and ``ks [acl | rekey | replay]``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.gdoi.intent import serving
from getvpn_ops.lab.gdoi.lists import listed
from getvpn_ops.lab.ios.commands.show_gdoi_fields import BLANKS, Look, ace_text, left, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.gdoi.intent import Association, Serving
    from getvpn_ops.lab.gdoi.state import KeyServerState
    from getvpn_ops.lab.ios.router import Router

_COOP = "1.0.8"
_SYNC = timedelta(seconds=7200)  # from one note of the pseudotime to the next
_COUNTER_HANDLES = 0x40000000
_HANDLES = 0x80000000


def configured(router: Router, server: KeyServerState) -> Serving | None:
    """What the configuration says of a group that is served."""
    return next((item for item in serving(router.running) if item.group == server.group), None)


def handle(router: Router, number: int) -> int:
    """A handle as the router's screens count them: XE from 0x40000000, others from 0x80000000."""
    return number % _COUNTER_HANDLES + (_COUNTER_HANDLES if router.release.is_xe else _HANDLES)


def _direction(server: KeyServerState) -> str:
    return "Inbound Only" if server.receive_only else "Both"


def _transport(wanted: Serving | None, server: KeyServerState) -> str:
    unicast = wanted.unicast if wanted else server.kek is not None and server.kek.unicast
    return "Unicast" if unicast else "Multicast"


def group_lines(router: Router, server: KeyServerState) -> Iterator[str]:
    """The block of a group in ``show crypto gdoi`` on its key server."""
    form, wanted = look(router.release), configured(router, server)
    xe = form >= Look.XE
    yield f"    Group Name               : {server.group} ({_transport(wanted, server)})"
    if xe:
        yield "    Re-auth on new CRL       : Disabled"
    yield f"    Group Identity           : {server.identity}"
    if xe:
        yield "    Group Type               : GDOI (ISAKMP)"
    if form >= Look.LATE:
        yield "    Crypto Path              : ipv4"
        yield "    Key Management Path      : ipv4"
    yield f"    Group Members            : {len(server.members)}"
    yield f"    IPSec SA Direction       : {_direction(server)}"
    if form == Look.OLD:
        yield "    Active Group Server      : Local"
    if xe:
        yield "    IP D3P Window            : Disabled"
        yield "    PFS                      : Disabled"
        yield "    Split Resiliency Factor  : 0"
        yield "    CKM status               : Disabled"
    yield from redundancy_lines(router, server)
    if wanted is not None:
        yield from _rekey_lines(router, server, wanted)
        for association in wanted.associations:
            yield ""
            yield from _association_lines(router, server, association)
    yield ""
    yield "    Group Server list        : Local" if form == Look.OLD else "     Group Server list       : Local"
    yield BLANKS if xe else ""


def redundancy_lines(router: Router, server: KeyServerState) -> Iterator[str]:
    """What a group's block says of COOP; nothing without it."""
    if not server.redundant:
        return
    yield "    Redundancy               : Configured"
    yield f"        Local Address        : {server.address}"
    yield f"        Local Priority       : {server.priority}"
    yield "        Local KS Status      : Alive"
    yield f"        Local KS Role        : {server.role.value}"
    if look(router.release) >= Look.LATE:
        yield f"        Local KS Version     : {software.version_of(router)}"
    if router.release.is_xe:
        yield f"        Local COOP Version   : {_COOP} "


def _rekey_lines(router: Router, server: KeyServerState, wanted: Serving) -> Iterator[str]:
    now = router.clock.now()
    kek = server.kek if server.members else None  # before the first member there is nothing that runs out
    yield f"    Group Rekey Lifetime     : {wanted.kek_lifetime} secs"
    if kek is not None:
        yield "    Group Rekey"
        yield f"        Remaining Lifetime   : {left(now, kek.ends)} secs"
    yield f"    Rekey Retransmit Period  : {wanted.retransmit[0]} secs"
    yield f"    Rekey Retransmit Attempts: {wanted.retransmit[1]}"
    if kek is not None:
        yield "    Group Retransmit"
        yield "        Remaining Lifetime   : 0 secs"


def _association_lines(router: Router, server: KeyServerState, association: Association) -> Iterator[str]:
    now = router.clock.now()
    kind, size = association.replay or ("", 0)
    yield f"      IPSec SA Number        : {association.sequence}"
    yield f"      IPSec SA Rekey Lifetime: {association.lifetime} secs"
    yield f"      Profile Name           : {association.profile}"
    yield f"      Replay method          : {({'time': 'Time Based', 'counter': 'Count Based'}).get(kind, 'Disabled')}"
    if kind:
        yield f"      Replay Window Size     : {size}"
    if router.release.is_xe:
        yield "      Tagging method         : Disabled"
    tek = next((item for item in server.teks if item.sequence == association.sequence), None)
    if tek is not None and server.members:
        yield "      SA Rekey"
        yield f"         Remaining Lifetime  : {left(now, tek.ends)} secs"
    yield f"      ACL Configured         : access-list {association.acl}"


def ks_lines(router: Router, servers: list[KeyServerState], *, detail: bool) -> Iterator[str]:
    """``show crypto gdoi ks [detail]``; ``detail`` adds COOP (12.4 and 15.x: no capture, the block of XE)."""
    local = sum(record.local for server in servers for record in server.members.values())
    form = look(router.release)
    yield f"Total group members registered to this box: {local}"
    for server in servers:
        wanted = configured(router, server)
        ack = wanted.acknowledgement.capitalize() if wanted else "Cisco"
        yield ""
        yield f"Key Server Information For Group {server.group}:"
        yield f"    Group Name               : {server.group}"
        if form == Look.XE:
            yield "    Re-auth on new CRL       : Disabled"
        yield f"    Group Identity           : {server.identity}"
        if form == Look.XE:
            yield "    Group Type               : GDOI (ISAKMP)"
        yield f"    Group Members            : {len(server.members)}"
        if form >= Look.LATE:
            yield f"    Rekey Acknowledgement Cfg: {ack}"
        yield f"    IPSec SA Direction       : {_direction(server)}"
        if form == Look.XE:
            yield "    IP D3P Window            : Disabled"
            yield "    Split Resiliency Factor  : 0"
            yield "    CKM status               : Disabled"
        yield "    ACL Configured: "
        yield from (f"\taccess-list {item.acl}" for item in (wanted.associations if wanted else ()))
        if detail or form != Look.XE:
            yield from redundancy_lines(router, server)


def acl_lines(router: Router, servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks acl``: the lists as they are configured now, shipped or not, also what is not honoured."""
    blanks = "  " if router.release.is_xe else " "
    for number, server in enumerate(servers):
        if number:
            yield ""
        yield f"Group Name: {server.group}"
        yield " Configured ACL:"
        wanted = configured(router, server)
        for item in wanted.associations if wanted else ():
            entries = listed(router.running, item.acl)
            yield from (f"   access-list {item.acl}{blanks}{ace_text(entry)}" for entry in entries)


# -- rekey, replay: no capture exists; these follow Cisco's command reference from memory, and the fields of YANG


def rekey_lines(router: Router, servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks rekey``."""
    now, form = router.clock.now(), look(router.release)
    for number, server in enumerate(servers):
        wanted = configured(router, server)
        if number:
            yield ""
        yield f"Group {server.group} ({_transport(wanted, server)})"
        if form >= Look.LATE:
            ack = wanted.acknowledgement.capitalize() if wanted else "Cisco"
            yield f"    Rekey Acknowledgement Cfg           : {ack}"
        yield f"    Number of Rekeys sent               : {server.rekeys_sent}"
        yield f"    Number of Rekeys retransmitted      : {server.retransmits}"
        yield f"    KEK rekey lifetime (sec)            : {wanted.kek_lifetime if wanted else 0}"
        yield f"        Remaining lifetime (sec)        : {left(now, server.kek.ends) if server.kek else 0}"
        if form >= Look.ISR:
            yield f"        Remaining time until rekey (sec): {left(now, server.next_kek_rekey)}"
        yield f"    Retransmit period                   : {wanted.retransmit[0] if wanted else 10}"
        yield f"    Number of retransmissions           : {wanted.retransmit[1] if wanted else 2}"
        for item in wanted.associations if wanted else ():
            tek = next((tek for tek in server.teks if tek.sequence == item.sequence), None)
            yield f"    IPSec SA {item.sequence:<2} lifetime (sec)          : {item.lifetime}"
            yield f"        Remaining lifetime (sec)        : {left(now, tek.ends) if tek else 0}"
            if form >= Look.ISR:
                yield f"        Remaining time until rekey (sec): {left(now, server.next_tek_rekey) if tek else 0}"
        yield ""


def replay_lines(router: Router, servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks replay``."""
    now = router.clock.now()
    for server in servers:
        wanted = configured(router, server)
        timed = any(item.replay and item.replay[0] == "time" for item in (wanted.associations if wanted else ()))
        yield f"Anti-replay Information For Group {server.group}:"
        yield "  Timebased Replay:"
        if timed or any(tek.replay and tek.replay[0] == "time" for tek in server.teks):
            heard = max((peer.heard for peer in server.peers.values() if peer.heard), default=now)
            told = server.timed or (server.next_sync - _SYNC if server.next_sync else heard)
            yield f"    Replay Value             : {server.pseudotime + (now - told).total_seconds():.2f} secs"
            yield f"    Remaining sync time      : {left(now, server.next_sync)} secs"
        else:
            yield "         is not enabled"
        yield " "
