"""A rekey is seen or sent once, by whoever is primary then, and proven on every member before the old keys end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_hands import Fault, Killed, bank_stage, network_inventory, perform, plan_of
from networks import MIDDLE, NEW, OLD, registered

from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.engine.change import rekey_members
from getvpn_ops.engine.change.ks_reading import ask_servers, group_view
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.rekey import ProveRekey, remember
from getvpn_ops.engine.change.rekey_marks import marks_from, marks_of
from getvpn_ops.engine.change.rekey_members import Looked, Roll, chosen
from getvpn_ops.engine.change.scene import Margins
from getvpn_ops.engine.change.storm import storm_of, too_many
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.lab.gdoi.variants import Variants
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, Perform, PlannedLine, PlannedStep

if TYPE_CHECKING:
    from fake_hands import Stage
    from networks import Network

    from getvpn_ops.engine.change.scene import Hold

GROUP = "gdoi-group1"
COMMAND = f"crypto gdoi ks group {GROUP} rekey"
CLEAR = f"clear crypto gdoi group {GROUP}"
LINES = (f"crypto gdoi group {GROUP}", "server local", "sa receive-only")
PERFORMER = ProveRekey()


def change(device: str) -> PlannedStep:
    """The group becomes receive-only on one key server."""
    act = Configure(
        StepKind.SET, (PlannedLine(LINES[2], LINES[:2]),), (PlannedLine(f"no {LINES[2]}", LINES[:2]),),
        RekeyEffect.BY_COMMAND,
    )  # fmt: skip
    return PlannedStep(f"001-{device}", device, "receive only", act, (GROUP,))


PROOF = perform("009-rekey", "prove-rekey", groups=(GROUP,), group=GROUP)
STEPS = (change("ks2"), change("ks3"), change("ks1"), PROOF)


def staged(made: Network, *steps: PlannedStep) -> Stage:
    return bank_stage(made, plan_of(*(steps or STEPS)), network_inventory(made), Margins(poll=5))


def changed(made: Network, stage: Stage) -> None:
    """Type the change on the key servers of the plan, as the program does it."""
    for step in stage.scene.plan.steps:
        if isinstance(step.act, Configure):
            assert remember(stage.scene, step) is None

            def do(step: PlannedStep = step) -> Settled:
                made.configure(step.device, *LINES)
                return Settled(StepResult.APPLIED)

            stage.scene.log.send(step.id, step.device, "", LINES, do, once=False)


def taken(stage: Stage) -> Hold | None:
    """The step from its guard to its proof."""
    scene = stage.scene
    return PERFORMER.guard(PROOF, scene) or PERFORMER.act(PROOF, scene, None) or PERFORMER.prove(PROOF, scene)


def evidence(stage: Stage) -> str:
    return stage.scene.log.proven(PROOF.id) or ""


SOFTWARE: dict[str, tuple[str, bool | None, list[tuple[str, str]]]] = {
    "17 waits for the command": (NEW, None, [("ks1", COMMAND)]),
    "15.2 waits for the command": (MIDDLE, None, [("ks1", COMMAND)]),
    "12.4 rekeys by itself": (OLD, None, []),
    "17 that rekeys by itself": (NEW, True, []),
}


@pytest.mark.parametrize("case", SOFTWARE)
def test_the_command_is_typed_only_if_no_rekey_was_seen(case: str) -> None:
    usual, leaving, typed = SOFTWARE[case]
    made = registered(3, usual=usual)
    made.world.variants.update({name: Variants(rekeys_on_leaving=leaving) for name in ("ks1", "ks2", "ks3")})
    old = made.spis("gm1")[0]
    stage = staged(made)
    changed(made, stage)
    assert taken(stage) is None
    assert stage.ledger.typed == typed
    assert {made.spis(name)[0] for name in ("gm1", "gm2", "gm3")} == {made.spis("ks3")[0]} != {old}
    assert "current keys read on 3 of 3 members" in evidence(stage)
    assert "3 of 3 members acknowledged" in evidence(stage)
    assert "the same on 3 key servers" in evidence(stage)


def test_proven_once_nothing_is_asked_again() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    assert taken(stage) is None
    captures = len(stage.captures)
    again = stage.resumed()
    assert PERFORMER.act(PROOF, again.scene, None) is None
    assert PERFORMER.prove(PROOF, again.scene) is None
    assert (len(again.captures), again.ledger.lines()) == (captures, [COMMAND])


def test_a_rekey_between_two_tries_of_a_change_ships_nothing_of_it() -> None:
    made = registered(2)
    stage = staged(made, change("ks1"), PROOF)
    assert remember(stage.scene, change("ks1")) is None  # and then its configuration was locked, say
    made.type("ks1", COMMAND)
    made.run(60)
    changed(made, stage)
    assert taken(stage) is None
    assert stage.ledger.typed == [("ks1", COMMAND)]


def test_a_change_that_is_there_keeps_what_was_seen_before_it() -> None:
    made = registered(2)
    stage = staged(made, change("ks1"), PROOF)
    changed(made, stage)
    made.type("ks1", COMMAND)  # somebody else
    made.run(30)
    assert remember(stage.scene, change("ks1")) is None
    assert taken(stage) is None
    assert stage.ledger.typed == []


def test_the_primary_of_this_moment_gets_the_command() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    HARMS["election-flip"](made.world, "ks2", {})
    made.run(60)
    assert taken(stage) is None
    assert stage.ledger.typed == [("ks2", COMMAND)]


def test_a_group_without_one_primary_gets_none() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    HARMS["split"](made.world, "ks3", {})
    made.run(300)
    held = taken(stage)
    assert held is not None
    assert stage.ledger.typed == []


def test_the_line_of_the_plan_is_typed_or_none() -> None:
    made = registered(2)
    stage = staged(made)
    act = Perform("prove-rekey", (("group", GROUP),), (rekey_command("OTHER"),))
    other = PlannedStep(PROOF.id, "", "", act, (GROUP,))
    held = PERFORMER.act(other, stage.scene, None)
    assert held is not None
    assert held.code is ExitCode.STALE
    assert stage.ledger.typed == []


# -- at most once

ENDS: dict[str, tuple[str, StepResult, int]] = {
    "killed before": ("kill-before", StepResult.NOTHING_SENT, 1),
    "killed after": ("kill-after", StepResult.APPLIED, 1),
    "dropped after": ("drop-after", StepResult.APPLIED, 1),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_rekey_whose_answer_is_lost_is_settled_and_never_sent_twice(case: str) -> None:
    kind, result, sent = ENDS[case]
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    stage.ledger.faults.append(Fault("ks1", " rekey", kind))
    if kind.startswith("kill"):
        with pytest.raises(Killed):
            PERFORMER.act(PROOF, stage.scene, None)
    else:
        assert PERFORMER.act(PROOF, stage.scene, None) is not None
    made.run(20)
    again = stage.resumed()
    (part,) = again.scene.log.in_hand
    settled = PERFORMER.settle(part, PROOF, again.scene)
    assert settled.result is result, settled
    again.scene.log.reconciled(part.intended.step, part.intended.device, settled)
    assert taken(again) is None
    assert again.ledger.lines() == [COMMAND] * sent
    assert made.ks("ks1").rekeys_sent == 1


def test_whether_it_left_stays_unknown_while_nobody_tells() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    stage.ledger.faults.append(Fault("ks1", " rekey", "kill-before"))
    with pytest.raises(Killed):
        PERFORMER.act(PROOF, stage.scene, None)
    again = stage.resumed()
    again.ledger.down.add("ks1")
    (part,) = again.scene.log.in_hand
    settled = PERFORMER.settle(part, PROOF, again.scene)
    assert settled.result is StepResult.UNKNOWN, settled
    assert "ks1" in settled.detail


def test_a_refused_command_holds() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    stage.ledger.faults.append(Fault("ks1", " rekey", "refuse"))
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.FINDINGS
    assert "refused" in held.reason


def test_old_software_that_sent_none_is_said_to_lack_the_command() -> None:
    made = registered(2, usual=OLD)
    held = taken(staged(made, PROOF))
    assert held is not None
    assert "15.2(1)T" in held.next_step


def test_a_command_that_does_nothing_is_no_rekey() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    made.server("ks1").rekey = lambda **_: None  # type: ignore[method-assign]
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.FINDINGS
    assert "shows no rekey" in held.reason


# -- members


def test_a_straggler_is_registered_again_alone_and_looked_at() -> None:
    made = registered(4)
    stage = staged(made)
    changed(made, stage)
    HARMS["lose-rekeys"](made.world, "gm2", {})
    assert taken(stage) is None
    assert stage.ledger.typed == [("ks1", COMMAND), ("gm2", CLEAR)]
    assert "gm2 registered again in" in evidence(stage)
    assert any("gm2" in line and "old SA lives for" in line for line in stage.said)


def test_a_straggler_whose_answer_is_lost_is_not_cleared_twice() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    HARMS["lose-rekeys"](made.world, "gm2", {})
    stage.ledger.faults.append(Fault("gm2", "clear", "drop-after"))
    assert taken(stage) is None
    assert stage.ledger.lines("gm2") == [CLEAR]


SETTLED: dict[str, tuple[str, StepResult]] = {
    "not cleared": ("kill-before", StepResult.NOTHING_SENT),
    "cleared": ("kill-after", StepResult.APPLIED),
}


@pytest.mark.parametrize("case", SETTLED)
def test_a_straggler_of_a_killed_run_is_settled_by_its_keys(case: str) -> None:
    kind, result = SETTLED[case]
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    HARMS["lose-rekeys"](made.world, "gm2", {})
    stage.ledger.faults.append(Fault("gm2", "clear", kind))
    with pytest.raises(Killed):
        taken(stage)
    again = stage.resumed()
    (part,) = again.scene.log.in_hand
    settled = PERFORMER.settle(part, PROOF, again.scene)
    assert settled.result is result, settled
    again.scene.log.reconciled(part.intended.step, "gm2", settled)
    assert PERFORMER.prove(PROOF, again.scene) is None
    assert again.ledger.lines("gm2") == [CLEAR]


def test_a_straggler_that_does_not_come_back_holds_with_the_seconds_left() -> None:
    made = registered(3)
    stage = staged(made)
    changed(made, stage)
    HARMS["udp-848-blocked"](made.world, "gm3", {})
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.FINDINGS
    assert "gm3" in held.reason
    assert "ends in" in held.reason


def test_a_member_that_cannot_be_read_holds() -> None:
    made = registered(3)
    stage = staged(made)
    changed(made, stage)
    stage.ledger.down.add("gm1")
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.UNDETERMINED  # it acknowledged
    assert "gm1" in held.reason


def test_a_member_that_may_lack_the_keys_and_cannot_be_read_is_a_finding() -> None:
    made = registered(3)
    stage = staged(made)
    changed(made, stage)
    HARMS["lose-rekeys"](made.world, "gm1", {})
    stage.ledger.down.add("gm1")
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.FINDINGS
    assert "the old SA ends in" in held.reason
    assert stage.ledger.lines("gm1") == []


def test_a_member_that_the_inventory_does_not_know_is_named() -> None:
    made = registered(3)
    inventory = network_inventory(made)
    known = {name: device for name, device in inventory.devices.items() if name != "gm3"}
    stage = bank_stage(made, plan_of(*STEPS), type(inventory)(known, inventory.gdoi_groups, "a test"), Margins(poll=5))
    changed(made, stage)
    held = taken(stage)
    assert held is not None
    assert held.code is ExitCode.UNDETERMINED
    assert "198.51.100.3" in held.reason


def test_so_many_stragglers_are_no_stragglers() -> None:
    made = registered(8)
    stage = staged(made)
    changed(made, stage)
    for number in range(1, 7):
        HARMS["lose-rekeys"](made.world, f"gm{number}", {})
    held = taken(stage)
    assert held is not None
    assert "6 of 8 members lack the new keys" in held.reason
    assert stage.ledger.lines() == [COMMAND]
    assert (too_many(5, 8), too_many(6, 8), too_many(6, 100)) == (False, True, False)


def test_key_servers_that_hold_other_keys_are_no_proof() -> None:
    made = registered(2)
    stage = staged(made)
    changed(made, stage)
    stage.ledger.rewrites["ks3", "show crypto gdoi ks policy"] = lambda _: "what is this?"
    assert PERFORMER.act(PROOF, stage.scene, None) is None
    held = PERFORMER.prove(PROOF, stage.scene)
    assert held is not None
    assert evidence(stage) == ""


# -- large groups

ROLLS: dict[str, tuple[int, frozenset[str] | None, int]] = {
    "a small one": (200, frozenset(), 200),
    "a large one, all acknowledged": (5000, frozenset(), rekey_members.SAMPLE),
    "a large one, some did not": (5000, frozenset({"m7", "m9"}), rekey_members.SAMPLE + 2),
    "a large one by multicast": (5000, None, 5000),
}


@pytest.mark.parametrize("case", ROLLS)
def test_members_of_a_large_group_are_sampled_where_they_acknowledge(case: str) -> None:
    count, late, picked = ROLLS[case]
    roll = Roll(tuple(f"m{number}" for number in range(count)), (), (), late)
    names = chosen(roll, "run-1")
    assert len(set(names)) == len(names) == picked
    assert set(late or ()) <= set(names)
    assert names == chosen(roll, "run-1")


def test_marks_survive_the_journal() -> None:
    made = registered(2)
    stage = staged(made)
    marks = marks_of(group_view(ask_servers(stage.scene, (GROUP,)), GROUP))
    assert marks_from(marks.facts()) == marks
    assert marks_from({}) is None


# -- a registration storm

STORMS: dict[str, tuple[int, int, int, ExitCode | None]] = {
    "a few register anew": (5, 0, 8, None),
    "most of a small group do": (6, 0, 8, ExitCode.FINDINGS),
    "a tenth of a large group does": (20, 0, 200, None),
    "more than that": (21, 0, 200, ExitCode.FINDINGS),
    "some do, and others may": (3, 4, 8, ExitCode.UNDETERMINED),
    "nobody lacks a key, and some were not read": (0, 7, 8, None),
}
"""Members that register anew, that could not be read, and that were asked at all."""


@pytest.mark.parametrize("case", STORMS)
def test_a_storm_by_what_members_say(case: str) -> None:
    trying, unread, asked, code = STORMS[case]
    names = [f"m{number}" for number in range(trying)]
    gone = {f"u{number}": "no answer" for number in range(unread)}
    looked = Looked(frozenset(), dict.fromkeys(names, "it has no key"), gone, registering=frozenset(names))
    held = storm_of(GROUP, looked, asked, "run-1")
    assert (held.code if held is not None else None) == code
    if held is not None:
        assert (held.stops, "no member is cleared" in held.reason, "resume run-1" in held.next_step) == (True,) * 3


def test_in_a_storm_nobody_is_cleared_and_it_goes_on_afterwards() -> None:
    made = registered(8)
    stage = staged(made)
    changed(made, stage)
    assert PERFORMER.act(PROOF, stage.scene, None) is None
    HARMS["lose-rekeys"](made.world, "gm1", {})
    HARMS["registration-storm"](made.world, "ks1", {"seconds": "90"})
    made.run(10)
    held = PERFORMER.prove(PROOF, stage.scene)
    assert held is not None
    assert (held.code, "8 of 8 members register anew" in held.reason) == (ExitCode.FINDINGS, True), held.reason
    assert stage.ledger.lines() == [COMMAND]
    made.run(600)
    again = stage.resumed()
    assert PERFORMER.prove(PROOF, again.scene) is None
    assert again.ledger.lines() == [COMMAND], "the storm was over by itself"
