"""The event trace as a clue: beside the log, without it, over, unreadable; what it does not show counts for nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS
from fleets import BankFleet, Silent, changed, edited, state_of
from wards import EARLY, Ward, early, healthy, logged, told

from getvpn_ops.engine.diagnose import diagnose, look_again
from getvpn_ops.engine.questions import EVENT_TRACE
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.diagnosis import Likelihood, Points, Weight
from getvpn_ops.model.fleet import Evidence, FleetState
from getvpn_ops.model.state.event_trace import EventTrace
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from getvpn_ops.model.diagnosis import Clue, Suspect

KS = KEY_SERVERS[0]
OUT = {fault: name for name, (fault, _) in EARLY.items()}
"""Fault -> a member that has it."""


def quiet(state: FleetState, *devices: str) -> FleetState:
    """The same where somebody has typed ``clear logging``."""
    for name in devices:
        state = edited(state, name, Logging, lambda log: replace(log, messages=()))
    return state


def traced(state: FleetState, device: str, *events: str, ago: float = 60) -> FleetState:
    """The same where a device's event trace shows events of some seconds ago."""
    moment = state.devices[device].latest(Logging).taken_at - timedelta(seconds=ago)
    stamp = f"{moment:%b} {moment.day} {moment:%Y %H:%M:%S}.000"
    text = "".join(f"{stamp}: {event}\n" for event in events)
    return told(state, device, EventTrace, EVENT_TRACE, parse(EVENT_TRACE, text).data)


@dataclass(frozen=True, slots=True)
class Case:
    """Log buffers of the key servers are empty; one trace holds some events.

    Attributes:
        fault: of the member; empty for none.
        events: with ``{me}`` for the address of the member.
        cause: that is looked at.
        likelihood: of it; None if it is not suspected.
        says: words of a clue for or against it.
        points: of that clue.
        weight: of that clue.
        on: whose trace it is; the member's if it is ``member``.
    """

    fault: str
    events: tuple[str, ...]
    cause: str
    likelihood: Likelihood | None
    says: str = ""
    points: Points = Points.FOR
    weight: Weight = Weight.STRONG
    on: str = KS


REFUSED = "GDOI_REG_EVENT: registration of {me} in group WAN refused: not authorized"
SANITY = "GDOI_REG_EVENT: IKE message from {me} failed its sanity check or is malformed"
COMPLETE = "GDOI_REG_EVENT: registration of {me} in group WAN complete"
CASES = {
    "not authorized": Case("rights", (REFUSED,), "not-authorized", Likelihood.LIKELY, "not authorized"),
    "another key": Case("psk", (SANITY,), "psk-mismatch", Likelihood.LIKELY, "sanity check"),
    "main mode": Case(
        "ike_policy", ("Processing of Main mode failed with peer at {me}",), "ike-policy-mismatch",
        Likelihood.LIKELY, "Main mode failed",
    ),
    "another identity": Case(
        "udp_848", ("group identity 999 of {me} does not match",), "group-id-differs", None, "does not match",
    ),
    "policy": Case("udp_848", ("GM {me}: policy rejected",), "policy-refused", Likelihood.LIKELY, "policy rejected"),
    "refused, and then registered": Case("rights", (REFUSED, "X: nothing", COMPLETE), "not-authorized", None),
    "another group": Case("rights", (REFUSED.replace("WAN", "OTHER"),), "not-authorized", None),
    "another member": Case("rights", (REFUSED.replace("{me}", "203.0.113.7"),), "not-authorized", None),
    "words of no meaning": Case("rights", ("registration of {me}: REG_STATE 7",), "not-authorized", None),
    "the key server hears it": Case(
        "udp_848", (REFUSED,), "udp-848-blocked", None, "hears it, by its event trace", Points.AGAINST,
    ),
    "nobody answers": Case(
        "udp_848", ("registration to 10.255.0.1 timed out",), "udp-848-blocked", Likelihood.POSSIBLE,
        "timed out", Points.FOR, Weight.HINT, "member",
    ),
    "another address does not answer": Case(
        "udp_848", ("registration to 203.0.113.7 timed out",), "no-route-to-server", None, on="member",
    ),
    "a signature": Case(
        "deaf", ("rekey from 10.255.0.1: signature verification failed",), "rekeys-lost", None,
        "cannot take them, by its event trace", Points.AGAINST, Weight.STRONG, "member",
    ),
}  # fmt: skip


def suspect(state: FleetState, device: str, cause: str) -> tuple[Likelihood | None, tuple[Clue, ...]]:
    """How a cause stands, and its clues, whether it is suspected or not."""
    found = next(item for item in diagnose(state, device) if item.group == "WAN")
    held: list[Suspect] = [item for item in (*found.suspects, *found.ruled_out, *found.open) if item.cause == cause]
    mine = [item for item in held if item.likelihood.is_suspected]
    return (mine[0].likelihood if mine else None), tuple(clue for item in held for clue in item.clues)


@pytest.mark.parametrize("name", CASES)
def test_the_trace_alone(name: str) -> None:
    case = CASES[name]
    member = OUT[case.fault]
    state = quiet(early(), *KEY_SERVERS)
    device = member if case.on == "member" else case.on
    me = str(next(iter(state.devices[member].device.gdoi_addresses)))
    state = traced(state, device, *(event.format(me=me) for event in case.events))
    likelihood, clues = suspect(state, member, case.cause)
    mine = [clue for clue in clues if clue.evidence and any(EVENT_TRACE in seen.command for seen in clue.evidence)]
    if case.likelihood is not None or not case.says:
        assert likelihood == case.likelihood, clues
    assert [(clue.points, clue.weight) for clue in mine] == ([(case.points, case.weight)] if case.says else [])
    assert all(case.says in clue.says for clue in mine)


