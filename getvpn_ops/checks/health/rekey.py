"""Rekeys: due when they should be, sent, and acknowledged (guide: "Rekey", "Lifetimes"; DOMAIN: "Rekey")."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask
from getvpn_ops.checks.health.held_keys import ZERO, held, left, seconds
from getvpn_ops.checks.health.keys import empty
from getvpn_ops.checks.health.verdict import not_applicable, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.health.answers import Answer
    from getvpn_ops.checks.health.held_keys import Held
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy

_QUARTER = 4


class ScheduleParams(FrozenModel):
    """When a rekey of the TEK is overdue: less of its life is left than ``floor``, or a share of it, to ``ceiling``."""

    floor: int = Field(default=60, ge=1, description="seconds; members register again when so much is left")
    share: float = Field(default=0.03, gt=0, lt=1, description="of the lifetime; members do so at 3 % at the latest")
    ceiling: int = Field(default=300, ge=1, description="seconds; more than this is never asked for")

    def margin(self, lifetime: timedelta) -> timedelta:
        """Life that a TEK must have left while there is no newer one; a quarter of a very short life."""
        wanted = max(self.floor, min(self.share * lifetime.total_seconds(), self.ceiling))
        return min(timedelta(seconds=wanted), lifetime / _QUARTER)


def on_schedule(group: GroupView, params: ScheduleParams) -> Iterator[Finding]:
    """New keys must be sent well before the old ones end.

    A key server rekeys with about 20 % of the life left, at most some minutes. Members that have no new TEK when the
    last 3 to 6 % of the old one begin, or its last minute, register again, all at once: a storm that may take the key
    server down, and packets are lost where it lasts longer than the key. The KEK must have a successor too: what
    travels under one that has ended is not read.
    """
    what = "rekey"
    if empty(group):
        yield not_applicable(group, what, "no member has registered, so there is nothing to rekey")
        return
    answers = held(group, what)
    yield from answers.silent
    for answer in answers.told:
        kek = answer.value.kek
        yield (
            _due(answer, "rekey of the KEK", kek, ZERO) if kek is not None else _none(answer, "rekey of the KEK", "KEK")
        )
        for tek in answer.value.current():
            margin = params.margin(tek.lifetime) if tek.lifetime is not None else timedelta(seconds=params.floor)
            yield _due(answer, "rekey of the TEK", tek, margin)
        if not answer.value.teks:
            yield _none(answer, "rekey of the TEK", "TEK")


def _none(answer: Answer[Held], what: str, key: str) -> Finding:
    return verdict(
        answer.device,
        good=False,
        message=what,
        expected="before the key ends",
        actual=f"no {key} that lives",
        device=answer.device,
        seen=(answer.seen,),
        next_steps=("show crypto gdoi ks rekey and show logging on the primary", "show crypto key mypubkey rsa"),
    )


def _due(answer: Answer[Held], what: str, key: KekPolicy | TekPolicy, margin: timedelta) -> Finding:
    rest = left(key)
    if rest is None:
        return untold(
            answer.device, what, "show crypto gdoi ks policy does not say how long the key lives", answer.seen
        )
    due = key.time_to_rekey if isinstance(key.time_to_rekey, timedelta) else None
    if due is None:
        good, when = rest >= margin, f"{seconds(rest)} of its life left, no newer key"
    elif due > rest or (due == rest and margin):  # a KEK may be renewed when it ends (before 15.2)
        good, when = False, f"due in {seconds(due)}, but the key ends in {seconds(rest)}"
    else:
        good = due > ZERO or rest >= margin
        when = f"due {f'in {seconds(due)}' if due else 'now'}, the key ends in {seconds(rest)}"
    return verdict(
        answer.device,
        good,
        what,
        expected=f"with {seconds(margin)} left at the least" if margin else "before the key ends",
        actual=when,
        device=answer.device,
        seen=(answer.seen,),
        next_steps=(
            "show crypto gdoi ks rekey and show logging on the primary",
            "crypto gdoi ks rekey on the primary sends one now; it changes keys on every member",
        ),
    )


# -- lifetimes


class RatioParams(FrozenModel):
    """How much longer a KEK must live than a TEK."""

    ratio: float = Field(default=3.0, ge=1, description="KEK lifetime over TEK lifetime")


def kek_against_tek(group: GroupView, params: RatioParams) -> Iterator[Finding]:
    """The KEK should live at least three times as long as the TEK (guide, "KEK Lifetime").

    Each new KEK is one more rekey that every member must get, under the last chance of the old one; whoever misses it
    can read no rekey at all and registers again.
    """
    yield from _ratio(group, "KEK lifetime against TEK lifetime", params.ratio)


def kek_outlives_tek(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """A KEK that ends before the TEK makes members register again although their TEK is good.

    A member registers again at the earlier of both ends (DOMAIN, "Rekey"), so the shorter life of the KEK rules, and
    the lifetime that was planned for the traffic means nothing.
    """
    yield from _ratio(group, "KEK lifetime against TEK lifetime", 1.0)


def _ratio(group: GroupView, what: str, ratio: float) -> Iterator[Finding]:
    answers = ask(group, what, KeyServerView.gdoi)
    yield from answers.silent
    for answer in answers.told:
        kek = answer.value.rekey.lifetime if answer.value.rekey is not None else None
        teks = [sa.lifetime for sa in answer.value.ipsec_sas if isinstance(sa.lifetime, timedelta)]
        if not isinstance(kek, timedelta) or not teks or len(teks) < len(answer.value.ipsec_sas):
            yield untold(answer.device, what, "show crypto gdoi does not print both lifetimes", answer.seen)
            continue
        tek = max(teks)
        yield verdict(
            answer.device,
            kek >= ratio * tek,
            what,
            expected=f"at least {ratio:g} times {seconds(tek)}",
            actual=seconds(kek),
            device=answer.device,
            seen=(answer.seen,),
            next_steps=(f"rekey lifetime seconds {int(ratio * tek.total_seconds())} or more, on all key servers",),
        )


_TAGS = frozenset({"rekey"})
GROUP_CHECKS = (
    Spec(
        id="rekey-on-schedule",
        title="New keys come before the old ones end",
        severity=Severity.CRITICAL,
        params=ScheduleParams,
        examine=on_schedule,
        tags=_TAGS,
    ),
    Spec(
        id="rekey-kek-against-tek",
        title="The KEK lives three times as long as the TEK",
        severity=Severity.MINOR,
        params=RatioParams,
        examine=kek_against_tek,
        tags=_TAGS,
    ),
    Spec(
        id="rekey-kek-outlives-tek",
        title="The KEK does not end before the TEK",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=kek_outlives_tek,
        tags=_TAGS,
    ),
)
