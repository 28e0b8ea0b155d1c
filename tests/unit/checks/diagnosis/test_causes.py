"""Each cause stands first where it is the fault, and nowhere else: a matrix of all causes over all worlds.

A world is the worked example with one fault, in the lab or put into the state by hand where the lab has no such fault.
Members of one ward have a fault each, and are diagnosed one by one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS, LABEL
from fleets import bank_inventory, changed, edited, state_of, without
from wards import EARLY, LATE, LIST, WAN, Ward, early, healthy, late, logged, told

from getvpn_ops.checks.diagnosis import CAUSES
from getvpn_ops.checks.diagnosis.cause import Scope
from getvpn_ops.engine.diagnose import diagnose
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.diagnosis import Likelihood
from getvpn_ops.model.fleet import Evidence, FleetState
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.crypto_map import FailClose, FailCloses
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.ks_policy import KsPolicy
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.model.state.pki import Certificate, Certificates
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.model.state.system import Clock
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.diagnosis import Diagnosis, Suspect

SOME = (*KEY_SERVERS, "ork-gm1", "nor-gm1", "edi-gm1", "ham-gm1", "lds-gm1")
SURE = {Likelihood.CERTAIN, Likelihood.LIKELY}


def of(state: FleetState, target: str) -> Diagnosis:
    """The diagnosis of the group WAN, or of a device in it."""
    return next(item for item in diagnose(state, target) if item.group == "WAN")


# -- worlds of the lab: what is done to it, and whom it is asked about


def down(ward: Ward) -> dict[str, Any]:
    ward.world.paths.power("lds-ks1", on=False)
    ward.pass_time(minutes=5)
    return {"down": ["lds-ks1"]}


def all_down(ward: Ward) -> dict[str, Any]:
    for name in KEY_SERVERS:
        ward.world.paths.power(name, on=False)
    ward.pass_time(hours=3)
    return {"down": KEY_SERVERS}


def split(ward: Ward) -> None:
    ward.harm("udp-848-blocked", "lds-ks1")
    ward.pass_time(minutes=5)


def not_serving(ward: Ward) -> None:
    ward.type("dub-ks1", "configure terminal", "no crypto gdoi group WAN", "yes", "end")
    ward.pass_time(minutes=2)


def no_peer(ward: Ward) -> None:
    peer = "no peer address ipv4 10.255.0.1"
    ward.configure("dub-ks1", "crypto gdoi group WAN", "server local", "redundancy", peer)
    ward.pass_time(minutes=2)


def key_missing(ward: Ward) -> None:
    ward.harm("rsa-key-missing", "dub-ks1")


def key_differs(ward: Ward) -> None:
    ward.harm("rsa-key-differs", "dub-ks1")


def key_differs_on_primary(ward: Ward) -> None:
    """Nobody follows any more: the group's cause stands before the members that it leaves without keys."""
    ward.harm("rsa-key-differs", "ams-ks1")
    ward.harm("election-flip", "ams-ks1")
    ward.pass_time(minutes=103)


def other_list(ward: Ward) -> None:
    ward.harm("acl-mismatch", "ams-ks1")


def other_policy(ward: Ward) -> None:
    ward.harm("policy-mismatch", "ams-ks1")


def long_list(ward: Ward) -> None:
    entries = (f"permit ip 10.0.{i}.0 0.0.0.255 10.128.{i}.0 0.0.0.255" for i in range(90))
    ward.on_servers(f"ip access-list extended {LIST}", *entries)
    ward.type("lds-ks1", "crypto gdoi ks rekey")
    ward.pass_time(minutes=2)


def not_sent(ward: Ward) -> None:
    ward.on_servers(f"ip access-list extended {LIST}", "175 deny ip host 10.1.1.1 host 10.2.2.2")


def receive_only(ward: Ward) -> None:
    ward.on_servers("crypto gdoi group WAN", "server local", "sa receive-only")
    ward.type("lds-ks1", "crypto gdoi ks rekey")
    ward.pass_time(minutes=2)


def storm(ward: Ward) -> None:
    ward.harm("registration-storm", "lds-ks1")
    ward.pass_time(minutes=3)


def cleared(ward: Ward) -> None:
    ward.type("lds-ks1", "clear crypto gdoi", "yes")
    ward.pass_time(minutes=3)


