"""Keys and pseudo-time that all key servers of a group must share (guide: "Redundancy"; DOMAIN: "COOP")."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask, servers
from getvpn_ops.checks.health.held_keys import age, held
from getvpn_ops.checks.health.keys import empty, key_pairs, signing_labels
from getvpn_ops.checks.health.parity import Fact, agree, single
from getvpn_ops.checks.health.verdict import listed, not_applicable, undecided, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.checks.health.answers import Answer
    from getvpn_ops.checks.health.held_keys import Held
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.keys import RsaKeyPair
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy
    from getvpn_ops.model.values import Spi

_SHOWN = 16
_TEK_DIGITS, _KEK_DIGITS = 8, 32


class SettleParams(FrozenModel):
    """How long a new key may take to all key servers."""

    settle: int = Field(default=30, ge=0, description="seconds from a rekey until all key servers have heard of it")


@dataclass(frozen=True, slots=True)
class _Spis:
    """The current keys of one sort on a key server.

    Attributes:
        device: whose.
        spis: printed in hexadecimal.
        born: when the newest was made, UTC; None if that is not known.
        seen: where.
    """

    device: str
    spis: tuple[str, ...]
    born: datetime | None
    seen: Seen


def keys(group: GroupView, params: SettleParams) -> Iterator[Finding]:
    """Every key server must have the same KEK and the same TEKs, by their SPIs.

    Members that register with a key server get the keys that it holds. Where those differ, as after a split, members of
    different key servers cannot read each other's packets, nor the rekeys of the other one. A difference that is
    younger than the time announcements take is not judged: one key server was asked before the rekey, the other after.
    """
    what = "keys on all key servers"
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    if empty(group):
        yield not_applicable(group, what, "no member has registered, so there are no keys yet")
        return
    answers = held(group, what)
    yield from answers.silent
    settle = timedelta(seconds=params.settle)
    keks = [_of(answer, (answer.value.kek,) if answer.value.kek else ()) for answer in answers.told]
    yield from _compare(group, "KEK SPI", keks, settle)
    yield from _compare(group, "TEK SPIs", [_of(answer, answer.value.current()) for answer in answers.told], settle)


def _of(answer: Answer[Held], found: Sequence[KekPolicy | TekPolicy]) -> _Spis:
    ages = [passed for key in found if (passed := age(key)) is not None]
    spis = tuple(sorted(_hex(key.spi) for key in found if key.spi is not None))
    return _Spis(answer.device, spis, answer.taken_at - min(ages) if ages else None, answer.seen)


def _hex(spi: Spi) -> str:
    """In one form, whatever a release prints: 32 bits of a TEK, 128 of a KEK."""
    return f"0x{spi.value:0{_TEK_DIGITS if spi.value < 16**_TEK_DIGITS else _KEK_DIGITS}X}"


def _compare(group: GroupView, what: str, all_spis: list[_Spis], settle: timedelta) -> Iterator[Finding]:
    told = [item for item in all_spis if item.spis]
    if not told:
        yield not_applicable(group, what, "no key server shows one", *(item.seen for item in all_spis))
        return
    newest = max(told, key=lambda item: item.born.timestamp() if item.born is not None else 0.0)
    odd = [item for item in all_spis if item.spis != newest.spis]
    for item in odd:
        if newest.born is not None and item.seen.taken_at < newest.born + settle:
            reason = f"a rekey was under way at {newest.born:%H:%M:%S} UTC, when it was asked; ask again"
            yield untold(item.device, what, reason, item.seen, newest.seen)
            continue
        yield verdict(
            item.device,
            good=False,
            message=what,
            expected=f"{listed(newest.spis)}, as on {newest.device}",
            actual=listed(item.spis) or "none",
            device=item.device,
            seen=(item.seen, newest.seen),
            next_steps=("show crypto gdoi ks coop on both: is the group split?", "show crypto gdoi ks policy on both"),
        )
    if not odd and len(told) > 1:
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected="the same on all key servers",
            actual=f"{listed(newest.spis)} on {listed(item.device for item in told)}",
            seen=(item.seen for item in told),
        )


# -- the RSA key


def rsa_key(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """All key servers must sign rekeys with the same RSA key: the key itself, whatever it is called.

    Members got the public half when they registered. A primary that signs with another one is not believed: no member
    takes its rekeys, and all of them register again at once when their keys end. Labels say nothing; the public key
    data are compared.
    """
    what = "RSA public key"
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    policies = held(group, what)
    labels = signing_labels(policies)
    if not labels:
        yield from policies.silent or (undecided(group.name, what, "no policy names one", *policies.seen),)
        return
    usual = next(iter(labels.values()))
    held_pairs: dict[str, tuple[tuple[RsaKeyPair, ...], Seen]] = {}
    for server in servers(group):
        try:
            held_pairs[server.device] = key_pairs(server)
        except EvidenceMissingError as missing:
            yield untold(server.device, what, str(missing))
    common = _common([pairs for pairs, _ in held_pairs.values()], usual)
    facts: list[Fact] = []
    lacking: list[tuple[str, str, Seen]] = []
    for device, (pairs, seen) in held_pairs.items():
        label = labels.get(device, usual)
        named = next((pair for pair in pairs if pair.key_name == label), None)
        pair = named or next((pair for pair in pairs if pair.key_data and pair.key_data.hex == common), None)
        if pair is None:
            lacking.append((device, label, seen))
        elif pair.key_data is None or pair.key_data.modulus_bits is None:
            yield untold(device, what, f"the public key of {pair.key_name} is not printed whole", seen)
        else:
            digest = hashlib.sha256(bytes.fromhex(pair.key_data.hex)).hexdigest()[:_SHOWN]
            facts.append(Fact(device, f"{pair.key_data.modulus_bits} bits, SHA-256 {digest}", seen))
    steps = ("import the primary's key pair on the other under a new label, write memory, then rekey authentication",)
    for device, label, seen in lacking:
        holders = listed(fact.device for fact in facts)
        yield verdict(
            device,
            good=False,
            message=what,
            expected=f"that of {holders}" if holders else f"a key {label}",
            actual=f"it holds no key {label}",
            device=device,
            seen=(seen, *(fact.seen for fact in facts)),
            next_steps=steps,
        )
    yield from agree(group, what, facts, steps)


def _common(all_pairs: list[tuple[RsaKeyPair, ...]], label: str) -> str | None:
    """Data of the first key of that label: a server without the label may hold it under another one."""
    data = (pair.key_data for pairs in all_pairs for pair in pairs if pair.key_name == label)
    return next((item.hex for item in data if item is not None and item.modulus_bits is not None), None)


# -- pseudo-time


class SkewParams(FrozenModel):
    """How far pseudo-times may be apart."""

    seconds: float = Field(default=10.0, gt=0, description="between two key servers, once both are at one moment")


def pseudotime(group: GroupView, params: SkewParams) -> Iterator[Finding]:
    """Time-based anti-replay counts from one pseudo-time, which all key servers must share.

    Members take it from the key server they hear. When one with another pseudo-time takes over, members that have heard
    it and those that have not drop each other's packets as replays, as long as they differ by more than the window.
    """
    what = "pseudo-time"
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    answers = ask(group, what, KeyServerView.replay)
    yield from answers.silent
    if answers.told and all(answer.value.enabled is False for answer in answers.told):
        yield not_applicable(group, what, "time-based anti-replay is off", *answers.seen)
        return
    counted = []
    for answer in answers.told:
        value = answer.value.replay_value
        if isinstance(value, timedelta):
            counted.append((answer, answer.taken_at - value))
        else:
            said = (
                "time-based anti-replay is off there" if answer.value.enabled is False else f"it is printed as {value}"
            )
            yield untold(answer.device, what, said, answer.seen)
    if len(counted) < 2:  # noqa: PLR2004 -- nobody to compare with
        return
    ranked = sorted(counted, key=lambda item: item[1])
    middle, origin = ranked[len(ranked) // 2] if len(ranked) > 2 else ranked[0]  # noqa: PLR2004 -- of two, the older
    for answer, begun in counted:
        ahead = (origin - begun).total_seconds()
        if answer is not middle:
            yield verdict(
                answer.device,
                abs(ahead) <= params.seconds,
                what,
                expected=f"that of {middle.device}, within {params.seconds:g} s",
                actual=f"{abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}",
                device=answer.device,
                seen=(answer.seen, middle.seen),
                next_steps=("show crypto gdoi ks replay on both", "show crypto gdoi ks coop: is the group split?"),
            )


_TAGS = frozenset({"parity", "keys"})
GROUP_CHECKS = (
    Spec(
        id="parity-keys",
        title="Key servers hold the same KEK and TEKs",
        severity=Severity.CRITICAL,
        params=SettleParams,
        examine=keys,
        tags=_TAGS,
    ),
    Spec(
        id="parity-rsa-key",
        title="Key servers sign rekeys with the same RSA key",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=rsa_key,
        tags=_TAGS,
    ),
    Spec(
        id="parity-pseudotime",
        title="Key servers have the same pseudo-time",
        severity=Severity.MAJOR,
        params=SkewParams,
        examine=pseudotime,
        tags=_TAGS,
    ),
)
