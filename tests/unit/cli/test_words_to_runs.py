"""``hold``, ``promote``, ``abort``, and what of it keeps a run from being resumed; no device is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import shown_plans as plans
import small_wan
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.going_back import must_go_on
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.engine.change.log import RunLog
from getvpn_ops.errors import ExitCode, GetvpnOpsError, UsageError
from getvpn_ops.model.journal import OperatorWord, PlanFixed, Resource, ResourceKind, RunBegun, RunEnded, Word
from getvpn_ops.model.journal_story import RunStory
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.journal import Event

NOW = datetime(2026, 3, 1, 8, 6, tzinfo=UTC)
PLAN = replace(plans.staged(), id="p-20260301-080500-staged")


class Place:
    """A workspace with a run of a playbook."""

    def __init__(self, root: Path) -> None:
        (root / "getvpn-ops.yaml").write_text("{}\n")
        (root / "inventory").mkdir()
        small_wan.loaded(root / "inventory", small_wan.WAN)
        self.root = root
        self.workspace = Workspace(root, Settings())
        self.workspace.prepare()
        kept = KeptPlans(self.workspace).keep(PLAN)
        with Store.open(self.workspace.store_url) as store:
            self.run = store.begin_run("apply", NOW, arguments={"plan": PLAN.id, "digest": kept.digest}).id
            self.other = store.begin_run("collect", NOW, arguments={}).id
        self.write(RunBegun("apply", "ops@noc1"), PlanFixed(kept.digest))

    def write(self, *events: Event) -> None:
        with Store.open(self.workspace.store_url) as store:
            journal = store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW)
            for event in events:
                journal.append(self.run, event)

    def under_way(self) -> Place:
        """This process has its lease."""
        with Store.open(self.workspace.store_url) as store:
            journal = store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW)
            resource = Resource(ResourceKind.DEVICE, "hub-ks1")
            store.leases(journal).take(self.run, [resource], timedelta(minutes=5))
        return self

    def words(self) -> list[tuple[Word, str]]:
        with Store.open(self.workspace.store_url) as store:
            story = store.journal(self.workspace.key(), self.workspace.journal_end, lambda: NOW).story(self.run)
        return [(word.word, word.detail) for word in story.words]

    def type(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "-w", str(self.root)])
        if isinstance(done.exception, GetvpnOpsError):
            return int(done.exception.exit_code), str(done.exception)
        return done.exit_code, done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


SAID = {
    "hold": (("--reason", "too  hot"), (Word.HOLD, "too hot"), "resume"),
    "abort": (("--reason", "wrong night"), (Word.ABORT, "wrong night"), "rollback"),
    "promote": (("servers", "--reason", "seen enough"), (Word.PROMOTE, "servers: seen enough"), "gates are asked next"),
}


@pytest.mark.parametrize(("command", "case"), SAID.items(), ids=SAID)
def test_a_word_to_a_run_under_way_stands_in_its_journal(
    place: Place, command: str, case: tuple[tuple[str, ...], tuple[Word, str], str]
) -> None:
    words, written, said = case
    code, told = place.under_way().type(command, place.run, *words)
    assert (code, said in told) == (0, True), told
    assert place.words() == [written]


def test_the_process_at_work_hears_what_another_one_writes_and_an_abort_counts_more(place: Place) -> None:
    with Store.open(place.workspace.store_url) as store:
        journal = store.journal(place.workspace.key(), place.workspace.journal_end, lambda: NOW)
        leases = store.leases(journal)
        lease = leases.take(place.run, [Resource(ResourceKind.DEVICE, "hub-ks1")], timedelta(minutes=5))
        log = RunLog(place.run, journal, leases, lease)
        log.listens = 0
        assert log.order() is None
        for command, word in (("hold", Word.HOLD), ("abort", Word.ABORT)):
            code, told = place.type(command, place.run, "--reason", "lunch")
            assert code == 0, told
            order = log.order()
            assert order is not None
            assert (order.word, order.detail) == (word, "lunch")
        assert RunLog(place.run, journal, leases, lease).order() is None, "who takes it up anew knows them already"


REFUSED = {
    "a hold of a run that nobody works at": (("hold",), (), "not under way"),
    "a promotion likewise": (("promote", "servers"), (), "not under way"),
    "a stage that there is not": (("promote", "moon"), (), "no stage 'moon'; there are: servers, members"),
    "a reason with a control character": (("hold", "--reason", "a\x07b"), (), "one line"),
    "an abort of a run that is done": (("abort", "--reason", "x"), (RunEnded(0),), "is done"),
    "a second abort": (("abort", "--reason", "x"), (OperatorWord(Word.ABORT, "ann"),), "ended for good"),
}


@pytest.mark.parametrize(("words", "events", "why"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_written_where_nobody_would_heed_it(
    place: Place, words: tuple[str, ...], events: tuple[Event, ...], why: str
) -> None:
    place.write(*events)
    before = place.words()
    command, *rest = words
    code, said = place.type(command, place.run, *rest)
    assert (code, why in said) == (2, True), said
    assert place.words() == before


def test_a_run_that_holds_may_be_ended_for_good(place: Place) -> None:
    place.write(RunEnded(4, "a gate"))
    assert place.type("abort", place.run, "--reason", "not tonight")[0] == 0
    code, said = place.type("resume", place.run)
    assert (code, "was ended for good" in said) == (2, True), said
    assert f"rollback {place.run}" in said


def test_only_a_run_that_changes_something_heeds_words(place: Place) -> None:
    code, said = place.type("hold", place.other)
    assert (code, "changes nothing" in said) == (2, True)


FINAL = {
    "an abort": RunStory("r-1", words=(OperatorWord(Word.ABORT, "ann@noc", "not tonight"),)),
    "a rollback": RunStory("r-1", words=(OperatorWord(Word.ROLL_BACK, "ann@noc", "by run r-2"),)),
    "a gate that aborts": RunStory("r-1", ended=RunEnded(int(ExitCode.ABORTED), "gate shut")),
}


@pytest.mark.parametrize("story", FINAL.values(), ids=FINAL)
def test_a_run_that_is_over_is_not_gone_on_with(story: RunStory) -> None:
    with pytest.raises(UsageError, match=r"not resumed; to go back: getvpn-ops rollback r-1 --lab"):
        must_go_on(story, " --lab")


GOES_ON = {
    "a hold by a gate": RunStory("r-1", ended=RunEnded(4, "gate shut")),
    "a hold by a person": RunStory("r-1", words=(OperatorWord(Word.HOLD, "ann@noc", "lunch"),), ended=RunEnded(130)),
}


@pytest.mark.parametrize("story", GOES_ON.values(), ids=GOES_ON)
def test_a_run_that_holds_is_gone_on_with(story: RunStory) -> None:
    must_go_on(story)


PLANS = {
    "the name of a playbook": (("plan", "no-such-playbook", "WAN"), "no-such-playbook"),
    "the long way": (("plan", "playbook", "no-such-playbook", "WAN"), "no-such-playbook"),
    "a slip": (("plan", "psh", "WAN"), "did you mean push?"),
}


@pytest.mark.parametrize(("words", "said"), PLANS.values(), ids=PLANS)
def test_a_playbook_is_planned_by_its_name_alone(place: Place, words: tuple[str, ...], said: str) -> None:
    code, told = place.type(*words)
    assert (code, said in told) == (2, True), told
