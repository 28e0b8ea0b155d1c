"""The small WAN as a working group in this process: two key servers and two members that hold what is intended."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import small_wan
from fleets import BankClock, BankFleet, Silent
from plans import asked as asked_on

from getvpn_ops.engine.change.planning.push import plan_push
from getvpn_ops.engine.collect import Collector
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.world import World
from getvpn_ops.lab.ios.identity.keys import rsa_key
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bank import Bank

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
LABEL = "GETVPN_REKEY"
_PORTS = {"hub-ks1": "203.0.113.1", "fal-ks2": "203.0.113.5"}
_HEAD = ("Building configuration", "Current configuration", "version", "end")


class SmallBank:
    """Four routers that have run for ten minutes; their clock stands still."""

    def __init__(self, inventory: Inventory, **more: str) -> None:
        """Boot them.

        Args:
            inventory: what they hold.
            more: configuration of a device that no intent describes, by name with ``_`` for ``-``.
        """
        self.clock = Clock(START, speed=0)
        key = rsa_key(LABEL, 1024, exportable=True, made=START)
        routers = []
        for name, device in inventory.devices.items():
            router = Router(hostname=name, release=release(device.release), clock=self.clock, serial=f"FOC-{name}")
            assert router.load(configuration(inventory, name, more.get(name.replace("-", "_"), ""))) == []
            router.startup = router.running.copy()
            if device.role is not None and device.role.value == "ks":
                router.keys.held[LABEL] = key
                router.keys.save()
            routers.append(router)
        self.world = World(self.clock, routers, "7")
        self.world.start()
        self.pass_time(minutes=10)

    def pass_time(self, **span: float) -> None:
        """Let simulated time go by."""
        self.clock.advance(self.clock.now() + timedelta(**span))


def configuration(inventory: Inventory, name: str, more: str = "") -> list[str]:
    """What a router boots with: all that is intended, a way to the others, and ``more``."""
    text = small_wan.running(inventory, name) + more
    if name in _PORTS:
        text += f"interface GigabitEthernet0/1\n ip address {_PORTS[name]} 255.255.255.252\n"
    return [line for line in text.splitlines() if not line.startswith(_HEAD)]


def inventory(folder: Path, group: Mapping[str, Any] | None = None, **data: Mapping[str, Any]) -> Inventory:
    """What is intended; ``group`` over the usual group, ``data`` over that of devices."""
    said = copy.deepcopy(small_wan.WAN)
    said.update(group or {})
    return small_wan.loaded(folder, said, **data)


def collector_of(bank: SmallBank) -> Collector:
    """Asks its routers."""
    nobody, routers = Silent(), cast("Bank", bank)
    return Collector(BankFleet(routers), BankClock(routers), nobody, nobody)


def asked(bank: SmallBank) -> Asked:
    """By a test, now."""
    return asked_on(cast("Bank", bank))


def pushed(bank: SmallBank, wanted: Inventory, names: Iterable[str] = ()) -> Plan:
    """Plan a push, of all devices if none is named."""
    chosen = [wanted.devices[name] for name in names] or list(wanted.devices.values())
    return plan_push(
        asked(bank), chosen, collector=collector_of(bank), inventory=wanted,
        intents=Intents(wanted, Secrets(small_wan.secret_of)), keys=KeyTerms(are_compared=False),
    )  # fmt: skip
