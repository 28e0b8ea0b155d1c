"""IPsec: ``show crypto ipsec sa``, transform sets, profiles, lifetimes.

A member's SAs: for each interface and each permit of the list that came from the key server, one pair for each key.
Counters are kept for the group; the first permit shows them all. The indentation is that of 12.4 and 15.x captures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Direction
from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    Look,
    counted,
    digest_bytes,
    downloaded,
    iv_bytes,
    left,
    live,
    look,
    mask,
    transform,
)
from getvpn_ops.lab.ios.interfaces import interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.gdoi.state import Ace, Counters, MemberState, Tek
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_PROTOCOLS = {"ip": 0, "icmp": 1, "igmp": 2, "ipinip": 4, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ahp": 51,
              "eigrp": 88, "ospf": 89, "nos": 94, "pim": 103, "pcp": 108}  # fmt: skip
_NOTHING = (0, 0)
_KILOBYTES = 4608000
_DEFAULT_SET = "esp-aes esp-sha-hmac"
_ICV = {0: 16, 16: 12, 20: 12, 32: 16, 48: 24, 64: 32}  # bytes of a packet, by length of the key; 0: GCM
_OUTER, _ESP, _TRAILER, _TIME = 20, 8, 2, 12


def show_sa(shell: Shell, words: Words, values: Words) -> Iterable[str]:
    """``show crypto ipsec sa [interface | map | peer | vrf | identity] [detail]``."""
    router, rest = shell.router, words[4:]
    what = rest[0] if rest and rest[0] in {"interface", "map", "peer", "vrf", "identity"} else ""
    detail = rest[-1:] == ("detail",)
    value = values[0] if values else ""
    if what == "peer" and value != "0.0.0.0":  # noqa: S104 -- the peer of every group SA
        return
    if router.release.numbers < (12, 4, 20):
        yield "PFS (Y/N): N, DH group: none"  # as the guide shows it, before anything else
        yield "PFS (Y/N): N, DH group: none"
    for member in router.gdoi.members:
        if (what == "map" and member.crypto_map[0] != value) or (what == "vrf" and member.vrf != value):
            continue
        for name in member.interfaces:
            if what == "interface" and name != value:
                continue
            yield from _port_lines(router, member, name, detail=detail, bare=what == "identity")


def count_lines(router: Router) -> Iterator[str]:
    """``show crypto ipsec sa count``."""
    total = sum(
        len(member.interfaces) * len(_permits(member)) * (2 * len(live(member.teks, router.clock.now())))
        for member in router.gdoi.members
    )
    yield f"IPsec SA total: {total}, active: {total}, rekeying: 0, unused: 0, invalid: 0"


def show_count(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto ipsec sa count``."""
    return count_lines(shell.router)


def _permits(member: MemberState) -> list[Ace]:
    return [entry for entry in downloaded(member) if entry.permit]


def _port_lines(router: Router, member: MemberState, name: str, *, detail: bool, bare: bool) -> Iterator[str]:
    """The blocks of an interface; an unregistered member has its map there, and nothing else (invented)."""
    if not bare:
        yield ""
        yield f"interface: {name}"
        yield f"    Crypto map tag: {member.crypto_map[0]}, local addr {member.address}"
    for number, entry in enumerate(_permits(member)):
        teks = live(member.teks, router.clock.now())
        yield ""
        yield f"   protected vrf: {member.vrf or '(none)'}"
        yield f"   local  ident (addr/mask/prot/port): ({_ident(entry, entry.source, entry.source_port)})"
        yield f"   remote ident (addr/mask/prot/port): ({_ident(entry, entry.destination, entry.destination_port)})"
        if look(router.release) >= Look.LATE:
            yield f"   Group: {member.group}"
        yield "   current_peer 0.0.0.0 port 848"
        yield "     PERMIT, flags={origin_is_acl,}"
        yield from _counters(counted(router, member) if not number else None, detail=detail)
        if not bare:
            yield ""
            yield from _ends(router, member, name, teks)


