"""Steps that configure: sent from a known state, read back, and taken back where they did not come to their end.

A plan knows the fingerprint of the managed lines before its first line and after each. So whoever reads a device knows
how many lines of the step stand there, whatever happened to the session that typed them (promise P3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.dialect.revert_timer import SHOW_TIMER, RevertTimer
from getvpn_ops.engine.change import ks_guard, rekey, revert_timers
from getvpn_ops.engine.change.at_device import AtDevice, configure_of, held_of_job
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.engine.change.taking_back import UNDO, go_home
from getvpn_ops.engine.change.typing_step import finish, type_rest
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import RekeyEffect
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.progress import where

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.workflow.progress import Place, Tree

_POLICY = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND, RekeyEffect.NEXT_REKEY})
_REKEYS = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND})
_OF_TIMER = (revert_timers.CONFIRM, revert_timers.LENGTHEN)


@dataclass(slots=True)
class Configuring:
    """The performer of ``Configure``.

    Attributes:
        read: the tree that was read last in a session, by device, so that the next step of it need not read again.
    """

    read: dict[str, tuple[Hand, Tree]] = field(default_factory=dict)

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """On a key server: the group is sound, roles are as planned, no rekey is near; see ``ks_guard``."""
        if scene.device(step.device).role is not Role.KEY_SERVER:
            return None
        effect = step.change().effect
        held = ks_guard.guard_key_server(step, scene, policy=effect in _POLICY)
        if held is None and effect in _REKEYS:
            held = rekey.remember(scene, step)
            if held is not None and scene.plan.is_emergency:
                scene.say(f"passed over, for it is an emergency: {held.reason}")
                held = None
        return held

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Bring the device from wherever it stands in the step to its end, or back to its beginning."""
        if hand is None:
            msg = f"step {step.id} names no device"
            raise ValueError(msg)
        at = AtDevice(step, scene, hand, self.read)
        tree = at.tree()
        if isinstance(tree, Hold):
            return tree
        known = _known(at, tree)
        if at.act.revert_minutes and known is not None and scene.log.proven(step.id) is None:
            if (held := revert_timers.meet(at, at.place(tree))) is not None:
                return held
            tree = at.tree(anew=True)
            if isinstance(tree, Hold):
                return tree
            known = _known(at, tree)
        place = at.place(tree)
        if place.lines == at.total:
            return finish(at)
        if (held := _unfit(at, known, place)) is not None:
            return held
        if at.act.revert_minutes and known is None and (held := revert_timers.look_first(at)) is not None:
            return held
        if scene.device(step.device).role is Role.KEY_SERVER:
            held = ks_guard.last_look(step, scene, hand)
            if held is not None:
                return held
        if place.lines is None and (held := go_home(at, place.home)) is not None:
            return held
        return type_rest(at, place.lines or 0)

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Read the device: how many lines of the step stand there, and of its revert timer whether it runs."""
        found: dict[str, Capture] = {}
        act = configure_of(step)

        def script() -> Script:
            found[CONFIGURATION] = yield CONFIGURATION
            if act.revert_minutes:
                found[SHOW_TIMER] = yield SHOW_TIMER

        visit = scene.ask({scene.device(step.device): script})[step.device]
        if CONFIGURATION not in found:
            return Settled(StepResult.UNKNOWN, f"{step.device} could not be read: {visit.reason or visit.trouble}")
        running = configuration_of(found[CONFIGURATION])
        if isinstance(running, str):
            return Settled(StepResult.UNKNOWN, f"{step.device} was not read whole: {running}")
        place = where(act, running.tree)
        timer = revert_timers.timer_of(found[SHOW_TIMER]) if SHOW_TIMER in found else ""
        settled = (
            _settled_timer(timer) if part.intended.step.endswith(_OF_TIMER) else _settled(part, place, len(act.lines))
        )
        if isinstance(timer, RevertTimer):
            return Settled(settled.result, f"{settled.detail}; a revert timer of {timer.minutes} minutes runs")
        return settled

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """It was read back in its own session."""
        if scene.log.proven(step.id) is not None:
            return None
        return Hold(f"{step.device}: '{step.title}' was not read back", "", ExitCode.UNDETERMINED)

    def give_back(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """End the revert timer of a step that was cut short: whatever stands there was read, and stays."""
        if not configure_of(step).revert_minutes or scene.log.step(step.id, step.device) is None:
            return None

        def job(hand: Hand) -> tuple[Hold | None]:
            at = AtDevice(step, scene, hand, self.read)
            tree = at.tree()
            if isinstance(tree, Hold):
                return (tree,)
            return (revert_timers.meet(at, at.place(tree)) or revert_timers.end_timer(at),)

        return held_of_job(scene, step.device, "its revert timer is not known to have ended", job)


def _known(at: AtDevice, tree: Tree) -> StepStory | None:
    """What the journal knows of a step; one that was taken back before the session ended is not applied."""
    known = at.story
    backs = [at.scene.log.step(f"{at.step.id}{part}", at.name) for part in (UNDO, revert_timers.REVERT)]
    if known is None or not any(back is not None and back.result is StepResult.APPLIED for back in backs):
        return known
    if known.result is StepResult.PARTLY and at.place(tree).lines == 0:
        at.is_home()
    return at.story


def _unfit(at: AtDevice, known: StepStory | None, place: Place) -> Hold | None:
    """Why nothing can be typed from where the device stands; None if something can."""
    if known is None and place.lines != 0:
        return Hold(
            f"{at.name}: its configuration changed since the plan was made: nothing of '{at.step.title}' was sent",
            "make the plan anew",
            ExitCode.STALE,
        )
    if known is not None and known.result is StepResult.APPLIED and (place.lines or not at.act.revert_minutes):
        who = "" if known.word is None else f" (says {known.word.by})"
        return Hold(
            f"{at.name}: '{at.step.title}' was applied{who}, and somebody took it back since: nothing was sent",
            f"getvpn-ops config diff {at.name}",
            ExitCode.STALE,
        )
    if place.lines is None and not place.home:
        return Hold(
            f"{at.name}: its managed lines are in none of the states of '{at.step.title}': nothing more was sent",
            f"getvpn-ops config diff {at.name}, and the rollback sheet of the plan",
            ExitCode.UNDETERMINED,
        )
    return None


def _settled_timer(timer: RevertTimer | str | None) -> Settled:
    """Of a command about a revert timer; whether it ended because of it, what stands there says."""
    if timer is None:
        return Settled(StepResult.APPLIED, f"{SHOW_TIMER}: none runs")
    return Settled(StepResult.NOTHING_SENT, "it may be typed again, which does no harm")


def _settled(part: StepStory, place: Place, total: int) -> Settled:
    if place.lines is None:
        if place.home:
            return Settled(StepResult.PARTLY, f"{len(place.home)} lines of the way back are left to type")
        reason = "its managed lines are in none of the states of this step: others changed them, or it reloaded"
        return Settled(StepResult.PARTLY, reason)  # it was read: plans that know this may be made and applied
    if place.lines in {0, total}:
        is_back = part.intended.step.endswith((UNDO, revert_timers.REVERT))
        done = (place.lines == 0) is is_back
        return Settled(
            StepResult.APPLIED if done else StepResult.NOTHING_SENT,
            f"{CONFIGURATION}: {'all' if place.lines else 'none'} of its {total} lines stand there",
        )
    return Settled(StepResult.PARTLY, f"{CONFIGURATION}: {place.lines} of its {total} lines stand there")
