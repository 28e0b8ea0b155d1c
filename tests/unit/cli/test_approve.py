"""``approve``: a person's word for a stage that asks for one; no device is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import shown_plans as plans
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.journal import OperatorWord, PlanFixed, RunBegun, RunEnded, Word
from getvpn_ops.model.plan import Perform, PlannedStage, PlannedStep, Wave
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.journal_story import RunStory

NOW = datetime(2026, 3, 1, 8, 6, tzinfo=UTC)
STAGES = (
    PlannedStage("pilot", "the pilot", "configure"),
    PlannedStage("rest", "all others", "configure", approval="do the applications work?"),
)
TEST = PlannedStep(
    "044-test",
    "",
    "applications",
    Perform("test-applications", (("params", '{"by": "human", "ask": "does mail work?"}'),)),
)
PROBES = PlannedStep("045-probes", "", "applications", Perform("test-applications", (("params", "{}"),)))
PLAN = replace(plans.plan(), stages=STAGES, waves=(*plans.plan().waves, Wave("applications", (TEST, PROBES))))


class Place:
    """A workspace with a run of a playbook that holds."""

    def __init__(self, root: Path) -> None:
        (root / "getvpn-ops.yaml").write_text("{}\n")
        self.root = root
        self.workspace = Workspace(root, Settings())
        self.workspace.prepare()
        kept = KeptPlans(self.workspace).keep(PLAN)
        with Store.open(self.workspace.store_url) as store:
            self.run = store.begin_run("apply", NOW, arguments={"plan": PLAN.id, "digest": kept.digest}).id
            self.other = store.begin_run("collect", NOW, arguments={}).id
        self.write(RunBegun("apply", "ops@noc1"), PlanFixed(kept.digest))

    def write(self, *events: RunBegun | PlanFixed | RunEnded) -> None:
        with Store.open(self.workspace.store_url) as store:
            journal = store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW)
            for event in events:
                journal.append(self.run, event)

    def story(self) -> RunStory:
        with Store.open(self.workspace.store_url) as store:
            return store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW).story(self.run)

    def type(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["approve", *words, "-w", str(self.root)])
        if isinstance(done.exception, GetvpnOpsError):
            return int(done.exception.exit_code), str(done.exception)
        return done.exit_code, done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_word_stands_in_the_journal_with_who_gave_it_and_why(place: Place) -> None:
    code, said = place.type(place.run, "rest", "--reason", "called  them")
    assert (code, f"resume {place.run}" in said) == (0, True)
    (word,) = place.story().words
    assert isinstance(word, OperatorWord)
    assert (word.word, word.detail) == (Word.APPROVE_STAGE, "rest: do the applications work? (called them)")
    assert "@" in word.by


def test_a_step_that_asks_what_came_of_it_is_answered_too(place: Place) -> None:
    assert place.type(place.run, "044-test")[0] == 0
    assert [word.detail for word in place.story().words] == ["044-test: does mail work?"]


REFUSED = {
    "a stage that asks nobody": (("pilot",), "asks nobody; those that do: rest, 044-test"),
    "a step that asks nobody": (("045-probes",), "has no stage '045-probes'"),
    "no such stage": (("moon",), "has no stage 'moon'"),
    "a reason with a control character": (("rest", "--reason", "a\x07b"), "one line"),
    "a reason without end": (("rest", "--reason", "x" * 300), "at most 200"),
}


@pytest.mark.parametrize(("words", "why"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_written_for_what_nobody_asked(place: Place, words: tuple[str, ...], why: str) -> None:
    code, said = place.type(place.run, *words)
    assert (code, why in said) == (2, True), said
    assert not place.story().words


def test_a_run_that_is_done_or_changes_nothing_waits_for_nobody(place: Place) -> None:
    assert "only runs of apply" in place.type(place.other, "rest")[1]
    place.write(RunEnded(0))
    code, said = place.type(place.run, "rest")
    assert (code, "waits for nobody" in said) == (2, True)
