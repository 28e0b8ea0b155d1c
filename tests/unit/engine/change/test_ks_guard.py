"""Whether a key server may be touched: the group's state, the order of roles, and the distance to the next rekey."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fake_hands import bank_stage, network_inventory, plan_of
from networks import MIDDLE, NEW, OLD, Network, key_server, member, network, registered

from getvpn_ops.engine.change import ks_guard
from getvpn_ops.engine.change.ks_guard import guard_key_server
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Margins
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, PlannedLine, PlannedStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_hands import Stage

    from getvpn_ops.engine.change.scene import Hold

GROUP = "gdoi-group1"
COOP, POLICY = "show crypto gdoi ks coop", "show crypto gdoi ks policy"
LIST, REPLAY = "show crypto gdoi ks acl", "show crypto gdoi ks replay"
TIMES = "show crypto gdoi"
KEYS = "show crypto key mypubkey rsa"
PATH = (f"crypto gdoi group {GROUP}", "server local")
ALIVE = "Peer KS Status: Alive"


def step(
    name: str, device: str, kind: StepKind = StepKind.SET, effect: RekeyEffect = RekeyEffect.BY_COMMAND
) -> PlannedStep:
    """Two more repetitions of rekeys."""
    after, before = (PlannedLine(f"rekey retransmit 10 number {count}", PATH) for count in (5, 3))
    return PlannedStep(name, device, "repeat rekeys more often", Configure(kind, (after,), (before,), effect), (GROUP,))


STEPS = (step("001-ks2", "ks2"), step("002-ks3", "ks3"), step("003-ks1", "ks1"))


def staged(made: Network, *steps: PlannedStep, margins: Margins | None = None) -> Stage:
    return bank_stage(made, plan_of(*(steps or STEPS)), network_inventory(made), margins)


def swap(old: str, new: str) -> Callable[[str], str]:
    """Rewrite a screen; it must hold what is rewritten."""

    def rewrite(text: str) -> str:
        assert re.search(old, text), text
        return re.sub(old, new, text)

    return rewrite


def done(stage: Stage, *names: str) -> None:
    """Steps that are on their devices."""
    for item in stage.scene.plan.steps:
        if item.id in names:
            stage.scene.log.send(item.id, item.device, "", (), lambda: Settled(StepResult.APPLIED), once=False)


def looked(stage: Stage, at: PlannedStep, *, policy: bool = True) -> Hold | None:
    before = stage.clock.now()
    held = guard_key_server(at, stage.scene, policy=policy)
    assert stage.ledger.typed == []
    assert (held is None) or stage.clock.now() - before < timedelta(hours=1)
    return held


@pytest.fixture(scope="module")
def sound() -> Network:
    """Three key servers and two members; tests only rewrite what its screens say."""
    return registered(2)


UNSOUND: dict[str, tuple[dict[tuple[str, str], Callable[[str], str | None]], ExitCode, str]] = {
    "a dead peer": ({("ks3", COOP): swap(ALIVE, "Peer KS Status: Dead ")}, ExitCode.FINDINGS, "COOP session"),
    "no IKE with a peer": (
        {("ks2", COOP): swap("IKE status: Established", "IKE status: Down")}, ExitCode.FINDINGS, "IKE Down",
    ),
    "a split": (
        {("ks2", COOP): swap("Local KS Role: Secondary", "Local KS Role: Primary  ")}, ExitCode.FINDINGS,
        "all writes to the group are frozen",
    ),
    "an election": (
        {("ks3", COOP): swap("Local KS Role: Secondary", "Local KS Role: Unknown  ")}, ExitCode.FINDINGS, "election",
    ),
    "no primary": (
        {("ks1", COOP): swap("Local KS Role: Primary  ", "Local KS Role: Secondary")}, ExitCode.FINDINGS, "election",
    ),
    "COOP is not read": ({("ks2", COOP): lambda _: "what is this?"}, ExitCode.UNDETERMINED, "ks2"),
    "COOP is refused": ({("ks2", COOP): lambda _: None}, ExitCode.UNDETERMINED, "ks2"),
    "another setting": (
        {("ks2", TIMES): swap(r"Retransmit Attempts: 3", "Retransmit Attempts: 4")}, ExitCode.FINDINGS, "retransmit",
    ),
    "another list": (
        {("ks3", LIST): swap(r"port = 22 any", "port = 23 any")}, ExitCode.FINDINGS, "access list",
    ),
    "another TEK": (
        {("ks3", POLICY): swap(r"(TEK POLICY[^\n]*\n\s+spi\s+: )0x\w+", r"\g<1>0x1234ABCD")}, ExitCode.FINDINGS, "TEK",
    ),
    "another RSA key": (
        {("ks2", KEYS): swap(r"[0-9A-F]{8} \r?\n", "0BADF00D \r\n")}, ExitCode.FINDINGS, "RSA",
    ),
    "no RSA key": ({("ks3", KEYS): lambda _: ""}, ExitCode.FINDINGS, "holds no key"),
    "no time of the pseudotime": (
        {("ks1", REPLAY): swap(r"Remaining sync time\s+: \d+ secs", "Remaining sync time      : n/a")},
        ExitCode.UNDETERMINED, "pseudotime",
    ),
    "pseudotime is refused": ({("ks1", REPLAY): lambda _: None}, ExitCode.UNDETERMINED, "pseudotime"),
    "a group that nobody counts": ({("ks1", TIMES): lambda _: "what is this?"}, ExitCode.UNDETERMINED, "ks1"),
}  # fmt: skip


def test_a_sound_group_may_be_touched_by_secondaries_first(sound: Network) -> None:
    stage = staged(sound)
    assert [looked(stage, item) for item in STEPS[:2]] == [None, None]
    assert stage.said == []


@pytest.mark.parametrize("case", UNSOUND)
def test_nothing_is_touched_in_a_group_that_is_not_sound(case: str, sound: Network) -> None:
    rewrites, code, word = UNSOUND[case]
    stage = staged(sound, margins=Margins(poll=0.1))
    stage.ledger.rewrites |= rewrites
    held = looked(stage, STEPS[0])
    assert held is not None
    assert (held.code, word in held.reason) == (code, True), held
    assert held.next_step


def test_a_key_server_that_does_not_answer_is_unknown(sound: Network) -> None:
    stage = staged(sound)
    stage.ledger.down.add("ks3")
    held = looked(stage, STEPS[0])
    assert held is not None
    assert held.code is ExitCode.UNDETERMINED
    assert "ks3 did not answer" in held.reason


ORDER: dict[str, tuple[PlannedStep, tuple[str, ...], bool, ExitCode | None]] = {
    "the primary while a secondary waits": (STEPS[2], ("001-ks2",), True, ExitCode.STALE),
    "the primary as the last": (STEPS[2], ("001-ks2", "002-ks3"), True, None),
    "the primary, and nothing is shipped": (STEPS[2], (), False, None),
    "the primary builds": (step("004", "ks1", StepKind.BUILD, RekeyEffect.NONE), (), True, None),
    "the primary cleans up alone": (step("004", "ks1", StepKind.CLEAN_UP), (), True, None),
    "a secondary": (STEPS[1], (), True, None),
}


@pytest.mark.parametrize("case", ORDER)
def test_whoever_is_primary_now_comes_last(case: str, sound: Network) -> None:
    at, before, policy, code = ORDER[case]
    stage = staged(sound, *STEPS, *([at] if at not in STEPS else []))
    for name in before:  # what is done shows on its screens, and not on those of the others
        stage.ledger.rewrites[name[4:], TIMES] = swap("Retransmit Attempts: 3", "Retransmit Attempts: 5")
    done(stage, *before)
    held = looked(stage, at, policy=policy)
    assert (held and held.code) == code, held
    assert held is None or "roles have changed" in held.reason


def test_lines_of_the_plan_are_no_difference_and_others_are(sound: Network) -> None:
    stage = staged(sound)
    stage.ledger.rewrites["ks2", TIMES] = swap("Retransmit Attempts: 3", "Retransmit Attempts: 5")
    assert looked(stage, STEPS[1]) is not None
    done(stage, "001-ks2")
    assert looked(stage, STEPS[1]) is None
    done(stage, "002-ks3")  # its lines are taken, and its screen does not show them
    held = looked(stage, STEPS[2])
    assert held is not None
    assert "retransmit attempts" in held.reason


def test_a_group_that_runs_nowhere_is_no_obstacle_unless_somebody_does_not_say_so() -> None:
    stage = staged(network(0))
    assert looked(stage, STEPS[0]) is None
    stage.ledger.down.add("ks3")
    held = looked(stage, STEPS[0])
    assert held is not None
    assert held.code is ExitCode.UNDETERMINED


def test_a_key_server_joins_a_group_that_runs() -> None:
    pair = ("ks1", "ks2")
    bare = ["interface Loopback0", " ip address 192.0.2.3 255.255.255.255"]
    servers = {name: key_server(name, names=pair) for name in pair}
    made = Network({**servers, "ks3": bare, "gm1": member("gm1", servers=pair)})
    made.run(180)
    assert looked(staged(made, STEPS[1]), STEPS[1]) is None
    held = looked(staged(made, STEPS[0]), STEPS[0])  # the plan does not make it one: it is missing
    assert held is not None
    assert "ks3" in held.reason


# -- the distance to the next rekey


def near(made: Network, seconds: float) -> None:
    """Let time pass until so many seconds before the TEK is renewed."""
    due = made.ks("ks1").next_tek_rekey
    assert due is not None
    made.clock.advance(due - timedelta(seconds=seconds))


@pytest.mark.parametrize("usual", [NEW, MIDDLE])
def test_a_rekey_that_is_due_is_let_pass_and_seen(usual: str) -> None:
    made = registered(2, usual=usual)
    near(made, 60)
    stage = staged(made)
    before = made.ks("ks1").rekeys_sent
    assert looked(stage, STEPS[0]) is None
    assert made.ks("ks1").rekeys_sent == before + 1
    assert len(stage.said) == 1
    assert "TEK" in stage.said[0]


def test_a_note_of_the_pseudotime_is_let_pass() -> None:
    names = ("ks1", "ks2", "ks3")
    lives = {name: [line.replace("seconds 7200", "seconds 28800") for line in key_server(name)] for name in names}
    made = Network({**lives, "gm1": member("gm1")})
    made.run(180)
    due = made.ks("ks1").next_sync
    assert due is not None
    made.clock.advance(due - timedelta(seconds=60))
    stage = staged(made)
    assert looked(stage, STEPS[0]) is None
    assert "pseudotime" in stage.said[0]
    assert made.clock.now() > due
    assert len(made.spis("ks1")) == 1  # it brings no new key


def test_old_software_that_does_not_print_the_moment_is_watched_until_new_keys_are_there() -> None:
    made = registered(2, usual=OLD)
    near(made, 60)
    stage = staged(made)
    before = made.ks("ks1").teks[0].spi
    assert looked(stage, STEPS[0]) is None
    assert made.ks("ks1").teks[0].spi != before
    near(made, 1200)
    assert looked(stage, STEPS[0]) is None
    assert len(stage.said) == 1


def test_a_rekey_that_does_not_come_holds() -> None:
    made = registered(2)
    stage = staged(made)
    stage.ledger.rewrites["ks1", POLICY] = swap(r"time to rekey \(sec\): \d+", "time to rekey (sec): 30")
    held = looked(stage, STEPS[0])
    assert held is not None
    assert held.code is ExitCode.FINDINGS
    assert "no configuration mode now" in held.reason


def test_a_wait_that_somebody_ends_holds() -> None:
    made = registered(2)
    near(made, 60)
    stage = staged(made)
    held = guard_key_server(STEPS[0], replace(stage.scene, stopping=lambda: True), policy=True)
    assert held is not None
    assert held.code is ExitCode.INTERRUPTED


# -- the last look

LAST: dict[str, tuple[str, dict[tuple[str, str], Callable[[str], str | None]], ExitCode | None]] = {
    "a secondary": ("ks2", {}, None),
    "a secondary that became primary": (
        "ks2", {("ks2", COOP): swap("Local KS Role: Secondary", "Local KS Role: Primary  ")}, ExitCode.STALE,
    ),
    "the primary while others wait": ("ks1", {}, ExitCode.STALE),
    "an election": (
        "ks2", {("ks2", COOP): swap("Local KS Role: Secondary", "Local KS Role: Unknown  ")}, ExitCode.FINDINGS,
    ),
    "nothing is read": ("ks2", {("ks2", COOP): lambda _: None}, ExitCode.UNDETERMINED),
}  # fmt: skip


@pytest.mark.parametrize("case", LAST)
def test_the_last_look_in_the_session(case: str, sound: Network) -> None:
    device, rewrites, code = LAST[case]
    stage = staged(sound)
    stage.ledger.rewrites |= rewrites
    at = next(item for item in STEPS if item.device == device)
    with stage.hands.opened(device) as hand:
        held = ks_guard.last_look(at, stage.scene, hand)
    assert (held and held.code) == code, held


TO_GO = {"far": (300, None), "nearer than half of the margin": (50, ExitCode.FINDINGS)}


@pytest.mark.parametrize("case", TO_GO)
def test_the_last_look_of_a_primary_at_the_time(case: str) -> None:
    seconds, code = TO_GO[case]
    made = registered(2)
    near(made, seconds)
    stage = staged(made)
    done(stage, "001-ks2", "002-ks3")
    with stage.hands.opened("ks1") as hand:
        held = ks_guard.last_look(STEPS[2], stage.scene, hand)
    assert (held and held.code) == code, held


def test_a_key_server_alone_needs_no_peers() -> None:
    made = registered(1, 1)
    assert made.ks("ks1").members
    assert key_server("ks1", names=["ks1"])
    stage = staged(made, STEPS[2])
    assert looked(stage, STEPS[2]) is None
