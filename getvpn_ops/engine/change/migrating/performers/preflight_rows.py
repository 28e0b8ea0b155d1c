"""A judged row for each question and router, and what all rows together say of a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.workflow.playbooks.preflight import Question

PLAN = "plan"
"""Stands for the device in a row that is about the plan."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a question about a router.

    Attributes:
        question: which.
        device: of the inventory, or ``PLAN``.
        status: PASS, FAIL, UNKNOWN or NOT_APPLICABLE.
        text: evidence, in words.
        later: stage of the plan that answers what is UNKNOWN here; empty: none does.
        warns: what should be known though nothing is held for it; empty: nothing.
    """

    question: Question
    device: str
    status: Status
    text: str
    later: str = ""
    warns: str = ""

    def holds(self, open_ones: Iterable[Question]) -> bool:
        """Whether a stage may not go on; what is answered badly is never let pass."""
        if self.status is Status.UNKNOWN:
            return not self.later and self.question not in open_ones
        return not self.status.opens_gate

    @property
    def told(self) -> str:
        """Verdict and evidence."""
        later = f"; stage {self.later} shows it" if self.later else ""
        warns = f"; {self.warns}" if self.warns else ""
        return f"{self.status.value}: {self.text}{warns}{later}"

    @property
    def line(self) -> str:
        """For people."""
        return f"{self.device}: {self.question}: {self.told}"


def joined(question: Question, device: str, rows: Iterable[Row]) -> Row:
    """One row of several about the same: the worst status with its own words, or all words where none is worse.

    A row that a later stage answers is better than one that nothing answers.
    """
    held = list(rows)
    if not held:
        return Row(question, device, Status.UNKNOWN, "nothing was examined")
    worst = max(held, key=_badness)
    same = [item for item in held if _badness(item) == _badness(worst)]
    texts = "; ".join(dict.fromkeys(item.text for item in same))
    warns = "; ".join(dict.fromkeys(item.warns for item in held if item.warns))
    return Row(question, device, worst.status, texts, worst.later, warns)


def _badness(row: Row) -> tuple[int, bool]:
    return row.status.rank, not row.later


def summary(rows: Iterable[Row]) -> str:
    """How many rows came out how, and what is warned of or left to later stages."""
    held = list(rows)
    counts = {status: sum(1 for row in held if row.status is status) for status in Status}
    told = ", ".join(f"{number} {status.value}" for status, number in counts.items() if number)
    left = sorted({f"{row.question} ({row.later})" for row in held if row.later})
    warned = [f"{row.device}: {row.warns}" for row in held if row.warns]
    texts = [f"{len(held)} rows: {told}"]
    texts += [f"left to later stages: {', '.join(left)}"] if left else []
    texts += [f"{len(warned)} warnings: {warned[0]}{'; ...' if warned[1:] else ''}"] if warned else []
    return "; ".join(texts)
