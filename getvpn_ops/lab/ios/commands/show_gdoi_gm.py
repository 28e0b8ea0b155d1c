"""What stands below ``show crypto gdoi gm``: lists, rekeys, anti-replay, keys, identifiers, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    Look,
    cookies,
    counted,
    downloaded,
    downloaded_lines,
    left,
    live,
    look,
    rekey_conn,
)
from getvpn_ops.lab.ios.commands.show_gdoi_member import header, member_lines, old_timers
from getvpn_ops.lab.ios.identity.keys import hex_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.gdoi.state import Ace, MemberState
    from getvpn_ops.lab.ios.commands.show_gdoi_member import Groups
    from getvpn_ops.lab.ios.router import Router


def gm_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi gm``: the member's part of ``show crypto gdoi``, on all releases with its header."""
    form = look(router.release)
    for number, members in enumerate(groups.values()):
        if number:
            yield ""
        yield from header(members[0])
        for member in members:
            if form == Look.OLD:
                yield f"    Group member             : {member.address}"
                yield from old_timers(router, member)
            else:
                yield from member_lines(router, member)


def acl_lines(router: Router, groups: Groups, which: str) -> Iterator[str]:
    """``show crypto gdoi gm acl [download | local]``."""
    form = look(router.release)
    for members in groups.values():
        yield f"Group Name: {members[0].group}"
        if which != "local":
            for member in members:
                if entries := downloaded(member):
                    yield f" ACL Downloaded From KS {member.server}:"
                    yield from downloaded_lines(entries, form)
                else:
                    yield " ACL Downloaded From KS : "  # invented
        if which != "download":
            yield " ACL Configured Locally: "
            for member in members:
                yield from _local_lines(router, member, member.local_entries)


def _local_lines(router: Router, member: MemberState, entries: tuple[Ace, ...]) -> Iterator[str]:
    name, sequence = member.crypto_map
    block = next((line for line in router.running.top.lines if line.text == f"crypto map {name} {sequence} gdoi"), None)
    listed = next((line.text for line in (block.lines if block else ()) if line.text.startswith("match address ")), "")
    if not listed and not entries:
        return
    blanks = "  " if router.release.is_xe else " "
    acl = listed.split()[-1] if listed else ""
    yield f"  Map Name: {name}"
    for text in downloaded_lines(entries, Look.OLD):
        yield f"   access-list {acl}{blanks}{text.removeprefix('   access-list ')}"


def rekey_lines(groups: Groups, *, detail: bool) -> Iterator[str]:
    """``show crypto gdoi gm rekey [detail]``; multicast from memory of Cisco's command reference."""
    for members in groups.values():
        for member in members:
            kek = member.kek
            yield f"Group {member.group} ({'Multicast' if kek is not None and not kek.unicast else 'Unicast'})"
            yield f"    Number of Rekeys received (cumulative)       : {member.rekeys_total}"
            yield f"    Number of Rekeys received after registration : {member.rekeys_since}"
            if kek is not None and not kek.unicast:
                yield f"    Multicast destination address                : {kek.address}"
            else:
                yield f"    Number of Rekey Acks sent                    : {member.acks_sent}"
            yield ""
            if detail:
                yield from _kek_table(member)


def _kek_table(member: MemberState) -> Iterator[str]:
    empty = "---             ---               ---    ---        ---"
    row = empty
    if member.kek is not None:
        mine, his = cookies(member.kek)
        target = str(member.address if member.kek.unicast else member.kek.address)
        row = f"{target:<15} {member.last_rekey_from or member.server!s:<15} {rekey_conn(member):>6}   {mine}   {his}"
    yield "Rekey (KEK) SA information :"
    yield "          dst             src             conn-id  my-cookie  his-cookie"
    fresh = not member.rekeys_since  # captures have the KEK of a registration as New
    yield f"New     : {row if fresh else empty}"
    yield f"Current : {empty if fresh else row}"
    yield f"Previous: {empty}"
    yield ""
    yield ""


