"""Key servers of a group must be configured alike; IOS does not check that by itself (guide, "Redundancy").

Whoever becomes primary ships what *it* has configured: a difference that nobody sees today changes the policy of the
whole network in the night when the primary fails.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.acl_text import differences, normal_form
from getvpn_ops.checks.health.answers import ask, unasked
from getvpn_ops.checks.health.verdict import listed, not_applicable, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.gdoi import Group, KsSa

_FIX = "compare the running configurations; change the secondaries first, the primary last"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that one key server told.

    Attributes:
        device: who.
        text: what, in a form that is equal where the meaning is equal; None if it did not tell.
        seen: where.
    """

    device: str
    text: str | None
    seen: Seen


def single(group: GroupView, what: str) -> Finding | None:
    """NOT_APPLICABLE where there is nobody to be equal to."""
    if len(group.key_servers) == 1 and not unasked(group):
        return not_applicable(group, what, f"{group.key_servers[0].device} is the only key server")
    return None


def model(group: GroupView, devices: Sequence[str], texts: Sequence[str]) -> int:
    """Place of the key server that the others are compared with: the primary, else one of the majority."""
    try:
        primary = group.primary().device
    except EvidenceMissingError:
        primary = ""
    return devices.index(primary) if primary in devices else texts.index(Counter(texts).most_common(1)[0][0])


def agree(group: GroupView, what: str, facts: Sequence[Fact], steps: Iterable[str] = (_FIX,)) -> Iterator[Finding]:
    """PASS if two or more told and all told the same; FAIL for each that differs; UNKNOWN for who did not tell."""
    yield from (
        untold(fact.device, what, "its release does not print it", fact.seen) for fact in facts if fact.text is None
    )
    told = [fact for fact in facts if fact.text is not None]
    if len(told) < 2:  # noqa: PLR2004 -- nobody to compare with
        return
    reference = told[model(group, [fact.device for fact in told], [fact.text or "" for fact in told])]
    odd = [fact for fact in told if fact.text != reference.text]
    if not odd:
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected="the same on all key servers",
            actual=f"{reference.text} on {listed(fact.device for fact in told)}",
            seen=(fact.seen for fact in told),
        )
    for fact in odd:
        yield verdict(
            fact.device,
            good=False,
            message=what,
            expected=f"{reference.text}, as on {reference.device}",
            actual=str(fact.text),
            device=fact.device,
            seen=(fact.seen, reference.seen),
            next_steps=steps,
        )


# -- what the configuration says, as ``show crypto gdoi`` prints it


def _plain(value: object) -> str | None:
    """A printed word in one form; durations in seconds."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "enabled" if value else "disabled"
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())} s"
    return str(value).strip().casefold()


def _optional(value: object) -> str:
    """For features that a release without them cannot have on: absent is disabled."""
    text = _plain(value)
    return "disabled" if text in {None, "off", "none", "0"} else str(text)


def _replay(sa: KsSa) -> str | None:
    if sa.replay_method is None:
        return None
    window = int(sa.replay_interval.total_seconds()) if sa.replay_interval is not None else sa.replay_window
    return f"{sa.replay_method.casefold()}{f', window {window}' if window is not None else ''}"


Aspect = tuple[str, "Callable[[Group], str | None]"]
SaAspect = tuple[str, "Callable[[KsSa], str | None]"]

_POLICY: tuple[Aspect, ...] = (
    ("identity", lambda group: _plain(group.group_id)),
    ("rekey transport", lambda group: _plain(group.transport)),
    ("SA direction", lambda group: _plain(group.sa_direction)),
    ("IP D3P window", lambda group: _optional(group.ip_d3p_window)),
    ("PFS", lambda group: _optional(group.pfs)),
    ("re-authentication on a new CRL", lambda group: _optional(group.reauth_on_new_crl)),
    ("numbers of sa ipsec", lambda group: ", ".join(str(sa.number) for sa in group.ipsec_sas) or None),
)
_POLICY_OF_SA: tuple[SaAspect, ...] = (
    ("anti-replay", _replay),
    ("tagging", lambda sa: _optional(sa.tag_method)),
)
_REKEY: tuple[Aspect, ...] = (
    ("retransmit period", lambda group: _plain(group.rekey.retransmit_period) if group.rekey else None),
    ("retransmit attempts", lambda group: _plain(group.rekey.retransmit_attempts) if group.rekey else None),
)
_LIFETIMES: tuple[Aspect, ...] = (
    ("KEK lifetime", lambda group: _plain(group.rekey.lifetime) if group.rekey else None),
)
_LIFETIMES_OF_SA: tuple[SaAspect, ...] = (("TEK lifetime", lambda sa: _plain(sa.lifetime)),)


def _settings(
    group: GroupView, what: str, aspects: tuple[Aspect, ...], of_sa: tuple[SaAspect, ...] = ()
) -> Iterator[Finding]:
    """Compare what ``show crypto gdoi`` prints of the configuration, whole and for each ``sa ipsec``."""
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    answers = ask(group, what, KeyServerView.gdoi)
    yield from answers.silent
    for label, value in aspects:
        facts = [Fact(answer.device, value(answer.value), answer.seen) for answer in answers.told]
        yield from agree(group, label, facts)
    for number in sorted({sa.number for answer in answers.told for sa in answer.value.ipsec_sas}):
        for label, of in of_sa:
            facts = [
                Fact(answer.device, of(sa), answer.seen)
                for answer in answers.told
                for sa in answer.value.ipsec_sas
                if sa.number == number
            ]
            if len(facts) > 1:  # which numbers there are is compared above
                yield from agree(group, f"{label} of sa ipsec {number}", facts)


def policy(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Identity, transport, direction and anti-replay must be the same on every key server.

    They go to every member with the next rekey of whoever is primary then. Another anti-replay method makes members
    drop each other's packets; a direction that was changed on one key server only turns encryption off when it takes
    over. The transform shows only in the keys themselves, and a secondary shows those of the primary.
    """
    yield from _settings(group, "group policy", _POLICY, _POLICY_OF_SA)
    if single(group, "") is not None:
        return
    keys = ask(group, "transform of the TEK", KeyServerView.policy)
    yield from keys.silent
    facts = []
    for answer in keys.told:
        teks = [tek for server in answer.value for tek in server.teks]
        if teks:
            last = teks[0]  # the newest stands first
            text = " ".join(
                str(part) for part in (last.encapsulation, last.transform, last.hmac, last.key_size_bytes) if part
            )
            facts.append(Fact(answer.device, text.casefold(), answer.seen))
    if len(facts) > 1:
        yield from agree(group, "transform of the TEK", facts)


