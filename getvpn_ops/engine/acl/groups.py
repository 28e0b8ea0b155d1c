"""Access lists out of the state of a fleet: views for the rules, and effective lists for questions about flows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.checks.acl import CONFIG_RULES, GROUP_RULES, LIST_RULES
from getvpn_ops.checks.acl.views import (
    ConfigView,
    GroupLists,
    ListView,
    MemberLists,
    Neighbour,
    Outsider,
    RekeyTransport,
    Use,
)
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.acl.configs import (
    Lists,
    config_of,
    doubt_of,
    policy_from_config,
    rekey_from_config,
)
from getvpn_ops.engine.acl.members import downloaded_by, member_lists
from getvpn_ops.engine.acl.services import in_use
from getvpn_ops.engine.questions import BASICS
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.report import SpecTitle, Subject, SubjectKind
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.values import Sentinel
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.checks.views import GroupView, KeyServerView, MemberView
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.values import Network

CONFIGURATION = "show running-config | section access-list|crypto map|crypto (gdoi|gkm)"
"""Lists and who names them. The filter keeps keys and passwords on the router."""
_KNOWN = 64
"""Networks that examples are taken from, at most."""


@dataclass(frozen=True, slots=True)
class AclViews:
    """Everything that ACL rules can be asked of.

    Attributes:
        lists: with the GDOI group they belong to.
        groups: all of them.
        configs: of routers that gave one.
    """

    lists: tuple[tuple[str, ListView], ...] = ()
    groups: tuple[GroupLists, ...] = ()
    configs: tuple[ConfigView, ...] = ()


def acl_script(device: Device) -> Script:
    """What the rules need of a device."""
    for question in BASICS:
        yield question.command
    if device.role is not Role.MEMBER:
        yield "show crypto gdoi ks acl"
        yield "show crypto gdoi ks policy"
    if device.role is not Role.KEY_SERVER:
        yield "show crypto gdoi gm acl"
    yield CONFIGURATION


def acl_views(state: FleetState) -> AclViews:
    """The access lists of a fleet with their surroundings."""
    views = [view for view in group_views(state) if view.key_servers or view.members]
    known = tuple(prefix for device in state.inventory.devices.values() for prefix in device.prefixes)[:_KNOWN]
    used = {view.name: in_use(view, [item.device for item in _not_looked_at(view)]) for view in views}
    policies = {view.name: [replace(item, in_use=used[view.name]) for item in _policies(view, known)] for view in views}
    groups = tuple(_group(view, policies, views) for view in views)
    lists = [(view.name, policy) for view in views for policy in policies[view.name]]
    for view, group in zip(views, groups, strict=True):
        there = {member.device for member in view.members}
        own = [member for member in group.members if member.local != () and member.device in there]
        lists += [(view.name, _own(view.name, member, known)) for member in own]
    return AclViews(tuple(lists), groups, tuple(_configs(state)))


def _policies(view: GroupView, known: tuple[Network, ...]) -> list[ListView]:
    """The lists of the key servers, equal ones as one; without any, what the members have."""
    found: dict[tuple[str, ...], list[tuple[str, Lists]]] = {}
    missing: list[ListView] = []
    for server in view.key_servers:
        lists = _served(server)
        if lists.missing:
            name = f"{view.name} on {server.device}"
            missing.append(ListView(name, Use.POLICY, device=server.device, missing=lists.missing))
        else:
            found.setdefault(tuple(ace.text for ace in lists.entries), []).append((server.device, lists))
    if not found:
        for member in view.members:
            for entries in filter(None, [downloaded_by(member)]):
                key = tuple(ace.text for ace in entries)
                found.setdefault(key, []).append((member.device, Lists(entries, seen=member.acl().seen)))
    made = []
    for owners in found.values():
        devices = ", ".join(name for name, _ in owners)
        first, lists = owners[0]
        seen = tuple(item.seen for _, item in owners if item.seen is not None)
        made.append(ListView(f"{view.name} on {devices}", Use.POLICY, lists.entries, first, seen, known=known))
    if not made and not missing:
        reason = f"group {view.name}: no router shows what it encrypts"
        missing.append(ListView(view.name, Use.POLICY, missing=reason))
    return made + missing


def _served(server: KeyServerView) -> Lists:
    """The list of a key server: what it serves, else what it is configured to."""
    try:
        sample = server.acl()
    except EvidenceMissingError as exc:
        return policy_from_config(server, str(exc))
    entries = tuple(entry.ace for entry in sample.value.entries)
    return Lists(entries, seen=sample.seen)


def _group(view: GroupView, policies: dict[str, list[ListView]], views: list[GroupView]) -> GroupLists:
    devices = view.fleet.inventory.devices.values()
    outsiders = tuple(Outsider(item.name, item.prefixes) for item in devices if item.role is Role.OUTSIDER)
    return GroupLists(
        view.name,
        policies[view.name][0],
        (*(lists for member in view.members for lists in member_lists(member)), *_not_looked_at(view)),
        outsiders if devices else None,
        _rekey(view),
        tuple(item for item in (_neighbour(view, other, policies) for other in views) if item is not None),
        policies[view.name][0].in_use,
    )


def _not_looked_at(view: GroupView) -> Iterator[MemberLists]:
    """Members of the inventory that this state does not speak of: what they do is not known."""
    there = {member.device for member in view.members}
    for device in view.fleet.inventory.members(view.name):
        if device.name not in there:
            yield MemberLists(device.name, device.prefixes, missing=f"{device.name} was not looked at")


def _own(group: str, member: MemberLists, known: tuple[Network, ...]) -> ListView:
    name = f"{group}, own list of {member.name}"
    return ListView(name, Use.LOCAL, member.local or (), member.device, member.seen, member.missing, known)


def _rekey(view: GroupView) -> RekeyTransport:
    """Where rekeys go: by the keys of the key servers, else by their configuration."""
    reason = f"group {view.name}: no key server tells where rekeys go"
    for server in view.key_servers:
        try:
            sample = server.policy()
        except EvidenceMissingError:
            continue
        keks = [kek for policy in sample.value for kek in policy.keks]
        addresses = tuple(dict.fromkeys(kek.multicast_address for kek in keks if kek.multicast_address is not None))
        if addresses or (keks and all(kek.transport.casefold() == "unicast" for kek in keks)):
            return RekeyTransport(addresses, seen=(sample.seen,))
    for server in view.key_servers:
        found = rekey_from_config(server)
        if found is not None:
            return found
    return RekeyTransport(missing=reason)


def _neighbour(view: GroupView, other: GroupView, policies: dict[str, list[ListView]]) -> Neighbour | None:
    if other.name == view.name:
        return None
    theirs = {member.device: member for member in other.members}
    shared = [member for member in view.members if member.device in theirs]
    if not shared:
        return None
    apart, unclear = [], []
    for member in shared:
        ours, others = _vrfs(member), _vrfs(theirs[member.device])
        if ours is None or others is None:
            unclear.append(member.device)
        elif ours.isdisjoint(others):
            apart.append(member.device)
    names = tuple(member.device for member in shared)
    return Neighbour(policies[other.name][0], names, tuple(apart), tuple(unclear))


def _vrfs(member: MemberView) -> frozenset[str] | None:
    """The VRFs of the traffic that a member encrypts for a group; None if it does not tell."""
    if member.state.has(Gdoi):
        with suppress(EvidenceMissingError):
            told = [item.ivrf if item.ivrf is not None else item.vrf for item in member.members().value]
            if told and None not in told:
                return frozenset("" if vrf is Sentinel.NONE else str(vrf) for vrf in told)
    config = config_of(member.state)
    if config is None:
        return None
    maps = {
        item.name
        for item in config.value.crypto_maps
        if any(entry.group == member.local_name for entry in item.entries)
    }
    return frozenset(item.vrf or "" for item in config.value.interfaces if item.crypto_map in maps) or None


def _configs(state: FleetState) -> Iterator[ConfigView]:
    for device in state.devices.values():
        config = config_of(device)
        if config is None:
            if device.was_asked or device.evidence:
                yield ConfigView(device.name, missing=f"{device.name}: no configuration with its access lists is here")
            continue
        doubt = doubt_of(config)
        missing = f"{device.name}: {config.seen.command} may not be whole: {doubt}" if doubt else ""
        yield ConfigView(device.name, config.value, missing, (config.seen,))


def judge(views: AclViews) -> Iterator[tuple[Outcome, Subject]]:
    """Ask every rule that fits, with who it is about."""
    for group, item in views.lists:
        subject = Subject(item.name, SubjectKind.LIST, group, item.device if item.use is Use.LOCAL else "")
        yield from ((evaluate(spec, item), subject) for spec in LIST_RULES if item.use.value in spec.tags)
    for around in views.groups:
        subject = Subject(around.name, SubjectKind.GROUP, around.name)
        yield from ((evaluate(spec, around), subject) for spec in GROUP_RULES)
    for config in views.configs:
        subject = Subject(config.name, SubjectKind.DEVICE, device=config.name)
        yield from ((evaluate(spec, config), subject) for spec in CONFIG_RULES)


def titles() -> tuple[SpecTitle, ...]:
    """Every rule, in the order in which they are asked."""
    return tuple(SpecTitle(spec.id, spec.title, spec.severity) for spec in (*LIST_RULES, *GROUP_RULES, *CONFIG_RULES))


def meant(views: AclViews, target: str) -> AclViews:
    """The part of the views that a group or a device is about; all of it for an empty target."""
    if not target:
        return views
    groups = tuple(item for item in views.groups if item.name == target)
    if groups:
        return AclViews(tuple(item for item in views.lists if item[0] == target), groups)
    return AclViews(
        tuple(item for item in views.lists if item[1].device == target or target in _owners(item[1])),
        tuple(item for item in views.groups if target in {member.device for member in item.members}),
        tuple(item for item in views.configs if item.name == target),
    )


def _owners(view: ListView) -> Iterable[str]:
    return {seen.device for seen in view.seen}


def effective_lists(views: AclViews) -> Iterator[tuple[str, MemberLists | None, EffectiveList | None, str]]:
    """Group, member (None for the key server's list), the effective list, and why that is not known."""
    for group in views.groups:
        try:
            yield group.name, None, EffectiveList(downloaded=group.policy.aces), ""
        except EvidenceMissingError as exc:
            yield group.name, None, None, str(exc)
        for member in group.members:
            try:
                yield group.name, member, group.effective(member), ""
            except EvidenceMissingError as exc:
                yield group.name, member, None, str(exc)
