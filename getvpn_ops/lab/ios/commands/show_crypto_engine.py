"""Crypto engines: their connections and what they are; ``show crypto eli``; multicast groups that are joined."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.ike import Policy, ike
from getvpn_ops.lab.gdoi.state import Direction
from getvpn_ops.lab.ios.commands.show_crypto_isakmp import associations, kek_digest
from getvpn_ops.lab.ios.commands.show_gdoi_fields import (
    Look,
    cipher,
    counted,
    digest,
    downloaded,
    elapsed,
    live,
    look,
)
from getvpn_ops.lab.ios.interfaces import interfaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.gdoi.state import Tek
    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_ROOM = 40000  # sessions that an engine can hold
_CIPHERS = {"esp-3des": "3DES", "esp-des": "DES", "esp-null": "NULL"}


def _algorithm(tek: Tek) -> str:
    """``AES256+SHA``."""
    name, _, bits = cipher(tek).partition(" ")
    first = _CIPHERS.get(name) or ("GCM" if "gcm" in name else "AES") + (bits if bits not in {"", "128"} else "")
    second = digest(tek).removeprefix("esp-").removesuffix("-hmac").upper()
    return f"{first}+{second}" if second else first


def show_connections(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto engine connections active``: each key twice, then IKE; counters are of the group's newest key."""
    router, now = shell.router, shell.router.clock.now()
    old = look(router.release) == Look.OLD
    yield "Crypto Engine Connections"
    yield ""
    if old:
        yield "   ID Interface  Type  Algorithm           Encrypt  Decrypt IP-Address"
    else:
        yield "   ID  Type    Algorithm           Encrypt  Decrypt LastSeqN IP-Address"
    number = 0 if not router.release.is_xe else 2000
    for member in router.gdoi.members:
        counters = counted(router, member)
        local = next((str(IPv4Address(entry.source[0])) for entry in downloaded(member) if entry.permit), "")
        for at, tek in enumerate(live(member.teks, now)):
            newest = not at
            ways = [(0, int(counters.decrypted) if newest else 0)]
            if member.direction is not Direction.INBOUND_ONLY:
                ways.append((int(counters.encrypted) if newest else 0, 0))
            for sent, got in ways:
                number += 1
                where: tuple[str, str | None] = (local, None)
                if old:
                    where = (str(member.address), next(iter(member.interfaces), ""))
                yield _row(number, "IPsec", _algorithm(tek), (sent, got), where)
    policies = ike(router).policies
    policy = policies[0] if policies else Policy("des", "sha", "1", "rsa-sig")
    for sa in associations(router):
        if sa.conn:
            name = kek_digest(sa.kek) if sa.kek is not None else _ike_name(policy)
            where = ("" if sa.kek is not None else sa.local, "" if old else None)
            yield _row(sa.conn, "IKE", name, (0, 0), where)
    yield ""


def _row(number: int, kind: str, algorithm: str, counts: tuple[int, int], where: tuple[str, str | None]) -> str:
    """A connection; ``where`` is its address, and on 12.4 its interface, which may be unknown."""
    (sent, got), (address, port) = counts, where
    if port is None:
        return f"{number:>5}  {kind:<7} {algorithm:<18}{sent:>9}{got:>9}{0:>9} {address}"
    return f"{number:>5} {_short(port):<10} {kind:<5} {algorithm:<18}{sent:>9}{got:>9} {address}"


def _short(name: str) -> str:
    return f"{name[:2]}{name.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-')}"


def _ike_name(policy: Policy) -> str:
    name, _, bits = policy.encryption.partition(" ")
    return f"{policy.hash.upper()}+{name.upper()}{bits}"


