"""What ``passive`` does is measured on a pilot pair: good and bad answers, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from fake_hands import Fault, Killed
from flowing import FlowingBank
from migrations import planned
from plans import example
from stage_steps import STEP, evidence, stage_step, staged, went

from getvpn_ops.analysis.traffic.facts import Known
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.migrating.performers import STAGES_PERFORMED
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.change.settling import give_back, settle
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.gdoi.variants import Takes, Variants
from getvpn_ops.workflow.playbooks.measured import FACTS, kind_of, measured_in, to_measure, unmeasured

if TYPE_CHECKING:
    from fake_hands import Stage

PAIR = ("ham-gm1", "ork-gm1")
SERVERS = ("dub-ks1", "ams-ks1", "lds-ks1")
BOTH = ("crypto gdoi group WAN", "server local", "sa receive-only")


@pytest.fixture
def bank() -> FlowingBank:
    """A group in receive-only, whose pilot pair is passive."""
    made = FlowingBank()
    for name in SERVERS:
        made.configure(name, *BOTH)
    made.type("lds-ks1", "crypto gdoi ks rekey")
    made.pass_time(minutes=2)
    for name in PAIR:
        made.configure(name, "crypto gdoi group WAN", "passive")
    made.pass_time(minutes=2)
    return made


def measuring(bank: FlowingBank, variants: Variants | None = None) -> Stage:
    if variants is not None:
        bank.world.variants["ham-gm1"] = variants
    return staged(bank, stage_step("measure-passive", PAIR, ("WAN",), packets=5), example())


def answers(stage: Stage, device: str) -> dict[str, str]:
    return dict(stage.scene.log.facts(f"{STEP}.{device}.{FACTS}"))


def is_passive(bank: FlowingBank, name: str) -> bool:
    return any(line.strip() == "passive" for line in bank.type(name, "show running-config").splitlines())


def test_good_answers_are_kept_by_platform_and_release(bank: FlowingBank) -> None:
    stage = measuring(bank)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    for name in PAIR:
        kind, measured = measured_in(answers(stage, name)) or ("", None)
        device = example().devices[name]
        assert kind == f"{device.model} {device.release}"
        assert measured is not None
        assert (measured.passive_at_once, measured.turns_without_gap) == (Known.YES, Known.YES)
        assert measured.passive_accepts_clear is Known.UNKNOWN, "key servers say receive-only"
        assert is_passive(bank, name)
    assert "ham-gm1" in evidence(stage)
    typed = [line for _, line in stage.ledger.typed if "passive" in line]
    assert len(typed) == 4, typed
    before = len(stage.ledger.typed)
    assert went(stage).code is ExitCode.GOOD
    assert len(stage.ledger.typed) == before, "what is measured is not measured again"


BAD = {
    "it takes a registration": (Variants(passive=Takes.REREGISTRATION), "passive_at_once", "registered anew"),
    "it takes a rekey": (Variants(passive=Takes.NEXT_REKEY), "passive_at_once", "encrypted"),
    "a change leaves a gap": (Variants(direction_gap=4.0), "turns_without_gap", "echoes came back within"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_bad_answer_holds_the_run_and_is_kept(bank: FlowingBank, case: tuple[Variants, str, str]) -> None:
    variants, fact, said = case
    stage = measuring(bank, variants)
    done = went(stage)
    assert done.code is ExitCode.FINDINGS, done.reason
    assert said in done.reason
    assert answers(stage, "ham-gm1")[fact] == Known.NO.value
    assert is_passive(bank, "ham-gm1"), "it is as it was before"
    assert not evidence(stage)


def test_who_is_not_passive_is_not_measured(bank: FlowingBank) -> None:
    bank.configure("ham-gm1", "crypto gdoi group WAN", "no passive")
    stage = measuring(bank)
    done = went(stage)
    assert (done.code, "not passive" in done.reason) == (ExitCode.FINDINGS, True)
    assert stage.ledger.typed == []


def test_who_cannot_be_asked_stays_unknown(bank: FlowingBank) -> None:
    stage = measuring(bank)
    stage.ledger.down.add("ork-gm1")
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert not evidence(stage)


def test_one_of_each_platform_and_release_that_can() -> None:
    inventory = example()
    members = [inventory.devices[name] for name in ("ham-gm1", "ork-gm1", "cbr-gm1", "lds-ks1")]
    twin = replace(members[0], name="ham-gm2")
    assert [item.name for item in to_measure([*members, twin])] == list(PAIR)


def test_a_platform_without_a_pilot_member_is_named_with_one_that_could_join() -> None:
    inventory = example()
    near, far = (inventory.devices[name] for name in PAIR)
    (told,) = unmeasured((near, far), (near,), ())
    assert (kind_of(far) in told, f"{far.name} could join the pilot" in told) == (True, True)
    assert unmeasured((near, far), (near,), (kind_of(far),)) == (), "it was measured before"
    assert unmeasured((near, far), (near, far), ()) == ()
    (told,) = unmeasured((near, replace(far, release="")), (near,), ())
    assert "does not say its model and release" in told
    (told,) = unmeasured((near, replace(far, release="12.4(15)T17")), (near,), ())
    assert "cannot be passive" in told


def test_a_plan_says_which_platforms_its_pilot_does_not_measure() -> None:
    bank, inventory = Bank(minutes=1, configs="clear"), example()
    plan = planned(bank, inventory, ({"id": "m", "action": "measure-passive", "targets": {"who": "pilot"}},))
    pilots = pilots_of(inventory, ("WAN",))
    missing = unmeasured(inventory.members("WAN"), pilots, ())
    assert missing
    assert set(missing) <= set(plan.notes)


@pytest.mark.parametrize("facts", [{}, {"kind": "x"}, {"gap_seconds": "soon"}])
def test_what_is_no_answer_is_none(facts: dict[str, str]) -> None:
    assert measured_in(facts) is None


# -- cut short


def cut(bank: FlowingBank) -> Stage:
    """Killed when the first member sends in clear."""
    stage = measuring(bank)
    stage.ledger.faults.append(Fault("ham-gm1", "no passive", "kill-after"))
    with pytest.raises(Killed):
        went(stage)
    assert not is_passive(bank, "ham-gm1")
    return stage.resumed()


def test_a_measurement_that_was_cut_short_is_made_anew(bank: FlowingBank) -> None:
    stage = cut(bank)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert answers(stage, "ham-gm1")["passive_at_once"] == Known.YES.value
    assert all(is_passive(bank, name) for name in PAIR)


def test_a_way_back_makes_the_member_passive_again_first(bank: FlowingBank) -> None:
    stage = cut(bank)
    course = Course(stage.scene, STAGES_PERFORMED)
    assert settle(course, stage.scene.log.in_hand) == []
    for _ in range(2):
        assert give_back(course) == []
        assert is_passive(bank, "ham-gm1")
    assert stage.ledger.lines("ham-gm1").count("passive") == 1


def test_a_member_that_does_not_answer_is_said_not_to_be_given_back(bank: FlowingBank) -> None:
    stage = cut(bank)
    course = Course(stage.scene, STAGES_PERFORMED)
    assert settle(course, stage.scene.log.in_hand) == []
    stage.ledger.down.add("ham-gm1")
    ((step, hold),) = give_back(course)
    assert (step.id, hold.code) == (STEP, ExitCode.UNDETERMINED)
    assert "ham-gm1 could not be read" in hold.reason
