"""Whether devices are what they were when the plan was made (promise P1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.planning.typeable import prints_in, untypeable
from getvpn_ops.engine.change.reloads import booted_since, is_lost
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure
from getvpn_ops.model.state.version import Version
from getvpn_ops.workflow.fingerprint import fingerprint
from getvpn_ops.workflow.progress import Tree, where
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.plan import Fingerprint, PlannedDevice, PlannedLine

_VERSION = "show version"
_ANEW = "make the plan anew"
_TYPES_NOTHING = frozenset({"prove-rekey", "save"})
"""Actions that leave the configuration alone."""


@dataclass(frozen=True, slots=True)
class Held:
    """What looking at the devices of a plan gave.

    Attributes:
        whole: why nothing of the plan may be done; None if it may.
        alone: members that are left out of it, by name, and why; the others go on.
    """

    whole: Hold | None
    alone: Mapping[str, Hold]


def held_back(scene: Scene, out: Collection[str] = ()) -> Held:
    """Read every device of the plan, and hold it against its fingerprint.

    A changed key server, or a changed managed line, makes the plan stale; any other difference of a member holds that
    member alone. Of a device that this run changed already, the lines that are managed must stand as the last step
    that was proven left them; how far one came that was not, its own states say.

    Args:
        scene: of the run.
        out: members that are left out of it already; they are not asked.
    """
    plan = scene.plan
    changed = {story.intended.device for story in scene.log.stories if story.result is not StepResult.NOTHING_SENT}
    if plan.is_expired(scene.clock.now()) and not changed:
        return Held(Hold(f"plan {plan.id} expired at {plan.expires:%Y-%m-%d %H:%M} UTC", _ANEW, ExitCode.STALE), {})
    if snapshot(scene.inventory) != plan.inventory:
        return Held(Hold("the inventory or an intent changed since the plan was made", _ANEW, ExitCode.STALE), {})
    devices = [device for device in plan.devices if device.name not in out]
    said: dict[str, dict[str, Capture]] = {device.name: {} for device in devices}

    def script(name: str) -> Script:
        for command in (_VERSION, CONFIGURATION):
            said[name][command] = yield command

    scripts = {scene.device(device.name): (lambda name=device.name: script(name)) for device in devices}
    visits = scene.ask(scripts) if scripts else {}
    alone: dict[str, Hold] = {}
    for device in devices:
        seen = _seen(said[device.name], visits[device.name])
        if isinstance(seen, str):
            reason = f"{device.name} was not read: {seen}"
            hold: Hold | None = Hold(reason, visits[device.name].next_step, ExitCode.UNDETERMINED)
            is_alone = True
        else:
            left = _left_as(scene, device) if device.name in changed else None
            hold, is_alone = _differs(device, seen, left)
            if booted := booted_since(said[device.name][_VERSION], plan.made):
                if hold is None and left == "" and is_lost(scene, device.name, seen.managed):
                    hold = Hold(f"{device.name}: lines that this run typed are gone", _ANEW, ExitCode.STALE)
                hold, is_alone = _after(scene, device.name, hold, booted)
            if hold is None and (hold := _untypeable(scene, device.name, said[device.name][CONFIGURATION])) is not None:
                return Held(hold, alone)
        if hold is None:
            continue
        if device.role == Role.KEY_SERVER.value or not is_alone:
            return Held(hold, alone)
        alone[device.name] = hold
    return Held(None, alone)


def _differs(device: PlannedDevice, seen: Fingerprint, left: str | None) -> tuple[Hold | None, bool]:
    """How a device differs from what it should be, and whether that concerns it alone.

    Args:
        device: as the plan knows it.
        seen: what it is.
        left: the managed lines as this run left them, empty where only its steps tell; None if it did not change them.
    """
    was = device.fingerprint
    reason, next_step, is_alone = "", _ANEW, True
    if seen.serial != was.serial:
        reason = f"answers with serial number {seen.serial or 'none'}; the plan is for {was.serial or 'none'}"
        next_step = "see which router answers at its address"
    elif seen.release != was.release:
        reason = f"runs {seen.release}; the plan is for {was.release}"
    elif left is not None:
        if left and seen.managed != left:
            reason, is_alone = "a managed line changed since this run left it, as after a reload before it saved", False
    elif seen.managed != was.managed:
        reason, is_alone = "a managed line changed since the plan was made", False
    elif seen.whole != was.whole:
        reason = "its configuration changed since the plan was made, in lines that the plan leaves alone"
    return (Hold(f"{device.name}: {reason}", next_step, ExitCode.STALE) if reason else None), is_alone


def _after(scene: Scene, name: str, hold: Hold | None, booted: str) -> tuple[Hold | None, bool]:
    """The same of a router that booted since the plan was made; one that lost nothing is gone on with, and said."""
    if hold is None:
        scene.say(f"{name}: {booted}; its configuration is as this run knows it")
        return None, True
    return replace(hold, reason=f"{hold.reason}: {booted}"), scene.device(name).role is not Role.KEY_SERVER


def _untypeable(scene: Scene, name: str, capture: Capture) -> Hold | None:
    """Lines that are still to be typed on a device, and that nobody could: what they need stands nowhere any more."""
    running = configuration_of(capture)
    if scene.secrets is None or isinstance(running, str):
        return None
    shown, given = prints_in(running.tree), partial(scene.secrets, scene.device(name))
    lines = [
        line
        for step in scene.plan.steps
        if step.device == name and isinstance(step.act, Configure) and scene.log.proven(step.id) is None
        if untypeable(step.act.lines, shown, given)
        for line in untypeable(_to_come(step.act, running.tree), shown, given)
    ]
    if not lines:
        return None
    more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
    reason = (
        f"{name}: '{lines[0].text}' cannot be typed{more}: neither the device nor any source here has what its "
        "placeholder stands for: nothing was sent"
    )
    return Hold(reason, "put it where `secrets:` of getvpn-ops.yaml finds it, or make the plan anew", ExitCode.STALE)


def _to_come(act: Configure, tree: Tree) -> tuple[PlannedLine, ...]:
    """Lines of a step that do not stand there; none where nobody can tell, for then it is not gone on with."""
    place = where(act, tree)
    return act.lines[place.lines :] if place.lines is not None else ()


def _left_as(scene: Scene, device: PlannedDevice) -> str:
    """The managed lines after the last proven step; empty if another one was begun behind it, or types lines itself."""
    left = device.fingerprint.managed
    begun = {story.intended.step.split(".")[0] for story in scene.log.stories if story.intended.device == device.name}
    for step in scene.plan.steps:
        if step.device != device.name and step.id not in begun:
            continue
        if isinstance(step.act, Configure):
            if scene.log.proven(step.id) is not None:
                left = step.act.states[-1] if step.act.states else ""
            elif step.id in begun:
                return ""
        elif step.id in begun and step.act.action not in _TYPES_NOTHING:
            return ""
    return left


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
