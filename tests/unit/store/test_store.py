"""The store gives back what was put, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.errors import StoreError, UsageError
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Finding, Outcome, Seen, Severity, Status
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.engine.ports import Archive
    from getvpn_ops.model.run import Run

NOW = datetime(2026, 3, 1, 10, 5, 0, 123456, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as opened:
        yield opened


def capture(device: str = "lon-gm1", number: int = 0, text: bytes = b"text\n") -> Capture:
    return Capture(device, f"show {number}", text, NOW + timedelta(seconds=number), 0.25, "libssh2 1.11.1")


CAPTURES = {
    "usual": capture(),
    "empty text": capture(text=b""),
    "no UTF-8, with NUL": capture(text=b"\x00\xff\xfe caf\xe9 \x1b[0m\r\n"),
    "long": capture(text=b"Group Member ID : 10.1.1.1\r\n" * 40_000),
    "that does not shrink": capture(text=bytes(range(256))),
    "of a file": Capture("ks 1", "show version", b"x", NOW, None, "logs/ks1.txt:7"),
    "with trouble": Capture("ams-ks1", "show clock", b"ha", NOW, 3.5, "e", Trouble.DROPPED, "ended after 3 s: \u2013"),
    "of another time zone": Capture("x", "y", b"z", datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=5)))),
}


@pytest.mark.parametrize("given", CAPTURES.values(), ids=CAPTURES)
def test_a_capture_comes_back(store: Store, given: Capture) -> None:
    run = store.begin_run("collect", NOW).id
    store.put_capture(run, given)
    (back,) = store.captures(run)
    assert back == given
    assert back.taken_at.utcoffset() == timedelta()


def test_words_that_no_database_takes_become_escapes(store: Store) -> None:
    run = store.begin_run("collect", NOW).id
    store.put_capture(run, Capture("a\x00b", "show \udce9", b"", NOW, source="\ud800", reason="x\x00"))
    (back,) = store.captures(run)
    assert (back.device, back.command, back.source, back.reason) == (r"a\x00b", r"show \udce9", r"\ud800", r"x\x00")


def test_a_whole_run_comes_back(store_url: str) -> None:
    visits = (
        Visit("a", NOW, NOW + timedelta(seconds=2), "libssh2 1.11.1", "A-1", 7),
        Visit("b", NOW, NOW, trouble=Trouble.UNREACHABLE, reason="no answer", next_step="is it up?"),
    )
    seen = Seen(device="a", command="show crypto gdoi", taken_at=NOW)
    finding = Finding(
        status=Status.FAIL,
        subject="a",
        message="direction",
        expected="both",
        actual="receive-only \x00 \u20ac",
        device="a",
        evidence=(seen,),
        next_steps=("look",),
    )
    outcomes = (
        Outcome(spec_id="x-y", subject="a", severity=Severity.MAJOR, status=Status.FAIL, findings=(finding,)),
        Outcome(spec_id="a-b", subject="b", severity=Severity.INFO, status=Status.UNKNOWN, reason="was not asked"),
    )
    with Store.open(store_url) as store:
        archive: Archive = store  # the port of the engine
        begun = store.begin_run(
            "health", NOW, arguments={"filter": ["role=gm"], "depth": Depth.KS}, depth=Depth.KS, workspace="/bank"
        )
        archive.put_visits(begun.id, visits)
        store.put_outcomes(begun.id, outcomes)
        done = store.finish_run(begun.id, NOW + timedelta(minutes=1), 4, {"fail": 1, "unknown": 1})
    with Store.open(store_url) as store:
        assert store.visits(begun.id) == visits
        assert store.outcomes(begun.id) == outcomes
        assert store.runs() == (done,)
    assert (done.kind, done.started, done.ended) == ("health", NOW, NOW + timedelta(minutes=1))
    assert (done.arguments, done.depth, done.exit_code) == ({"filter": ["role=gm"], "depth": "ks"}, "ks", 4)
    assert (done.summary, done.workspace) == ({"fail": 1, "unknown": 1}, "/bank")
    assert done.host
    assert done.tool_version
    assert (begun.ended, begun.exit_code) == (None, None)


def test_equal_texts_stand_once(store: Store) -> None:
    runs = [store.begin_run("collect", NOW).id for _ in range(2)]
    for run in runs:
        for number in range(3):
            store.put_capture(run, capture(number=number, text=b"same"))
        store.put_capture(run, capture(text=b"other"))
    assert store.size() == (2, len(b"same") + len(b"other"))
    assert [len(list(store.captures(run))) for run in runs] == [4, 4]


def test_captures_come_by_device_in_their_order(store: Store) -> None:
    """More than one page of them, and of one device only where that is asked."""
    run = store.begin_run("collect", NOW).id
    for number in range(150):
        for device in ("b", "a", "c"):
            store.put_capture(run, capture(device, number, f"{device}{number}".encode()))
    back = list(store.captures(run))
    assert [item.text for item in back] == [f"{device}{number}".encode() for device in "abc" for number in range(150)]
    assert list(store.captures(run, "b")) == back[150:300]
    assert list(store.captures(run, "nobody")) == []


def test_a_hundred_threads(store: Store) -> None:
    run = store.begin_run("collect", NOW).id

    def visit(device: str) -> None:
        for number in range(20):
            store.put_capture(run, capture(device, number, f"{device} {number % 3}".encode() * 40))

    threads = [threading.Thread(target=visit, args=(f"d{number:03}",)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    back = list(store.captures(run))
    assert len(back) == 2000
    assert [item.command for item in back] == [f"show {number}" for _ in range(100) for number in range(20)]
    assert store.size()[0] == 300


FOUND = {
    "id": (lambda runs: runs[0].id, 0),
    "id in capitals, with blanks": (lambda runs: f" {runs[1].id.upper()} ", 1),
    "beginning": (lambda runs: runs[1].id[:-2], 1),
    "end": (lambda runs: runs[2].id[-4:], 2),
    "last": (lambda _: "last", 3),
    "last of a kind": (lambda _: "last-health", 2),
    "last of another kind": (lambda _: "last-collect", 3),
}


@pytest.fixture
def four_runs(store: Store) -> list[Run]:
    """Two of a minute each; the last one began at an earlier time by its clock, which a lab's may."""
    times = (NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2), NOW - timedelta(days=1))
    kinds = ("collect", "health", "health", "collect")
    return [store.begin_run(kind, moment) for kind, moment in zip(kinds, times, strict=True)]


