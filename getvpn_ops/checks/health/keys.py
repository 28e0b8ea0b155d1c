"""The keys of a group and the RSA key that signs its rekeys (guide: "Rekey", ``show crypto gdoi ks policy``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import servers, unasked
from getvpn_ops.checks.health.held_keys import held, left, seconds
from getvpn_ops.checks.health.verdict import listed, not_applicable, untold, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.health.answers import Answer, Answers
    from getvpn_ops.checks.health.held_keys import Held
    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.keys import RsaKeyPair
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy

_POLICY = "show crypto gdoi ks policy"


def empty(group: GroupView) -> bool:
    """Whether every key server of the group counts its members, and counts none: then there are no keys yet.

    One that has just started counts none either, so that the others must have told.
    """
    try:
        counts = [server.gdoi().value.group_members for server in group.key_servers]
    except EvidenceMissingError:
        return False
    return bool(counts) and not unasked(group) and all(count == 0 for count in counts)


def present(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Every key server must hold a TEK and a KEK that have not ended.

    Without a TEK members have nothing to encrypt with, and drop what they should encrypt; without a KEK no rekey can be
    sent, and every member registers again before each TEK ends. A secondary without keys makes new ones when it takes
    over, and members with the old ones are cut off. Keys are made for the first member: a group without any has none.
    """
    what = "keys"
    if empty(group):
        yield not_applicable(group, what, "no member has registered, so there are no keys yet")
        return
    answers = held(group, what)
    yield from answers.silent
    for answer in answers.told:
        yield _presence(answer)


def _presence(answer: Answer[Held]) -> Finding:
    keys = answer.value
    shown: tuple[KekPolicy | TekPolicy, ...] = (*keys.keks[:1], *keys.current())
    if keys.kek is not None and keys.teks and any(left(key) is None for key in shown):
        return untold(answer.device, "keys", f"{_POLICY} does not say how long they live", answer.seen)
    said = [
        f"KEK for {seconds(rest)}" if keys.kek is not None and (rest := left(keys.kek)) is not None else "no KEK",
        *(f"TEK for {seconds(rest)}" for tek in keys.current() if (rest := left(tek)) is not None),
        *(() if keys.teks else ("no TEK",)),
        *((f"{keys.ended} that have ended",) if keys.ended and not (keys.kek and keys.teks) else ()),
    ]
    return verdict(
        answer.device,
        keys.kek is not None and bool(keys.teks),
        "keys",
        expected="a KEK and a TEK that live",
        actual=", ".join(said),
        device=answer.device,
        seen=(answer.seen,),
        next_steps=(
            "show crypto gdoi ks rekey and show logging on the primary: KS_NO_RSA_KEYS?",
            "show crypto key mypubkey rsa: is the key there that rekey authentication names?",
        ),
    )


class OverlapParams(FrozenModel):
    """How long an old TEK may live beside the new one."""

    share: float = Field(default=0.25, gt=0, lt=1, description="of its lifetime, that an old TEK may still have left")
    most: int = Field(default=2, ge=1, description="TEKs of one access list that may live at once")


def overlap(group: GroupView, params: OverlapParams) -> Iterator[Finding]:
    """After a rekey the old TEK lives on for a short while; one that lives for long was not replaced in the usual way.

    A scheduled rekey comes with about 20 % of the life left, and a change of policy shortens the old key's life. Two
    TEKs with much life left are those of a split that was merged, or somebody rekeyed by hand: until the older one
    ends, members encrypt with different keys, and one that has only one of them drops the others' packets.
    """
    what = "TEKs that live"
    if empty(group):
        yield not_applicable(group, what, "no member has registered, so there are no keys yet")
        return
    answers = held(group, what)
    yield from answers.silent
    for answer in answers.told:
        lists = {tek.access_list for tek in answer.value.teks}
        if not lists:
            yield not_applicable(group, what, f"{answer.device} lists no TEK that lives", answer.seen)
            continue
        most = max(sum(tek.access_list == name for tek in answer.value.teks) for name in lists)
        late = [
            f"0x{tek.spi.value:X} for {seconds(rest)}" if tek.spi else seconds(rest)
            for tek in answer.value.old()
            if (rest := left(tek)) is not None and tek.lifetime is not None and rest > params.share * tek.lifetime
        ]
        yield verdict(
            answer.device,
            most <= params.most and not late,
            what,
            expected=f"one, or {params.most} for the end of the old one's life",
            actual=f"{most}{f'; the old {listed(late)}' if late else ''}",
            device=answer.device,
            seen=(answer.seen,),
            next_steps=(f"show crypto gdoi ks coop: was there a split? show logging on {answer.device}",),
        )


# -- the RSA key


def signing_labels(policies: Answers[Held]) -> dict[str, str]:
    """Key server -> label of the RSA key that its policy names."""
    return {
        answer.device: answer.value.kek.signature_key_name
        for answer in policies.told
        if answer.value.kek is not None and answer.value.kek.signature_key_name
    }


def key_pairs(server: KeyServerView) -> tuple[tuple[RsaKeyPair, ...], Seen]:
    """The RSA key pairs of a key server; none if it answers with nothing, for then it has none.

    Raises:
        EvidenceMissingError: it did not tell.
    """
    said_nothing = server.state.silent(RsaKeyPairs)
    if said_nothing is not None:
        return (), said_nothing
    sample = server.state.whole(RsaKeyPairs)
    return sample.value.keys, sample.seen


def signing_key(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Every key server must hold the RSA key that signs rekeys, under the label that the policy names.

    Without it a key server makes no KEK and sends no rekey (``KS_NO_RSA_KEYS``): members register again one by one
    before each TEK ends. On a secondary that shows only after it has become primary.
    """
    what = "RSA key that signs rekeys"
    policies = held(group, what)
    labels = signing_labels(policies)
    usual = next(iter(labels.values()), None)
    for server in servers(group):
        label = labels.get(server.device, usual)
        try:
            pairs, seen = key_pairs(server)
        except EvidenceMissingError as missing:
            yield untold(server.device, what, str(missing))
            continue
        names = [pair.key_name for pair in pairs]
        if label is None and names:
            reason = f"no policy names it; {server.device} holds {listed(names)}"
            yield untold(server.device, what, reason, seen, *policies.seen)
            continue
        yield verdict(
            server.device,
            label in names,
            what,
            expected=label or "any, but no policy names it",
            actual=str(label) if label in names else f"it holds {listed(names)}" if names else "it holds no RSA key",
            device=server.device,
            seen=(seen,),
            next_steps=(f"export it from a key server that holds it, import it on {server.device}, write memory",),
        )


_TAGS = frozenset({"keys"})
GROUP_CHECKS = (
    Spec(
        id="keys-present",
        title="Every key server holds a KEK and a TEK that live",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=present,
        tags=_TAGS,
    ),
    Spec(
        id="keys-overlap",
        title="Old TEKs end soon after a rekey",
        severity=Severity.MINOR,
        params=OverlapParams,
        examine=overlap,
        tags=_TAGS,
    ),
    Spec(
        id="keys-signing-key",
        title="Every key server holds the RSA key that signs rekeys",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=signing_key,
        tags=_TAGS,
    ),
)
