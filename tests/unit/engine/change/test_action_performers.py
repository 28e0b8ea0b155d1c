"""Actions on devices: typed once whatever happens in between, proven by devices, held where nobody can tell."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from acting import applied, planned, staged
from bank import Bank
from fake_hands import Fault, Killed
from screens import Screen

from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending


@pytest.fixture(scope="module")
def routers() -> Bank:
    """A conformant group that works; each test leaves it so."""
    return Bank()


def dues(bank: Bank, *groups: str) -> list[datetime]:
    """When primaries rekey."""
    servers = [bank.server(name, group) for name in ("lds-ks1", "ams-ks1", "dub-ks1") for group in groups]
    primaries = [server for server in servers if server.role.value == "Primary"]
    found = [(one.next_tek_rekey, one.next_kek_rekey, one.next_sync) for one in primaries]
    return [moment for moments in found for moment in moments if moment is not None]


@pytest.fixture
def bank(routers: Bank) -> Iterator[Bank]:
    """The same, some time after the test before, and some time before the next rekey."""
    routers.pass_time(minutes=1)
    while (due := min(dues(routers, "WAN", "PAYMENTS"))) < routers.clock.now() + timedelta(minutes=25):
        routers.clock.advance(max(due, routers.clock.now()) + timedelta(minutes=1))
    yield routers
    for router in routers.world.routers.values():
        router.gdoi.debugs.clear()


def typed(bank: Bank, name: str, *lines: str) -> None:
    """Somebody types on a router."""
    screen = Screen(router=bank.world.routers[name])
    screen.enter(*lines)
    screen.router.sessions.remove(screen.terminal)


def finished(stage: Stage) -> tuple[Stage, Ending]:
    """Apply, and go on as often as the run is killed."""
    for _ in range(4):
        try:
            return stage, applied(stage)
        except Killed:
            stage = stage.resumed()
    pytest.fail("it is killed again and again")


ACTIONS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "member": ("clear-member", "aar-gm1", {}, "clear crypto gdoi$", r"within \d+ s, and has 0x[0-9A-F]{8} of lds-ks1"),
    "old member": ("clear-member", "lon-gm1", {}, "clear crypto gdoi$", r"registered anew within \d+ s"),
    "SAs": ("clear-sa", "aar-gm1", {}, "clear crypto sa$", r"registered anew within \d+ s"),
    "IKE": ("clear-isakmp", "aar-gm1", {}, "clear crypto isakmp$", r"none of [1-9]\d* IKE SAs"),
    "direction": ("direction", "aar-gm1", {"to": "only"}, "direction inbound only$", "its SAs are inbound only"),
    "COOP counters": ("clear-coop-counters", "dub-ks1", {}, "coop counters$", r"fell from [1-9]\d* to \d"),
    "key server": ("clear-key-server", "lds-ks1", {"group": "PAYMENTS"}, "PAYMENTS$", "2 members are registered again"),
    "its members": ("clear-ks-members", "lds-ks1", {"group": "PAYMENTS"}, "ks members$", "2 members are registered"),
    "saving": ("save", "aar-gm1", {}, "write memory", "the same in the running and in the saved"),
}  # fmt: skip


def prepared(bank: Bank, action: str, name: str) -> None:
    """What makes an action show: IKE SAs, a direction, a line that is not saved."""
    if action == "clear-isakmp":
        typed(bank, name, "clear crypto gdoi", "yes")
    elif action == "direction":
        typed(bank, name, "crypto gdoi gm group WAN ipsec direction both")
    elif action == "save":
        line = f"description changed at {bank.clock.now():%H:%M:%S}"
        typed(bank, name, "configure terminal", "interface Loopback0", line, "end")
    bank.pass_time(seconds=40)


@pytest.mark.parametrize(("action", "name", "raw", "line", "proof"), ACTIONS.values(), ids=ACTIONS.keys())
def test_done_and_proven(  # noqa: PLR0913, PLR0917 -- one case
    bank: Bank, action: str, name: str, raw: dict[str, Any], line: str, proof: str
) -> None:
    prepared(bank, action, name)
    stage = staged(bank, planned(bank, action, [name], **raw))
    assert applied(stage).code is ExitCode.GOOD
    assert len(stage.ledger.lines(name)) == len(stage.ledger.typed) == 1
    assert re.search(line, stage.ledger.lines(name)[0])
    evidence = stage.scene.log.proven(stage.scene.plan.steps[0].id)
    assert evidence is not None
    assert re.search(proof, evidence)
    again = stage.resumed()
    assert applied(again).code is ExitCode.GOOD
    assert len(stage.ledger.typed) == 1, "what is proven is not typed again"


BUSY_AT = 4
"""The look at which the CPU is too busy; the first is before debugging."""
KINDS = ("drop-before", "drop-after", "kill-before", "kill-after")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("action", "name", "raw", "line", "proof"), ACTIONS.values(), ids=ACTIONS.keys())
def test_interrupted(  # noqa: PLR0913, PLR0917 -- one case
    bank: Bank, kind: str, action: str, name: str, raw: dict[str, Any], line: str, proof: str
) -> None:
    """Whatever happened, the end is the same, and the line was typed once."""
    prepared(bank, action, name)
    stage = staged(bank, planned(bank, action, [name], **raw), Fault(name, line, kind))
    stage, ending = finished(stage)
    if kind == "drop-before":
        assert ending.code is ExitCode.UNDETERMINED, "nothing was sent, and a person goes on"
        assert not stage.ledger.typed
        stage, ending = finished(stage.resumed())
    assert ending.code is ExitCode.GOOD, ending.reason
    assert len(stage.ledger.typed) == 1
    assert re.search(proof, stage.scene.log.proven(stage.scene.plan.steps[0].id) or "")


@pytest.mark.parametrize(("action", "name", "raw", "line", "proof"), ACTIONS.values(), ids=ACTIONS.keys())
def test_refused_by_the_device(  # noqa: PLR0913, PLR0917 -- one case
    bank: Bank, action: str, name: str, raw: dict[str, Any], line: str, proof: str
) -> None:
    del proof
    stage = staged(bank, planned(bank, action, [name], **raw), Fault(name, line, "refuse"))
    ending = applied(stage)
    assert ending.code is ExitCode.FINDINGS
    assert "% Not now." in f"{ending.reason} {ending.held}"
    assert stage.scene.log.proven(stage.scene.plan.steps[0].id) is None


# -- members


def test_each_member_is_proven_before_the_next(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "reregister", ["aar-gm1", "lon-gm1"]))
    stage.ledger.faults.append(Fault("lon-gm1", "clear crypto gdoi", "refuse"))
    ending = applied(stage)
    assert ending.code is ExitCode.FINDINGS
    assert [device for device, _ in stage.ledger.typed] == ["lon-gm1"], "the second was not begun"


def with_command(stage: Stage, around: Callable[[Callable[[Any], Any], Any], Any]) -> None:
    """Let something happen around every line that is typed."""
    make = stage.hands.make

    def made(name: str, keep: Any) -> Any:  # noqa: ANN401 -- a fake
        hand = make(name, keep)
        command = hand.command
        hand.command = lambda line: around(command, line)  # type: ignore[method-assign, assignment]
        return hand

    stage.hands.make = made


def test_member_that_does_not_come_back(bank: Bank) -> None:
    lines = bank.world.routers["aar-gm1"].running.lines()
    keys = [line for line in lines if line.startswith("crypto isakmp key")]
    assert keys
    stage = staged(bank, planned(bank, "clear-member", ["aar-gm1"]))

    def without_credential(command: Callable[[Any], Any], line: Any) -> Any:  # noqa: ANN401 -- a fake
        typed(bank, "aar-gm1", "configure terminal", *(f"no {key}" for key in keys), "end")
        return command(line)

    with_command(stage, without_credential)
    ending = applied(stage)
    typed(bank, "aar-gm1", "configure terminal", *keys, "end")
    bank.pass_time(minutes=15)
    assert ending.code is ExitCode.FINDINGS
    assert "aar-gm1 did not come back: registration" in ending.held["aar-gm1"]


NOTHING: dict[str, tuple[str, str, dict[str, Any], ExitCode, str]] = {
    "member": ("clear-member", "aar-gm1", {}, ExitCode.FINDINGS, "no registration since"),
    "key server": (
        "clear-key-server", "lds-ks1", {"group": "PAYMENTS"}, ExitCode.UNDETERMINED, "nothing shows that any of them",
    ),
    "direction": ("direction", "aar-gm1", {"to": "only"}, ExitCode.FINDINGS, "shows both, not inbound only"),
    "counters": ("clear-coop-counters", "dub-ks1", {}, ExitCode.FINDINGS, "did not fall"),
}  # fmt: skip


@pytest.mark.parametrize(("action", "name", "raw", "code", "reason"), NOTHING.values(), ids=NOTHING.keys())
def test_line_that_was_taken_and_did_nothing(  # noqa: PLR0913, PLR0917 -- one case
    bank: Bank, action: str, name: str, raw: dict[str, Any], code: ExitCode, reason: str
) -> None:
    prepared(bank, action, name)
    stage = staged(bank, planned(bank, action, [name], **raw))
    with_command(stage, lambda command, line: command(replace(line, line="show clock")))
    ending = applied(stage)
    assert ending.code is code
    assert reason in f"{ending.reason} {ending.held}"
    assert stage.scene.log.proven(stage.scene.plan.steps[0].id) is None


def test_member_that_stays_silent(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "clear-member", ["aar-gm1"]))

    def down_afterwards(command: Callable[[Any], Any], line: Any) -> Any:  # noqa: ANN401 -- a fake
        stage.ledger.down.add("aar-gm1")
        return command(line)

    with_command(stage, down_afterwards)
    ending = applied(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert "did not come back" in ending.held["aar-gm1"]
    stage.ledger.down.clear()
    assert applied(stage.resumed()).code is ExitCode.GOOD
    assert stage.ledger.lines() == ["clear crypto gdoi"]


# -- roles


def test_role_goes_to_the_best_and_back(bank: Bank) -> None:
    path = ("configure terminal", "crypto gdoi group WAN", "server local", "redundancy")
    primary = next(name for name in ("lds-ks1", "ams-ks1") if bank.server(name).role.value == "Primary")
    typed(bank, primary, *path, "local priority 10", "end")
    bank.pass_time(minutes=2)
    stage = staged(bank, planned(bank, "role-change", ["WAN"]), Fault(primary, "coop role", "kill-after"))
    soon = bank.clock.now() + timedelta(minutes=10)
    keys = {tek.spi for tek in bank.server(primary).teks if tek.ends > soon}
    stage, ending = finished(stage)
    assert ending.code is ExitCode.GOOD, ending.reason
    assert stage.ledger.lines(primary) == ["clear crypto gdoi group WAN ks coop role"]
    (now,) = [name for name in ("lds-ks1", "ams-ks1", "dub-ks1") if bank.server(name).role.value == "Primary"]
    assert now != primary
    assert keys
    assert keys <= {tek.spi for tek in bank.server(now).teks}
    assert f"{now} is the one primary" in (stage.scene.log.proven("001-" + primary) or "")
    typed(bank, primary, *path, "local priority 120", "end")
    bank.pass_time(minutes=2)
    back = staged(bank, planned(bank, "role-change", ["WAN"]), Fault(now, "coop role", "drop-before"))
    assert applied(back).code is ExitCode.UNDETERMINED
    assert applied(back.resumed()).code is ExitCode.GOOD
    assert bank.server(primary).role.value == "Primary"


def test_role_that_moved_since_the_plan(bank: Bank) -> None:
    path = ("configure terminal", "crypto gdoi group PAYMENTS", "server local", "redundancy")
    primary, other = sorted(("lds-ks1", "ams-ks1"), key=lambda name: bank.server(name, "PAYMENTS").role.value)
    typed(bank, primary, *path, "local priority 10", "end")
    bank.pass_time(minutes=2)
    plan = planned(bank, "role-change", ["PAYMENTS"])
    typed(bank, primary, "clear crypto gdoi group PAYMENTS ks coop role")
    bank.pass_time(minutes=2)
    stage = staged(bank, plan)
    ending = applied(stage)
    typed(bank, primary, *path, "local priority 130", "end")
    assert ending.code is ExitCode.FINDINGS
    assert f"{other} is the primary of group PAYMENTS now" in ending.reason
    assert not stage.ledger.typed


# -- direction


def test_direction_is_held_when_a_rekey_came_near(bank: Bank) -> None:
    plan = planned(bank, "direction", ["aar-gm1"], minutes="5")
    due = min(dues(bank, "WAN"))
    bank.clock.advance(due - timedelta(minutes=3))
    stage = staged(bank, replace(plan, expires=due))
    ending = applied(stage)
    bank.pass_time(minutes=5)
    assert ending.code is ExitCode.FINDINGS
    assert "before the test is over" in ending.held["aar-gm1"]
    assert not stage.ledger.typed


def test_direction_that_nobody_shows(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "direction", ["aar-gm1"]))
    stage.ledger.rewrites["aar-gm1", "show crypto gdoi"] = lambda text: re.sub(r".*SA Direction.*\n", "", text)
    ending = applied(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert "shows no direction" in ending.held["aar-gm1"]


# -- debugging


def test_debugging_is_bounded_and_kept(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "debug", ["aar-gm1"], what="gdoi gm rekey", seconds="45"))
    before = bank.clock.now()
    assert applied(stage).code is ExitCode.GOOD
    assert stage.ledger.lines() == ["debug crypto gdoi gm rekey", "undebug all"]
    assert (bank.clock.now() - before).total_seconds() == pytest.approx(45, abs=5)
    assert not bank.world.routers["aar-gm1"].gdoi.debugs
    asked = [capture.command for capture in stage.captures if capture.device == "aar-gm1"]
    assert asked.count("show processes cpu") >= 4
    assert asked[-2:] == ["show debugging", "show logging"]


ENDS: dict[str, tuple[str, str, ExitCode]] = {
    "drop while it is switched on": ("debug crypto", "drop-after", ExitCode.FINDINGS),
    "kill while it is switched on": ("debug crypto", "kill-after", ExitCode.FINDINGS),
    "kill before it is switched on": ("debug crypto", "kill-before", ExitCode.GOOD),
    "drop before it is switched off": ("undebug all", "drop-before", ExitCode.GOOD),
    "drop while it is switched off": ("undebug all", "drop-after", ExitCode.GOOD),
    "kill before it is switched off": ("undebug all", "kill-before", ExitCode.GOOD),
    "kill while it is switched off": ("undebug all", "kill-after", ExitCode.GOOD),
}


@pytest.mark.parametrize(("line", "kind", "code"), ENDS.values(), ids=ENDS.keys())
def test_debugging_is_always_switched_off(bank: Bank, line: str, kind: str, code: ExitCode) -> None:
    stage = staged(bank, planned(bank, "debug", ["aar-gm1"], seconds="20"), Fault("aar-gm1", line, kind))
    stage, ending = finished(stage)
    assert ending.code is code, ending
    assert not bank.world.routers["aar-gm1"].gdoi.debugs
    assert stage.scene.log.proven("001-aar-gm1")
    assert stage.ledger.lines().count("debug crypto gdoi") == 1


def test_debugging_ends_when_the_cpu_is_busy(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "debug", ["aar-gm1"], seconds="300"))
    looks: list[str] = []

    def busy(text: str) -> str:
        looks.append(text)
        load = 20 if len(looks) < BUSY_AT else 85
        return re.sub(r"five seconds: \d+%/\d+%; one minute: \d+%", f"five seconds: {load}%/1%; one minute: 9%", text)

    stage.ledger.rewrites["aar-gm1", "show processes cpu"] = busy
    ending = applied(stage)
    assert ending.code is ExitCode.FINDINGS
    assert "its CPU is at 85 %" in ending.held["aar-gm1"]
    assert len(looks) == BUSY_AT
    assert not bank.world.routers["aar-gm1"].gdoi.debugs


CONSOLE = "level debugging, 9 messages logged, xml disabled"
UNFIT: dict[str, tuple[str, Callable[[str], str | None], ExitCode, str]] = {
    "busy": (
        "show processes cpu", lambda text: re.sub(r"five seconds: \d+%", "five seconds: 61%", text), ExitCode.FINDINGS,
        "its CPU is at 61 %",
    ),
    "CPU not told": ("show processes cpu", lambda _: None, ExitCode.UNDETERMINED, "show processes cpu"),
    "buffer for notices": (
        "show logging", lambda text: re.sub(r"(Buffer logging: +level) debugging", r"\1 notifications", text),
        ExitCode.FINDINGS, "its log buffer takes no debugging (notifications)",
    ),
    "console": (
        "show logging", lambda text: text.replace("Console logging: disabled", f"Console logging: {CONSOLE}"),
        ExitCode.FINDINGS, "its console logs debugging",
    ),
    "nobody knows what is debugged": ("show debugging", lambda _: None, ExitCode.UNDETERMINED, "is not known"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "rewrite", "code", "reason"), UNFIT.values(), ids=UNFIT.keys())
def test_debugging_is_not_begun(
    bank: Bank, command: str, rewrite: Callable[[str], str | None], code: ExitCode, reason: str
) -> None:
    stage = staged(bank, planned(bank, "debug", ["aar-gm1"]))
    stage.ledger.rewrites["aar-gm1", command] = rewrite
    ending = applied(stage)
    assert ending.code is code
    assert reason in ending.held["aar-gm1"]
    assert not stage.ledger.typed


def test_debugging_of_somebody_else_is_left_alone(bank: Bank) -> None:
    plan = planned(bank, "debug", ["aar-gm1"])
    typed(bank, "aar-gm1", "debug crypto isakmp")
    stage = staged(bank, plan)
    ending = applied(stage)
    assert ending.code is ExitCode.FINDINGS
    assert "somebody is debugging" in ending.held["aar-gm1"]
    assert not stage.ledger.typed
    assert bank.world.routers["aar-gm1"].gdoi.debugs == {"crypto isakmp"}


def test_condition_that_a_release_does_not_know(bank: Bank) -> None:
    plan = planned(bank, "debug", ["aar-gm1"], what="isakmp", peer="10.1.250.1")
    stage = staged(bank, plan, Fault("aar-gm1", "debug crypto condition", "refuse"))
    ending = applied(stage)
    assert ending.code is ExitCode.FINDINGS
    assert not bank.world.routers["aar-gm1"].gdoi.debugs
    assert len(stage.ledger.lines()) == 1, "nothing more was typed"


def test_router_that_is_lost_while_it_is_debugged(bank: Bank) -> None:
    stage = staged(bank, planned(bank, "debug", ["aar-gm1"], seconds="20"))
    stage.ledger.faults.append(Fault("aar-gm1", "undebug all", "drop-before"))
    hands = stage.hands.make

    def down_afterwards(command: Callable[[Any], Any], line: Any) -> Any:  # noqa: ANN401 -- a fake
        stage.ledger.down.add("aar-gm1")
        return command(line)

    with_command(stage, down_afterwards)
    ending = applied(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert "debugging may still be on" in ending.held["aar-gm1"]
    stage.ledger.down.clear()
    stage.hands.make = hands
    again = stage.resumed()
    applied(again)
    assert not bank.world.routers["aar-gm1"].gdoi.debugs
    assert again.scene.log.proven("001-aar-gm1")
