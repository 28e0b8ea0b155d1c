"""Clears of members, and of counters anywhere (guide, Table 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PredictedEffect, Statement, Wave
from getvpn_ops.registry import NoParams
from getvpn_ops.workflow.actions.parts import (
    Draft,
    OfGroup,
    alone,
    gdoi_words,
    groups_of,
    member_loss,
    of_role,
    spare_manager,
    step,
    unknown_group,
)
from getvpn_ops.workflow.actions.reading import group_named
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import World

REREGISTERS = "reregister"
CLEARS_SA = "clear-sa"
CLEARS_COUNTERS = "clear-counters"
PROVES_REGISTERED = "prove-registered"
"""Types nothing: members that got a crypto map are seen to be registered."""
_NO_WAY_BACK = "none: the member gets its keys again by registering"


def clear_member(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME]`` on one member: it forgets list and keys, and registers anew.

    For a member that missed a rekey, or whose list or keys are not those of its key server. One member at a time: who
    loses his keys drops traffic of a conformant group until he has registered again, which the plan reckons in seconds
    and the proof measures. Proven by a registration and the current SPI, as its key server has it. Nothing leads back.
    """
    draft = Draft()
    members = of_role(world, Role.MEMBER, draft)
    if len(members) > 1:
        draft.refusals.append(f"{len(members)} members are meant: clear one, or use `reregister`, one after the other")
    _register_anew(world, members, params.group, draft)
    return draft.done()


def reregister(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME]`` on members one after the other, each proven before the next.

    After a change of an IKE credential, which shows at the next registration, or after a fault that left several
    members behind. Each member costs its site the seconds of a registration on a conformant group. The run stops at the
    first member that does not come back with the current SPI. The manager's own member is never among several.
    """
    draft = Draft()
    members = of_role(world, Role.MEMBER, draft)
    spare_manager(members, draft)
    _register_anew(world, members, params.group, draft)
    return draft.done()


def _register_anew(world: World, members: tuple[Device, ...], group: str, draft: Draft) -> None:
    unknown_group(members, group, draft)
    draft.refusals += _no_keys(world, [name for device in members for name in groups_of(device, group)])
    for device in members:
        line = f"clear {gdoi_words(world, device, group)}"
        title = f"let {device.name} register anew"
        effects = [member_loss(world, device, name, title) for name in groups_of(device, group)]
        draft.effects += effects
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    REREGISTERS,
                    title,
                    (line,),
                    groups=groups_of(device, group),
                    notes=("asks `Are you sure you want to proceed ?`; the answer is yes", *_costs(effects)),
                    way_back=_NO_WAY_BACK,
                )
            )
        )


def _no_keys(world: World, groups: list[str]) -> list[str]:
    """Why nobody could tell whether a member came back with the current SPI."""
    found = []
    for name in dict.fromkeys(groups):
        try:
            group_named(world.fleet, name).served.ring()
        except EvidenceMissingError as exc:
            found.append(f"which keys are current is not known, so that nothing could be proven: {exc}")
    return found


def clear_sa(world: World, _params: NoParams) -> Proposal:
    """``clear crypto sa`` on one member: its IPsec SAs go, and it registers at once to get the same keys again.

    The list that it downloaded stays. The command knows no group: SAs of other tunnels of the router go as well. On a
    key server it would do nothing for GETVPN, for that holds no SAs of the group: refused there. Proven as a
    registration is. Nothing leads back.
    """
    draft = Draft()
    members = of_role(world, Role.MEMBER, draft)
    if len(members) > 1:
        draft.refusals.append(f"{len(members)} members are meant: clear the SAs of one at a time")
    draft.refusals += _no_keys(world, [name for device in members for name in device.gdoi_groups])
    for device in members:
        title = f"let {device.name} fetch its SAs anew"
        effects = [member_loss(world, device, name, title) for name in device.gdoi_groups]
        draft.effects += effects
        notes = ("SAs of other tunnels of this router are cleared too", *_costs(effects))
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    CLEARS_SA,
                    title,
                    ("clear crypto sa",),
                    groups=device.gdoi_groups,
                    notes=notes,
                    way_back=_NO_WAY_BACK,
                )
            )
        )
    return draft.done()


def _costs(effects: list[PredictedEffect]) -> tuple[str, ...]:
    return tuple(
        f"costs {effect.seconds:g} s of traffic of group {effect.group}"
        for effect in effects
        if effect.statement is Statement.LOSES and effect.seconds is not None
    )


# -- counters


def clear_replay(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME] replay``: the counters of anti-replay begin at zero.

    To see whether packets are dropped by the replay check now, and not some time ago. No key and no packet is touched;
    what the counters said is kept in the captures of the plan. Proven by counters that are lower than before.
    """
    return _counters(world, "replay", Role.MEMBER, params.group, "clear {} replay", "anti-replay counters")


