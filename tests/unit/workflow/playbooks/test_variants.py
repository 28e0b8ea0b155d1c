"""What a group is while a migration is under way: receive-only, a list for the pilot alone, passive members."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from plans import example

from getvpn_ops.errors import UsageError
from getvpn_ops.model.inventory import Direction, Inventory
from getvpn_ops.workflow.playbooks.stages import ConfigureParams, Covers, Passive, Sending
from getvpn_ops.workflow.playbooks.variants import as_intended, can_be_passive, varied, without_groups

PILOT = ("ham-gm1", "ork-gm1")


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return example()


def made(inventory: Inventory, *targets: str, pilot: tuple[str, ...] = PILOT, **said: Any) -> Inventory:  # noqa: ANN401
    first = [inventory.devices[name] for name in pilot]
    return varied(inventory, "WAN", ConfigureParams(**said), targets, first)


def test_nothing_said_is_as_intended(inventory: Inventory) -> None:
    assert made(inventory) == inventory


def test_receive_only_is_said_by_the_group_and_taken_back(inventory: Inventory) -> None:
    changed = made(inventory, sending=Sending.RECEIVE_ONLY)
    assert changed.gdoi_groups["WAN"].direction is Direction.RECEIVE_ONLY
    assert changed.gdoi_groups["PAYMENTS"] == inventory.gdoi_groups["PAYMENTS"]
    assert as_intended(changed, inventory, "WAN") == inventory


def test_the_pilot_list_keeps_the_exemptions_and_covers_networks_of_the_pilot_alone(inventory: Inventory) -> None:
    (policy,) = made(inventory, covers=Covers.PILOT).gdoi_groups["WAN"].policies or ()
    (whole,) = inventory.gdoi_groups["WAN"].policies or ()
    assert policy.acl.exempt == whole.acl.exempt
    assert policy.transform == whole.transform
    told = [item.split(" -> ") for item in policy.acl.encrypt or ()]
    mine, theirs = (set(map(str, inventory.devices[name].prefixes)) for name in PILOT)
    assert told
    assert all(one in mine and other in theirs for one, other in told)


@pytest.mark.parametrize(
    ("pilot", "prefixes"),
    [
        pytest.param(("ham-gm1",), None, id="one member has nobody to talk to"),
        pytest.param((), None, id="nobody"),
        pytest.param(PILOT, (), id="no networks behind them"),
        pytest.param(PILOT, (ip_network("192.0.2.0/24"),), id="networks that the list does not cover"),
    ],
)
def test_a_list_for_the_pilot_that_covers_nothing_is_refused(
    inventory: Inventory, pilot: tuple[str, ...], prefixes: tuple[Any, ...] | None
) -> None:
    if prefixes is not None:
        devices = {
            name: replace(item, prefixes=prefixes) if name in PILOT else item
            for name, item in inventory.devices.items()
        }
        inventory = replace(inventory, devices=devices)
    with pytest.raises(UsageError, match="pilot"):
        made(inventory, covers=Covers.PILOT, pilot=pilot)


def test_passive_is_of_the_targets_and_stays_until_it_is_taken_back(inventory: Inventory) -> None:
    on = made(inventory, "ham-gm1", passive=Passive.ON)
    said = {item.name: on.member_intent("WAN", item.name).passive for item in on.members("WAN")}
    assert [name for name, passive in said.items() if passive] == ["ham-gm1"]
    later = made(on, "ork-gm1", passive=Passive.ON)
    assert later.member_intent("WAN", "ham-gm1").passive
    off = made(later, "ham-gm1", passive=Passive.OFF)
    assert not off.member_intent("WAN", "ham-gm1").passive
    assert off.member_intent("WAN", "ork-gm1").passive


def test_who_cannot_be_passive_is_left_receive_only(inventory: Inventory) -> None:
    assert not can_be_passive(inventory.devices["cbr-gm1"]), "12.4(15)T"
    assert made(inventory, "cbr-gm1", passive=Passive.ON) == inventory
    unknown = replace(inventory.devices["ham-gm1"], release="")
    assert not can_be_passive(unknown), "unknown is not passed"


def test_a_group_that_no_router_has_is_not_spoken_of(inventory: Inventory) -> None:
    left = without_groups(inventory, {"PAYMENTS"})
    assert left.group_names() == ("WAN",)
    assert without_groups(inventory, set()) is inventory
