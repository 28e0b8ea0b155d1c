"""Checks of a group over its key servers: each passes where all is well, fails with its fault, and says what it lacks.

States come from simulated routers with a fault in them wherever the lab can show it; else a healthy state is edited.
"""

# ruff: noqa: ANN401 -- edits of any dataclass

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import group_states as states
import pytest
from fleets import changed, edited, without
from member_worlds import every_kind

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.model.state.ks import KsAcl, KsMembers, KsMembersSummary
from getvpn_ops.model.state.ks_policy import KsPolicy, KsReplay
from getvpn_ops.model.state.version import Version
from getvpn_ops.model.values import RsaPublicKey, Sentinel
from getvpn_ops.parsing import parse
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.outcome import Outcome

NA, PASS, FAIL, UNKNOWN = Status.NOT_APPLICABLE, Status.PASS, Status.FAIL, Status.UNKNOWN


def judged(check: str, state: FleetState, group: str = "WAN", **params: Any) -> Outcome:
    view = next(view for view in group_views(state) if view.name == group)
    return evaluate(GROUP_CHECKS[check], view, params)


def said(outcome: Outcome, status: Status) -> str:
    """What the findings of a status tell, and where."""
    rows = [item for item in outcome.findings if item.status is status]
    return "\n".join(f"{row.subject} | {row.message} | {row.expected} | {row.actual}" for row in rows)


def lacking(kind: type, device: str = "ams-ks1") -> Callable[[], FleetState]:
    """A key server did not tell."""
    return lambda: without(states.intended(), device, kind)


def gdoi(device: str = "dub-ks1", **fields: Any) -> Callable[[], FleetState]:
    return lambda: edited(states.intended(), device, Gdoi, states.in_wan(Gdoi, **fields))


def coop(device: str = "dub-ks1", **fields: Any) -> Callable[[], FleetState]:
    return lambda: edited(states.intended(), device, KsCoop, states.in_wan(KsCoop, **fields))


def planned(state: FleetState) -> FleetState:
    """The inventory says which priorities the key servers of WAN should have."""
    return states.meant(state, coop={"priorities": {"lds-ks1": 100, "ams-ks1": 75, "dub-ks1": 50}})


def configured_priority(number: int) -> FleetState:
    """The configuration of one key server is at hand."""
    text = CONFIGURED.format(number=number)
    state = states.healthy()
    parsed = parse("show running-config", text)
    like = next(item for item in state.devices["dub-ks1"].evidence if item.kind is KsCoop)
    more = replace(like, command="show running-config", kind=RunningConfig, parsed=parsed)
    return changed(state, "dub-ks1", evidence=(*state.devices["dub-ks1"].evidence, more))


CONFIGURED = """\
hostname dub-ks1
crypto gdoi group WAN
 identity number 41001
 server local
  address ipv4 10.255.0.3
  redundancy
   local priority {number}
   peer address ipv4 10.255.0.1
   peer address ipv4 10.255.0.2
end
"""


def every_coop(**fields: Any) -> FleetState:
    return states.everywhere(states.intended(), KsCoop, states.in_wan(KsCoop, **fields))


def keys(device: str, of: str, **fields: Any) -> Callable[[], FleetState]:
    """An edit of the KEKs or TEKs of a key server."""

    def edit(policy: KsPolicy) -> KsPolicy:
        return replace(
            policy,
            policies=tuple(
                replace(
                    item,
                    keks=tuple(replace(key, **fields) for key in item.keks) if of == "keks" else item.keks,
                    teks=tuple(replace(key, **fields) for key in item.teks) if of == "teks" else item.teks,
                )
                for item in policy.policies
            ),
        )

    return lambda: edited(states.healthy(), device, KsPolicy, edit)


def members(device: str, **fields: Any) -> Callable[[], FleetState]:
    """An edit of every member of a key server's database."""

    def edit(held: KsMembers) -> KsMembers:
        return replace(held, members=tuple(replace(row, **fields) for row in held.members))

    return lambda: edited(states.healthy(), device, KsMembers, edit)


def one_version(version: str) -> Callable[[], FleetState]:
    """One member has another GETVPN version on every key server."""

    def edit(held: KsMembers) -> KsMembers:
        rows = [replace(row, version=version) if str(row.address) == "10.254.21.2" else row for row in held.members]
        return replace(held, members=tuple(rows))

    return lambda: states.everywhere(states.healthy(), KsMembers, edit)


