"""The journal gives back what was written, refuses what must not be, and is on disk when it says so."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from journals import KEY, NOW, OTHER_KEY, by_hand, intended, open_journal, outcome
from sqlalchemy import text

from getvpn_ops.errors import StepRefusedError, StoreError
from getvpn_ops.model.journal import (
    KINDS,
    Entry,
    Event,
    Fence,
    LeaseBroken,
    LeaseReleased,
    LeaseRenewed,
    LeaseTaken,
    OperatorWord,
    PlanFixed,
    Resource,
    ResourceKind,
    RunBegun,
    RunEnded,
    RunHeld,
    StateSeen,
    StepIntended,
    StepProven,
    StepReconciled,
    StepResult,
    StepSettled,
    Word,
    from_json,
    to_json,
)
from getvpn_ops.model.journal_story import fold
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from databases import Server

CANARY = "canary-5519-Xy"
APPLIED, PARTLY, UNKNOWN, NOTHING = (
    StepResult.APPLIED,
    StepResult.PARTLY,
    StepResult.UNKNOWN,
    StepResult.NOTHING_SENT,
)

EVENTS: tuple[Event, ...] = (
    RunBegun("push", "ops@jump"),
    PlanFixed("ab" * 32),
    LeaseTaken("5f", (Fence(Resource(ResourceKind.GROUP, "WAN"), 3),), NOW + timedelta(minutes=2)),
    OperatorWord(Word.ACCEPT_LOSS, "ops", "12 s of the Z\u00fcrich branch\nand no more"),
    intended(),
    outcome(UNKNOWN),
    StepReconciled("1", "lon-gm1", APPLIED, "show running-config: both lines are there"),
    intended("3", "cph-gm1"),
    StepSettled("3", "cph-gm1", StepResult.GONE, "ops@jump", "it burnt down"),
    StepProven("1", "lon-gm1", "show crypto gdoi gm: registered"),
    StateSeen("2", (("tek", "A1B2C3D4"),)),
    RunHeld("2", "lon-ks1 rekeys in 40 s"),
    LeaseRenewed("5f", NOW + timedelta(minutes=4)),
    LeaseReleased("5f"),
    LeaseBroken("5e", "its host is gone", "ops"),
    RunEnded(0),
)


def test_every_kind_of_event_comes_back(store_url: str, tmp_path: Path) -> None:
    assert {type(event) for event in EVENTS} == set(KINDS)
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        run = store.begin_run("push", NOW).id
        written = [journal.append(run, event) for event in EVENTS]
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        assert list(journal.entries(run)) == written
        assert [(entry.number, entry.run, entry.at, entry.event) for entry in written] == [
            (number, run, NOW, event) for number, event in enumerate(EVENTS, 1)
        ]
        seen = journal.verify()
        assert (seen.events, seen.faults, seen.foreign) == (len(EVENTS), (), ())
        assert len(seen.head) == 64
        story = journal.story(run)
        assert (story.begun, story.ended, story.plan) == (NOW, RunEnded(0), "ab" * 32)
        assert (story.leases, story.in_hand) == ((), ())
        assert (story.proven, story.seen) == ({"1": "show crypto gdoi gm: registered"}, {"2": {"tek": "A1B2C3D4"}})
        assert story.held == RunHeld("2", "lon-ks1 rekeys in 40 s")
        assert [(step.result, step.tries, step.word is None) for step in story.steps] == [
            (APPLIED, 1, True),
            (StepResult.GONE, 1, False),
        ]
        assert journal.runs() == (run,)
    assert (tmp_path / "end").stat().st_mode & 0o777 == 0o600


FORMS = {
    "other version": lambda plain: plain.replace('"version":1', '"version":2'),
    "unknown field": lambda plain: plain.replace('"version":1', '"version":1,"extra":1'),
    "unknown field of the event": lambda plain: plain.replace('"exit_code":0', '"exit_code":0,"extra":1'),
    "unknown event": lambda plain: plain.replace("run-ended", "run-paused"),
    "no time zone": lambda plain: plain.replace("Z", ""),
    "cut off": lambda plain: plain[:-5],
}


@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS)
def test_a_form_that_is_not_known_is_refused(change: object) -> None:
    plain = to_json(Entry("c", 1, "r", NOW, RunEnded(0)))
    assert from_json(plain).event == RunEnded(0)
    assert callable(change)
    assert change(plain) != plain
    with pytest.raises(ValueError, match="no event of version 1"):
        from_json(change(plain))


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Entry("c", 1, "r", NOW.replace(tzinfo=None), RunEnded(0))


def test_an_intent_without_an_outcome_is_unknown() -> None:
    story = fold("r", [Entry("c", 1, "r", NOW, RunBegun("push", "ops")), Entry("c", 2, "r", NOW, intended())])
    assert [step.intended.step for step in story.in_hand] == ["1"]
    assert story.ended is None
    with pytest.raises(ValueError, match="which was never intended"):
        fold("r", [Entry("c", 1, "r", NOW, outcome(APPLIED))])
    with pytest.raises(ValueError, match="is of run other"):
        fold("r", [Entry("c", 1, "other", NOW, RunEnded(0))])


def said(result: StepResult, step: str = "1", reason: str = "it burnt down") -> StepSettled:
    return StepSettled(step, "lon-gm1", result, "ops@jump", reason)  # type: ignore[arg-type]


ORDERS = {
    "a step after an outcome": ([intended(), outcome(APPLIED), intended("2")], None),
    "a step after a part": ([intended(), outcome(PARTLY), intended("2")], None),
    "a step of another device": ([intended(), intended(device="ams-gm1")], None),
    "again where nothing was sent": ([intended(once=True), outcome(NOTHING), intended(once=True)], None),
    "again, which may be": ([intended(), outcome(PARTLY), intended()], None),
    "reconciled": ([intended(), StepReconciled("1", "lon-gm1", NOTHING, "read"), intended("2")], None),
    "after an intent": ([intended(), intended("2")], "nobody knows how far step 1"),
    "after unknown": ([intended(), outcome(UNKNOWN), intended("2")], "reconcile it before anything else is sent"),
    "still unknown": (
        [intended(), StepReconciled("1", "lon-gm1", UNKNOWN, "no answer"), intended("2")],
        "nobody knows how far step 1",
    ),
    "twice": ([intended(once=True), outcome(APPLIED), intended(once=True)], "must not be sent twice, and came to"),
    "twice after a part": ([intended(once=True), outcome(PARTLY), intended(once=True)], "must not be sent twice"),
    "twice, called harmless": ([intended(once=True), outcome(APPLIED), intended()], "must not be sent twice"),
    "an operator's word": ([intended(), outcome(UNKNOWN), said(NOTHING), intended("2")], None),
    "an operator's word of a device that is gone": ([intended(), said(StepResult.GONE), intended("2")], None),
    "a reading behind an operator's word": (
        [intended(), said(APPLIED), StepReconciled("1", "lon-gm1", NOTHING, "read")],
        None,
    ),
    "an operator's word of what is known": ([intended(), outcome(PARTLY), said(NOTHING)], "is not in hand"),
    "an operator's word on another one's": ([intended(), said(APPLIED), said(NOTHING)], "is not in hand"),
    "an operator's word of another step": ([intended(), said(APPLIED, "2")], "is not in hand"),
    "twice, by an operator's word": ([intended(once=True), said(StepResult.GONE), intended(once=True)], "sent twice"),
    "an outcome of nothing": ([outcome(APPLIED)], "is not in hand"),
    "an outcome of another step": ([intended(), outcome(APPLIED, "2")], "step 2 of run .* is not in hand"),
    "an outcome after the reading": (
        [intended(), StepReconciled("1", "lon-gm1", NOTHING, "read"), outcome(APPLIED)],
        "is not in hand",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("events", "words"), ORDERS.values(), ids=ORDERS)
def test_what_may_follow(store_url: str, tmp_path: Path, events: list[Event], words: str | None) -> None:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        run = store.begin_run("push", NOW).id
        for event in events[:-1]:
            journal.append(run, event)
        if words is None:
            journal.append(run, events[-1])
        else:
            with pytest.raises(StepRefusedError, match=words):
                journal.append(run, events[-1])
        assert [entry.event for entry in journal.entries(run)] == (events if words is None else events[:-1])
        assert journal.verify().faults == ()


def test_a_step_in_hand_holds_up_other_runs_and_other_installations(store_url: str, tmp_path: Path) -> None:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        first, second = (store.begin_run("push", NOW).id for _ in range(2))
        theirs = store.journal(OTHER_KEY, tmp_path / "their-end", lambda: NOW)
        journal.append(first, intended())
        for other in (journal, theirs):
            with pytest.raises(StepRefusedError, match=f"how far step 1 of run {first} came"):
                other.append(second, intended())
        theirs.append(first, StepReconciled("1", "lon-gm1", NOTHING, "read"))
        journal.append(second, intended())
        assert [entry.chain for entry in journal.entries(first)] == [journal.sealer.chain, theirs.sealer.chain]
        seen = journal.verify()
        assert (seen.events, seen.faults, seen.foreign) == (2, (), ((theirs.sealer.chain, 1),))


def test_steps_in_hand_are_found_by_device(store_url: str, tmp_path: Path) -> None:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        first, second = (store.begin_run("push", NOW).id for _ in range(2))
        assert journal.open_steps(["lon-gm1", "ams-gm1"]) == ()
        journal.append(first, intended())
        journal.append(second, intended("7", "ams-gm1"))
        journal.append(second, outcome(APPLIED, "7", "ams-gm1"))
        journal.append(second, intended("8", "ams-gm1"))
        found = journal.open_steps(["ams-gm1", "lon-gm1", "cph-gm1", "lon-gm1"])
        assert [(item.run, item.intended.step) for item in found] == [(second, "8"), (first, "1")]
        journal.append(first, said(StepResult.GONE))
        journal.append(second, StepReconciled("8", "ams-gm1", UNKNOWN, "no answer"))
        assert [item.run for item in journal.open_steps(["lon-gm1", "ams-gm1"])] == [second]


SECRETS = {
    "operator's word": (said(NOTHING, reason=f"username ops password {CANARY}"), "reason holds a secret"),
    "key": (StepIntended("1", "a", "t", (f"crypto isakmp key {CANARY} address 192.0.2.1",)), "lines holds a secret"),
    "second line": (StepIntended("1", "a", "t", ("exit", f"snmp-server community {CANARY}")), "lines holds a secret"),
    "title": (StepIntended("1", "a", f"set password {CANARY}", ()), "title holds a secret"),
    "evidence": (StepReconciled("1", "a", UNKNOWN, f"ok\nenable secret 5 {CANARY}"), "evidence holds a secret"),
    "word": (OperatorWord(Word.CONFIRM, "ops", f"tacacs-server key {CANARY}"), "detail holds a secret"),
    "private key": (RunEnded(1, "-----{} RSA PRIVATE KEY-----".format("BEGIN")), "detail holds a private key"),
    "by value": (RunEnded(1, f"the router said {CANARY}-known"), "holds a secret that this process was given"),
    "too long": (RunEnded(1, f"{CANARY} " * 500), "of more than 4096 characters"),
    "two commands": (StepIntended("1", "a", "t", ("exit\nreload",)), "cannot be printed"),
    "number outside a key chain": (StepIntended("1", "a", "t", ("key 4471",)), "lines holds a secret"),
}


@pytest.mark.parametrize(("event", "words"), SECRETS.values(), ids=SECRETS)
def test_a_secret_is_refused(tmp_path: Path, event: Event, words: str) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        journal = store.journal(KEY, tmp_path / "end", lambda: NOW, lambda line: line.replace(f"{CANARY}-known", "*"))
        run = store.begin_run("push", NOW).id
        with pytest.raises(StoreError, match=words) as raised:
            journal.append(run, event)
        assert CANARY not in str(raised.value)
        assert journal.verify().events == 0
    assert not [path for path in tmp_path.iterdir() if CANARY.encode() in path.read_bytes()]


CLEAN = {
    "placeholder": ("crypto isakmp key <redacted sha256:0123456789ab> address 192.0.2.1",),
    "key chain": ("key chain ROUTING", "key 1", "key-string <redacted sha256:0123456789ab>", "key 2"),
    "no secret": ("crypto gdoi group WAN", "identity number 101"),
}


@pytest.mark.parametrize("lines", CLEAN.values(), ids=CLEAN)
def test_placeholders_are_taken(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with open_journal(f"sqlite:///{tmp_path}/store.db", tmp_path / "end") as (store, journal):
        event = StepIntended("1", "a", "t", lines)
        assert journal.append(store.begin_run("push", NOW).id, event).event == event


def test_a_run_that_is_not_there(store_url: str, tmp_path: Path) -> None:
    with open_journal(store_url, tmp_path / "end") as (_, journal):
        with pytest.raises(StoreError, match="the run it belongs to is not in the store"):
            journal.append("p-1", RunEnded(0))
        with pytest.raises(StoreError, match="there is no run p-1"):
            journal.entries("p-1")
        assert journal.verify().faults == ()


def test_no_run_with_events_is_pruned(store_url: str, tmp_path: Path) -> None:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        runs = [store.begin_run("push", NOW - timedelta(days=9)).id for _ in range(3)]
        journal.append(runs[0], intended())
        assert store.prune(NOW, keep=1).runs == (runs[1],)
        assert [run.id for run in store.runs()] == [runs[2], runs[0]]
        assert journal.verify().faults == ()


def test_a_commit_is_flushed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with open_journal(url, tmp_path / "end") as (_, journal), journal.transaction("look") as inside:
        assert inside.connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert inside.connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_commit_is_flushed_even_where_the_server_puts_it_off(postgres: Server, tmp_path: Path) -> None:
    url = postgres.new()
    postgres.run(f"ALTER DATABASE {url.partition('@/')[2].partition('?')[0]} SET synchronous_commit = off")
    with open_journal(url, tmp_path / "end") as (store, journal):
        show = text("SHOW synchronous_commit")
        with store._database.read("look") as connection:  # noqa: SLF001 -- what others get
            assert connection.scalar(show) == "off"
        with journal.transaction("look") as inside:
            assert inside.connection.scalar(show) == "on"


def test_a_full_disk(tmp_path: Path) -> None:
    """The event is not there, and nobody is told that it is; with room again the chain goes on."""
    with open_journal(f"sqlite:///{tmp_path}/store.db", tmp_path / "end") as (store, journal):
        run = store.begin_run("push", NOW).id
        journal.append(run, RunBegun("push", "ops"))
        with store._database.engine.connect() as connection:  # noqa: SLF001 -- its one connection, which writes next
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        long = StepReconciled("1", "lon-gm1", APPLIED, "x\n" * 20_000)
        journal.append(run, intended())
        with pytest.raises(StoreError, match="the disk is full: free some space"):
            journal.append(run, long)
        assert journal.verify().events == 2
        with store._database.engine.connect() as connection:  # noqa: SLF001
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        journal.append(run, long)
        assert (journal.verify().events, journal.verify().faults) == (3, ())


def test_the_file_of_the_end_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is there, the caller is stopped all the same, and the next event mends the file."""
    end = tmp_path / "end"
    with open_journal(f"sqlite:///{tmp_path}/store.db", end) as (store, journal):
        run = store.begin_run("push", NOW).id
        journal.append(run, RunBegun("push", "ops"))

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StoreError, match="could not write the end of the journal: No space left on device"):
                journal.append(run, intended())
        before = end.read_bytes()
        assert (journal.verify().events, journal.verify().faults) == (2, ())
        journal.append(run, outcome(APPLIED))
        assert end.read_bytes() != before
        assert journal.verify().faults == ()
    assert not list(tmp_path.glob("end.*"))


