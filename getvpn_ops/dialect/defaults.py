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

HIDDEN = MappingProxyType(
    {
        "": frozenset({"crypto ipsec df-bit copy", "crypto ipsec fragmentation before-encryption",
                       "crypto isakmp identity address"}),
        "isakmp-policy": frozenset({"encr des", "hash sha", "authentication rsa-sig", "group 1", "lifetime 86400"}),
        "transform-set": frozenset({"mode tunnel"}),
        "ipsec-profile": frozenset({"set security-association lifetime kilobytes 4608000"}),
        "gdoi-group": frozenset({"client protocol gdoi"}),
        "gdoi-local-server": frozenset(
            {
                "rekey algorithm 3des-cbc", "rekey lifetime seconds 86400", "rekey retransmit 10 number 2",
                "rekey sig-hash algorithm sha",
                "gdoi",
            }
        ),
        "gdoi-sa-ipsec": frozenset({"replay counter window-size 64"}),
        "gdoi-coop": frozenset({"local priority 1", "protocol version base"}),
        "trustpoint": frozenset({"revocation-check crl"}),
    }
)  # fmt: skip
"""Lines that say what holds without them, by mode (``config_modes``), in the spelling of ``dialect.spellings``.

Which of them a release prints varies (``mode tunnel`` from 15.x on, ``no tag`` on IOS-XE), so they are left out of
every comparison. ``no`` forms of lines that are off by themselves are left out as well, without standing here."""

HIDDEN_PROFILE_LIFETIME = "set security-association lifetime seconds 3600"
"""Of an IPsec profile, unless the global ``crypto ipsec security-association lifetime seconds`` says otherwise."""
