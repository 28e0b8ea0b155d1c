"""Inventory and intents -> what each router should hold, as typed objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.rendering.group import plan_group, unknown_release
from getvpn_ops.rendering.join import join
from getvpn_ops.rendering.key_server import key_server_part
from getvpn_ops.rendering.member import member_part
from getvpn_ops.rendering.problems import Problems
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from getvpn_ops.model.intended import IntendedConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.rendering.group import GroupPlan

_WHAT = "the intent cannot be rendered"


class Resolver:
    """Decides each group once, then each of its routers."""

    def __init__(self, inventory: Inventory, secrets: Secrets | None = None) -> None:
        """For one inventory.

        Args:
            inventory: devices and groups.
            secrets: where pre-shared keys come from; without it they stay names.
        """
        self._inventory = inventory
        self._secrets = secrets or Secrets()
        self._plans: dict[str, GroupPlan] = {}

    def group(self, name: str) -> GroupPlan:
        """What is decided for a group.

        Raises:
            UsageError: there is no such group, or its file does not describe it whole.
            MistakesError: it cannot be rendered; says all reasons.
        """
        if name not in self._plans:
            intent = self._inventory.gdoi_groups.get(name)
            if intent is None:
                raise UsageError(f"no file in gdoi_groups/ says what the group {name} should be")
            if intent.policies is None:
                raise UsageError(f"the file of group {name} says nothing of policies: it serves health checks only")
            problems = Problems()
            self._plans[name] = plan_group(self._inventory, name, problems)
            if problems:
                del self._plans[name]
            problems.settle(_WHAT)
        return self._plans[name]

    def groups_of(self, device: Device) -> tuple[str, ...]:
        """Groups of a device that are described whole."""
        known = self._inventory.gdoi_groups
        return tuple(name for name in device.gdoi_groups if name in known and known[name].policies is not None)

    def config(self, name: str) -> IntendedConfig:
        """What one router should hold.

        Args:
            name: of the device.

        Raises:
            UsageError: there is no such device, or it is in no group that is described whole.
            MistakesError: it cannot be rendered; says all reasons.
        """
        device = self._inventory.devices.get(name)
        if device is None:
            raise UsageError(f"there is no device {name!r} in the inventory")
        groups = self.groups_of(device)
        if not groups:
            raise UsageError(f"{name} is in no GDOI group whose file says what the group should be")
        problems = Problems()
        parts = [self._part(group, device, problems) for group in groups]
        made = join(parts, problems)
        problems.settle(_WHAT)
        return made

    def _part(self, group: str, device: Device, problems: Problems) -> IntendedConfig:
        plan = self.group(group)
        serves = device.name in {item.name for item in plan.key_servers}
        if not serves and device.name not in plan.addresses:
            raise UsageError(f"{device.name} is neither key server nor member of {group}: say its role")
        if device.name not in plan.releases:
            problems.add(device.name, "release", unknown_release(device))
            problems.settle(_WHAT)
        part = key_server_part if serves else member_part
        return part(plan, self._inventory, device, self._secrets, problems)
