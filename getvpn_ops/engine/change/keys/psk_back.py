"""Puts the old pre-shared key of a member back where it does not come with the new one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.keys.outcomes import untyped
from getvpn_ops.engine.change.keys.psk_reading import STARTUP, keys_of, work_of
from getvpn_ops.engine.change.keys.psk_register import AGAIN, await_registration, clear_member
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.engine.change.stay_words import shown, told
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.receipt import StepOutcome
from getvpn_ops.workflow.progress import where

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import Configure, PlannedStep

BACK = ".back"
_BY_HAND = "type the rollback lines of the plan"
_RESULTS = {
    StepOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    StepOutcome.APPLIED: StepResult.APPLIED,
    StepOutcome.UNDONE: StepResult.NOTHING_SENT,
    StepOutcome.PARTLY: StepResult.PARTLY,
    StepOutcome.UNKNOWN: StepResult.UNKNOWN,
}


def is_going_back(step: PlannedStep, scene: Scene) -> bool:
    """Whether putting back was begun: then nothing leads forward any more."""
    return any(scene.log.step(f"{step.id}{BACK}", key.device) is not None for key, _ in keys_of(step, scene))


def put_back(step: PlannedStep, scene: Scene, why: str) -> Hold:
    """Type the rollback lines on all routers that have the new key, and register the member with the old one."""
    member = work_of(step).parameter("member")
    reason = f"{member} did not register with its new key: {why}"
    scene.say(f"{reason}; the old key is put back")
    for key, act in keys_of(step, scene):
        known = scene.log.step(key.id, key.device)
        if known is None or known.result is StepResult.NOTHING_SENT:
            continue
        if scene.log.is_applied(f"{step.id}{BACK}", key.device):
            continue
        job = partial(_back, step, key, act, scene)
        done = scene.each({scene.device(key.device): job})[key.device]
        held = untyped(done, scene.run) or done.value
        if held is not None:
            return Hold(f"{reason}; {held.reason}", held.next_step or _BY_HAND, held.code)
    if (held := clear_member(step, scene, AGAIN)) is not None:
        return Hold(f"{reason}; the old key is back everywhere; {held.reason}", held.next_step, held.code)
    again = await_registration(step, scene, AGAIN)
    if isinstance(again, Hold):
        return again
    then = f"see that both sides get the same secret, and plan anew; getvpn-ops diagnose {member}"
    if again:
        return Hold(f"{reason}; the old key is back, and it does not register with that either: {again}", then)
    seconds = scene.log.facts(step.id).get("seconds", "?")
    return Hold(f"{reason}; the old key is back, and it registered with that within {seconds} s", then)


def _back(step: PlannedStep, key: PlannedStep, act: Configure, scene: Scene, hand: Hand) -> Hold | None:
    """One router, back to the key that it had."""
    startup = hand.show(STARTUP)  # teaches this session the old key: it runs nowhere here any more
    running = configuration_of(hand.show(CONFIGURATION))
    if startup.trouble is not None or isinstance(running, str):
        why = running if isinstance(running, str) else startup.reason or "its startup configuration was not read"
        return Hold(f"{hand.device}: the old key was not put back: {why}", _BY_HAND)
    place = where(act, running.tree)
    if place.lines == 0:
        return None
    change = key.change()
    lines = change.rollback if place.lines == len(change.lines) else place.home
    if not lines:
        return Hold(f"{hand.device}: its keys are none of the plan's: nothing was put back there", _BY_HAND)
    back = replace(change, title=f"put the old key back on {hand.device}", lines=lines, rollback=())
    said: list[str] = []

    def do() -> Settled:
        receipt = hand.configure(back)
        said.append(told(receipt))
        return Settled(_RESULTS[receipt.outcome], said[0])

    settled = scene.log.send(f"{step.id}{BACK}", hand.device, back.title, shown(lines), do, once=False)
    if settled.result is StepResult.APPLIED:
        return None
    return Hold(f"{hand.device}: the old key was not put back: {said[0]}", _BY_HAND)


def settled_back(part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
    """Whether the old key stands on a router again."""
    device = part.intended.device
    act = next(act for key, act in keys_of(step, scene) if key.device == device)
    found: list[Capture] = []

    def script() -> Script:
        found.append((yield CONFIGURATION))

    visit = scene.ask({scene.device(device): script})[device]
    running = configuration_of(found[0]) if found else visit.reason or "it gave no answer"
    if isinstance(running, str):
        return Settled(StepResult.UNKNOWN, f"{device} was not read: {running}")
    place = where(act, running.tree)
    if place.lines == 0:
        return Settled(StepResult.APPLIED, "the old key stands there")
    if place.lines == len(act.lines):
        return Settled(StepResult.NOTHING_SENT, "the new key stands there")
    return Settled(
        StepResult.PARTLY if place.home else StepResult.UNKNOWN, "neither of the two keys stands there whole"
    )
