"""Fleets drawn at random: the worked example, brought by typing, faults and time into states that lose packets.

Everything is drawn from a seed. What is known of a drawn fleet is what its routers print; what is true stands in the
ledger.
"""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from fleets import BankClock, BankFleet, Silent, bank_inventory
from flowing import FlowingBank

from getvpn_ops.analysis.packets.sets import Flow
from getvpn_ops.analysis.traffic.facts import GOOD, Known, Measured
from getvpn_ops.analysis.traffic.fates import Outcome, Path
from getvpn_ops.analysis.traffic.sites import Paths
from getvpn_ops.analysis.traffic.sizes import Shape
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.engine.questions import GDOI_CONFIGURATION
from getvpn_ops.lab.gdoi.variants import Takes, Variants
from getvpn_ops.lab.packets.fate import Outcome as Happened
from getvpn_ops.lab.packets.flows import Flow as LabFlow
from getvpn_ops.lab.packets.flows import flow as lab_flow
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.engine.ports import Script
    from getvpn_ops.lab.gdoi.state import Tek
    from getvpn_ops.lab.packets.ledger import Interval
    from getvpn_ops.lab.packets.places import Place, Site
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory

KEY_SERVERS = ("dub-ks1", "ams-ks1", "lds-ks1")
"""Secondaries first, the primary last."""
PRIMARY = KEY_SERVERS[-1]
OF_SERVER = (
    "show crypto gdoi", "show crypto gdoi ks acl", "show crypto gdoi ks policy", "show crypto gdoi ks replay",
)  # fmt: skip
OF_MEMBER = (
    "show crypto gdoi", "show crypto gdoi gm acl", "show crypto gdoi gm replay", "show crypto map",
    "show crypto map gdoi fail-close", GDOI_CONFIGURATION, "show running-config",
)  # fmt: skip
HAPPENED = {Happened.CLEAR: Outcome.CLEAR, Happened.ENCRYPTED: Outcome.ENCRYPTED, Happened.LOST: Outcome.DROPPED}
"""What the ledger says, in the words of a prediction."""
NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "ospf": 89}
_SIZES = (64, 128, 576, 1280, 1400, 1440, 1500)
_PORTS = (22, 49, 123, 161, 443, 514, 848, 1433, 5060, 8443, 40000)
_MOMENTS = (0.01, 0.06, 0.1, 0.3, 0.33, 0.6, 0.8, 1.1, 3.0, 25.0, 100.0)
_POOR = Variants(passive=Takes.NEXT_REKEY, passive_accepts_clear=False)
_MEASURED_POOR = Measured(Known.NO, Known.NO, Known.YES, Known.YES)


def asked(device: Device) -> Script:
    """What a prediction needs of a device."""
    for command in OF_SERVER if device.name in KEY_SERVERS else OF_MEMBER:  # noqa: UP028 -- not sent anything
        yield command


