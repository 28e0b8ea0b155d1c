"""Whether members have the keys that their key server uses now (DOMAIN: the new SPI before the old SA ends)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.verdict import not_applicable, unknown, verdict
from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.checks.held import Held
    from getvpn_ops.checks.served import Key, Ring
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.outcome import Finding, Seen
    from getvpn_ops.model.state.gm_details import GmRekeyGroup, KekSa

_ROUNDING = timedelta(seconds=5)
_HEX = re.compile(r"[0-9A-Fa-f]{8}")
_MESSAGE = "SPI of the traffic key"
_STEPS = (
    "while the old SA lives: clear crypto gdoi on this member, and on no other at the same time",
    "show crypto gdoi gm rekey: does the last rekey arrive?",
    "is UDP 848 open from the key server to the member?",
    "show crypto gdoi gm pubkey: is it the key that signs rekeys?",
)


class SpreadParams(FrozenModel):
    """How long a rekey may be under way.

    Attributes:
        spread_seconds: from the first packet of a rekey to the last member; a few members are told at a time.
        least_seconds: of the old SA's life that must be left for waiting to be right.
    """

    spread_seconds: int = Field(default=60, ge=0)
    least_seconds: int = Field(default=30, ge=0)


def tek(member: MemberView, params: SpreadParams) -> Iterator[Finding]:
    """The new SPI must be on every member before the old SA ends.

    From then on a member without it can neither read what the others send nor send what they can read. The key server
    and the member are asked at different moments, so both are placed in time: a key made after the member was asked
    proves nothing, one that is on its way is waited for, and a straggler is named with the seconds it has left.
    """
    keys = traffic_keys(member)
    ring = member.whole.served.ring(server_of(member))
    current = ring.current()
    if not current:
        msg = f"{ring.device}: {ring.seen.command} shows no key that lives"
        raise EvidenceMissingError(msg)
    for key in current:
        yield _judge(member, keys, ring, key, params)
    if ring.doubt:
        yield unknown(member, _MESSAGE, f"{ring.device}: {ring.seen.command} may not be whole: {ring.doubt}")
    for key in ring.teks:
        if key.ends is None and not key.replaced:
            yield unknown(member, _MESSAGE, f"{ring.device}: {ring.seen.command} does not say how long {key.hex} lives")


def server_of(member: MemberView) -> object:
    """The address of the key server that a member is registered with; None if it does not tell."""
    group = member.gdoi().value
    return next((item.registered_with for item in group.members if item.registered_with), group.active_server)


def _judge(member: MemberView, keys: Sample[Held], ring: Ring, key: Key, params: SpreadParams) -> Finding:
    held, asked = keys.value, keys.taken_at
    lacking = held.lacking(key.spi)
    has = key.spi in held.spis and not lacking

    def found(status: bool | Status, actual: str) -> Finding:  # noqa: FBT001 -- the answer itself
        return verdict(
            member,
            status,
            _MESSAGE,
            expected=f"{key.hex}, the key of {ring.device}",
            actual=actual,
            seen=[keys.seen, ring.seen],
            next_steps=_STEPS if status is False else ("ask again: the rekey should be over",),
        )

    shown = ", ".join(held.hexes.values()) or "no key"
    if has:
        late = key.due is not None and key.due + timedelta(seconds=params.spread_seconds) <= asked
        if late and held.spis <= {item.spi for item in ring.teks}:
            return found(Status.UNKNOWN, f"{shown}; a rekey was due at {key.due:%H:%M:%S} UTC, before it was asked")
        return found(status=True, actual=shown)
    keys.certain()
    if key.born is not None and key.born + _ROUNDING > asked:
        early = int((key.born - asked).total_seconds())
        return found(Status.UNKNOWN, f"{shown}; it was asked {max(early, 0)} s before the key was made")
    newer = _newer(held, ring, asked)
    if newer or _renewed(member, ring):
        return found(Status.UNKNOWN, f"{shown}; {newer or 'its last rekey'} is newer than the key server's answer")
    where = f" on {', '.join(lacking)}" if lacking and key.spi in held.spis else ""
    end = held.last_end()
    left = int((end - asked).total_seconds()) if end is not None else None
    age = asked - key.born if key.born is not None else None
    if not held.spis:
        return found(status=False, actual="no key at all")
    ends = f"its last key ends in {left} s, at {end:%H:%M:%S} UTC" if end is not None else "nothing tells when it ends"
    if (
        age is not None
        and age <= timedelta(seconds=params.spread_seconds)
        and left is not None
        and left > params.least_seconds
    ):
        return found(Status.UNKNOWN, f"{shown}{where}; the rekey began {int(age.total_seconds())} s before; {ends}")
    return found(status=False, actual=f"{shown}{where}; {ends}")


def _renewed(member: MemberView, ring: Ring) -> bool:
    """Whether a rekey reached the member after the key server had answered."""
    group = member.gdoi()
    ages = [item.last_rekey for item in group.value.members] + [item.last_rekey for item in group.value.cumulative]
    return any(isinstance(age, timedelta) and group.taken_at - age + _ROUNDING > ring.seen.taken_at for age in ages)


def _newer(held: Held, ring: Ring, asked: datetime) -> str:
    """A key that the key server had not yet made when it was asked: nobody else's outlives the newest it knows."""
    if asked <= ring.seen.taken_at:
        return ""
    known = {key.spi for key in ring.teks}
    last = max((key.ends for key in ring.teks if key.ends is not None), default=None)
    for keys in held.by_interface.values():
        for spi, end in keys.items():
            if spi not in known and end is not None and last is not None and end > last + _ROUNDING:
                return held.hexes[spi]
    return ""


