"""Which groups a device has, from whatever part of its answers there is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from fleets import changed, state_of

from getvpn_ops.checks.told import Told, told_groups
from getvpn_ops.checks.views import group_views, is_key_server
from getvpn_ops.model.inventory import Device, Inventory

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import FleetState

WAN, PAYMENTS = "41001", "41002"


@cache
def everything() -> FleetState:
    return state_of(Bank(minutes=5), devices=["lds-ks1", "bir-gm1", "swa-ce1"])


def only(device: str, *commands: str) -> FleetState:
    """A device of which no more than these answers is there."""
    kept = tuple(item for item in everything().devices[device].evidence if item.command in commands)
    assert len(kept) == len(commands)
    return changed(everything(), device, evidence=kept)


def both(identities: bool, key_server: bool) -> set[Told]:  # noqa: FBT001
    return {
        Told("WAN", WAN if identities else None, key_server),
        Told("PAYMENTS", PAYMENTS if identities else None, key_server),
    }


CASES = {
    "show crypto gdoi": ("lds-ks1", "show crypto gdoi", both(identities=True, key_server=True)),
    "ks": ("lds-ks1", "show crypto gdoi ks", both(identities=True, key_server=True)),
    "ks members": ("lds-ks1", "show crypto gdoi ks members", both(identities=True, key_server=True)),
    "ks policy": ("lds-ks1", "show crypto gdoi ks policy", both(identities=False, key_server=True)),
    "ks coop": ("lds-ks1", "show crypto gdoi ks coop", both(identities=False, key_server=True)),
    "ks acl": ("lds-ks1", "show crypto gdoi ks acl", both(identities=False, key_server=True)),
    "member": ("bir-gm1", "show crypto gdoi", both(identities=True, key_server=False)),
    "gm acl": ("bir-gm1", "show crypto gdoi gm acl", both(identities=False, key_server=False)),
    "gm replay": ("bir-gm1", "show crypto gdoi gm replay", both(identities=False, key_server=False)),
    "configuration": (
        "bir-gm1",
        "show running-config | section ^crypto (gdoi|gkm) group",
        both(identities=True, key_server=False),
    ),
    "neither": ("swa-ce1", "show version", set()),
}


@pytest.mark.parametrize(("device", "command", "told"), CASES.values(), ids=CASES)
def test_one_answer_is_enough(device: str, command: str, told: set[Told]) -> None:
    state = only(device, command)
    assert set(told_groups(state.devices[device])) == told
    unknown = changed(state, device, device=Device(device)).devices[device]
    assert is_key_server(unknown) is any(item.key_server for item in told)


def test_show_crypto_gdoi_has_the_last_word() -> None:
    state = only("lds-ks1", "show crypto gdoi", "show crypto gdoi ks members")
    assert len(told_groups(state.devices["lds-ks1"])) == 2


def test_a_key_server_that_told_little_is_in_the_group_that_its_member_names() -> None:
    """Two pasted logs: the key server's holds its members, the member's holds the whole group."""
    state = only("lds-ks1", "show crypto gdoi ks coop")
    devices = {name: replace(item, device=Device(name)) for name, item in state.devices.items() if name != "swa-ce1"}
    views = {view.name: view for view in group_views(replace(state, devices=devices, inventory=Inventory()))}
    assert set(views) == {"WAN", "PAYMENTS"}
    for name, identity in (("WAN", WAN), ("PAYMENTS", PAYMENTS)):
        assert views[name].identity == identity
        assert [item.device for item in views[name].key_servers] == ["lds-ks1"]
        assert [item.device for item in views[name].members] == ["bir-gm1"]
        assert views[name].key_servers[0].coop().value.group_name == name
