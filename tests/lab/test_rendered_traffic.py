"""What groups that were written do to packets: which travel encrypted, which clear, and which not at all."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from featured import FEATURES
from intents import texts
from networks import Network

from getvpn_ops.lab.packets.fate import Outcome, Reason
from getvpn_ops.lab.packets.flows import flow, numbered
from getvpn_ops.lab.packets.ledger import Ledger
from getvpn_ops.lab.packets.places import Box, Lan, Site, Sites
from getvpn_ops.lab.packets.surroundings import Around
from getvpn_ops.lab.packets.traffic import Traffic

KINDS: dict[str, tuple[str, tuple[int, int]]] = {
    "data": ("udp", (5000, 6000)),
    "ssh": ("tcp", (40000, 22)),
    "telnet": ("tcp", (40000, 23)),
}
PAIRS = (("gm1", "gm2"), ("gm2", "gm1"))
Fates = dict[tuple[str, str, str], Outcome | Reason]


def written(name: str) -> Network:
    """A fleet with everything typed in."""
    inventory = FEATURES[name].inventory()
    releases = {router: device.release for router, device in inventory.devices.items()}
    network = Network({router: FEATURES[name].bare_lines(router) for router in releases}, releases)
    for router, text in texts(inventory).items():
        network.configure(router, *(line for line in text.splitlines() if line.strip() != "!"))
    return network


def fates(network: Network) -> Fates:
    """What packets between the first two members meet now: how they arrive, or why they do not."""
    names = ("gm1", "gm2")
    sites = Sites(
        Site(name, [Box(name, "gm", IPv4Address(f"172.31.0.{name[2:]}"))], [Lan(IPv4Network(f"10.{name[2:]}.0.0/24"))])
        for name in names
    )
    ends = {name: sites.by_name[name].place(sites.by_name[name].lans[0], 5) for name in names}
    flows = numbered([flow(kind, ends[one], ends[other], *KINDS[kind]) for one, other in PAIRS for kind in KINDS])
    around = Around(network.world.routers, network.world.paths)
    traffic = Traffic(flows, sites, around, network.clock, Ledger(network.clock.now))
    found: Fates = {}
    for item in flows:
        fate = traffic.fate_of(item.number)
        assert fate is not None
        found[item.source.site, item.destination.site, item.kind] = fate.reason or fate.outcome
    return found


def by(data: Outcome | Reason, ssh: Outcome | Reason, telnet: Outcome | Reason) -> dict[str, Outcome | Reason]:
    return {"data": data, "ssh": ssh, "telnet": telnet}


CLEAR, ENCRYPTED, REFUSED = Outcome.CLEAR, Outcome.ENCRYPTED, Reason.CLEAR_REFUSED
USUAL = by(ENCRYPTED, CLEAR, ENCRYPTED)
CASES = {
    "basic": (USUAL, USUAL),
    "cooperating key servers": (USUAL, USUAL),
    "guide": (USUAL, USUAL),
    "mixed releases": (USUAL, USUAL),
    "multicast": (USUAL, USUAL),
    "counter replay": (USUAL, USUAL),
    "no replay": (USUAL, USUAL),
    "gkm": (USUAL, USUAL),
    "two interfaces": (USUAL, USUAL),
    "fail-close": (USUAL, USUAL),
    "receive-only and passive": (USUAL, by(CLEAR, CLEAR, CLEAR)),
    # an exception of one member alone: the other drops what comes clear, and it drops what the other encrypts
    "local exceptions": (by(ENCRYPTED, CLEAR, REFUSED), by(ENCRYPTED, CLEAR, Reason.NO_MATCH)),
}


@pytest.mark.parametrize("name", CASES)
def test_packets_travel_as_the_intent_says(name: str) -> None:
    network = written(name)
    network.run(300)
    found = fates(network)
    for pair, wanted in zip(PAIRS, CASES[name], strict=True):
        assert {kind: found[*pair, kind] for kind in KINDS} == wanted, pair


@pytest.mark.parametrize(
    ("name", "data"), [("fail-close", Reason.FAIL_CLOSE), ("prepared fail-close", CLEAR), ("basic", CLEAR)]
)
def test_before_the_first_registration(name: str, data: Outcome | Reason) -> None:
    found = fates(written(name))
    assert found["gm1", "gm2", "data"] is data
    assert found["gm1", "gm2", "ssh"] is CLEAR


def test_the_two_groups_of_a_router_keep_to_their_vrfs() -> None:
    network = written("two groups by VRF")
    network.run(300)
    held = {member.group: member for member in network.routers["gm1"].gdoi.members}
    assert {group: member.vrf for group, member in held.items()} == {"G": "", "PAY": "PAY"}
    assert {tek.spi for tek in held["G"].teks}.isdisjoint(tek.spi for tek in held["PAY"].teks)
    assert fates(network)["gm1", "gm2", "data"] is ENCRYPTED
