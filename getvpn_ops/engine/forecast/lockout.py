"""Lock-out of a whole fleet: what a proposed list, direction or configuration would cut, device by device.

A plan asks before its first step, and refuses what makes a verdict worse.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.crossing import RANK
from getvpn_ops.analysis.lockout.cuts import Cut, Verdict, lockouts
from getvpn_ops.analysis.lockout.needs import NeededFlow, Service
from getvpn_ops.analysis.lockout.services_used import services_used
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.engine.forecast.link_reading import whole_configuration
from getvpn_ops.engine.forecast.lockout_routers import Builder, GroupPolicy, identity, policies
from getvpn_ops.engine.forecast.lockout_station import stations
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.analysis.lockout.routers import Router
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class Situation:
    """What routers have, or would have.

    Attributes:
        configs: whole configurations, by device; who is not here was not seen.
        given: what key servers give, by identity of the group.
    """

    configs: Mapping[str, RunningConfig]
    given: Mapping[str, GroupPolicy] = field(default_factory=dict)

    def with_policy(
        self, group: str, entries: tuple[Ace, ...] | None = None, *, name: str = "", receive_only: bool | None = None
    ) -> Situation:
        """The same with another list or direction of a group.

        Args:
            group: its identity.
            entries: the list; None: as before.
            name: of the list.
            receive_only: the direction; None: as before.
        """
        held = self.given.get(group, GroupPolicy())
        made = held if entries is None else GroupPolicy(entries, held.receive_only, name)
        if receive_only is not None:
            made = replace(made, receive_only=receive_only)
        return replace(self, given={**self.given, group: made})

    def with_configs(self, changed: Mapping[str, RunningConfig]) -> Situation:
        """The same with other configurations of some devices; what key servers among them give comes with them."""
        return Situation({**self.configs, **changed}, {**self.given, **policies(changed)})


def situation(configs: Mapping[str, RunningConfig]) -> Situation:
    """What configurations say."""
    return Situation(configs, policies(configs))


def situation_of(fleet: FleetState) -> Situation:
    """A fleet as it was collected or captured: what key servers serve by their screens, else by configuration."""
    configs = {
        name: config for name, state in fleet.devices.items() if (config := whole_configuration(state)) is not None
    }
    found = situation(configs)
    names = {group.name: identity(group) for config in configs.values() for group in config.gdoi_groups}
    for view in group_views(fleet):
        key = str(view.identity or names.get(view.name, view.name))
        try:
            entries, _ = view.served.acl
            direction = view.served.direction[0].casefold()
        except EvidenceMissingError:
            continue
        name = found.given[key].name if key in found.given else ""
        found = found.with_policy(key, entries, name=name, receive_only="only" in direction)
    return found


def intended_policies(inventory: Inventory, intents: Intents | None = None) -> dict[str, GroupPolicy]:
    """What the intents of an inventory say that key servers give, by identity of the group."""
    rendered = intents or Intents(inventory)
    servers = {
        name: rendered.of(name).read
        for group, intent in inventory.gdoi_groups.items()
        if intent.policies is not None
        for name in [device.name for device in inventory.key_servers(group)][:1]
    }
    return policies(servers)


@dataclass(frozen=True, slots=True)
class Lockout:
    """What becomes of what routers need, before and after a change.

    Attributes:
        before: one for each need.
        after: likewise.
    """

    before: tuple[Cut, ...]
    after: tuple[Cut, ...]

    @property
    def worse(self) -> tuple[Cut, ...]:
        """What the change makes worse, or what is cut or unknown and was not needed before: a reason to refuse it."""
        held = {_key(item): RANK[item.verdict] for item in self.before}
        return tuple(item for item in self.after if RANK[item.verdict] > held.get(_key(item), RANK[Verdict.RIDES]))

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """Of ``worse`` what is certainly cut."""
        return tuple(item for item in self.worse if item.verdict is Verdict.CUT)


def _key(cut: Cut) -> object:
    """What stays the same of a need while lines move: its ends, and the port of the service."""
    flow = cut.flow
    if flow is None:
        return cut.device, cut.service, cut.line
    ports = [port for port in (flow.source_port, flow.destination_port) if port is not None]
    return cut.device, cut.service, cut.line, frozenset({flow.source, flow.destination}), min(ports, default=None)


def lockout(inventory: Inventory, before: Situation, after: Situation, station: Address | None = None) -> Lockout:
    """What a change would cut.

    Args:
        inventory: all devices; those without a configuration in ``before`` are unknown.
        before: the change.
        after: it.
        station: address of the management station; None: it is looked for behind the routers with ``manager``.
    """
    routers = routers_of(inventory, before)
    at = (station,) if station is not None else stations(inventory, routers)
    return Lockout(_judged(inventory, before, routers, at), _judged(inventory, after, routers_of(inventory, after), at))


def cuts(inventory: Inventory, now: Situation, station: Address | None = None) -> tuple[Cut, ...]:
    """What becomes of everything that the routers of a fleet need.

    Args:
        inventory: all devices.
        now: what they have.
        station: as for ``lockout``.
    """
    routers = routers_of(inventory, now)
    at = (station,) if station is not None else stations(inventory, routers)
    return _judged(inventory, now, routers, at)


def _judged(inventory: Inventory, now: Situation, routers: list[Router], at: tuple[Address, ...]) -> tuple[Cut, ...]:
    return lockouts(routers, {name: _needs(device, now, at) for name, device in inventory.devices.items()})


def routers_of(inventory: Inventory, now: Situation) -> list[Router]:
    """The routers of an inventory as packets meet them; of those whose configuration was not seen nothing is known."""
    builder = Builder(now.given)
    return [builder.router(device, now.configs.get(name)) for name, device in inventory.devices.items()]


def _needs(device: Device, now: Situation, at: tuple[Address, ...]) -> tuple[NeededFlow, ...]:
    config = now.configs.get(device.name)
    if config is None:
        return ()
    own = {item.interface.ip for port in config.interfaces for item in port.addresses if item.interface is not None}
    try:
        management: Address | None = ip_address(device.hostname)
    except ValueError:
        management = None
    if management in own:
        return services_used(config, management, at, device.port)
    unknown = f"{device.hostname or 'its management address'} is on none of its interfaces"
    return (NeededFlow(Service.SSH, (), "line vty", unknown=unknown), *services_used(config))
