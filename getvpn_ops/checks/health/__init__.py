"""Health checks: over a group, over a member in its group, over a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health import coop
from getvpn_ops.registry import Registry

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView, MemberView
    from getvpn_ops.model.fleet import DeviceState

GROUP_CHECKS: Registry[GroupView] = Registry("group check", coop.GROUP_CHECKS)
MEMBER_CHECKS: Registry[MemberView] = Registry("member check", ())
DEVICE_CHECKS: Registry[DeviceState] = Registry("device check", ())
