"""Members at work, read from screens: what was not seen is never guessed, and what two readings fit gives both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from drawn import Drawn
from fleets import changed, edited, without

from getvpn_ops.analysis.packets.sets import Flow
from getvpn_ops.analysis.traffic.facts import GOOD, UNMEASURED, Known
from getvpn_ops.analysis.traffic.fates import Outcome, Path
from getvpn_ops.analysis.traffic.members import Mode
from getvpn_ops.analysis.traffic.sites import Paths, site_fate
from getvpn_ops.engine.forecast.predict import at_work, start
from getvpn_ops.errors import EvidenceMissingError, UsageError
from getvpn_ops.lab.gdoi.variants import GOOD as GOOD_LAB
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.crypto_map import FailCloses
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm_details import GmAcl
from getvpn_ops.model.state.ks import KsAcl
from getvpn_ops.model.state.ks_policy import KsPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.model.fleet import FleetState

NAMES = ["lds-gm1", "opo-gm1", "bir-gm1", "cph-gm1", "lon-gm1", "lon-gm2", "swa-ce1"]
PROBED = Paths(Path(esp=Known.YES, mtu=1500))
WEB = Flow(IPv4Address("10.27.0.9"), IPv4Address("10.1.0.9"), 6, 40000, 443)
"""From Porto to Leeds."""


@cache
def seen(scene: str = "") -> FleetState:
    """What routers print after something was done on one of them."""
    fleet = Drawn(2, GOOD_LAB, GOOD)
    if scene == "passive":
        fleet.type("opo-gm1", "configure terminal", "crypto gdoi group WAN", "passive", "end")
    elif scene == "cleared":
        fleet.arm("udp-848-blocked", "opo-gm1")
        fleet.type("opo-gm1", "clear crypto gdoi", "yes")
    fleet.pass_time(seconds=3)
    return fleet.look(NAMES)


def shown_as_configured(state: FleetState) -> FleetState:
    """The screens of a router that does not show passive as a direction."""
    return edited(
        state, "opo-gm1", Gdoi,
        lambda data: replace(data, groups=tuple(replace(item, sa_direction="Both") for item in data.groups)),
    )  # fmt: skip


def doubted(state: FleetState) -> FleetState:
    """The text of a screen broke off somewhere."""
    device = state.devices["opo-gm1"]
    evidence = tuple(
        replace(item, parsed=replace(item.parsed, warnings=("the text ends within a line",)))
        if item.kind is Gdoi and item.parsed is not None
        else item
        for item in device.evidence
    )
    return changed(state, "opo-gm1", evidence=evidence)


def gone(state: FleetState) -> FleetState:
    now = state.ended
    visit = Visit("opo-gm1", now, now, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
    return changed(state, "opo-gm1", visit=visit, evidence=())


@dataclass(frozen=True)
class Case:
    """Porto as its screens show it."""

    state: Callable[[], FleetState]
    modes: tuple[Mode, ...]
    outcome: Outcome
    says: str = ""
    facts: Measured = GOOD


CASES = {
    "all was seen": Case(seen, (Mode.CONFORMANT,), Outcome.ENCRYPTED),
    "it did not answer": Case(lambda: gone(seen()), (Mode.UNSEEN,), Outcome.UNKNOWN, "no answer within 10 s"),
    "its text may not be whole": Case(lambda: doubted(seen()), (Mode.UNSEEN,), Outcome.UNKNOWN, "may not be whole"),
    "no list": Case(lambda: without(seen(), "opo-gm1", GmAcl), (Mode.UNSEEN,), Outcome.UNKNOWN, "gdoi gm acl"),
    "no configuration": Case(
        lambda: without(seen(), "opo-gm1", RunningConfig), (Mode.UNSEEN,), Outcome.UNKNOWN, "show running-config"
    ),
    "passive, shown as a direction": Case(lambda: seen("passive"), (Mode.OPTIONAL,), Outcome.ENCRYPTED),
    "passive, not shown, (a) measured": Case(
        lambda: shown_as_configured(seen("passive")), (Mode.PASSIVE_BOTH,), Outcome.ENCRYPTED,
        facts=replace(GOOD, shown_as_optional=Known.UNKNOWN),
    ),
    "passive, not shown, nothing measured": Case(
        lambda: shown_as_configured(seen("passive")), (Mode.PASSIVE_BOTH, Mode.CONFORMANT), Outcome.ENCRYPTED,
        facts=UNMEASURED,
    ),
    "cleared": Case(lambda: seen("cleared"), (Mode.OPEN,), Outcome.DROPPED),
    "cleared, and fail-close not seen": Case(
        lambda: without(seen("cleared"), "opo-gm1", FailCloses), (Mode.OPEN, Mode.CLOSED), Outcome.DROPPED
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_member_is_read_from_its_screens(name: str) -> None:
    case = CASES[name]
    found = at_work(case.state(), "WAN", dict.fromkeys(NAMES, case.facts))
    porto = found.site("porto")
    assert tuple(item.mode for item in porto.members) == case.modes, porto
    fate = site_fate(WEB, porto, found.site("leeds"), PROBED)
    assert fate.outcome is case.outcome, fate
    assert case.says in fate.assumption


def test_sites_have_the_networks_of_their_vrf() -> None:
    wan, payments = (at_work(seen(), name) for name in ("WAN", "PAYMENTS"))
    assert [str(item) for item in wan.site("birmingham").prefixes] == ["10.6.10.0/24"]
    assert [str(item) for item in payments.site("birmingham").prefixes] == ["10.200.6.0/24"]
    assert {site.name for site in payments.sites if site.members[0].mode is Mode.CONFORMANT} == {
        "birmingham", "copenhagen",
    }  # fmt: skip


def test_a_network_of_an_unknown_vrf_gives_both_readings() -> None:
    state = without(seen(), "bir-gm1", RunningConfig)
    site = at_work(state, "WAN").site("birmingham")
    assert {item.mode for item in site.members} == {Mode.UNSEEN, Mode.OUTSIDE}
    assert "VRF" in site.members[-1].assumes


def test_a_standby_router_is_not_the_one_that_packets_meet() -> None:
    assert [item.name for item in at_work(seen(), "WAN").site("london").members] == ["lon-gm1"]


def test_links_are_read() -> None:
    links = {item.name: item.link for site in at_work(seen(), "WAN").sites for item in site.members}
    assert links["lon-gm1"].df_bit == "clear"
    assert links["lon-gm1"].clamp == 1360
    assert links["lon-gm1"].mtu == 1500


def test_a_change_begins_with_what_the_key_servers_give() -> None:
    begin = start(seen(), "WAN")
    member = at_work(seen(), "WAN").site("porto").members[0]
    assert [key.spi for key in begin.policy.keys] == [key.spi for key in member.keys]
    assert begin.policy.keys[0].transform == member.keys[0].transform
    assert not begin.policy.receive_only
    assert (begin.timing.members, begin.timing.unicast, begin.timing.time_based) == (24, True, True)
    assert begin.timing.lifetime == 7200.0


def test_keys_of_several_sa_ipsec_are_told_apart_by_the_key_servers() -> None:
    fleet = Drawn(2, GOOD_LAB, GOOD)
    fleet.on_servers(
        "ip access-list extended SECOND", "permit ip 172.20.0.0 0.0.255.255 172.20.0.0 0.0.255.255"
    )  # fmt: skip
    fleet.on_servers(
        "crypto gdoi group WAN", "server local", "sa ipsec 2", "profile GETVPN-WAN", "match address ipv4 SECOND"
    )
    fleet.rekey()
    fleet.pass_time(seconds=40)
    state = fleet.look(["lds-gm1"])
    (leeds,) = at_work(state, "WAN").site("leeds").members
    assert sorted(key.policy for key in leeds.keys) == ["GETVPN_WAN_POLICY", "GETVPN_WAN_POLICY", "SECOND"]
    assert sorted(key.policy for key in leeds.sending_keys()) == ["GETVPN_WAN_POLICY", "SECOND"]
    assert {(key.spi, key.policy) for key in start(state, "WAN").policy.keys} == {
        (key.spi, key.policy) for key in leeds.keys
    }


MISSING: dict[str, type] = {"keys": KsPolicy, "list": KsAcl, "direction and times": Gdoi}


@pytest.mark.parametrize("name", MISSING)
def test_a_change_cannot_begin_without(name: str) -> None:
    with pytest.raises(EvidenceMissingError):
        start(without(seen(), "lds-ks1", MISSING[name]), "WAN")


@pytest.mark.parametrize("call", [at_work, start])
def test_a_group_that_is_not_there(call: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="there is no group 'NONE'; groups: WAN, PAYMENTS"):
        call(seen(), "NONE")
    with pytest.raises(UsageError, match="no traffic of a site 'nowhere'"):
        at_work(seen(), "WAN").site("nowhere")
