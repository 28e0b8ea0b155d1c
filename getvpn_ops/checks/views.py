"""What checks look at: a device, a GDOI group, a key server or a member within its group.

A group's name is local to each router; what routers agree on is its identity. So every view knows the group under the
name that *this* router gives it, and a router that has the name with another identity is not in the group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from getvpn_ops.checks.device_view import earlier_of
from getvpn_ops.checks.served import Served
from getvpn_ops.checks.told import told_groups
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import DeviceState, Sample
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm_details import GmAcl, GmDataplane, GmPubkey, GmRekey, GmReplay
from getvpn_ops.model.state.ks import KsAcl, KsMembers, KsMembersSummary
from getvpn_ops.model.state.ks_policy import KsPolicy, KsRekey, KsReplay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.checks.told import Told
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import GdoiGroupIntent
    from getvpn_ops.model.state.coop import CoopGroup
    from getvpn_ops.model.state.gdoi import Group
    from getvpn_ops.model.state.gm import Member
    from getvpn_ops.model.state.gm_details import (
        DataplaneCounters,
        GmAclGroup,
        GmPubkeyGroup,
        GmRekeyGroup,
        GmReplayGroup,
    )
    from getvpn_ops.model.state.ks import GroupSummary, KsAclGroup, KsMember, LastRekey
    from getvpn_ops.model.state.ks_policy import GroupRekey, GroupReplay, ServerPolicy
    from getvpn_ops.model.values import Address


class _Named(Protocol):
    @property
    def group_name(self) -> str | None: ...


N = TypeVar("N", bound=_Named)
T = TypeVar("T")


@dataclass(frozen=True)
class InGroup:
    """A device as one GDOI group has it.

    Attributes:
        state: of the device.
        group: name of the group in the inventory.
        identity: of the group; None if neither intent nor key servers tell it.
    """

    state: DeviceState
    group: str
    identity: str | None

    @property
    def name(self) -> str:
        """``lon-gm1 (WAN)``: one device may be in several groups."""
        return f"{self.state.name} ({self.group})"

    @property
    def device(self) -> str:
        """Name of the device."""
        return self.state.name

    def gdoi(self) -> Sample[Group]:
        """The group in ``show crypto gdoi``.

        Raises:
            EvidenceMissingError: that output is missing, or it is there and does not hold the group.
        """
        sample = self.state.latest(Gdoi)
        return Sample(self._pick(sample), sample.seen, sample.doubts)

    def configured(self) -> bool:
        """Whether the device has the group at all.

        Raises:
            EvidenceMissingError: ``show crypto gdoi`` is missing.
        """
        return self._find(self.state.latest(Gdoi).value.groups) is not None

    @cached_property
    def local_name(self) -> str:
        """What the device itself calls the group; the inventory's name if it does not tell."""
        return next((item.name for item in self.told()), self.group)

    def told(self) -> tuple[Told, ...]:
        """As what the device has the group, by whatever it told; empty if it says nothing of it."""
        found = told_groups(self.state)
        same = tuple(item for item in found if self.identity is not None and item.identity == self.identity)
        return same or tuple(
            item
            for item in found
            if item.name == self.group and (None in {self.identity, item.identity} or item.identity == self.identity)
        )

    def of(self, groups: Iterable[N], sample: Sample[T]) -> Sample[N]:
        """The one item of this group among the items of a sample.

        Raises:
            EvidenceMissingError: there is none.
        """
        for item in groups:
            if item.group_name == self.local_name:
                return Sample(item, sample.seen, sample.doubts)
        msg = f"{self.device}: {sample.seen.command} does not speak of group {self.local_name}"
        raise EvidenceMissingError(msg)

    def _find(self, groups: Iterable[Group]) -> Group | None:
        found = list(groups)
        if self.identity is not None:
            for group in found:
                if group.group_id == self.identity:
                    return group
        for group in found:
            if group.group_name == self.group and (
                self.identity is None or group.group_id is None or group.group_id == self.identity
            ):
                return group
        return None

    def _pick(self, sample: Sample[Gdoi]) -> Group:
        found = self._find(sample.value.groups)
        if found is None:
            what = f"identity {self.identity}" if self.identity is not None else f"name {self.group}"
            msg = f"{self.device}: {sample.seen.command} shows no group with {what}"
            raise EvidenceMissingError(msg)
        return found


