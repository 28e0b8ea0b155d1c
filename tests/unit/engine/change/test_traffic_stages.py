"""Stages that look at traffic: encrypted here and decrypted there, and which packets still pass."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flowing import FlowingBank
from plans import example
from stage_steps import STEP, evidence, stage_step, staged, went

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import OperatorWord, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fake_hands import Stage

PAIR = ("ham-gm1", "ork-gm1")
COUNTERS = "show crypto gdoi gm dataplane counters"


@pytest.fixture(scope="module")
def routers() -> FlowingBank:
    """A conformant group; each test leaves it so."""
    return FlowingBank()


@pytest.fixture
def bank(routers: FlowingBank) -> Iterator[FlowingBank]:
    undo: list[Callable[[], None] | None] = []
    harm = routers.harm

    def remembered(name: str, device: str, **options: str) -> None:
        undo.append(harm(name, device, **options))

    routers.harm = remembered  # type: ignore[method-assign]
    yield routers
    routers.harm = harm  # type: ignore[method-assign]
    for back in undo:
        if back is not None:
            back()
    routers.pass_time(minutes=1)


def step_on(bank: FlowingBank, action: str, **params: Any) -> Stage:  # noqa: ANN401 -- of the action
    return staged(bank, stage_step(action, PAIR, ("WAN",), **params), example())


def refused(_: str) -> None:
    """The device does not know the command."""


# -- prove-traffic


def test_both_directions_are_encrypted_and_decrypted(bank: FlowingBank) -> None:
    stage = step_on(bank, "prove-traffic", packets=5)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    for one, other in (PAIR, PAIR[::-1]):
        assert f"{one} -> {other}: " in evidence(stage)
        assert f"decrypted on {other}" in evidence(stage)
    assert not stage.ledger.typed, "echoes are no changes"


def test_esp_that_is_filtered_is_named_by_its_direction(bank: FlowingBank) -> None:
    bank.harm("esp-filtered", "ork-gm1")
    stage = step_on(bank, "prove-traffic")
    done = went(stage)
    assert done.code is ExitCode.FINDINGS
    assert "ham-gm1 -> ork-gm1" in done.reason
    assert not evidence(stage)


UNREAD = {"one end": ("ork-gm1",), "both ends": PAIR}


@pytest.mark.parametrize("names", UNREAD.values(), ids=UNREAD)
def test_counters_that_are_missing_prove_nothing(bank: FlowingBank, names: tuple[str, ...]) -> None:
    stage = step_on(bank, "prove-traffic")
    for name in names:
        for command in (COUNTERS, "show crypto ipsec sa"):
            stage.ledger.rewrites[name, command] = refused
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED, done.reason
    assert not evidence(stage)


def test_an_end_that_does_not_answer_is_not_left_out(bank: FlowingBank) -> None:
    stage = step_on(bank, "prove-traffic")
    stage.ledger.down.add("ork-gm1")
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert "ork-gm1" in done.reason


def test_one_member_alone_proves_nothing(bank: FlowingBank) -> None:
    stage = staged(bank, stage_step("prove-traffic", PAIR[:1], ("WAN",)), example())
    assert went(stage).code is ExitCode.UNDETERMINED


# -- test-applications, by probes


def test_sizes_that_pass_with_df_are_written_down(bank: FlowingBank) -> None:
    stage = step_on(bank, "test-applications", sizes=(100, 1300))
    assert went(stage).code is ExitCode.GOOD
    assert "ham-gm1 -> ork-gm1: all sizes up to 1300 bytes pass with DF" in evidence(stage)


def test_large_packets_that_tcp_never_sends_are_no_failure(bank: FlowingBank) -> None:
    stage = step_on(bank, "test-applications")
    assert went(stage).code is ExitCode.GOOD
    assert re.search(r"14[0-3]\d bytes pass with DF, more do not; TCP is kept at 1400 bytes", evidence(stage))


def test_a_black_hole_offers_remedies_and_how_each_is_planned(bank: FlowingBank) -> None:
    bank.harm("mtu", "ork-gm1", bytes="1300")
    stage = step_on(bank, "test-applications", sizes=(100, 1000, 1300, 1400))
    done = went(stage)
    assert done.code is ExitCode.FINDINGS
    (largest,) = set(map(int, re.findall(r"(\d+) bytes pass with DF, more do not", done.reason)))
    assert 1200 < largest < 1300, "the header of ESP is taken off"
    assert f"`adjust_mss: {largest - 40}`" in done.next_step
    assert "crypto ipsec df-bit clear" in done.next_step
    assert "`exceptions` in the inventory" in done.next_step
    assert f"then plan anew: getvpn-ops plan {stage.scene.plan.what}, with the same --set" in done.next_step
    assert f"resume {stage.scene.run}" in done.next_step
    assert not stage.ledger.typed


def test_where_nothing_passes_size_is_not_the_question(bank: FlowingBank) -> None:
    bank.harm("esp-filtered", "ork-gm1")
    done = went(step_on(bank, "test-applications"))
    assert done.code is ExitCode.FINDINGS
    assert "nothing passes" in done.reason
    assert "--probe" in done.next_step


def test_a_probe_that_is_not_answered_cannot_be_told(bank: FlowingBank) -> None:
    stage = step_on(bank, "test-applications", sizes=(100,))
    rewrites = stage.ledger.rewrites

    class Garbled(dict):  # type: ignore[type-arg]
        def get(self, key: tuple[str, str], default: object = None) -> object:
            return (lambda _: "%% nothing of the kind") if key[1].startswith("ping") else rewrites.get(key, default)

    stage.ledger.rewrites = Garbled()
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert "cannot be told" in done.reason


# -- by a command


COMMANDS = {
    "good": ("print('orders 12')", ExitCode.GOOD, "ended with code 0: orders 12"),
    "bad": ("import sys; print('no mail'); sys.exit(3)", ExitCode.FINDINGS, "ended with code 3: no mail"),
    "secret": ("print('username noc password 0 Sommer23')", ExitCode.GOOD, "password 0 <redacted"),
    "environment": ("import os; print('GETVPN_OPS_TO' 'KEN' in os.environ)", ExitCode.GOOD, ": False"),
    "no terminal codes": (r"print('\x1b[2Jdone')", ExitCode.GOOD, "[2Jdone"),
}


@pytest.mark.parametrize(("code", "ending", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_of_ones_own_decides(
    bank: FlowingBank, monkeypatch: pytest.MonkeyPatch, code: str, ending: ExitCode, said: str
) -> None:
    monkeypatch.setenv("GETVPN_OPS_TOKEN", "Sommer23")
    stage = step_on(bank, "test-applications", by="command", command=(sys.executable, "-c", code))
    done = went(stage)
    told = evidence(stage) or done.reason
    assert (done.code, said in told) == (ending, True), told
    assert "Sommer23" not in told
    assert "GETVPN_OPS_TOKEN" not in told
    assert "\x1b" not in told


def test_a_command_that_is_not_there_is_no_answer(bank: FlowingBank) -> None:
    stage = step_on(bank, "test-applications", by="command", command=("no-such-program-anywhere",))
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert "cannot be started" in done.reason


def test_a_command_ends_when_a_person_asks_for_it(bank: FlowingBank) -> None:
    stage = step_on(bank, "test-applications", by="command", command=("sleep", "60"))
    asked = iter((False, False))
    stage = replace(stage, scene=replace(stage.scene, stopping=lambda: next(asked, True)))
    assert went(stage).code is ExitCode.INTERRUPTED


# -- by a person


WORDS = {
    "to the step": (f"{STEP}: mail and orders work", ExitCode.GOOD),
    "to the stage before it began": ("test-applications: go", ExitCode.WINDOW),
    "none": ("", ExitCode.WINDOW),
}


@pytest.mark.parametrize(("word", "ending"), WORDS.values(), ids=WORDS)
def test_a_person_says_yes_to_what_came_of_it(bank: FlowingBank, word: str, ending: ExitCode) -> None:
    stage = step_on(bank, "test-applications", by="human", ask="does mail work?")
    if word:
        stage.scene.log.words = (OperatorWord(Word.APPROVE_STAGE, "someone@jump", word),)
    done = went(stage)
    assert done.code is ending
    if ending is ExitCode.GOOD:
        assert evidence(stage) == "someone@jump said yes: mail and orders work"
    else:
        assert "does mail work?" in done.reason
        assert f"approve {stage.scene.run} {STEP}" in done.next_step