def clear_sa_counters(world: World, _params: NoParams) -> Proposal:
    """``clear crypto sa counters``: the packet counters of all IPsec SAs of the router begin at zero.

    To watch packets from now on. SAs and keys stay. Health that compares two looks at counters sees a reset between
    them and says so. Proven by counters that are lower than before.
    """
    return _counters(world, "sa", Role.MEMBER, "", "clear crypto sa counters", "packet counters of the SAs")


def clear_coop_counters(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME] ks coop counters``: counters of COOP announcements begin at zero.

    To see whether announcements flow now. On a key server, and without a typed word: no key, role or member is touched.
    Proven by counters that are lower than before.
    """
    return _counters(world, "coop", Role.KEY_SERVER, params.group, "clear {} ks coop counters", "COOP counters")


def _counters(world: World, which: str, role: Role, group: str, line: str, what: str) -> Proposal:  # noqa: PLR0913, PLR0917
    draft = Draft()
    devices = of_role(world, role, draft)
    unknown_group(devices, group, draft)
    steps = [
        step(
            number,
            device,
            CLEARS_COUNTERS,
            f"set the {what} of {device.name} back",
            (line.format(gdoi_words(world, device, group)),),
            groups=groups_of(device, group),
            parameters=(("counters", which),),
            once=False,
            way_back="none: what the counters said stands in the captures that the plan was made of",
        )
        for number, device in enumerate(devices, 1)
    ]
    title = f"set the {what} back"
    if role is Role.KEY_SERVER:
        draft.waves += [alone(item) for item in steps]
    elif steps:
        draft.waves.append(Wave(title, tuple(steps), at_once=4))
    draft.effects += [
        PredictedEffect(name, title, Statement.HITLESS, 0.0, ("only counters are touched",))
        for name in dict.fromkeys(name for device in devices for name in groups_of(device, group))
    ]
    return draft.done()


SPECS = (
    ActionSpec(
        id="clear-member",
        title="one member forgets its keys and registers anew",
        params=OfGroup,
        propose=clear_member,
        tags=("clear", "member"),
    ),
    ActionSpec(
        id="reregister",
        title="members register anew, one after the other, each proven",
        params=OfGroup,
        propose=reregister,
        tags=("clear", "member"),
    ),
    ActionSpec(
        id="clear-sa",
        title="one member fetches its SAs anew",
        params=NoParams,
        propose=clear_sa,
        tags=("clear", "member"),
    ),
    ActionSpec(
        id="clear-sa-counters",
        title="packet counters of a member's SAs begin at zero",
        params=NoParams,
        propose=clear_sa_counters,
        tags=("clear", "counters", "member"),
    ),
    ActionSpec(
        id="clear-replay",
        title="anti-replay counters of members begin at zero",
        params=OfGroup,
        propose=clear_replay,
        tags=("clear", "counters", "member"),
    ),
    ActionSpec(
        id="clear-coop-counters",
        title="COOP counters of a key server begin at zero",
        params=OfGroup,
        propose=clear_coop_counters,
        tags=("clear", "counters", "key-server"),
    ),
)
