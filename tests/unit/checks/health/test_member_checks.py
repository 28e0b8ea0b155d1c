"""Each check of a member: what it passes, what it finds, and what it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS
from fleets import changed, edited, without
from member_worlds import (
    Case,
    Edit,
    around_a_new_kek,
    edit,
    edits,
    every_kind,
    everything,
    healthy,
    holds,
    judged,
    late,
    later,
    migrating,
    silent,
    under_way,
    words,
)

from getvpn_ops.checks.health import MEMBER_CHECKS
from getvpn_ops.checks.views import MemberView, member_views
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Direction, Inventory
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.state.crypto_map import CryptoMaps, FailCloses
from getvpn_ops.model.state.gdoi import Gdoi, Group
from getvpn_ops.model.state.gm_details import GmAcl, GmDataplane, GmRekey, GmReplay
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.ks import KsAcl
from getvpn_ops.model.state.ks_policy import KsPolicy, KsReplay
from getvpn_ops.model.state.logging import Logging

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.fleet import FleetState

PASS, FAIL, UNKNOWN, NONE = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE


def servers_silent(*kinds: type) -> Edit:
    return edits(*(silent(name, *kinds) for name in KEY_SERVERS))


def intent(**fields: Any) -> Edit:  # noqa: ANN401 -- of the dataclass
    def edit(state: FleetState) -> FleetState:
        groups = dict(state.inventory.gdoi_groups)
        groups["WAN"] = groups["WAN"].model_copy(update=fields)
        return replace(state, inventory=replace(state.inventory, gdoi_groups=groups))

    return edit


def no_inventory(state: FleetState) -> FleetState:
    devices = {name: replace(item, device=type(item.device)(name)) for name, item in state.devices.items()}
    return replace(state, inventory=Inventory(), devices=devices)


def server_addresses_unknown(state: FleetState) -> FleetState:
    """Of Dublin's key server nothing is known, and it was not asked."""
    known = dict(state.inventory.devices)
    known["dub-ks1"] = replace(known["dub-ks1"], gdoi_addresses=(), hostname="")
    devices = {name: item for name, item in state.devices.items() if name != "dub-ks1"}
    return replace(state, inventory=replace(state.inventory, devices=known), devices=devices)


def groups(edit: Callable[[Group], Group]) -> Callable[[Gdoi], Gdoi]:
    return lambda state: replace(state, groups=tuple(edit(group) for group in state.groups))


def no_keks(state: FleetState) -> FleetState:
    def bare(policy: KsPolicy) -> KsPolicy:
        return replace(policy, policies=tuple(replace(item, keks=()) for item in policy.policies))

    for name in KEY_SERVERS:
        state = edited(state, name, KsPolicy, bare)
    state = without(state, "ham-gm1", GmRekey)
    return edited(state, "ham-gm1", Gdoi, groups(lambda group: replace(group, keks=())))


def standby(device: str, *, idle: bool = True) -> Edit:
    return lambda state: changed(state, device, device=replace(state.devices[device].device, idle=idle))


def one_look(device: str) -> Edit:
    def first_only(state: FleetState) -> FleetState:
        seen: set[str] = set()
        kept = []
        for item in state.devices[device].evidence:
            if item.command not in seen:
                kept.append(item)
            seen.add(item.command)
        return changed(state, device, evidence=tuple(kept))

    return first_only


def asked_before_the_rekey(state: FleetState) -> FleetState:
    """The key servers' answers are two minutes younger than everybody else's."""
    devices = dict(state.devices) | {name: late().devices[name] for name in KEY_SERVERS}
    return replace(state, devices=devices)


def asked_long_before(state: FleetState) -> FleetState:
    return replace(healthy(), devices=dict(healthy().devices) | {name: state.devices[name] for name in KEY_SERVERS})


def two_primaries(state: FleetState) -> FleetState:
    def primary(group: Group) -> Group:
        assert group.redundancy is not None
        return replace(group, redundancy=replace(group.redundancy, local_role="Primary"))

    return edited(state, "ams-ks1", Gdoi, groups(primary))