def rekey(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Rekeys must be repeated alike by whoever is primary.

    A secondary with fewer or slower repetitions loses members at its first rekey as primary, over paths on which the
    old primary's settings just sufficed (guide, "Rekey").
    """
    yield from _settings(group, "rekey settings", _REKEY)


def lifetimes(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """KEK and TEK must live equally long under every key server.

    A change of a lifetime never rekeys by itself, so a difference sleeps until another key server makes the keys; then
    rekeys come at times that nobody planned for.
    """
    yield from _settings(group, "lifetimes", _LIFETIMES, _LIFETIMES_OF_SA)


# -- access list


def acl(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """The list of what is encrypted must be the same on every key server.

    Lines count, not their spelling: names or numbers of ports, sequence numbers, hits, remarks, the name of the list,
    and the order of lines with the same action say nothing. A line that one key server lacks leaves the list of every
    member when that one becomes primary: flows then go out in clear, or are dropped by members that still have it.
    """
    what = "access list"
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    answers = ask(group, what, KeyServerView.acl)
    yield from answers.silent
    if len(answers.told) < 2:  # noqa: PLR2004 -- nobody to compare with
        return
    forms = [normal_form(answer.value.entries) for answer in answers.told]
    at = model(group, [answer.device for answer in answers.told], [repr(form) for form in forms])
    reference = answers.told[at]
    same = True
    for answer, form in zip(answers.told, forms, strict=True):
        if form != forms[at]:
            same = False
            yield verdict(
                answer.device,
                good=False,
                message=what,
                expected=f"the lines of {reference.device}",
                actual=listed(differences(form, forms[at])),
                device=answer.device,
                seen=(answer.seen, reference.seen),
                next_steps=(f"show crypto gdoi ks acl on {answer.device} and {reference.device}", _FIX),
            )
    if same:
        lines = sum(len(block) for block in forms[at])
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected="the same lines on all key servers",
            actual=f"{lines} lines on {listed(answer.device for answer in answers.told)}",
            seen=answers.seen,
        )


_TAGS = frozenset({"parity"})
GROUP_CHECKS = (
    Spec(
        id="parity-policy",
        title="Key servers have the same group policy",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=policy,
        tags=_TAGS,
    ),
    Spec(
        id="parity-rekey",
        title="Key servers have the same rekey settings",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=rekey,
        tags=_TAGS,
    ),
    Spec(
        id="parity-lifetimes",
        title="Key servers give keys the same lifetimes",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=lifetimes,
        tags=_TAGS,
    ),
    Spec(
        id="parity-acl",
        title="Key servers have the same access list",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=acl,
        tags=_TAGS,
    ),
)
