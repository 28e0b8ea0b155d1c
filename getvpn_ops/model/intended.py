"""What one router should hold for GETVPN, in the same typed objects that its running configuration is read into.

So a rendered text is right if, parsed back, it gives the same objects. Line numbers are None throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from getvpn_ops.model.config.crypto import (
    CryptoMap,
    Ikev2Keyring,
    Ikev2Policy,
    Ikev2Profile,
    Ikev2Proposal,
    IpsecProfile,
    IsakmpKeepalive,
    IsakmpPolicy,
    Keyring,
    PreSharedKey,
    TransformSet,
)
from getvpn_ops.model.config.gdoi import GdoiGroupConfig
from getvpn_ops.model.config.interface import InterfaceConfig
from getvpn_ops.model.config.pki import CryptoIdentity, Trustpoint
from getvpn_ops.model.config.system import AccessList, Buffers, MulticastConfig


@dataclass(frozen=True, slots=True)
class IntendedConfig:
    """Everything that is managed on one router; what is not here is none of our business.

    Interfaces hold only the fields that are managed: crypto map, adjust-mss, PIM, joins, hold queues. Values that equal
    the release's hidden defaults are set, not None: they are written out, and normalising is for who compares.

    Attributes:
        device: its name.
        release: IOS release it was made for, such as ``17.6.5``.
        groups: names of the GDOI groups (of the inventory) that it covers.
    """

    device: str
    release: str
    groups: tuple[str, ...] = ()
    isakmp_policies: tuple[IsakmpPolicy, ...] = ()
    isakmp_keys: tuple[PreSharedKey, ...] = ()
    isakmp_keepalive: IsakmpKeepalive | None = None
    isakmp_identity: str | None = None
    keyrings: tuple[Keyring, ...] = ()
    ikev2_proposals: tuple[Ikev2Proposal, ...] = ()
    ikev2_policies: tuple[Ikev2Policy, ...] = ()
    ikev2_keyrings: tuple[Ikev2Keyring, ...] = ()
    ikev2_profiles: tuple[Ikev2Profile, ...] = ()
    trustpoints: tuple[Trustpoint, ...] = ()
    identities: tuple[CryptoIdentity, ...] = ()
    transform_sets: tuple[TransformSet, ...] = ()
    ipsec_profiles: tuple[IpsecProfile, ...] = ()
    df_bit: str | None = None
    gdoi_groups: tuple[GdoiGroupConfig, ...] = ()
    crypto_maps: tuple[CryptoMap, ...] = ()
    interfaces: tuple[InterfaceConfig, ...] = ()
    access_lists: tuple[AccessList, ...] = ()
    multicast: MulticastConfig = field(default_factory=MulticastConfig)
    buffers: tuple[Buffers, ...] = ()