CASES: dict[tuple[str, str], Case] = {
    ("registration-complete", "well"): (healthy, "ork-gm1", None, PASS, ""),
    ("registration-complete", "12.4T prints no status"): (healthy, "cbr-gm1", None, PASS, ""),
    ("registration-complete", "UDP 848 is blocked"): (later, "aar-gm1", None, FAIL, "Re-registering, trying 10.255"),
    ("registration-complete", "12.4T without keys"): (late, "nor-gm1", None, FAIL, "none"),
    ("registration-complete", "not configured"): (
        healthy,
        "ork-gm1",
        edits(silent("ork-gm1", RunningConfig), edit("ork-gm1", Gdoi, lambda _: Gdoi())),
        FAIL,
        "the group is not configured",
    ),
    ("registration-complete", "the group lost its lines"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Gdoi, lambda _: Gdoi()),
        UNKNOWN,
        "and show crypto gdoi does not",
    ),
    ("registration-complete", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Gdoi), UNKNOWN, "ork-gm1"),
    ("registration-known-server", "well"): (healthy, "ham-gm1", None, PASS, ""),
    ("registration-known-server", "12.4T"): (healthy, "cbr-gm1", None, PASS, ""),
    ("registration-known-server", "a stranger is listed"): (late, "utr-gm1", None, FAIL, "203.0.113.66, which the inv"),
    ("registration-known-server", "an address is missing"): (
        healthy,
        "ork-gm1",
        server_addresses_unknown,
        UNKNOWN,
        "10.255.0.3",
    ),
    ("registration-known-server", "no inventory"): (healthy, "ork-gm1", no_inventory, NONE, "names no key server"),
    ("registration-known-server", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Gdoi), UNKNOWN, "ork-gm1"),
    ("registration-attempts", "well"): (healthy, "ork-gm1", None, PASS, ""),
    ("registration-attempts", "12.4T counts none"): (healthy, "nor-gm1", None, PASS, ""),
    ("registration-attempts", "it registered again"): (later, "ork-gm1", None, FAIL, "1 tried, 1 succeeded"),
    ("registration-attempts", "12.4T, in the log"): (later, "gal-gm1", None, FAIL, "1 repeated"),
    ("registration-attempts", "it is refused"): (
        healthy,
        "ork-gm1",
        edit(
            "ork-gm1",
            Gdoi,
            groups(
                lambda group: replace(
                    group, members=tuple(replace(item, attempted_registrations=9) for item in group.members)
                )
            ),
        ),
        FAIL,
        "8 of 9",
    ),
    ("registration-attempts", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Gdoi), UNKNOWN, "ork-gm1"),
    ("registration-attempts", "12.4T without log"): (
        healthy,
        "nor-gm1",
        silent("nor-gm1", Logging),
        UNKNOWN,
        "nor-gm1",
    ),
    ("convergence-tek", "well"): (healthy, "ork-gm1", None, PASS, ""),
    ("convergence-tek", "after a rekey"): (late, "ham-gm1", None, PASS, ""),
    ("convergence-tek", "two circuits"): (late, "man-gm1", None, PASS, ""),
    ("convergence-tek", "a straggler"): (late, "ork-gm1", None, FAIL, "its last key ends in 4"),
    ("convergence-tek", "no key at all"): (late, "nor-gm1", None, FAIL, "no key at all"),
    ("convergence-tek", "the rekey is under way"): (under_way, "ork-gm1", None, UNKNOWN, "the rekey began 19 s before"),
    ("convergence-tek", "asked before the rekey"): (late, "ork-gm1", asked_long_before, UNKNOWN, "before the key was"),
    ("convergence-tek", "one of two was asked before it"): (under_way, "ham-gm1", asked_before_the_rekey, PASS, ""),
    ("convergence-tek", "no key server tells"): (
        healthy,
        "ork-gm1",
        servers_silent(KsPolicy),
        UNKNOWN,
        "no key server of group WAN shows keys",
    ),
    ("convergence-tek", "two primaries"): (healthy, "ork-gm1", two_primaries, PASS, ""),
    ("convergence-tek", "two primaries, its own silent"): (
        healthy,
        "ork-gm1",
        edits(two_primaries, silent("dub-ks1", KsPolicy)),
        UNKNOWN,
        "no single primary",
    ),
    ("convergence-kek", "well"): (healthy, "ork-gm1", None, PASS, ""),
    ("convergence-kek", "12.4T"): (late, "cbr-gm1", None, PASS, ""),
    ("convergence-kek", "by the end of its life"): (late, "ham-gm1", silent("ham-gm1", GmRekey), PASS, ""),
    ("convergence-kek", "it does not count down"): (late, "cbr-gm1", silent("cbr-gm1", GmRekey), UNKNOWN, "ends at"),
    ("convergence-kek", "lost"): (late, "bre-gm1", None, FAIL, "00000000 00000000"),
    ("convergence-kek", "none"): (late, "nor-gm1", None, FAIL, "none"),
    ("convergence-kek", "no rekeys"): (healthy, "ham-gm1", no_keks, NONE, "sends no rekeys"),
    ("convergence-kek", "no key server tells"): (healthy, "ork-gm1", servers_silent(KsPolicy), UNKNOWN, "shows keys"),
    ("reception-rekeys", "none was due"): (healthy, "ork-gm1", None, PASS, "its only registration"),
    ("reception-rekeys", "12.4T, none was due"): (healthy, "cbr-gm1", None, PASS, "have sent none"),
    ("reception-rekeys", "it came"): (late, "ham-gm1", None, PASS, "the last one came at"),
    ("reception-rekeys", "12.4T, it came"): (late, "cbr-gm1", None, PASS, "the last one came at"),
    ("reception-rekeys", "it was started since"): (later, "man-gm1", None, PASS, ""),
    ("reception-rekeys", "it registers instead"): (later, "ork-gm1", None, FAIL, "it registered 2 times"),
    ("reception-rekeys", "12.4T, it registers instead"): (later, "gal-gm1", None, FAIL, "it registered again"),
    ("reception-rekeys", "under way"): (under_way, "ork-gm1", None, UNKNOWN, "may still be under way"),
    ("reception-rekeys", "no rekeys"): (healthy, "ham-gm1", no_keks, NONE, "sends none"),
    ("reception-rekeys", "not told"): (late, "ork-gm1", silent("ork-gm1", Gdoi), UNKNOWN, "ork-gm1"),
    ("lists-effective", "well"): (healthy, "ork-gm1", None, PASS, "the same"),
    ("lists-effective", "12.4T"): (healthy, "cbr-gm1", None, PASS, "the same"),
    ("lists-effective", "own denies"): (healthy, "bri-gm1", None, PASS, "own denies before it"),
    ("lists-effective", "changed and not sent"): (later, "ham-gm1", None, FAIL, "it lacks deny ip any 203.0.113.99"),
    ("lists-effective", "key servers do not agree"): (
        healthy,
        "ork-gm1",
        edit(
            "lds-ks1",
            KsAcl,
            lambda shown: replace(
                shown, groups=tuple(replace(item, entries=item.entries[:-1]) for item in shown.groups)
            ),
        ),
        UNKNOWN,
        "it has the list of ams-ks1, dub-ks1",
    ),
    ("lists-effective", "none"): (late, "nor-gm1", None, FAIL, "none"),
    ("lists-effective", "not told"): (healthy, "ork-gm1", silent("ork-gm1", GmAcl), UNKNOWN, "ork-gm1"),
    ("lists-effective", "no key server tells"): (healthy, "ork-gm1", servers_silent(KsAcl), UNKNOWN, "ks1"),
    ("lists-local-permit", "well"): (healthy, "bri-gm1", None, PASS, ""),
    ("lists-local-permit", "one"): (late, "gla-gm1", None, FAIL, "permit ip host 10.9.9.9 any"),
    ("lists-local-permit", "not told"): (healthy, "ork-gm1", silent("ork-gm1", GmAcl), UNKNOWN, "ork-gm1"),
    ("direction-as-intended", "well, says the key server"): (healthy, "ork-gm1", None, PASS, ""),
    ("direction-as-intended", "well, says the inventory"): (
        healthy,
        "cbr-gm1",
        intent(direction=Direction.BOTH),
        PASS,
        "the inventory",
    ),
    ("direction-as-intended", "passive was left behind"): (
        late,
        "lub-gm1",
        None,
        FAIL,
        "passive: not configured: conf",
    ),
    ("direction-as-intended", "receive-only, says the key server"): (migrating, "ork-gm1", None, PASS, "Inbound Only"),
    ("direction-as-intended", "receive-only by intent"): (
        migrating,
        "nor-gm1",
        intent(direction=Direction.RECEIVE_ONLY),
        PASS,
        "Inbound Only",
    ),
    ("direction-as-intended", "passive while receive-only"): (migrating, "ham-gm1", None, PASS, "with passive"),
    ("direction-as-intended", "receive-only was left behind"): (
        migrating,
        "ork-gm1",
        intent(direction=Direction.BOTH),
        FAIL,
        "Both, says the inventory: Inbound Only",
    ),
    ("direction-as-intended", "it sends encrypted while all are receive-only"): (
        healthy,
        "ork-gm1",
        intent(direction=Direction.RECEIVE_ONLY),
        FAIL,
        "Inbound Only, says the inventory: Both",
    ),
    ("direction-as-intended", "configuration not told"): (
        healthy,
        "ork-gm1",
        silent("ork-gm1", RunningConfig),
        UNKNOWN,
        "passive",
    ),
    ("direction-as-intended", "nobody says"): (healthy, "ork-gm1", servers_silent(Gdoi), UNKNOWN, "lds-ks1"),
    ("maps-applied", "well"): (healthy, "ork-gm1", None, PASS, "on "),
    ("maps-applied", "two circuits"): (healthy, "man-gm1", None, PASS, ", "),
    ("maps-applied", "off the interface"): (late, "nor-gm1", None, FAIL, "on no interface"),
    ("maps-applied", "incomplete"): (
        healthy,
        "ork-gm1",
        edit(
            "ork-gm1",
            CryptoMaps,
            lambda maps: replace(maps, entries=tuple(replace(item, warnings=("incomplete",)) for item in maps.entries)),
        ),
        FAIL,
        "incomplete; on ",
    ),
    ("maps-applied", "of another group"): (
        late,
        "nor-gm1",
        edit(
            "nor-gm1",
            CryptoMaps,
            lambda maps: replace(maps, entries=tuple(replace(item, group_name="LAB") for item in maps.entries)),
        ),
        FAIL,
        "an entry for group WAN: none",
    ),
    ("maps-applied", "lines were lost"): (
        healthy,
        "ork-gm1",
        edit(
            "ork-gm1",
            CryptoMaps,
            lambda maps: replace(maps, entries=tuple(replace(item, interfaces=()) for item in maps.entries)),
        ),
        UNKNOWN,
        "there are keys on",
    ),
    ("maps-applied", "not told"): (healthy, "ork-gm1", silent("ork-gm1", CryptoMaps), UNKNOWN, "ork-gm1"),
    ("maps-fail-close", "nobody says"): (healthy, "lis-gm1", None, NONE, "does not say"),
    ("maps-fail-close", "active"): (healthy, "lis-gm1", intent(fail_close=True), PASS, "active on"),
    ("maps-fail-close", "not configured"): (healthy, "ork-gm1", intent(fail_close=True), FAIL, "not configured"),
    ("maps-fail-close", "unknown to the release"): (healthy, "cbr-gm1", intent(fail_close=True), FAIL, "not know it"),
    ("maps-fail-close", "not activated"): (
        healthy,
        "lis-gm1",
        edits(
            intent(fail_close=True),
            edit(
                "lis-gm1",
                FailCloses,
                lambda found: replace(found, maps=tuple(replace(item, activate=False) for item in found.maps)),
            ),
        ),
        FAIL,
        "configured, not activated",
    ),
    ("maps-fail-close", "active against the intent"): (healthy, "lis-gm1", intent(fail_close=False), FAIL, "active on"),
    ("maps-fail-close", "off as intended"): (healthy, "ork-gm1", intent(fail_close=False), PASS, "not configured"),
    ("maps-fail-close", "unknown and not wanted"): (healthy, "cbr-gm1", intent(fail_close=False), PASS, "unknown to"),
    ("maps-fail-close", "not told"): (
        healthy,
        "lis-gm1",
        edits(intent(fail_close=True), silent("lis-gm1", FailCloses)),
        UNKNOWN,
        "lis-gm1",
    ),
    ("traffic-both-ways", "well"): (healthy, "ham-gm1", None, PASS, "in 30 s"),
    ("traffic-both-ways", "12.4T"): (healthy, "cbr-gm1", None, PASS, "in 30 s"),
    ("traffic-both-ways", "without the counters of the data plane"): (
        healthy,
        "ham-gm1",
        silent("ham-gm1", GmDataplane),
        PASS,
        "in 30 s",
    ),
    ("traffic-both-ways", "ESP is filtered"): (late, "opo-gm1", None, FAIL, " encrypted, 0 decrypted in 30 s"),
    ("traffic-both-ways", "no traffic"): (
        healthy,
        "lon-gm2",
        standby("lon-gm2", idle=False),
        UNKNOWN,
        "no traffic to judge by",
    ),
    ("traffic-both-ways", "no traffic on a standby"): (healthy, "lon-gm2", None, NONE, "it is idle"),
    ("traffic-both-ways", "traffic on a standby"): (healthy, "ham-gm1", standby("ham-gm1"), PASS, "in 30 s"),
    ("traffic-both-ways", "receive-only"): (migrating, "ork-gm1", None, NONE, "receive-only"),
    ("traffic-both-ways", "passive while receive-only"): (migrating, "ham-gm1", None, PASS, ""),
    ("traffic-both-ways", "passive, and no traffic on a standby"): (migrating, "lon-gm2", None, NONE, "it is idle"),
    ("traffic-both-ways", "passive, and no traffic"): (
        migrating,
        "lon-gm2",
        standby("lon-gm2", idle=False),
        UNKNOWN,
        "no traffic to judge by",
    ),
    ("traffic-both-ways", "one look"): (healthy, "ham-gm1", one_look("ham-gm1"), UNKNOWN, "one look only"),
    ("traffic-both-ways", "one look, and an earlier run"): (later, "ham-gm1", one_look("ham-gm1"), PASS, " s"),
    ("traffic-both-ways", "not told"): (
        healthy,
        "ham-gm1",
        silent("ham-gm1", GmDataplane, IpsecSas),
        UNKNOWN,
        "ham-gm1",
    ),
    ("traffic-errors", "well"): (healthy, "ham-gm1", None, PASS, "none"),
    ("traffic-errors", "they grow"): (later, "ham-gm1", None, FAIL, "receive errors"),
    ("traffic-errors", "no keys"): (later, "aar-gm1", None, FAIL, "no SA"),
    ("traffic-errors", "one look"): (
        later,
        "aar-gm1",
        edits(lambda state: replace(state, earlier=None), one_look("aar-gm1")),
        UNKNOWN,
        "one look only",
    ),
    ("traffic-errors", "not told"): (healthy, "ham-gm1", silent("ham-gm1", IpsecSas), UNKNOWN, "ham-gm1"),
    ("traffic-invalid-spi", "well"): (healthy, "ham-gm1", None, PASS, ""),
    ("traffic-invalid-spi", "12.4T logs it"): (healthy, "cbr-gm1", None, PASS, "none logged"),
    ("traffic-invalid-spi", "others have newer keys"): (later, "aar-gm1", None, FAIL, "invalid SPI"),
    ("traffic-invalid-spi", "12.4T logged it"): (later, "gal-gm1", None, FAIL, "1 logged"),
    ("traffic-invalid-spi", "not told"): (healthy, "cbr-gm1", silent("cbr-gm1", Logging), UNKNOWN, "cbr-gm1"),
    ("traffic-not-ipsec", "well"): (healthy, "ham-gm1", None, PASS, "none logged"),
    ("traffic-not-ipsec", "logged"): (later, "ode-gm1", None, FAIL, "Rec'd packet not an IPSEC packet"),
    ("traffic-not-ipsec", "it keeps no log"): (late, "bri-gm1", None, UNKNOWN, "buffer logging is off"),
    ("traffic-replay", "well"): (healthy, "ham-gm1", None, PASS, ""),
    ("traffic-replay", "a clock is off"): (later, "ham-gm1", None, FAIL, " more in "),
    ("traffic-replay", "so far"): (
        later,
        "ham-gm1",
        lambda state: one_look("ham-gm1")(replace(state, earlier=None)),
        UNKNOWN,
        "so far",
    ),
    ("traffic-replay", "not used"): (
        healthy,
        "ham-gm1",
        edits(
            silent("ham-gm1", Logging),
            edit(
                "ham-gm1",
                GmReplay,
                lambda found: replace(found, groups=tuple(replace(item, enabled=False) for item in found.groups)),
            ),
        ),
        UNKNOWN,  # the log would tell too
        "ham-gm1",
    ),
    ("traffic-replay", "not told"): (healthy, "ham-gm1", silent("ham-gm1", GmReplay), UNKNOWN, "ham-gm1"),
    ("tbar-pseudotime", "well"): (healthy, "ham-gm1", None, PASS, ""),
    ("tbar-pseudotime", "12.4T"): (late, "cbr-gm1", None, PASS, ""),
    ("tbar-pseudotime", "off"): (later, "ham-gm1", None, FAIL, "30.0 s ahead"),
    ("tbar-pseudotime", "no key server tells"): (healthy, "ham-gm1", servers_silent(KsReplay), UNKNOWN, "ks1"),
    ("tbar-pseudotime", "not told"): (healthy, "ham-gm1", silent("ham-gm1", GmReplay), UNKNOWN, "ham-gm1"),
    ("tbar-pseudotime", "no keys"): (late, "nor-gm1", None, UNKNOWN, "shows none"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[1]}")
