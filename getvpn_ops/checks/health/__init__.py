"""Health checks: over a group, over a member in its group, over a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health import (
    certificates,
    clock,
    convergence,
    coop,
    coop_priority,
    coop_software,
    device,
    direction,
    engine,
    keys,
    lists,
    maps,
    parity,
    parity_keys,
    parity_members,
    policy,
    reception,
    registration,
    rekey,
    rekey_loss,
    roster,
    syslog,
    tbar,
    traffic,
)
from getvpn_ops.registry import Registry

if TYPE_CHECKING:
    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.checks.views import GroupView, MemberView

GROUP_CHECKS: Registry[GroupView] = Registry(
    "group check",
    (
        *coop.GROUP_CHECKS,
        *coop_priority.GROUP_CHECKS,
        *coop_software.GROUP_CHECKS,
        *policy.GROUP_CHECKS,
        *parity.GROUP_CHECKS,
        *parity_keys.GROUP_CHECKS,
        *parity_members.GROUP_CHECKS,
        *keys.GROUP_CHECKS,
        *rekey.GROUP_CHECKS,
        *rekey_loss.GROUP_CHECKS,
        *roster.GROUP_CHECKS,
    ),
)
MEMBER_CHECKS: Registry[MemberView] = Registry(
    "member check",
    (
        *registration.MEMBER_CHECKS,
        *convergence.MEMBER_CHECKS,
        *reception.MEMBER_CHECKS,
        *lists.MEMBER_CHECKS,
        *direction.MEMBER_CHECKS,
        *maps.MEMBER_CHECKS,
        *traffic.MEMBER_CHECKS,
        *tbar.MEMBER_CHECKS,
    ),
)
DEVICE_CHECKS: Registry[DeviceView] = Registry(
    "device check",
    (
        *device.DEVICE_CHECKS,
        *engine.DEVICE_CHECKS,
        *clock.DEVICE_CHECKS,
        *certificates.DEVICE_CHECKS,
        *syslog.DEVICE_CHECKS,
    ),
)
