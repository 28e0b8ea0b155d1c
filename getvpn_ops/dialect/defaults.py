"""What holds where a running configuration prints nothing (IOS Security Command Reference; DOMAIN facts of GETVPN)."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

ISAKMP_POLICY_DEFAULTS = MappingProxyType(
    {
        "encryption": "des",
        "hash": "sha",
        "authentication": "rsa-sig",
        "dh_group": 1,
        "lifetime": timedelta(seconds=86400),
    }
)
"""Fields of ``IsakmpPolicy``. ``encr aes`` without a number is AES-128."""

REKEY_DEFAULTS = MappingProxyType(
    {
        "algorithm": "3des-cbc",
        "lifetime": timedelta(seconds=86400),
        "retransmit_interval": timedelta(seconds=10),
        "retransmit_number": 2,
        "sig_hash": "sha",
        "transport_unicast": False,
    }
)
"""Fields of ``RekeyConfig``."""

COOP_PRIORITY_DEFAULT = 1
"""``local priority`` of a key server."""

IPSEC_PROFILE_DEFAULTS = MappingProxyType({"lifetime": timedelta(seconds=3600), "lifetime_kilobytes": 4608000})
"""Fields of ``IpsecProfile``; a global ``crypto ipsec security-association lifetime`` comes before them."""

TRANSFORM_MODE_DEFAULT = "tunnel"
ISAKMP_IDENTITY_DEFAULT = "address"
DF_BIT_DEFAULT = "copy"
FRAGMENTATION_DEFAULT = "before-encryption"
ISAKMP_KEEPALIVE_RETRY_DEFAULT = timedelta(seconds=2)
