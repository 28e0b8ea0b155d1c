"""Members that just got the crypto map of a group: proven to be registered before anybody else gets one (promise P7).

A configuration that was read back says nothing of registration: credentials, the way to a key server, or an entry that
is missing there may be wrong, and the next members would fail in the same way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.looking import Patience, look, servers
from getvpn_ops.engine.change.actions.registering import current_keys, not_up
from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import OnlyLooks
from getvpn_ops.engine.change.storm import others_register
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Perform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Hold, Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

_BEGUN = "begun"
"""Fact: since when members of the wave are waited for."""
_POLL = 5.0


class ComingUp(OnlyLooks):
    """Waits until the members of a wave are registered with a group and have its current key. Types nothing.

    All of a wave are waited for at the same time, each within ``margins.register`` seconds of its beginning.
    """

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Remember when the wait begins; after a restart it begins anew."""
        scene.log.saw(step.id, {_BEGUN: scene.clock.now().isoformat()})
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Nothing is typed."""
        del step, scene, hand
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Nothing was typed."""
        del part, step, scene
        return Settled(StepResult.NOTHING_SENT, "the step types nothing")

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """See it registered, with the current key; others of its wave that are so meanwhile are proven with it."""
        group = step.groups[0]
        begun = datetime.fromisoformat(scene.log.facts(step.id)[_BEGUN])
        left = begun + timedelta(seconds=scene.margins.register) - scene.clock.now()
        patience = Patience(scene, max(left.total_seconds(), 0.0), _POLL)
        reason, known = f"{step.device} was not looked at", False
        for _ in patience:
            waiting = {item.device: item for item in _of_wave(step, scene) if scene.log.proven(item.id) is None}
            if step.device not in waiting:
                return None
            devices = [*(scene.device(name) for name in waiting), *servers(step, scene)]
            fleet = look(scene, devices)
            others = others_register(scene, fleet, group, waiting)
            if others.storm is not None:
                return others.storm
            why = {name: not_up(fleet, group, name) for name in waiting}
            up = [item for name, item in waiting.items() if not why[name][0]]
            _prove(up, scene, fleet, begun, others.gap)
            reason, known = why[step.device]
            if not reason:
                return None
        text = f"{step.device} got the crypto map, and did not come up in group {group}: {reason}"
        return patience.held(step, text, f"getvpn-ops diagnose {step.device}", is_known=known)


def _of_wave(step: PlannedStep, scene: Scene) -> Iterable[PlannedStep]:
    """The step, and those like it of its wave that are waited for as well."""
    act = perform_of(step)
    wave = next((wave.steps for wave in scene.plan.waves if step in wave.steps), (step,))
    return (
        item
        for item in wave
        if isinstance(item.act, Perform)
        and item.act.action == act.action
        and item.groups == step.groups
        and _BEGUN in scene.log.facts(item.id)
    )


def _prove(steps: Iterable[PlannedStep], scene: Scene, fleet: FleetState, begun: datetime, gap: str) -> None:
    unsure = f"; whether others register anew is not known: {gap}" if gap else ""
    for step in steps:
        seconds = (scene.clock.now() - begun).total_seconds()
        told = (
            f"registered with group {step.groups[0]} within {seconds:.0f} s, and has "
            f"{current_keys(fleet, step.groups)}{unsure}"
        )
        scene.log.prove(step.id, step.device, told)
        scene.say(f"{step.device}: {told}")
