"""One step that configures, on its device, in an open session: what is read of it there, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold, configuration_of
from getvpn_ops.errors import ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure
from getvpn_ops.workflow.progress import where

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep
    from getvpn_ops.workflow.progress import Place, Tree


@dataclass(slots=True)
class AtDevice:
    """A step where it is taken. Belongs to one thread.

    Attributes:
        step: of the plan.
        scene: of the run.
        hand: the session.
        read: the tree that was read last in a session, by device, so that the next step need not read again.
        is_covered: whether a revert timer of this step runs, which takes back what is typed unless it is ended.
    """

    step: PlannedStep
    scene: Scene
    hand: Hand
    read: dict[str, tuple[Hand, Tree]]
    is_covered: bool = False

    @property
    def name(self) -> str:
        """Of the device."""
        return self.step.device

    @property
    def act(self) -> Configure:
        """What is to be typed."""
        return configure_of(self.step)

    @property
    def total(self) -> int:
        """Lines of the step."""
        return len(self.act.lines)

    @property
    def resume(self) -> str:
        """The command that goes on with the run."""
        return f"getvpn-ops resume {self.scene.run}"

    @property
    def story(self) -> StepStory | None:
        """What the journal knows of the step; None: it was never sent."""
        return self.scene.log.step(self.step.id, self.name)

    def tree(self, *, anew: bool = False) -> Tree | Hold:
        """The configuration, as this session read it last, or reads it now."""
        known = self.read.get(self.name)
        if not anew and known is not None and known[0] is self.hand:
            return known[1]
        self.forget()
        running = configuration_of(self.hand.show(CONFIGURATION))
        if isinstance(running, str):
            return Hold(f"{self.name}: its configuration was not read: {running}", "", ExitCode.UNDETERMINED)
        self.read[self.name] = (self.hand, running.tree)
        return running.tree

    def forget(self) -> None:
        """What was read is not so any more."""
        self.read.pop(self.name, None)

    def place(self, tree: Tree) -> Place:
        """How far the step came, by what stands there."""
        return where(self.act, tree)

    def stands_partly(self, why: str) -> None:
        """Write down that some lines of the step stand there."""
        self.scene.log.reconciled(self.step.id, self.name, Settled(StepResult.PARTLY, why))

    def is_home(self) -> None:
        """Write down that the device is as it was before the step."""
        known = self.story
        if known is not None and known.result is not StepResult.NOTHING_SENT:
            settled = Settled(StepResult.NOTHING_SENT, "taken back, and read")
            self.scene.log.reconciled(self.step.id, self.name, settled)


def configure_of(step: PlannedStep) -> Configure:
    """What a step types.

    Raises:
        TypeError: it configures nothing.
    """
    if not isinstance(step.act, Configure):
        msg = f"step {step.id} configures nothing"
        raise TypeError(msg)
    return step.act


def held_of_job(scene: Scene, device: str, what: str, job: Callable[[Hand], tuple[Hold | None]]) -> Hold | None:
    """Run a job in a session for changes on one device, and say why it did not come to its end.

    Args:
        scene: of the run.
        device: on which.
        what: is not known then, for people.
        job: to run; it says in its one item why it holds.

    Raises:
        LeaseLostError: somebody else may be writing.
        StoreError: the journal fails.
    """
    answer = scene.each({scene.device(device): job})[device]
    if isinstance(answer.error, LeaseLostError | StoreError):
        raise answer.error
    if answer.value is not None:
        return answer.value[0]
    why = answer.reason or (f"{type(answer.error).__name__}: {answer.error}" if answer.error else "no session")
    return Hold(f"{device}: {what}: {why}", answer.next_step, ExitCode.UNDETERMINED)