def replay_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi gm replay``; 12.4 and 15.x indent it (from memory)."""
    now = router.clock.now()
    indent = "" if router.release.is_xe else "  "
    for members in groups.values():
        for member in members:
            counters, tek = counted(router, member), next(iter(live(member.teks, now)), None)
            yield f"Anti-replay Information For Group {member.group}:"
            yield f"{indent}Timebased Replay:"
            if tek is None or tek.replay is None or tek.replay[0] != "time":
                yield "         is not enabled"
                yield " "
                continue
            since = member.synced or member.registered or tek.born
            value = member.pseudotime + (now - since).total_seconds() + member.skew
            dropped = int(counters.dropped_replay)
            yield f"{indent * 2}Replay Value : {value:.2f} secs"
            yield f"{indent * 2}Input Packets : {int(counters.decrypted)} Output Packets : {int(counters.encrypted)}"
            yield f"{indent * 2}Input Error Packets : {dropped} Output Error Packets : 0"
            yield f"{indent * 2}Time Sync Error : 0 Max time delta : {abs(member.skew):.2f} secs"
            yield " "
            yield " "
            yield "TBAR Error History (sampled at 10pak/min):"
            # the line of an error is invented: captures have none
            yield f"    {dropped} packets dropped by replay" if dropped else "    No TBAR errors detected"
            yield " "


def pubkey_lines(groups: Groups) -> Iterator[str]:
    """``show crypto gdoi gm pubkey``."""
    for members in groups.values():
        for member in members:
            if member.kek is None:
                continue
            mine, his = cookies(member.kek)
            yield f"  GDOI Group: {member.group}"
            yield f"    KS IP Address: {member.last_rekey_from or member.server}"
            yield f"    conn-id: {rekey_conn(member)}    my-cookie:{mine}    his-cookie:{his}"
            yield "    Key Data:"
            yield from (f"    {line}" for line in hex_lines(member.kek.public))
            yield "      "


def identifier_lines(router: Router, groups: Groups, *, detail: bool) -> Iterator[str]:
    """``show crypto gdoi gm identifier [detail]``."""
    for members in groups.values():
        yield f"GM Sender ID (SID) Information for Group {members[0].group}:"
        yield ""
        for member in members:
            yield f"  Group Member: {member.address!s:<16} vrf: {member.vrf or 'None'}"
            yield "    Transform Mode                  : Non-Counter (Non-Suite-B)"
            yield "    # of SIDs Last Requested        : 0"
            yield ""
            yield "    CURRENT SIDs: None"
            yield ""
            if detail:
                teks = live(member.teks, router.clock.now())
                life = left(router.clock.now(), teks[0].ends) if teks else 0
                yield "    NEXT SID REQUEST:"
                yield f"      TEK Lifetime                  : {life} sec"
                yield "      SID Length (Group Size)       : 24 bits (MEDIUM)"
                yield ""
        yield ""


def dataplane_lines(router: Router, groups: Groups) -> Iterator[str]:
    """``show crypto gdoi gm dataplane counters``: what was dropped stands under the nearest of its twelve words."""
    for members in groups.values():
        for member in members:
            counters = counted(router, member)
            rows = (
                ("encrypt", counters.encrypted, "decrypt", counters.decrypted),
                ("tagged (send)", 0, "untagged (rcv)", 0),
                ("no sa (send)", counters.dropped_send, "invalid sa (rcv)", counters.dropped_unknown_spi),
                ("encaps fail (send)", 0, "decap fail (rcv)", 0),
                ("invalid prot (rcv)", counters.dropped_no_match, "verify fail (rcv)", 0),
                ("not tagged (send)", 0, "not untagged (rcv)", 0),
                ("internal err (send)", 0, "internal err (rcv)", 0),
            )
            yield ""
            yield f"Data-plane statistics for group {member.group}:"
            for first, one, second, two in rows:
                yield f"    #pkts {first:<19}: {int(one):<8} #pkts {second:<19}: {int(two)}"
            yield ""
