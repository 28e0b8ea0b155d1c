"""Rules about access lists: over one list, over a group's list with its surroundings, over a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.acl.exempt import EXEMPTION_RULES
from getvpn_ops.checks.acl.form import FORM_RULES
from getvpn_ops.checks.acl.group import GROUP_RULES_OF_ACL
from getvpn_ops.checks.acl.lines import LINE_RULES
from getvpn_ops.checks.acl.names import NAME_RULES
from getvpn_ops.checks.acl.services import SERVICE_RULES
from getvpn_ops.registry import Registry

if TYPE_CHECKING:
    from getvpn_ops.checks.acl.views import ConfigView, GroupLists, ListView

LIST_RULES: Registry[ListView] = Registry("list rule", (*FORM_RULES, *EXEMPTION_RULES, *LINE_RULES))
"""A rule holds for lists whose use is one of its tags."""
GROUP_RULES: Registry[GroupLists] = Registry("group list rule", (*GROUP_RULES_OF_ACL, *SERVICE_RULES))
CONFIG_RULES: Registry[ConfigView] = Registry("configuration rule", NAME_RULES)
