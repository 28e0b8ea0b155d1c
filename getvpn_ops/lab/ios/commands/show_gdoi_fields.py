"""Words and numbers in the screens of GETVPN, as each sort of release writes them."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import Ace, Counters, Kek, MemberState, Tek
    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router

_ALL = 0xFFFFFFFF
_CIPHER_BYTES = {"esp-des": 8, "esp-3des": 24, "esp-seal": 20, "esp-null": 0}
_HASH_BYTES = {
    "esp-md5-hmac": 16,
    "esp-sha-hmac": 20,
    "esp-sha256-hmac": 32,
    "esp-sha384-hmac": 48,
    "esp-sha512-hmac": 64,
}
_OLD_CIPHERS = {"esp-des": "ESP_DES", "esp-3des": "ESP_3DES", "esp-aes": "ESP_AES", "esp-null": "ESP_NULL"}
_OLD_HASHES = {"esp-md5-hmac": "HMAC_AUTH_MD5", "esp-sha-hmac": "HMAC_AUTH_SHA"}
BLANKS = " " * 31
"""What XE and 15.x print behind the list of key servers."""
_KB = 4608000


class Look(IntEnum):
    """Sorts of layouts, oldest first."""

    OLD = 1
    """12.4T, as the deployment guide shows it."""
    ISR = 2
    """15.0 to 15.2."""
    LATE = 3
    """15.3 and later: with paths, versions and sizes of keys, as Cisco's notes on GETVPN 1.0.4 show."""
    XE = 4
    """16.x and 17.x."""


def look(release: Release) -> Look:
    """The layout of a release."""
    if release.is_xe:
        return Look.XE
    if release.family == "12.4":
        return Look.OLD
    return Look.LATE if release.numbers >= (15, 3, 0) else Look.ISR


def left(now: datetime, moment: datetime | None) -> int:
    """Whole seconds until a moment; 0 once it has passed or if there is none."""
    return max(0, int((moment - now).total_seconds())) if moment else 0


def elapsed(now: datetime, moment: datetime) -> str:
    """``00:01:30``: how long ago a moment was; hours grow beyond two digits."""
    seconds = max(0, int((now - moment).total_seconds()))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def live(teks: Iterable[Tek], now: datetime) -> list[Tek]:
    """The keys that have not ended, newest first."""
    return [tek for tek in teks if tek.ends > now]


def downloaded(member: MemberState) -> tuple[Ace, ...]:
    """The list that a member has from its key server."""
    if member.downloaded:
        return member.downloaded
    newest = {tek.sequence: tek for tek in reversed(member.teks)}
    return tuple(entry for number in sorted(newest) for entry in newest[number].entries)


def counted(router: Router, member: MemberState) -> Counters:
    """The packets that a screen of the router shows by now."""
    return router.gdoi.shown(member) if router.gdoi.shown is not None else member.counters


# -- access lists


def _end(pair: tuple[int, int]) -> str:
    address, wildcard = pair
    if wildcard == _ALL:
        return "any"
    if not wildcard:
        return f"host {IPv4Address(address)}"
    return f"{IPv4Address(address)} {IPv4Address(wildcard)}"


def ace_text(entry: Ace) -> str:
    """``deny udp any port = 848 any``."""
    ends = [
        _end(pair) + (f" port = {port}" if port is not None else "")
        for pair, port in ((entry.source, entry.source_port), (entry.destination, entry.destination_port))
    ]
    return f"{'permit' if entry.permit else 'deny'} {entry.protocol} {' '.join(ends)}"


def prefix(pair: tuple[int, int]) -> str:
    """``ANY``, ``192.0.2.1`` or ``192.0.2.0/24``."""
    address, wildcard = pair
    if wildcard == _ALL:
        return "ANY"
    return f"{IPv4Address(address)}" + (f"/{32 - wildcard.bit_length()}" if wildcard else "")


def mask(pair: tuple[int, int]) -> str:
    """``192.0.2.0/255.255.255.0``."""
    return f"{IPv4Address(pair[0])}/{IPv4Address(pair[1] ^ _ALL)}"