def test_check(case: tuple[str, str]) -> None:
    holds(case[0], CASES[case])


def test_every_check_has_its_cases() -> None:
    shown = {(spec_id, status) for (spec_id, _), (*_, status, _) in CASES.items()}
    assert {spec_id for spec_id, _ in CASES} == {spec.id for spec in MEMBER_CHECKS}
    assert every_kind(MEMBER_CHECKS) - shown == set()


def test_failures_name_device_evidence_and_next_step() -> None:
    failed = [finding for _, item in everything(later()) for finding in item.findings if finding.status is FAIL]
    assert failed
    for finding in failed:
        assert finding.device in later().devices
        assert finding.evidence, finding
        assert finding.actual, finding
        assert finding.next_steps, finding


def test_nothing_is_wrong_with_the_worked_example() -> None:
    found = {(view.name, item.spec_id): item for view, item in everything(healthy())}
    bad = {key: item.status for key, item in found.items() if item.status in {FAIL, Status.ERROR, UNKNOWN}}
    assert bad == {}


def test_nothing_is_wrong_without_an_inventory() -> None:
    """The one question without an answer: nothing tells that London's second router stands by, with no packets."""
    found = {(view.name, item.spec_id): item.status for view, item in everything(no_inventory(healthy()))}
    assert len({name for name, _ in found if "(" in name}) == 26, "24 members of WAN and two of PAYMENTS"
    bad = {key: status for key, status in found.items() if status in {FAIL, Status.ERROR, UNKNOWN}}
    assert bad == {("lon-gm2 (WAN)", "traffic-both-ways"): UNKNOWN}


