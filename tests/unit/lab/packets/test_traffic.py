"""Traffic over hand-made members: fates that follow their states, counters that move, and what a change costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.state import Ace, Counters, Direction, MemberState, Tek
from getvpn_ops.lab.packets.fate import Outcome, Reason
from getvpn_ops.lab.packets.flows import Flow, answer, flow, numbered, standard_flows
from getvpn_ops.lab.packets.ledger import PACKET, Ledger
from getvpn_ops.lab.packets.places import Box, Lan, Site, Sites, Uplink
from getvpn_ops.lab.packets.sites import Settings
from getvpn_ops.lab.packets.traffic import Traffic

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
ALL = 0xFFFFFFFF


@dataclass
class World:
    """What traffic sees around it, set by hand."""

    members: dict[str, MemberState] = field(default_factory=dict)
    more: dict[str, list[MemberState]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    filtered: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    narrow: dict[str, int] = field(default_factory=dict)
    said: dict[str, Settings] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)

    def members_at(self, router: str, vrf: str) -> list[MemberState]:
        found = [self.members[router]] if router in self.members else []
        return [item for item in [*found, *self.more.get(router, ())] if item.vrf == vrf]

    def up(self, router: str) -> bool:
        return router not in self.down

    def reaches(self, sender: str, receiver: str) -> bool:
        return (sender in self.cut) == (receiver in self.cut)

    def esp_passes(self, sender: str, receiver: str) -> bool:
        return not {sender, receiver} & self.filtered

    def mtu(self, sender: str, receiver: str) -> int:
        return min(self.narrow.get(sender, 1500), self.narrow.get(receiver, 1500))

    def settings(self, router: str, vrf: str) -> Settings:
        assert vrf == "" or router in self.members
        return self.said.get(router, Settings())

    def is_late(self, router: str) -> bool:
        return router in self.late


def permit(source: str, destination: str) -> Ace:
    ends = [(int(n.network_address), int(n.hostmask)) for n in map(IPv4Network, (source, destination))]
    return Ace(True, "ip", ends[0], ends[1], None, None, f"permit ip {source} {destination}")  # noqa: FBT003 -- it permits


LIST = (permit("10.0.0.0/8", "10.0.0.0/8"),)


def tek(spi: int, ends: datetime, born: datetime = START, entries: tuple[Ace, ...] = LIST) -> Tek:
    return Tek(spi, 1, "P", ("esp-aes 256", "esp-sha-hmac"), "A", entries, False, ("time", 5), timedelta(hours=1),  # noqa: FBT003 -- not receive-only
               born, ends)  # fmt: skip


def member(*teks: Tek, direction: Direction = Direction.BOTH) -> MemberState:
    return MemberState("G", "5", ("Gi0",), ("M", 1), None, teks=list(teks), direction=direction)


def site(name: str, number: int, *boxes: Box) -> Site:
    lan = Lan(IPv4Network(f"10.{number >> 8}.{number & 255}.0/24"))
    loopback = IPv4Address("172.31.0.0") + number
    return Site(name, list(boxes) or [Box(f"{name}-r1", "gm", loopback)], [lan])


class Lab:
    """A clock, sites, members and traffic."""

    def __init__(self, *names: str, sites: Sites | None = None, flows: tuple[Flow, ...] | None = None) -> None:
        self.clock = Clock(START, speed=0)
        self.sites = sites or Sites(site(name, at + 1) for at, name in enumerate(names))
        key = tek(0xA1, START + timedelta(hours=1))
        self.world = World({box.name: member(key) for place in self.sites for box in place.boxes if box.role == "gm"})
        self.ledger = Ledger(self.clock.now)
        made = flows if flows is not None else self.among(*names)
        self.traffic = Traffic(made, self.sites, self.world, self.clock, self.ledger)

    def among(self, *names: str, **given: object) -> tuple[Flow, ...]:
        """Ten packets a second from each to each."""
        places = [self.sites.by_name[name] for name in names]
        return numbered([
            flow("test", one.place(one.lans[0], 1), other.place(other.lans[0], 2), "udp", (1, 2), rate=10, **given)  # type: ignore[arg-type]
            for one in places
            for other in places
            if one is not other
        ])  # fmt: skip

    def pass_seconds(self, seconds: float) -> None:
        self.clock.advance(self.clock.now() + timedelta(seconds=seconds))

    def counters(self, router: str) -> Counters:
        self.traffic.settle(router)
        return self.world.members[router].counters


def test_a_change_of_mode_moves_counters_at_both_ends_and_the_ledger() -> None:
    lab = Lab("oslo", "rome")
    lab.pass_seconds(60)
    lab.world.members["oslo-r1"].direction = Direction.INBOUND_ONLY
    lab.traffic.changed("oslo-r1")
    lab.pass_seconds(2.5)
    oslo, rome = lab.counters("oslo-r1"), lab.counters("rome-r1")
    assert (oslo.encrypted, oslo.sent_clear, oslo.decrypted) == (600, 25, 625)
    assert (rome.decrypted, rome.dropped_clear, rome.encrypted) == (600, 25, 625)
    totals = lab.ledger.totals()
    assert totals.encrypted == 1225 * PACKET
    assert totals.reasons == {Reason.CLEAR_REFUSED: 25 * PACKET}
    (lost,) = lab.ledger.losses()
    assert (lost.flow.source.site, lost.begin) == ("oslo", START + timedelta(seconds=60))


def test_the_end_of_a_key_changes_fates_by_itself() -> None:
    """The new key is on all members but one: the one is alone from the moment on which the old one ends."""
    lab = Lab("oslo", "rome", "bern")
    old = lab.world.members["oslo-r1"].teks[0]
    new = tek(0xB2, START + timedelta(hours=2), START + timedelta(minutes=50))
    lab.pass_seconds(3000)
    for name in ("oslo-r1", "rome-r1"):
        lab.world.members[name].teks.insert(0, new)
        lab.traffic.changed(name)
    lab.pass_seconds(610)
    assert old.ends == START + timedelta(seconds=3600)
    reasons = {reason: parts // PACKET for reason, parts in lab.ledger.totals().reasons.items()}
    assert reasons == {Reason.UNKNOWN_SPI: 200, Reason.NO_SA: 200}
    assert lab.ledger.totals().encrypted == (6 * 3610 * 10 - 400) * PACKET
    assert {item.flow.number for item in lab.ledger.losses()} == {2, 4, 5, 6}
    lab.pass_seconds(7200)
    assert lab.ledger.totals(START + timedelta(hours=2)).encrypted == 0


def test_a_site_with_two_routers_uses_the_first_that_is_up() -> None:
    boxes = Box("york-r1", "gm", None), Box("york-r2", "gm", None)
    lab = Lab(sites=Sites([site("york", 7, *boxes), site("rome", 8)]), flows=())
    lab.traffic.add(lab.among("york", "rome"))
    lab.pass_seconds(10)
    lab.world.down.add("york-r1")
    lab.traffic.changed("york-r1")
    lab.pass_seconds(5)
    assert (lab.counters("york-r1").encrypted, lab.counters("york-r2").encrypted) == (100, 50)
    lab.world.down.add("york-r2")
    lab.traffic.changed("york-r2")
    lab.pass_seconds(1)
    totals = lab.ledger.totals(START + timedelta(seconds=15))
    assert totals.reasons == {Reason.SENDER_DOWN: 10 * PACKET, Reason.RECEIVER_DOWN: 10 * PACKET}


def test_paths_lose_what_they_stop() -> None:
    lab = Lab("oslo", "rome", "bern")
    lab.world.filtered.add("bern-r1")
    lab.traffic.path_changed(["bern-r1"])
    lab.pass_seconds(1)
    assert lab.ledger.totals().reasons == {Reason.ESP_FILTERED: 40 * PACKET}
    lab.world.cut.add("bern-r1")
    lab.traffic.path_changed()
    lab.pass_seconds(1)
    assert lab.ledger.totals(START + timedelta(seconds=1)).reasons == {Reason.NO_PATH: 40 * PACKET}


def test_settings_are_read_again_when_the_configuration_has_changed() -> None:
    lab = Lab("oslo", "rome", flows=())
    lab.traffic.add(lab.among("oslo", "rome", size=1500, df=True)[:1])
    assert lab.traffic.fate_of(1).reason is Reason.TOO_BIG_TO_SEND  # type: ignore[union-attr]
    lab.world.said["oslo-r1"] = Settings(df_bit="clear")
    lab.traffic.configured("oslo-r1")
    assert lab.traffic.fate_of(1).outcome is Outcome.ENCRYPTED  # type: ignore[union-attr]
    lab.world.said["oslo-r1"] = Settings(linked=False)
    lab.traffic.configured("oslo-r1")
    assert lab.traffic.fate_of(1).reason is Reason.SENDER_DOWN  # type: ignore[union-attr]


def test_new_counters_begin_at_nothing() -> None:
    """A reload makes a new state; what the old one counted is gone, and the flows count in the new one."""
    lab = Lab("oslo", "rome")
    lab.pass_seconds(10)
    before = lab.world.members["oslo-r1"]
    lab.world.members["oslo-r1"] = member()
    lab.traffic.changed("oslo-r1")
    lab.pass_seconds(3)
    after = lab.counters("oslo-r1")
    assert (before.counters.encrypted, before.counters.decrypted) == (100, 100)
    assert (after.sent_clear, after.encrypted, after.dropped_unknown_spi) == (30, 0, 30)


def test_a_key_server_behind_a_member_is_reached_through_it() -> None:
    boxes = Box("york-ks1", "ks", IPv4Address("10.0.7.250")), Box("york-gm1", "gm", IPv4Address("10.0.7.1"))
    own = Box("york-ks2", "ks", IPv4Address("10.9.9.9"),
              uplinks=(Uplink(IPv4Address("198.18.0.2"), IPv4Address("198.18.0.1")),))  # fmt: skip
    sites = Sites([site("york", 7, *boxes, own), site("rome", 8)])
    york, rome = sites.by_name["york"], sites.by_name["rome"]
    behind, apart = york.router(boxes[0]), york.router(own)
    assert behind is not None
    assert apart is not None
    rome_host = rome.place(rome.lans[0], 3)
    flows = numbered([
        flow("t", behind, rome_host, "udp", (1, 2)),
        flow("t", rome_host, apart, "udp", (1, 2)),
        flow("t", york.place(york.lans[0], 3), behind, "udp", (1, 2)),
        flow("t", york.place(york.lans[0], 3), apart, "udp", (1, 2)),
    ])  # fmt: skip
    lab = Lab(sites=sites, flows=flows)
    found = [lab.traffic.fate_of(number) for number in range(1, 5)]
    assert [item and (item.outcome, item.reason) for item in found] == [
        (Outcome.ENCRYPTED, None),
        (Outcome.LOST, Reason.NOT_A_MEMBER),
        (Outcome.CLEAR, None),  # within the site
        (Outcome.LOST, Reason.NOT_A_MEMBER),
    ]
    lab.world.down.add("york-ks1")
    lab.traffic.changed("york-ks1")
    assert lab.traffic.fate_of(1).reason is Reason.SENDER_DOWN  # type: ignore[union-attr]


def test_a_router_with_two_groups_uses_the_one_that_has_a_line() -> None:
    lab = Lab("oslo", "rome", "bern", flows=())
    ends = START + timedelta(hours=1)
    oslo, rome, bern = (f"10.0.{number}.0/24" for number in (1, 2, 3))
    for name in ("oslo-r1", "rome-r1"):
        lab.world.members[name].teks = [tek(0xA1, ends, entries=(permit(oslo, bern), permit(bern, oslo)))]
        lab.world.more[name] = [member(tek(0xC3, ends, entries=(permit(oslo, rome), permit(rome, oslo))))]
        lab.world.more[name][0].group = "SECOND"
    lab.traffic.add(lab.among("oslo", "rome", "bern"))
    lab.pass_seconds(10)
    spis = {item.text.replace("udp ", ""): lab.traffic.fate_of(item.number).spi for item in lab.traffic.flows}  # type: ignore[union-attr]
    assert spis["10.0.1.2:1 -> 10.0.2.3:2"] == spis["10.0.2.2:1 -> 10.0.1.3:2"] == 0xC3
    assert spis["10.0.1.2:1 -> 10.0.3.3:2"] == 0xA1
    lab.traffic.settle()
    assert lab.world.more["oslo-r1"][0].counters == Counters(encrypted=100, decrypted=100)
    assert lab.world.members["oslo-r1"].counters.encrypted == 100


def test_multicast_leaves_its_sender_once() -> None:
    lab = Lab("oslo", "rome", "bern", flows=())
    group = IPv4Address("239.3.3.3")
    made = [item for item in lab.among("oslo", "rome", "bern", group=group) if item.source.site == "oslo"]
    first, second = made
    lab.traffic.add([first, Flow(9, "t", second.source, second.destination, second.packet, second.rate, replica=True)])
    lab.pass_seconds(4)
    assert lab.counters("oslo-r1").sent_clear == 40
    assert lab.ledger.totals().clear == 80 * PACKET


def test_late_screens_show_the_last_refresh() -> None:
    lab = Lab("oslo", "rome")
    lab.world.late.add("oslo-r1")
    oslo, rome = (lab.world.members[name] for name in ("oslo-r1", "rome-r1"))
    shown = []
    for _ in range(6):  # the clock began at 9 seconds of a minute
        lab.pass_seconds(4)
        shown.append((lab.traffic.shown("oslo-r1", oslo).encrypted, lab.traffic.shown("rome-r1", rome).encrypted))
    assert shown == [(10, 40), (10, 80), (110, 120), (110, 160), (110, 200), (210, 240)]


def test_late_screens_are_right_however_often_fates_change() -> None:
    lab = Lab("oslo", "rome")
    lab.world.late.add("oslo-r1")
    oslo = lab.world.members["oslo-r1"]
    for direction in (Direction.INBOUND_ONLY, Direction.BOTH, Direction.INBOUND_ONLY, Direction.INBOUND_ONLY):
        lab.pass_seconds(4)
        oslo.direction = direction
        lab.traffic.changed("oslo-r1")
    shown = lab.traffic.shown("oslo-r1", oslo)
    assert (shown.encrypted, shown.sent_clear) == (40 + 30, 40)  # as at 07:08:20
    assert (oslo.counters.encrypted, oslo.counters.sent_clear) == (80, 80)


# -- ping


def test_ping_goes_through_the_same_fates() -> None:
    lab = Lab("oslo", "rome")
    there = IPv4Address("10.0.2.77")
    own = IPv4Address("10.0.1.1")
    assert lab.traffic.ping("oslo-r1", there, source=own, count=7).answered
    assert (lab.counters("oslo-r1").encrypted, lab.counters("rome-r1").decrypted) == (7, 7)
    large = lab.traffic.ping("oslo-r1", there, source=own, size=1480, df=True)
    assert (large.answered, large.reason, large.by_reply) == (False, Reason.TOO_BIG_TO_SEND, False)
    assert lab.traffic.ping("oslo-r1", there, source=own, size=1480).answered
    assert lab.traffic.ping("oslo-r1", IPv4Address("172.31.0.2")).answered  # outside the list: clear
    assert not lab.traffic.ping("oslo-r1", IPv4Address("203.0.113.1")).answered
    lab.world.members["rome-r1"].direction = Direction.INBOUND_ONLY
    back = lab.traffic.ping("oslo-r1", there, source=own)
    assert (back.answered, back.reason, back.by_reply) == (False, Reason.CLEAR_REFUSED, True)


def test_the_ledger_knows_no_pings() -> None:
    lab = Lab("oslo", "rome", flows=())
    lab.traffic.ping("oslo-r1", IPv4Address("10.0.2.77"), source=IPv4Address("10.0.1.1"))
    assert lab.ledger.totals().sent == 0


# -- nothing gets lost but what is lost

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["mode", "keys", "down", "filter", "cut", "drop"]),
        st.integers(0, 2),
        st.integers(1, 10_000_000),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_what_is_sent_is_delivered_or_lost(steps: list[tuple[str, int, int]]) -> None:
    """For any sequence of changes, to the microsecond; and the counters of the routers agree with the ledger."""
    lab = Lab("oslo", "rome", "bern")
    names = ["oslo-r1", "rome-r1", "bern-r1"]
    directions = list(Direction)
    for at, (what, which, microseconds) in enumerate(steps):
        name = names[which]
        state = lab.world.members[name]
        if what == "mode":
            state.direction = directions[at % 3]
        elif what == "keys":
            state.teks.insert(0, tek(at % 2, lab.clock.now() + timedelta(seconds=4)))
        elif what == "drop":
            state.teks.clear()
        else:
            chosen = {"down": lab.world.down, "filter": lab.world.filtered, "cut": lab.world.cut}[what]
            chosen.symmetric_difference_update({name})
        lab.traffic.changed(name)
        lab.clock.advance(lab.clock.now() + timedelta(microseconds=microseconds))
    spent = (lab.clock.now() - START) // timedelta(microseconds=1)
    totals = lab.ledger.totals()
    assert totals.sent == 6 * 10_000 * spent == totals.clear + totals.encrypted + totals.lost
    lab.traffic.settle()
    decrypted = sum(state.counters.decrypted for state in lab.world.members.values())
    assert decrypted * PACKET == pytest.approx(totals.encrypted)


# -- cost


def big(count: int) -> Lab:
    centre = site("dc", 1, Box("dc-r1", "gm", IPv4Address("192.0.2.1")), Box("dc-ks1", "ks", IPv4Address("192.0.2.2")))
    centre.manager = True
    sites = Sites([centre, *(site(f"s{at}", at + 2) for at in range(count - 1))])
    lab = Lab(sites=sites, flows=())
    lab.world.said = {name: Settings(clamp=1360) for name in lab.world.members}
    lab.traffic.add(standard_flows(sites, 3))
    return lab


def test_a_change_of_one_member_costs_its_own_flows() -> None:
    lab = big(1000)
    assert len(lab.traffic.flows) == 2000
    own = sum("s500-r1" in (*item.source.edges, *item.destination.edges) for item in lab.traffic.flows)
    before = lab.traffic.decided
    lab.traffic.changed("s500-r1")
    assert 0 < own < 20
    assert lab.traffic.decided - before == own


def test_a_rekey_of_a_thousand_members_is_cheap() -> None:
    lab = big(1000)
    ends = START + timedelta(hours=1)
    lab.pass_seconds(3300)
    new = tek(0xB2, START + timedelta(hours=2), lab.clock.now())
    begun = time.process_time()
    for name, state in lab.world.members.items():
        state.teks.insert(0, new)
        lab.traffic.changed(name)
        lab.clock.advance(lab.clock.now() + timedelta(milliseconds=20))
    lab.clock.advance(ends + timedelta(seconds=1))
    spent = time.process_time() - begun
    totals = lab.ledger.totals()
    assert totals.lost == 0
    assert totals.encrypted > 0
    assert spent < 2, f"{spent:.2f} s"  # far less on a quiet machine


def test_a_conversation_is_two_flows() -> None:
    lab = Lab("oslo", "rome")
    (asked, _) = lab.traffic.flows
    back = answer(asked, size=64, rate=2.5)
    assert (back.source, back.destination, back.rate) == (asked.destination, asked.source, 2500)
    assert (back.packet.source_port, back.packet.destination_port, back.packet.size) == (2, 1, 64)
    with pytest.raises(ValueError, match="number of its own"):
        lab.traffic.add([asked])


def test_flows_that_end_send_nothing_more() -> None:
    lab = Lab("oslo", "rome")
    lab.pass_seconds(5)
    lab.traffic.clear()
    lab.pass_seconds(5)
    assert lab.ledger.totals().sent == 100 * PACKET
    assert lab.counters("oslo-r1").encrypted == 50
