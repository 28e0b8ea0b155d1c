"""Diagnosis: from symptoms to the likely causes, in order, each with its clues.

``causes`` names what can be wrong; ``judge`` weighs it all for one group. The rule of weighing stands in ``cause``.
"""

from __future__ import annotations

from getvpn_ops.checks.diagnosis import agreeing, joining, passing, registering, rekeying, serving
from getvpn_ops.checks.diagnosis.cause import Causes

CAUSES = Causes(
    group=agreeing.CAUSES,
    server=serving.CAUSES,
    member=(*joining.CAUSES, *registering.CAUSES, *rekeying.CAUSES, *passing.CAUSES),
)