class Drawn(FlowingBank):
    """A fleet at chance's mercy."""

    def __init__(self, seed: int, variants: Variants | None = None, facts: Measured = GOOD) -> None:
        """Some routers are poor ones and some ways narrow; or all are as ``variants`` say, and measured so."""
        super().__init__()
        self.chance = random.Random(f"drawn:{seed}")  # noqa: S311 -- a run must be repeatable
        self.known = bank_inventory(self)
        self.undo: dict[tuple[str, str], Callable[[], object]] = {}
        self.receive_only = False
        self.lists = 1
        self.sites: dict[str, Site] = dict(self.traffic._sites.by_name)  # noqa: SLF001 -- the lab's own
        for name, router in self.world.routers.items():
            router.gdoi.ping = partial(self.traffic.answers, name)
        self.joined = [
            device.name
            for device in self.known.devices.values()
            if device.role is not None and device.role.value == "gm" and device.name != "lon-gm2"
        ]
        self.paths: dict[frozenset[str], Path] = {}
        if variants is None:
            poor = self.chance.sample(self.joined, 4)
            self.world.variants.update(dict.fromkeys(poor, _POOR))
            self.facts = {name: _MEASURED_POOR if name in poor else GOOD for name in self.joined}
            self._narrow(self.chance.sample(self.joined, 2))
        else:
            self.world.variants.update(dict.fromkeys(self.joined, variants))
            self.facts = dict.fromkeys(self.joined, facts)
        self._flows(300)

    # -- flows

    def _flows(self, count: int) -> None:
        """Those of applications, and some between any two sites, many of them on ports that lists speak of."""
        usual = [flow for flow in self.traffic.flows if not flow.source.box and not flow.destination.box]
        self.traffic.clear()
        self.traffic.add(usual)
        there = [site for site in self.sites.values() if any(not lan.vrf for lan in site.lans)]
        first = max(flow.number for flow in self.traffic.flows) + 1
        made = []
        for number in range(first, first + count):
            one, other = self.chance.sample(there, 2)
            protocol = self.chance.choice(("tcp", "tcp", "udp", "icmp", "gre", "ospf"))
            ports = (self.chance.choice(_PORTS), self.chance.choice(_PORTS))
            flow = lab_flow(
                "drawn",
                self._place(one),
                self._place(other),
                protocol,
                ports if protocol in {"tcp", "udp"} else (None, None),
                size=self.chance.choice(_SIZES),
                df=self.chance.random() < 1 / 2,
            )
            made.append(LabFlow(number, *(getattr(flow, field) for field in LabFlow.__slots__[1:])))
        self.traffic.add(made)

    def _place(self, site: Site) -> Place:
        lan = self.chance.choice([lan for lan in site.lans if not lan.vrf])
        return site.place(lan, self.chance.randrange(8, 60))

    # -- what a user knows

    @property
    def ways(self) -> Paths:
        """What was probed between routers."""
        return Paths(Path(esp=Known.YES, mtu=1500), self.paths)

    def cast(self, size: int) -> list[str]:
        """Some routers before sites, always with one that is no member."""
        return [*self.chance.sample(self.joined, size), self.chance.choice(("evo-ce1", "swa-ce1"))]

    def _narrow(self, names: list[str]) -> None:
        """Larger packets vanish on the way to some routers."""
        for name in names:
            self.harm("mtu", name, bytes=str(self.chance.choice((1300, 1400, 1450))))
        for name in names:
            self._probe(name)

    def _probe(self, narrow: str) -> None:
        """The MTU of the ways to a router, by ping with DF, while all is well: pings between loopbacks stay clear."""
        for device in self.known.devices.values():
            if device.name != narrow and device.name not in KEY_SERVERS:
                self.paths[frozenset({narrow, device.name})] = Path(
                    esp=Known.YES, mtu=self._largest(narrow, device.name)
                )

    def _largest(self, one: str, other: str) -> int:
        target = self.known.devices[other].hostname
        low, high = 64, 1500
        while low < high:
            size = (low + high + 1) // 2
            command = f"ping {target} size {size} repeat 2 df-bit"
            shown = self.type(one, command).partition("\r\n")[2].rpartition("\r\n")[0]
            answer = parse(f"ping {target}", shown.encode()).data
            assert isinstance(answer, Ping)
            low, high = (size, high) if answer.answered else (low, size - 1)
        return low

    def look(self, names: list[str], inventory: Inventory | None = None) -> FleetState:
        """What some routers print, and the primary key server."""
        known = inventory or self.known
        silent = Silent()
        collector = Collector(BankFleet(self), BankClock(self), silent, silent)
        chosen = [known.devices[name] for name in [*names, PRIMARY]]
        return collector.collect("drawn", known, Wish(chosen, interval=timedelta(), script=asked))

    def settle(self) -> None:
        """Screens print whole seconds: in the last one of a key nobody can tell whether it lives."""
        second = timedelta(seconds=1)
        while any(
            timedelta() < tek.ends - self.clock.now() < second for name in self.joined for tek in self._teks(name)
        ):
            self.pass_time(seconds=1)

    def _teks(self, name: str) -> list[Tek]:
        return [tek for member in self.world.routers[name].gdoi.members for tek in member.teks]

    def truth(self) -> dict[int, Interval]:
        """What the ledger says of every flow from now on."""
        now = self.clock.now()
        self.pass_time(milliseconds=1)
        found: dict[int, Interval] = {}
        for interval in self.traffic.ledger.intervals(now):
            found.setdefault(interval.flow.number, interval)
        return found

    # -- what chance does

    def happen(self, names: list[str]) -> str:
        """Something happens to the group or to one of some routers; returns what."""
        act = self.chance.choice(ACTS)
        act(self, self.chance.choice(names[:-1]))
        self.pass_time(seconds=self.chance.choice(_MOMENTS))
        return act.__name__

    def rekey(self) -> None:
        """By command, on the primary."""
        self.type(PRIMARY, "crypto gdoi ks rekey")

    def on_servers(self, *lines: str) -> None:
        """Type lines on all key servers, the primary last."""
        for name in KEY_SERVERS:
            self.configure(name, *lines)

    def link(self, name: str) -> str:
        """The interface of a member with the crypto map of the group."""
        return self.member(name).interfaces[0]

    def heal(self, what: str, name: str) -> None:
        """Undo something that happened to a router."""
        found = self.undo.pop((what, name), None)
        if found is not None:
            found()

    def arm(self, what: str, name: str, **options: str) -> None:
        """Put a fault on a router, to be undone."""
        self.heal(what, name)
        found = self.harm(what, name, **options)
        if found is not None:
            self.undo[what, name] = found


