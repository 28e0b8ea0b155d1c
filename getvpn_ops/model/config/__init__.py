"""A router's configuration: the typed view of what GETVPN depends on, and the whole of it as a tree of lines."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.config.crypto import CryptoConfig, CryptoMap
from getvpn_ops.model.config.gdoi import GdoiGroupConfig
from getvpn_ops.model.config.interface import InterfaceConfig
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.config.system import (
    AccessList,
    ArchiveConfig,
    ConfigHeader,
    MulticastConfig,
    SystemConfig,
    VrfConfig,
)
from getvpn_ops.model.config.tree import ConfigLine, LineKind

__all__ = ["ConfigLine", "LineKind", "RunningConfig", "Secret"]


@dataclass(frozen=True, slots=True)
class RunningConfig:
    """A configuration, whole or a part of one (``show running-config``).

    Attributes:
        header: what the router printed above it.
        hostname: None if the text does not hold it.
        version: of IOS, major and minor.
        gdoi_groups: of both roles.
        crypto: IKE, IPsec, PKI.
        crypto_maps: with the interfaces that carry them.
        interfaces: in order.
        access_lists: in order; an access list that is continued later in the text is one object.
        vrfs: in order.
        multicast: multicast routing.
        system: global lines.
        archive: or None.
        tree: every line, nested; bare ``!`` separators are left out.
    """

    header: ConfigHeader
    hostname: str | None
    version: str | None
    gdoi_groups: tuple[GdoiGroupConfig, ...]
    crypto: CryptoConfig
    crypto_maps: tuple[CryptoMap, ...]
    interfaces: tuple[InterfaceConfig, ...]
    access_lists: tuple[AccessList, ...]
    vrfs: tuple[VrfConfig, ...]
    multicast: MulticastConfig
    system: SystemConfig
    archive: ArchiveConfig | None
    tree: tuple[ConfigLine, ...]
