"""Evidence that is partial, stale, of somebody else or cut: never a pass, and never a fault of a healthy network."""

# ruff: noqa: ANN401 -- edits of any dataclass

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import group_states as states
import member_worlds as worlds
import pytest
from fleets import changed, edited, without
from member_worlds import edit, edits, silent

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.model.capture import Visit
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.coop import CoopGroup, CoopPeer, KsCoop
from getvpn_ops.model.state.crypto_map import CryptoMaps
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.gdoi import Gdoi, Group
from getvpn_ops.model.state.gm_details import GmAcl, GmDataplane, GmRekey
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.ks import KsAcl, KsMembers
from getvpn_ops.model.state.ks_policy import KekPolicy, KsPolicy, TekPolicy
from getvpn_ops.model.state.logging import LogDestination, Logging
from getvpn_ops.model.state.pki import Certificate, Certificates
from getvpn_ops.model.state.version import Version
from getvpn_ops.model.values import Spi
from getvpn_ops.parsing.syslog import log_line
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from member_worlds import Edit

    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.state.gm_details import DataplaneCounters

PASS, FAIL, UNKNOWN, NONE = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
STRANGER = ip_address("203.0.113.77")


def judge(state: FleetState, check: str, subject: str) -> Outcome:
    if check in GROUP_CHECKS:
        view = next(view for view in group_views(state) if view.name == subject)
        return evaluate(GROUP_CHECKS[check], view)
    return worlds.judged(state, check, subject)


