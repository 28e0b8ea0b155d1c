"""What the key servers of a group told, and who of them did not: one silent server hides no fault of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.outcome import Finding, Seen, Status
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ks import KsMembers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.state.ks import KsMember

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

MANY = 5
"""So many names stand in one sentence; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """What one key server told.

    Attributes:
        server: who.
        value: the state.
        seen: for a finding.
    """

    server: KeyServerView
    value: T_co
    seen: Seen

    @property
    def device(self) -> str:
        """Name of the key server."""
        return self.server.device

    @property
    def taken_at(self) -> datetime:
        """When the answer was complete, UTC."""
        return self.seen.taken_at


@dataclass(frozen=True, slots=True)
class Answers(Generic[T_co]):
    """What all key servers of a group told.

    Attributes:
        told: in the order of the inventory.
        silent: an UNKNOWN finding for each key server that did not tell, or not all of it.
    """

    told: tuple[Answer[T_co], ...]
    silent: tuple[Finding, ...]

    @property
    def seen(self) -> tuple[Seen, ...]:
        """All evidence."""
        return tuple(answer.seen for answer in self.told)


def ask(group: GroupView, what: str, question: Callable[[KeyServerView], Sample[T]]) -> Answers[T]:
    """Put a question to every key server of a group.

    Args:
        group: whose key servers.
        what: is looked at, for the findings about those that do not tell.
        question: a method of ``KeyServerView``. An answer that may not be whole is none: what is absent from it would
            look like a fault.

    Raises:
        EvidenceMissingError: no key server of the group is known.
    """
    told: list[Answer[T]] = []
    silent: list[Finding] = []
    for server in servers(group):
        try:
            if server.state.has(Gdoi):
                server.gdoi()  # raises if it has no such group: one of the same name with another identity is none
            sample = question(server)
        except EvidenceMissingError as missing:
            silent.append(untold(server.device, what, str(missing)))
            continue
        if sample.doubts:
            reason = f"{server.device}: {sample.seen.command} may not be whole: {sample.doubts[0]}"
            silent.append(untold(server.device, what, reason, sample.seen))
        else:
            told.append(Answer(server, sample.value, sample.seen))
    return Answers(tuple(told), tuple(silent))


def database(server: KeyServerView) -> Sample[tuple[KsMember, ...]]:
    """The members that a key server knows. Without any it prints nothing, and counts none in its group.

    Raises:
        EvidenceMissingError: it did not tell, or the list may not be whole.
    """
    nothing = server.state.silent(KsMembers)
    if nothing is not None and server.gdoi().value.group_members == 0:
        return Sample((), nothing)
    return server.members()


def servers(group: GroupView) -> tuple[KeyServerView, ...]:
    """The key servers of a group.

    Raises:
        EvidenceMissingError: none is known.
    """
    if not group.key_servers:
        msg = f"no key server of group {group.name} is known"
        raise EvidenceMissingError(msg)
    return group.key_servers


def untold(device: str, what: str, reason: str, *seen: Seen) -> Finding:
    """UNKNOWN: a key server does not say what is looked at."""
    steps = (f"getvpn-ops doctor says whether {device} can be asked",)
    return undecided(device, what, reason, *seen).model_copy(update={"device": device, "next_steps": steps})


def undecided(subject: str, what: str, reason: str, *seen: Seen) -> Finding:
    """UNKNOWN, and no single device is to blame."""
    return Finding(status=Status.UNKNOWN, subject=subject, message=what, actual=f"not known: {reason}", evidence=seen)


def not_applicable(group: GroupView, what: str, why: str, *seen: Seen) -> Finding:
    """There is nothing that could be judged here, and that is as it should be."""
    return Finding(status=Status.NOT_APPLICABLE, subject=group.name, message=what, actual=why, evidence=seen)


def verdict(  # noqa: PLR0913 -- the parts of one record
    subject: str,
    message: str,
    *,
    good: bool,
    expected: str,
    actual: str,
    seen: Iterable[Seen],
    device: str = "",
    steps: Iterable[str] = (),
) -> Finding:
    """PASS or FAIL; what to do next stands only with a failure."""
    return Finding(
        status=Status.PASS if good else Status.FAIL,
        subject=subject,
        message=message,
        expected=expected,
        actual=actual,
        device=device,
        evidence=tuple(seen),
        next_steps=() if good else tuple(steps),
    )


def listed(names: Iterable[object]) -> str:
    """``a, b, c and 7 more``."""
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:MANY])
    return f"{shown} and {len(texts) - MANY} more" if len(texts) > MANY else shown
