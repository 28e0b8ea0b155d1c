"""Saving the running configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PlannedStep, PredictedEffect, Statement, Wave
from getvpn_ops.registry import NoParams
from getvpn_ops.workflow.actions.parts import Draft, alone, step
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import World

SAVES = "save"
SAVE_LINE = "write memory"
_AT_ONCE = 5


def save(world: World, _params: NoParams) -> Proposal:
    """``write memory``: what runs is what the router boots with.

    A member that reloads with an unsaved configuration comes up without its crypto map, and sends clear; imported keys
    survive a reload only when saved. Key servers first, one after the other. All that runs is saved, also what others
    left unsaved. Proven by ``[OK]`` and by the lines that this program manages being the same in both configurations.
    The way back is the backup of before.
    """
    draft = Draft()
    servers = [device for device in world.targets if device.role is Role.KEY_SERVER]
    others = [device for device in world.targets if device.role is not Role.KEY_SERVER]
    draft.waves += [alone(_step(number, device)) for number, device in enumerate(servers, 1)]
    if others:
        steps = tuple(_step(number, device) for number, device in enumerate(others, len(servers) + 1))
        draft.waves.append(Wave("save the configurations of members", steps, at_once=_AT_ONCE))
    title = "save configurations"
    text = "nothing that runs is changed"
    draft.effects += [PredictedEffect(group, title, Statement.HITLESS, 0.0, (text,)) for group in world.groups]
    return draft.done()


def _step(number: int, device: Device) -> PlannedStep:
    return step(
        number,
        device,
        SAVES,
        f"save the configuration of {device.name}",
        (SAVE_LINE,),
        groups=device.gdoi_groups,
        once=False,
        notes=("if it asks whether to overwrite what another release wrote, the answer is yes",),
        way_back="the backup of before: a saved configuration is not kept by the router",
    )


SPECS = (
    ActionSpec(
        id="save",
        title="the running configuration is saved",
        params=NoParams,
        propose=save,
        tags=("configuration",),
    ),
)