class KekParams(FrozenModel):
    """How exactly two routers agree.

    Attributes:
        slack_seconds: between what both say of the end of one KEK.
        spread_seconds: as for the traffic key.
    """

    slack_seconds: int = Field(default=120, ge=0)
    spread_seconds: int = Field(default=60, ge=0)


def kek(member: MemberView, params: KekParams) -> Iterator[Finding]:
    """Rekeys are encrypted with the KEK; a member with another one cannot read them.

    It goes on working until its traffic key ends, and then registers again or falls silent: after a split this waits
    for all members of one side at once. The cookies of the rekey SA are the halves of the KEK's SPI (RFC 6407). Without
    them an equal end of life is good enough to pass, and another end proves nothing: before 15.2 it does not count
    down.
    """
    group = member.gdoi()
    ring = member.whole.served.ring(server_of(member))
    if not ring.keks:
        if ring.doubt:
            yield unknown(member, "KEK", f"{ring.device}: {ring.seen.command} may not be whole: {ring.doubt}")
        elif group.value.keks:
            yield unknown(member, "KEK", f"{ring.device} shows no KEK, and the member has one")
        else:
            yield not_applicable(member, "KEK", "the key server sends no rekeys")
        return
    live, cookies = ring.rekey_keys(), _cookies(member)
    newest = max(live, key=lambda key: key.ends.timestamp() if key.ends is not None else 0.0, default=None)
    if cookies is not None:  # they are of the same moment as the rest, or newer
        rows, sample = cookies
        seen = sample.seen
        match = [key for key in live if any(_fits(row, key) for row in rows)]
        actual = ", ".join(f"{row.my_cookie} {row.his_cookie}" for row in rows)
        if match and newest is not None and newest not in match:
            actual += f"; {newest.hex} is a newer one"
            yield _kek(member, Status.UNKNOWN, ring, actual, seen)
            return
        if not match:
            sample.certain()
        born = max((key.born for key in live if key.born is not None), default=None)
        fresh = born is not None and seen.taken_at < born + timedelta(seconds=params.spread_seconds)
        unsure = fresh or _renewed(member, ring)
        yield _kek(member, bool(match) or (Status.UNKNOWN if unsure else False), ring, actual, seen)
    elif not group.value.keks:
        group.certain()
        yield _kek(member, False, ring, "none", group.seen)  # noqa: FBT003 -- the answer
    else:
        ends = [group.taken_at + item.remaining for item in group.value.keks if isinstance(item.remaining, timedelta)]
        slack = timedelta(seconds=params.slack_seconds)
        alike = newest is not None and any(newest.ends and abs(end - newest.ends) <= slack for end in ends)
        actual = f"one that ends at {max(ends):%Y-%m-%d %H:%M:%S} UTC" if ends else "one, and nothing tells which"
        yield _kek(member, alike or Status.UNKNOWN, ring, actual, group.seen)


def _kek(member: MemberView, status: bool | Status, ring: Ring, actual: str, seen: Seen) -> Finding:  # noqa: FBT001
    names = " or ".join(key.hex for key in ring.rekey_keys()) or "none"
    return verdict(
        member,
        status,
        "KEK",
        expected=f"{names}, the KEK of {ring.device}",
        actual=actual,
        seen=[seen, ring.seen],
        next_steps=(
            "before its traffic key ends: clear crypto gdoi on this member, and on no other at the same time",
            "show crypto gdoi ks coop: was there a split?",
        )
        if status is False
        else ("ask again: the rekey should be over",),
    )


def _cookies(member: MemberView) -> tuple[list[KekSa], Sample[GmRekeyGroup]] | None:
    """The rows of the table of KEK SAs that hold something."""
    try:
        sample = member.rekey()
    except EvidenceMissingError:
        return None
    rows = [row for row in sample.value.kek_sas if _HEX.fullmatch(row.my_cookie) and _HEX.fullmatch(row.his_cookie)]
    return (rows, sample) if rows else None


def _fits(row: KekSa, key: Key) -> bool:
    """Whether both cookies are the beginnings of the SPI's halves; which of them is "mine" depends on who asks."""
    digits = key.hex.removeprefix("0x").upper().rjust(32, "0")
    halves = {digits[:8], digits[16:24]}
    return {row.my_cookie.upper(), row.his_cookie.upper()} == halves


MEMBER_CHECKS = (
    Spec(
        id="convergence-tek",
        title="The member has the traffic key of its key server",
        severity=Severity.CRITICAL,
        params=SpreadParams,
        examine=tek,
        tags=frozenset({"convergence", "rekey"}),
    ),
    Spec(
        id="convergence-kek",
        title="The member has the KEK of its key server",
        severity=Severity.MAJOR,
        params=KekParams,
        examine=kek,
        tags=frozenset({"convergence", "rekey"}),
    ),
)