# -- acts


def new_key(fleet: Drawn, _name: str) -> None:
    fleet.rekey()


def new_direction(fleet: Drawn, _name: str) -> None:
    fleet.receive_only = not fleet.receive_only
    line = "sa receive-only" if fleet.receive_only else "no sa receive-only"
    fleet.on_servers("crypto gdoi group WAN", "server local", line)
    fleet.rekey()


def new_list(fleet: Drawn, _name: str) -> None:
    fleet.lists += 1
    name = f"GETVPN_WAN_POLICY_r{fleet.lists}"
    denied = fleet.chance.choice(("443", "1433", "8443", "5060"))
    site = fleet.chance.choice([device for device in fleet.known.devices.values() if device.prefixes])
    prefix = site.prefixes[0]
    wild = f"{prefix.network_address} {prefix.hostmask}"
    lines = [
        "deny udp any eq 848 any eq 848", "deny tcp any any eq 22", "deny tcp any eq 22 any", "deny ospf any any",
        f"deny tcp any any eq {denied}",
    ]  # fmt: skip
    lines += [f"deny tcp any eq {denied} any"] if fleet.chance.random() < 1 / 2 else []
    if fleet.chance.random() < 3 / 4:
        lines += ["deny ip any 10.61.0.0 0.0.255.255", "deny ip 10.61.0.0 0.0.255.255 any"]
        lines += ["deny ip any 10.62.0.0 0.0.255.255", "deny ip 10.62.0.0 0.0.255.255 any"]
    if fleet.chance.random() < 1 / 2:
        lines += [f"deny ip any {wild}"]
        lines += [f"deny ip {wild} any"] if fleet.chance.random() < 1 / 2 else []
    lines += ["permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255"]
    fleet.on_servers(f"ip access-list extended {name}", *lines)
    fleet.on_servers("crypto gdoi group WAN", "server local", "sa ipsec 1", f"match address ipv4 {name}")
    fleet.rekey()


def passive(fleet: Drawn, name: str) -> None:
    no = "no " if fleet.chance.random() < 1 / 3 else ""
    fleet.type(name, "configure terminal", "crypto gdoi group WAN", f"{no}passive", "end")


def command(fleet: Drawn, name: str) -> None:
    way = fleet.chance.choice(("both", "inbound only", "inbound optional"))
    fleet.type(name, f"crypto gdoi gm group WAN ipsec direction {way}")


