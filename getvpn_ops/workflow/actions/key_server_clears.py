"""Clears of key servers that drop what members have, each with a word to be typed in full (guide, Table 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PredictedEffect, Statement
from getvpn_ops.registry import NoParams
from getvpn_ops.workflow.actions.parts import (
    REGISTRATION,
    Draft,
    OfGroup,
    alone,
    gdoi_words,
    group_loss,
    groups_of,
    known_members,
    of_role,
    spare_manager,
    step,
    storm,
    unknown_group,
)
from getvpn_ops.workflow.actions.reading import lacks
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import World

CLEARS_SERVER = "clear-key-server"
CLEARS_ISAKMP = "clear-isakmp"
_NO_WAY_BACK = "none: members have keys again once they have registered"


class OfMembers(OfGroup):
    """For removing members.

    Attributes:
        group: name of the one group, as in the inventory; empty: all groups of the router.
        now: whether members are told to forget their keys at once; otherwise the release decides how long they live on.
    """

    now: bool = False


def clear_key_server(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME]`` on a key server: registrations and keys of the group are destroyed.

    The last resort where the keys of a group cannot be mended. Every member loses its keys and registers anew, all at
    once: traffic of a conformant group stops for everyone. One key server at a time, and its name must be typed in
    full. Proven when every member that was registered is registered again, and the key servers are sound. Nothing leads
    back.
    """
    return _drops(world, params.group, "clear {}", "destroy keys and registrations")


def clear_ks_policy(world: World, params: OfGroup) -> Proposal:
    """``clear crypto gdoi [group NAME] ks policy``: the policy and the keys of the group are made anew.

    As ``clear-key-server``, for a policy that is not what the configuration says. Every member registers anew. Proven
    as that is. Nothing leads back. Needs the software that has ``ks members`` and ``ks policy`` (15.2(1)T).
    """
    return _drops(world, params.group, "clear {} ks policy", "destroy the policy", Feature.POLICY_REPLACE)


def clear_ks_members(world: World, params: OfMembers) -> Proposal:
    """``clear crypto gdoi [group NAME] ks members [now]``: every member is removed, and registers anew.

    After a member was expelled, so that nobody holds keys that it knows. The keys of the key server stay. Whether
    members keep theirs until they have registered depends on their software (GETVPN 1.0.2 and later); with ``now`` they
    do not. Proven when every member that was registered is registered again. Nothing leads back.
    """
    tail = " now" if params.now else ""
    return _drops(world, params.group, f"clear {{}} ks members{tail}", "remove all members", Feature.POLICY_REPLACE)


def _drops(world: World, group: str, line: str, what: str, needs: Feature | None = None) -> Proposal:
    draft = Draft()
    servers = of_role(world, Role.KEY_SERVER, draft)
    _one(servers, draft)
    unknown_group(servers, group, draft)
    for device in servers:
        lacking = lacks(world.fleet.devices[device.name], needs) if needs is not None else None
        if lacking is not None:
            draft.refusals.append(lacking.text)
        title = f"{what} on {device.name}"
        for name in groups_of(device, group):
            count, members = known_members(world, name)
            seconds = storm(count) if count is not None else REGISTRATION
            if count != 0:
                draft.drops.append(
                    f"group {name}: {members} lose their registration and their keys, for {seconds:g} s or longer"
                )
            draft.effects.append(group_loss(world, name, title, count))
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    CLEARS_SERVER,
                    title,
                    (line.format(gdoi_words(world, device, group)),),
                    groups=groups_of(device, group),
                    notes=("asks `Are you sure you want to proceed ?`; the answer is yes",),
                    way_back=_NO_WAY_BACK,
                )
            )
        )
    return draft.done()


def clear_isakmp(world: World, _params: NoParams) -> Proposal:
    """``clear crypto isakmp``: all IKE SAs of the router go, also the one under which rekeys come.

    To let IKE begin anew, after a change of a credential or against SAs that hang. IPsec SAs live on, and IKE SAs are
    made again when something needs them; a member without its rekey SA may miss rekeys and register before its keys
    end. Nobody attests what a release does with a rekey then: the effect cannot be told. On a key server the sessions
    with the other key servers and with members go: its name must be typed in full. Proven when none of the SAs that
    were there is left.
    """
    draft = Draft()
    devices = tuple(device for device in world.targets if device.role in {Role.KEY_SERVER, Role.MEMBER})
    servers = tuple(device for device in devices if device.role is Role.KEY_SERVER)
    if len(devices) > 1:
        draft.refusals.append(f"{len(devices)} routers are meant: clear the IKE SAs of one at a time")
    spare_manager(devices, draft)
    _one(servers, draft)
    for device in devices:
        title = f"delete the IKE SAs of {device.name}"
        if device.role is Role.KEY_SERVER:
            for name in device.gdoi_groups:
                _, members = known_members(world, name)
                draft.drops.append(
                    f"group {name}: {device.name} loses its IKE sessions with the other key servers and with "
                    f"{members}; no IPsec SA goes"
                )
        text = "IPsec SAs live on; nobody attests whether rekeys are taken before IKE has met again"
        draft.effects += [
            PredictedEffect(name, title, Statement.CANNOT_TELL, None, (text,)) for name in device.gdoi_groups
        ]
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    CLEARS_ISAKMP,
                    title,
                    ("clear crypto isakmp",),
                    groups=device.gdoi_groups,
                    notes=("IKE SAs of other tunnels of this router are cleared too",),
                    way_back="none is needed: IKE SAs are made again when something needs them",
                )
            )
        )
    return draft.done()


def _one(servers: tuple[Device, ...], draft: Draft) -> None:
    """One key server at a time; its name is what must be typed."""
    if len(servers) > 1:
        names = ", ".join(device.name for device in servers)
        draft.refusals.append(f"one key server at a time: {names} are meant")
    if servers:
        draft.confirm = f"clear {servers[0].name}"


SPECS = (
    ActionSpec(
        id="clear-key-server",
        title="keys and registrations of a key server are destroyed; every member registers anew",
        params=OfGroup,
        propose=clear_key_server,
        tags=("clear", "key-server"),
    ),
    ActionSpec(
        id="clear-ks-policy",
        title="the policy of a group is made anew; every member registers anew",
        params=OfGroup,
        propose=clear_ks_policy,
        tags=("clear", "key-server"),
    ),
    ActionSpec(
        id="clear-ks-members",
        title="all members of a group are removed, and register anew",
        params=OfMembers,
        propose=clear_ks_members,
        tags=("clear", "key-server"),
    ),
    ActionSpec(
        id="clear-isakmp",
        title="all IKE SAs of a router are deleted",
        params=NoParams,
        propose=clear_isakmp,
        tags=("clear",),
    ),
)
