"""What the routers of a network do with one flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.analysis.lists.effective import Decision


@dataclass(frozen=True, slots=True)
class Decided:
    """What one router does with a flow.

    Attributes:
        group: GDOI group; empty for a list of a file.
        device: member, or the list of a file; empty for the key server's list alone.
        sends: what becomes of the flow where this router sends it; None if that is not known.
        answers: what becomes of its answers, which is also what the router expects of the flow if it receives it.
        behind: which ends stand behind it: ``source``, ``destination``, both; empty if neither is known to.
        reason: why it is not known.
        crypto_map: of the member, where its maps have different own lists.
    """

    group: str
    device: str
    sends: Decision | None
    answers: Decision | None
    behind: tuple[str, ...] = ()
    reason: str = ""
    crypto_map: str = ""
