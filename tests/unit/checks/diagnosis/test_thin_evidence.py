"""No cause is blamed for what was hardly seen, and none is ruled out by what was not seen at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS
from fleets import changed, edited, without
from wards import early, healthy, late, logged, told

from getvpn_ops.cli.diagnose import ending
from getvpn_ops.engine.diagnose import diagnose
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.diagnosis import Likelihood
from getvpn_ops.model.inventory import Inventory
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.crypto_map import CryptoMaps, FailClose, FailCloses
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm_details import GmAcl, GmDataplane, GmReplay
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.model.state.ks import KsAcl, KsMembers
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.model.state.pki import Certificate, Certificates
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.model.state.system import Clock
from getvpn_ops.parsing.syslog import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.diagnosis import Diagnosis
    from getvpn_ops.model.fleet import FleetState

SURE = {Likelihood.CERTAIN, Likelihood.LIKELY}
SUSPECTED = SURE | {Likelihood.POSSIBLE}
OUT = {Likelihood.RULED_OUT}


def of(state: FleetState, target: str) -> Diagnosis:
    return next(item for item in diagnose(state, target) if item.group == "WAN")


def likelihoods(diagnosis: Diagnosis, cause: str, device: str = "") -> set[Likelihood]:
    every = (*diagnosis.suspects, *diagnosis.ruled_out, *diagnosis.open)
    return {item.likelihood for item in every if item.cause == cause and (not device or device in item.devices)}


def doubtful(state: FleetState, device: str, kind: type) -> FleetState:
    """The same where the parser doubts that the device's answers of a kind are whole."""
    found = state.devices[device]
    kept = tuple(
        replace(item, parsed=replace(item.parsed, warnings=("the text breaks off",)))
        if item.kind is kind and item.parsed is not None else item
        for item in found.evidence
    )  # fmt: skip
    return changed(state, device, evidence=kept)


def at(state: FleetState, device: str, ago: timedelta | None, text: str) -> FleetState:
    """The same where a device logged this as its last message, so long ago; undated if None."""
    sample = state.devices[device].latest(Logging)
    when = sample.taken_at - (ago or timedelta())
    stamp = f"{when:%b} {when.day} {when:%Y %H:%M:%S}.000: " if ago is not None else ""
    more = (*sample.value.messages, log_line(stamp + text))
    return told(state, device, Logging, "show logging", replace(sample.value, messages=more))


def groups(state: FleetState, device: str, kind: type, **fields: Any) -> FleetState:  # noqa: ANN401 -- of its groups
    return edited(state, device, kind, lambda item: replace(
        item, groups=tuple(replace(group, **fields) for group in item.groups)))  # fmt: skip


def refused_by_name(name: str) -> FleetState:
    text = (
        f"%GDOI-1-UNAUTHORIZED_IDENTITY: Group WAN received registration from unauthorized identity: FQDN name: {name}"
    )
    return logged(healthy(), "lds-ks1", text)


def captured(server: str) -> FleetState:
    """One key server and one member of it, without inventory, as from a folder of captures."""

    def edit(gdoi: Gdoi) -> Gdoi:
        found = (replace(group, members=tuple(replace(item, registered_with=ip_address(server))
                                              for item in group.members)) for group in gdoi.groups)  # fmt: skip
        return replace(gdoi, groups=tuple(found))

    state = edited(healthy(), "edi-gm1", Gdoi, edit)
    kept = {name: replace(state.devices[name], device=replace(state.devices[name].device, gdoi_addresses=()))
            for name in ("lds-ks1", "edi-gm1")}  # fmt: skip
    return replace(state, devices=kept, inventory=Inventory())


def mute_peers() -> FleetState:
    state = healthy()
    for name in ("ams-ks1", "dub-ks1"):
        state = changed(state, name, evidence=())
    return state


def down(state: FleetState, *names: str) -> FleetState:
    for name in names:
        visit = state.devices[name].visit
        assert visit is not None
        gone = replace(visit, commands=0, trouble=Trouble.UNREACHABLE, reason="no answer within 10 s")
        state = changed(state, name, evidence=(), visit=gone)
    return state


def peers_of(state: FleetState, device: str, status: str | None) -> FleetState:
    return edited(state, device, KsCoop, lambda coop: replace(coop, groups=tuple(
        replace(group, peers=tuple(replace(peer, status=status) for peer in group.peers))
        for group in coop.groups)))  # fmt: skip


def nobody_tells_the_status() -> FleetState:
    state = down(healthy(), "lds-ks1")
    for name in ("ams-ks1", "dub-ks1"):
        state = peers_of(state, name, None)
    return state


