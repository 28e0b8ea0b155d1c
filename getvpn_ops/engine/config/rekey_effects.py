"""Change lines of a key server -> what its release makes of them: a rekey at once, by command, later, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.rekey_impact import trigger_of
from getvpn_ops.remediation.steps import effect_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from getvpn_ops.model.change import ChangeLine, RekeyEffect


def rekey_effect(
    line: ChangeLine, release: str, lists: Collection[str], objects: Collection[str] | None = None
) -> RekeyEffect | None:
    """What one line of a key server does to the keys of its group.

    Args:
        line: as it is typed.
        release: of the key server; of one that cannot be read the worse is taken.
        lists: as for ``analysis.rekey_impact.trigger_of``.
        objects: likewise.

    Returns:
        None if the line is not one that this program knows.
    """
    trigger = trigger_of(line, lists, objects)
    return None if trigger is None else effect_of(trigger, release)
