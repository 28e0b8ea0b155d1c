"""Rules about a router's whole configuration: lines that this program leaves alone, and that are wrong all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.config.address import ADDRESS_RULES
from getvpn_ops.checks.config.command import COMMAND_RULES
from getvpn_ops.checks.config.session import SESSION_RULES
from getvpn_ops.checks.config.unused import UNUSED_RULES
from getvpn_ops.registry import Registry

if TYPE_CHECKING:
    from getvpn_ops.checks.config.views import RouterConfig

ROUTER_RULES: Registry[RouterConfig] = Registry(
    "router rule", (*ADDRESS_RULES, *COMMAND_RULES, *SESSION_RULES, *UNUSED_RULES)
)
