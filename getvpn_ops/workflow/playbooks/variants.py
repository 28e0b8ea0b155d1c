"""Variants of an intent: what a group should be while a migration is under way (guide, "Migrating to GETVPN").

A stage never says lines. It says in what a group differs from its intent for the time being, and everything else stays
as intended; so every state in between is rendered, compared, predicted and proven like the end itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network
from itertools import combinations
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature, release_of
from getvpn_ops.errors import UsageError
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.group import Direction
from getvpn_ops.model.intent.router import MemberIntent
from getvpn_ops.workflow.playbooks.kept_lists import with_kept_lists
from getvpn_ops.workflow.playbooks.stages import Covers, Passive, Sending

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Network
    from getvpn_ops.workflow.playbooks.stages import ConfigureParams

_DENY = re.compile(r"(?:deny|remark)\b")
_ANY = "any"


def varied(  # noqa: PLR0913 -- what a variant is made of
    inventory: Inventory,
    group: str,
    params: ConfigureParams,
    targets: Collection[str],
    pilot: Sequence[Device],
    *,
    served: RunningConfig | None = None,
) -> Inventory:
    """An inventory whose group is the variant that a stage asks for; ``passive`` of others stays as it is in it.

    Args:
        inventory: as the stages before have left it.
        group: to vary.
        params: of the stage.
        targets: devices of the stage, by name.
        pilot: members that were chosen to go first.
        served: configuration of the key server whose list stays, where a stage says so.

    Raises:
        UsageError: a list for the pilot alone cannot be made, or no list is served that could stay.
    """
    intent = inventory.gdoi_groups[group]
    told: dict[str, object] = {}
    if params.sending is Sending.RECEIVE_ONLY:
        told["direction"] = Direction.RECEIVE_ONLY
    if params.covers is Covers.PILOT:
        told["policies"] = tuple(
            policy.model_copy(update={"acl": _for_pilot(intent, policy.acl, pilot)}) for policy in intent.policies or ()
        )
    if params.covers is Covers.AS_IT_IS:
        told["policies"] = with_kept_lists(intent, served)
    groups = {**inventory.gdoi_groups, group: intent.model_copy(update=told)} if told else inventory.gdoi_groups
    devices = inventory.devices
    if params.passive is not Passive.AS_IT_IS:
        on = params.passive is Passive.ON
        able = (device for device in inventory.members(group) if not on or can_be_passive(device))
        members = {device.name for device in able} & set(targets)
        devices = {
            name: _passive(device, group, on=on) if name in members else device
            for name, device in inventory.devices.items()
        }
    return replace(inventory, devices=devices, gdoi_groups=groups)


def as_intended(varied_: Inventory, inventory: Inventory, group: str) -> Inventory:
    """The group as it is intended, with what is so far said of its members (``passive``) kept."""
    return replace(varied_, gdoi_groups={**varied_.gdoi_groups, group: inventory.gdoi_groups[group]})


def without_groups(inventory: Inventory, absent: Collection[str]) -> Inventory:
    """An inventory that says nothing of some groups: those that no router has yet, and that a run is not about."""
    if not absent:
        return inventory
    groups = {name: intent for name, intent in inventory.gdoi_groups.items() if name not in absent}
    devices = {
        name: replace(device, gdoi_groups=tuple(item for item in device.gdoi_groups if item not in absent))
        for name, device in inventory.devices.items()
    }
    return replace(inventory, devices=devices, gdoi_groups=groups)


def can_be_passive(device: Device) -> bool:
    """Whether a release is known to have ``passive`` (12.4(22)T and later).

    Who has it not stays receive-only, and turns with the rekey that ends receive-only: that loses nothing as long as
    all it speaks with encrypt by then and accept clear packets, which the prediction works out.
    """
    release = release_of(device.release)
    return release is not None and release.has(Feature.PASSIVE)


def _passive(device: Device, group: str, *, on: bool) -> Device:
    said = device.member_of.get(group, MemberIntent())
    return replace(device, member_of={**device.member_of, group: said.model_copy(update={"passive": on})})


def _for_pilot(intent: GdoiGroupIntent, acl: AccessListIntent, pilot: Sequence[Device]) -> AccessListIntent:
    """The exemptions of a list, and the traffic between the sites of the pilot that it encrypts.

    Sites that are no pilot are not covered, so nothing of them is encrypted whatever pilot members do.
    """
    pairs = list(_pairs(intent, acl, pilot))
    if not pairs:
        names = ", ".join(device.name for device in pilot) or "nobody"
        msg = (
            f"group {intent.name}: its list encrypts nothing between the networks of the pilot ({names}): say "
            "`prefixes` of two pilot members at different sites, which the list covers"
        )
        raise UsageError(msg)
    if acl.entries is not None:
        kept = tuple(text for text in acl.entries if _DENY.match(text))
        lines = tuple(line for one, other in pairs for line in (_permit(one, other), _permit(other, one)))
        return AccessListIntent(name=acl.name, entries=(*kept, *lines))
    return AccessListIntent(
        name=acl.name, exempt=acl.exempt, encrypt=tuple(f"{one} -> {other}" for one, other in pairs)
    )


def _pairs(
    intent: GdoiGroupIntent, acl: AccessListIntent, pilot: Sequence[Device]
) -> Iterator[tuple[Network, Network]]:
    """Networks of two pilot members at different sites, inside what the list encrypts."""
    wide = _encrypted(acl)
    for one, other in combinations(pilot, 2):
        if one.site and one.site == other.site:
            continue
        for mine in one.prefixes:
            for theirs in other.prefixes:
                same = mine.version == theirs.version == intent.ip
                if same and (wide is None or (_within(mine, wide) and _within(theirs, wide))):
                    yield mine, theirs


def _encrypted(acl: AccessListIntent) -> tuple[Network, ...] | None:
    """Networks that a list encrypts within themselves; None if it says more than that: its lines then count."""
    if acl.entries is not None or acl.encrypt is None or _ANY in acl.encrypt:
        return None
    found = []
    for item in acl.encrypt:
        try:
            found.append(ip_network(item))
        except ValueError:  # a pair, a service, an entry
            return None
    return tuple(found)


def _within(network: Network, wide: Sequence[Network]) -> bool:
    return any(item.version == network.version and network.subnet_of(item) for item in wide)  # type: ignore[arg-type]


def _permit(source: Network, target: Network) -> str:
    if source.version == 6:  # noqa: PLR2004 -- IP version
        return f"permit ipv6 {source} {target}"
    return f"permit ip {source.network_address} {source.hostmask} {target.network_address} {target.hostmask}"