@pytest.mark.parametrize("fault", ["rights", "psk"])
def test_without_log_and_trace_the_cause_is_not_named(fault: str) -> None:
    """So that the cases above can fail: the trace is what names it."""
    member = OUT[fault]
    assert suspect(quiet(early(), *KEY_SERVERS), member, EARLY[member][1])[0] is None


def test_what_the_log_says_too_counts_little_more() -> None:
    member = OUT["psk"]
    me = early().devices[member].device.gdoi_addresses[0]
    before, _ = suspect(early(), member, "psk-mismatch")
    after, clues = suspect(traced(early(), KS, SANITY.format(me=me)), member, "psk-mismatch")
    assert before is after is Likelihood.LIKELY
    assert [clue.weight for clue in clues if "event trace" in clue.says] == [Weight.HINT]


def test_what_the_log_shows_to_be_over_is_over() -> None:
    member = OUT["rights"]
    me = early().devices[member].device.gdoi_addresses[0]
    state = traced(quiet(early(), *KEY_SERVERS), KS, REFUSED.format(me=me))
    done = f"%GDOI-5-KS_REGS_COMPL: KS completed successful registration in group WAN with GM {me}"
    assert suspect(state, member, "not-authorized")[0] is Likelihood.LIKELY
    assert suspect(logged(state, KS, done), member, "not-authorized")[0] is None


def test_an_old_event_and_one_without_a_date() -> None:
    member = OUT["rights"]
    me = early().devices[member].device.gdoi_addresses[0]
    state = quiet(early(), *KEY_SERVERS)
    old = traced(state, KS, REFUSED.format(me=me), ago=3 * 86400)
    assert suspect(old, member, "not-authorized") == suspect(state, member, "not-authorized")
    undated = parse(EVENT_TRACE, f"Feb 30 10:00:00.000: {REFUSED.format(me=me)}\n").data
    likelihood, clues = suspect(told(state, KS, EventTrace, EVENT_TRACE, undated), member, "not-authorized")
    assert likelihood is Likelihood.POSSIBLE
    assert [clue.weight for clue in clues if "event trace" in clue.says] == [Weight.HINT]
    moment = f"{state.devices[KS].latest(Logging).taken_at:%b %d %Y %H:%M:%S}.000"
    both = f"{moment}: {REFUSED}\nFeb 30 10:00:00.000: {COMPLETE}\n".format(me=me)
    over = told(state, KS, EventTrace, EVENT_TRACE, parse(EVENT_TRACE, both).data)
    assert suspect(over, member, "not-authorized") == suspect(state, member, "not-authorized")


def _answer(state: FleetState, device: str, trouble: Trouble | None, reason: str) -> FleetState:
    item = Evidence(device, EVENT_TRACE, EventTrace, state.ended, None, trouble, reason)
    return changed(state, device, evidence=(*state.devices[device].evidence, item))


UNREAD = {
    "refused": (Trouble.REFUSED, "% Invalid input detected at '^' marker."),
    "empty": (None, ""),
    "not understood": (None, "this is not the output of the command"),
}


@pytest.mark.parametrize("how", UNREAD)
@pytest.mark.parametrize("state", [early, healthy], ids=["early", "healthy"])
def test_a_trace_that_cannot_be_read_changes_no_verdict(how: str, state: object) -> None:
    assert callable(state)
    before = state()
    after = before
    for name in before.devices:
        after = _answer(after, name, *UNREAD[how])
    for was, now in zip(diagnose(before), diagnose(after), strict=True):
        assert (was.symptoms, was.suspects, was.ruled_out, was.open) == (
            now.symptoms, now.suspects, now.ruled_out, now.open,
        )  # fmt: skip


def test_signatures_speak_for_keys_that_differ() -> None:
    member = OUT["deaf"]
    state = traced(early(), member, "GDOI_EXIT: rekey from 10.255.0.1: signature verification failed")
    _, clues = suspect(state, "WAN", "rsa-key-differs")
    assert [(clue.points, clue.weight) for clue in clues if "signature" in clue.says] == [(Points.FOR, Weight.STRONG)]
    state = traced(early(), member, "rekey from 10.255.0.1: signature verification failed", "REKEY_RCVD: From a to b")
    assert not [clue for clue in suspect(state, "WAN", "rsa-key-differs")[1] if "signature" in clue.says]


@cache
def cut() -> FleetState:
    """A key server that its peers do not hear, and the traces that the lab's routers show."""
    ward = Ward(10)
    ward.harm("udp-848-blocked", "lds-ks1")
    ward.pass_time(minutes=5)
    state = state_of(ward, devices=KEY_SERVERS)
    asked = {item.device: (EVENT_TRACE,) for item in state.devices.values()}
    return look_again(state, asked, run="r", fleet=BankFleet(ward), archive=Silent(), progress=Silent())


def test_a_lost_peer_in_the_trace_of_the_lab() -> None:
    _, clues = suspect(cut(), "WAN", "key-server-cut-off")
    mine = [clue for clue in clues if "its event trace says" in clue.says]
    assert mine
    assert {(clue.points, clue.weight) for clue in mine} == {(Points.FOR, Weight.HINT)}
    assert any("10.255.0." in clue.says and "Unreachable" in clue.says for clue in mine)
