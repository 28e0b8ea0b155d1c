"""Whether two ends agree in IKE: same policy, same pre-shared key, certificates that are valid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.identity import certificates
from getvpn_ops.lab.ios.identity.passwords import clear_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.lab.ios.configuration.blocks import Block
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.router import Router

_ALL = 0xFFFFFFFF
_SHARED, _SIGNED = "pre-share", "rsa-sig"
_DEFAULTS_SINCE = (12, 4, 20)


class Verdict(Enum):
    """How an attempt of IKE ends."""

    AGREED = "agreed"
    POLICY = "no common policy"
    KEY = "the pre-shared keys differ"
    CERTIFICATE = "no valid certificate"


@dataclass(frozen=True, slots=True)
class Policy:
    """An ISAKMP policy; its defaults are filled in."""

    encryption: str
    hash: str
    group: str
    authentication: str


_BUILT_IN = tuple(  # of releases that have default policies, where none is configured
    Policy(encryption, digest, group, authentication)
    for encryption, group in (("aes", "5"), ("3des", "2"))
    for digest in ("sha", "md5")
    for authentication in (_SIGNED, _SHARED)
)


@dataclass(frozen=True, slots=True)
class Key:
    """A pre-shared key: for a VRF (empty: the global table), an address and a mask."""

    vrf: str
    address: int
    mask: int
    key: str


@dataclass(frozen=True, slots=True)
class Ike:
    """What a configuration says of IKE.

    Attributes:
        policies: in the order in which they are offered.
        keys: that can be read.
        name: full host name, an identity where addresses are not.
        identity: ``address``, ``hostname`` or ``dn``.
    """

    policies: tuple[Policy, ...]
    keys: tuple[Key, ...]
    name: str
    identity: str

    def key(self, peer: IPv4Address, vrf: str = "") -> str | None:
        """The pre-shared key for a peer: the one with the narrowest mask."""
        found = [item for item in self.keys if item.vrf == vrf and not (item.address ^ int(peer)) & item.mask]
        return max(found, key=lambda item: item.mask).key if found else None


def ike(router: Router) -> Ike:
    """Read what a router's configuration says of IKE."""
    running = router.running
    blocks = sorted(
        (block for block in running.top.lines if block.opens == "isakmp"), key=lambda block: int(block.text.split()[-1])
    )
    policies = tuple(_policy([line.text for line in block.lines]) for block in blocks)
    if not policies and router.release.numbers >= _DEFAULTS_SINCE:
        policies = _BUILT_IN
    domain = next(
        (block.text.split()[-1] for start in ("ip domain name ", "ip domain-name ") if (block := running.find(start))),
        "",
    )
    identity = running.find("crypto isakmp identity ")
    return Ike(
        policies,
        tuple(_keys(running)),
        f"{router.configured_name}.{domain}" if domain else router.configured_name,
        identity.text.split()[-1] if identity else "address",
    )


def _policy(lines: list[str]) -> Policy:
    def said(*starts: str, default: str) -> str:
        return next((line[len(start) :] for start in starts for line in lines if line.startswith(start)), default)

    encryption = said("encr ", "encryption ", default="des")
    return Policy(
        encryption.removesuffix(" 128"),
        said("hash ", default="sha"),
        said("group ", default="1"),
        said("authentication ", default=_SIGNED),
    )


def _keys(running: Configuration) -> list[Key]:
    found = []
    for block in running.top.lines:
        if block.text.startswith("crypto isakmp key "):
            found.append(_key(running, block, ""))
        elif block.opens == "keyring":
            vrf = block.text.partition(" vrf ")[2]
            found += [_key(running, line, vrf) for line in block.lines if line.text.startswith("pre-shared-key ")]
    return [item for item in found if item is not None]


def _key(running: Configuration, line: Block, vrf: str) -> Key | None:
    words = line.text.split()
    if "address" not in words or "ipv6" in words:
        return None
    at = words.index("address") + 1
    shared = line.text.startswith("pre-shared-key ")
    if not shared:  # crypto isakmp key [N] KEY address A [MASK]: the key itself may be the word "address"
        at = len(words) - 1 - words[::-1].index("address") + 1
    clear = clear_key(running, words if shared else words[3 : at - 1])
    if clear is None or at >= len(words):
        return None
    mask = words[at + 1] if len(words) > at + 1 and words[at + 1].count(".") == 3 else ""  # noqa: PLR2004 -- dotted
    return Key(vrf, int(IPv4Address(words[at])), int(IPv4Address(mask)) if mask else _ALL, clear)


@dataclass(frozen=True, slots=True)
class End:
    """One end of IKE: the router, what its configuration says, its address and the VRF in which it speaks."""

    router: Router
    ike: Ike
    address: IPv4Address
    vrf: str = ""


def judge(initiator: End, responder: End) -> Verdict:
    """How IKE between two ends ends: the first policy of the initiator that the responder has too decides."""
    ours, theirs = initiator.ike.key(responder.address, initiator.vrf), responder.ike.key(initiator.address)
    usable: dict[str, Callable[[], bool]] = {
        _SHARED: lambda: ours is not None,
        _SIGNED: partial(has_certificate, initiator.router),
    }
    verdict = Verdict.POLICY
    for policy in initiator.ike.policies:
        if policy not in responder.ike.policies:
            continue
        if not usable.get(policy.authentication, lambda: False)():
            verdict = Verdict.KEY if policy.authentication == _SHARED else Verdict.CERTIFICATE
            continue  # IKE does not offer what it cannot prove
        if policy.authentication == _SHARED:
            return Verdict.AGREED if ours == theirs else Verdict.KEY
        return Verdict.AGREED if has_certificate(responder.router) else Verdict.CERTIFICATE
    return verdict


def has_certificate(router: Router) -> bool:
    """Whether a router holds a certificate that is valid now, by any of its trustpoints."""
    return any(certificates.state(router, name) == "valid" for name in certificates.trustpoints(router.running))