def shut_without_maps() -> FleetState:
    shut = FailClose("GETVPN-MAP", activate=True)
    return without(told(early(), "lis-gm1", FailCloses, "show crypto map gdoi fail-close", FailCloses(maps=(shut,))),
                   "lis-gm1", CryptoMaps)  # fmt: skip


def sent_by_the_primary() -> FleetState:
    state = at(healthy(), "ams-ks1", timedelta(minutes=5), "%GDOI-5-POLICY_CHANGE: GDOI group WAN policy has changed.")
    text = "%GDOI-5-KS_SEND_UNICAST_REKEY: Sending Unicast Rekey for group WAN from address 10.255.0.1 with seq # 7"
    return at(state, "lds-ks1", timedelta(minutes=4), text)


def pinged(state: FleetState, target: str, percent: int, size: int = 100) -> FleetState:
    ping = Ping(percent, target=ip_address(target), size_bytes=size, df="DF bit set" if size > 1000 else None)
    return told(state, "edi-gm1", Ping, f"ping {target} size {size}", ping)


def few_packets() -> FleetState:
    """Two packets went out between the looks and none came back."""
    state = without(healthy(), "edi-gm1", GmDataplane)
    count = iter((100, 102))

    def edit(sas: IpsecSas) -> IpsecSas:
        number = next(count)
        rest = iter((number,))

        def through(item: Any) -> Any:  # noqa: ANN401 -- any level of it
            for name in ("interfaces", "crypto_maps"):
                if hasattr(item, name):
                    return replace(item, **{name: tuple(map(through, getattr(item, name)))})
            return replace(item, idents=tuple(replace(one, packets_encrypted=next(rest, 0), packets_decrypted=5)
                                              for one in item.idents))  # fmt: skip

        found: IpsecSas = through(sas)
        return found

    return edited(state, "edi-gm1", IpsecSas, edit)


def two_lists() -> FleetState:
    """Sixty entries in each of two lists: neither is too long."""

    def edit(acl: KsAcl) -> KsAcl:
        def one(group: Any) -> Any:  # noqa: ANN401 -- a group of it
            first = group.entries[0]
            return replace(group, entries=tuple(
                replace(first, access_list=name) for name in ("A", "B") for _ in range(60)))  # fmt: skip

        return replace(acl, groups=tuple(map(one, acl.groups)))

    state = healthy()
    for name in KEY_SERVERS:
        state = edited(state, name, KsAcl, edit)
    return state


def certificate(state: FleetState, device: str, kind: str) -> FleetState:
    now = state.devices[device].latest(Clock).value.now.time
    old = Certificate(kind, "Available", start_date=now - timedelta(days=900), end_date=now - timedelta(days=400),
                      trustpoints=("TP-self-signed-1",))  # fmt: skip
    return told(state, device, Certificates, "show crypto pki certificates", Certificates((old,)))


def off_clock() -> FleetState:
    """The clock is wrong, and nobody knows whether there are certificates."""
    state = without(without(early(), "ork-gm1", Certificates), "ork-gm1", Logging)
    for name in KEY_SERVERS:
        state = without(state, name, Logging)
    return edited(state, "ork-gm1", Clock, lambda clock: replace(
        clock, now=replace(clock.now, time=clock.now.time - timedelta(days=3, minutes=7))))  # fmt: skip


def our_clock() -> FleetState:
    """Every router is off by as much, so that it may be this machine."""
    state = certificate(early(), "ork-gm1", "CA Certificate")
    for name in (*KEY_SERVERS, "ork-gm1"):
        state = edited(state, name, Clock, lambda clock: replace(
            clock, now=replace(clock.now, time=clock.now.time - timedelta(days=3, minutes=7))))  # fmt: skip
    return state


def rolled() -> FleetState:
    """The logs of the key servers hold the last minute only."""
    state = early()
    for name in KEY_SERVERS:
        state = edited(state, name, Logging, lambda log: replace(log, messages=log.messages[-1:], destinations=tuple(
            replace(item, logged=4000) if item.name == "Buffer" else item for item in log.destinations)))  # fmt: skip
        state = at(state, name, timedelta(minutes=1), "%SYS-5-CONFIG_I: Configured from console by vty0")
    return state


def terse() -> FleetState:
    """The key servers log errors only, so that they would not say what they heard."""

    def edit(log: Logging) -> Logging:
        kept = (replace(item, level="errors") if item.name == "Buffer" else item for item in log.destinations)
        return replace(log, messages=(), destinations=tuple(kept))

    state = early()
    for name in KEY_SERVERS:
        state = edited(state, name, Logging, edit)
    return state


def pseudotime_missing() -> FleetState:
    return edited(healthy(), "edi-gm1", GmReplay, lambda replay: replace(
        replay, groups=tuple(replace(item, replay_value=None) for item in replay.groups)))  # fmt: skip