def _ident(entry: Ace, pair: tuple[int, int], port: int | None) -> str:
    number = _PROTOCOLS.get(entry.protocol, entry.protocol)
    return f"{mask(pair)}/{number}/{port or 0}"


def _counters(counters: Counters | None, *, detail: bool) -> Iterator[str]:
    sent, got = (int(counters.encrypted), int(counters.decrypted)) if counters else _NOTHING
    yield f"    #pkts encaps: {sent}, #pkts encrypt: {sent}, #pkts digest: {sent}"
    yield f"    #pkts decaps: {got}, #pkts decrypt: {got}, #pkts verify: {got}"
    yield "    #pkts compressed: 0, #pkts decompressed: 0"
    yield "    #pkts not compressed: 0, #pkts compr. failed: 0"
    yield "    #pkts not decompressed: 0, #pkts decompress failed: 0"
    unsent = int(counters.dropped_send) if counters else 0
    unknown = int(counters.dropped_unknown_spi) if counters else 0
    wrong = int(counters.dropped_no_match) if counters else 0
    replayed = int(counters.dropped_replay) if counters else 0
    if not detail:
        yield f"    #send errors {unsent}, #recv errors {wrong + replayed + unknown}"
        return
    yield f"    #pkts no sa (send) {unsent}, #pkts invalid sa (rcv) {unknown}"
    yield "    #pkts encaps failed (send) 0, #pkts decaps failed (rcv) 0"
    yield "    #pkts invalid prot (recv) 0, #pkts verify failed: 0"
    yield f"    #pkts invalid identity (recv) {wrong}, #pkts invalid len (rcv) 0"
    yield "    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0"
    yield f"    ##pkts replay failed (rcv): {replayed}"
    yield "    #pkts tagged (send): 0, #pkts untagged (rcv): 0"
    yield "    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0"
    yield "    #pkts internal err (send): 0, #pkts internal err (recv) 0"


def plaintext_mtu(tek: Tek, mtu: int) -> int:
    """The largest packet that fits into one of ``mtu`` bytes once it is encrypted."""
    timed = _TIME if tek.replay is not None and tek.replay[0] == "time" else 0
    inner = mtu - _OUTER - _ESP - iv_bytes(tek) - _ICV.get(digest_bytes(tek), 12)
    block = 4 if iv_bytes(tek) == 8 and not digest_bytes(tek) else iv_bytes(tek)  # noqa: PLR2004 -- GCM counts in words
    return inner - inner % block - _TRAILER - timed


def _ends(router: Router, member: MemberState, name: str, teks: list[Tek]) -> Iterator[str]:
    form = look(router.release)
    port = interface(router, name)
    mtu = int(port.setting("ip mtu", str(port.mtu))) if port else 1500
    outbound = teks if member.direction is not Direction.INBOUND_ONLY else []
    shown = f"path mtu {mtu}, ip mtu {mtu}, ip mtu idb {name}"
    if form != Look.OLD:
        shown = f"plaintext mtu {plaintext_mtu(teks[0], mtu) if teks else mtu}, {shown}"
    spi = f"0x{outbound[0].spi:X}({outbound[0].spi})" if outbound else "0x0(0)"
    yield f"     local crypto endpt.: {member.address}, remote crypto endpt.: 0.0.0.0"
    yield f"     {shown}"
    yield f"     current outbound spi: {spi}"
    if form != Look.OLD:
        yield "     PFS (Y/N): N, DH group: none"
    for way, keys, first in (("inbound", teks, 1), ("outbound", outbound, 2)):
        yield ""
        yield f"     {way} esp sas:"
        for number, tek in enumerate(keys):
            yield from _esp(router, member, tek, first + 2 * number)
        yield ""
        yield f"     {way} ah sas:"
        yield ""
        yield f"     {way} pcp sas:"


