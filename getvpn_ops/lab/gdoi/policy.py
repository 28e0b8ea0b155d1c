"""The policy of a group: its keys made from a configuration, and what of a change makes a new rekey. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi import software
from getvpn_ops.lab.gdoi.state import Kek, Tek

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from random import Random

    from getvpn_ops.lab.gdoi.intent import Association, Serving

_FIRST_SPI, _LAST_SPI = 0x100, 0xFFFFFFFF
_SHOWN_AFTER = timedelta(minutes=5)


def differences(shipped: Serving, asked: Serving) -> tuple[str, ...]:
    """What of a configuration differs from the policy that was shipped, and is a reason for a rekey.

    The guide's list of triggers, and ``sa receive-only``. Lifetimes are none: they show in the next key.
    """
    found = [
        text
        for text, before, after in (
            ("rekey transport", shipped.unicast, asked.unicast),
            ("rekey address", _multicast(shipped), _multicast(asked)),
            ("rekey authentication", shipped.label, asked.label),
            ("rekey algorithm", shipped.algorithm, asked.algorithm),
            ("sa receive-only", shipped.receive_only, asked.receive_only),
        )
        if before != after
    ]
    old = {item.sequence: item for item in shipped.associations if item.is_complete}
    new = {item.sequence: item for item in asked.associations if item.is_complete}
    for sequence in sorted({*old, *new}):
        if sequence not in old or sequence not in new:
            found.append(f"sa ipsec {sequence}")
        else:
            found += [f"sa ipsec {sequence} {text}" for text in _changed(old[sequence], new[sequence])]
    return tuple(found)


def _multicast(policy: Serving) -> object:
    return None if policy.unicast else policy.multicast


def _changed(old: Association, new: Association) -> list[str]:
    pairs = (
        ("match address", old.acl, new.acl),
        ("access list", old.entries, new.entries),
        ("profile", old.profile, new.profile),
        ("transform set", old.transform, new.transform),
        ("replay", old.replay and old.replay[0], new.replay and new.replay[0]),
    )
    return [text for text, before, after in pairs if before != after]


def changes_kek(changes: Iterable[str]) -> bool:
    """Whether changes are such that the KEK must be a new one."""
    return any(text.startswith("rekey ") for text in changes)


def teks(policy: Serving, now: datetime, chance: Random) -> list[Tek]:
    """New keys for the associations that are complete."""
    return [
        Tek(
            spi=chance.randint(_FIRST_SPI, _LAST_SPI),
            sequence=item.sequence,
            profile=item.profile,
            transform=item.transform,
            acl=item.acl,
            entries=item.entries,
            receive_only=policy.receive_only,
            replay=item.replay,
            lifetime=timedelta(seconds=item.lifetime),
            born=now,
            ends=now + timedelta(seconds=item.lifetime),
        )
        for item in policy.associations
        if item.is_complete
    ]


def kek(policy: Serving, key: tuple[str, int], now: datetime, chance: Random) -> Kek:
    """A new KEK.

    Args:
        policy: asks for it.
        key: fingerprint and bits of the RSA key.
        now: it begins.
        chance: of the SPI.
    """
    return Kek(
        spi=chance.randbytes(16),
        algorithm=policy.algorithm[0],
        key_bits=policy.algorithm[1],
        sig_hash=policy.sig_hash,
        sig_key=policy.label,
        sig_fingerprint=key[0],
        sig_bits=key[1],
        unicast=policy.unicast,
        address=None if policy.unicast else policy.multicast,
        lifetime=timedelta(seconds=policy.kek_lifetime),
        born=now,
    )


def living(keys: Iterable[Tek], now: datetime) -> list[Tek]:
    """The keys that have not ended, the newest first."""
    return sorted((key for key in keys if key.ends > now), key=lambda key: (-key.born.timestamp(), key.sequence))


def kept(keys: Iterable[Tek], now: datetime) -> list[Tek]:
    """The keys that a key server still shows: ended ones stay for some minutes."""
    return sorted(
        (key for key in keys if key.ends > now - _SHOWN_AFTER), key=lambda key: (-key.born.timestamp(), key.sequence)
    )


def shortened(keys: Iterable[Tek], now: datetime) -> list[Tek]:
    """Keys that a new policy replaced: they live on for a while."""
    made = []
    for key in keys:
        left = (key.ends - now).total_seconds()
        ends = now + timedelta(seconds=software.old_life(left, key.lifetime.total_seconds())) if left > 0 else key.ends
        made.append(replace(key, ends=ends))
    return made
