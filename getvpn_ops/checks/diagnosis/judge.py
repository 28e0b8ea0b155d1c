"""One group, diagnosed: every cause examined, weighed, folded and put in order.

The order: the surest first; among equals the one that explains more symptoms, then the one with the higher score, then
the one of wider scope. So a key server that is down stands before the twenty members that it leaves alone. A cause of a
member whose symptoms a *certain* cause of a key server or of the group accounts for too is put one step lower.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from getvpn_ops.checks.diagnosis import CAUSES
from getvpn_ops.checks.diagnosis.cause import PEER, SERVER, Cause, Scope, Verdict, clues_of, weigh
from getvpn_ops.checks.diagnosis.scene import GroupScene
from getvpn_ops.checks.diagnosis.symptoms import symptoms
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import (
    Complaint,
    Diagnosis,
    Likelihood,
    LookedAt,
    Step,
    Suspect,
    Symptom,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.fleet import DeviceState

_LOWER = {Likelihood.CERTAIN: Likelihood.LIKELY, Likelihood.LIKELY: Likelihood.POSSIBLE}
_NAMED = 3
"""So many devices of one suspect have their clues and commands in it."""


@dataclass(frozen=True)
class _Found:
    """A cause on one device, or on the group."""

    cause: Cause[Any]
    scope: Scope
    scene: GroupScene | ServerScene | MemberScene
    device: str
    clues: tuple[Clue, ...]
    verdict: Verdict
    explains: tuple[Symptom, ...]
    likelihood: Likelihood


def judge(view: GroupView, device: str | None = None) -> Diagnosis:
    """Diagnose a group, or one device in it.

    Args:
        view: of the group.
        device: only what concerns it: its own symptoms and causes, and what else accounts for its symptoms.
    """
    group = GroupScene(view)
    found = list(_examine(group, device))
    wrong = _with_shown(tuple(symptoms(group)), found)
    by_device: dict[str, list[Symptom]] = defaultdict(list)
    for symptom in wrong:
        by_device[symptom.device].append(symptom)
    found = [
        replace(item, explains=tuple(_explained(item, by_device[item.device] if _is_alone(item) else wrong)))
        for item in found
    ]
    found = _lowered(found)
    if device is not None:
        wrong = tuple(item for item in wrong if item.device in {device, group.name})
        found = [item for item in found if item.device == device or _concerns(item, device)]
    suspects = tuple(_fold(item for item in found if item.likelihood.is_suspected))
    explained = {symptom for suspect in suspects for symptom in suspect.explains}
    return Diagnosis(
        subject=device or group.name,
        group=group.name,
        taken_at=view.fleet.ended,
        symptoms=wrong,
        suspects=suspects,
        ruled_out=tuple(_fold(item for item in found if item.likelihood is Likelihood.RULED_OUT)),
        open=tuple(_fold(item for item in found if item.likelihood is Likelihood.OPEN)),
        unexplained=tuple(item for item in wrong if item not in explained),
        looked_at=tuple(_looked_at(group, device)),
    )


def _examine(group: GroupScene, device: str | None) -> Iterator[_Found]:
    for cause in CAUSES.group:
        yield from _one(cause, Scope.GROUP, group, group.name)
    for server in group.servers:
        for cause in CAUSES.server:
            yield from _one(cause, Scope.SERVER, server, server.device)
    for member in group.members:
        if device in {None, member.device}:
            for cause in CAUSES.member:
                yield from _one(cause, Scope.MEMBER, member, member.device)


def _one(cause: Cause[Any], scope: Scope, scene: Any, device: str) -> Iterator[_Found]:  # noqa: ANN401 -- as the cause takes
    clues = clues_of(cause, scene)
    verdict = weigh(clues)
    if verdict is not None:
        yield _Found(cause, scope, scene, device, clues, verdict, (), verdict.likelihood)


def _with_shown(wrong: tuple[Symptom, ...], found: Iterable[_Found]) -> tuple[Symptom, ...]:
    """Symptoms with those that a certain or likely cause is by itself, such as lists that differ."""
    known = {(item.device, item.complaint) for item in wrong}
    shown = []
    for item in found:
        complaint = item.cause.shows
        if complaint is None or item.likelihood.rank > Likelihood.LIKELY.rank or (item.device, complaint) in known:
            continue
        proof = item.clues[0]  # the weightiest for it
        known.add((item.device, complaint))
        shown.append(Symptom(complaint, item.device, proof.says, proof.evidence))
    return (*wrong, *shown)


def _is_alone(item: _Found) -> bool:
    """Whether a cause accounts for nothing on other devices."""
    return item.scope is Scope.MEMBER and not item.cause.spreads


def _explained(item: _Found, wrong: Iterable[Symptom]) -> Iterator[Symptom]:
    """Symptoms that a cause accounts for: on its own device, and on members that depend on it."""
    if not item.likelihood.is_suspected:
        return
    for symptom in wrong:
        if symptom.complaint in item.cause.explains and (
            symptom.device == item.device
            or (item.cause.spreads and symptom.complaint is Complaint.DROPS)
            or (item.scope is not Scope.MEMBER and _depends(item, symptom))
        ):
            yield symptom


def _depends(item: _Found, symptom: Symptom) -> bool:
    """Whether a symptom may come from a key server or from the group."""
    group = item.scene if isinstance(item.scene, GroupScene) else item.scene.group
    if item.scope is Scope.GROUP or symptom.device == group.name:
        return True
    member = group.member(symptom.device)
    if member is None:
        return symptom.complaint is Complaint.PEER_DEAD
    server: Any = item.scene
    try:
        standing = member.standing.value
        wanted = member.wanted_servers
    except EvidenceMissingError:
        return False
    if wanted and wanted <= server.addresses | group.silent_addresses:
        return True
    if symptom.complaint in {Complaint.NOT_REGISTERED, Complaint.RETRIES}:
        return False
    return standing.server in server.addresses or server.is_primary


def _concerns(item: _Found, device: str) -> bool:
    return any(symptom.device == device for symptom in item.explains)


def _lowered(found: Iterable[_Found]) -> list[_Found]:
    """Put causes of members behind a certain cause above them that accounts for the same symptoms."""
    items = list(found)
    above = {
        symptom
        for item in items
        if item.scope is not Scope.MEMBER and item.likelihood is Likelihood.CERTAIN
        for symptom in item.explains
    }
    return [
        replace(item, likelihood=_LOWER[item.likelihood])
        if item.scope is Scope.MEMBER
        and item.likelihood in _LOWER
        and not _is_proven(item)
        and item.explains
        and set(item.explains) <= above
        else item
        for item in items
    ]


def _is_proven(item: _Found) -> bool:
    return item.verdict.likelihood is Likelihood.CERTAIN


def _fold(found: Iterable[_Found]) -> Iterator[Suspect]:
    """One suspect for each cause and likelihood, in order."""
    camps: dict[tuple[str, Likelihood], list[_Found]] = defaultdict(list)
    for item in found:
        camps[item.cause.id, item.likelihood].append(item)
    folded = sorted(
        camps.values(),
        key=lambda camp: (
            camp[0].likelihood.rank,
            -len({symptom for item in camp for symptom in item.explains}),
            -max(item.verdict.score for item in camp),
            CAUSES.place(camp[0].cause.id),
        ),
    )
    for camp in folded:
        camp.sort(key=lambda item: -item.verdict.score)
        best = camp[0]
        yield Suspect(
            cause=best.cause.id,
            title=best.cause.title,
            likelihood=best.likelihood,
            score=best.verdict.score,
            devices=tuple(item.device for item in camp),
            clues=tuple(dict.fromkeys(clue for item in camp[:_NAMED] for clue in item.clues)),
            explains=tuple(dict.fromkeys(symptom for item in camp for symptom in item.explains)),
            confirm=tuple(dict.fromkeys(step for item in camp[:_NAMED] for step in _steps(item))),
            heal=best.cause.heal,
            why=best.verdict.why,
        )


def _steps(item: _Found) -> Iterator[Step]:
    """The commands that would confirm a cause, with the names and addresses of the scene."""
    scene: Any = item.scene
    group: GroupScene = scene if isinstance(scene, GroupScene) else scene.group
    words = group.words(scene)
    for where, command in item.cause.confirm:
        device = words[{SERVER: "server_name", PEER: "peer_name"}.get(where, "member")]
        yield Step(device, command.format(**words).rstrip())


def _looked_at(group: GroupScene, device: str | None) -> Iterator[LookedAt]:
    for server in group.servers:
        yield looked_at(server.state, _blind(server.view.configured))
    for member in group.members:
        if device in {None, member.device}:
            yield looked_at(member.state, _blind(partial(getattr, member, "standing")))


def _blind(look: Callable[[], object]) -> str:
    """Why it is not known how a device stands; empty if it is."""
    try:
        look()
    except EvidenceMissingError as gap:
        return str(gap)
    return ""


def looked_at(state: DeviceState, blind: str = "") -> LookedAt:
    """What a device told, and what it did not."""
    told = [item for item in state.evidence if item.parsed is not None or item.empty]
    gaps = [f"{item.command}: {item.reason}" for item in state.evidence if item.parsed is None and not item.empty]
    if state.visit is None:
        gaps.insert(0, state.why_not or "it was not asked")
    elif state.visit.trouble is not None:
        gaps.insert(0, state.visit.reason or state.visit.trouble.value)
    last = max((item.taken_at for item in told), default=None)
    commands = tuple(dict.fromkeys(item.command for item in told))
    return LookedAt(state.name, commands, last, tuple(dict.fromkeys(gaps)), blind)
