"""IKE: ``show crypto isakmp sa | policy | key | peers``.

The lab keeps no IKE SAs: they follow from what happened. A registration leaves one for the policy's lifetime, a rekey
SA lives as its KEK, key servers that hear each other have one. ``clear crypto isakmp`` hides what is older.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.ike import Policy, ike
from getvpn_ops.lab.gdoi.state import PeerStatus, Registration, Role
from getvpn_ops.lab.ios.commands.show_gdoi_fields import kek_bytes
from getvpn_ops.lab.ios.commands.show_gdoi_sa import rekey_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from ipaddress import IPv4Address

    from getvpn_ops.lab.gdoi.state import Kek, KeyServerState, MemberState
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

Words = tuple[str, ...]
_DAY = 86400
_MEMBER_LIFE = 300  # of the guide's members: the shorter lifetime of two ends counts, and a key server has a day
_CIPHERS = {
    "des": "DES - Data Encryption Standard (56 bit keys).",
    "3des": "Three key triple DES",
    "aes": "AES - Advanced Encryption Standard (128 bit keys).",
    "aes 192": "AES - Advanced Encryption Standard (192 bit keys).",
    "aes 256": "AES - Advanced Encryption Standard (256 bit keys).",
}
_DIGESTS = {
    "md5": "Message Digest 5",
    "sha": "Secure Hash Standard",
    "sha256": "Secure Hash Standard 2 (256 bit)",
    "sha384": "Secure Hash Standard 2 (384 bit)",
    "sha512": "Secure Hash Standard 2 (512 bit)",
}
_METHODS = {
    "pre-share": "Pre-Shared Key",
    "rsa-sig": "Rivest-Shamir-Adleman Signature",
    "rsa-encr": "Rivest-Shamir-Adleman Encryption",
}
_GROUPS = {"1": 768, "2": 1024, "5": 1536, "14": 2048, "15": 3072, "16": 4096, "19": 256, "20": 384, "21": 521}


@dataclass(frozen=True, slots=True)
class Sa:
    """An SA of IKE or of rekeys.

    Attributes:
        destination: the responder.
        source: the initiator.
        local: the address of this router.
        state: such as ``GDOI_IDLE``.
        conn: its number; 0: none yet.
        ends: when it ends.
        vrf: in which it was made.
        kek: of a rekey SA.
    """

    destination: str
    source: str
    local: str
    state: str
    conn: int
    ends: datetime
    vrf: str = ""
    kek: Kek | None = None

    @property
    def remote(self) -> str:
        """The address of the other end."""
        return self.source if self.local == self.destination else self.destination


def associations(router: Router) -> list[Sa]:
    """The SAs of a router, those of its members first."""
    found: list[Sa] = []
    for member in router.gdoi.members:
        found += _of_member(router, member)
    known: set[tuple[str, str, str]] = set()
    for server in router.gdoi.servers.values():
        for sa in _of_server(router, server):  # groups with the same ends share their IKE
            ends = (sa.local, sa.remote, sa.state)
            if sa.kek is not None or ends not in known:
                found.append(sa)
            known.add(ends)
    return found


def lifetime(router: Router) -> int:
    """Seconds of the first ISAKMP policy."""
    blocks = sorted(
        (block for block in router.running.top.lines if block.opens == "isakmp"),
        key=lambda block: int(block.text.split()[-1]),
    )
    lines = [line.text for line in blocks[0].lines] if blocks else []
    return next((int(line.split()[-1]) for line in lines if line.startswith("lifetime ")), _DAY)


def _is_kept(router: Router, moment: datetime | None) -> bool:
    cleared = router.gdoi.isakmp_cleared
    return moment is not None and (cleared is None or moment > cleared)


def _of_member(router: Router, member: MemberState) -> Iterator[Sa]:
    now = router.clock.now()
    address = str(member.address)
    if (ends := rekey_ends(router, member)) is not None and member.kek is not None:
        yield Sa(ends[0], ends[1], ends[0], "GDOI_REKEY", ends[2], member.kek.ends, member.vrf, member.kek)
    if member.registration is not Registration.REGISTERED:
        if member.attempts and member.servers and member.address:
            yield Sa(str(member.server or member.servers[0]), address, address, "MM_NO_STATE", 0, now, member.vrf)
        return
    until = member.registered + timedelta(seconds=lifetime(router)) if member.registered else now
    if until > now and _is_kept(router, member.registered):
        yield Sa(
            str(member.server), address, address, "GDOI_IDLE", 999 + 2 * max(1, member.successes), until, member.vrf
        )


def _of_server(router: Router, server: KeyServerState) -> Iterator[Sa]:
    now, own = router.clock.now(), str(server.address)
    life = timedelta(seconds=min(lifetime(router), _MEMBER_LIFE))
    number = 1000
    members: list[IPv4Address] = sorted(server.members)
    for peer in server.peers.values():
        number += 1
        if peer.status is PeerStatus.ALIVE and _is_kept(router, peer.heard):
            ends = now + timedelta(seconds=lifetime(router))
            pair = (str(peer.address), own) if server.role is Role.PRIMARY else (own, str(peer.address))
            yield Sa(*pair, own, "GDOI_IDLE", number, ends)
        elif peer.status is PeerStatus.DEAD:
            yield Sa(str(peer.address), own, own, "MM_NO_STATE", 0, now)
    kek = server.kek
    if kek is not None and members and server.role is Role.PRIMARY and _is_kept(router, kek.born):
        target = str(members[-1] if kek.unicast else kek.address)
        yield Sa(target, own, own, "GDOI_REKEY", 0, kek.ends, kek=kek)
    for address in members:
        record = server.members[address]
        number += 1
        if record.local and record.registered + life > now and _is_kept(router, record.registered):
            yield Sa(own, str(address), own, "GDOI_IDLE", number, record.registered + life)


def show_sa(shell: Shell, words: Words, _values: Words) -> Iterable[str]:
    """``show crypto isakmp sa [active | standby | count | detail]``."""
    found = associations(shell.router)
    if words[-1] == "count":
        dead = sum(sa.state == "MM_NO_STATE" for sa in found)
        yield f"Active ISAKMP SA's: {len(found) - dead}"
        yield ""
        yield "Standby ISAKMP SA's: 0"
        yield ""
        yield f"Currently being negotiated ISAKMP SA's: {dead}"
        yield ""
        yield "Dead ISAKMP SA's: 0"
        return
    if words[-1] == "detail":
        yield from _details(shell.router, found)
        return
    slot = words[-1] in {"active", "standby"}  # captures of these have the column that others lost with 12.4(15)T
    yield "IPv4 Crypto ISAKMP SA"
    yield f"dst             src             state          conn-id {'slot ' if slot else ''}status"
    for sa in found if words[-1] != "standby" else ():
        row = f"{sa.destination:<15} {sa.source:<15} {sa.state:<14} {sa.conn:>7}"
        yield f"{row} {'   0 ' if slot else ''}ACTIVE"
    yield ""
    if slot:
        return
    yield "IPv6 Crypto ISAKMP SA"
    yield ""


def _details(router: Router, found: list[Sa]) -> Iterator[str]:
    now, policies = router.clock.now(), ike(router).policies
    policy = policies[0] if policies else Policy("des", "sha", "1", "rsa-sig")
    auth = {"pre-share": "psk", "rsa-sig": "rsig", "rsa-encr": "renc"}.get(policy.authentication, "psk")
    yield "Codes: C - IKE configuration mode, D - Dead Peer Detection"
    yield "       K - Keepalives, N - NAT-traversal"
    yield "       T - cTCP encapsulation, X - IKE Extended Authentication"
    yield "       psk - Preshared key, rsig - RSA signature"
    yield "       renc - RSA encryption"
    yield "IPv4 Crypto ISAKMP SA"
    yield ""
    yield "C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap."
    for sa in found:
        seconds = max(0, int((sa.ends - now).total_seconds()))
        life = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}" if seconds < _DAY else "23:59:59"
        encryption, digest, group = policy.encryption.split()[0], policy.hash, policy.group
        if sa.kek is not None:  # a rekey SA has no group, and is proven by signatures
            encryption, digest, group, kind = sa.kek.algorithm.lower(), sa.kek.sig_hash, "0", "rsig"
        else:
            kind = auth
        yield ""
        yield (
            f"{sa.conn:<5} {sa.local:<15} {sa.remote:<15} {sa.vrf:<8} ACTIVE {encryption:<4} {digest:<6} {kind:<4} "
            f"{group:<2} {life} D  "
        )
        yield f"       Engine-id:Conn-id =  SW:{sa.conn % 1000}"
    yield ""
    yield "IPv6 Crypto ISAKMP SA"
    yield ""


# -- what is configured


def show_policy(shell: Shell, words: Words, _values: Words) -> Iterable[str]:
    """``show crypto isakmp [default] policy``."""
    running = shell.router.running
    blocks = [block for block in running.top.lines if block.opens == "isakmp"]
    if "default" in words or (not blocks and ike(shell.router).policies):
        yield ""
        yield "Default IKE policy"
        for number, policy in enumerate(_defaults()):
            yield from _suite(f"Default protection suite of priority {65507 + number}", policy, _DAY)
        return
    yield ""
    yield "Global IKE policy"
    for block in sorted(blocks, key=lambda item: int(item.text.split()[-1])):
        lines = [line.text for line in block.lines]
        policy = Policy(
            _said(lines, "encryption ", "des").removesuffix(" 128"),
            _said(lines, "hash ", "sha"),
            _said(lines, "group ", "1"),
            _said(lines, "authentication ", "rsa-sig"),
        )
        life = int(_said(lines, "lifetime ", str(_DAY)))
        yield from _suite(f"Protection suite of priority {block.text.split()[-1]}", policy, life)


def _said(lines: list[str], start: str, default: str) -> str:
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), default)


def _defaults() -> Iterator[Policy]:
    for encryption, group in (("aes", "5"), ("3des", "2")):
        for digest in ("sha", "md5"):
            for method in ("rsa-sig", "pre-share"):
                yield Policy(encryption, digest, group, method)


def _suite(title: str, policy: Policy, life: int) -> Iterator[str]:
    yield title
    yield f"        encryption algorithm:   {_CIPHERS.get(policy.encryption, policy.encryption)}"
    yield f"        hash algorithm:         {_DIGESTS.get(policy.hash, policy.hash)}"
    yield f"        authentication method:  {_METHODS.get(policy.authentication, policy.authentication)}"
    yield f"        Diffie-Hellman group:   #{policy.group} ({_GROUPS.get(policy.group, 0)} bit)"
    yield f"        lifetime:               {life} seconds, no volume limit"


def show_key(shell: Shell, _words: Words, _values: Words) -> Iterable[str]:
    """``show crypto isakmp key``: keyrings appear by their VRF."""
    keys = ike(shell.router).keys
    if not keys:
        return
    yield "Keyring      Hostname/Address                            Preshared Key"
    yield ""
    for key in keys:
        yield f"{key.vrf or 'default':<12} {_dotted(key.address):<43} {key.key}"


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def show_peers(shell: Shell, _words: Words, values: Words) -> Iterable[str]:
    """``show crypto isakmp peers [ADDRESS]``."""
    for sa in associations(shell.router):
        if sa.state == "GDOI_IDLE" and (not values or sa.remote == values[0]):
            yield f"Peer: {sa.remote} Port: 848 Local: {sa.local}"
            yield f" Phase1 id: {sa.remote}"


def kek_digest(kek: Kek) -> str:
    """``SHA+AES256``: the algorithms of a rekey SA as crypto engines name them."""
    bits = str(kek_bytes(kek) * 8) if kek.algorithm == "AES" and kek_bytes(kek) > 16 else ""  # noqa: PLR2004 -- AES-128
    return f"{kek.sig_hash.upper()}+{kek.algorithm}{bits}"


SHOWS = {
    "show-isakmp-sa": show_sa,
    "show-isakmp-policy": show_policy,
    "show-isakmp-key": show_key,
    "show-isakmp-peers": show_peers,
}
