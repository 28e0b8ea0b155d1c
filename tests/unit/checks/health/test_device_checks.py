"""Each check of a device: what it passes, what it finds, and what it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from bank import Bank
from fleets import changed, edited, state_of
from member_worlds import (
    Case,
    Edit,
    edit,
    edits,
    every_kind,
    everything,
    healthy,
    holds,
    judged,
    late,
    later,
    silent,
)

from getvpn_ops.checks.health import DEVICE_CHECKS
from getvpn_ops.model.capture import Trouble, Visit
from getvpn_ops.model.inventory import Device
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.logging import LogDestination, Logging
from getvpn_ops.model.state.pki import Certificate, Certificates
from getvpn_ops.model.state.system import Clock, NtpStatus, ProcessesCpu, RouterTime
from getvpn_ops.model.state.version import PackageLicense, Version
from getvpn_ops.parsing.syslog import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.fleet import FleetState

PASS, FAIL, UNKNOWN, NONE = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
_REREGISTER = "%GDOI-4-GM_RE_REGISTER: The IPSec SA created for group WAN may have expired"


def expecting(device: str, **fields: Any) -> Edit:  # noqa: ANN401 -- of the dataclass
    return lambda state: changed(state, device, device=replace(state.devices[device].device, **fields))


def trouble(device: str, kind: Trouble, **fields: Any) -> Edit:  # noqa: ANN401 -- of the dataclass
    def visited(state: FleetState) -> FleetState:
        visit = Visit(device, state.started, state.ended, trouble=kind, **fields)
        return changed(state, device, visit=visit, evidence=())

    return visited


def captured(state: FleetState) -> FleetState:
    """The same, read from a folder."""
    return replace(state, devices={name: replace(item, visit=None) for name, item in state.devices.items()})


def visited(device: str, **fields: Any) -> Edit:  # noqa: ANN401 -- of the visit
    """A visit that went otherwise."""

    def other(state: FleetState) -> FleetState:
        visit = state.devices[device].visit
        assert visit is not None
        return changed(state, device, visit=replace(visit, **fields))

    return other


def package(current: str, kind: str, after: str) -> Callable[[Version], Version]:
    return lambda shown: replace(shown, packages=(PackageLicense(current, kind, after, "security"),))


def resource(**fields: Any) -> Callable[[Eli], Eli]:  # noqa: ANN401 -- of the dataclass
    def fill(shown: Eli) -> Eli:
        return replace(
            shown,
            engines=tuple(
                replace(engine, resources=tuple(replace(item, **fields) for item in engine.resources))
                for engine in shown.engines
            ),
        )

    return fill


def ends_in(days: int, **fields: Any) -> Callable[[Certificates], Certificates]:  # noqa: ANN401 -- of the class
    def dated(shown: Certificates) -> Certificates:
        now = datetime(2026, 3, 1, 8, 5)  # noqa: DTZ001 -- by the router's clock
        return Certificates(
            tuple(replace(item, end_date=now + timedelta(days=days, hours=1), **fields) for item in shown.certificates)
        )

    return dated


def renewed(shown: Certificates) -> Certificates:
    return ends_in(20, renew_date=datetime(2026, 3, 11))(shown)  # noqa: DTZ001 -- by the router's clock


def pending(shown: Certificates) -> Certificates:
    return Certificates((*shown.certificates, Certificate("Certificate", status="Pending", trustpoints=("NEW",))))


def clock(device: str, *, ahead: timedelta, zone: str, mark: str | None = None) -> Edit:
    """A router's clock off from the time of the answer."""

    def set_to(state: FleetState) -> FleetState:
        moment = state.devices[device].latest(Clock).taken_at.replace(tzinfo=None) + ahead
        return edited(state, device, Clock, lambda _: Clock(RouterTime(moment, zone, mark=mark)))

    return set_to


def logged(device: str, *lines: str, count: int | None = None) -> Edit:
    """Other messages in a router's buffer."""

    def filled(shown: Logging) -> Logging:
        others = tuple(item for item in shown.destinations if item.name != "Buffer")
        buffer = LogDestination("Buffer", level="debugging", logged=count if count is not None else len(lines))
        return replace(shown, messages=tuple(log_line(line) for line in lines), destinations=(*others, buffer))

    return edit(device, Logging, filled)


