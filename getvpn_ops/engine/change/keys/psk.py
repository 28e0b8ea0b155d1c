"""Proves a member's new pre-shared key by registering the member with it; puts the old one back where that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.keys.psk_back import BACK, is_going_back, put_back, settled_back
from getvpn_ops.engine.change.keys.psk_reading import has_time, keys_of, registration_of, sound, way_back, work_of
from getvpn_ops.engine.change.keys.psk_register import CLEAR, await_registration, clear_member, settled_clear
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.workflow.actions.psk import LOOK

if TYPE_CHECKING:
    from getvpn_ops.engine.change.log import Settled
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep


class PskRotation:
    """The performer of ``psk-rotate``: its steps look at a member, or register it."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Before anything of a member is changed: it is registered, has time, and its way back is known."""
        act = work_of(step)
        if act.parameter("work") != LOOK:
            return None
        held = sound(step, scene) or has_time(act.parameter("member"), scene)
        return held or way_back(registration_of(step, scene), scene)

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Register the member, or put the old key back where it does not come."""
        del hand
        if work_of(step).parameter("work") == LOOK:
            return None
        if is_going_back(step, scene):
            return put_back(step, scene, "the run was ended while the old one was put back")
        lacking = [key.device for key, _ in keys_of(step, scene) if not scene.log.is_applied(key.id, key.device)]
        if lacking:
            return put_back(step, scene, f"{', '.join(lacking)} did not get it")
        if (held := clear_member(step, scene, CLEAR)) is not None:
            return held
        why = await_registration(step, scene, CLEAR)
        if isinstance(why, Hold):
            return why
        return put_back(step, scene, why) if why else None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Registrations by what the member shows, keys by configurations."""
        if part.intended.step.endswith(BACK):
            return settled_back(part, step, scene)
        return settled_clear(part, step, scene)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Registered with the current key in each of its groups; says how many seconds it cost."""
        member = work_of(step).parameter("member")
        if (held := sound(step, scene)) is not None:
            return held
        seconds = scene.log.facts(step.id).get("seconds")
        cost = f", {seconds} s after it was cleared" if seconds is not None else ""
        scene.log.prove(step.id, member, f"{member} is registered with the current key{cost}")
        if cost:
            scene.say(f"{member}: registered with the new key{cost}")
        return None
