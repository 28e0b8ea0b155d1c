"""An inventory -> its fingerprint: a plan is of this inventory and these intents, and of no other (promise P1)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from getvpn_ops.model.plain import to_plain

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Inventory


def snapshot(inventory: Inventory) -> str:
    """SHA-256 (hexadecimal) of all that an inventory and its intents say; where it was read does not count."""
    plain = to_plain({"devices": dict(inventory.devices), "gdoi_groups": dict(inventory.gdoi_groups)})
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()
