"""IKE of a group: which policies, and how they look on a router (guide, "Authentication Policy", "Life time")."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature, first_text
from getvpn_ops.model.config.crypto import IsakmpPolicy
from getvpn_ops.model.intent.crypto import Cipher, Digest, IkePolicyIntent, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.dialect.releases import Release
    from getvpn_ops.model.intent.crypto import IkeIntent
    from getvpn_ops.rendering.problems import Problems

_OLD_GROUPS = frozenset({1, 2, 5})
_HASHES: Mapping[Digest, str] = MappingProxyType(
    {Digest.SHA1: "sha", **{item: str(item) for item in Digest if item is not Digest.SHA1}}
)
_STRONG = IkePolicyIntent(number=10, encryption=Cipher.AES_256, hash=Digest.SHA256, dh_group=14)
_OLD = IkePolicyIntent(number=20, encryption=Cipher.AES_256, hash=Digest.SHA1, dh_group=5)
_GUIDE = IkePolicyIntent(number=1, encryption=Cipher.AES_128, hash=Digest.SHA1, dh_group=2)
_CERTIFIED = 5
"""Added to the numbers of policies with certificates: a router may serve a group with keys beside them."""


def decided(
    ike: IkeIntent, profile: Profile, key_servers: Iterable[Release], members: Iterable[Release]
) -> tuple[IkePolicyIntent, ...]:
    """The policies of a group's key servers: as written, or the profile's, so that each router has one it can do.

    Key servers are alike, so what one of them cannot do none has. The old policy stands beside the strong one only
    where a member needs it.
    """
    general = _GUIDE if profile is Profile.GUIDE else _STRONG
    if ike.policies is not None:
        return tuple(filled(policy, general) for policy in ike.policies)
    if profile is Profile.GUIDE:
        return (general,)
    strong, old = (item if ike.pki is None else _certified(item) for item in (_STRONG, _OLD))
    if any(missing(strong, release) for release in key_servers):
        return (old,)
    return (strong, old) if any(missing(strong, release) for release in members) else (strong,)


def _certified(policy: IkePolicyIntent) -> IkePolicyIntent:
    return policy.model_copy(update={"number": policy.number + _CERTIFIED})


def filled(policy: IkePolicyIntent, general: IkePolicyIntent) -> IkePolicyIntent:
    """A policy with what nobody wrote from another one."""
    unsaid = {key: getattr(general, key) for key in ("encryption", "hash", "dh_group") if getattr(policy, key) is None}
    return policy.model_copy(update=unsaid)


def missing(policy: IkePolicyIntent, release: Release) -> tuple[Feature, ...]:
    """What a release would need for a policy, and does not have."""
    wanted = []
    if policy.hash not in {Digest.MD5, Digest.SHA1, None}:
        wanted.append(Feature.IKE_SHA2)
    if policy.dh_group not in _OLD_GROUPS:
        wanted.append(Feature.IKE_GROUP_14)
    return tuple(feature for feature in wanted if not release.has(feature))


def on_key_server(
    policies: Iterable[IkePolicyIntent], ike: IkeIntent, release: Release, device: str, problems: Problems
) -> Iterator[IsakmpPolicy]:
    """All policies of a group."""
    for policy in policies:
        for feature in missing(policy, release):
            problems.add(device, f"ike policy {policy.number}", lacking(feature, release))
        yield _line(policy, ike, ike.key_server_lifetime)


def on_member(
    policies: tuple[IkePolicyIntent, ...], ike: IkeIntent, release: Release, device: str, problems: Problems
) -> Iterator[IsakmpPolicy]:
    """The first of the group's policies that a member can do."""
    able = next((policy for policy in policies if not missing(policy, release)), None)
    if able is None:
        lacks = next(feature for policy in policies for feature in missing(policy, release))
        problems.add(device, "ike policies", f"it can do none of the group's: {lacking(lacks, release)}")
        return
    yield _line(able.model_copy(update={"lifetime": None}), ike, ike.member_lifetime)


def of_its_own(
    policies: Iterable[IkePolicyIntent], ike: IkeIntent, release: Release, device: str, problems: Problems
) -> Iterator[IsakmpPolicy]:
    """All policies that a member has in place of the group's."""
    for policy in policies:
        for feature in missing(policy, release):
            problems.add(device, f"ike policy {policy.number}", lacking(feature, release))
        yield _line(policy, ike, ike.member_lifetime)


def lacking(feature: Feature, release: Release) -> str:
    """A sentence about a feature that a release does not have."""
    return f"it runs {release.text}, and {feature} came with {first_text(feature)}"


def _line(policy: IkePolicyIntent, ike: IkeIntent, lifetime: int) -> IsakmpPolicy:
    cipher, bits = cipher_words(policy.encryption or Cipher.AES_256)
    return IsakmpPolicy(
        number=policy.number,
        encryption=cipher,
        key_size_bits=None if bits == 128 else bits,  # noqa: PLR2004 -- IOS prints `encr aes` for it
        hash=_HASHES[policy.hash or Digest.SHA1],
        authentication="rsa-sig" if ike.pki else "pre-share",
        dh_group=policy.dh_group,
        lifetime=timedelta(seconds=policy.lifetime or lifetime),
    )


def cipher_words(cipher: Cipher) -> tuple[str, int | None]:
    """``aes-256`` -> (``aes``, 256); ``3des`` -> (``3des``, None)."""
    name, _, bits = str(cipher).partition("-")
    return name, int(bits) if bits else None


def hash_word(digest: Digest) -> str:
    """``sha1`` -> ``sha``, which is what IOS calls it."""
    return _HASHES[digest]
