"""One writer for each device and each group, whatever becomes of the others (promise P5)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from journals import NOW, intended, open_journal

from getvpn_ops.errors import LeaseHeldError, LeaseLostError, UsageError
from getvpn_ops.model.journal import Fence, LeaseBroken, LeaseReleased, LeaseRenewed, LeaseTaken, Resource, ResourceKind
from getvpn_ops.store.leases import Leases, store_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from getvpn_ops.store import Store
    from getvpn_ops.store.journal import Journal

TWO = timedelta(minutes=2)
GM, KS, WAN = (
    Resource(ResourceKind.DEVICE, "lon-gm1"),
    Resource(ResourceKind.DEVICE, "lon-ks1"),
    Resource(ResourceKind.GROUP, "WAN"),
)


@dataclass
class Site:
    """A store with leases, and a clock that only the test moves."""

    store: Store
    journal: Journal
    now: datetime = NOW
    leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self.leases = Leases(self.store._database, self.journal, self.clock)  # noqa: SLF001 -- a clock of its own

    def clock(self, _: Connection) -> datetime:
        return self.now

    def run(self) -> str:
        return self.store.begin_run("push", NOW).id


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        yield Site(store, journal)
        assert journal.verify().faults == ()


def test_all_or_nothing_and_one_at_a_time(site: Site) -> None:
    one, two = site.run(), site.run()
    lease = site.leases.take(one, [WAN, GM, GM], TWO)
    assert lease.fences == (Fence(GM, 1), Fence(WAN, 1))
    assert lease.ends == NOW + TWO
    words = f"run {one} .* has group:WAN for 120 s more .lease {lease.id}.: wait, or see"
    for run in (two, one):
        with pytest.raises(LeaseHeldError, match=words):
            site.leases.take(run, [KS, WAN], TWO)
    other = site.leases.take(two, [KS], TWO)
    assert [held.id for held in site.leases.held()] == [lease.id, other.id]
    assert site.leases.release(lease)
    assert site.leases.take(two, [WAN, GM], TWO).fences == (Fence(GM, 2), Fence(WAN, 2))


def test_it_ends_by_itself_and_only_then(site: Site) -> None:
    lease = site.leases.take(site.run(), [WAN], TWO)
    site.now += TWO - timedelta(seconds=1)
    site.leases.check(lease, timedelta(seconds=1))
    with pytest.raises(LeaseLostError, match=r"ends in 1\.0 s, and 30 s are needed"):
        site.leases.check(lease, timedelta(seconds=30))
    renewed = site.leases.renew(lease, TWO)
    assert renewed.ends == site.now + TWO
    site.now += TWO
    with pytest.raises(LeaseLostError, match=r"ended 0\.0 s ago"):
        site.leases.check(renewed)
    assert site.leases.take(site.run(), [WAN], TWO).fences == (Fence(WAN, 2),)


def test_a_clock_that_is_set_back_gives_nobody_a_lease(site: Site) -> None:
    lease = site.leases.take(site.run(), [WAN], TWO)
    site.now -= timedelta(hours=1)
    with pytest.raises(LeaseHeldError):
        site.leases.take(site.run(), [WAN], TWO)
    assert site.leases.renew(lease, TWO).ends == lease.ends


@pytest.mark.parametrize("taken", [True, False], ids=["others took it", "nobody took it"])
def test_who_wakes_after_the_end_loses(site: Site, *, taken: bool) -> None:
    """Whoever it was that slept: nothing is written down under the lease, so nothing is sent."""
    lease = site.leases.take(site.run(), [GM, WAN], TWO)
    site.leases.append(lease, intended("1"))
    site.now += TWO
    if taken:
        site.leases.take(site.run(), [WAN], TWO)
    before = len(site.journal.entries(lease.run))
    words = "others have taken" if taken else "ended 0.0 s ago"
    with pytest.raises(LeaseLostError, match=words):
        site.leases.append(lease, intended("2", "ams-gm1"))
    with pytest.raises(LeaseLostError, match=words):
        site.leases.renew(lease, TWO)
    assert len(site.journal.entries(lease.run)) == before
    assert site.leases.release(lease)  # what is left of it
    assert not site.leases.release(lease)
    assert [held.fences for held in site.leases.held()] == ([(Fence(WAN, 2),)] if taken else [])


def test_unlock_needs_its_id_and_a_reason(site: Site) -> None:
    lease = site.leases.take(site.run(), [GM, WAN], TWO)
    for id_, reason, words in (
        (lease.id, " ", "only broken for a reason"),
        (lease.id[:6], "gone", f"no lease is called '{lease.id[:6]}'; there are: {lease.id}"),
    ):
        with pytest.raises(UsageError, match=words):
            site.leases.unlock(id_, reason, "ops")
    site.leases.check(lease)
    assert site.leases.unlock(lease.id, "its host is gone", "ops") == lease
    with pytest.raises(LeaseLostError, match="was broken"):
        site.leases.append(lease, intended())
    new = site.leases.take(site.run(), [WAN], TWO)
    with pytest.raises(UsageError, match=f"no lease is called '{lease.id}'; there are: {new.id}"):
        site.leases.unlock(lease.id, "again", "ops")
    site.leases.check(new)


def test_every_change_is_an_event_of_its_run(site: Site) -> None:
    lease = site.leases.take(site.run(), [GM], TWO)
    site.leases.renew(lease, TWO * 2)
    site.leases.append(lease, intended())
    site.leases.unlock(lease.id, "why not", "ops")
    assert [entry.event for entry in site.journal.entries(lease.run)] == [
        LeaseTaken(lease.id, (Fence(GM, 1),), NOW + TWO),
        LeaseRenewed(lease.id, NOW + TWO * 2),
        intended(),
        LeaseBroken(lease.id, "why not", "ops"),
    ]
    other = site.leases.take(site.run(), [KS], TWO)
    site.leases.release(other)
    assert site.journal.entries(other.run)[-1].event == LeaseReleased(other.id)


WRONG = {"no resource": ([], TWO), "no time": ([GM], timedelta()), "time that is over": ([GM], -TWO)}


@pytest.mark.parametrize(("resources", "lasts"), WRONG.values(), ids=WRONG)
def test_wrong_asked(site: Site, resources: list[Resource], lasts: timedelta) -> None:
    with pytest.raises(ValueError, match="a lease"):
        site.leases.take(site.run(), resources, lasts)
    assert site.leases.held() == ()


def test_the_store_tells_the_time(site: Site) -> None:
    with site.store._database.read("look") as connection:  # noqa: SLF001 -- as leases do
        told = store_clock(connection)
    assert abs(datetime.now(UTC) - told) < timedelta(seconds=5)
    assert told.utcoffset() == timedelta()


def process(body: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that wants leases of the store whose URL is its first argument."""
    head = """
        import sys, time
        from datetime import timedelta
        from pathlib import Path
        from journals import *
        from getvpn_ops.errors import *
        from getvpn_ops.model.journal import Resource, ResourceKind
        NAMES = [Resource(ResourceKind.GROUP, "WAN"), Resource(ResourceKind.DEVICE, "lon-ks1")]
        def say(*words):
            print(*words, flush=True)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(body), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip


def test_processes_at_once(store_url: str, tmp_path: Path) -> None:
    """In each of many rounds exactly one has the lease; a counter that is not guarded otherwise loses no step."""
    body = """
        counter = Path(sys.argv[3])
        with open_journal(sys.argv[1], Path(sys.argv[2])) as (store, journal):
            leases, run, done = store.leases(journal), store.begin_run("push", NOW).id, 0
            until = time.monotonic() + 60
            while done < 8:
                assert time.monotonic() < until
                try:
                    lease = leases.take(run, NAMES[:: 1 if done % 2 else -1], timedelta(seconds=30))
                except LeaseHeldError:
                    time.sleep(0.005)
                    continue
                read = int(counter.read_text())
                time.sleep(0.01)
                leases.check(lease)
                counter.write_text(str(read + 1))
                assert leases.release(lease)
                done += 1
    """
    counter = tmp_path / "counter"
    counter.write_text("0")
    started = [process(body, store_url, tmp_path / "end", counter) for _ in range(3)]
    for one in started:
        _, said = one.communicate(timeout=100)
        assert one.returncode == 0, said
    assert counter.read_text() == "24"
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        assert journal.verify().faults == ()
        taken = store.leases(journal).take(store.begin_run("push", NOW).id, [WAN], TWO)
        assert taken.fences == (Fence(WAN, 25),)


def test_a_process_is_stopped_and_woken_after_its_lease_ended(store_url: str, tmp_path: Path) -> None:
    body = """
        with open_journal(sys.argv[1], Path(sys.argv[2])) as (store, journal):
            leases, run = store.leases(journal), store.begin_run("push", NOW).id
            lease = leases.take(run, NAMES, timedelta(seconds=float(sys.argv[3])))
            leases.append(lease, intended("1", "lon-ks1"))
            say(run)
            sys.stdin.readline()  # stopped here
            late = intended("2", "lon-gm9")
            for action in (lambda: leases.append(lease, late), lambda: leases.renew(lease, timedelta(1))):
                try:
                    action()
                except LeaseLostError as exc:
                    say("lost")
            say("released", leases.release(lease))
    """
    with process(body, store_url, tmp_path / "end", 3) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        run = first.stdout.readline().strip()
        assert run.startswith("p-")
        os.kill(first.pid, signal.SIGSTOP)
        try:
            with open_journal(store_url, tmp_path / "end") as (store, journal):
                leases, mine = store.leases(journal), store.begin_run("push", NOW).id
                for _ in range(3000):
                    try:
                        lease = leases.take(mine, [WAN, KS], TWO)
                        break
                    except LeaseHeldError:
                        signal.sigtimedwait([], 0.01)
                else:
                    pytest.fail("the lease never ended")
                first.stdin.write("\n")
                first.stdin.flush()
                os.kill(first.pid, signal.SIGCONT)
                assert first.stdout.read().split("\n") == ["lost", "lost", "released False", ""]
                leases.check(lease)
                assert [fence.token for fence in lease.fences] == [2, 2]
                assert [step.intended.step for step in journal.story(run).in_hand] == ["1"]
                assert journal.verify().faults == ()
        finally:
            os.kill(first.pid, signal.SIGCONT)
        first.stdin.close()
        assert first.wait(30) == 0, first.stderr
