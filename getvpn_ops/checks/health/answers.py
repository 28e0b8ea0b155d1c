"""What the key servers of a group told, and who of them did not: one silent server hides no fault of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from getvpn_ops.checks.health.verdict import untold
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ks import KsMembers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.outcome import Finding, Seen
    from getvpn_ops.model.state.ks import KsMember

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


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
    silent = [untold(name, what, f"it serves {group.name}, and was not selected") for name in unasked(group)]
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
        EvidenceMissingError: it did not tell, or the list may not be whole, or it lists none of those that it counts.
    """
    nothing = server.state.silent(KsMembers)
    if nothing is not None and server.gdoi().value.group_members == 0:
        return Sample((), nothing)
    sample = server.members()
    counted = server.gdoi().value.group_members if not sample.value and server.state.has(Gdoi) else 0
    if counted:
        msg = f"{server.device} counts {counted} members, and {sample.seen.command} lists none"
        raise EvidenceMissingError(msg)
    return sample


def unasked(group: GroupView) -> tuple[str, ...]:
    """Key servers that the inventory names and that are no part of this run: what they would say is not known."""
    here = {server.device for server in group.key_servers}
    return tuple(name for name in group.served.expected if name not in here)


def servers(group: GroupView) -> tuple[KeyServerView, ...]:
    """The key servers of a group.

    Raises:
        EvidenceMissingError: none is known.
    """
    if not group.key_servers:
        msg = f"no key server of group {group.name} is known"
        raise EvidenceMissingError(msg)
    return group.key_servers