def downloaded_lines(entries: Iterable[Ace], form: Look) -> list[str]:
    """A list as a member shows what it downloaded; releases differ in the blanks behind ``access-list``."""
    blanks = {Look.OLD: " ", Look.ISR: "  ", Look.LATE: "  "}.get(form, "   ")
    return [f"   access-list{blanks}{ace_text(entry)}" for entry in entries]


# -- algorithms


def transform(tek: Tek) -> str:
    """``esp-256-aes esp-sha-hmac``: the transform set in the words of the screens."""
    words = []
    for part in tek.transform:
        name, _, bits = part.partition(" ")
        words.append(f"esp-{bits}-aes" if name == "esp-aes" and bits not in {"", "128"} else part)
    return " ".join(words)


def cipher(tek: Tek) -> str:
    """The part of a transform set that encrypts."""
    return next((part for part in tek.transform if "-hmac" not in part), "")


def digest(tek: Tek) -> str:
    """The part of a transform set that proves integrity; empty: none of its own."""
    return next((part for part in tek.transform if "-hmac" in part), "")


def cipher_bytes(tek: Tek) -> int:
    """Length of the key that encrypts."""
    name, _, bits = cipher(tek).partition(" ")
    return _CIPHER_BYTES.get(name, int(bits or 128) // 8)


def digest_bytes(tek: Tek) -> int:
    """Length of the key that proves integrity."""
    return _HASH_BYTES.get(digest(tek), 0)


def iv_bytes(tek: Tek) -> int:
    """Length of what begins the encrypted part of a packet."""
    return 8 if cipher(tek).startswith(("esp-des", "esp-3des", "esp-gcm", "esp-gmac")) else 16


def old_names(tek: Tek) -> tuple[str, str]:
    """``ESP_AES`` and ``HMAC_AUTH_SHA``, as 12.4 says it."""
    name = cipher(tek).partition(" ")[0]
    return _OLD_CIPHERS.get(name, "ESP_NULL"), _OLD_HASHES.get(digest(tek), "HMAC_AUTH_NONE")


def kek_bytes(kek: Kek) -> int:
    """Length of the key that protects rekeys."""
    return 8 if kek.algorithm == "DES" else kek.key_bits // 8


def sig_hash(kek: Kek) -> str:
    """``HMAC_AUTH_SHA``."""
    return f"HMAC_AUTH_{kek.sig_hash.upper()}"


def der_bytes(bits: int) -> int:
    """Length of an RSA public key in DER, which screens take for the length of the signing key: 294 for 2048 bits."""

    def framed(length: int) -> int:
        size = 0 if length < 128 else (length.bit_length() + 7) // 8  # noqa: PLR2004 -- short form of DER
        return length + 2 + size

    key = framed(framed(bits // 8 + 1) + framed(3))
    return framed(framed(key + 1) + 15)


def replay_method(tek: Tek) -> str:
    """``Time/5 sec``, ``Counter/64`` or ``Disabled``."""
    if tek.replay is None:
        return "Disabled"
    kind, size = tek.replay
    return f"Time/{size} sec" if kind == "time" else f"Counter/{size}"


def anti_replay(tek: Tek) -> str:
    """``Anti-Replay(Time Based) : 5 sec interval``."""
    if tek.replay is None:
        return "Anti-Replay : Disabled"
    kind, size = tek.replay
    if kind == "time":
        return f"Anti-Replay(Time Based) : {size} sec interval"
    return f"Anti-Replay(Counter Based) : {size}"


def cookies(kek: Kek) -> tuple[str, str]:
    """My and his cookie: the halves of the KEK's SPI, of which screens show four bytes each."""
    return kek.spi[:4].hex().upper(), kek.spi[8:12].hex().upper()


def rekey_conn(member: MemberState) -> int:
    """Number of the rekey SA: it grows with each registration and rekey."""
    return 1000 + 2 * member.successes + member.rekeys_total
