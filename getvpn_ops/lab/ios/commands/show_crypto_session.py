"""``show crypto session``: for each interface with a map, IKE and the flows that the list encrypts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Direction, Registration
from getvpn_ops.lab.ios.commands.show_crypto_isakmp import associations
from getvpn_ops.lab.ios.commands.show_gdoi_fields import Look, counted, downloaded, elapsed, left, live, look, mask
from getvpn_ops.lab.ios.interfaces import interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.gdoi.state import Ace, MemberState
    from getvpn_ops.lab.ios.commands.show_crypto_isakmp import Sa
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_ANY = 0xFFFFFFFF
_CODES = (
    "Code: C - IKE Configuration mode, D - Dead Peer Detection     ",
    "K - Keepalives, N - NAT-traversal, T - cTCP encapsulation     ",
    "X - IKE Extended Authentication, F - IKE Fragmentation",
)
_LATE_CODES = (*_CODES, "R - IKE Auto Reconnect, U - IKE Dynamic Route Update", "S - SIP VPN")


def show_session(shell: Shell, words: Words, values: Words) -> Iterable[str]:
    """``show crypto session [interface | local | remote] [detail | brief]``."""
    router = shell.router
    if words[-1] == "brief":
        yield from _brief(router)
        return
    yield "Crypto session current status"
    yield ""
    if words[-1] == "detail":
        yield from _LATE_CODES if look(router.release) == Look.XE else _CODES
        yield ""
    for member in router.gdoi.members:
        for name in member.interfaces:
            if "interface" in words and name != values[0]:
                continue
            if "local" in words and str(member.address) != values[0]:
                continue
            if "remote" in words and values[0] != "0.0.0.0":  # noqa: S104 -- the peer of every group SA
                continue
            yield from _session(router, member, name, detail=words[-1] == "detail")


def _status(router: Router, member: MemberState, found: list[Sa]) -> str:
    if live(member.teks, router.clock.now()):
        return "UP-ACTIVE" if any(sa.state == "GDOI_IDLE" for sa in found) else "UP-NO-IKE"
    return "DOWN-NEGOTIATING" if member.registration is Registration.REGISTERING else "DOWN"


def _session(router: Router, member: MemberState, name: str, *, detail: bool) -> Iterator[str]:
    """One interface; a member that is down has no SAs there (invented: captures have none of GETVPN)."""
    form, now = look(router.release), router.clock.now()
    found = [sa for sa in associations(router) if sa.local == str(member.address) and sa.state != "MM_NO_STATE"]
    idle = [sa for sa in found if sa.state == "GDOI_IDLE"]
    status = _status(router, member, found)
    yield f"Interface: {name}"
    if detail and member.registered is not None and status.startswith("UP"):
        yield f"Uptime: {elapsed(now, member.registered)}"
    yield f"Session status: {status}     "
    yield "Peer: 0.0.0.0 port 848 " + ("fvrf: (none) ivrf: " + (member.vrf or "(none)") if detail else "")
    if detail:
        yield "      Desc: (none)"
        yield "      Phase1_id: (none)"
    kind = "IKE SA" if form == Look.OLD else "IKEv1 SA"
    for sa in idle:
        if form == Look.XE:
            yield "  Session ID: 0  "
        yield f"  {kind}: local {sa.local}/848 remote {sa.remote}/848 Active "
        if detail:
            yield f"          Capabilities:(none) connid:{sa.conn} lifetime:{_clock(left(now, sa.ends))}"
    teks = live(member.teks, now)
    each = len(teks) * (1 if member.direction is Direction.INBOUND_ONLY else 2)
    for number, entry in enumerate(entry for entry in downloaded(member) if entry.permit):
        yield f"  IPSEC FLOW: permit {_flow(entry)} "
        yield f"        Active SAs: {each}, origin: crypto map"
        if detail:
            counters = counted(router, member) if not number else None
            got, sent = (int(counters.decrypted), int(counters.encrypted)) if counters else (0, 0)
            lost, unsent = (
                (int(counters.dropped_no_match + counters.dropped_replay), int(counters.dropped_send))
                if counters
                else (0, 0)
            )
            life = left(now, teks[0].ends) if teks else 0
            yield f"        Inbound:  #pkts dec'ed {got} drop {lost} life (KB/Sec) 4608000/{life}"
            yield f"        Outbound: #pkts enc'ed {sent} drop {unsent} life (KB/Sec) 4608000/{life}"
    yield ""


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _flow(entry: Ace) -> str:
    """``ip 10.0.0.0/255.128.0.0 10.0.0.0/255.128.0.0``; a port of its own stands behind its address."""
    ends = []
    for pair, port in ((entry.source, entry.source_port), (entry.destination, entry.destination_port)):
        ends.append((mask(pair) if pair[1] != _ANY else "0.0.0.0/0.0.0.0") + (f" port {port}" if port else ""))
    return f"{entry.protocol} {' '.join(ends)}"


def _brief(router: Router) -> Iterator[str]:
    now = router.clock.now()
    yield "Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, N - Negotiating"
    yield "        K - No IKE"
    vrfs = dict.fromkeys(member.vrf for member in router.gdoi.members)
    for vrf in vrfs:
        yield f"ivrf = {vrf or '(none)'}"
        yield "           Peer     I/F          Username            Group/Phase1_id       Uptime Status"
        for member in router.gdoi.members:
            if member.vrf != vrf:
                continue
            found = [sa for sa in associations(router) if sa.local == str(member.address)]
            state = {"UP-ACTIVE": "UA", "UP-NO-IKE": "UK", "DOWN-NEGOTIATING": "DN", "DOWN": "D"}
            for name in member.interfaces:
                port = interface(router, name)
                since = elapsed(now, member.registered) if member.registered and live(member.teks, now) else ""
                status = state[_status(router, member, found)]
                short = port.short if port else name
                yield f"        0.0.0.0     {short:<12} {'':<19} {'':<20} {since:>8} {status}"


SHOWS = {"show-crypto-session": show_session}
