"""The worked example in health, in trouble, and in the middle of a migration, as a collection sees it.

Each trouble lies on another member, so that one world serves many cases. Worlds are made once for all tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from bank import KEY_SERVERS, Bank
from fleets import edited, state_of, without
from flowing import FlowingBank

from getvpn_ops.checks.device_view import DeviceView, device_views
from getvpn_ops.checks.health import DEVICE_CHECKS, MEMBER_CHECKS
from getvpn_ops.checks.views import MemberView, member_views
from getvpn_ops.model.fleet import FleetState
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.registry import Spec


Edit = Callable[[FleetState], FleetState]
Case = tuple[Callable[[], FleetState], str, Edit | None, Status, str]
"""A world, a device, what is changed, the status, and words that must stand in its findings."""

_PKI = (
    "ip domain name lab.example", "crypto pki trustpoint CORP", "enrollment url http://192.0.2.62:80",
    "serial-number none", "ip-address none", "revocation-check crl", "rsakeypair CORP-KEY 1024", "exit",
    "crypto pki authenticate CORP", "yes", "crypto pki enroll CORP", "pw", "pw", "yes",
)  # fmt: skip
_UNAUTHORIZED = (
    "%GDOI-4-COOP_KS_UNAUTH: Contact from unauthorized KS 203.0.113.9 in group WAN at local address 10.255.0.3 "
    "(Possible MISCONFIG of peer/local address)"
)


@cache
def healthy() -> FleetState:
    """Some minutes after the start, before the first rekey."""
    bank = FlowingBank()
    bank.configure("lis-gm1", *_PKI)
    return state_of(bank, interval=30)


@cache
def _troubled() -> tuple[FleetState, FleetState, FleetState]:
    bank = FlowingBank()
    for name in ("ork-gm1", "gal-gm1"):
        bank.harm("lose-rekeys", name)
    bank.harm("kek-lost", "bre-gm1")
    bank.harm("udp-848-blocked", "aar-gm1")
    bank.harm("esp-filtered", "opo-gm1")
    bank.configure(
        "gla-gm1", "ip access-list extended OWN", "permit ip host 10.9.9.9 any", "exit",
        "crypto map GETVPN-MAP 10 gdoi", "match address OWN",
    )  # fmt: skip
    bank.configure("nor-gm1", "interface FastEthernet0/0", "no crypto map GETVPN-MAP")
    bank.configure("lub-gm1", "crypto gdoi group WAN", "passive")
    bank.configure("utr-gm1", "crypto gdoi group WAN", "server address ipv4 203.0.113.66")
    bank.configure("rtm-gm1", "clock timezone UTC 3")
    bank.configure("bri-gm1", "no logging buffered")
    for name in ("ham-gm1", "cph-gm1"):
        bank.configure(name, *_PKI)
    bank.pass_time(minutes=106)  # the first rekey is under way
    under_way = state_of(bank, interval=0)
    bank.pass_time(minutes=2)
    late = state_of(bank, interval=30)
    bank.pass_time(minutes=35)
    bank.harm("tbar-skew", "ham-gm1")
    for name in KEY_SERVERS:
        bank.harm("acl-mismatch", name)
    bank.harm("certificate-expired", "ham-gm1")
    bank.type("edi-gm1", "send log 2 fire in the rack")
    bank.type("man-gm1", "write memory", "reload", "")
    routers = bank.world.routers
    routers["dub-ks1"].log(_UNAUTHORIZED)
    routers["cph-gm1"].log("%PKI-3-CRL_FETCH_FAIL: CRL fetch for trustpoint CORP failed")
    routers["ode-gm1"].log("%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet.")
    routers["gal-gm1"].log("%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi")
    bank.pass_time(minutes=4)
    later = replace(state_of(bank, interval=30), earlier=late)
    return under_way, late, later


def under_way() -> FleetState:
    """19 s after the beginning of the first rekey."""
    return _troubled()[0]


def late() -> FleetState:
    """Some minutes after the first rekey: who missed it still has the old key."""
    return _troubled()[1]


def later() -> FleetState:
    """After the end of the old key, compared with ``late``."""
    return _troubled()[2]


@cache
def migrating() -> FleetState:
    """The group became receive-only; Hamburg is passive, and the standby of London, which nothing crosses."""
    bank = FlowingBank()
    for name in KEY_SERVERS:
        bank.configure(name, "crypto gdoi group WAN", "server local", "sa receive-only")
    bank.type("lds-ks1", "crypto gdoi ks rekey")
    for name in ("ham-gm1", "lon-gm2"):
        bank.configure(name, "crypto gdoi group WAN", "passive")
    bank.pass_time(minutes=4)
    return state_of(bank, devices=(*KEY_SERVERS, "ork-gm1", "ham-gm1", "nor-gm1", "lon-gm2"), interval=30)


def silent(device: str, *kinds: type) -> Edit:
    """A device does not tell some kinds of state."""

    def withheld(state: FleetState) -> FleetState:
        for kind in kinds:
            state = without(state, device, kind)
        return state

    return withheld


def edit(device: str, kind: type, change: Callable[[Any], Any]) -> Edit:
    """A device tells something else."""
    return lambda state: edited(state, device, kind, change)


@cache
def around_a_new_kek() -> tuple[FleetState, FleetState, FleetState]:
    """Before, during and after the rekey that brings the second KEK, 22 hours after the start."""
    bank = Bank(22 * 60)
    due = bank.server("lds-ks1").next_kek_rekey
    assert due is not None
    looks = []
    for seconds in (-10, 2, 200):
        bank.clock.advance(due + timedelta(seconds=seconds))
        looks.append(state_of(bank, devices=(*KEY_SERVERS, "ham-gm1", "cbr-gm1", "man-gm1")))
    return looks[0], looks[1], looks[2]


def edits(*steps: Edit) -> Edit:
    """One after the other."""

    def all_of_them(state: FleetState) -> FleetState:
        for step in steps:
            state = step(state)
        return state

    return all_of_them


def judged(state: FleetState, spec_id: str, device: str, group: str = "WAN", **params: object) -> Outcome:
    """What a check says of a member or a device."""
    if spec_id in MEMBER_CHECKS:
        view = next(item for item in member_views(state) if (item.device, item.group) == (device, group))
        return evaluate(MEMBER_CHECKS[spec_id], view, params)
    return evaluate(DEVICE_CHECKS[spec_id], next(item for item in device_views(state) if item.name == device), params)


def holds(spec_id: str, case: Case) -> None:
    """The one test of a case."""
    world, device, change, status, said = case
    state = change(world()) if change is not None else world()
    outcome = judged(state, spec_id, device)
    assert outcome.status is status, words(outcome, outcome.status)
    assert said in words(outcome, status)


def every_kind(specs: Iterable[Spec[Any, Any]]) -> set[tuple[str, Status]]:
    """What each check must have a case of."""
    kinds = (Status.PASS, Status.FAIL, Status.UNKNOWN)
    return {(spec.id, status) for spec in specs for status in kinds}


def everything(state: FleetState) -> Iterable[tuple[MemberView | DeviceView, Outcome]]:
    """Every check of this half over everything."""
    for member in member_views(state):
        for spec in MEMBER_CHECKS:
            yield member, evaluate(spec, member)
    for device in device_views(state):
        for check in DEVICE_CHECKS:
            yield device, evaluate(check, device)


def words(outcome: Outcome, status: Status) -> str:
    """What its findings of a status say, and why it is unknown."""
    found = (finding for finding in outcome.findings if finding.status is status)
    return "\n".join([outcome.reason, *(f"{item.message}: {item.expected}: {item.actual}" for item in found)])