def local_list(fleet: Drawn, name: str) -> None:
    number = f"LOCAL_{fleet.chance.randrange(1 << 30)}"
    lines = [
        f"{fleet.chance.choice(('deny', 'permit'))} tcp any any eq {port}" for port in fleet.chance.sample(_PORTS, 3)
    ]
    lines += [f"deny udp any eq {port} any" for port in fleet.chance.sample(_PORTS, 2)]
    fleet.configure(name, f"ip access-list extended {number}", *lines)
    fleet.configure(name, "crypto map GETVPN-MAP 10 gdoi", f"match address {number}")


def deaf(fleet: Drawn, name: str) -> None:
    """It misses two rekeys, and the old keys of the others end."""
    fleet.arm("lose-rekeys", name)
    new_list(fleet, name)
    fleet.pass_time(seconds=fleet.chance.choice((30, 30, 365)))


def hears_again(fleet: Drawn, name: str) -> None:
    for what, router in list(fleet.undo):
        fleet.heal(what, router)
    fleet.pass_time(seconds=40)
    del name


def expired(fleet: Drawn, name: str) -> None:
    fleet.arm("udp-848-blocked", name)
    fleet.type(name, "clear crypto sa")


def forgets(fleet: Drawn, name: str) -> None:
    fleet.arm("udp-848-blocked", name)
    fleet.type(name, "clear crypto gdoi", "yes")


def fail_close(fleet: Drawn, name: str) -> None:
    lines = ["deny tcp any any eq 22", "deny tcp any eq 22 any", "deny udp any eq 848 any eq 848", "deny ospf any any"]
    fleet.configure(name, "ip access-list extended CLOSED", *lines)
    screen = fleet.type(
        name, "configure terminal", "crypto map GETVPN-MAP gdoi fail-close", "match address CLOSED", "activate", "end"
    )
    if "%" not in screen.replace("%SYS", ""):
        forgets(fleet, name)


def no_member(fleet: Drawn, name: str) -> None:
    if not fleet.member(name).interfaces:
        return
    port = fleet.link(name)
    fleet.configure(name, f"interface {port}", "no crypto map")
    fleet.undo["map", name] = lambda: fleet.configure(name, f"interface {port}", "crypto map GETVPN-MAP")


def link(fleet: Drawn, name: str) -> None:
    if not fleet.member(name).interfaces:
        return
    port, mtu = fleet.link(name), fleet.chance.choice((1300, 1400, 1500))
    fleet.configure(name, f"interface {port}", f"ip mtu {mtu}")
    fleet.configure(name, f"crypto ipsec df-bit {fleet.chance.choice(('clear', 'copy', 'set'))}")


def skew(fleet: Drawn, name: str) -> None:
    fleet.arm("tbar-skew", name, seconds=str(fleet.chance.choice((-60, 30, 600))))


ACTS = (
    new_key, new_direction, new_direction, new_list, new_list, passive, passive, command, local_list, deaf, expired,
    forgets, fail_close, no_member, link, skew, hears_again, hears_again,
)  # fmt: skip


# -- the lab's flows in the words of a prediction


def asked_flow(flow: LabFlow) -> tuple[Flow, Shape]:
    """A flow of the lab, as someone asks about it."""
    packet = flow.packet
    ports = packet.source_port, packet.destination_port
    return (
        Flow(IPv4Address(packet.source), IPv4Address(packet.destination), NUMBERS[packet.protocol], *ports),
        Shape(packet.size, packet.df, packet.protocol == "tcp"),
    )


def flows_between(fleet: Drawn, sites: set[str], vrf: str) -> Iterator[LabFlow]:
    """The flows of a VRF between hosts of different sites."""
    for flow in fleet.traffic.flows:
        ends = flow.source, flow.destination
        boxes = any(end.box for end in ends)
        if flow.vrf == vrf and {end.site for end in ends} <= sites and ends[0].site != ends[1].site and not boxes:
            yield flow