LAB: dict[str, tuple[Callable[[Ward], dict[str, Any] | None], str]] = {
    "key server down": (down, "key-server-down"),
    "all key servers down": (all_down, "key-server-down"),
    "key servers cut off": (split, "key-server-cut-off"),
    "group gone from a key server": (not_serving, "key-server-not-serving"),
    "peer forgotten": (no_peer, "key-server-peer-missing"),
    "rsa key missing": (key_missing, "rsa-key-missing"),
    "rsa key differs": (key_differs, "rsa-key-differs"),
    "rsa key of the primary differs": (key_differs_on_primary, "rsa-key-differs"),
    "list differs": (other_list, "acl-mismatch"),
    "policy differs": (other_policy, "policy-mismatch"),
    "list too long": (long_list, "acl-too-long"),
    "change not sent": (not_sent, "change-not-sent"),
    "receive-only": (receive_only, "receive-only-left"),
    "storm": (storm, "registration-storm"),
    "cleared on the key server": (cleared, "registration-storm"),
}


@cache
def lab(name: str) -> FleetState:
    ward = Ward(10)
    how = LAB[name][0](ward) or {}
    return state_of(ward, devices=SOME, inventory=bank_inventory(ward, WAN), **how)


# -- worlds by hand, for what the lab cannot have


def _group(state: FleetState, device: str, **fields: Any) -> FleetState:  # noqa: ANN401 -- of a group
    def edit(gdoi: Gdoi) -> Gdoi:
        return replace(gdoi, groups=tuple(replace(item, **fields) for item in gdoi.groups))

    return edited(state, device, Gdoi, edit)


def _member(state: FleetState, device: str, **fields: Any) -> FleetState:  # noqa: ANN401 -- of a member
    def edit(gdoi: Gdoi) -> Gdoi:
        groups = (replace(item, members=tuple(replace(one, **fields) for one in item.members)) for item in gdoi.groups)
        return replace(gdoi, groups=tuple(groups))

    return edited(state, device, Gdoi, edit)


def _coop(state: FleetState, device: str, **fields: Any) -> FleetState:  # noqa: ANN401 -- of a key server
    def edit(coop: KsCoop) -> KsCoop:
        return replace(coop, groups=tuple(replace(item, **fields) for item in coop.groups))

    return edited(state, device, KsCoop, edit)


def _uptime(state: FleetState, device: str, **span: float) -> FleetState:
    return edited(state, device, Version, lambda item: replace(item, uptime=timedelta(**span)))


def _certificate(state: FleetState, device: str, ends: datetime) -> FleetState:
    begins = ends - timedelta(days=365)
    own = Certificate("Certificate", "Available", start_date=begins, end_date=ends, trustpoints=("LAB",))
    return told(state, device, Certificates, "show crypto pki certificates", Certificates((own,)))


def certificate_ended() -> FleetState:
    state = early()
    now = state.devices["gal-gm1"].latest(Clock).value.now.time
    return _certificate(state, "gal-gm1", now - timedelta(days=1))


def clock_wrong() -> FleetState:
    state = early()
    now = state.devices["gal-gm1"].latest(Clock).value.now.time
    wrong = now - timedelta(days=400, minutes=7)
    state = _certificate(state, "gal-gm1", wrong + timedelta(days=30))

    def edit(clock: Clock) -> Clock:
        return replace(clock, now=replace(clock.now, time=wrong))

    return edited(without(state, "gal-gm1", Logging), "gal-gm1", Clock, edit)


def two_primaries() -> FleetState:
    state = _coop(healthy(), "ams-ks1", local_role="Primary")

    def edit(gdoi: Gdoi) -> Gdoi:
        groups = (
            replace(item, redundancy=replace(item.redundancy, local_role="Primary")) if item.redundancy else item
            for item in gdoi.groups
        )
        return replace(gdoi, groups=tuple(groups))

    return edited(state, "ams-ks1", Gdoi, edit)


def nobody_primary() -> FleetState:
    return _coop(healthy(), "lds-ks1", local_role="Secondary")


def keyless() -> FleetState:
    state = healthy()

    def edit(policy: KsPolicy) -> KsPolicy:
        return replace(policy, policies=tuple(replace(item, keks=(), teks=()) for item in policy.policies))

    for name in KEY_SERVERS:
        state = edited(state, name, KsPolicy, edit)
    return state


def blocked() -> FleetState:
    return _coop(healthy(), "dub-ks1", new_members_blocked=True)


def rogue() -> FleetState:
    return _member(healthy(), "edi-gm1", registered_with=ip_address("192.0.2.66"))


def no_feature() -> FleetState:
    state = healthy()
    kept = tuple(item for item in state.devices["edi-gm1"].evidence if item.kind in {Version, Logging})
    refused = Evidence("edi-gm1", "show crypto gdoi", Gdoi, state.ended, None, Trouble.REFUSED, "% Invalid input")
    return changed(state, "edi-gm1", evidence=(*kept, refused))


def full_engine() -> FleetState:
    def edit(eli: Eli) -> Eli:
        engines = (
            replace(item, resources=tuple(replace(one, failed=7) for one in item.resources)) for item in eli.engines
        )
        return replace(eli, engines=tuple(engines))

    state = edited(healthy(), "edi-gm1", Eli, edit)
    return logged(state, "edi-gm1", "%GDOI-3-GM_NO_IPSEC_FLOWS: IPSec FLOW limit possibly reached")


