"""A rekey by command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.analysis.traffic.timing import Timing, old_life
from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.dialect.releases import Feature
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.plan import Perform, PlannedRekey, PlannedStep, PredictedEffect, Statement
from getvpn_ops.workflow.actions.parts import Draft, alone, known_members
from getvpn_ops.workflow.actions.reading import cooperation, group_named, lacks, local_name
from getvpn_ops.workflow.actions.roles import OneGroup, chosen_group
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.workflow.actions.spec import World

PROVES_REKEY = "prove-rekey"
REPLACE_NOW = "replace-now"


class HowToRekey(OneGroup):
    """For a rekey.

    Attributes:
        group: name of it, as in the inventory; empty: the only group of the targets.
        replace_now: whether the old keys end at once, on each member as the rekey reaches it.
    """

    replace_now: bool = Field(default=False)


def rekey(world: World, params: HowToRekey) -> Proposal:
    """``crypto gdoi ks rekey [replace-now]`` on the primary: new keys for every member of a group, now.

    To make a change of policy take effect (15.2(1)T and later wait for this command), or to give keys a new life before
    a work. The command goes to whoever is primary when the step is taken. Old keys live on for a while, so that nobody
    loses a packet; with ``replace_now`` they end at once on each member that has the rekey, and members that have it
    and members that have it not yet do not understand each other: traffic is lost for the spread of the rekey, and
    somebody has to accept that. Proven by acknowledgements, and by the new SPI on every member before the old SA ends.
    No way leads back: old keys are not made again.
    """
    draft = Draft()
    group = chosen_group(world, params.group, draft)
    if not group:
        return draft.done()
    title = f"rekey group {group}{', and end the old keys at once' if params.replace_now else ''}"
    try:
        view = group_named(world.fleet, group)
        primary = view.primary().device
    except EvidenceMissingError as exc:
        draft.refusals.append(str(exc))
        return draft.done()
    draft.refusals += [item.text for item in cooperation(view)]
    if (lacking := lacks(world.fleet.devices[primary], Feature.POLICY_REPLACE)) is not None:
        draft.refusals.append(lacking.text)
    line = rekey_command(local_name(world.fleet, group, primary), replace_now=params.replace_now)
    parameters = [("group", group)] + [(REPLACE_NOW, "yes")] * params.replace_now
    act = Perform(PROVES_REKEY, tuple(parameters), (line,), once=True)
    notes = (f"typed on whoever is primary then; now that is {primary}",)
    planned = PlannedStep("001-rekey", "", title, act, (group,), notes, "none: old keys are not made again")
    draft.waves.append(alone(planned))
    lives = _lives(world, group)
    draft.effects.append(_effect(world, group, title, replace_now=params.replace_now, lives=lives))
    done = draft.done()
    text = "the old keys end at once" if params.replace_now else f"the old keys live on for {lives}"
    return Proposal(
        waves=done.waves,
        rekeys=(PlannedRekey(group, planned.id, "when the command is typed", text),),
        effects=done.effects,
        refusals=done.refusals,
    )


def _effect(world: World, group: str, title: str, *, replace_now: bool, lives: str) -> PredictedEffect:
    count, members = known_members(world, group)
    if not replace_now:
        text = f"{members} have the new keys before the old ones end, which live on for {lives}; the proof waits for it"
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, (text,))
    spread = Timing(members=count).spread
    text = "members that have the rekey and members that have it not yet do not understand each other"
    if spread is None:
        return PredictedEffect(group, title, Statement.CANNOT_TELL, None, (text, members))
    return PredictedEffect(group, title, Statement.LOSES, spread, (text, f"reckoned for {members}"))


def _lives(world: World, group: str) -> str:
    """How long old keys live on, for people."""
    try:
        ring = group_named(world.fleet, group).served.ring()
    except EvidenceMissingError:
        return "a while that nothing tells"
    lives = [
        old_life((key.ends - ring.seen.taken_at).total_seconds(), (key.ends - key.born).total_seconds())
        for key in ring.current()
        if key.ends is not None and key.born is not None
    ]
    return f"{min(lives):.0f} s" if lives else "a while that nothing tells"


SPECS = (
    ActionSpec(
        id="rekey",
        title="new keys for every member of a group, now",
        params=HowToRekey,
        propose=rekey,
        tags=("rekey", "key-server"),
    ),
)