@pytest.mark.parametrize(("text", "place"), FOUND.values(), ids=FOUND)
def test_a_run_is_found(store: Store, four_runs: list[Run], text: Callable[[list[Run]], str], place: int) -> None:
    assert store.find_run(text(four_runs)) == four_runs[place]


NOT_FOUND = {
    "of that name": ("h-1999", r"no run is called 'h-1999'; the newest are c-20260228-100500-\w{4}, h-20260301"),
    "empty": ("", "no run is called ''"),
    "several": ("h-20260301", r"may be any of h-20260301-100700-\w{4}, h-20260301-100600-\w{4}: give more of the id"),
    "kind": ("last-doctor", "no run of doctor in store .* yet"),
    "pattern": ("h%", "no run is called 'h%'"),
}


@pytest.mark.parametrize(("text", "words"), NOT_FOUND.values(), ids=NOT_FOUND)
@pytest.mark.usefixtures("four_runs")
def test_a_run_is_not_found(store: Store, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        store.find_run(text)


def test_only_finished_runs_count_where_that_is_asked(store: Store, four_runs: list[Run]) -> None:
    with pytest.raises(UsageError, match="no finished run of health"):
        store.find_run("last-health", finished=True)
    done = store.finish_run(four_runs[1].id, NOW, 0)
    assert store.find_run("last-health", finished=True) == done
    assert store.find_run("last-health") == four_runs[2]


def test_runs_are_listed_newest_first(store: Store, four_runs: list[Run]) -> None:
    assert store.runs() == tuple(reversed(four_runs))
    assert store.runs("health") == (four_runs[2], four_runs[1])
    assert store.runs(limit=1) == (four_runs[3],)
    assert store.runs("doctor") == ()


PRUNED = {
    "nothing asked": ({}, ()),
    "newest": ({"keep": 2}, (0, 1)),
    "young": ({"days": 2.5}, (0, 1)),
    "either keeps": ({"keep": 3, "days": 2.5}, (0,)),
    "everything": ({"keep": 0}, (0, 1, 2, 3)),
    "more than there are": ({"keep": 9}, ()),
}


@pytest.mark.parametrize(("rule", "gone"), PRUNED.values(), ids=PRUNED)
def test_old_runs_go_with_all_they_have(store: Store, rule: dict[str, float], gone: tuple[int, ...]) -> None:
    runs = []
    for days in (5, 3, 2, 1):
        run = store.begin_run("collect", NOW - timedelta(days=days))
        store.put_capture(run.id, capture(text=b"in every run"))
        store.put_capture(run.id, capture(text=f"only in that of {days} days ago".encode()))
        store.put_visits(run.id, [Visit("a", NOW, NOW)])
        store.finish_run(run.id, NOW - timedelta(days=days), 0)
        runs.append(run.id)
    pruned = store.prune(NOW, **rule)  # type: ignore[arg-type]
    assert pruned.runs == tuple(runs[place] for place in gone)
    assert pruned.texts == len(gone) + (len(gone) == len(runs))
    assert store.size()[0] == 5 - pruned.texts
    assert [run.id for run in store.runs()] == [run for run in reversed(runs) if run not in pruned.runs]
    for kept in set(runs) - set(pruned.runs):
        assert len(list(store.captures(kept))) == 2


def test_a_run_that_may_still_go_on_is_not_pruned(store: Store) -> None:
    running = store.begin_run("collect", NOW - timedelta(hours=2)).id
    killed = store.begin_run("collect", NOW - timedelta(days=2)).id
    assert store.prune(NOW, keep=0).runs == (killed,)
    assert [run.id for run in store.runs()] == [running]


def test_what_belongs_to_no_run_is_refused_once_and_for_all(store: Store) -> None:
    """The first failure ends all writing, and everyone hears of it."""
    run = store.begin_run("collect", NOW).id
    store.put_capture("c-20260301-100500-none", capture())
    with pytest.raises(StoreError, match="the run it belongs to is not in the store"):
        store.flush()
    with pytest.raises(StoreError, match="the run it belongs to is not in the store"):
        store.put_capture(run, capture())
    with pytest.raises(StoreError, match="the run it belongs to is not in the store"):
        store.finish_run(run, NOW, 0)
    with pytest.raises(StoreError, match="the run it belongs to is not in the store"):
        store.close()


@pytest.mark.parametrize("what", ["captures", "visits", "outcomes"])
def test_nothing_is_not_the_answer_for_a_run_that_is_not_there(store: Store, what: str) -> None:
    with pytest.raises(StoreError, match="there is no run c-1"):
        getattr(store, what)("c-1")


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        store.begin_run("collect", NOW.replace(tzinfo=None))


def test_a_closed_store_takes_nothing(store: Store) -> None:
    run = store.begin_run("collect", NOW).id
    store.put_capture(run, capture())
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.put_capture(run, capture())
    store.close()


def program(body: str) -> list[str]:
    """Command of a process that does something with the store whose URL is its first argument."""
    head = """
        import sys
        from datetime import UTC, datetime
        from getvpn_ops.model.capture import Capture
        from getvpn_ops.store import Store
        NOW = datetime(2026, 3, 1, tzinfo=UTC)
        def capture(number):
            return Capture("d", f"show {number}", f"text {number % 50}\\n".encode() * 50, NOW)
    """
    return [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(body)]


def test_processes_open_and_write_at_once(store_url: str) -> None:
    """Four of them find no tables, so each wants to make them; then each writes the same texts."""
    body = """
        store = Store.open(sys.argv[1])
        run = store.begin_run("collect", NOW).id
        for number in range(300):
            store.put_capture(run, capture(number))
            if number % 40 == 0:
                store.flush()
        store.finish_run(run, NOW, 0)
        store.close()
    """
    started = [
        subprocess.Popen([*program(body), store_url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(4)
    ]
    for process in started:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    with Store.open(store_url) as store:
        runs = store.runs()
        assert len(runs) == 4
        assert all(len(list(store.captures(run.id))) == 300 for run in runs)
        assert store.size()[0] == 50


def test_what_was_flushed_survives_a_kill(store_url: str) -> None:
    body = """
        store = Store.open(sys.argv[1])
        run = store.begin_run("collect", NOW).id
        print(run, flush=True)
        for number in range(1_000_000):
            store.put_capture(run, capture(number))
            if number % 100 == 99:
                store.flush()
                print(number + 1, flush=True)
    """
    with subprocess.Popen([*program(body), store_url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run = process.stdout.readline().strip()
        said = [process.stdout.readline() for _ in range(5)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    flushed = int([line for line in said if line.endswith("\n")][-1])
    with Store.open(store_url) as store:
        back = [item.command for item in store.captures(run)]
        assert len(back) >= flushed >= 500
        assert back == [f"show {number}" for number in range(len(back))]
        assert store.find_run(run).ended is None
        store.put_capture(store.begin_run("collect", NOW).id, capture())


def test_files_of_the_store_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.put_capture(store.begin_run("collect", NOW).id, capture())
        store.flush()
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in path.parent.iterdir()}
    assert modes == dict.fromkeys(["store.db", "store.db-shm", "store.db-wal"], 0o600)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    path.chmod(0o644)
    Store.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_shrinks_when_old_runs_go(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store.open(f"sqlite:///{path}") as store:
        run = store.begin_run("collect", NOW).id
        for number in range(50):
            store.put_capture(run, capture(number=number, text=os.urandom(20_000)))
        store.finish_run(run, NOW, 0)
    full = path.stat().st_size
    with Store.open(f"sqlite:///{path}") as store:
        store.prune(NOW, keep=0)
    assert full > 1_000_000
    assert path.stat().st_size < 200_000


def test_a_run_that_is_removed_while_it_is_read_is_not_taken_for_whole(store_url: str) -> None:
    with Store.open(store_url) as store, Store.open(store_url) as other:
        run = store.begin_run("collect", NOW).id
        for number in range(250):
            store.put_capture(run, capture(number=number))
        store.put_visits(run, [Visit("lon-gm1", NOW, NOW)])
        store.finish_run(run, NOW, 0)
        found = store.captures(run)
        next(found)
        other.begin_run("collect", NOW)
        assert other.prune(NOW + timedelta(days=9), keep=1).runs == (run,)
        with pytest.raises(StoreError, match=f"there is no run {run}"):
            list(found)


def test_a_path_that_looks_like_a_url(tmp_path: Path) -> None:
    folder = tmp_path / "what? 100%"
    url = f"sqlite:///{tmp_path}/what%3F 100%25/store.db"
    with Store.open(url) as store:
        store.begin_run("collect", NOW)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    with Store.open(url) as store:
        assert len(store.runs()) == 1


def test_opening_again_gives_up_no_lock_of_this_process(tmp_path: Path) -> None:
    """POSIX drops all locks of a process on a file when any descriptor of it is closed."""
    url = f"sqlite:///{tmp_path}/store.db"
    body = """
        import sqlite3, sys
        try:  # what SQLite allows only to who is alone: it takes the log away from under the others
            print(*sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE").fetchone())
        except sqlite3.OperationalError as exc:
            print(exc)
    """
    with Store.open(url) as store, store._database.write("hold it"):  # noqa: SLF001 -- no method holds a lock so long
        Store.open(url).close()
        done = subprocess.run(
            [*program(body), f"{tmp_path}/store.db"], capture_output=True, text=True, check=True, timeout=60
        )
    assert done.stdout.strip() == "database is locked"


NO_STORES = {"folder": (os.mkdir, "Is a directory"), "pipe": (os.mkfifo, "Invalid argument")}


@pytest.mark.parametrize(("make", "words"), NO_STORES.values(), ids=NO_STORES)
def test_what_is_no_file_stays_as_it_is(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    make(tmp_path / "x")
    mode = (tmp_path / "x").stat().st_mode
    with pytest.raises(StoreError, match=words):
        Store.open(f"sqlite:///{tmp_path}/x")
    assert (tmp_path / "x").stat().st_mode == mode


def test_a_link_to_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "store.db")
    Store.open(f"sqlite:///{tmp_path}/link.db").close()
    assert stat.S_IMODE((tmp_path / "store.db").stat().st_mode) == 0o600
