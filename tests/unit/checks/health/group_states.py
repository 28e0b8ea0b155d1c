"""States of the worked example with faults in its key servers, each made once."""

# ruff: noqa: ANN401 -- edits of any dataclass

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bank import Bank
from fleets import bank_inventory, changed, edited, state_of
from screens import Screen

from getvpn_ops.lab.faults import kind
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.inventory import Device, Direction, GdoiGroupIntent, Inventory
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gdoi import Gdoi

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.fleet import FleetState

KEY_SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
FIRST_REKEY = 6700 - 300
"""Seconds from the start of a bank until shortly after the first rekey, before members that missed it give up."""


def harm(bank: Bank, name: str, device: str, **options: str) -> None:
    HARMS[name](bank.world, device, {**kind(name).options, **options})


def enter(bank: Bank, device: str, *lines: str) -> None:
    """Type at a router's console."""
    screen = Screen(router=bank.world.routers[device])
    shown = screen.enter(*lines)
    screen.router.sessions.remove(screen.terminal)
    assert "%" not in shown.replace("% The Key Server will remove", ""), shown


def configure(bank: Bank, device: str, *lines: str) -> None:
    enter(bank, device, "configure terminal", *lines, "end")


def asked(bank: Bank, **options: Any) -> FleetState:
    """What the key servers tell."""
    return state_of(bank, depth=Depth.KS, **options)


@cache
def healthy() -> FleetState:
    """Two rekeys behind it."""
    return asked(Bank(minutes=200))


@cache
def intended() -> FleetState:
    """As healthy, with the direction written down."""
    return meant(healthy(), direction=Direction.BOTH)


def meant(state: FleetState, **fields: Any) -> FleetState:
    """The same with another intent of WAN."""
    groups = dict(state.inventory.gdoi_groups)
    groups["WAN"] = GdoiGroupIntent.model_validate({**groups["WAN"].model_dump(by_alias=True), **fields})
    return replace(state, inventory=replace(state.inventory, gdoi_groups=groups))


@cache
def misconfigured() -> FleetState:
    """One key server is not like the others, one member hears no rekeys; shortly after a rekey."""
    bank = Bank()
    harm(bank, "acl-mismatch", "dub-ks1")
    harm(bank, "policy-mismatch", "dub-ks1")
    harm(bank, "rsa-key-missing", "dub-ks1")
    harm(bank, "lose-rekeys", "ork-gm1")
    wan = ("crypto gdoi group WAN", "server local")
    configure(bank, "dub-ks1", *wan, "rekey retransmit 20 number 2", "rekey lifetime seconds 1500")
    configure(bank, "dub-ks1", *wan, "sa ipsec 1", "replay time window-size 10")
    configure(bank, "dub-ks1", *wan, "redundancy", "local priority 75", "no peer address ipv4 10.255.0.2")
    lines = (f"deny tcp host 10.9.0.{number} any eq 443" for number in range(90))
    configure(bank, "dub-ks1", "ip access-list extended GETVPN_WAN_POLICY", *lines)
    bank.pass_time(seconds=FIRST_REKEY)
    return asked(bank)


@cache
def other_rsa_key() -> FleetState:
    """A secondary signs with another key of the same label."""
    bank = Bank()
    harm(bank, "rsa-key-differs", "ams-ks1")
    return asked(bank)


@cache
def split() -> FleetState:
    """One key server is cut off, has become primary and removed its members; the others have rekeyed since."""
    bank = Bank()
    harm(bank, "split", "dub-ks1")
    bank.pass_time(minutes=5)
    enter(bank, "lds-ks1", "crypto gdoi ks rekey")
    bank.pass_time(minutes=1)
    enter(bank, "dub-ks1", "clear crypto gdoi ks members", "yes")
    return asked(bank)


@cache
def rebooted() -> FleetState:
    """A key server that is cut off has just booted."""
    bank = Bank()
    harm(bank, "split", "dub-ks1")
    bank.world.routers["dub-ks1"].reload(seconds=60)
    bank.pass_time(seconds=80)
    return asked(bank)


@cache
def without_kek() -> FleetState:
    """The primary lost its RSA key before the KEK was due."""
    bank = Bank()
    harm(bank, "rsa-key-missing", "lds-ks1")
    bank.pass_time(hours=23)
    return asked(bank)