class KeyServerView(InGroup):
    """A key server in a group. Every method raises ``EvidenceMissingError`` if the device did not tell."""

    def policy(self) -> Sample[tuple[ServerPolicy, ...]]:
        """Keys, one entry a key server; only the one that made them has any."""
        sample = self.state.latest(KsPolicy)
        found = tuple(item for item in sample.value.policies if item.group_name == self.local_name)
        if not found:  # a group without keys has its heading
            self.of((), sample)
        return Sample(found, sample.seen, sample.doubts)

    def coop(self) -> Sample[CoopGroup]:
        """Its place among the key servers."""
        sample = self.state.latest(KsCoop)
        return self.of(sample.value.groups, sample)

    def acl(self) -> Sample[KsAclGroup]:
        """What is encrypted; raises too if the list may not be whole."""
        sample = self.state.whole(KsAcl)
        return self.of(sample.value.groups, sample)

    def rekey(self) -> Sample[GroupRekey]:
        """Rekeys sent and due (16/17; older releases refuse the command)."""
        sample = self.state.latest(KsRekey)
        return self.of(sample.value.groups, sample)

    def replay(self) -> Sample[GroupReplay]:
        """Pseudo-time."""
        sample = self.state.latest(KsReplay)
        return self.of(sample.value.groups, sample)

    def members(self) -> Sample[tuple[KsMember, ...]]:
        """Its database, LOCAL members with their counters; raises too if the list may not be whole."""
        sample = self.state.whole(KsMembers)
        found = tuple(item for item in sample.value.members if item.group_name in {self.local_name, None})
        return Sample(found, sample.seen, sample.doubts)

    def last_rekey(self) -> Sample[LastRekey]:
        """The summary above its members."""
        sample = self.state.latest(KsMembers)
        return self.of(sample.value.rekeys, sample)

    def summary(self) -> Sample[GroupSummary]:
        """Members by key server, LOCAL and REDUNDANT; raises too if it may not be whole."""
        sample = self.state.whole(KsMembersSummary)
        return self.of(sample.value.groups, sample)


@dataclass(frozen=True)
class MemberView(InGroup):
    """A member in a group. Every method raises ``EvidenceMissingError`` if the device did not tell.

    Attributes:
        whole: the group with all its routers.
    """

    whole: GroupView = field(repr=False, compare=False)

    @property
    def earlier(self) -> MemberView | None:
        """The same in the run to compare with; None if there is none, or it was not asked then."""
        before = earlier_of(self.whole.fleet, self.device)
        return MemberView(before, self.group, self.identity, self.whole) if before is not None else None

    def members(self) -> Sample[tuple[Member, ...]]:
        """Its registrations, one for each VRF or local address; one of 12.4T without a status."""
        group = self.gdoi()
        return Sample(group.value.members, group.seen, group.doubts)

    def acl(self) -> Sample[GmAclGroup]:
        """Own and downloaded list; raises too if they may not be whole."""
        sample = self.state.whole(GmAcl)
        return self.of(sample.value.groups, sample)

    def rekey(self) -> Sample[GmRekeyGroup]:
        """Rekeys received and acknowledged."""
        sample = self.state.latest(GmRekey)
        return self.of(sample.value.groups, sample)

    def replay(self) -> Sample[GmReplayGroup]:
        """Time-based anti-replay."""
        sample = self.state.latest(GmReplay)
        return self.of(sample.value.groups, sample)

    def replays(self) -> tuple[Sample[GmReplayGroup], ...]:
        """Every look at it, oldest first; empty if there is none."""
        return tuple(
            Sample(item, sample.seen, sample.doubts)
            for sample in self.state.samples(GmReplay)
            for item in sample.value.groups
            if item.group_name == self.local_name
        )

    def public_keys(self) -> Sample[GmPubkeyGroup]:
        """With which it checks rekeys."""
        sample = self.state.latest(GmPubkey)
        return self.of(sample.value.groups, sample)

    def dataplane(self) -> tuple[Sample[DataplaneCounters], ...]:
        """Packet counters of the group (16/17), oldest first; empty if there are none."""
        return tuple(
            Sample(item, sample.seen, sample.doubts)
            for sample in self.state.samples(GmDataplane)
            for item in sample.value.groups
            if item.group_name == self.local_name
        )


@dataclass(frozen=True)
class GroupView:
    """A GDOI group over the whole fleet.

    Attributes:
        name: of the group, in the inventory.
        identity: None if nobody tells it.
        intent: what it should be; None if nobody wrote it down.
        key_servers: that the inventory names, and in captures without inventory those that say they are.
        members: likewise.
        fleet: everything else.
    """

    name: str
    identity: str | None
    intent: GdoiGroupIntent | None
    key_servers: tuple[KeyServerView, ...]
    members: tuple[MemberView, ...]
    fleet: FleetState

    @cached_property
    def served(self) -> Served:
        """What its key servers give to members, worked out once for all of them."""
        return Served(self)

    def primary(self) -> KeyServerView:
        """The key server that says it is primary.

        Raises:
            EvidenceMissingError: not exactly one says so.
        """
        found = [server for server in self.key_servers if _role(server) == "primary"]
        if len(found) != 1:
            said = ", ".join(server.device for server in found) or "none"
            msg = f"group {self.name} has no single primary to compare with: {said}"
            raise EvidenceMissingError(msg)
        return found[0]


