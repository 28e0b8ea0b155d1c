"""Which routers of a group can do what."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class FeatureServer:
    """A key server.

    Attributes:
        version: GETVPN software version.
        supported: whether that version has the feature.
    """

    address: Address
    version: str
    supported: bool | str


@dataclass(frozen=True, slots=True)
class FeatureMember:
    """A group member.

    Attributes:
        version: GETVPN software version.
        supported: whether that version has the feature.
    """

    address: Address
    version: str
    supported: bool | str


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """A group's routers. A feature may be used when all of them support it."""

    group_name: str
    key_servers: tuple[FeatureServer, ...] = ()
    members: tuple[FeatureMember, ...] = ()


@dataclass(frozen=True, slots=True)
class GdoiFeature:
    """``show crypto gdoi feature [NAME]``; the output does not name the feature."""

    groups: tuple[FeatureGroup, ...] = ()
