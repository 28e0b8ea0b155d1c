"""The worked example as a world without a network: routers with a working group, and a clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.lab import inventory
from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.world import World
from getvpn_ops.lab.ios.identity.keys import RsaKey, rsa_key
from getvpn_ops.lab.ios.router import Router

if TYPE_CHECKING:
    from collections.abc import Collection

    from getvpn_ops.lab.gdoi.state import KeyServerState, MemberState

INVENTORY = Path(__file__).parents[1] / "inventory"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LABEL = "GETVPN_REKEY"
KEY_SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")


@cache
def _key() -> RsaKey:
    return rsa_key(LABEL, 2048, exportable=True, made=START)


class Bank:
    """29 routers, or ``only`` some of them, that have run for some minutes, configured ``running`` or ``clear``."""

    def __init__(self, minutes: float = 5, configs: str = "running", only: Collection[str] = ()) -> None:
        self.clock = Clock(START, speed=0)
        routers = []
        for host in inventory.read(INVENTORY):
            if only and host.name not in only:
                continue
            router = Router(
                hostname=host.name, release=host.release, model=host.model, serial=host.serial, clock=self.clock
            )
            path = INVENTORY / "lab_configs" / configs / f"{host.name}.cfg"
            assert router.load(path.read_text().splitlines()) == []
            if host.name in KEY_SERVERS:
                router.keys.held[LABEL] = _key()
                router.keys.save()
            routers.append(router)
        self.world = World(self.clock, routers, "7")
        self.world.start()
        self.pass_time(minutes=minutes)

    def pass_time(self, **span: float) -> None:
        """Let simulated time go by."""
        self.clock.advance(self.clock.now() + timedelta(**span))

    def server(self, name: str, group: str = "WAN") -> KeyServerState:
        """A group on a key server."""
        return self.world.routers[name].gdoi.servers[group]

    def member(self, name: str, group: str = "WAN") -> MemberState:
        """A group on a member."""
        return next(item for item in self.world.routers[name].gdoi.members if item.group == group)

    def members(self, group: str = "WAN") -> dict[str, MemberState]:
        """A group on all its members, by router."""
        return {
            name: item
            for name, router in self.world.routers.items()
            for item in router.gdoi.members
            if item.group == group
        }

    def logged(self, name: str) -> str:
        """What a router has logged."""
        return "\n".join(self.world.routers[name].logged)