def test_both_groups_of_a_router_are_judged_apart() -> None:
    for group in ("WAN", "PAYMENTS"):
        for spec in MEMBER_CHECKS:
            assert judged(healthy(), spec.id, "bir-gm1", group).status in {PASS, NONE}, (group, spec.id)


def test_limits_are_parameters() -> None:
    assert judged(later(), "registration-attempts", "ork-gm1", repeated=1).status is PASS
    assert judged(under_way(), "convergence-tek", "ork-gm1", spread_seconds=10).status is FAIL
    assert judged(later(), "tbar-pseudotime", "ham-gm1", slack_seconds=60).status is PASS
    assert judged(later(), "traffic-errors", "ham-gm1", allowed=10**9).status is PASS
    assert judged(late(), "traffic-both-ways", "opo-gm1", least=10**9).status is UNKNOWN


@pytest.mark.parametrize("kek", [False, True], ids=["a new traffic key", "a new KEK"])
def test_a_rekey_between_two_answers_is_no_fault(kek: bool) -> None:  # noqa: FBT001 -- a column
    """Whoever is asked first: before the rekey, during it, after it."""
    worlds = around_a_new_kek() if kek else (healthy(), under_way(), late())
    for servers, members in product(worlds, repeat=2):
        mixed = replace(members, devices=dict(members.devices) | {n: servers.devices[n] for n in KEY_SERVERS})
        for spec_id in ("convergence-tek", "convergence-kek", "reception-rekeys", "lists-effective"):
            for device in ("ham-gm1", "cbr-gm1", "man-gm1"):
                outcome = judged(mixed, spec_id, device)
                assert outcome.status in {PASS, UNKNOWN}, words(outcome, FAIL)
                if servers is members and servers is not worlds[1]:
                    assert outcome.status is PASS, words(outcome, UNKNOWN)


def test_members_share_what_their_group_tells() -> None:
    """The keys of the key servers are read once for a group, not once for each of 5,000 members."""
    assert len({id(member.whole.served.rings) for member in members_of_wan()}) == 1
    assert len({id(member.whole.served.acl) for member in members_of_wan()}) == 1


def members_of_wan() -> tuple[MemberView, ...]:
    return tuple(member for member in member_views(healthy()) if member.group == "WAN")


def test_severities_are_those_of_an_outage_where_it_is_one() -> None:
    critical = {spec.id for spec in MEMBER_CHECKS if spec.severity is Severity.CRITICAL}
    assert critical == {"registration-complete", "registration-known-server", "convergence-tek", "maps-applied"}


def test_the_life_of_a_straggler_is_told_to_the_second() -> None:
    outcome = judged(late(), "convergence-tek", "ork-gm1")
    (finding,) = outcome.findings
    ends = late().devices["ork-gm1"].latest(Gdoi)
    (port,) = ends.value.groups[0].tek_policies[0].interfaces
    (key,) = port.sas
    assert isinstance(key.remaining, timedelta)
    assert f"ends in {int(key.remaining.total_seconds())} s" in finding.actual