def groups(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An edit of every group of a screen."""
    return lambda shown: replace(shown, groups=tuple(change(item) for item in shown.groups))


def doubtful(device: str, *kinds: type) -> Edit:
    """The text of some answers broke off."""

    def broken(state: FleetState) -> FleetState:
        evidence = tuple(
            replace(item, parsed=replace(item.parsed, warnings=("the text ends in the middle of a line",)))
            if item.kind in kinds and item.parsed is not None
            else item
            for item in state.devices[device].evidence
        )
        return changed(state, device, evidence=evidence)

    return broken


def nth(device: str, kind: type, place: int, change: Callable[[Any], Any]) -> Edit:
    """One of several looks shows something else."""

    def other(state: FleetState) -> FleetState:
        evidence = list(state.devices[device].evidence)
        found = [at for at, item in enumerate(evidence) if item.kind is kind]
        item = evidence[found[place]]
        assert item.parsed is not None
        evidence[found[place]] = replace(item, parsed=replace(item.parsed, data=change(item.parsed.data)))
        return changed(state, device, evidence=tuple(evidence))

    return other


def compared(change: Edit | None = None) -> Callable[[], FleetState]:
    """The healthy fleet, with a copy of itself an hour before as the earlier run."""

    def made() -> FleetState:
        now = worlds.healthy()
        devices = {}
        for name, state in now.devices.items():
            evidence = tuple(replace(item, taken_at=item.taken_at - timedelta(hours=1)) for item in state.evidence)
            devices[name] = replace(state, evidence=evidence)
        before = replace(now, devices=devices)
        return replace(now, earlier=change(before) if change is not None else before)

    return made


def counted(**fields: Any) -> Callable[[DataplaneCounters], DataplaneCounters]:
    return lambda shown: replace(shown, **fields)


def looked_at_before(*, hours: float, up_days: float) -> Edit:
    """One look at Hamburg's counters, which all were 0 at the earlier run."""

    def made(state: FleetState) -> FleetState:
        assert state.earlier is not None
        began = edit("ham-gm1", GmDataplane, groups(counted(packets_encrypted=0, packets_decrypted=0)))
        now = up("ham-gm1", days=up_days)(state)
        last = {(item.kind, item.command): item for item in now.devices["ham-gm1"].evidence}
        earlier = asked_later("ham-gm1", hours=1 - hours)(began(state.earlier))
        return replace(changed(now, "ham-gm1", evidence=tuple(last.values())), earlier=earlier)

    return made


# -- key servers


def peer(**fields: Any) -> CoopPeer:
    return CoopPeer(9, address=STRANGER, role="Primary", status="Alive", ike_status="Established", **fields)


def also_hears(device: str, change: Callable[[CoopGroup], CoopGroup]) -> Edit:
    return edit(device, KsCoop, groups(change))


def a_stranger_is_primary(state: FleetState) -> FleetState:
    """Leeds is primary, and hears another primary at an address that nobody knows."""
    return also_hears("lds-ks1", lambda group: replace(group, peers=(*group.peers, peer())))(state)


def the_silent_one_is_primary_too(state: FleetState) -> FleetState:
    """Amsterdam is not heard; Dublin hears it as a primary, as Leeds is."""

    def heard(group: CoopGroup) -> CoopGroup:
        peers = [replace(item, role="Primary") if str(item.address) == "10.255.0.2" else item for item in group.peers]
        return replace(group, peers=tuple(peers))

    return also_hears("dub-ks1", heard)(without(state, "ams-ks1", KsCoop))


def nobody_here_but_the_others_are_silent() -> FleetState:
    """One key server counts no member; the other two did not answer."""
    state = edited(states.healthy(), "dub-ks1", Gdoi, states.in_wan(Gdoi, group_members=0))
    for name in ("lds-ks1", "ams-ks1"):
        state = changed(state, name, evidence=())
    return state


def of_both_families(state: FleetState) -> FleetState:
    """A key server has an IPv6 address too."""
    device = state.inventory.devices["ams-ks1"]
    device = replace(device, gdoi_addresses=(*device.gdoi_addresses, ip_address("2001:db8::2")))
    devices = {**state.inventory.devices, "ams-ks1": device}
    return replace(state, inventory=replace(state.inventory, devices=devices))


def not_selected(state: FleetState, *names: str) -> FleetState:
    """Key servers of the inventory that are no part of this run."""
    return replace(state, devices={name: held for name, held in state.devices.items() if name not in names})


def at_the_end_of_its_life() -> FleetState:
    """Before 15.2(1)T the KEK is renewed when it ends."""

    def change(policy: KsPolicy) -> KsPolicy:
        rest = timedelta(seconds=500)
        policies = tuple(
            replace(item, keks=tuple(replace(key, remaining=rest, time_to_rekey=rest) for key in item.keks))
            for item in policy.policies
        )
        return replace(policy, policies=policies)

    return states.everywhere(states.healthy(), KsPolicy, change)


def counted_and_not_listed() -> FleetState:
    """The list of members lost all those of the group, and nothing says so."""

    def lost(held: KsMembers) -> KsMembers:
        return replace(held, members=tuple(row for row in held.members if row.group_name != "WAN"))

    return states.everywhere(states.healthy(), KsMembers, lost)


def registered_anew(missed: int) -> FleetState:
    """A member missed as many rekeys as at the last look, and its counters began again in between."""
    before = states.misconfigured()

    def rows(sent: int) -> Callable[[KsMembers], KsMembers]:
        return lambda held: replace(
            held,
            members=tuple(replace(row, rekeys_sent=sent, acks_missed=missed) for row in held.members),
        )

    return replace(
        states.everywhere(before, KsMembers, rows(1)), earlier=states.everywhere(before, KsMembers, rows(40))
    )


# -- members


def keys_of(change: Callable[[tuple[TekPolicy, ...]], tuple[TekPolicy, ...]]) -> Callable[[KsPolicy], KsPolicy]:
    return lambda shown: replace(
        shown, policies=tuple(replace(item, teks=change(item.teks)) for item in shown.policies)
    )


def every_server(kind: type, change: Callable[[Any], Any]) -> Edit:
    return lambda state: states.everywhere(state, kind, change)


def no_life_printed(teks: tuple[TekPolicy, ...]) -> tuple[TekPolicy, ...]:
    """A newer key whose life is not printed stands before the one that the member has."""
    return (*(replace(tek, spi=Spi(0x5A5A5A5A, "0x5A5A5A5A"), remaining=None, elapsed=None) for tek in teks), *teks)


def was_due(teks: tuple[TekPolicy, ...]) -> tuple[TekPolicy, ...]:
    """A rekey was to come shortly after the key server was asked."""
    return tuple(replace(tek, time_to_rekey=timedelta(seconds=20)) for tek in teks)


def asked_later(device: str, **span: float) -> Edit:
    """A device answered so much later than all others."""

    def later(state: FleetState) -> FleetState:
        evidence = tuple(
            replace(item, taken_at=item.taken_at + timedelta(**span)) for item in state.devices[device].evidence
        )
        return changed(state, device, evidence=evidence)

    return later


def one_circuit_has_no_key(state: FleetState) -> FleetState:
    """Of two interfaces one lists keys that have ended, and none that lives."""

    def ended(group: Group) -> Group:
        policies = []
        for policy in group.tek_policies:
            first, *rest = policy.interfaces
            dead = [replace(port, sas=tuple(replace(sa, remaining=timedelta()) for sa in port.sas)) for port in rest]
            assert dead
            policies.append(replace(policy, interfaces=(first, *dead)))
        return replace(group, tek_policies=tuple(policies))

    return edited(state, "man-gm1", Gdoi, groups(ended))


def another_key(group: Group) -> Group:
    """Every TEK of a member is one that its key server does not list."""
    policies = []
    for policy in group.tek_policies:
        ports = [
            replace(port, sas=tuple(replace(sa, spi=Spi(0x5A5A5A5A, "0x5A5A5A5A")) for sa in port.sas))
            for port in policy.interfaces
        ]
        policies.append(replace(policy, interfaces=tuple(ports)))
    return replace(group, tek_policies=tuple(policies))


def no_primary_and_other_keys(state: FleetState) -> FleetState:
    """Nobody says that it is primary, and one key server holds other keys."""

    def secondary(group: Group) -> Group:
        assert group.redundancy is not None
        return replace(group, redundancy=replace(group.redundancy, local_role="Secondary"))

    def other(teks: tuple[TekPolicy, ...]) -> tuple[TekPolicy, ...]:
        return tuple(replace(tek, spi=Spi(0x5A5A5A5A, "0x5A5A5A5A")) for tek in teks)

    state = states.everywhere(state, Gdoi, groups(secondary))
    return edited(state, "lds-ks1", KsPolicy, keys_of(other))


def an_older_kek_lives(state: FleetState) -> FleetState:
    """The key servers list a newer KEK before the one that members hold."""

    def newer(keks: tuple[KekPolicy, ...]) -> tuple[KekPolicy, ...]:
        found = []
        for kek in keks:
            assert isinstance(kek.remaining, timedelta)
            spi = Spi(0xAA << 120, f"0x{0xAA << 120:032X}")
            found += [kek, replace(kek, spi=spi, remaining=kek.remaining - timedelta(minutes=2))]
            found[-2] = replace(kek, remaining=timedelta(minutes=2))
        return tuple(found)

    def change(shown: KsPolicy) -> KsPolicy:
        return replace(shown, policies=tuple(replace(item, keks=newer(item.keks)) for item in shown.policies))

    return states.everywhere(state, KsPolicy, change)


def shown_as(word: str) -> Callable[[Any], Any]:
    """A direction as a member prints it."""

    def change(group: Group) -> Group:
        received = replace(group.received, sa_direction=word) if group.received is not None else None
        return replace(group, sa_direction=word, received=received)

    return groups(change)


def intended(**fields: Any) -> Edit:
    return lambda state: states.meant(state, **fields)


def one_of_two_closes(state: FleetState) -> FleetState:
    """The group has two crypto maps on interfaces, and only one of them fails closed."""

    def another(maps: CryptoMaps) -> CryptoMaps:
        return replace(maps, entries=(*maps.entries, *(replace(e, crypto_map="OTHER-MAP") for e in maps.entries)))

    return edited(states.meant(state, fail_close=True), "lis-gm1", CryptoMaps, another)


def logs(device: str, *lines: str, **destination: Any) -> Edit:
    """The buffer of a router."""

    def filled(shown: Logging) -> Logging:
        messages = tuple(log_line(line) for line in lines)
        buffer = LogDestination("Buffer", **{"level": "debugging", "logged": len(lines), **destination})
        return replace(shown, messages=messages, destinations=(buffer,))

    return edit(device, Logging, filled)


def up(device: str, **span: float) -> Edit:
    return edit(device, Version, lambda shown: replace(shown, uptime=timedelta(**span)))


def trustpoint(*names: str) -> Callable[[Certificates], Certificates]:
    """The router's own certificate, of other trustpoints, that ends tomorrow."""

    def change(shown: Certificates) -> Certificates:
        own: Certificate = next(item for item in shown.certificates if item.kind == "Certificate")
        assert own.start_date is not None
        return replace(shown, certificates=(replace(own, trustpoints=names, end_date=own.start_date, renew_date=None),))

    return change


Case = tuple["Callable[[], FleetState]", str, str, "Edit | None", Status, str]
"""A world, a check, a group or device, what is changed, the status, and words of it."""

CASES: dict[str, Case] = {
    "two primaries, one of them a stranger": (
        states.healthy, "coop-single-primary", "WAN", a_stranger_is_primary, FAIL, "203.0.113.77",
    ),
    "two primaries, one of them silent": (
        states.healthy, "coop-single-primary", "WAN", the_silent_one_is_primary_too, FAIL, "ams-ks1",
    ),
    "a primary that is gone is not heard": (
        states.healthy, "coop-single-primary", "WAN",
        also_hears("lds-ks1", lambda group: replace(group, peers=(*group.peers, replace(peer(), status="Dead")))),
        PASS, "lds-ks1",
    ),
    "one counts nobody, the others are silent": (
        nobody_here_but_the_others_are_silent, "keys-present", "WAN", None, UNKNOWN, "lds-ks1",
    ),
    "one counts nobody, the others are silent, and keys are compared": (
        nobody_here_but_the_others_are_silent, "parity-keys", "WAN", None, UNKNOWN, "lds-ks1",
    ),
    "the inventory has more key servers than this run": (
        lambda: not_selected(states.intended(), "ams-ks1", "dub-ks1"), "parity-acl", "WAN", None, UNKNOWN, "ams-ks1",
    ),
    "the inventory has more key servers than this run, and one may be primary": (
        lambda: not_selected(states.intended(), "dub-ks1"), "coop-single-primary", "WAN", None, UNKNOWN, "dub-ks1",
    ),
    "addresses of both families": (
        states.misconfigured, "coop-peers-known", "WAN", of_both_families, FAIL, "ams-ks1 (10.255.0.2, 2001:",
    ),
    "keys of another group only": (
        states.healthy, "keys-present", "WAN",
        edit("ams-ks1", KsPolicy, lambda shown: replace(
            shown, policies=tuple(item for item in shown.policies if item.group_name != "WAN"))),
        UNKNOWN, "does not speak of group WAN",
    ),
    "a KEK that is renewed when it ends": (at_the_end_of_its_life, "rekey-on-schedule", "WAN", None, PASS, "KEK"),
    "members are counted and none is listed": (
        counted_and_not_listed, "roster-registered", "WAN", None, UNKNOWN, "counts 24",
    ),
    "members are counted and none is listed, so none missed a rekey": (
        counted_and_not_listed, "rekey-acknowledged", "WAN", None, UNKNOWN, "counts 24",
    ),
    "counters of a member that registered anew": (
        lambda: registered_anew(1), "rekey-acknowledged", "WAN", None, FAIL, "1, lds-ks1 has sent it",
    ),
    "a straggler registered once": (worlds.late, "reception-rekeys", "ork-gm1", None, FAIL, "none came so far"),
    "secondaries never send rekeys": (
        worlds.later, "reception-rekeys", "gal-gm1", silent("lds-ks1", KsMembers, Gdoi), FAIL, "registered again",
    ),
    "a key of somebody else, and one registration": (
        worlds.healthy, "reception-rekeys", "ork-gm1", edit("ork-gm1", Gdoi, groups(another_key)), UNKNOWN,
        "it has 0x5A5A5A5A, and not the key",
    ),
    "an interface whose keys have all ended": (
        worlds.healthy, "convergence-tek", "man-gm1", one_circuit_has_no_key, FAIL, "on ",
    ),
    "a newer key whose life is not printed": (
        worlds.healthy, "convergence-tek", "ork-gm1", every_server(KsPolicy, keys_of(no_life_printed)), UNKNOWN,
        "how long",
    ),
    "the key server's list of keys broke off": (
        worlds.healthy, "convergence-tek", "ork-gm1",
        edits(*(doubtful(name, KsPolicy) for name in states.KEY_SERVERS)), UNKNOWN, "may not be whole",
    ),
    "a rekey was due between the two answers": (
        worlds.healthy, "convergence-tek", "ork-gm1",
        edits(every_server(KsPolicy, keys_of(was_due)), asked_later("ork-gm1", minutes=10)), UNKNOWN, "was due",
    ),
    "no primary, and key servers with other keys": (
        worlds.healthy, "convergence-tek", "ork-gm1", no_primary_and_other_keys, UNKNOWN, "no single primary",
    ),
    "an older KEK that still lives": (
        worlds.healthy, "convergence-kek", "ham-gm1", an_older_kek_lives, UNKNOWN, "a newer one",
    ),
    "the table of KEKs lost its first row": (
        worlds.healthy, "convergence-kek", "ham-gm1",
        edits(
            doubtful("ham-gm1", GmRekey),
            edit("ham-gm1", GmRekey, groups(lambda group: replace(
                group, kek_sas=tuple(replace(row, my_cookie="0BADF00D") for row in group.kek_sas)))),
        ),
        UNKNOWN, "may not be whole",
    ),
    "an empty list on both sides": (
        worlds.healthy, "lists-effective", "ork-gm1",
        edits(
            every_server(KsAcl, groups(lambda group: replace(group, entries=()))),
            edit("ork-gm1", GmAcl, groups(lambda group: replace(group, acl_downloads=()))),
        ),
        UNKNOWN, "no line",
    ),
    "no key server tells the direction": (
        worlds.healthy, "direction-as-intended", "ork-gm1",
        edits(*(silent(name, Gdoi) for name in states.KEY_SERVERS)), UNKNOWN, "direction",
    ),
    "fail-close on one of two maps": (
        worlds.healthy, "maps-fail-close", "lis-gm1", one_of_two_closes, FAIL, "not on OTHER-MAP",
    ),
    "passive, shown like the rest": (
        worlds.migrating, "traffic-both-ways", "ham-gm1", edit("ham-gm1", Gdoi, shown_as("Inbound Only")), PASS,
        "both ways",
    ),
    "shown like the rest, and its configuration is not told": (
        worlds.migrating, "traffic-both-ways", "ham-gm1",
        edits(edit("ham-gm1", Gdoi, shown_as("Inbound Only")), silent("ham-gm1", RunningConfig)), UNKNOWN, "encrypted",
    ),
    "counters of a whole day": (
        compared(), "traffic-both-ways", "ham-gm1", looked_at_before(hours=24, up_days=30), UNKNOWN, "too long ago",
    ),
    "counters of an hour": (
        compared(), "traffic-both-ways", "ham-gm1", looked_at_before(hours=1, up_days=30), PASS, "both ways",
    ),
    "counters that began again with a restart": (
        compared(), "traffic-both-ways", "ham-gm1", looked_at_before(hours=1, up_days=0), UNKNOWN, "were cleared",
    ),
    "errors as many as before, and the counters began again": (
        worlds.healthy, "traffic-errors", "ham-gm1",
        edits(
            nth("ham-gm1", GmDataplane, 0, groups(counted(packets_encrypted=10**9, packets_verify_failed=5))),
            nth("ham-gm1", GmDataplane, -1, groups(counted(packets_encrypted=10, packets_verify_failed=5))),
        ),
        UNKNOWN, "cleared in between",
    ),
    "counters that broke off": (
        worlds.healthy, "traffic-errors", "ork-gm1", doubtful("ork-gm1", IpsecSas), UNKNOWN, "may not be whole",
    ),
    "a replay in another group": (
        worlds.healthy, "traffic-replay", "bir-gm1",
        logs(
            "bir-gm1",
            "*Mar  1 08:05:00.000: %GDOI-4-TIMEBASED_REPLAY_FAILED: An anti replay check has failed in group PAYMENTS "
            "from sourceip-address 10.9.9.9. my_pseudotime is 9 secs, peer_pseudotime is 99 secs, replay_window is 5 "
            "(second)",
        ),
        PASS, "none logged",
    ),
    "the log went with a restart": (
        compared(), "syslog-errors", "ork-gm1", up("ork-gm1", minutes=3), UNKNOWN, "started",
    ),
    "the log went with a restart, for traffic": (
        compared(), "traffic-not-ipsec", "ork-gm1", up("ork-gm1", minutes=3), UNKNOWN, "started",
    ),
    "a log of errors only": (
        worlds.healthy, "traffic-not-ipsec", "ork-gm1", logs("ork-gm1", level="errors"), UNKNOWN, "level errors",
    ),
    "a log of warnings only, and a change of primary is a notice": (
        worlds.healthy, "syslog-errors", "lds-ks1", logs("lds-ks1", level="warnings"), UNKNOWN, "level warnings",
    ),
    "a log of warnings only is enough for warnings": (
        worlds.healthy, "traffic-not-ipsec", "ork-gm1", logs("ork-gm1", level="warnings"), PASS, "none logged",
    ),
    "neither a buffer nor a message": (
        worlds.healthy, "syslog-errors", "ork-gm1",
        edit("ork-gm1", Logging, lambda shown: replace(shown, destinations=(), messages=())), UNKNOWN, "no buffer",
    ),
    "the earlier run lies ahead": (
        lambda: replace(worlds.healthy(), earlier=asked_later("ork-gm1", hours=2)(worlds.healthy())),
        "syslog-errors", "ork-gm1", None, PASS, "the last 60 min",
    ),
    "the identity of the hardware": (
        worlds.healthy, "certificates-valid", "lis-gm1", edit("lis-gm1", Certificates, trustpoint("CISCO_IDEVID_SUDI")),
        NONE, "pre-shared keys",
    ),
    "a trustpoint of ours beside the trust pool": (
        worlds.healthy, "certificates-valid", "lis-gm1", edit("lis-gm1", Certificates, trustpoint("CORP", "Trustpool")),
        FAIL, "CORP",
    ),
    "an engine of a router whose groups broke off": (
        worlds.healthy, "engine-room", "ork-gm1",
        edits(
            edit("ork-gm1", Gdoi, lambda _: Gdoi()), doubtful("ork-gm1", Gdoi), silent("ork-gm1", Eli),
        ),
        UNKNOWN, "ork-gm1",
    ),
}  # fmt: skip


def words(outcome: Outcome) -> str:
    rows = (item for item in outcome.findings if item.status is outcome.status)
    return "\n".join([outcome.reason, *(f"{r.subject}: {r.message}: {r.expected}: {r.actual}" for r in rows)])


@pytest.mark.parametrize("case", CASES)
def test_hostile_evidence(case: str) -> None:
    make, check, subject, change, status, said = CASES[case]
    state = change(make()) if change is not None else make()
    outcome = judge(state, check, subject)
    assert outcome.status is status, (outcome.status, words(outcome))
    assert said in words(outcome), words(outcome)


def test_a_cut_over_is_no_quick_fix() -> None:
    """The step that a finding names must not switch a live group over without a word of what is lost."""
    (finding, *_) = [
        item for item in judge(states.receive_only(), "policy-direction", "WAN").findings if item.status is FAIL
    ]
    assert "loses packets" in " ".join(finding.next_steps)


def test_fail_close_against_the_intent_is_not_configured_once_more() -> None:
    state = states.meant(worlds.healthy(), fail_close=False)
    (finding,) = judge(state, "maps-fail-close", "lis-gm1").findings
    assert finding.status is FAIL
    assert "no activate" in " ".join(finding.next_steps)


def test_many_namesakes_are_judged_in_linear_time() -> None:
    """5,000 routers that mean another identity by the name: each finding has its own router's answer, and no other."""
    state = states.other_identity()
    first = state.devices["dub-ks1"]
    many = {f"gm{n}": replace(first, device=replace(first.device, name=f"gm{n}", role=None)) for n in range(300)}
    outcome = judge(replace(state, devices={**state.devices, **many}), "policy-identity", "WAN")
    odd = [item for item in outcome.findings if item.status is FAIL]
    assert len(odd) == 301
    assert all(len(item.evidence) == 1 for item in odd)


def test_intent_says_receive_only_and_nobody_else_tells() -> None:
    """The inventory's word needs no key server."""
    state = states.meant(worlds.healthy(), direction=Direction.BOTH)
    for name in states.KEY_SERVERS:
        state = without(state, name, Gdoi)
    assert judge(state, "direction-as-intended", "ork-gm1").status is PASS


def test_what_was_not_visited_is_not_reachable() -> None:
    state = worlds.healthy()
    visit = Visit("ork-gm1", state.started, state.ended, engine="screen", commands=0)
    assert judge(changed(state, "ork-gm1", visit=visit), "device-reachable", "ork-gm1").status is UNKNOWN
