"""Which pre-shared keys ``psk-rotate`` cannot change with proof, and what to do with them instead.

It types an IKEv1 key of one peer, reads it back, and registers the member by clearing its IKEv1 sessions. So a key that
is kept encrypted (it is never printed as it was typed), that serves more peers than one, that stands under a name, or
that IKEv2 uses is refused while the plan is made. To pass over it would say "it has this key already" of a key that
nobody looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.crypto import PreSharedKey

_ENCRYPTED = "6"
_ONE_HOST = {None, "255.255.255.255", "/128"}
_BY_HAND = "rotate it by hand"


def why_not(config: RunningConfig, peers: Collection[str]) -> Iterator[str]:
    """Why the keys between a router and these peers cannot be rotated; nothing if they can.

    Args:
        config: of the router, whole.
        peers: addresses by which IKE knows the other ends.

    Yields:
        A reason and what to do instead.
    """
    keys = _keys(config)
    mine = [key for key in keys if _is_of_one(key) and str(key.address) in peers]
    if config.system.password_encryption_aes or any(key.secret.encryption == _ENCRYPTED for key in mine):
        yield (
            "its keys are kept encrypted (type 6): a router never prints them as they were typed, so nobody could say "
            f"which key it has: {_BY_HAND}, member by member, and prove each by `plan action reregister`"
        )
    wide = [key for key in keys if key.address is not None and not _is_of_one(key)]
    if wide:
        yield (
            f"it has a key for more peers than one ({', '.join(sorted(_whom(key) for key in wide))}): the new key of "
            "one member could not be told from it: give each peer a key of its own first, and take that one away"
        )
    names = sorted({key.hostname for key in keys if key.hostname is not None})
    if names and lacking(config, peers):
        yield (
            f"it has keys by hostname ({', '.join(names)}): which address a name stands for is not known here: "
            f"{_BY_HAND}, or name peers by address"
        )
    yield from _by_ikev2(config)


def _by_ikev2(config: RunningConfig) -> Iterator[str]:
    """Members that register by G-IKEv2; a key server may offer it beside GDOI, which these members do not use."""
    for group in config.gdoi_groups:
        if group.server_local is None and group.client.protocol == "gikev2":
            yield (
                f"group {group.name} registers by G-IKEv2, whose keys stand in an IKEv2 keyring and whose sessions "
                f"this action does not clear: {_BY_HAND}, and prove it by `plan action reregister`"
            )


def _whom(key: PreSharedKey) -> str:
    mask = key.mask or ""
    return f"{key.address}{'' if mask.startswith('/') or not mask else ' '}{mask}"


def _keys(config: RunningConfig) -> list[PreSharedKey]:
    return [*config.crypto.isakmp_keys, *(key for ring in config.crypto.keyrings for key in ring.keys)]


def _is_of_one(key: PreSharedKey) -> bool:
    """Whether it is for one peer, named by its address; IOS takes 0.0.0.0 without a mask for everybody."""
    return key.address is not None and key.mask in _ONE_HOST and not key.address.is_unspecified


def lacking(config: RunningConfig, peers: Iterable[str]) -> tuple[str, ...]:
    """Peers for which a router has no key of their own, in order."""
    held = {str(key.address) for key in _keys(config) if _is_of_one(key)}
    return tuple(sorted(set(peers) - held))