def refused_policy() -> FleetState:
    text = "%GDOI-5-GM_REJECTING_SA_PAYLOAD: Registration: Policy in SA payload sent by KS 10.255.0.1 rejected by GM"
    return logged(healthy(), "edi-gm1", text)


def restarted() -> FleetState:
    return _uptime(early(), "bri-gm1", minutes=2)


def closed() -> FleetState:
    state = early()
    shut = FailClose("GETVPN-MAP", activate=True)
    return told(state, "lis-gm1", FailCloses, "show crypto map gdoi fail-close", FailCloses(maps=(shut,)))


def unrouted() -> FleetState:
    return _pinged(early(), "bri-gm1", "10.255.0.1", 0)


def routed() -> FleetState:
    return _pinged(early(), "bri-gm1", "10.255.0.1", 100)


def _pinged(state: FleetState, device: str, target: str, percent: int, size: int = 100) -> FleetState:
    df = "DF bit set" if size > 1000 else None
    ping = Ping(percent, target=ip_address(target), size_bytes=size, df=df)
    return told(state, device, Ping, f"ping {target} size {size}", ping)


def narrow() -> FleetState:
    state = _pinged(healthy(), "edi-gm1", "10.11.0.1", 100)
    return _pinged(state, "edi-gm1", "10.11.0.1", 0, 1400)


def multicast() -> FleetState:
    state = early()

    def edit(gdoi: Gdoi) -> Gdoi:
        groups = (
            replace(item, keks=tuple(replace(kek, transport="Multicast") for kek in item.keks)) for item in gdoi.groups
        )
        return replace(gdoi, groups=tuple(groups))

    return edited(state, "opo-gm1", Gdoi, edit)


def wrapped() -> FleetState:
    def edit(sas: IpsecSas) -> IpsecSas:
        def through(item: Any) -> Any:  # noqa: ANN401 -- any level of it
            for name in ("interfaces", "crypto_maps", "idents", "tables"):
                if hasattr(item, name):
                    return replace(item, **{name: tuple(map(through, getattr(item, name)))})
            return replace(item, sas=tuple(replace(sa, settings=("Tunnel UDP-Encaps",)) for sa in item.sas))

        found: IpsecSas = through(sas)
        return found

    return edited(healthy(), "edi-gm1", IpsecSas, edit)


def peer_in_clear() -> FleetState:
    text = (
        "%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet. (ip) vrf/dest_addr= /10.7.0.5, "
        "src_addr= 10.61.0.9, prot= 1"
    )
    return logged(healthy(), "edi-gm1", text)


def other_list_on_member() -> FleetState:
    def edit(gdoi: Gdoi) -> Gdoi:
        groups = (
            replace(item, acl_downloads=tuple(replace(one, entries=one.entries[1:]) for one in item.acl_downloads))
            for item in gdoi.groups
        )
        return replace(gdoi, groups=tuple(groups))

    return edited(healthy(), "edi-gm1", Gdoi, edit)


HAND: dict[str, tuple[Callable[[], FleetState], str, str]] = {
    "certificate ended": (certificate_ended, "gal-gm1", "certificate-invalid"),
    "clock wrong": (clock_wrong, "gal-gm1", "clock-wrong"),
    "two primaries": (two_primaries, "WAN", "split-brain"),
    "no primary": (nobody_primary, "WAN", "no-primary"),
    "no keys": (keyless, "WAN", "no-keys"),
    "blocking": (blocked, "WAN", "registration-blocked"),
    "rogue key server": (rogue, "edi-gm1", "rogue-key-server"),
    "no GDOI": (no_feature, "edi-gm1", "feature-missing"),
    "engine full": (full_engine, "edi-gm1", "engine-exhausted"),
    "policy refused": (refused_policy, "edi-gm1", "policy-refused"),
    "just up": (restarted, "bri-gm1", "just-restarted"),
    "fail-close": (closed, "lis-gm1", "fail-close-in-the-way"),
    "no route": (unrouted, "bri-gm1", "no-route-to-server"),
    "848 blocked, echoes pass": (routed, "bri-gm1", "udp-848-blocked"),
    "narrow path": (narrow, "edi-gm1", "mtu-black-hole"),
    "multicast lost": (multicast, "opo-gm1", "multicast-rekeys-lost"),
    "NAT": (wrapped, "edi-gm1", "nat-on-path"),
    "clear packets": (peer_in_clear, "edi-gm1", "peer-in-clear"),
    "old list": (other_list_on_member, "edi-gm1", "list-outdated"),
}
EQUAL = {
    "udp-848-blocked": {"no-route-to-server"},  # until someone sends an echo
    "clock-wrong": {"certificate-invalid"},  # the clock is why it is not valid
    "fail-close-in-the-way": {"udp-848-blocked", "no-route-to-server"},  # it is what blocks
}
"""Causes that may stand beside the expected one at the top: the evidence is the same."""