def denied_by_both() -> FleetState:
    """The member's own list denies what the downloaded list denies too."""

    def edit(acl: GmAcl) -> GmAcl:
        def one(group: Any) -> Any:  # noqa: ANN401 -- a group of it
            deny = next(ace for ace in group.acl_downloads[0].entries if ace.action == "deny")
            ours = replace(late_local(), ace=deny)
            return replace(group, local_acls=tuple(replace(item, entries=(ours,)) for item in group.local_acls))

        return replace(acl, groups=tuple(map(one, acl.groups)))

    return edited(late(), "bir-gm1", GmAcl, edit)


@cache
def late_local() -> Any:  # noqa: ANN401 -- an entry of a member's own list
    acl = late().devices["bir-gm1"].latest(GmAcl).value
    return next(entry for group in acl.groups for own in group.local_acls for entry in own.entries)


def strangers() -> FleetState:
    """Its key server does not list the member, and lists someone whom nobody knows."""

    def edit(members: KsMembers) -> KsMembers:
        rows = tuple(replace(row, address=ip_address("192.0.2.9")) if row.address == own else row
                     for row in members.members)  # fmt: skip
        return replace(members, members=rows)

    state = healthy()
    own = state.devices["edi-gm1"].device.gdoi_addresses[0]
    for name in KEY_SERVERS:
        state = edited(state, name, KsMembers, edit)
    return state


CASES: dict[str, tuple[Callable[[], FleetState], str, str, set[Likelihood]]] = {  # cause that must not be so judged
    "another device's name begins alike": (lambda: refused_by_name("edi-gm12.bank"), "edi-gm1", "not-authorized",
                                           SUSPECTED),
    "another device's name ends alike": (lambda: refused_by_name("med-edi-gm1"), "edi-gm1", "not-authorized",
                                         SUSPECTED),
    "a key server that was not captured": (lambda: captured("10.255.0.2"), "edi-gm1", "rogue-key-server", SUSPECTED),
    "one of its servers was not captured": (lambda: captured("10.255.0.1"), "edi-gm1", "wrong-server-address",
                                            SUSPECTED),
    "fail-close, and no crypto maps": (shut_without_maps, "lis-gm1", "fail-close-in-the-way", OUT),
    "a cut show crypto gdoi of a key server": (
        lambda: groups_gone("dub-ks1"), "WAN", "key-server-not-serving", SUSPECTED),
    "a cut show crypto gdoi of a member": (lambda: groups_gone("edi-gm1"), "edi-gm1", "group-missing", SUSPECTED),
    "cut crypto maps": (
        lambda: doubtful(edited(healthy(), "edi-gm1", CryptoMaps, lambda maps: replace(maps, entries=())), "edi-gm1",
                         CryptoMaps), "edi-gm1", "crypto-map-missing", SUSPECTED),
    "cut RSA keys": (
        lambda: doubtful(edited(healthy(), "dub-ks1", RsaKeyPairs, lambda pairs: replace(pairs, keys=())), "dub-ks1",
                         RsaKeyPairs), "WAN", "rsa-key-missing", SUSPECTED),
    "cut COOP": (lambda: doubtful(groups(healthy(), "dub-ks1", KsCoop, peers=()), "dub-ks1", KsCoop), "WAN",
                 "key-server-peer-missing", SUSPECTED),
    "no peer told whether it hears it": (mute_peers, "WAN", "key-server-cut-off", OUT),
    "a status that is not printed": (nobody_tells_the_status, "WAN", "key-server-down", {Likelihood.CERTAIN}),
    "nobody at all answers us": (lambda: down(healthy(), *healthy().devices), "WAN", "key-server-down", SURE),
    "the primary sent what a secondary changed": (sent_by_the_primary, "WAN", "change-not-sent", SUSPECTED),
    "no direction is printed": (lambda: groups(healthy(), "lds-ks1", Gdoi, sa_direction=None), "WAN",
                                "receive-only-left", OUT),
    "two lists": (two_lists, "WAN", "acl-too-long", SUSPECTED),
    "an undated clear": (lambda: at(healthy(), "lds-ks1", None, "%GDOI-5-KS_CLEAR_REGISTER: Config: cleared by vty0"),
                         "WAN", "registration-storm", SURE),
    "large to one, small to another": (lambda: pinged(pinged(healthy(), "10.11.0.1", 100), "10.12.0.1", 0, 1400),
                                       "edi-gm1", "mtu-black-hole", SUSPECTED),
    "an echo that goes to no member": (lambda: pinged(few_packets(), "192.0.2.1", 100), "edi-gm1", "esp-blocked", OUT),
    "two packets one way": (few_packets, "edi-gm1", "esp-blocked", SURE),
    "a self-signed certificate": (lambda: certificate(early(), "ork-gm1", "Router Self-Signed Certificate"), "ork-gm1",
                                  "certificate-invalid", SUSPECTED),
    "a certificate, and other words of the key servers": (lambda: certificate(early(), "utr-gm1", "Certificate"),
                                                          "utr-gm1", "certificate-invalid", {Likelihood.CERTAIN}),
    "a clock without certificates": (off_clock, "ork-gm1", "clock-wrong", SURE),
    "a clock that the key servers agree with": (our_clock, "ork-gm1", "clock-wrong", SUSPECTED),
    "a log that begins a minute ago": (rolled, "lub-gm1", "udp-848-blocked", SUSPECTED),
    "a log of errors only": (terse, "lub-gm1", "udp-848-blocked", SUSPECTED),
    "no pseudo-time is printed": (pseudotime_missing, "edi-gm1", "tbar-skew", OUT),
    "denied by the group's list too": (denied_by_both, "bir-gm1", "local-deny-one-sided", SUSPECTED),
    "refusals of the engine since its start": (
        lambda: edited(healthy(), "edi-gm1", Eli, lambda eli: replace(eli, engines=tuple(
            replace(item, resources=tuple(replace(one, failed=1) for one in item.resources[:1]))
            for item in eli.engines))), "edi-gm1", "engine-exhausted", SURE),
    "a key server without members prints no lifetimes": (lambda: groups(healthy(), "ams-ks1", Gdoi, rekey=None), "WAN",
                                                         "policy-mismatch", SUSPECTED),
    "refused once, and registered": (lambda: refused_by_name("edi-gm1.bank"), "edi-gm1", "not-authorized",
                                     {Likelihood.CERTAIN}),
    "a stranger at the key server": (strangers, "edi-gm1", "nat-on-path", SURE),
}  # fmt: skip