CASES: dict[tuple[str, str], Case] = {
    ("device-reachable", "well"): (healthy, "ork-gm1", None, PASS, "commands answered"),
    ("device-reachable", "captures"): (healthy, "ork-gm1", captured, NONE, "nobody asked"),
    ("device-reachable", "a pasted log"): (healthy, "ork-gm1", visited("ork-gm1", engine=""), NONE, "nobody asked"),
    ("device-reachable", "no command"): (
        healthy,
        "ork-gm1",
        visited("ork-gm1", commands=0),
        UNKNOWN,
        "answered no command",
    ),
    ("device-reachable", "down"): (
        healthy,
        "ork-gm1",
        trouble("ork-gm1", Trouble.UNREACHABLE, reason="no answer within 10 s"),
        UNKNOWN,
        "unreachable: no answer within 10 s",
    ),
    ("device-reachable", "another device"): (
        healthy,
        "ork-gm1",
        trouble("ork-gm1", Trouble.WRONG_DEVICE, reason="it says FOCX"),
        FAIL,
        "wrong device: it says FOCX",
    ),
    ("device-reachable", "dropped"): (
        healthy,
        "ork-gm1",
        trouble("ork-gm1", Trouble.DROPPED, commands=7),
        UNKNOWN,
        "session dropped (7 commands answered)",
    ),
    ("device-reachable", "not tried"): (healthy, "ork-gm1", trouble("ork-gm1", Trouble.BREAKER), UNKNOWN, "not tried"),
    ("device-reachable", "not asked"): (
        healthy,
        "ork-gm1",
        lambda state: changed(state, "ork-gm1", visit=None, evidence=(), why_not="not in the sample"),
        UNKNOWN,
        "not asked: not in the sample",
    ),
    ("device-serial", "well"): (healthy, "lds-ks1", None, PASS, "FOC2513K4QA"),
    ("device-serial", "12.4T"): (healthy, "cbr-gm1", None, PASS, ""),
    ("device-serial", "of another device"): (healthy, "ork-gm1", expecting("ork-gm1", serial="FCZ0X"), FAIL, "FCZ0X"),
    ("device-serial", "of another device, and it ended there"): (
        healthy,
        "ork-gm1",
        trouble("ork-gm1", Trouble.WRONG_DEVICE, reason="it says FOCX"),
        FAIL,
        "it says FOCX",
    ),
    ("device-serial", "not expected"): (healthy, "ork-gm1", expecting("ork-gm1", serial=""), NONE, "does not say"),
    ("device-serial", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Version), UNKNOWN, "ork-gm1"),
    ("device-release", "well"): (healthy, "ork-gm1", None, PASS, "15.2(4)M11"),
    ("device-release", "IOS-XE with zeros"): (healthy, "lis-gm1", expecting("lis-gm1", release="17.09.04a"), PASS, ""),
    ("device-release", "upgraded"): (healthy, "lis-gm1", expecting("lis-gm1", release="17.6.5"), FAIL, "17.6.5: 17.9."),
    ("device-release", "another rebuild"): (
        healthy,
        "ork-gm1",
        expecting("ork-gm1", release="15.2(4)M10"),
        FAIL,
        "15.2(4)M11",
    ),
    ("device-release", "not expected"): (healthy, "ork-gm1", expecting("ork-gm1", release=""), NONE, "does not say"),
    ("device-release", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Version), UNKNOWN, "ork-gm1"),
    ("device-reload", "nothing to compare with"): (healthy, "ork-gm1", None, NONE, "no earlier run"),
    ("device-reload", "well"): (later, "ork-gm1", None, PASS, "up since"),
    ("device-reload", "it restarted"): (later, "man-gm1", None, FAIL, "Reload Command"),
    ("device-reload", "not told"): (later, "ork-gm1", silent("ork-gm1", Version), UNKNOWN, "ork-gm1"),
    ("device-cpu", "well"): (healthy, "ork-gm1", None, PASS, " %"),
    ("device-cpu", "busy"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", ProcessesCpu, lambda shown: replace(shown, total_5m=97.0)),
        FAIL,
        "under 80 %: 97 %",
    ),
    ("device-cpu", "not told"): (healthy, "ork-gm1", silent("ork-gm1", ProcessesCpu), UNKNOWN, "ork-gm1"),
    ("device-licence", "15.x"): (healthy, "ork-gm1", None, PASS, "securityk9 (Permanent)"),
    ("device-licence", "IOS-XE"): (healthy, "lis-gm1", None, PASS, "network-advantage"),
    ("device-licence", "12.4T has none"): (healthy, "cbr-gm1", None, NONE, "shows none"),
    ("device-licence", "missing"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Version, package("None", "None", "None")),
        FAIL,
        "None (None)",
    ),
    ("device-licence", "an evaluation"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Version, package("securityk9", "EvalRightToUse", "securityk9")),
        FAIL,
        "EvalRightToUse",
    ),
    ("device-licence", "gone after the next start"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Version, package("securityk9", "Permanent", "None")),
        FAIL,
        "after the next start None",
    ),
    ("device-licence", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Version), UNKNOWN, "ork-gm1"),
    ("engine-room", "well"): (healthy, "ork-gm1", None, PASS, "0 refused"),
    ("engine-room", "a key server has none"): (healthy, "lds-ks1", None, NONE, "no member"),
    ("engine-room", "full"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Eli, resource(active=39000, maximum=40000)),
        FAIL,
        "39",
    ),
    ("engine-room", "it refused"): (healthy, "ork-gm1", edit("ork-gm1", Eli, resource(failed=3)), FAIL, "3 refused"),
    ("engine-room", "it refused since the last look"): (
        later,
        "ork-gm1",
        edit("ork-gm1", Eli, resource(failed=3)),
        FAIL,
        "none refused since the last look",
    ),
    ("engine-room", "it refused long ago"): (
        lambda: replace(later(), earlier=edited(late(), "ork-gm1", Eli, resource(failed=3))),
        "ork-gm1",
        edit("ork-gm1", Eli, resource(failed=3)),
        PASS,
        "0 refused",
    ),
    ("engine-room", "dead"): (
        healthy,
        "ork-gm1",
        edit(
            "ork-gm1",
            Eli,
            lambda shown: replace(shown, engines=tuple(replace(item, state="Inactive") for item in shown.engines)),
        ),
        FAIL,
        "Active: Inactive",
    ),
    ("engine-room", "no engine"): (
        healthy,
        "ork-gm1",
        edit("ork-gm1", Eli, lambda shown: replace(shown, engines=())),
        UNKNOWN,
        "lists none",
    ),
    ("engine-room", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Eli), UNKNOWN, "ork-gm1"),
    ("clock-right", "well"): (healthy, "ork-gm1", None, PASS, "right to the second"),
    ("clock-right", "in another zone"): (healthy, "ams-ks1", None, PASS, "right to the second"),
    ("clock-right", "a zone that is not what it says"): (late, "rtm-gm1", None, FAIL, "10800 s ahead"),
    ("clock-right", "behind, in a zone"): (
        healthy,
        "ork-gm1",
        clock("ork-gm1", ahead=timedelta(hours=2, seconds=-200), zone="EET"),
        FAIL,
        "200 s behind",
    ),
    ("clock-right", "never set"): (
        healthy,
        "ork-gm1",
        clock("ork-gm1", ahead=timedelta(days=-8000), zone="CET", mark="*"),
        FAIL,
        "s behind",
    ),
    ("clock-right", "captures"): (
        healthy,
        "ork-gm1",
        edits(captured, edit("ork-gm1", NtpStatus, lambda _: NtpStatus(state="unsynchronized"))),
        UNKNOWN,
        "not known to the second",
    ),
    ("clock-right", "captures, with NTP"): (
        healthy,
        "ork-gm1",
        edits(captured, edit("ork-gm1", NtpStatus, lambda _: NtpStatus(state="synchronized", reference="192.0.2.1"))),
        PASS,
        "by 192.0.2.1",
    ),
    ("clock-right", "not told"): (healthy, "ork-gm1", silent("ork-gm1", Clock, NtpStatus), UNKNOWN, "ork-gm1"),
    ("certificates-valid", "well"): (healthy, "lis-gm1", None, PASS, "365 days left"),
    ("certificates-valid", "pre-shared keys"): (healthy, "ork-gm1", None, NONE, "pre-shared keys"),
    ("certificates-valid", "ended"): (later, "ham-gm1", None, FAIL, "ended 1 day ago"),
    ("certificates-valid", "ends within days"): (
        healthy,
        "lis-gm1",
        edit("lis-gm1", Certificates, ends_in(5)),
        FAIL,
        "5 days left",
    ),
    ("certificates-valid", "not yet"): (
        healthy,
        "lis-gm1",
        edit("lis-gm1", Certificates, ends_in(900, start_date=datetime(2027, 1, 1))),  # noqa: DTZ001 -- as above
        FAIL,
        "begins 2027-01-01",
    ),
    ("certificates-valid", "asked for"): (
        healthy,
        "lis-gm1",
        edit("lis-gm1", Certificates, pending),
        UNKNOWN,
        "Pending",
    ),
    ("certificates-valid", "not told"): (healthy, "lis-gm1", silent("lis-gm1", Certificates), UNKNOWN, "lis-gm1"),
    ("certificates-renewal", "well"): (healthy, "lis-gm1", None, PASS, "365 days left"),
    ("certificates-renewal", "pre-shared keys"): (healthy, "ork-gm1", None, NONE, "pre-shared keys"),
    ("certificates-renewal", "due"): (healthy, "lis-gm1", edit("lis-gm1", Certificates, ends_in(20)), FAIL, "20 days"),
    ("certificates-renewal", "it enrols by itself"): (
        healthy,
        "lis-gm1",
        edit("lis-gm1", Certificates, renewed),
        PASS,
        "renewed by itself on 2026-03-11",
    ),
    ("certificates-renewal", "not told"): (healthy, "lis-gm1", silent("lis-gm1", Certificates), UNKNOWN, "lis-gm1"),
    ("certificates-revocation", "well"): (healthy, "lis-gm1", None, PASS, "none logged"),
    ("certificates-revocation", "pre-shared keys"): (healthy, "ork-gm1", None, NONE, "pre-shared keys"),
    ("certificates-revocation", "no list"): (later, "cph-gm1", None, FAIL, "CRL_FETCH_FAIL"),
    ("certificates-revocation", "no log"): (healthy, "lis-gm1", silent("lis-gm1", Logging), UNKNOWN, "lis-gm1"),
    ("syslog-errors", "well"): (healthy, "ork-gm1", None, PASS, "none"),
    ("syslog-errors", "the group came up"): (healthy, "lds-ks1", None, PASS, "none"),
    ("syslog-errors", "another primary"): (
        healthy,
        "ork-gm1",
        logged(
            "ork-gm1",
            "*Mar  1 08:05:00.000: %GDOI-5-COOP_KS_TRANS_TO_PRI: KS 10.255.0.2 in group WAN transitioned to Primary "
            "(Previous Primary = 10.255.0.1)",
        ),
        FAIL,
        "Previous Primary = 10.255.0.1",
    ),
    ("syslog-errors", "it registered again"): (later, "ork-gm1", None, FAIL, "1 x %GDOI-4-GM_RE_REGISTER"),
    ("syslog-errors", "something else that is critical"): (later, "edi-gm1", None, FAIL, "fire in the rack"),
    ("syslog-errors", "before the last look"): (later, "gla-gm1", None, PASS, "in the last 39 min"),
    ("syslog-errors", "it keeps no log"): (late, "bri-gm1", None, UNKNOWN, "buffer logging is off"),
    ("syslog-errors", "the buffer is too small"): (
        healthy,
        "ork-gm1",
        logged("ork-gm1", "*Mar  1 08:04:00.000: %SYS-5-CONFIG_I: Configured", count=900),
        UNKNOWN,
        "the last 1 of 900 messages",
    ),
    ("syslog-errors", "local time"): (
        healthy,
        "ams-ks1",  # CET, an hour ahead
        logged("ams-ks1", f"*Mar  1 09:04:00.000: {_REREGISTER}"),
        FAIL,
        "GM_RE_REGISTER",
    ),
    ("syslog-errors", "UTC on a router in a zone"): (
        healthy,
        "ams-ks1",
        logged("ams-ks1", f"*Mar  1 08:04:00.000: {_REREGISTER}"),
        FAIL,
        "GM_RE_REGISTER",
    ),
    ("syslog-errors", "old, in local time"): (
        healthy,
        "ams-ks1",
        logged("ams-ks1", f"Mar  1 07:40:00 CET: {_REREGISTER}", "Mar  1 09:04:00 CET: %SYS-5-CONFIG_I: x"),
        PASS,
        "none",
    ),
    ("syslog-errors", "of last year"): (
        healthy,
        "ork-gm1",
        logged("ork-gm1", f"Mar  5 08:04:00.000: {_REREGISTER}", "Mar  1 08:04:00.000: %SYS-5-CONFIG_I: x"),
        PASS,
        "none",
    ),
    ("syslog-errors", "a stamp of before the clock was set that fits"): (
        healthy,
        "ork-gm1",
        logged("ork-gm1", f"*Mar  1 08:01:00.000: {_REREGISTER}", "Mar  1 08:04:00.000: %SYS-5-CONFIG_I: x"),
        FAIL,
        "GM_RE_REGISTER",
    ),
    ("syslog-errors", "before the clock was set"): (
        healthy,
        "ork-gm1",
        edits(
            clock("ork-gm1", ahead=timedelta(), zone="GMT"),
            logged(
                "ork-gm1",
                f"*Jan  2 00:00:07.000: {_REREGISTER}",
                "Mar  1 06:10:00.000: %SYS-6-CLOCKUPDATE: x",
            ),
        ),
        PASS,  # as old as the next message that can be dated
        "none",
    ),
    ("syslog-errors", "by time since the start"): (
        healthy,
        "ork-gm1",
        logged("ork-gm1", f"00:04:00: {_REREGISTER}"),
        FAIL,
        "GM_RE_REGISTER",
    ),
    ("syslog-errors", "without a time"): (healthy, "ork-gm1", logged("ork-gm1", _REREGISTER), FAIL, "GM_RE_REGISTER"),
    ("syslog-errors", "critical messages only are kept"): (
        healthy,
        "ork-gm1",
        edit(
            "ork-gm1",
            Logging,
            lambda shown: replace(shown, destinations=(LogDestination("Buffer", level="critical", logged=0),)),
        ),
        UNKNOWN,
        "level critical only",
    ),
    ("syslog-hostile", "well"): (healthy, "dub-ks1", None, PASS, "none"),
    ("syslog-hostile", "a stranger"): (later, "dub-ks1", None, FAIL, "203.0.113.9"),
    ("syslog-hostile", "not told"): (healthy, "dub-ks1", silent("dub-ks1", Logging), UNKNOWN, "dub-ks1"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[1]}")