def show_engine(shell: Shell, words: Words, _values: Words) -> Iterable[str]:
    """``show crypto engine {brief | configuration}``; from memory."""
    router = shell.router
    serial = hashlib.sha256(router.serial.encode()).hexdigest()[:8].upper()
    xe = router.release.is_xe
    name = "Cisco VPN Software Implementation" if not xe else "Cisco IOS-XE Software Crypto Engine"
    if words[-1] == "brief" and not xe:
        yield from _hardware()
    yield ""
    yield f"        crypto engine name:  {name}"
    yield "        crypto engine type:  software"
    yield f"             serial number:  {serial}"
    yield "       crypto engine state:  installed"
    yield "     crypto engine in slot:  N/A"
    if words[-1] == "configuration":
        yield "                  platform:  Cisco Software Crypto Engine"
        yield ""
        yield "   Encryption Process Info:"
        yield "          input queue size:  500"
        yield "           input queue top:  0"
        yield "           input queue bot:  0"
        yield "         input queue count:  0"
        yield ""
        yield "   Crypto Adjacency Counts:"
        yield "                Lock Count:  0"
        yield "              Unlock Count:  0"
        yield "        crypto lib version:  22.0.0"


def _hardware() -> Iterator[str]:
    yield "        crypto engine name:  Virtual Private Network (VPN) Module"
    yield "        crypto engine type:  hardware"
    yield "                     State:  Enabled"
    yield "                  Location:  onboard 0"
    yield "              Product Name:  Onboard-VPN"
    yield "                HW Version:  1.0"
    yield "               Compression:  No"
    yield "                       DES:  Yes"
    yield "                     3 DES:  Yes"
    yield "                   AES CBC:  Yes (128,192,256)"
    yield "                  AES CNTR:  No"
    yield "     Maximum buffer length:  4096"
    yield "          Maximum DH index:  0000"
    yield "          Maximum SA index:  0000"
    yield "        Maximum Flow index:  3000"
    yield "      Maximum RSA key size:  2048"


def show_eli(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto eli [all]``; from memory."""
    router, now = shell.router, shell.router.clock.now()
    found = [sa for sa in associations(router) if sa.conn]
    keys = sum(2 * len(live(member.teks, now)) for member in router.gdoi.members)
    xe = router.release.is_xe
    engine = "IOSXE-ESP(14)" if xe else "Onboard VPN"
    able = "DES, 3DES, AES, GCM, GMAC, RSA, IPv6, GDOI, FAILCLOSE" if xe else "IPPCP, DES, 3DES, AES, IPv6, FAILCLOSE"
    if look(router.release) == Look.OLD:
        able = "DES, 3DES, AES, IPv6"
    yield "Hardware Encryption : ACTIVE"
    yield " Number of hardware crypto engines = 1"
    yield ""
    yield f" CryptoEngine {engine} details: state = Active"
    yield f" Capability    : {able}"
    yield ""
    yield f" IKE-Session   : {len(found):>5} active, 12287 max, 0 failed"
    yield " DH            :     0 active, 12287 max, 0 failed"
    full = router.faults.standing("engine-full")
    taken, failed = (_ROOM, int(full.options["failed"])) if full is not None else (keys, 0)
    yield f" IPSec-Session : {taken:>5} active, {_ROOM} max, {failed} failed"
    yield ""


def show_igmp(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show ip igmp groups``: what interfaces join by configuration; nobody else joins in the lab."""
    router = shell.router
    since = elapsed(router.clock.now(), router.booted)
    yield "IGMP Connected Group Membership"
    yield "Group Address    Interface                Uptime    Expires   Last Reporter   Group Accounted"
    for port in interfaces(router):
        address = port.addresses[0].ip if port.addresses else None
        joined = [line.split()[3] for line in port.lines if line.startswith("ip igmp join-group ")]
        for group in dict.fromkeys(joined):
            if address is not None and not port.shut:
                yield f"{group:<16} {port.name:<24} {since}  stopped   {address!s:<15}"


def show_ikev2(_shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto ikev2 sa [detailed]``: no member of the lab speaks G-IKEv2, so there is none."""
    return []


SHOWS = {
    "show-crypto-connections": show_connections,
    "show-crypto-engine": show_engine,
    "show-crypto-eli": show_eli,
    "show-igmp-groups": show_igmp,
    "show-ikev2-sa": show_ikev2,
}