def _role(server: KeyServerView) -> str | None:
    try:
        redundancy = server.gdoi().value.redundancy
        role = redundancy.local_role if redundancy is not None else "Primary"  # a key server alone serves by itself
    except EvidenceMissingError:
        return None
    return role.casefold() if role else None


def group_views(fleet: FleetState) -> tuple[GroupView, ...]:
    """Every group that the inventory names, and every one that routers show beyond it.

    One with the name of a group of the inventory and another identity is not that group: its view is called by both.
    """
    views: list[GroupView] = []
    claimed: set[str] = set()
    for name in fleet.inventory.group_names():
        view = _expected(fleet, name)
        views.append(view)
        claimed |= {item for item in (view.identity, name) if item is not None}
    taken = {view.name for view in views}
    loose = {view.name for view in views if view.identity is None}  # judged by name, with all that have it
    for name, identity in _found(fleet):
        if (identity or name) not in claimed and name not in loose:
            claimed.add(identity or name)
            views.append(_from_routers(fleet, f"{name} (identity {identity})" if name in taken else name, identity))
    return tuple(views)


def member_views(fleet: FleetState) -> tuple[MemberView, ...]:
    """Every member of every group."""
    return tuple(member for group in group_views(fleet) for member in group.members)


def _expected(fleet: FleetState, name: str) -> GroupView:
    intent = fleet.inventory.gdoi_groups.get(name)
    servers = [fleet.devices[item.name] for item in fleet.inventory.key_servers(name) if item.name in fleet.devices]
    members = [fleet.devices[item.name] for item in fleet.inventory.members(name) if item.name in fleet.devices]
    identity = str(intent.identity) if intent is not None and intent.identity is not None else None
    identity = identity or _agreed(name, servers)
    unclear = [state for state in fleet.devices.values() if state.device.role is None]
    servers += [item for item in unclear if _shows(InGroup(item, name, identity), key_server=True)]
    members += [item for item in unclear if _shows(InGroup(item, name, identity), key_server=False)]
    return _view(fleet, name, identity, servers, members)


def _from_routers(fleet: FleetState, name: str, identity: str | None) -> GroupView:
    states = fleet.devices.values()
    servers = [item for item in states if _shows(InGroup(item, name, identity), key_server=True)]
    members = [item for item in states if _shows(InGroup(item, name, identity), key_server=False)]
    return _view(fleet, name, identity, servers, members)


def _view(
    fleet: FleetState, name: str, identity: str | None, servers: list[DeviceState], members: list[DeviceState]
) -> GroupView:
    view = GroupView(
        name,
        identity,
        fleet.inventory.gdoi_groups.get(name),
        tuple(KeyServerView(state, name, identity) for state in servers),
        (),
        fleet,
    )
    found = tuple(MemberView(state, name, identity, view) for state in members)
    object.__setattr__(view, "members", found)  # each knows the other, so one of the two must come first
    return view


def _shows(view: InGroup, *, key_server: bool) -> bool:
    return any(item.key_server is key_server for item in view.told())


def _agreed(name: str, servers: list[DeviceState]) -> str | None:
    """The identity that the key servers give a group of this name, if it is one."""
    told = {item.identity for state in servers for item in told_groups(state) if item.name == name} - {None}
    return told.pop() if len(told) == 1 else None


def _found(fleet: FleetState) -> Iterator[tuple[str, str | None]]:
    """Names and identities; where one router tells the identity of a name, those that do not tell mean the same."""
    told = [item for state in fleet.devices.values() for item in told_groups(state)]
    known = {item.name: item.identity for item in told if item.identity is not None}
    for item in told:
        yield item.name, item.identity or known.get(item.name)


def gdoi_addresses(state: DeviceState) -> frozenset[Address]:
    """Addresses that GDOI knows a device by: from the inventory, and from what the device itself told."""
    found = set(state.device.gdoi_addresses)
    if state.has(Gdoi):
        for group in state.latest(Gdoi).value.groups:
            found |= {member.address for member in group.members if member.address is not None}
            if group.redundancy is not None and group.redundancy.local_address is not None:
                found.add(group.redundancy.local_address)
    if state.has(KsCoop):
        found |= {group.local_address for group in state.latest(KsCoop).value.groups if group.local_address is not None}
    return frozenset(found)


def is_key_server(state: DeviceState) -> bool:
    """Whether a device is a key server, by the inventory or, where that is silent, by its own word."""
    if state.device.role is not None:
        return state.device.role is Role.KEY_SERVER
    return any(item.key_server for item in told_groups(state))
