"""Actions on keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from getvpn_ops.workflow.actions.psk import PSK_ROTATE
from getvpn_ops.workflow.actions.rsa_keys import RSA_KEY

if TYPE_CHECKING:
    from getvpn_ops.workflow.actions.spec import ActionSpec

SPECS: tuple[ActionSpec[Any], ...] = (RSA_KEY, PSK_ROTATE)
"""Of the catalogue."""
