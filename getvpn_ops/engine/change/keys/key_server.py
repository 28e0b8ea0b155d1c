"""Whether a key server may be typed on for a key: the group is sound, no rekey near (promises P10, P11).

Unlike for a change of policy its RSA key may be missing: that is what is being mended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.ks_guard import guard_key_server
from getvpn_ops.engine.change.ks_reading import served_by

if TYPE_CHECKING:
    from getvpn_ops.engine.change.scene import Hold, Scene
    from getvpn_ops.model.plan import PlannedStep

_MENDED = ("parity-rsa-key",)


def may_touch(step: PlannedStep, scene: Scene, servers: tuple[str, ...]) -> Hold | None:
    """Look at all groups that these key servers serve; None: they may be touched.

    Raises:
        LeaseLostError: the lease ended while a rekey was waited for.
    """
    done: set[tuple[str, ...]] = set()
    for server in servers:
        groups = served_by(scene, server)
        if groups in done:
            continue
        done.add(groups)
        held = guard_key_server(replace(step, device=server), scene, policy=False, mended=_MENDED)
        if held is not None:
            return held
    return None
