"""The list that key servers serve now, as an intent: for stages that change something else, and the list later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.model.intent.access import AccessListIntent

if TYPE_CHECKING:
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.gdoi import LocalServerConfig
    from getvpn_ops.model.intent.crypto import PolicyIntent
    from getvpn_ops.model.intent.group import GdoiGroupIntent


def with_kept_lists(intent: GdoiGroupIntent, config: RunningConfig | None) -> tuple[PolicyIntent, ...]:
    """The policies of a group with the lists that a key server serves.

    Args:
        intent: of the group.
        config: of the key server; None: nobody knows which serves.

    Raises:
        UsageError: it serves no list for one of them, or holds a line that is not understood.
    """
    local = None if config is None else _served(config, intent)
    if config is None or local is None:
        msg = f"group {intent.name}: no key server serves it, so there is no list to be left as it is"
        raise UsageError(msg)
    return tuple(
        policy.model_copy(update={"acl": _kept(intent.name, policy, local, config)}) for policy in intent.policies or ()
    )


def _served(config: RunningConfig, intent: GdoiGroupIntent) -> LocalServerConfig | None:
    for group in config.gdoi_groups:
        said = group.identity_number if group.identity_number is not None else group.identity_address
        same = group.name == intent.name if intent.identity is None else str(said) == str(intent.identity)
        if group.server_local is not None and same:
            return group.server_local
    return None


def _kept(group: str, policy: PolicyIntent, local: LocalServerConfig, config: RunningConfig) -> AccessListIntent:
    name = next((sa.match_acl for sa in local.sas if sa.sequence == policy.sequence), None)
    held = next((item for item in config.access_lists if item.name == name), None)
    if held is None or held.other:
        why = "is served without a list" if held is None else f"holds a line that is not understood: {held.other[0]}"
        msg = f"group {group}: `sa ipsec {policy.sequence}` {why}, so it cannot be left as it is"
        raise UsageError(msg)
    return AccessListIntent(name=policy.acl.name, entries=tuple(entry.text for entry in held.entries))
