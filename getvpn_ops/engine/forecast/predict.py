"""A GDOI group of a fleet as it is at work, so that traffic can be predicted on the living or the captured fleet.

What is known comes from the routers' own screens and from the inventory: which networks lie behind which router. What
was not seen stays unseen, and every prediction that needs it says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import UNMEASURED
from getvpn_ops.analysis.traffic.members import Member, TrafficKey
from getvpn_ops.analysis.traffic.sites import Site
from getvpn_ops.analysis.traffic.steps import Now, Policy
from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.checks.told import told_groups
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.forecast.link_reading import link_outside, prefix_vrf, vrf_name
from getvpn_ops.engine.forecast.member_reading import policies, policy_of, readings
from getvpn_ops.errors import EvidenceMissingError, UsageError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.state.gdoi import Gdoi

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.checks.views import GroupView, MemberView
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.state.gdoi import KsSa
    from getvpn_ops.model.values import Network, Sentinel

_SEVERAL_VRFS = "it is in several VRFs, and its configuration was not read"


@dataclass(frozen=True, slots=True)
class AtWork:
    """A group as it is.

    Attributes:
        group: its name in the inventory.
        sites: that traffic comes from and goes to; those without any network of the group's VRF are left out.
    """

    group: str
    sites: tuple[Site, ...]

    def site(self, name: str) -> Site:
        """A site by its name.

        Raises:
            UsageError: there is none.
        """
        found = next((site for site in self.sites if site.name == name), None)
        if found is None:
            msg = (
                f"group {self.group} has no traffic of a site {name!r}; sites: {', '.join(s.name for s in self.sites)}"
            )
            raise UsageError(msg)
        return found


def at_work(fleet: FleetState, group: str, facts: Mapping[str, Measured] | None = None) -> AtWork:
    """A group of a fleet at work.

    Args:
        fleet: as it was collected or captured.
        group: its name in the inventory.
        facts: what was measured, by device; nothing where a device is absent.

    Raises:
        UsageError: there is no such group.
    """
    view = _view(fleet, group)
    measured = facts or {}
    members = {member.device: member for member in view.members}
    vrf = _vrf(view)
    routers: dict[str, list[tuple[Device, tuple[Member, ...]]]] = {}
    networks: dict[str, dict[Network, None]] = {}
    for device in fleet.inventory.devices.values():
        state = fleet.devices.get(device.name)
        prefixes, sure = _prefixes(device, state, vrf)
        if not prefixes:
            continue
        name = device.site or device.name
        networks.setdefault(name, {}).update(dict.fromkeys(prefixes))
        found = _readings(device, state, members.get(device.name), measured.get(device.name, UNMEASURED), vrf)
        if not sure:
            found += (Member(device.name, applied=False, assumes=f"{device.name}: {_SEVERAL_VRFS}"),)
        routers.setdefault(name, []).append((device, found))
    sites = []
    for name, there in routers.items():
        busy = [found for device, found in there if not device.idle] or [found for _, found in there]
        sites.append(Site(name, tuple(networks[name]), tuple(member for found in busy for member in found)))
    return AtWork(group, tuple(sites))


def _view(fleet: FleetState, group: str) -> GroupView:
    views = group_views(fleet)
    found = next((view for view in views if view.name == group), None)
    if found is None:
        msg = f"there is no group {group!r}; groups: {', '.join(view.name for view in views) or 'none'}"
        raise UsageError(msg)
    return found


def _vrf(view: GroupView) -> str:
    """The VRF whose packets the group encrypts, as its members show it; the global table if none shows one."""
    for member in view.members:
        try:
            shown = [vrf_name(item.vrf) for item in member.members().value]
        except EvidenceMissingError:
            continue
        if shown:
            return shown[0]
    return ""


def _prefixes(device: Device, state: DeviceState | None, vrf: str) -> tuple[tuple[Network, ...], bool]:
    """The networks behind a router in a VRF, and whether its screens are sure of that."""
    if device.role is Role.KEY_SERVER or not device.prefixes:
        return (), True
    if state is None:
        return device.prefixes, not vrf
    found = [(prefix, prefix_vrf(state, prefix, _member_vrfs(state))) for prefix in device.prefixes]
    return tuple(prefix for prefix, where in found if where in {vrf, None}), all(
        where is not None for _, where in found
    )


def _member_vrfs(state: DeviceState) -> frozenset[str]:
    if not state.has(Gdoi):
        return frozenset()
    groups = state.latest(Gdoi).value.groups
    return frozenset(vrf_name(item.vrf) for group in groups for item in group.members)


def _readings(
    device: Device, state: DeviceState | None, view: MemberView | None, facts: Measured, vrf: str
) -> tuple[Member, ...]:
    if view is not None:
        return readings(view, facts)
    if state is None:
        return (Member(device.name, unseen=f"{device.name} was not selected", facts=facts),)
    if device.role is Role.OUTSIDER or not any(not item.key_server for item in told_groups(state)):
        if device.role is None and not state.has(Gdoi) and state.silent(Gdoi) is None:
            return (Member(device.name, unseen=f"{device.name}: no screen tells whether it is a member", facts=facts),)
        return (Member(device.name, applied=False, link=link_outside(state, vrf), facts=facts),)
    return (Member(device.name, applied=False, facts=facts),)


def start(fleet: FleetState, group: str) -> Now:
    """What a change of a group begins with: what its key servers give now, and its times.

    Raises:
        UsageError: there is no such group.
        EvidenceMissingError: no key server shows the keys, the list or the direction.
    """
    view = _view(fleet, group)
    served = view.served
    entries, _ = served.acl
    ring = served.ring()
    moment = ring.seen.taken_at
    shown = {key.spi: key for site in at_work(fleet, group).sites for member in site.members for key in member.keys}
    lists = policies(view)
    keys = tuple(
        replace(
            shown.get(key.spi, TrafficKey(key.spi)),
            ends=key.ends,
            policy=policy_of(key.spi, lists),
        )
        for key in ring.teks
        if key.ends is None or key.ends > moment
    )
    policy = Policy(entries, keys, "only" in served.direction[0].casefold())
    return Now(moment, policy, timing_of(view))


def timing_of(view: GroupView) -> Timing:
    """The times of a group as its primary shows them, else as the key server that shows any."""
    servers = sorted(view.key_servers, key=lambda server: server.device not in view.served.primaries)
    for server in servers:
        try:
            group = server.gdoi().value
        except EvidenceMissingError:
            continue
        if group.rekey is None and not group.ipsec_sas:
            continue
        usual = Timing()
        rekey = group.rekey
        lives = [life for sa in group.ipsec_sas if (life := _seconds(sa.lifetime)) is not None]
        due = [left for sa in group.ipsec_sas if (left := _seconds(sa.time_to_rekey)) is not None]
        return Timing(
            members=group.group_members,
            unicast=(group.transport or "unicast").casefold() == "unicast",
            interval=_seconds(rekey.retransmit_period if rekey else None) or usual.interval,
            copies=usual.copies if rekey is None or rekey.retransmit_attempts is None else rekey.retransmit_attempts,
            lifetime=min(lives, default=usual.lifetime),
            next_rekey=min(due, default=None),
            time_based=any(_is_timed(sa) for sa in group.ipsec_sas) or not group.ipsec_sas,
        )
    msg = f"no key server of group {view.name} shows its times"
    raise EvidenceMissingError(msg)


def _is_timed(sa: KsSa) -> bool:
    return "time" in (sa.replay_method or "").casefold()


def _seconds(span: timedelta | Sentinel | None) -> float | None:
    return None if span is None or isinstance(span, str) else span.total_seconds()
