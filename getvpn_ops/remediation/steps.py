"""Edits -> the ordered steps of a change set."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Trigger
from getvpn_ops.dialect.ordering import Place
from getvpn_ops.model.change import ChangeStep, RekeyEffect, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.remediation.edit import Edit

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\((\d+)|\.(\d+))?")
_BY_COMMAND_SINCE = (15, 2, 1)
_XE_THREE, _XE_THREE_SINCE = 3, 5

_STRENGTH = (
    RekeyEffect.NONE,
    RekeyEffect.REGISTRATION,
    RekeyEffect.NEXT_REKEY,
    RekeyEffect.BY_COMMAND,
    RekeyEffect.AT_ONCE,
)


def effect_of(trigger: Trigger, release: str) -> RekeyEffect:
    """What a changed line does to the keys of a group on a release.

    GETVPN software 1.0.2 came with 15.2(1)T and IOS-XE 3.5: from there a changed policy waits for
    ``crypto gdoi ks rekey``. Before, leaving configuration mode rekeys (guide, "Rekey Triggering").

    Args:
        trigger: of the line.
        release: such as ``12.4(22)T2`` or ``17.6.5``; of one that cannot be read the worse is taken, a rekey at once.
    """
    if trigger is not Trigger.POLICY:
        return {
            Trigger.NONE: RekeyEffect.NONE,
            Trigger.SCHEDULED: RekeyEffect.NEXT_REKEY,
            Trigger.REGISTRATION: RekeyEffect.REGISTRATION,
        }[trigger]
    found = _RELEASE.match(release.strip())
    if found is None:
        return RekeyEffect.AT_ONCE
    numbers = (int(found[1]), int(found[2]), int(found[3] or found[4] or 0))
    waits = numbers[1] >= _XE_THREE_SINCE if numbers[0] == _XE_THREE else numbers >= _BY_COMMAND_SINCE
    return RekeyEffect.BY_COMMAND if waits else RekeyEffect.AT_ONCE


def kind_of(place: Place) -> StepKind:
    """What a step of a place does."""
    if place <= Place.BUILD_END:
        return StepKind.BUILD
    return StepKind.SET if place <= Place.SET_END else StepKind.CLEAN_UP


def steps_of(edits: Iterable[Edit], release: str) -> tuple[ChangeStep, ...]:
    """Join edits of one place and bundle, and put the steps in order."""
    held = list(edits)
    adds = {(edit.place, edit.bundle) for edit in held if not edit.removes}
    ordered = sorted(
        held,
        key=lambda edit: (edit.place, (edit.place, edit.bundle) not in adds, edit.bundle, edit.rank),
    )
    return tuple(
        _step(place, list(group), release)
        for (place, _), group in groupby(ordered, key=lambda edit: (edit.place, edit.bundle))
    )


def _step(place: Place, edits: list[Edit], release: str) -> ChangeStep:
    effects = {effect_of(trigger, release) for edit in edits for trigger in edit.triggers}
    titles = list(dict.fromkeys(edit.title for edit in edits))
    return ChangeStep(
        kind=kind_of(place),
        title="; ".join(titles),
        lines=tuple(line for edit in edits for line in edit.forward),
        rollback=tuple(line for edit in reversed(edits) for line in edit.backward),
        effect=max(effects, key=_STRENGTH.index, default=RekeyEffect.NONE),
        groups=tuple(dict.fromkeys(group for edit in edits for group in edit.groups)),
        notes=tuple(dict.fromkeys(note for edit in edits for note in edit.notes)),
    )
