"""Puts keys on devices: the RSA key that signs rekeys, and pre-shared keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.keys.psk import PskRotation
from getvpn_ops.engine.change.keys.rsa import RsaKey
from getvpn_ops.workflow.actions import psk, rsa_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Performer

KEYS_PERFORMED: Mapping[str, Performer] = {rsa_keys.ID: RsaKey(), psk.ID: PskRotation()}
"""By the id of the action."""