def groups_gone(device: str) -> FleetState:
    return doubtful(edited(healthy(), device, Gdoi, lambda gdoi: replace(gdoi, groups=())), device, Gdoi)


@pytest.mark.parametrize(("make", "target", "cause", "wrong"), CASES.values(), ids=CASES)
def test_it_is_not_said(make: Callable[[], FleetState], target: str, cause: str, wrong: set[Likelihood]) -> None:
    assert not likelihoods(of(make(), target), cause) & wrong


def test_its_own_name_is_known() -> None:
    assert likelihoods(of(refused_by_name("edi-gm1.bank"), "edi-gm1"), "not-authorized") & SUSPECTED


def test_a_status_that_is_not_printed_is_no_symptom() -> None:
    assert of(peers_of(healthy(), "ams-ks1", None), "WAN").symptoms == ()


def test_a_ping_elsewhere_is_no_symptom() -> None:
    assert of(pinged(healthy(), "192.0.2.1", 0), "edi-gm1").symptoms == ()


def test_two_packets_one_way_are_no_symptom() -> None:
    assert of(few_packets(), "edi-gm1").symptoms == ()


def test_an_undated_message_is_not_of_the_last_hour() -> None:
    text = "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=10.7.0.5, prot=50"
    assert not [item for item in of(at(healthy(), "edi-gm1", None, text), "edi-gm1").symptoms if "hour" in item.says]


def test_no_map_is_claimed_that_nobody_saw() -> None:
    state = without(early(), "ork-gm1", CryptoMaps)
    says = [
        clue.says for item in of(state, "ork-gm1").ruled_out if item.cause == "interface-down" for clue in item.clues
    ]
    assert not [text for text in says if "no crypto map" in text]


@pytest.mark.parametrize("device", ["edi-gm1", "dub-ks1"])
def test_no_symptom_is_no_good_end_where_it_is_not_known_how_a_device_stands(device: str) -> None:
    assert ending(diagnose(healthy())) is ExitCode.GOOD
    found = diagnose(without(healthy(), device, Gdoi))
    assert ending(found) is ExitCode.UNDETERMINED
    assert [item.device for item in of(without(healthy(), device, Gdoi), "WAN").looked_at if item.blind] == [device]


def test_a_dead_key_server_is_confirmed_elsewhere() -> None:
    state = down(healthy(), "lds-ks1")
    for name in ("ams-ks1", "dub-ks1"):
        state = peers_of(state, name, "Dead")
    found = next(item for item in of(state, "WAN").suspects if item.cause == "key-server-down")
    assert "lds-ks1" not in {step.device for step in found.confirm}
    assert {step.command for step in found.confirm} == {"show crypto gdoi ks coop", "ping 10.255.0.1"}
    steps = [step for item in of(down(early(), "lds-ks1"), "ork-gm1").suspects for step in item.confirm]
    assert steps
    assert "lds-ks1" not in {step.device for step in steps}
