"""What traffic asks of the lab around it, answered from routers and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from getvpn_ops.lab.packets import sites

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.lab.gdoi.paths import Paths
    from getvpn_ops.lab.gdoi.state import MemberState
    from getvpn_ops.lab.ios.router import Router


class Surroundings(Protocol):
    """What traffic asks of the world around it. Routers are named by their hosts."""

    def members_at(self, router: str, vrf: str) -> Sequence[MemberState]:
        """A router's parts in the groups whose crypto maps are on its links in a VRF, in the maps' order."""

    def up(self, router: str) -> bool:
        """Whether a router forwards packets."""

    def reaches(self, sender: str, receiver: str) -> bool:
        """Whether packets of any kind come from one router to another."""

    def esp_passes(self, sender: str, receiver: str) -> bool:
        """Whether ESP does."""

    def mtu(self, sender: str, receiver: str) -> int:
        """Of the narrowest link between two routers."""

    def settings(self, router: str, vrf: str) -> sites.Settings:
        """What a router's configuration says; asked once, and again after ``Traffic.configured``."""

    def is_late(self, router: str) -> bool:
        """Whether its counters are refreshed late (IOS-XE)."""


class Around:
    """The routers of a lab by the names of their hosts, and the paths between them."""

    def __init__(self, routers: Mapping[str, Router], paths: Paths) -> None:
        """Look at them.

        Args:
            routers: by the names of their hosts.
            paths: between them.
        """
        self._routers, self._paths = routers, paths

    def members_at(self, router: str, vrf: str) -> list[MemberState]:
        """A router's parts in the groups whose crypto maps are on its links in a VRF, in the maps' order."""
        members = self._routers[router].gdoi.members
        return [member for member in members if member.vrf == vrf and member.interfaces]

    def up(self, router: str) -> bool:
        """Whether a router forwards packets."""
        known = self._routers[router]
        return self._paths.up(router) and known.booted <= known.clock.now()

    def reaches(self, sender: str, receiver: str) -> bool:
        """Whether packets of any kind come from one router to another."""
        return self._paths.passes(sender, receiver)

    def esp_passes(self, sender: str, receiver: str) -> bool:
        """Whether ESP does."""
        return self._paths.esp_passes(sender, receiver)

    def mtu(self, sender: str, receiver: str) -> int:
        """Of the narrowest link between two routers."""
        return self._paths.mtu(sender, receiver)

    def settings(self, router: str, vrf: str) -> sites.Settings:
        """What a router's configuration says."""
        return sites.settings(self._routers[router], vrf)

    def is_late(self, router: str) -> bool:
        """Whether its counters are refreshed late."""
        return self._routers[router].release.is_xe