def unprinted_versions() -> FleetState:
    """12.4T: no version in COOP; the releases tell."""
    state = every_coop(local_version=None)

    def blank(held: KsCoop) -> KsCoop:
        groups = [
            replace(item, peers=tuple(replace(peer, version=None) for peer in item.peers)) for item in held.groups
        ]
        return replace(held, groups=tuple(groups))

    return states.everywhere(state, KsCoop, blank)


def another_release() -> FleetState:
    return edited(unprinted_versions(), "dub-ks1", Version, lambda held: replace(held, release="12.4(22)T5"))


def protocol(word: str) -> FleetState:
    """5,000 members, and what peers say of each other's protocol."""

    def edit(held: KsCoop) -> KsCoop:
        groups = [
            replace(item, peers=tuple(replace(peer, coop_protocol=word) for peer in item.peers)) for item in held.groups
        ]
        return replace(held, groups=tuple(groups))

    state = states.everywhere(states.healthy(), Gdoi, states.in_wan(Gdoi, group_members=5000))
    return states.everywhere(state, KsCoop, edit)


def half_a_key() -> FleetState:
    def edit(held: RsaKeyPairs) -> RsaKeyPairs:
        return RsaKeyPairs(tuple(replace(pair, key_data=RsaPublicKey("3082", None)) for pair in held.keys))

    return edited(states.healthy(), "dub-ks1", RsaKeyPairs, edit)


def other_label() -> FleetState:
    """The same key under another label."""

    def edit(held: RsaKeyPairs) -> RsaKeyPairs:
        return RsaKeyPairs(tuple(replace(pair, key_name="OTHER") for pair in held.keys))

    return edited(states.healthy(), "dub-ks1", RsaKeyPairs, edit)


def spelt_otherwise() -> FleetState:
    """The same list: hits, numbers of lines, another order where that says nothing, a remark."""

    def edit(held: KsAcl) -> KsAcl:
        groups = []
        for group in held.groups:
            rows = [
                replace(row, access_list="X", ace=replace(row.ace, sequence=number, matches=7, text=""))
                for number, row in enumerate(group.entries)
            ]
            remark = replace(rows[0], ace=replace(rows[0].ace, action="remark", options=("old",)))
            groups.append(replace(group, entries=(remark, *rows[3:-1], *rows[:3], rows[-1])))
        return replace(held, groups=tuple(groups))

    return edited(states.healthy(), "dub-ks1", KsAcl, edit)


def permit_first() -> FleetState:
    def edit(held: KsAcl) -> KsAcl:
        return replace(held, groups=tuple(replace(item, entries=item.entries[::-1]) for item in held.groups))

    return edited(states.healthy(), "dub-ks1", KsAcl, edit)


def no_entries() -> FleetState:
    return edited(
        states.healthy(),
        "dub-ks1",
        KsAcl,
        lambda held: replace(held, groups=tuple(replace(item, entries=()) for item in held.groups)),
    )


def tbar(**fields: Any) -> Callable[[Any], Any]:
    return lambda held: replace(held, groups=tuple(replace(item, **fields) for item in held.groups))


def later() -> FleetState:
    """The earlier run saw the same misses."""
    return replace(states.misconfigured(), earlier=states.misconfigured())


def one_summary_off() -> FleetState:
    def edit(held: KsMembersSummary) -> KsMembersSummary:
        groups = []
        for group in held.groups:
            first, *rest = group.key_servers
            groups.append(replace(group, key_servers=(replace(first, group_members=3), *rest)))
        return replace(held, groups=tuple(groups))

    return edited(states.healthy(), "dub-ks1", KsMembersSummary, edit)


def silent_but_full() -> FleetState:
    """A key server counts members and lists none."""
    state = states.split()
    return edited(state, "dub-ks1", Gdoi, states.in_wan(Gdoi, group_members=5))


