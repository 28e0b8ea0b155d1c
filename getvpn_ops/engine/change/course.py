"""A plan while it is applied: its steps, who performs them, and what the journal knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Perform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.engine.change.scene import Performer, Scene
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

_CONFIGURE = "configure"


class Course:
    """What all parts of a run look up.

    Attributes:
        scene: of the run.
        steps: of the plan, by id.
    """

    def __init__(self, scene: Scene, performers: Mapping[str, Performer]) -> None:
        """Begin, or go on.

        Args:
            scene: of the run.
            performers: of ``configure``, and of every action by its id.
        """
        self.scene = scene
        self.steps = {step.id: step for step in scene.plan.steps}
        self._performers = performers

    def performer(self, step: PlannedStep) -> Performer:
        """Who puts a step on its device."""
        return self._performers[step.act.action if isinstance(step.act, Perform) else _CONFIGURE]

    def is_done(self, step: PlannedStep) -> bool:
        """Whether devices showed what it is for."""
        return self.scene.log.proven(step.id) is not None

    def first_open(self, steps: Sequence[PlannedStep]) -> PlannedStep:
        """The first that is not done; the first of all if every one is."""
        return next((step for step in steps if not self.is_done(step)), steps[0])

    def in_hand(self, step: PlannedStep) -> tuple[StepStory, ...]:
        """Parts of a step of which nobody knows how far they came."""
        return tuple(part for part in self.scene.log.in_hand if whole_of(part) == step.id)

    def is_of_member(self, step: PlannedStep) -> bool:
        """Whether it is on a device that others do not rest on."""
        return bool(step.device) and not self.is_key_server(step.device)

    def is_key_server(self, name: str) -> bool:
        """Whether a device of the inventory is one."""
        return self.scene.device(name).role is Role.KEY_SERVER


def whole_of(part: StepStory) -> str:
    """Id of the planned step that a part, such as ``004-wan.rekey``, belongs to."""
    return part.intended.step.partition(".")[0]
