"""What a run that changes devices looks like, wherever it was broken off (P14, P15, P18).

To accept a change of words on purpose, run with ``GETVPN_OPS_GOLDEN=write`` and read the difference.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shown_plans as plans
from rich.console import Console

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import (
    Entry,
    Event,
    LeaseTaken,
    OperatorWord,
    PlanFixed,
    RunBegun,
    RunEnded,
    RunHeld,
    StepIntended,
    StepOutcome,
    StepProven,
    StepResult,
    Word,
)
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.run import Run
from getvpn_ops.reports.applied import applied_plain, applied_view, nothing_plain
from getvpn_ops.reports.console import UNSEEN, Visible
from getvpn_ops.reports.story import SCHEMA, ShownLease, ShownRun, State, next_commands, run_plain
from getvpn_ops.reports.story_table import leases_view, run_view

if TYPE_CHECKING:
    from rich.console import RenderableType

FOLDER = Path(__file__).parents[2] / "data" / "runs"
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
RUN = Run("a-20260301-090000-k3f9", "apply", NOW, user="ops", host="noc1", arguments={"plan": plans.plan().id})
HEAD = "abcdef0123456789" * 4
BUILT = StepIntended("001-fal-ks2-build", "fal-ks2", "build list", ("ip access-list extended WAN_POLICY_r2",))
REKEY = StepIntended("005-wan-rekey.rekey", "hub-ks1", "rekey", ("crypto gdoi ks rekey",), once=True)
BEGUN: tuple[Event, ...] = (
    RunBegun("apply", "ops@noc1"),
    PlanFixed("0f" * 32),
    OperatorWord(Word.ACCEPT_LOSS, "ops@noc1", "bat-gm1 loses its traffic for 12 s"),
)
APPLIED = (BUILT, StepOutcome(BUILT.step, "fal-ks2", StepResult.APPLIED, "4 lines taken"))
PROVEN = StepProven(BUILT.step, "fal-ks2", "read back: 4 of 4 lines")
LEASE = ShownLease(
    "00aa11bb22cc", RUN.id, ("device:fal-ks2", "group:WAN"), "ops@noc1, process 7", NOW, NOW + timedelta(minutes=10),
    has_ended=False,
)  # fmt: skip


def shown(*events: Event, **fields: object) -> ShownRun:
    entries = [Entry("chain", number, RUN.id, NOW, event) for number, event in enumerate((*BEGUN, *events), 1)]
    usual: dict[str, object] = {"plan": plans.plan(), "head": HEAD, "flags": " --lab"}
    return ShownRun(RUN, fold(RUN.id, entries), **(usual | fields))  # type: ignore[arg-type]


DONE = shown(*APPLIED, PROVEN, RunEnded(0))
HELD = shown(*APPLIED, PROVEN, REKEY, RunHeld("005-wan-rekey", "hub-ks1 does not answer"), RunEnded(3, "held"))
UNDER_WAY = shown(*APPLIED, leases=(LEASE,))
KILLED = shown(*APPLIED, REKEY, leases=(replace(LEASE, has_ended=True),))
INTERRUPTED = shown(*APPLIED, PROVEN, RunEnded(130))
FAILED = shown(RunEnded(4, "refused by the device"))
PLAIN_RUN = ShownRun(replace(RUN, id="h-1", kind="health", ended=NOW, exit_code=0), None)
BROKEN = shown(*APPLIED, REKEY, broken="lease 00aa11bb22cc was broken by ops@noc2: it hangs")
PLANNED = replace(PLAIN_RUN, run=replace(PLAIN_RUN.run, id="p-1", kind="plan"), flags=" --lab")
RESUME, BACK = f"getvpn-ops resume {RUN.id} --lab", f"getvpn-ops plan rollback {RUN.id} --lab"

STATES = {
    "done": (DONE, State.DONE, (BACK,)),
    "held": (HELD, State.HELD, (RESUME, BACK)),
    "under way": (
        UNDER_WAY,
        State.UNDER_WAY,
        (f"getvpn-ops show {RUN.id} --lab", RESUME, "getvpn-ops unlock 00aa11bb22cc --reason ... --lab"),
    ),
    "killed": (KILLED, State.KILLED, (RESUME, BACK)),
    "its lease was broken": (BROKEN, State.BROKEN, (RESUME, BACK)),
    "a plan was made": (PLANNED, State.CHANGES_NOTHING, ("getvpn-ops plan show p-1 --lab",)),
    "no plan was made": (replace(PLANNED, run=replace(PLANNED.run, exit_code=3)), State.CHANGES_NOTHING, ()),
    "interrupted": (INTERRUPTED, State.HELD, (RESUME, BACK)),
    "failed before anything was sent": (FAILED, State.ENDED, ()),
    "tampered with": (replace(DONE, faults=2), State.DONE, ("getvpn-ops runs verify --lab", BACK)),
    "a run that changes nothing": (PLAIN_RUN, State.CHANGES_NOTHING, ()),
    "plan not kept": (replace(HELD, plan=None), State.HELD, (RESUME, BACK)),
}


@pytest.mark.parametrize("name", STATES)
def test_a_run_says_where_it_stands_and_what_to_run_next(name: str) -> None:
    found, state, commands = STATES[name]
    assert found.state is state
    assert next_commands(found) == commands
    text = written(run_view(found))
    assert str(state) in text
    assert all(command in text for command in commands)


def test_what_is_in_hand_is_in_no_known_state() -> None:
    for run, is_known in ((INTERRUPTED, True), (shown(*APPLIED, REKEY, RunEnded(130)), False)):
        text = written(applied_view(run, ExitCode.INTERRUPTED, "", "", {}))
        assert ("is in a known state" in text) is is_known
        assert ("is not known yet" in text) is not is_known


def written(view: RenderableType, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as said:
        console.print(Visible(view), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in said.get().splitlines())


def as_json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"


GOLDEN = {
    "held.json": lambda: as_json(run_plain(HELD)),
    "held.txt": lambda: written(run_view(HELD)),
    "held-all.txt": lambda: written(run_view(HELD, everything=True)),
    "under-way.json": lambda: as_json(run_plain(UNDER_WAY)),
    "nothing-changed.json": lambda: as_json(run_plain(PLAIN_RUN)),
    "held-narrow.txt": lambda: written(run_view(HELD), 40),
    "broken.txt": lambda: written(run_view(BROKEN), 80),
    "applied.json": lambda: as_json(applied_plain(DONE, ExitCode.GOOD, "", "", {})),
    "left-out.txt": lambda: written(
        applied_view(HELD, ExitCode.UNDETERMINED, "done, but for bat-gm1", "plan anew", {"bat-gm1": "bat-gm1: silent"})
    ),
    "empty.json": lambda: as_json(nothing_plain(plans.plan(waves=()), "0f" * 32)),
    "leases.txt": lambda: written(leases_view((LEASE, replace(LEASE, id="0", has_ended=True, taken=None)))),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_run_word_for_word(name: str) -> None:
    path, text = FOLDER / name, GOLDEN[name]()
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def test_every_golden_run_is_held() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)
    assert run_plain(HELD)["schema"] == SCHEMA == 1


def test_the_head_of_the_journal_stands_in_every_report_of_a_change() -> None:
    for form in (
        written(run_view(DONE)),
        as_json(run_plain(DONE)),
        as_json(applied_plain(DONE, ExitCode.GOOD, "", "", {})),
    ):
        assert HEAD[:12] in form


def test_what_was_not_begun_is_named() -> None:
    assert HELD.waiting[:2] == ("002-fal-ks2-swap-list", "003-hub-ks1-build")
    assert "005-wan-rekey" not in HELD.waiting
    assert replace(HELD, plan=None).waiting == ()


def test_of_many_steps_those_that_went_wrong_are_shown() -> None:
    steps: list[Event] = []
    for number in range(200):
        name = f"{number:03}-save"
        steps += [
            StepIntended(name, f"gm{number}", "save", ("write memory",)),
            StepOutcome(name, f"gm{number}", StepResult.PARTLY if number == 180 else StepResult.APPLIED),
        ]
    text = written(run_view(shown(*steps)))
    assert "gm180" in text
    assert "and 140 more steps: --all shows all of them" in text
    assert written(run_view(shown(*steps), everything=True)).count("write memory") == 200


NEXT_STEPS = {
    "a command": (" --lab", f"getvpn-ops resume {RUN.id}", RESUME),
    "a command that is whole": (" --lab", RESUME, RESUME),
    "of real devices": ("", f"getvpn-ops resume {RUN.id}", f"getvpn-ops resume {RUN.id}"),
    "words": (" --lab", "make the plan anew", "make the plan anew"),
}


@pytest.mark.parametrize("name", NEXT_STEPS)
def test_what_to_do_next_can_be_typed_as_it_stands(name: str) -> None:
    flags, said, expected = NEXT_STEPS[name]
    found = replace(INTERRUPTED, flags=flags)
    assert applied_plain(found, ExitCode.INTERRUPTED, "", said, {})["next_step"] == expected
    assert f"\n  {expected}\n" in written(applied_view(found, ExitCode.INTERRUPTED, "", said, {})).split("run a-")[0]


def test_members_left_out_for_the_same_reason_stand_together_without_their_names() -> None:
    why = {name: f"{name}: 'set': refused by the device" for name in ("bat-gm1", "cod-gm1")}
    text = written(applied_view(HELD, ExitCode.FINDINGS, "", "", why))
    assert "left out: bat-gm1, cod-gm1: 'set': refused by the device\n" in text


def test_nothing_unseen_comes_out_of_a_journal() -> None:
    nasty = "\x1b[31m\u202e\x00[bold]"
    events = (
        StepIntended("001", nasty, nasty, (nasty,)), StepOutcome("001", nasty, StepResult.UNKNOWN, nasty),
        StepProven("001", nasty, nasty), RunHeld("001", nasty), RunEnded(3, nasty),
        LeaseTaken("l", (), NOW),
    )  # fmt: skip
    found = shown(*events, leases=(replace(LEASE, owner=nasty, resources=(nasty,)),))
    view = applied_view(found, ExitCode.FINDINGS, nasty, nasty, {nasty: nasty})
    for everything in (False, True):
        assert not UNSEEN.search(written(run_view(found, everything=everything)))
    assert not UNSEEN.search(written(view))
    assert "[bold]" in written(view)
