"""``passive`` of one member, off and on again for a measurement: one line, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.engine.change.stay_words import shown, told
from getvpn_ops.engine.change.taking_back import RESULTS
from getvpn_ops.errors import ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

ON, OFF = "passive", "no passive"


def path_of(group: str) -> str:
    """The mode of the line, by the name that the member gives the group."""
    return f"crypto gdoi group {group}"


def off_part(step: PlannedStep, device: Device) -> str:
    """How the journal names that a member is made to send in clear."""
    return f"{step.id}.off.{device.name}"


def measured_lines(group: str) -> tuple[str, ...]:
    """What a measurement types on a member, for its plan."""
    return tuple(shown([ChangeLine(text, (path_of(group),)) for text in (OFF, ON)]))


def read_passive(scene: Scene, device: Device, path: str) -> bool | str:
    """Whether a group of a member has the line; or why nobody can tell."""
    found: list[Capture] = []

    def script() -> Script:
        found.append((yield CONFIGURATION))

    visit = scene.ask({device: script})[device.name]
    if not found:
        return f"{device.name} could not be read: {visit.reason or visit.trouble}"
    return _has(found[0], device.name, path)


def _has(capture: Capture, device: str, path: str) -> bool | str:
    running = configuration_of(capture)
    if isinstance(running, str):
        return f"{device} was not read whole: {running}"
    block = next((top for top in running.tree if top.text == path), None)
    if block is None:
        return f"{device} has no '{path}'"
    return any(line.text.strip() == ON for line in block.children)


def turn_passive(step: PlannedStep, scene: Scene, device: Device, path: str, *, on: bool) -> Hold | None:
    """Type the line on a member, unless that was done and stands there, and read it back.

    Args:
        step: that measures.
        scene: of the run.
        device: the member.
        path: the mode, see ``path_of``.
        on: whether it shall be passive.
    """
    text, back = (ON, OFF) if on else (OFF, ON)
    part = f"{step.id}.on.{device.name}" if on else off_part(step, device)
    title = f"{text} on {device.name}, to measure what that does"
    lines = (ChangeLine(text, (path,)),)
    change = ChangeStep(StepKind.SET, title, lines, (ChangeLine(back, (path,)),), groups=step.groups)

    def job(hand: Hand) -> Settled:
        def do() -> Settled:
            receipt = hand.configure(change)
            return Settled(RESULTS[receipt.outcome], told(receipt))

        settled = scene.log.send(part, device.name, title, shown(lines), do, once=False)
        if settled.result is not StepResult.APPLIED:
            return settled
        found = _has(hand.show(CONFIGURATION), device.name, path)
        if found is on:
            return settled
        why = found if isinstance(found, str) else f"it took '{text}', and does not show it"
        return Settled(StepResult.UNKNOWN if isinstance(found, str) else StepResult.NOTHING_SENT, why)

    answer = scene.each({device: job})[device.name]
    if isinstance(answer.error, LeaseLostError | StoreError):
        raise answer.error
    if answer.value is None:
        why = answer.reason or (f"{type(answer.error).__name__}: {answer.error}" if answer.error else "no session")
        return Hold(f"{device.name}: '{text}' was not sent: {why}", answer.next_step, ExitCode.UNDETERMINED)
    if answer.value.result is StepResult.APPLIED:
        return None
    reason = f"{device.name}: '{text}': {answer.value.detail}"
    return Hold(reason, f"getvpn-ops resume {scene.run}", ExitCode.UNDETERMINED)
