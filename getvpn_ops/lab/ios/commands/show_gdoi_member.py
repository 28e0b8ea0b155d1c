"""A group as its member shows it in ``show crypto gdoi`` and ``show crypto gdoi gm``.

No capture shows a member that is not registered, registers again, or is passive: these words are invented, after
Cisco's YANG model and the guide. DOMAIN says nobody knows how a device shows ``passive``; here only its direction does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Registration
from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    BLANKS,
    Look,
    anti_replay,
    cipher_bytes,
    der_bytes,
    digest_bytes,
    downloaded,
    downloaded_lines,
    elapsed,
    kek_bytes,
    left,
    live,
    look,
    sig_hash,
    transform,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.gdoi.state import Kek, MemberState
    from getvpn_ops.lab.ios.router import Router

Groups = dict[str, list["MemberState"]]
"""Members by the names of their groups; several where a group stands in several maps."""
_UNKNOWN_SINCE = (17, 12, 0)
_AFTER_22 = (17, 4, 0)  # releases beyond GETVPN 1.0.22, which has fewer lines


def group_lines(router: Router, members: list[MemberState]) -> Iterator[str]:
    """The block of a group in ``show crypto gdoi`` on a member; several members are one group on several maps."""
    first = members[0]
    form = look(router.release)
    yield f"    Group Name               : {first.group}"
    yield f"    Group Identity           : {first.identity}"
    if form == Look.XE:
        yield "    Group Type               : GDOI (ISAKMP)"
    if form >= Look.LATE:
        yield "    Crypto Path              : ipv4"
        yield "    Key Management Path      : ipv4"
    yield f"    Rekeys received          : {sum(member.rekeys_total for member in members)}"
    shipped = "Inbound Only" if first.teks and first.teks[0].receive_only else "Both"
    yield f"    IPSec SA Direction       : {shipped if form == Look.XE else first.direction.value}"
    if form == Look.OLD:
        yield f"    Active Group Server      : {first.server or '0.0.0.0'}"  # noqa: S104 -- what a screen says
        yield from _servers("    Group Server list        : ", first)
        yield ""
        yield from old_timers(router, first)
    else:
        yield ""
        yield from _servers("     Group Server list       : ", first)
        yield BLANKS
        if form == Look.XE:
            yield from header(first)
        for member in members:
            yield from member_lines(router, member)
            if form == Look.XE:
                yield ""
            yield "       allowable rekey cipher: any"
            yield "       allowable rekey hash  : any"
            yield "       allowable transformtag: any ESP"
            yield ""
            yield from _cumulative(router, member)
    yield ""
    for member in members:
        yield from _policy_lines(router, member, form)
    if form == Look.XE:
        for title in ("KGS", "P2P"):
            yield f"{title} POLICY:"
            yield from (f"  REG_GM: local_addr {member.address}" for member in members if member.address)
            yield ""


def _servers(title: str, member: MemberState) -> Iterator[str]:
    names = [str(server) for server in member.servers] or [""]
    yield title + names[0]
    yield from (" " * len(title) + name for name in names[1:])


def old_timers(router: Router, member: MemberState) -> Iterator[str]:
    """Registration and rekeys of a member as 12.4 shows them."""
    now = router.clock.now()
    yield f"    GM Reregisters in        : {left(now, member.reregisters)} secs"
    if member.last_rekey is None:
        yield "    Rekey Received           : never"
    else:
        yield f"    Rekey Received(hh:mm:ss) : {elapsed(now, member.last_rekey)}"
    yield ""
    yield "    Rekeys received          "
    yield f"         Cumulative          : {member.rekeys_total}"
    yield f"         After registration  : {member.rekeys_since}"
    if _unicast(member):
        yield f"    Rekey Acks sent          : {member.acks_sent}"


def _unicast(member: MemberState) -> bool:
    return member.kek is not None and member.kek.unicast


def header(member: MemberState) -> Iterator[str]:
    """What stands above the members of a group; without a registration no list was received."""
    yield f"Group Member Information For Group {member.group}:"
    yield f"    IPSec SA Direction       : {member.direction.value}"
    if member.registration is Registration.REGISTERED:
        yield f"    ACL Received From KS     : gdoi_group_{member.group}_temp_acl"
    yield ""


def member_lines(router: Router, member: MemberState) -> Iterator[str]:
    """Registration and rekeys of one member, from 15.x on."""
    form, now = look(router.release), router.clock.now()
    first = member.servers[0] if member.servers else "0.0.0.0"  # noqa: S104 -- what a screen says
    vrf = member.vrf or "None"
    yield f"    Group member             : {member.address or '0.0.0.0'!s:<15} vrf: {vrf}"  # noqa: S104
    if form == Look.XE:
        yield f"       Local addr/port       : {member.address or '0.0.0.0'}/848"  # noqa: S104
        yield f"       Remote addr/port      : {member.server or first}/848"
        yield f"       fvrf/ivrf             : {vrf}/{vrf}"
    if form >= Look.LATE:
        yield f"       Version               : {member.version}"
    yield f"       Registration status   : {member.registration.value}"
    if member.registration is Registration.REGISTERED:
        yield f"       Registered with       : {member.server}"
    else:
        yield f"       Registering to        : {member.server or first}"
    yield f"       Re-registers in       : {left(now, member.reregisters)} sec"
    yield f"       Succeeded registration: {member.successes}"
    yield f"       Attempted registration: {member.attempts}"
    nobody = "UNKNOWN" if router.release.numbers >= _UNKNOWN_SINCE else "0.0.0.0"  # noqa: S104
    yield f"       Last rekey from       : {member.last_rekey_from or nobody}"
    yield f"       Last rekey seq num    : {member.last_sequence}"
    if _unicast(member):
        yield f"       Unicast rekey received: {member.rekeys_total}"
        yield f"       Rekey ACKs sent       : {member.acks_sent}"
        yield _received(router, member)
    else:
        yield f"       Multicast rekey rcvd  : {member.rekeys_total}"
    if form != Look.XE:
        return
    if router.release.numbers >= _AFTER_22:
        yield "       PFS Rekey received    : 0"
    yield "       DP Error Monitoring   : OFF"
    yield "       IPSEC init reg executed    : 0"
    yield "       IPSEC init reg postponed   : 0"
    yield f"       Active TEK Number     : {len(live(member.teks, now))}"
    yield "       SA Track (OID/status) : disabled"
    if router.release.numbers >= _AFTER_22:
        yield f"       Fail-Close Revert : {'Enabled' if member.reverts else 'Disabled'}"


def _received(router: Router, member: MemberState) -> str:
    if member.last_rekey is None:
        return "       Rekey Received        : never"
    return f"       Rekey Rcvd(hh:mm:ss)  : {elapsed(router.clock.now(), member.last_rekey)}"


def _cumulative(router: Router, member: MemberState) -> Iterator[str]:
    yield "    Rekeys cumulative"
    yield f"       Total received        : {member.rekeys_total}"
    yield f"       After latest register : {member.rekeys_since}"
    yield f"       Rekey Acks sents      : {member.acks_sent}" if _unicast(member) else _received(router, member)


def _policy_lines(router: Router, member: MemberState, form: Look) -> Iterator[str]:
    """List and keys of a member; without a policy there is nothing to show (invented: no capture has none)."""
    now = router.clock.now()
    if entries := downloaded(member):
        yield f" ACL Downloaded From KS {member.server}:"
        yield from downloaded_lines(entries, form)
        yield ""
    if member.kek is not None:
        yield from _kek_lines(router, member.kek)
        yield ""
    if teks := live(member.teks, now):
        old = form == Look.OLD
        yield "TEK POLICY:" if old else "TEK POLICY for the current KS-Policy ACEs Downloaded:"
        for name in member.interfaces:
            yield f"  {name}:"
            for tek in teks:
                yield "    IPsec SA:"
                yield f"        spi: 0x{tek.spi:X}({tek.spi})"
                yield f"        transform: {transform(tek)}{'' if form == Look.XE else ' '}"
                yield f"        sa timing:remaining key lifetime (sec): ({left(now, tek.ends)})"
                yield f"        {anti_replay(tek)}"
                if form >= Look.LATE:
                    yield "        tag method : disabled"
                    yield f"        alg key size: {cipher_bytes(tek)} (bytes)"
                    yield f"        sig key size: {digest_bytes(tek)} (bytes)"
                    yield "        encaps: ENCAPS_TUNNEL"
                yield ""
        yield ""


def _kek_lines(router: Router, kek: Kek) -> Iterator[str]:
    xe = router.release.is_xe
    bits = der_bytes(kek.sig_bits) * 8 if xe else kek.sig_bits
    counts = router.release.numbers >= (15, 2, 1)  # older members keep a KEK without a timer
    life = left(router.clock.now(), kek.ends) if counts else int(kek.lifetime.total_seconds())
    yield "KEK POLICY:"
    yield f"    Rekey Transport Type     : {'Unicast' if kek.unicast else 'Multicast'}"
    yield f"    Lifetime (secs)          : {life}"
    yield f"    Encrypt Algorithm        : {kek.algorithm}"
    yield f"    Key Size                 : {kek_bytes(kek) * 8:<{1 if xe else 8}}"
    yield f"    Sig Hash Algorithm       : {sig_hash(kek)}"
    yield f"    Sig Key Length (bits)    : {bits}"