def test_check(case: tuple[str, str]) -> None:
    holds(case[0], CASES[case])


def test_every_check_has_its_cases() -> None:
    shown = {(spec_id, status) for (spec_id, _), (*_, status, _) in CASES.items()}
    assert {spec_id for spec_id, _ in CASES} == {spec.id for spec in DEVICE_CHECKS}
    assert every_kind(DEVICE_CHECKS) - shown == set()


def test_who_does_not_answer_is_judged_and_nothing_crashes() -> None:
    bank = Bank()
    state = state_of(bank, devices=("lds-ks1", "ork-gm1", "ham-gm1"), down=("ork-gm1",))
    found = {(view.name, item.spec_id): item.status for view, item in everything(state)}
    assert found["ork-gm1", "device-reachable"] is UNKNOWN
    assert found["ham-gm1", "device-reachable"] is PASS
    assert Status.ERROR not in found.values()
    silent_checks = {status for (name, spec_id), status in found.items() if name.startswith("ork-gm1")}
    assert silent_checks <= {UNKNOWN, NONE}, "nothing of it passes, and nothing of it is called ill"


ILL = {Trouble.HOST_KEY_CHANGED, Trouble.WRONG_DEVICE, Trouble.UNEXPECTED_PROMPT, Trouble.VTYS_FULL}