@cache
def other_identity() -> FleetState:
    """A key server means another identity by the name WAN."""
    bank = Bank()
    configure(bank, "dub-ks1", "crypto gdoi group WAN", "identity number 41009")
    bank.pass_time(minutes=1)
    return asked(bank)


@cache
def receive_only() -> FleetState:
    """A migration that somebody forgot."""
    bank = Bank()
    for server in ("ams-ks1", "dub-ks1", "lds-ks1"):
        configure(bank, server, "crypto gdoi group WAN", "server local", "sa receive-only")
    enter(bank, "lds-ks1", "crypto gdoi ks rekey")
    bank.pass_time(minutes=1)
    return meant(asked(bank), direction=Direction.BOTH)


@cache
def rekeyed_by_hand() -> FleetState:
    """Two TEKs that live for long."""
    bank = Bank()
    enter(bank, "lds-ks1", "crypto gdoi ks rekey")
    bank.pass_time(minutes=1)
    return asked(bank)


@cache
def asked_around_a_rekey() -> FleetState:
    """A key server was asked before a rekey, the others after it."""
    bank = Bank()
    before = asked(bank)
    enter(bank, "lds-ks1", "crypto gdoi ks rekey")
    bank.pass_time(seconds=2)
    return changed(asked(bank), "ams-ks1", evidence=before.devices["ams-ks1"].evidence)


@cache
def member_gone() -> FleetState:
    """A member that no rekey reaches, and that cannot register again, was dropped."""
    bank = Bank()
    harm(bank, "udp-848-blocked", "ork-gm1")
    bank.pass_time(hours=7)
    return asked(bank)


@cache
def empty() -> FleetState:
    """Nobody has registered yet: configured key servers, and all that they would tell members is still to come."""
    bank = Bank()
    for member in {*bank.members("WAN"), *bank.members("PAYMENTS")}:
        harm(bank, "udp-848-blocked", member)
    for server in KEY_SERVERS:
        enter(bank, server, "clear crypto gdoi ks members", "yes")
    bank.pass_time(minutes=1)
    return asked(bank)


@cache
def alone() -> FleetState:
    """The group has one key server, without redundancy."""
    bank = Bank()
    for server in KEY_SERVERS[:1]:
        configure(bank, server, "crypto gdoi group WAN", "server local", "no redundancy")
    bank.pass_time(minutes=5)
    intent = GdoiGroupIntent(name="WAN", identity=41001, key_servers=("lds-ks1",))
    others = {name for name in KEY_SERVERS if name != "lds-ks1"}
    inventory = bank_inventory(bank, intent)
    kept = {name: device for name, device in inventory.devices.items() if name not in others}
    return asked(bank, inventory=replace(inventory, devices=kept))


@cache
def captures_only() -> FleetState:
    """The key servers' words, and no inventory."""
    bank = Bank(minutes=200)
    return state_of(bank, inventory=Inventory({name: Device(name) for name in KEY_SERVERS}))


def unknown_to_the_inventory(state: FleetState, name: str) -> FleetState:
    """The same where the inventory lacks a device."""
    kept = {key: device for key, device in state.inventory.devices.items() if key != name}
    devices = {key: held for key, held in state.devices.items() if key != name}
    return replace(state, devices=devices, inventory=replace(state.inventory, devices=kept))


def nameless(state: FleetState, name: str) -> FleetState:
    """The same where nobody tells the GDOI address of a device."""
    device = replace(state.inventory.devices[name], gdoi_addresses=())
    inventory = replace(state.inventory, devices={**state.inventory.devices, name: device})
    return changed(replace(state, inventory=inventory), name, device=device)


def in_wan(kind_: type, **fields: Any) -> Callable[[Any], Any]:
    """An edit of the group WAN in ``show crypto gdoi`` or ``ks coop``."""
    assert kind_ in {Gdoi, KsCoop}

    def edit(state: Any) -> Any:
        groups = tuple(replace(item, **fields) if item.group_name == "WAN" else item for item in state.groups)
        return replace(state, groups=groups)

    return edit


def everywhere(state: FleetState, kind_: type, edit: Callable[[Any], Any]) -> FleetState:
    """An edit on every key server."""
    for name in KEY_SERVERS:
        state = edited(state, name, kind_, edit)
    return state
