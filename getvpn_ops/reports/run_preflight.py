"""What routers answered before anything was changed, as the journal of a run has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status
from getvpn_ops.workflow.playbooks.preflight import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_END = f".{FACTS}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question to a router, judged.

    Attributes:
        device: name of it, or ``plan``.
        question: as a playbook calls it.
        status: verdict.
        text: evidence.
    """

    device: str
    question: str
    status: Status
    text: str


def answered(seen: Iterable[tuple[str, Mapping[str, str]]]) -> tuple[Answered, ...]:
    """All rows, the worst first, then in the order in which they were written; of a router the last answer counts.

    Args:
        seen: what a run read, by what it is about, oldest first.
    """
    last: dict[tuple[str, str], Answered] = {}
    for about, facts in seen:
        if not about.endswith(_END):
            continue
        device = about.removesuffix(_END).partition(".")[2]
        for question, told in facts.items():
            word, _, text = told.partition(": ")
            status = Status(word) if word in set(Status) else Status.UNKNOWN
            last[device, question] = Answered(device, question, status, text)
    return tuple(sorted(last.values(), key=lambda row: -row.status.rank))
