"""Who puts which kind of step on devices: named here, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions import ACTIONS_PERFORMED
from getvpn_ops.engine.change.configuring import Configuring
from getvpn_ops.engine.change.keys import KEYS_PERFORMED
from getvpn_ops.engine.change.migrating.gates import Gate
from getvpn_ops.engine.change.migrating.legs import APPROVE, GATE, WAIT
from getvpn_ops.engine.change.migrating.pausing import Approval, Soak
from getvpn_ops.engine.change.migrating.performers import STAGES_PERFORMED
from getvpn_ops.engine.change.rekey import ProveRekey
from getvpn_ops.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Performer

CONFIGURE = "configure"


def performers() -> Mapping[str, Performer]:
    """All of them, for one run: ``configure``, and actions by their ids.

    Raises:
        RegistryError: two have one id.
    """
    own: dict[str, Performer] = {
        CONFIGURE: Configuring(),
        "prove-rekey": ProveRekey(),
        GATE: Gate(),
        WAIT: Soak(),
        APPROVE: Approval(),
    }
    for more in (ACTIONS_PERFORMED, KEYS_PERFORMED, STAGES_PERFORMED):
        for name, performer in more.items():
            if own.setdefault(name, performer) is not performer:
                msg = f"two performers are called {name}"
                raise RegistryError(msg)
    return own
