"""The keys that a key server shows: which of them live, which are current, and since when. Pure arithmetic of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.answers import ask
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from getvpn_ops.checks.health.answers import Answers
    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Held:
    """Keys of one key server at one moment.

    Attributes:
        keks: that live or whose life is not printed, the one that lives longest first.
        teks: likewise, in the order printed: the newest first.
        ended: keys that are listed and have ended.
        taken_at: the moment, UTC.
    """

    keks: tuple[KekPolicy, ...]
    teks: tuple[TekPolicy, ...]
    ended: int
    taken_at: datetime

    @property
    def kek(self) -> KekPolicy | None:
        """The one under which the next rekey travels."""
        return self.keks[0] if self.keks else None

    def current(self) -> tuple[TekPolicy, ...]:
        """The newest TEK of each access list."""
        newest: dict[str | None, TekPolicy] = {}
        for tek in self.teks:
            known = newest.get(tek.access_list)
            if known is None or _youth(tek) > _youth(known):
                newest[tek.access_list] = tek
        return tuple(newest.values())

    def old(self) -> tuple[TekPolicy, ...]:
        """TEKs that live although newer ones do."""
        current = self.current()
        return tuple(tek for tek in self.teks if tek not in current)


def held(group: GroupView, what: str) -> Answers[Held]:
    """The keys of every key server of a group.

    Raises:
        EvidenceMissingError: no key server is known.
    """

    def question(server: KeyServerView) -> Sample[Held]:
        sample = server.policy()
        keks = [kek for item in sample.value for kek in item.keks]
        teks = [tek for item in sample.value for tek in item.teks]
        living_keks = [kek for kek in keks if lives(kek)]
        living_teks = tuple(tek for tek in teks if lives(tek))
        living_keks.sort(key=lambda kek: left(kek) or ZERO, reverse=True)
        ended = len(keks) + len(teks) - len(living_keks) - len(living_teks)
        return Sample(Held(tuple(living_keks), living_teks, ended, sample.taken_at), sample.seen, sample.doubts)

    return ask(group, what, question)


def left(key: KekPolicy | TekPolicy) -> timedelta | None:
    """Life that is left; None if it is not printed."""
    if isinstance(key.remaining, timedelta):
        return key.remaining
    return ZERO if key.remaining is Sentinel.EXPIRED else None


def lives(key: KekPolicy | TekPolicy) -> bool:
    """Whether it lives, as far as it is printed."""
    return left(key) != ZERO


def age(key: KekPolicy | TekPolicy) -> timedelta | None:
    """Since it was made; None if that is not printed. Of a KEK only life and rest are."""
    elapsed = getattr(key, "elapsed", None)
    if isinstance(elapsed, timedelta):
        return elapsed
    rest = left(key)
    return key.lifetime - rest if key.lifetime is not None and rest is not None else None


def seconds(span: timedelta) -> str:
    """``90 s``."""
    return f"{int(span.total_seconds())} s"


def _youth(tek: TekPolicy) -> timedelta:
    passed = age(tek)
    return -passed if passed is not None else -timedelta.max
