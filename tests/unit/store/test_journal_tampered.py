"""Whoever changes the journal without the key is found, and the event is named (promise P15)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from journals import KEY, NOW, OTHER_KEY, by_hand, intended, open_journal, outcome
from sqlalchemy import text

from getvpn_ops.errors import StoreError
from getvpn_ops.model.journal import OperatorWord, RunBegun, RunEnded, StepResult, Word
from getvpn_ops.store.chain import Head, Sealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.store import Store
    from getvpn_ops.store.journal import Journal

EVENTS = (
    RunBegun("push", "ops"),
    OperatorWord(Word.ACCEPT_LOSS, "ops"),
    intended(),
    outcome(StepResult.APPLIED),
    RunEnded(0),
)


@pytest.fixture
def written(store_url: str, tmp_path: Path) -> Iterator[tuple[Store, Journal]]:
    with open_journal(store_url, tmp_path / "end") as (store, journal):
        run = store.begin_run("push", NOW).id
        for event in EVENTS:
            journal.append(run, event)
        assert journal.verify().faults == ()
        yield store, journal


def sealed_anew(store: Store, key: bytes) -> None:
    """All events from the third on get new seals, and the end, too; with the right key nothing could be found."""
    ours, theirs = Sealer(KEY), Sealer(key)
    with store._database.write("tamper") as connection:  # noqa: SLF001 -- no method does this
        rows = connection.execute(text("SELECT number, body, mac FROM journal ORDER BY number")).all()
        previous = rows[1].mac
        for row in rows[2:]:
            body = row.body.replace('"once":false', '"once":true')
            mac = theirs.link(previous, body)
            values = {"number": row.number, "body": body, "previous": previous, "mac": mac}
            connection.execute(
                text("UPDATE journal SET body = :body, previous = :previous, mac = :mac WHERE number = :number"), values
            )
            previous = mac
        values = {"mac": previous, "seal": theirs.head(Head(5, previous)), "chain": ours.chain}
        connection.execute(text("UPDATE journal_heads SET mac = :mac, seal = :seal WHERE chain = :chain"), values)


def swapped(store: Store) -> None:
    """Two events change places, rows and all but the numbers."""
    by_hand(
        store,
        "UPDATE journal SET number = -3 WHERE number = 3",
        "UPDATE journal SET number = 3 WHERE number = 4",
        "UPDATE journal SET number = 4 WHERE number = -3",
    )


def renumbered(store: Store) -> None:
    """One goes, and those behind it move up."""
    by_hand(
        store,
        "DELETE FROM journal WHERE number = 3",
        "UPDATE journal SET number = 3 WHERE number = 4",
        "UPDATE journal SET number = 4 WHERE number = 5",
    )


def to_another_run(store: Store) -> None:
    other = store.begin_run("push", NOW).id
    by_hand(store, "UPDATE journal SET run = :run WHERE number = 3", run=other)


def tail_with_its_head(store: Store) -> None:
    """The end that the store keeps is set to an older one of its own, seal and all."""
    sealer = Sealer(KEY)
    with store._database.write("tamper") as connection:  # noqa: SLF001
        mac = connection.scalar(text("SELECT mac FROM journal WHERE number = 3"))
        connection.execute(text("DELETE FROM journal WHERE number > 3"))
        values = {"mac": mac, "seal": sealer.head(Head(3, str(mac)))}
        connection.execute(text("UPDATE journal_heads SET number = 3, mac = :mac, seal = :seal"), values)


def sql(*statements: str) -> Callable[[Store], None]:
    return lambda store: by_hand(store, *statements)


TAMPERED: dict[str, tuple[Callable[[Store], None], list[tuple[int, str]]]] = {
    "edited": (
        sql("UPDATE journal SET body = replace(body, 'applied', 'partly') WHERE number = 4"),
        [(4, "changed, or not sealed with the key")],
    ),
    "time edited": (
        sql("UPDATE journal SET body = replace(body, '10:05:00', '10:06:00') WHERE number = 1"),
        [(1, "changed, or not sealed with the key")],
    ),
    "seal edited": (
        sql("UPDATE journal SET mac = previous WHERE number = 2"),
        [(2, "changed, or not sealed"), (3, "does not follow event 2")],
    ),
    "one removed": (sql("DELETE FROM journal WHERE number = 3"), [(3, "event 3 removed")]),
    "two removed": (sql("DELETE FROM journal WHERE number IN (2, 3)"), [(2, "events 2 to 3 removed")]),
    "first removed": (sql("DELETE FROM journal WHERE number = 1"), [(1, "event 1 removed")]),
    "last removed": (
        sql("DELETE FROM journal WHERE number = 5"),
        [(5, "missing at the end: event 5 removed (the store names"), (5, "missing at the end: event 5 removed (/")],
    ),
    "tail removed with its head": (tail_with_its_head, [(4, "missing at the end: events 4 to 5 removed (/")]),
    "all removed": (
        sql("DELETE FROM journal", "DELETE FROM journal_heads"),
        [(1, "missing at the end: events 1 to 5 removed (/")],
    ),
    "head removed": (sql("DELETE FROM journal_heads"), [(5, "which the store keeps, was removed")]),
    "head edited": (sql("UPDATE journal_heads SET number = 4"), [(5, "which the store keeps, was changed")]),
    "sealed anew without the key": (
        lambda store: sealed_anew(store, OTHER_KEY),
        [
            (3, "not sealed with the key"), (4, "not sealed with the key"), (5, "not sealed with the key"),
            (5, "which the store keeps, was changed"), (5, "replaced: /"),
        ],
    ),
    "swapped": (
        swapped,
        [
            (3, "does not follow event 2"), (3, "event 4 of chain"), (4, "does not follow event 3"),
            (4, "event 3 of chain"), (5, "does not follow event 4"),
        ],
    ),
    "rows reordered": (
        sql(
            "UPDATE journal SET seq = 1000 WHERE number = 3",
            "UPDATE journal SET seq = 1001 WHERE number = 2",
        ),
        [(3, "stands before an event that was written earlier"), (4, "written earlier"), (5, "written earlier")],
    ),
    "renumbered": (
        renumbered,
        [
            (3, "does not follow event 2"), (3, "event 4 of chain"), (4, "event 5 of chain"),
            (5, "missing at the end: event 5 removed (the store"), (5, "missing at the end: event 5 removed (/"),
        ],
    ),
    "moved to another run": (to_another_run, [(3, "moved from run p-")]),
    "moved to another device": (
        sql("UPDATE journal SET device = 'ams-gm1' WHERE number = 3"),
        [(3, "its columns say something else")],
    ),
    "another kind": (
        sql("UPDATE journal SET kind = 'run-begun' WHERE number = 3"),
        [(3, "its columns say something else")],
    ),
    "given to another installation": (
        sql("UPDATE journal SET chain = '0123456789abcdef' WHERE number = 3"),
        [(3, "event 3 removed")],
    ),
    "a copy put in": (
        sql(
            "INSERT INTO journal (chain, number, run, kind, device, body, previous, mac) "
            "SELECT chain, 6, run, kind, device, body, previous, mac FROM journal WHERE number = 3"
        ),
        [
            (6, "does not follow event 5"), (6, "event 3 of chain"),
            (6, "stands behind the end of the chain"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tamper", "told"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_found(
    written: tuple[Store, Journal], tamper: Callable[[Store], None], told: list[tuple[int, str]]
) -> None:
    store, journal = written
    tamper(store)
    found = [(fault.number, fault.what) for fault in journal.verify().faults]
    assert [number for number, _ in found] == [number for number, _ in told], found
    assert not [pair for pair in zip(found, told, strict=True) if pair[1][1] not in pair[0][1]], found


def test_a_changed_event_is_not_given_out(written: tuple[Store, Journal]) -> None:
    store, journal = written
    (run,) = journal.runs()
    by_hand(store, "UPDATE journal SET body = replace(body, 'applied', 'partly') WHERE number = 4")
    with pytest.raises(StoreError, match="event 4: changed, or not sealed with the key of this installation"):
        journal.story(run)


def test_a_chain_sealed_with_the_key_is_not_found(tmp_path: Path) -> None:
    """What the chain cannot do, so that nobody thinks it can: who has the key, and the file of the end, can lie."""
    with open_journal(f"sqlite:///{tmp_path}/store.db", None) as (store, journal):
        run = store.begin_run("push", NOW).id
        for event in EVENTS:
            journal.append(run, event)
        sealed_anew(store, KEY)
        assert journal.verify().faults == ()


def test_a_database_that_was_set_back(tmp_path: Path) -> None:
    """A copy of the whole file, put back later; it stays visible whatever is written afterwards."""
    path, end = tmp_path / "store.db", tmp_path / "end"
    with open_journal(f"sqlite:///{path}", end) as (store, journal):
        run = store.begin_run("push", NOW).id
        journal.append(run, RunBegun("push", "ops"))
    shutil.copy(path, tmp_path / "copy")
    with open_journal(f"sqlite:///{path}", end) as (_, journal):
        journal.append(run, intended(once=True))
    (tmp_path / "copy").replace(path)
    with open_journal(f"sqlite:///{path}", end) as (_, journal):
        assert [fault.number for fault in journal.verify().faults] == [2]
        for _ in range(3):
            journal.append(run, RunEnded(1))
        (fault,) = journal.verify().faults
        assert (fault.number, fault.what.partition(":")[0]) == (2, "replaced")


def test_the_file_of_the_end_is_gone(tmp_path: Path) -> None:
    end = tmp_path / "end"
    with open_journal(f"sqlite:///{tmp_path}/store.db", end) as (store, journal):
        run = store.begin_run("push", NOW).id
        assert journal.verify().faults == ()
        journal.append(run, RunBegun("push", "ops"))
        end.unlink()
        journal.append(run, RunEnded(0))
        (fault,) = journal.verify().faults
        assert fault.what == f"{end}, which names the end of the chain, was removed"
        end.write_text("{}")
        with pytest.raises(StoreError, match="is damaged: it names no event of the journal"):
            journal.verify()


def test_the_journal_of_another_installation_is_not_called_good(written: tuple[Store, Journal]) -> None:
    store, ours = written
    seen = store.journal(OTHER_KEY, None, lambda: NOW).verify()
    assert (seen.events, seen.faults, seen.foreign) == (0, (), ((ours.sealer.chain, 5),))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="it needs 16"):
        Sealer(b"short")
