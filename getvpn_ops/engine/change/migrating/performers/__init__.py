"""What stages do beside configuring: routers asked first, rekeys awaited, traffic proven, another primary drilled."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.migrating.performers.awaiting_rekeys import AwaitingRekeys
from getvpn_ops.engine.change.migrating.performers.drilling import Drilling
from getvpn_ops.engine.change.migrating.performers.measuring_passive import MeasuringPassive
from getvpn_ops.engine.change.migrating.performers.preflighting import Preflighting
from getvpn_ops.engine.change.migrating.performers.proving_traffic import ProvingTraffic
from getvpn_ops.engine.change.migrating.performers.testing_applications import TestingApplications

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Performer

STAGES_PERFORMED: Mapping[str, Performer] = MappingProxyType(
    {
        "preflight": Preflighting(),
        "await-rekeys": AwaitingRekeys(),
        "prove-traffic": ProvingTraffic(),
        "measure-passive": MeasuringPassive(),
        "test-applications": TestingApplications(),
        "drill": Drilling(),
    }
)
"""Performers by the stage action that a step names."""
