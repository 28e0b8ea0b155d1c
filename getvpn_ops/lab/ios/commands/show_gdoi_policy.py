"""Keys as their key server shows them: ``show crypto gdoi ks policy``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    Look,
    cipher_bytes,
    der_bytes,
    digest_bytes,
    kek_bytes,
    left,
    live,
    look,
    old_names,
    transform,
)
from getvpn_ops.lab.ios.commands.show_gdoi_server import configured, handle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import Kek, KeyServerState, Tek
    from getvpn_ops.lab.ios.router import Router

_KEK_WIDE, _TEK_WIDE = 12, 14


def policy_lines(router: Router, servers: list[KeyServerState]) -> Iterator[str]:
    """``show crypto gdoi ks policy``: without keys there are header lines only.

    The guide's release has such lines for the other key servers as well; the capture of XE has none.
    """
    yield "Key Server Policy:"
    for number, server in enumerate(servers):
        if number:
            yield ""
        own = [server.address, *(() if router.release.is_xe else server.peers)]
        for place, address in enumerate(own):
            group, box = handle(router, server.handle), handle(router, server.handle + place)
            shown = (f"0x{group:X}", f"0x{box:X}") if router.release.is_xe else (str(group), str(box))
            yield f"For group {server.group} (handle: {shown[0]}) server {address} (handle: {shown[1]}):"
            yield ""
            if not place and (server.kek is not None or server.teks):
                yield f"  # of teks : {len(server.teks)}  Seq num : {server.sequence}"
                if server.kek is not None:
                    yield from _kek_lines(router, server, server.kek)
                for at, tek in enumerate(server.teks):
                    newest = not any(other.sequence == tek.sequence for other in server.teks[:at])
                    due = server.next_tek_rekey if newest and tek in live([tek], router.clock.now()) else None
                    yield ""
                    yield from _tek_lines(router, tek, due)
                    yield ""


def _pair(first: tuple[str, object], second: tuple[str, object], form: Look, wide: int = _TEK_WIDE) -> str:
    """Two columns; up to 15.x those of a KEK are narrower, and values are filled with blanks."""
    if form == Look.XE:
        return f"    {first[0]:<19}: {first[1]!s:<14}{second[0]:<22}: {second[1]}"
    label, fill = (22, 10) if wide == _TEK_WIDE else (18, 10 if isinstance(second[1], str) else 8)
    return f"    {first[0]:<19}: {first[1]!s:<{wide}}{second[0]:<{label}}: {second[1]!s:<{fill}}"


def _kek_lines(router: Router, server: KeyServerState, kek: Kek) -> Iterator[str]:
    form, now = look(router.release), router.clock.now()
    size, remaining = int(kek.lifetime.total_seconds()), left(now, kek.ends)
    yield f"  KEK POLICY (transport type : {'Unicast' if kek.unicast else 'Multicast'})"
    yield f"    spi : 0x{kek.spi.hex().upper()}"
    yield _pair(("management alg", "disabled"), ("encrypt alg", kek.algorithm), form, _KEK_WIDE)
    vector = 16 if kek.algorithm == "AES" else 8
    yield _pair(("crypto iv length", vector), ("key size", kek_bytes(kek)), form, _KEK_WIDE)
    if form == Look.XE:
        yield _pair(("orig life(sec)", size), ("remaining life(sec)", remaining), form)
    else:
        yield f"    orig life(sec): {size:<10}  remaining life(sec): {remaining:<10}"
    if form >= Look.ISR:
        due = left(now, server.next_kek_rekey) if server.next_kek_rekey else "n/a"
        yield f"    time to rekey (sec): {due}" if form == Look.XE else f"    time to rekey (sec): {due!s:<10}"
    yield _pair(("sig hash algorithm", "enabled"), ("sig key length", der_bytes(kek.sig_bits)), form, _KEK_WIDE)
    size_text = str(kek.sig_bits // 8)
    yield f"    sig size           : {size_text}" if form == Look.XE else f"    sig size           : {size_text:<10}"
    yield f"    sig key name       : {kek.sig_key}"
    if kek.address is not None:
        yield f"    multicast address  : {kek.address}"  # from memory: no capture of a multicast policy
    wanted = configured(router, server)
    if form >= Look.ISR:
        yield f"    acknowledgement    : {wanted.acknowledgement.capitalize() if wanted else 'Cisco'}"


def _tek_lines(router: Router, tek: Tek, due: datetime | None) -> Iterator[str]:
    form, now = look(router.release), router.clock.now()
    whole, remaining = int(tek.lifetime.total_seconds()), left(now, tek.ends)
    window = tek.replay[1] if tek.replay else 0
    took = int((now - tek.born).total_seconds())
    yield "  TEK POLICY (encaps : ENCAPS_TUNNEL)"
    if form == Look.OLD:
        cipher_name, hash_name = old_names(tek)
        yield f"    spi                : 0x{tek.spi:X}    access-list        : {tek.acl}"
        yield _pair(("# of transforms", 0), ("transform", cipher_name), form)
        yield f"    hmac alg           : {hash_name}"
    else:
        blank = "" if form == Look.XE else " "
        yield f"    spi                : 0x{tek.spi:X}"
        yield f"    access-list        : {tek.acl}"
        yield f"    transform          : {transform(tek)}{blank}"
    yield _pair(("alg key size", cipher_bytes(tek)), ("sig key size", digest_bytes(tek)), form)
    yield _pair(("orig life(sec)", whole), ("remaining life(sec)", remaining), form)
    yield _pair(("tek life(sec)", whole), ("elapsed time(sec)", took), form)
    if form == Look.OLD:
        yield f"    antireplay window size: {window}"
        return
    ends = int((tek.ends - tek.born).total_seconds())
    override = ends if ends < whole else 0
    name = "override life(sec)" if form == Look.XE else "override life (sec)"
    yield _pair((name, override), ("antireplay window size", window), form)
    text = str(left(now, due)) if due else "n/a"
    yield f"    time to rekey (sec): {text}" if form == Look.XE else f"    time to rekey (sec): {text:<10}"