@pytest.mark.parametrize("kind", Trouble)
def test_every_trouble_is_a_finding_with_a_cause(kind: Trouble) -> None:
    """What was reached and is wrong fails; what was not reached is not known to be ill."""
    state = trouble("ork-gm1", kind, reason="because", next_step="try this")(healthy())
    (finding,) = judged(state, "device-reachable", "ork-gm1").findings
    assert finding.status is (FAIL if kind in ILL else UNKNOWN)
    assert finding.actual == f"{kind.value}: because"
    assert finding.next_steps[0] == "try this"


def test_limits_are_parameters() -> None:
    busy = edited(healthy(), "ork-gm1", ProcessesCpu, lambda shown: replace(shown, total_5m=97.0))
    assert judged(busy, "device-cpu", "ork-gm1", percent=99).status is PASS
    assert judged(later(), "syslog-errors", "edi-gm1", others=-1).status is PASS
    lost = edit("ork-gm1", NtpStatus, lambda _: NtpStatus(state="unsynchronized"))(healthy())
    assert judged(healthy(), "clock-right", "ork-gm1", ntp=True).status is PASS
    assert judged(lost, "clock-right", "ork-gm1", ntp=True).status is FAIL
    assert judged(late(), "clock-right", "rtm-gm1", seconds=20000).status is PASS
    assert judged(late(), "syslog-errors", "gla-gm1", minutes=600).status is FAIL
    assert judged(healthy(), "certificates-valid", "lis-gm1", days=400).status is FAIL


def test_a_device_without_inventory_has_nothing_expected_of_it() -> None:
    state = changed(healthy(), "ork-gm1", device=Device("ork-gm1"))
    for spec_id in ("device-serial", "device-release"):
        assert judged(state, spec_id, "ork-gm1").status is NONE
