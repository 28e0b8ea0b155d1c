"""What a step of a stage says: its groups, its targets, its parameters. And the performer that types nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import OnlyLooks
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Hold, Scene
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

P = TypeVar("P", bound=FrozenModel)


def params_of(step: PlannedStep, model: type[P]) -> P:
    """The parameters of the stage, as its playbook has them."""
    return model.model_validate_json(perform_of(step).parameter("params", "{}"))


def members_of(step: PlannedStep, scene: Scene) -> dict[str, tuple[Device, ...]]:
    """The targets of a step that are members, by each group of the step that has any."""
    names = frozenset(perform_of(step).parameter("targets").split(","))
    found = {
        group: tuple(device for device in scene.inventory.members(group) if device.name in names)
        for group in step.groups
    }
    return {group: devices for group, devices in found.items() if devices}


def some(texts: list[str], most: int = 6) -> str:
    """So many of them for a person, and how many more there are."""
    more = f"; and {len(texts) - most} more" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more


class Looks(OnlyLooks):
    """A step that types nothing: all that it does is its proof."""

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """A look may be taken at any time."""
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Nothing is typed."""
        del step, scene, hand
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Nothing was typed."""
        del part, step, scene
        return Settled(StepResult.NOTHING_SENT, "the step types nothing")