CASES: dict[tuple[str, str], tuple[Callable[[], FleetState], Status, str]] = {
    ("coop-single-primary", "one"): (states.healthy, PASS, "lds-ks1"),
    ("coop-single-primary", "split"): (states.split, FAIL, "lds-ks1, dub-ks1"),
    ("coop-single-primary", "nobody"): (lambda: every_coop(local_role="Secondary"), FAIL, "none"),
    ("coop-single-primary", "the primary is silent"): (lacking(KsCoop, "lds-ks1"), UNKNOWN, "lds-ks1"),
    ("coop-single-primary", "a secondary is silent"): (lacking(KsCoop), UNKNOWN, "ams-ks1"),
    ("coop-single-primary", "alone"): (states.alone, NA, "lds-ks1 is the only key server"),
    ("coop-single-primary", "one acts alone"): (coop(redundancy_configured=False), FAIL, "lds-ks1, dub-ks1"),
    ("coop-peers-alive", "all"): (states.healthy, PASS, "ams-ks1 says Alive, IKE Established"),
    ("coop-peers-alive", "split"): (states.split, FAIL, "dub-ks1 says Dead, IKE Failed"),
    ("coop-peers-alive", "one side"): (states.misconfigured, FAIL, "dub-ks1 has no session"),
    ("coop-peers-alive", "just booted"): (states.rebooted, FAIL, "dub-ks1 says Unknown, IKE In Progress"),
    ("coop-peers-alive", "no redundancy"): (coop(redundancy_configured=False), FAIL, "makes keys of its own"),
    ("coop-peers-alive", "silent"): (lacking(KsCoop), UNKNOWN, "ams-ks1 | COOP sessions"),
    ("coop-peers-alive", "no status"): (coop(local_status=None), UNKNOWN, "its own status is not printed"),
    ("coop-peers-alive", "alone"): (states.alone, NA, "no redundancy"),
    ("coop-peers-known", "all"): (states.healthy, PASS, "2 peers"),
    ("coop-peers-known", "one is not listed"): (states.misconfigured, FAIL, "does not list ams-ks1 (10.255.0.2)"),
    ("coop-peers-known", "rogue"): (
        lambda: states.meant(states.healthy(), key_servers=("lds-ks1", "ams-ks1")),
        FAIL,
        "lists 10.255.0.3, which the inventory does not name",
    ),
    ("coop-peers-known", "silent"): (lacking(KsCoop), UNKNOWN, "ams-ks1"),
    ("coop-peers-known", "alone"): (states.alone, NA, "only key server"),
    ("coop-priorities-distinct", "distinct"): (states.healthy, PASS, "100"),
    ("coop-priorities-distinct", "two are equal"): (states.misconfigured, FAIL, "ams-ks1 and dub-ks1"),
    ("coop-priorities-distinct", "its peers tell"): (lacking(KsCoop), PASS, "ams-ks1"),
    ("coop-priorities-distinct", "not a number"): (coop(local_priority=None), UNKNOWN, "dub-ks1"),
    ("coop-priorities-distinct", "alone"): (states.alone, NA, "only key server"),
    ("coop-priority-intended", "as the inventory says"): (lambda: planned(states.healthy()), PASS, "100 shown"),
    ("coop-priority-intended", "another"): (
        lambda: planned(coop(local_priority=30)()),
        FAIL,
        "dub-ks1 | COOP priority | 50 by the inventory | 30 shown",
    ),
    ("coop-priority-intended", "another than its configuration has"): (
        lambda: configured_priority(5),
        FAIL,
        "dub-ks1 | COOP priority | 5 by its configuration | 50 shown",
    ),
    ("coop-priority-intended", "as its configuration has"): (lambda: configured_priority(50), PASS, "50 shown"),
    ("coop-priority-intended", "its peers tell"): (lambda: planned(lacking(KsCoop)()), PASS, "ams-ks1"),
    ("coop-priority-intended", "not a number"): (
        lambda: planned(coop(local_priority=None)()),
        UNKNOWN,
        "dub-ks1",
    ),
    ("coop-priority-intended", "nobody says it"): (states.healthy, NA, "neither the inventory"),
    ("coop-priority-intended", "alone"): (states.alone, NA, "only key server"),
    ("coop-registration-open", "open"): (states.healthy, PASS, "open, it is primary"),
    ("coop-registration-open", "blocked"): (states.rebooted, FAIL, "dub-ks1"),
    ("coop-registration-open", "12.4T"): (coop(new_members_blocked=None), UNKNOWN, "on this release"),
    ("coop-registration-open", "alone"): (states.alone, NA, "only key server"),
    ("coop-versions", "equal majors"): (states.healthy, PASS, "24 members"),
    ("coop-versions", "minor of a key server"): (coop(local_version="1.1.2"), FAIL, "lds-ks1 (1.0.25)"),
    ("coop-versions", "minor of a member"): (one_version("1.1.0"), FAIL, "23 members"),
    ("coop-versions", "major of a member"): (one_version("2.0.1"), FAIL, "10.254.21.2 (2.0.1)"),
    ("coop-versions", "silent, but its peers tell"): (lacking(KsCoop), PASS, "3 key servers"),
    ("coop-versions", "equal releases"): (unprinted_versions, PASS, "17.6.5"),
    ("coop-versions", "other releases"): (another_release, FAIL, "dub-ks1 12.4(22)T5"),
    ("coop-versions", "no members"): (lacking(KsMembers), UNKNOWN, "ams-ks1 | GETVPN version of members"),
    ("coop-versions", "members without version"): (
        lambda: states.everywhere(
            states.healthy(),
            KsMembers,
            lambda held: replace(held, members=tuple(replace(row, version=None) for row in held.members)),
        ),
        UNKNOWN,
        "the releases of the key servers do not print it",
    ),
    ("coop-protocol-version", "small"): (states.healthy, PASS, "24"),
    ("coop-protocol-version", "large on base"): (lambda: protocol("base"), FAIL, "base, 5000 members"),
    ("coop-protocol-version", "large on optimize"): (lambda: protocol("optimize"), PASS, "optimize, 5000 members"),
    ("coop-protocol-version", "large, not printed"): (lambda: protocol(""), UNKNOWN, "no protocol"),
    ("coop-protocol-version", "too large"): (gdoi(group_members=8001), FAIL, "at most 8000 | 8001"),
    ("coop-protocol-version", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("policy-served", "by all"): (states.healthy, PASS, "identity 41001 as WAN"),
    ("policy-served", "other identity"): (states.other_identity, FAIL, "its group WAN has identity 41009"),
    ("policy-served", "another group only"): (gdoi(group_name="NEW", group_id="7"), FAIL, "it has PAYMENTS, NEW"),
    ("policy-served", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("policy-identity", "one"): (states.healthy, PASS, "41001 on 3 routers"),
    ("policy-identity", "two"): (states.other_identity, FAIL, "dub-ks1 | identity behind the name | 41001 | 41009"),
    ("policy-identity", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("policy-direction", "both"): (states.intended, PASS, "both"),
    ("policy-direction", "left behind"): (states.receive_only, FAIL, "both | receive-only"),
    ("policy-direction", "too early"): (
        lambda: states.meant(states.healthy(), direction=Direction.RECEIVE_ONLY),
        FAIL,
        "receive-only | both",
    ),
    ("policy-direction", "nobody said"): (states.healthy, NA, "does not say which direction is intended"),
    ("policy-direction", "a new word"): (gdoi(sa_direction="Sideways"), UNKNOWN, "prints Sideways"),
    ("policy-acl-size", "short"): (states.healthy, PASS, "22"),
    ("policy-acl-size", "long"): (states.misconfigured, FAIL, "dub-ks1 | lines of the access list GETVPN_WAN_POLICY"),
    ("policy-acl-size", "empty"): (no_entries, FAIL, "1 to 100 | 0"),
    ("policy-acl-size", "silent"): (lacking(KsAcl), UNKNOWN, "ams-ks1"),
    ("parity-policy", "equal"): (states.healthy, PASS, "time based, window 5"),
    ("parity-policy", "window"): (states.misconfigured, FAIL, "dub-ks1 | anti-replay of sa ipsec 1"),
    ("parity-policy", "direction"): (gdoi(sa_direction="Inbound Only"), FAIL, "inbound only"),
    ("parity-policy", "transport"): (gdoi(transport="Multicast"), FAIL, "multicast"),
    ("parity-policy", "transform"): (keys("dub-ks1", "teks", transform="esp-3des esp-md5-hmac"), FAIL, "esp-3des"),
    ("parity-policy", "nothing to be on"): (gdoi(pfs=None, ip_d3p_window=None), PASS, "disabled"),
    ("parity-policy", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("parity-policy", "not printed"): (gdoi(transport=None), UNKNOWN, "dub-ks1 | rekey transport"),
    ("parity-policy", "alone"): (states.alone, NA, "only key server"),
    ("parity-rekey", "equal"): (states.healthy, PASS, "10 s"),
    ("parity-rekey", "retransmit"): (states.misconfigured, FAIL, "retransmit attempts | 3, as on lds-ks1 | 2"),
    ("parity-rekey", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("parity-rekey", "not printed"): (gdoi(rekey=None), UNKNOWN, "dub-ks1 | retransmit period"),
    ("parity-lifetimes", "equal"): (states.healthy, PASS, "7200 s"),
    ("parity-lifetimes", "differ"): (states.misconfigured, FAIL, "7200 s, as on lds-ks1 | 1800 s"),
    ("parity-lifetimes", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("parity-acl", "equal"): (states.healthy, PASS, "22 lines"),
    ("parity-acl", "spelt otherwise"): (spelt_otherwise, PASS, "22 lines"),
    ("parity-acl", "a line more"): (states.misconfigured, FAIL, "it has deny ip any 203.0.113.99/32"),
    ("parity-acl", "another order"): (permit_first, FAIL, "an order that means something else"),
    ("parity-acl", "silent"): (lacking(KsAcl), UNKNOWN, "ams-ks1"),
    ("parity-acl", "alone"): (states.alone, NA, "only key server"),
    ("parity-members", "equal"): (states.healthy, PASS, "24 on lds-ks1, ams-ks1, dub-ks1"),
    ("parity-members", "split"): (states.split, FAIL, "24, as on lds-ks1 | 0; it lacks 10.254.1.2"),
    ("parity-members", "by key server"): (one_summary_off, FAIL, "3 registered with dub-ks1, as that one says | 6"),
    ("parity-members", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("parity-members", "no summary"): (lacking(KsMembersSummary), UNKNOWN, "ams-ks1 | members by key server"),
    ("parity-members", "not counted"): (gdoi(group_members=None), UNKNOWN, "dub-ks1"),
    ("parity-keys", "equal"): (states.healthy, PASS, "on lds-ks1, ams-ks1, dub-ks1"),
    ("parity-keys", "none"): (states.rebooted, FAIL, "as on lds-ks1 | none"),
    ("parity-keys", "other TEK"): (states.split, FAIL, "dub-ks1 | TEK SPIs"),
    ("parity-keys", "a rekey between"): (states.asked_around_a_rekey, UNKNOWN, "ask again"),
    ("parity-keys", "silent"): (lacking(KsPolicy), UNKNOWN, "ams-ks1"),
    ("parity-keys", "empty"): (states.empty, NA, "no keys yet"),
    ("parity-rsa-key", "equal"): (states.healthy, PASS, "2048 bits, SHA-256"),
    ("parity-rsa-key", "other label"): (other_label, PASS, "on lds-ks1, ams-ks1, dub-ks1"),
    ("parity-rsa-key", "other key"): (states.other_rsa_key, FAIL, "ams-ks1 | RSA public key"),
    ("parity-rsa-key", "no key"): (states.misconfigured, FAIL, "dub-ks1 | RSA public key | that of lds-ks1, ams-ks1"),
    ("parity-rsa-key", "half a key"): (half_a_key, UNKNOWN, "is not printed whole"),
    ("parity-rsa-key", "silent"): (lacking(RsaKeyPairs), UNKNOWN, "ams-ks1"),
    ("parity-rsa-key", "no policy"): (states.without_kek, UNKNOWN, "no policy names one"),
    ("parity-pseudotime", "equal"): (states.healthy, PASS, "within 10 s"),
    ("parity-pseudotime", "from 0 again"): (states.rebooted, FAIL, "344.9 s behind"),
    ("parity-pseudotime", "off everywhere"): (
        lambda: states.everywhere(states.healthy(), KsReplay, tbar(enabled=False, replay_value=None)),
        NA,
        "time-based anti-replay is off",
    ),
    ("parity-pseudotime", "off on one"): (
        lambda: edited(states.healthy(), "dub-ks1", KsReplay, tbar(enabled=False, replay_value=None)),
        UNKNOWN,
        "is off there",
    ),
    ("parity-pseudotime", "silent"): (lacking(KsReplay), UNKNOWN, "ams-ks1"),
    ("keys-present", "both"): (states.healthy, PASS, "KEK for"),
    ("keys-present", "no KEK"): (states.without_kek, FAIL, "no KEK, TEK for"),
    ("keys-present", "ended"): (keys("dub-ks1", "teks", remaining=timedelta(0)), FAIL, "no TEK, 1 that have ended"),
    ("keys-present", "not printed"): (keys("dub-ks1", "teks", remaining=None), UNKNOWN, "dub-ks1"),
    ("keys-present", "silent"): (lacking(KsPolicy), UNKNOWN, "ams-ks1"),
    ("keys-present", "empty"): (states.empty, NA, "no keys yet"),
    ("keys-overlap", "one"): (states.healthy, PASS, "| 1"),
    ("keys-overlap", "shortened"): (states.receive_only, PASS, "| 2"),
    ("keys-overlap", "by hand"): (states.rekeyed_by_hand, FAIL, "lds-ks1 | TEKs that live"),
    ("keys-overlap", "silent"): (lacking(KsPolicy), UNKNOWN, "ams-ks1"),
    ("keys-signing-key", "held"): (states.healthy, PASS, "GETVPN_REKEY | GETVPN_REKEY"),
    ("keys-signing-key", "missing"): (states.misconfigured, FAIL, "GETVPN_REKEY | it holds no RSA key"),
    ("keys-signing-key", "missing, and no KEK"): (states.without_kek, FAIL, "lds-ks1"),
    ("keys-signing-key", "other label"): (other_label, FAIL, "it holds OTHER"),
    ("keys-signing-key", "silent"): (lacking(RsaKeyPairs), UNKNOWN, "ams-ks1"),
    ("keys-signing-key", "no policy"): (
        lambda: states.everywhere(states.healthy(), KsPolicy, lambda _held: KsPolicy()),
        UNKNOWN,
        "no policy names it",
    ),
    ("rekey-on-schedule", "due in time"): (states.healthy, PASS, "rekey of the TEK"),
    ("rekey-on-schedule", "no KEK"): (states.without_kek, FAIL, "no KEK that lives"),
    ("rekey-on-schedule", "overdue"): (
        keys("lds-ks1", "teks", remaining=timedelta(seconds=120), time_to_rekey=timedelta(0)),
        FAIL,
        "due now, the key ends in 120 s",
    ),
    ("rekey-on-schedule", "due too late"): (
        keys("lds-ks1", "keks", remaining=timedelta(seconds=120), time_to_rekey=timedelta(seconds=200)),
        FAIL,
        "due in 200 s, but the key ends in 120 s",
    ),
    ("rekey-on-schedule", "12.4T in time"): (keys("lds-ks1", "teks", time_to_rekey=None), PASS, "no newer key"),
    ("rekey-on-schedule", "12.4T overdue"): (
        keys("lds-ks1", "teks", remaining=timedelta(seconds=100), time_to_rekey=Sentinel.NOT_APPLICABLE),
        FAIL,
        "100 s of its life left, no newer key",
    ),
    ("rekey-on-schedule", "not printed"): (keys("lds-ks1", "teks", remaining=None), UNKNOWN, "lds-ks1"),
    ("rekey-on-schedule", "silent"): (lacking(KsPolicy), UNKNOWN, "ams-ks1"),
    ("rekey-on-schedule", "empty"): (states.empty, NA, "nothing to rekey"),
    ("rekey-kek-against-tek", "twelve times"): (states.healthy, PASS, "at least 3 times 7200 s | 86400 s"),
    ("rekey-kek-against-tek", "less"): (states.misconfigured, FAIL, "at least 3 times 1800 s | 1500 s"),
    ("rekey-kek-against-tek", "silent"): (lacking(Gdoi), UNKNOWN, "ams-ks1"),
    ("rekey-kek-outlives-tek", "longer"): (states.healthy, PASS, "86400 s"),
    ("rekey-kek-outlives-tek", "shorter"): (states.misconfigured, FAIL, "at least 1 times 1800 s | 1500 s"),
    ("rekey-kek-outlives-tek", "not printed"): (gdoi(rekey=None), UNKNOWN, "dub-ks1"),
    ("rekey-acknowledged", "all"): (states.healthy, PASS, "none of 24 members"),
    ("rekey-acknowledged", "missed"): (states.misconfigured, FAIL, "ork-gm1"),
    ("rekey-acknowledged", "not since"): (later, PASS, "none of 24 members"),
    ("rekey-acknowledged", "multicast"): (
        lambda: states.everywhere(states.healthy(), Gdoi, states.in_wan(Gdoi, transport="Multicast")),
        NA,
        "by multicast",
    ),
    ("rekey-acknowledged", "no counters"): (members("lds-ks1", acks_missed=None), UNKNOWN, "no counters"),
    ("rekey-acknowledged", "silent"): (lacking(KsMembers), UNKNOWN, "ams-ks1"),
    ("rekey-acknowledged", "counted, not listed"): (silent_but_full, UNKNOWN, "dub-ks1"),
    ("rekey-acknowledged", "empty"): (states.empty, NA, "has no member of the group"),
    ("rekey-retransmits", "none"): (states.healthy, PASS, "the last rekey | 0"),
    ("rekey-retransmits", "many"): (states.misconfigured, FAIL, "3; to ork-gm1"),
    ("rekey-retransmits", "silent"): (lacking(KsMembers), UNKNOWN, "ams-ks1"),
    ("rekey-retransmits", "empty"): (states.empty, NA, "has no member of the group"),
    ("roster-registered", "all"): (states.healthy, PASS, "24 registered | 24 registered"),
    ("roster-registered", "one is gone"): (states.member_gone, FAIL, "ork-gm1"),
    ("roster-registered", "another state"): (members("lds-ks1", state="Registering"), PASS, "24 registered"),
    ("roster-registered", "silent"): (lacking(KsMembers), UNKNOWN, "ams-ks1"),
    ("roster-registered", "gone, and the primary is silent"): (
        lambda: without(states.member_gone(), "lds-ks1", KsMembers),
        UNKNOWN,
        "the key servers that told do not list it",
    ),
    ("roster-registered", "no address"): (
        lambda: states.nameless(states.healthy(), "ork-gm1"),
        UNKNOWN,
        "ork-gm1 | registration",
    ),
    ("roster-registered", "no inventory"): (states.captures_only, NA, "no inventory"),
    ("roster-known", "all"): (states.healthy, PASS, "24 known"),
    ("roster-known", "stranger"): (
        lambda: states.unknown_to_the_inventory(states.healthy(), "ork-gm1"),
        FAIL,
        "10.254.21.2 registered with 10.255.0.3, the inventory does not know it",
    ),
    ("roster-known", "of another group"): (
        lambda: states.meant(states.healthy(), members=("ham-gm1",)),
        FAIL,
        "the inventory has ork-gm1 not in this group",
    ),
    ("roster-known", "no address"): (
        lambda: states.nameless(states.healthy(), "ork-gm1"),
        UNKNOWN,
        "it may be ork-gm1",
    ),
    ("roster-known", "silent"): (lacking(KsMembers), UNKNOWN, "ams-ks1"),
    ("roster-known", "no inventory"): (states.captures_only, NA, "no inventory"),
}


@pytest.mark.parametrize(("check", "case"), CASES)
def test_group_check(check: str, case: str) -> None:
    make, status, words = CASES[check, case]
    outcome = judged(check, make())
    assert outcome.status is status, outcome
    assert words in said(outcome, status) or words in outcome.reason, outcome


def test_every_group_check_has_a_case_of_each_kind() -> None:
    shown = {(check, status) for (check, _), (_, status, _) in CASES.items()}
    assert every_kind(GROUP_CHECKS) - shown == set()
    assert {check for check, _ in CASES} == {spec.id for spec in GROUP_CHECKS}


@pytest.mark.parametrize("group", ["WAN", "PAYMENTS"])
@pytest.mark.parametrize("make", [states.healthy, states.captures_only], ids=["inventory", "captures"])
def test_the_worked_example_is_healthy(make: Callable[[], FleetState], group: str) -> None:
    outcomes = {spec.id: judged(spec.id, make(), group) for spec in GROUP_CHECKS}
    assert len(outcomes) == len(GROUP_CHECKS)
    assert {check: outcome for check, outcome in outcomes.items() if outcome.status not in {PASS, NA}} == {}


@pytest.mark.parametrize("spec", GROUP_CHECKS, ids=lambda spec: spec.id)
def test_key_servers_that_do_not_answer_are_never_passed(spec: Any) -> None:
    state = states.intended()
    for name in states.KEY_SERVERS:
        state = changed(state, name, evidence=())
    outcome = judged(spec.id, state)
    assert outcome.status is UNKNOWN, outcome


@pytest.mark.parametrize("spec", GROUP_CHECKS, ids=lambda spec: spec.id)
def test_a_group_without_key_servers_is_never_passed(spec: Any) -> None:
    state = states.intended()
    kept = {name: held for name, held in state.devices.items() if name not in states.KEY_SERVERS}
    outcome = judged(spec.id, replace(state, devices=kept))
    assert outcome.status is UNKNOWN, outcome


def test_a_failure_names_the_device_and_what_to_do() -> None:
    made = (states.misconfigured, states.split, states.rebooted, states.without_kek, states.other_identity)
    failures = [
        finding
        for make in made
        for spec in GROUP_CHECKS
        for finding in judged(spec.id, make()).findings
        if finding.status is FAIL
    ]
    assert len(failures) > 30
    assert [finding for finding in failures if not (finding.next_steps and finding.evidence and finding.expected)] == []


def test_a_silent_key_server_hides_no_fault_of_another() -> None:
    outcome = judged("parity-acl", without(states.misconfigured(), "ams-ks1", KsAcl))
    assert outcome.status is FAIL
    assert {finding.status for finding in outcome.findings} == {FAIL, UNKNOWN}


def test_a_list_that_may_not_be_whole_is_not_judged() -> None:
    state = states.misconfigured()
    cut = [
        replace(item, parsed=replace(item.parsed, warnings=("the text ends in the middle of a line",)))
        if item.kind in {KsAcl, KsCoop, Gdoi} and item.parsed is not None
        else item
        for item in state.devices["dub-ks1"].evidence
    ]
    doubtful = changed(state, "dub-ks1", evidence=tuple(cut))
    for check in ("parity-acl", "coop-peers-known", "parity-lifetimes", "policy-acl-size", "policy-served"):
        outcome = judged(check, doubtful)
        assert outcome.status is UNKNOWN, outcome
        assert "may not be whole" in said(outcome, UNKNOWN)


def test_a_namesake_is_another_group() -> None:
    """Its key server is not counted among those of the inventory's group, nor the other way round."""
    names = {view.name: [server.device for server in view.key_servers] for view in group_views(states.other_identity())}
    assert names["WAN (identity 41009)"] == ["dub-ks1"]
    assert "dub-ks1" in said(judged("parity-acl", states.other_identity()), UNKNOWN)


def test_thresholds_can_be_set() -> None:
    assert judged("coop-protocol-version", states.healthy(), base_limit=20).status is FAIL
    assert judged("rekey-acknowledged", states.misconfigured(), missed=1).status is PASS
    assert judged("rekey-retransmits", states.misconfigured(), share=0.2).status is PASS
    assert judged("rekey-kek-against-tek", states.healthy(), ratio=20).status is FAIL
    assert judged("policy-acl-size", states.healthy(), entries=21).status is FAIL
    assert judged("parity-members", states.split(), tolerance=24).status is PASS
    assert judged("parity-pseudotime", states.rebooted(), seconds=1000).status is PASS
    assert judged("keys-overlap", states.rekeyed_by_hand(), share=0.99).status is PASS


def test_eight_thousand_members_are_one_finding_where_all_is_well() -> None:
    def many(held: KsMembers) -> KsMembers:
        row = next(item for item in held.members if item.group_name == "WAN")
        first = int(ip_address("10.64.0.0"))
        return replace(held, members=tuple(replace(row, address=ip_address(first + n)) for n in range(8000)))

    state = states.everywhere(states.healthy(), KsMembers, many)
    assert state.depth is Depth.KS
    assert said(judged("rekey-acknowledged", state), PASS).count("none of 8000 members") == len(states.KEY_SERVERS)
    assert len(judged("coop-versions", state).findings) == 2
    strangers = judged("roster-known", state)
    assert len(strangers.findings) == 8000
    assert {finding.status for finding in strangers.findings} == {FAIL}
