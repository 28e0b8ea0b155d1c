"""Sites as the worked example has them, and as configurations alone say them."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from getvpn_ops.lab.inventory import Host, read
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router
from getvpn_ops.lab.packets.places import PROVIDER, Lan, Place, Sites
from getvpn_ops.lab.packets.sites import Settings, read_sites, settings

INVENTORY = Path(__file__).parents[4] / "inventory"


@cache
def example(state: str = "running") -> Sites:
    """The worked example; ``state`` names its set of configurations, empty: routers that hold nothing yet."""
    fleet = []
    for host in read(INVENTORY):
        router = Router(hostname=host.name, release=host.release)
        if state:
            path = INVENTORY / "lab_configs" / state / f"{host.name}.cfg"
            router.load(path.read_text(encoding="utf-8").splitlines())
        fleet.append((host, router))
    return read_sites(fleet)


def made(*routers: tuple[str, dict[str, object], str]) -> Sites:
    """Sites of routers given by name, data and configuration."""
    fleet = []
    for name, data, text in routers:
        host = Host(name, name, "ops", release("15.4(3)M10"), "", "", 15, data)
        router = Router(hostname=name, release=host.release)
        assert not router.load(text.splitlines())
        fleet.append((host, router))
    return read_sites(fleet)


@pytest.mark.parametrize("state", ["clear", "running", ""])
def test_the_worked_example_has_its_sites(state: str) -> None:
    sites = example(state)
    assert len(sites) == 25
    assert {site.name for site in sites if site.is_outside} == {"swansea", "evora"}
    assert sites.manager is not None
    assert sites.manager.name == "edinburgh"
    assert {site.name for site in sites.centres()} == {"leeds", "amsterdam", "dublin"}
    assert sites.by_name["london"].edges() == ("lon-gm1", "lon-gm2")
    assert sites.by_name["swansea"].lans == [Lan(IPv4Network("10.61.0.0/24"))]


@pytest.mark.parametrize("state", ["clear", "running"])
def test_vrfs_come_from_the_configurations(state: str) -> None:
    found = {
        (site.name, str(lan.network), site.edges(lan.vrf)) for site in example(state) for lan in site.lans if lan.vrf
    }
    assert found == {
        ("birmingham", "10.200.6.0/24", ("bir-gm1",)),
        ("copenhagen", "10.200.8.0/24", ("cph-gm1",)),
    }


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("lds-ks1", ("lds-gm1",)),  # by OSPF behind its member
        ("ams-ks1", ("ams-gm1",)),  # by a static route behind its member
        ("dub-ks1", ("dub-ks1",)),  # on a circuit of its own
        ("lon-gm2", ("lon-gm2",)),
    ],
)
def test_key_servers_behind_a_member_are_reached_through_it(name: str, edges: tuple[str, ...]) -> None:
    place = example().router(name)
    assert place is not None
    assert place.edges == edges


@pytest.mark.parametrize(
    ("address", "vrf", "expected"),
    [
        ("10.255.1.12", "", ("lisbon", ("lis-gm1",), "lis-gm1")),
        ("10.254.6.10", "PAYMENTS", ("birmingham", ("bir-gm1",), "bir-gm1")),
        ("10.254.12.1", "", (PROVIDER, (), "")),
        ("10.4.77.1", "", ("london", ("lon-gm1", "lon-gm2"), "")),
        ("10.200.6.9", "PAYMENTS", ("birmingham", ("bir-gm1",), "")),
        ("10.200.6.9", "", None),
        ("192.0.2.1", "", None),
    ],
)
def test_who_has_an_address(address: str, vrf: str, expected: tuple[str, tuple[str, ...], str] | None) -> None:
    found = example().find(IPv4Address(address), vrf)
    assert (found and (found.site, found.edges, found.box)) == expected


def test_what_stays_within_a_site() -> None:
    sites = example()
    london = [sites.router("lon-gm1"), sites.router("lon-gm2"), sites.find(IPv4Address("10.4.0.9"))]
    dublin = [sites.router("dub-ks1"), sites.find(IPv4Address("10.3.0.9"))]
    leeds = [sites.router("lds-ks1"), sites.find(IPv4Address("10.1.0.9"))]

    def local(one: Place | None, other: Place | None) -> bool:
        assert one is not None
        assert other is not None
        return sites.is_local(one, other)

    assert all(local(one, other) for one in london for other in london)
    assert local(leeds[0], leeds[1])
    assert not local(dublin[0], dublin[1])
    assert not local(leeds[0], london[0])


BARE = """\
hostname edge
interface Loopback0
 ip address 10.99.0.1 255.255.255.255
interface GigabitEthernet0/0
 ip address 198.18.4.2 255.255.255.252
 crypto map OUT
interface GigabitEthernet0/1
 ip address 10.44.0.1 255.255.255.0
interface GigabitEthernet0/2
 ip address 10.45.0.1 255.255.255.0
 shutdown
interface GigabitEthernet0/3
 ip address 198.18.5.2 255.255.255.252
router bgp 64999
 neighbor 198.18.5.1 remote-as 64512
 neighbor 10.44.0.7 remote-as 64999
"""


def test_networks_come_from_the_configuration_where_the_data_are_silent() -> None:
    """Not the links to the provider, not what is shut down, not loopbacks; neighbours of the own AS are inside."""
    (site,) = made(("edge", {"role": "gm"}, BARE))
    assert (site.name, site.lans) == ("edge", [Lan(IPv4Network("10.44.0.0/24"))])
    (box,) = site.boxes
    assert box.address == IPv4Address("10.99.0.1")
    assert [str(link.address) for link in box.uplinks] == ["198.18.5.2"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Settings()),
        ("crypto ipsec df-bit clear\n", Settings(df_bit="clear")),
        ("interface GigabitEthernet0/0\n ip mtu 1400\n", Settings(mtu=1400)),
        ("interface GigabitEthernet0/0\n shutdown\n", Settings(linked=False)),
        ("interface GigabitEthernet0/1\n ip tcp adjust-mss 1360\n", Settings(clamp=1360)),
        ("interface GigabitEthernet0/2\n ip tcp adjust-mss 1360\n", Settings()),  # shut down
    ],
)
def test_what_a_configuration_does_to_packets(more: str, expected: Settings) -> None:
    router = Router(release=release("15.4(3)M10"))
    assert not router.load((BARE + more).splitlines())
    assert settings(router) == expected


def test_hosts_of_a_network_are_within_it() -> None:
    for text in ("10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32", "10.0.0.0/25", "10.0.0.0/8"):
        lan = Lan(IPv4Network(text))
        assert all(lan.host(number) in lan.network for number in (0, 1, 59, 4000))
