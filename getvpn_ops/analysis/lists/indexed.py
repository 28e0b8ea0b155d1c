"""An effective list for many flows of few services: lines are looked through by protocol and ports once for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.packets.match import ANYWHERE

if TYPE_CHECKING:
    from getvpn_ops.analysis.lists.effective import Decision
    from getvpn_ops.analysis.packets.flow import Flow

_LINES = "_matches"


@dataclass(frozen=True)
class IndexedList(EffectiveList):
    """The same list; ``decide`` asks only the lines that protocol and ports of a flow leave.

    A fleet of thousands of members asks one list about a handful of services between ever other addresses.
    """

    def decide(self, flow: Flow) -> Decision:
        """As ``EffectiveList.decide``, place and all.

        Raises:
            InexpressibleError: likewise.
        """
        key = flow.version, flow.protocol, flow.source_port, flow.destination_port
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = EffectiveList()
            lines = [
                line for line in self._matches if replace(line[3], source=ANYWHERE, destination=ANYWHERE).takes(flow)
            ]
            vars(part)[_LINES] = tuple(lines)  # where its cached property keeps them
        return part.decide(flow)

    @cached_property
    def _parts(self) -> dict[object, EffectiveList]:
        return {}
