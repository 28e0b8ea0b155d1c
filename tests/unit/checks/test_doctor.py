"""What the program needs of a device: each check passes, fails and cannot tell."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from bank import Bank
from fleets import BankClock, BankFleet, Silent, bank_inventory, changed, edited, without

from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.engine.questions import doctor_script
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.outcome import Outcome, Status
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.system import Archive, NtpStatus
from getvpn_ops.model.state.version import Version
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.fleet import FleetState

DEVICE = "lon-gm1"


@cache
def healthy() -> FleetState:
    bank = Bank(minutes=5)
    inventory = bank_inventory(bank)
    silent = Silent()
    collector = Collector(BankFleet(bank), BankClock(bank), silent, silent)
    return collector.collect("r", inventory, Wish(list(inventory.devices.values()), script=doctor_script))


def visited(**fields: Any) -> FleetState:  # noqa: ANN401 -- of the visit
    visit = healthy().devices[DEVICE].visit
    assert visit is not None
    return changed(healthy(), DEVICE, visit=replace(visit, **fields))


def known(**fields: Any) -> FleetState:  # noqa: ANN401 -- of the device
    return changed(healthy(), DEVICE, device=replace(healthy().devices[DEVICE].device, **fields))


def told(kind: type, **fields: Any) -> FleetState:  # noqa: ANN401 -- of the state
    return edited(healthy(), DEVICE, kind, lambda state: replace(state, **fields))


def unanswered(kind: type, **fields: Any) -> FleetState:  # noqa: ANN401 -- of the evidence
    evidence = tuple(
        replace(item, parsed=None, **fields) if item.kind is kind else item
        for item in healthy().devices[DEVICE].evidence
    )
    return changed(healthy(), DEVICE, evidence=evidence)


def lost() -> FleetState:
    visit = Visit(DEVICE, healthy().started, healthy().ended, trouble=Trouble.UNREACHABLE, reason="no answer")
    return changed(healthy(), DEVICE, visit=visit, evidence=())


Case = tuple["Callable[[], FleetState]", Status, str]
CASES: dict[tuple[str, str], Case] = {
    ("doctor-login", "in"): (healthy, Status.PASS, "in by screen"),
    ("doctor-login", "refused"): (
        lambda: visited(trouble=Trouble.LOGIN_REFUSED, reason="for ops", next_step="mend it"), Status.FAIL, "mend it",
    ),
    ("doctor-login", "never tried"): (lambda: changed(healthy(), DEVICE, visit=None), Status.UNKNOWN, "not asked"),
    ("doctor-hostname", "same"): (healthy, Status.PASS, DEVICE),
    ("doctor-hostname", "another"): (lambda: visited(hostname="other"), Status.FAIL, "expected_hostname: other"),
    ("doctor-hostname", "another, and it ended there"): (
        lambda: visited(hostname="", trouble=Trouble.UNEXPECTED_PROMPT, reason="it calls itself x", next_step="see x"),
        Status.FAIL,
        "it calls itself x",
    ),
    ("doctor-hostname", "said otherwise"): (
        lambda: known(expected_hostname="LON-GM1"), Status.PASS, "lon-gm1",
    ),
    ("doctor-hostname", "no prompt"): (lambda: visited(hostname=""), Status.UNKNOWN, "no prompt"),
    ("doctor-serial", "same"): (healthy, Status.PASS, "FOC2431N0AV"),
    ("doctor-serial", "same, in small letters"): (lambda: known(serial="foc2431n0av"), Status.PASS, "FOC2431N0AV"),
    ("doctor-serial", "another"): (lambda: known(serial="FOC0000AAAA"), Status.FAIL, "serial: FOC2431N0AV"),
    ("doctor-serial", "another, and it ended there"): (
        lambda: visited(trouble=Trouble.WRONG_DEVICE, reason="it says FOCX", next_step="look"),
        Status.FAIL,
        "it says FOCX",
    ),
    ("doctor-serial", "not said"): (lambda: known(serial=""), Status.NOT_APPLICABLE, ""),
    ("doctor-serial", "not shown"): (lambda: told(Version, board_id=None, udis=()), Status.UNKNOWN, "names no serial"),
    ("doctor-privilege", "readable"): (healthy, Status.PASS, "it can be read"),
    ("doctor-privilege", "refused"): (
        lambda: unanswered(RunningConfig, trouble=Trouble.REFUSED), Status.FAIL, "privilege 15",
    ),
    ("doctor-privilege", "nothing in it"): (lambda: unanswered(RunningConfig, empty=True), Status.PASS, ""),
    ("doctor-privilege", "not asked"): (lambda: without(healthy(), DEVICE, RunningConfig), Status.UNKNOWN, "nothing"),
    ("doctor-release", "new"): (healthy, Status.PASS, "17.3.6"),
    ("doctor-release", "ancient"): (lambda: told(Version, release="12.3(26)"), Status.FAIL, "12.4(11)T or later"),
    ("doctor-release", "the mainline of 12.4 has no GETVPN"): (
        lambda: told(Version, release="12.4(25d)"), Status.FAIL, "12.4(11)T or later",
    ),
    ("doctor-release", "the first trains of 12.4T had none"): (
        lambda: told(Version, release="12.4(6)T11"), Status.FAIL, "12.4(11)T or later",
    ),
    ("doctor-release", "12.4T"): (
        lambda: edited(known(release="12.4(22)T2"), DEVICE, Version, lambda v: replace(v, release="12.4(22)T2")),
        Status.PASS, "12.4(22)T2",
    ),
    ("doctor-release", "spelt with zeros"): (lambda: known(release="17.03.06"), Status.PASS, "17.3.6"),
    ("doctor-release", "another"): (lambda: known(release="17.6.5"), Status.FAIL, "release: 17.3.6"),
    ("doctor-release", "none"): (lambda: told(Version, release=None), Status.UNKNOWN, "no release"),
    ("doctor-software", "there"): (healthy, Status.PASS, "known"),
    ("doctor-software", "refused"): (lambda: unanswered(Gdoi, trouble=Trouble.REFUSED), Status.FAIL, "securityk9"),
    ("doctor-software", "outside"): (lambda: known(role=Role.OUTSIDER), Status.NOT_APPLICABLE, "not a member"),
    ("doctor-software", "silent device"): (lost, Status.UNKNOWN, "unreachable"),
    ("doctor-readable", "all"): (healthy, Status.PASS, "all 6"),
    ("doctor-readable", "garbled"): (lambda: unanswered(Version, reason="line 2: odd"), Status.FAIL, "line 2: odd"),
    ("doctor-readable", "silent device"): (lost, Status.UNKNOWN, "answered nothing"),
    ("doctor-address", "known"): (healthy, Status.PASS, "10.254.4.2"),
    ("doctor-address", "not said"): (lambda: known(gdoi_addresses=()), Status.FAIL, "gdoi_addresses: [10.254.4.2]"),
    ("doctor-address", "nobody tells"): (
        lambda: edited(known(gdoi_addresses=()), DEVICE, Gdoi, lambda state: replace(state, groups=())),
        Status.UNKNOWN, "gdoi_addresses: [that of the crypto map's interface]",
    ),
    ("doctor-address", "outside"): (lambda: known(role=Role.OUTSIDER), Status.NOT_APPLICABLE, "not a member"),
    ("doctor-address", "not told"): (lambda: without(healthy(), DEVICE, Gdoi), Status.UNKNOWN, "nothing here answers"),
    ("doctor-role", "as said"): (healthy, Status.PASS, "gm"),
    ("doctor-role", "no key server"): (lambda: known(role=Role.KEY_SERVER), Status.FAIL, "gm"),
    ("doctor-role", "not said"): (lambda: known(role=None), Status.PASS, "gm"),
    ("doctor-role", "outside, but a member"): (lambda: known(role=Role.OUTSIDER), Status.FAIL, "gm"),
    ("doctor-role", "not told"): (lambda: without(healthy(), DEVICE, Gdoi), Status.UNKNOWN, "nothing here answers"),
    ("doctor-time", "synchronized"): (lambda: told(NtpStatus, state="synchronized"), Status.PASS, "synchronized"),
    ("doctor-time", "not"): (lambda: told(NtpStatus, state="unsynchronized"), Status.FAIL, "ntp server"),
    ("doctor-time", "garbled"): (
        lambda: told(NtpStatus, state=None, not_running=None), Status.UNKNOWN, "does not tell whether the clock",
    ),
    ("doctor-time", "not told"): (lambda: without(healthy(), DEVICE, NtpStatus), Status.UNKNOWN, "nothing here"),
    ("doctor-archive", "there"): (lambda: told(Archive, not_enabled=None), Status.PASS, "configured"),
    ("doctor-archive", "none"): (lambda: told(Archive, not_enabled="Archive not enabled"), Status.FAIL, "path flash"),
    ("doctor-archive", "old"): (lambda: unanswered(Archive, trouble=Trouble.REFUSED), Status.NOT_APPLICABLE, "none"),
    ("doctor-archive", "not told"): (lambda: without(healthy(), DEVICE, Archive), Status.UNKNOWN, "nothing here"),
}  # fmt: skip


def words(outcome: Outcome) -> str:
    found = [outcome.reason]
    for finding in outcome.findings:
        found += [finding.message, finding.expected, finding.actual, *finding.next_steps]
    return " | ".join(found)


@pytest.mark.parametrize(("key", "case"), CASES.items(), ids=[" ".join(key) for key in CASES])
def test_check(key: tuple[str, str], case: Case) -> None:
    state, status, said = case
    outcome = evaluate(DOCTOR_CHECKS[key[0]], state().devices[DEVICE])
    assert outcome.status is status, words(outcome)
    assert said in words(outcome)


def test_every_check_has_a_pass_a_fail_and_an_unknown_case() -> None:
    seen = {(name, case[1]) for (name, _), case in CASES.items()}
    wanted = {(spec.id, status) for spec in DOCTOR_CHECKS for status in (Status.PASS, Status.FAIL, Status.UNKNOWN)}
    assert not wanted - seen


def test_the_example_needs_nothing() -> None:
    failed = {
        (spec.id, state.name)
        for spec in DOCTOR_CHECKS
        for state in healthy().devices.values()
        if evaluate(spec, state).status not in {Status.PASS, Status.NOT_APPLICABLE}
    }
    assert failed == set()