def worlds() -> dict[str, tuple[Callable[[], FleetState], str, str]]:
    """Name -> state, target, expected cause."""
    found: dict[str, tuple[Callable[[], FleetState], str, str]] = {}
    for when, (members, state) in {"early": (EARLY, early), "late": (LATE, late)}.items():
        for member, (_, cause) in members.items():
            found[f"{when}: {cause} on {member}"] = (state, member, cause)
    for name, (_, cause) in LAB.items():
        found[name] = (lambda name=name: lab(name), "WAN", cause)  # type: ignore[misc]
    return found | HAND


WORLDS = worlds()


@cache
def diagnosed(name: str) -> Diagnosis:
    make, target, _ = WORLDS[name]
    return of(make(), target)


def top(diagnosis: Diagnosis) -> list[Suspect]:
    """The suspects that share the first place."""
    return [
        item
        for item in diagnosis.suspects
        if (item.likelihood, item.score) == (diagnosis.suspects[0].likelihood, diagnosis.suspects[0].score)
    ]


@pytest.mark.parametrize("name", WORLDS)
def test_the_fault_stands_first(name: str) -> None:
    cause, diagnosis = WORLDS[name][2], diagnosed(name)
    first = [item.cause for item in top(diagnosis)]
    assert cause in first, [(item.cause, item.likelihood.value, item.score) for item in diagnosis.suspects]
    assert diagnosis.suspects[0].likelihood in SURE
    assert set(first) - {cause} <= EQUAL.get(cause, set())


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_else_is_sure(name: str) -> None:
    """Another cause is certain or likely only where it is a consequence that the first one accounts for."""
    cause, diagnosis = WORLDS[name][2], diagnosed(name)
    accounted = set(diagnosis.suspects[0].explains)
    others = [
        item.cause
        for item in diagnosis.suspects
        if item.likelihood in SURE
        and item.cause not in {cause, *EQUAL.get(cause, set())}
        and not (item.explains and set(item.explains) <= accounted)
    ]
    assert others == []


@pytest.mark.parametrize("name", WORLDS)
def test_every_symptom_has_a_cause(name: str) -> None:
    diagnosis = diagnosed(name)
    assert diagnosis.symptoms
    assert diagnosis.unexplained == ()


def test_every_cause_has_a_world() -> None:
    assert {cause.id for cause in CAUSES} == {cause for _, _, cause in WORLDS.values()}


def test_the_healthy_world_has_no_symptom_and_no_suspect() -> None:
    for diagnosis in diagnose(healthy()):
        assert diagnosis.symptoms == ()
        assert diagnosis.suspects == ()
        assert {item.cause for item in diagnosis.open} <= {"esp-blocked", "mtu-black-hole"}
        assert len(diagnosis.looked_at) > 3
        assert all(item.commands for item in diagnosis.looked_at)


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES if CAUSES.scope(cause.id) is Scope.MEMBER])
def test_what_was_not_seen_is_never_for_it(cause: str) -> None:
    """A member that told nothing: every cause of it is open or has nothing to say, and none is suspected."""
    state = changed(healthy(), "edi-gm1", evidence=())
    diagnosis = of(state, "edi-gm1")
    assert not [item for item in diagnosis.suspects if item.cause == cause]
    assert not [item for item in diagnosis.ruled_out if item.cause == cause and "edi-gm1" in item.devices]


@pytest.mark.parametrize("cause", [cause.id for cause in CAUSES if CAUSES.scope(cause.id) is not Scope.MEMBER])
def test_mute_key_servers_prove_nothing(cause: str) -> None:
    state = healthy()
    for name in KEY_SERVERS:
        state = changed(state, name, evidence=())
    diagnosis = of(state, "WAN")
    assert not [item for item in diagnosis.suspects if item.cause == cause and item.likelihood in SURE]


def test_key_servers_without_logs_leave_it_open() -> None:
    state = early()
    for name in KEY_SERVERS:
        state = without(state, name, Logging)
    diagnosis = of(state, "ork-gm1")
    assert "psk-mismatch" not in {item.cause for item in diagnosis.suspects}
    assert "psk-mismatch" in {item.cause for item in diagnosis.open}


def test_label_of_the_key_stands_in_the_command() -> None:
    first = of(lab("rsa key differs"), "WAN").suspects[0]
    assert {step.command for step in first.confirm} == {f"show crypto key mypubkey rsa {LABEL}"}
