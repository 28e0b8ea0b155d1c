"""How asking a fleet went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from getvpn_ops.reports.console import indented
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from getvpn_ops.model.capture import Trouble, Visit

_FEW = 8
"""Devices with one trouble that stand for themselves."""


def visits_view(run: str, visits: Sequence[Visit], folder: Path | None = None) -> RenderableType:
    """What was kept, and which devices did not tell all, with what to do about each.

    Args:
        run: id.
        visits: of all devices that were asked.
        folder: where captures were written besides.
    """
    answers = sum(visit.commands for visit in visits)
    kept = Text.assemble((f"{count(answers, 'answer')} of {count(len(visits), 'device')} kept", "bold"), f", run {run}")
    parts: list[RenderableType] = [kept]
    if folder is not None:
        parts.append(Text(f"captures are in {folder}: getvpn-ops health --from {folder}"))
    for trouble, alike in _by_trouble(visits).items():
        if len(alike) <= _FEW:
            for visit in alike:
                parts.append(Text.assemble((f"{visit.device}: {trouble}", "yellow"), f": {visit.reason}"))
                if visit.next_step:
                    parts.append(indented(Text(visit.next_step)))
            continue
        parts.append(Text.assemble((f"{count(len(alike), 'device')}: {trouble}", "yellow")))
        parts += [indented(Text(f"{visit.device}: {visit.reason}")) for visit in alike[:_FEW]]
        parts.append(indented(Text(f"and {len(alike) - _FEW} more; -o json tells all")))
        if steps := list(dict.fromkeys(visit.next_step for visit in alike if visit.next_step)):
            parts.append(indented(Text(steps[0])))
    return Group(*parts)


def _by_trouble(visits: Sequence[Visit]) -> dict[Trouble, list[Visit]]:
    found: dict[Trouble, list[Visit]] = {}
    for visit in visits:
        if visit.trouble is not None:
            found.setdefault(visit.trouble, []).append(visit)
    return found
