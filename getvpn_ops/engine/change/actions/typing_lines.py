"""The performer of whatever is one line on one device: looked at before, typed once, settled by reading, proven."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.exec import DeclaredReply, ExecCommand, ExecOutcome
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import ExecReceipt
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

SURE = (DeclaredReply(r"Are you sure you want to proceed \? \[yes/no\]", "yes"),)
"""The question of ``clear crypto gdoi``; the plan says that it is answered."""
SENT = "sent"
"""Fact: when the line was typed, by the clock of the run."""
_RESULTS = {
    ExecOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    ExecOutcome.DONE: StepResult.APPLIED,
    ExecOutcome.REFUSED: StepResult.NOTHING_SENT,
    ExecOutcome.UNKNOWN: StepResult.UNKNOWN,
}


def perform_of(step: PlannedStep) -> Perform:
    """The action of a step.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(step.act, Perform):
        msg = f"step {step.id} is no action"
        raise TypeError(msg)
    return step.act


def type_line(  # noqa: PLR0913 -- what, where, and how often
    step: PlannedStep,
    scene: Scene,
    hand: Hand,
    line: str,
    *,
    part: str = "",
    once: bool = True,
    replies: tuple[DeclaredReply, ...] = (),
) -> tuple[Settled, ExecReceipt]:
    """Type one line through the journal.

    Args:
        step: it belongs to.
        scene: of the run.
        hand: session on the device.
        line: to type.
        part: of the step, behind its id; empty: the whole step.
        once: whether it must not be typed twice.
        replies: to its questions.
    """
    receipts: list[ExecReceipt] = []

    def do() -> Settled:
        receipts.append(hand.command(ExecCommand(line, replies)))
        return Settled(_RESULTS[receipts[0].outcome], told(receipts[0]))

    name = f"{step.id}.{part}" if part else step.id
    settled = scene.log.send(name, hand.device, step.title, (line,), do, once=once)
    return settled, receipts[0]


def told(receipt: ExecReceipt) -> str:
    """What came of a line, for people."""
    parts = [str(part) for part in (receipt.hindrance, receipt.reason, receipt.said) if part]
    return f"'{receipt.line}' {receipt.outcome}{': ' if parts else ''}{'; '.join(dict.fromkeys(parts))}"


def refused(device: str, settled: Settled, receipt: ExecReceipt, run: str) -> Hold:
    """That a line was not done, as far as the session saw it."""
    if receipt.outcome is ExecOutcome.REFUSED:
        return Hold(f"{device} does not do it: {settled.detail}", "", ExitCode.FINDINGS)
    reason = f"{device}: {settled.detail}"
    return Hold(reason, f"getvpn-ops resume {run}", ExitCode.UNDETERMINED)


class OneLine(ABC):
    """Types the line of its step. Subclasses say what to look at before, and what tells afterwards how it went.

    Attributes:
        replies: to the questions of the line.
    """

    replies: tuple[DeclaredReply, ...] = ()

    @abstractmethod
    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """Look whether the line may be typed now; what was read, or why not."""

    @abstractmethod
    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """Read whether a line of which no answer came did its work."""

    @abstractmethod
    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """What devices show of it, or why they do not."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Look, and remember; nothing more once the line was typed."""
        known = scene.log.step(step.id, step.device)
        if known is not None and known.result is not StepResult.NOTHING_SENT:
            return None
        facts = self.remember(step, scene)
        if isinstance(facts, Hold):
            return facts
        scene.log.saw(step.id, facts)
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Type the line, unless that was done."""
        if hand is None:
            msg = f"step {step.id} names no device"
            raise ValueError(msg)
        if scene.log.is_applied(step.id, step.device):
            return None
        act = perform_of(step)
        scene.log.saw(step.id, {SENT: scene.clock.now().isoformat()})
        settled, receipt = type_line(step, scene, hand, act.lines[0], once=act.once, replies=self.replies)
        return None if settled.result is StepResult.APPLIED else refused(step.device, settled, receipt, scene.run)

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Read how far it came."""
        del part
        return self.settled(step, scene, scene.log.facts(step.id))

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Let devices show it, and write that down."""
        if scene.log.proven(step.id) is not None:
            return None
        evidence = self.proof(step, scene, scene.log.facts(step.id))
        if isinstance(evidence, Hold):
            return evidence
        scene.log.prove(step.id, step.device, evidence)
        scene.say(f"{step.device}: {evidence}")
        return None