def _esp(router: Router, member: MemberState, tek: Tek, number: int) -> Iterator[str]:
    form = look(router.release)
    conn = number + 2 * member.successes + 2 * member.rekeys_total
    engine = {Look.XE: "ESG", Look.OLD: "SW"}.get(form, "Onboard VPN")
    flags = f" sibling_flags {'FFFFFFFF80000040' if form == Look.XE else '80000040'}," if form != Look.OLD else ""
    remaining = left(router.clock.now(), tek.ends)
    yield f"      spi: 0x{tek.spi:X}({tek.spi})"
    yield f"        transform: {transform(tek)} ,"
    yield "        in use settings ={Tunnel, }"
    yield (
        f"        conn id: {2000 + conn if form == Look.XE else conn}, flow_id: {engine}:{conn},{flags} "
        f"crypto map: {member.crypto_map[0]}"
    )
    yield f"        sa timing: remaining key lifetime (k/sec): ({_KILOBYTES}/{remaining})"
    yield f"        IV size: {iv_bytes(tek)} bytes"
    yield f"        replay detection support: {'Y' if tek.replay is not None else 'N'}"
    yield f"        Status: {'ACTIVE' if form == Look.OLD else 'ACTIVE(ACTIVE)'}"


# -- what is configured


def show_transform_set(shell: Shell, _words: Words, values: Words) -> Iterable[str]:
    """``show crypto ipsec transform-set [tag NAME]``."""
    if shell.router.release.is_xe and values in {(), ("default",)}:
        yield f"Transform set default: {{ {_DEFAULT_SET}  }} "
        yield "   will negotiate = { Transport,  }, "
        yield ""
    for block in shell.router.running.all("crypto ipsec transform-set "):
        _, _, _, name, *rest = block.text.split()
        if values and values[0] != name:
            continue
        mode = next((line.text.split()[1] for line in block.lines if line.text.startswith("mode ")), "tunnel")
        yield f"Transform set {name}: {{ {spelled(rest)}  }} "
        yield f"   will negotiate = {{ {mode.capitalize()},  }}, "
        yield ""


def spelled(words: list[str]) -> str:
    """``esp-aes 256 esp-sha-hmac`` as screens spell it: ``esp-256-aes esp-sha-hmac``."""
    text = " ".join(words)
    for bits in ("192", "256"):
        text = text.replace(f"esp-aes {bits}", f"esp-{bits}-aes")
    return text


def show_profile(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto ipsec profile``."""
    running = shell.router.running
    sets = {"default": _DEFAULT_SET.split()} | {
        block.text.split()[3]: block.text.split()[4:] for block in running.all("crypto ipsec transform-set ")
    }
    profiles = [
        (block.text.split()[-1], [line.text for line in block.lines])
        for block in running.top.lines
        if block.opens == "ipsecprofile"
    ]
    if shell.router.release.is_xe:
        profiles.insert(0, ("default", ["set transform-set default"]))
    for name, lines in profiles:
        life = next((line.split()[-1] for line in lines if line.startswith(_LIFETIME)), _global(shell.router))
        names = next((line.split()[2:] for line in lines if line.startswith("set transform-set ")), [])
        yield f"IPSEC profile {name}"
        yield f"\tSecurity association lifetime: {_KILOBYTES} kilobytes/{life} seconds"
        if look(shell.router.release) != Look.OLD:
            yield "\tResponder-Only (Y/N): N"
        yield "\tPFS (Y/N): N"
        if look(shell.router.release) == Look.XE:
            yield "\tMixed-mode : Disabled"
        yield "\tTransform sets={ "
        yield from (f"\t\t{item}:  {{ {spelled(sets.get(item, []))}  }} , " for item in names)
        yield "\t}"
        yield ""


_LIFETIME = "set security-association lifetime seconds "


def _global(router: Router) -> str:
    block = router.running.find("crypto ipsec security-association lifetime seconds ")
    return block.text.split()[-1] if block else "3600"


def show_lifetime(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto ipsec security-association lifetime``."""
    return [f"Security association lifetime: {_KILOBYTES} kilobytes/{_global(shell.router)} seconds"]


SHOWS = {
    "show-ipsec-sa": show_sa,
    "show-ipsec-sa-count": show_count,
    "show-ipsec-transform-set": show_transform_set,
    "show-ipsec-profile": show_profile,
    "show-ipsec-lifetime": show_lifetime,
}
