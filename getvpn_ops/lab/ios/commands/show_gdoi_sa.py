"""Security associations of GDOI: ``show crypto gdoi ipsec sa`` and ``rekey sa``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    Look,
    der_bytes,
    downloaded,
    kek_bytes,
    live,
    look,
    prefix,
    rekey_conn,
    replay_method,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.gdoi.state import Kek, MemberState
    from getvpn_ops.lab.ios.commands.show_gdoi_member import Groups
    from getvpn_ops.lab.ios.router import Router

_SIX = " " * 6


def ipsec_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi ipsec sa``; denies are listed on XE only, as captures show."""
    now, xe = router.clock.now(), look(router.release) == Look.XE
    for members in groups.values():
        holding = [member for member in members if live(member.teks, now)]
        yield f"SA created for group {members[0].group}:"
        if not holding:  # invented: no capture is without keys
            yield ""
            continue
        yield from (f"  {name}:" for member in holding for name in member.interfaces)
        method = replay_method(live(holding[0].teks, now)[0])
        for entry in downloaded(holding[0]):
            if not entry.permit and not xe:
                continue
            yield f"    protocol = {entry.protocol}"
            yield f"      local ident  = {prefix(entry.source)}, port = {entry.source_port or 0}"
            yield f"      remote ident = {prefix(entry.destination)}, port = {entry.destination_port or 0}"
            yield f"      direction: {holding[0].direction.value}, replay(method/window): {method}"
        yield "" if xe else _SIX


def rekey_ends(router: Router, member: MemberState) -> tuple[str, str, int] | None:
    """Destination, source and connection of a member's rekey SA; None: it has none."""
    kek, cleared = member.kek, router.gdoi.isakmp_cleared
    fresh = max((moment for moment in (member.registered, member.last_rekey) if moment), default=None)
    if kek is None or (cleared and (fresh is None or fresh <= cleared)):
        return None
    target = member.address if kek.unicast else kek.address
    return str(target), str(member.last_rekey_from or member.server), rekey_conn(member)


def rekey_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi rekey sa``."""
    yield "GETVPN REKEY SA"
    yield "dst             src             conn-id         status"
    for members in groups.values():
        for member in members:
            if (ends := rekey_ends(router, member)) is not None:
                yield f"{ends[0]:<15} {ends[1]:<15} {ends[2]:<15} ACTIVE"


def rekey_detail_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi rekey sa detail``; a group in two interfaces' maps has two."""
    holding = [member for members in groups.values() for member in members if rekey_ends(router, member)]
    made = sum(member.successes + member.rekeys_total for members in groups.values() for member in members)
    yield "KEK SA DB STATS:"
    yield f"    num_active = {len(holding)}"
    yield f"    num_malloc = {max(made, len(holding))}"
    yield f"    num_free = {max(0, made - len(holding))}"
    for number, member in enumerate(holding, 1):
        if member.kek is not None:
            yield ""
            yield from _detail(member, member.kek, number)


def _detail(member: MemberState, kek: Kek, number: int) -> Iterator[str]:
    kind = next((name.rstrip("0123456789/.:") for name in member.interfaces), "")
    yield f"  KEK POLICY (transport type : {'Unicast' if kek.unicast else 'Multicast'})"
    yield f"   Local addr/port : {member.address}/848"
    yield f"   Remote addr/port : {member.last_rekey_from or member.server}/848"
    yield f"    spi : 0x{kek.spi.hex().upper()}"
    rows = (
        ("management alg", "disabled", "encrypt alg", kek.algorithm),
        ("crypto iv length", 16 if kek.algorithm == "AES" else 8, "key size", kek_bytes(kek)),
        ("orig life(sec)", 0, "", ""),
        ("sig hash algorithm", "enabled", "sig key length", der_bytes(kek.sig_bits)),
    )
    for name, value, second, other in rows:
        if second:
            yield f"    {name:<19}: {value!s:<12}{second:<18}: {other!s:<{10 if isinstance(other, str) else 8}}"
        else:
            yield f"    {name:<19}: {value!s:<10}"
    yield f"    sig size           : {kek.sig_bits // 8}"
    yield "    acknowledgement    : Cisco"
    yield f"    conn_id (IKEv1)    : {rekey_conn(member)}"
    before = max(0, member.last_sequence - 1)
    yield f"    seq num            : {member.last_sequence:<12}prev seq num      : {before:<8}"
    yield f"    handle             : {0x40000000 + number:X}  "
    yield f"    Interface          : {kind}"
    yield f"    Group Name         : {member.group:<20} "
