"""``write memory``, with the saved configuration read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.typing_lines import perform_of, refused, type_line
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.exec import DeclaredReply
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.fingerprint import managed_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.config.tree import ConfigLine
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

Tree = tuple["ConfigLine", ...]
SAVED = "show startup-config"
_REPLIES = (DeclaredReply(r"Overwrite the previous NVRAM configuration\?\s*\[confirm\]", ""),)
_OK = "[OK]"


class Saving:
    """Saves the running configuration. To do that twice does no harm."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Nothing hinders it."""
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Save, and read back in the same session, for a fleet is saved many devices at once."""
        if hand is None:
            msg = f"step {step.id} names no device"
            raise ValueError(msg)
        if not scene.log.is_applied(step.id, step.device):
            settled, receipt = type_line(step, scene, hand, perform_of(step).lines[0], once=False, replies=_REPLIES)
            if settled.result is not StepResult.APPLIED:
                return refused(step.device, settled, receipt, scene.run)
            if _OK not in receipt.said:
                scene.log.saw(step.id, {"said": receipt.said or "nothing"})
                return Hold(f"{step.device} did not say that it saved: {receipt.said or 'it said nothing'}")
        captures = [hand.show(command) for command in (SAVED, CONFIGURATION)]
        if any(capture.trouble is not None for capture in captures):
            return None  # a session that ended; the proof opens another one
        return _judge(step, scene, captures)

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Whether what runs is saved; if not, saving again is safe."""
        del part
        seen = _same(_read(step, scene), whole_of)
        if isinstance(seen, str):
            return Settled(StepResult.UNKNOWN, f"{step.device}: {seen}")
        if seen:
            return Settled(StepResult.APPLIED, f"{step.device}: what runs is saved")
        return Settled(StepResult.NOTHING_SENT, f"{step.device}: what runs is not saved; saving again is safe")

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """It was read back in its own session, or is now."""
        if scene.log.proven(step.id) is not None:
            return None
        return _judge(step, scene, _read(step, scene))


def _judge(step: PlannedStep, scene: Scene, captures: list[Capture]) -> Hold | None:
    seen = _same(captures)
    if isinstance(seen, str):
        return Hold(f"{step.device}: whether it is saved is not known: {seen}", "", ExitCode.UNDETERMINED)
    if not seen:
        reason = f"{step.device}: the saved configuration differs from the running one in managed lines"
        return Hold(reason, f"{SAVED} on {step.device}")
    scene.log.prove(
        step.id, step.device, "its managed lines are the same in the running and in the saved configuration"
    )
    return None


def _read(step: PlannedStep, scene: Scene) -> list[Capture]:
    found: list[Capture] = []

    def script() -> Script:
        found.append((yield SAVED))
        found.append((yield CONFIGURATION))

    scene.ask({scene.device(step.device): script})
    return found


def _same(captures: list[Capture], lines: Callable[[Tree], str] = managed_of) -> bool | str:
    """Whether both configurations hold the same lines, or why that is not known.

    Certificates stand in a saved configuration by the names of their files, so that a proof only takes managed lines.
    """
    if len(captures) < 2:  # noqa: PLR2004 -- two configurations
        return "it could not be read"
    saved, running = (configuration_of(capture) for capture in captures)
    if isinstance(saved, str):
        return f"{SAVED}: {saved}"
    if isinstance(running, str):
        return f"{CONFIGURATION}: {running}"
    return lines(saved.tree) == lines(running.tree)
