"""Puts actions of the catalogue on devices: each looks before, types once, settles by reading, and proves."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.coming_up import ComingUp
from getvpn_ops.engine.change.actions.counting import Counting
from getvpn_ops.engine.change.actions.debugging import Debugging
from getvpn_ops.engine.change.actions.dropping import Dropping
from getvpn_ops.engine.change.actions.electing import Electing
from getvpn_ops.engine.change.actions.ike import ClearingIke
from getvpn_ops.engine.change.actions.registering import Registering
from getvpn_ops.engine.change.actions.saving import Saving
from getvpn_ops.engine.change.actions.turning import Turning
from getvpn_ops.workflow.actions.clears import CLEARS_COUNTERS, CLEARS_SA, PROVES_REGISTERED, REREGISTERS
from getvpn_ops.workflow.actions.debugs import DEBUGS
from getvpn_ops.workflow.actions.directions import TURNS
from getvpn_ops.workflow.actions.key_server_clears import CLEARS_ISAKMP, CLEARS_SERVER
from getvpn_ops.workflow.actions.roles import CHANGES_ROLE
from getvpn_ops.workflow.actions.saving import SAVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Performer

ACTIONS_PERFORMED: Mapping[str, Performer] = MappingProxyType(
    {
        PROVES_REGISTERED: ComingUp(),
        REREGISTERS: Registering(),
        CLEARS_SA: Registering(replies=()),
        CLEARS_COUNTERS: Counting(),
        CLEARS_SERVER: Dropping(),
        CLEARS_ISAKMP: ClearingIke(),
        CHANGES_ROLE: Electing(),
        TURNS: Turning(),
        SAVES: Saving(),
        DEBUGS: Debugging(),
    }
)
"""Performers by the action that a step names; a rekey is ``engine.change.rekey``'s."""
