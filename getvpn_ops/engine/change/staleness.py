"""Whether devices are what they were when the plan was made (promise P1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.state.version import Version
from getvpn_ops.workflow.fingerprint import fingerprint
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.plan import Fingerprint, PlannedDevice

_VERSION = "show version"
_ANEW = "make the plan anew"


@dataclass(frozen=True, slots=True)
class Held:
    """What looking at the devices of a plan gave.

    Attributes:
        whole: why nothing of the plan may be done; None if it may.
        alone: members that are left out of it, by name, and why; the others go on.
    """

    whole: Hold | None
    alone: Mapping[str, Hold]


def held_back(scene: Scene, touched: Collection[str]) -> Held:
    """Read every device of the plan, and hold it against its fingerprint.

    A changed key server, or a changed managed line, makes the plan stale; any other change of a member holds that
    member alone. Of a device that this run changed already only release and serial number are compared: how far its
    steps came, their own states say.

    Args:
        scene: of the run.
        touched: devices that the run sent something to before.
    """
    plan = scene.plan
    if plan.is_expired(scene.clock.now()) and not touched:
        return Held(Hold(f"plan {plan.id} expired at {plan.expires:%Y-%m-%d %H:%M} UTC", _ANEW, ExitCode.STALE), {})
    if snapshot(scene.inventory) != plan.inventory:
        return Held(Hold("the inventory or an intent changed since the plan was made", _ANEW, ExitCode.STALE), {})
    said: dict[str, dict[str, Capture]] = {device.name: {} for device in plan.devices}

    def script(name: str) -> Script:
        for command in (_VERSION, CONFIGURATION):
            said[name][command] = yield command

    scripts = {scene.device(device.name): (lambda name=device.name: script(name)) for device in plan.devices}
    visits = scene.ask(scripts) if scripts else {}
    alone: dict[str, Hold] = {}
    for device in plan.devices:
        held = _held(device, said[device.name], visits[device.name], is_touched=device.name in touched)
        if held is None:
            continue
        if device.role == Role.KEY_SERVER.value or held.code is ExitCode.STALE:
            return Held(held, alone)
        alone[device.name] = held
    return Held(None, alone)


def _held(device: PlannedDevice, said: Mapping[str, Capture], visit: Visit, *, is_touched: bool) -> Hold | None:
    seen = _seen(said, visit)
    if isinstance(seen, str):
        return Hold(f"{device.name} was not read: {seen}", visit.next_step, ExitCode.UNDETERMINED)
    was = device.fingerprint
    if seen.serial != was.serial:
        reason = f"{device.name} answers with serial number {seen.serial or 'none'}; the plan is for {was.serial}"
        return Hold(reason, "see which router answers at its address", ExitCode.FINDINGS)
    if seen.release != was.release:
        return Hold(f"{device.name} runs {seen.release}; the plan is for {was.release}", _ANEW, ExitCode.FINDINGS)
    if is_touched or seen.whole == was.whole:
        return None
    if seen.managed != was.managed:
        return Hold(f"{device.name}: a managed line changed since the plan was made", _ANEW, ExitCode.STALE)
    reason = f"{device.name}: its configuration changed since the plan was made, in lines that the plan leaves alone"
    is_server = device.role == Role.KEY_SERVER.value
    return Hold(reason, _ANEW, ExitCode.STALE if is_server else ExitCode.FINDINGS)


def _seen(said: Mapping[str, Capture], visit: Visit) -> Fingerprint | str:
    if CONFIGURATION not in said or _VERSION not in said:
        return visit.reason or (visit.trouble.value if visit.trouble is not None else "it gave no answer")
    running = configuration_of(said[CONFIGURATION])
    if isinstance(running, str):
        return running
    found = evidence_of(said[_VERSION])
    if found is None or found.parsed is None or not isinstance(found.parsed.data, Version):
        return "`show version` was not read"
    version = found.parsed.data
    return fingerprint(running.tree, version.xe_release or version.release or "", version.board_id or "")
