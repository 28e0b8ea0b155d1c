"""The catalogue of actions: single commands and keys, each a typed, guarded plan of its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from getvpn_ops.workflow.actions import clears, debugs, directions, key_server_clears, keys, rekeys, roles, saving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.workflow.actions.spec import ActionSpec

_SPECS: tuple[ActionSpec[Any], ...] = (
    *clears.SPECS,
    *key_server_clears.SPECS,
    *roles.SPECS,
    *directions.SPECS,
    *rekeys.SPECS,
    *saving.SPECS,
    *debugs.SPECS,
    *keys.SPECS,
)
ACTIONS: Mapping[str, ActionSpec[Any]] = MappingProxyType(
    {spec.id: spec for spec in sorted(_SPECS, key=lambda item: item.id)}
)
"""Every action by its id."""
