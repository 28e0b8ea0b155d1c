"""Whether a router booted since a plan was made, by its uptime: what was not saved is gone then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.model.plan import Configure
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.capture import Capture

_MINUTE = timedelta(minutes=1)
"""``show version`` tells whole minutes: a router may have been up for that much longer."""


def booted_since(capture: Capture, moment: datetime) -> str:
    """That a router booted after a moment, in words; empty if it did not, or does not tell.

    Args:
        capture: of ``show version``.
        moment: by the clock of the run, UTC.
    """
    found = evidence_of(capture)
    version = found.parsed.data if found is not None and found.parsed is not None else None
    if not isinstance(version, Version) or version.uptime is None:
        return ""
    booted = capture.taken_at - version.uptime
    if booted - _MINUTE <= moment:
        return ""
    minutes = int(version.uptime.total_seconds() // 60)
    return f"it reloaded at about {booted:%H:%M} UTC (up for {minutes} minutes): what was not saved is gone"


def is_lost(scene: Scene, name: str, managed: str) -> bool:
    """Whether a router that booted holds nothing from which the step in hand on it can be gone on with.

    Args:
        scene: of the run, which changed the router.
        name: of the router.
        managed: fingerprint of its managed lines now.
    """
    return managed not in _usable(scene, name)


def _usable(scene: Scene, name: str) -> Collection[str]:
    """The states of the first step of a router that is not proven, as far as the journal knows none of it as applied.

    What is known as applied is not typed again (promise P4), so that its beginning is of no use then.
    """
    for step in scene.plan.steps:
        if step.device == name and isinstance(step.act, Configure) and scene.log.proven(step.id) is None:
            states = step.act.states
            return states[1:] if scene.log.is_applied(step.id, name) else states
    return ()
