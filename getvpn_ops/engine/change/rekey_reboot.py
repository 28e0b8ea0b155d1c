"""Whether a rekey left a key server that reloaded since: its counters begin anew, so that only its members can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.rekey_members import look_at
from getvpn_ops.engine.change.reloads import booted_since
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.rekey_marks import Marks
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture

_VERSION = "show version"


def settled_by_members(scene: Scene, view: GroupView, device: str, before: Marks) -> Settled | None:
    """How far the command came on a key server that booted since, by the keys of all members of the group.

    A member may hold a key of which no key server knows any more: the one that made it is gone. So all are asked, not
    only those that the key servers still list.

    Args:
        scene: of the run.
        view: the group now; no key server shows a rekey.
        device: the key server that got the command.
        before: what stood there right before it.

    Returns:
        None if it did not boot since: its counters are right.
    """
    booted = _booted(scene, device, before)
    if booted is None:
        return Settled(StepResult.UNKNOWN, f"{device} does not tell whether it reloaded")
    if not booted:
        return None
    names = [member.name for member in scene.inventory.members(view.name)]
    try:
        looked = look_at(scene, view, names)
    except EvidenceMissingError as exc:
        return Settled(StepResult.UNKNOWN, f"{device}: {booted}, its counters too: {exc}")
    old = {f"0x{key.spi:08X}" for ring in view.served.rings.values() for key in ring.teks}  # those that run out, too
    for name, spis in looked.spis.items():
        if others := spis - before.teks - old:
            return Settled(StepResult.APPLIED, f"{name} has {', '.join(sorted(others))}, which is new")
    if looked.unread:
        name, why = next(iter(looked.unread.items()))
        return Settled(StepResult.UNKNOWN, f"{device}: {booted}, its counters too: {name} did not tell its keys: {why}")
    reason = f"{device}: {booted}, its counters too; none of {len(names)} members has a new key"
    return Settled(StepResult.NOTHING_SENT, reason)


def _booted(scene: Scene, device: str, before: Marks) -> str | None:
    found: dict[str, Capture] = {}

    def script() -> Script:
        found[_VERSION] = yield _VERSION

    scene.ask({scene.device(device): script})
    return booted_since(found[_VERSION], before.at) if _VERSION in found else None