def process(body: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that works on a journal; its arguments are in ``sys.argv``."""
    head = """
        import os, signal, sys
        from pathlib import Path
        from journals import *
        from getvpn_ops.model.journal import *
        from getvpn_ops.store.anchor import Anchor
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(body), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip


def test_processes_write_at_once(store_url: str, tmp_path: Path) -> None:
    body = """
        with open_journal(sys.argv[1], Path(sys.argv[2])) as (store, journal):
            run = store.begin_run("push", NOW).id
            for number in range(25):
                journal.append(run, OperatorWord(Word.CONFIRM, "ops", str(number)))
    """
    started = [process(body, store_url, tmp_path / "end") for _ in range(3)]
    for one in started:
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0, said
    with open_journal(store_url, tmp_path / "end") as (_, journal):
        seen = journal.verify()
        assert (seen.events, seen.faults) == (75, ())
        for run in journal.runs():
            details = [getattr(entry.event, "detail", "") for entry in journal.entries(run)]
            assert details == [str(number) for number in range(25)]


def test_a_kill_at_every_write(store_url: str, tmp_path: Path) -> None:
    """Killed at each statement, each commit and each write of the file, from the first event on.

    What was told to be there is, and nothing more than the one event in hand; the chain is whole and goes on.
    """
    body = """
        from sqlalchemy import event as on
        from sqlalchemy.engine import Engine
        url, end = sys.argv[1], Path(sys.argv[2])
        EVENTS = [intended(), outcome(StepResult.APPLIED), intended("2", once=True)]
        with open_journal(url, None) as (store, _):
            run = store.begin_run("push", NOW).id
        count = 0
        for kill_at in range(1, 200):
            told, tell = os.pipe()
            child = os.fork()
            if child == 0:
                left = [kill_at]
                def point(*_, **__):
                    left[0] -= 1
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                try:
                    with open_journal(url, end) as (store, journal):
                        mine = store.begin_run("push", NOW).id
                        device = f"d{kill_at}"
                        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
                            on.listen(store._database.engine, name, point)
                        write = Anchor.write
                        def watched(self, head):
                            point(); write(self, head); point()
                        Anchor.write = watched
                        for one in EVENTS:
                            import dataclasses
                            journal.append(mine, dataclasses.replace(one, device=device))
                            os.write(tell, b".")
                except BaseException:
                    import traceback; traceback.print_exc(); os._exit(3)
                os._exit(0)
            os.close(tell)
            said = b""
            while more := os.read(told, 64):
                said += more
            os.close(told)
            status = os.waitpid(child, 0)[1]
            with open_journal(url, end) as (store, journal):
                seen = journal.verify()
                assert not seen.faults, (kill_at, seen.faults)
                new = seen.events - count
                assert len(said) <= new <= len(said) + 1, (kill_at, said, new)
                count = seen.events
                mine = store.runs()[0].id
                events = [entry.event.kind for entry in journal.entries(mine)]
                assert events == [one.kind for one in EVENTS][:new], (kill_at, events)
                steps = journal.story(mine).in_hand
                assert len(steps) == new % 2, (kill_at, steps)
            if os.waitstatus_to_exitcode(status) == 0:
                assert len(said) == 3
                print("points", kill_at - 1)
                break
            assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, status
    """
    running = process(body, store_url, tmp_path / "end")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert int(out.split()[1]) > 40


def test_events_are_refused_where_the_end_is_gone(tmp_path: Path) -> None:
    cases = {
        "UPDATE journal_heads SET number = 1": "its end was changed",
        "DELETE FROM journal_heads": "its end was removed",
        "DELETE FROM journal WHERE number = 2": "its last events are not those that were written",
    }
    for number, (statement, words) in enumerate(cases.items()):
        with open_journal(f"sqlite:///{tmp_path}/{number}.db", tmp_path / f"end{number}") as (store, journal):
            run = store.begin_run("push", datetime(2026, 3, 1, tzinfo=UTC)).id
            journal.append(run, RunBegun("push", "ops"))
            journal.append(run, RunEnded(0))
            by_hand(store, statement)
            with pytest.raises(StoreError, match=words):
                journal.append(run, RunBegun("push", "ops", resumed=True))
