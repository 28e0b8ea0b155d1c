"""The writing thread: order, batches, and that nobody waits for ever."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.errors import StoreError
from getvpn_ops.store.schema import captures
from getvpn_ops.store.writer import Row, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence


def row(number: int) -> Row:
    return Row(captures, {"number": number})


def test_rows_are_written_in_order_and_in_few_batches() -> None:
    batches: list[list[int]] = []
    begun, go_on = threading.Event(), threading.Event()

    def write(rows: Sequence[Row]) -> None:
        begun.set()
        go_on.wait(30)
        batches.append([item.values["number"] for item in rows])

    writer = Writer(write)
    writer.put(row(0))
    begun.wait(30)
    for number in range(1, 700):  # gather while the first one is being written
        writer.put(row(number))
    go_on.set()
    writer.flush()
    assert [number for batch in batches for number in batch] == list(range(700))
    assert [len(batch) for batch in batches] == [1, 500, 199]
    writer.close()


def test_a_flush_waits_for_what_was_put_before() -> None:
    written: list[int] = []
    writer = Writer(lambda rows: written.extend(item.values["number"] for item in rows))
    for number in range(50):
        writer.put(row(number))
        writer.flush()
        assert len(written) == number + 1
    writer.close()


@pytest.mark.parametrize(
    ("failure", "words"),
    [(StoreError("the disk is full"), "the disk is full"), (KeyError("x"), "a defect of getvpn-ops: KeyError")],
    ids=["store", "defect"],
)
def test_a_failure_reaches_everyone_who_waits(failure: Exception, words: str) -> None:
    """Many threads stand before a full queue when writing fails: all of them hear of it, none hangs."""
    begun, go_on = threading.Event(), threading.Event()
    heard: list[str] = []

    def write(_: Sequence[Row]) -> None:
        begun.set()
        go_on.wait(30)
        raise failure

    writer = Writer(write)

    def put_many() -> None:
        try:
            for number in range(500):
                writer.put(row(number))
            writer.flush()
        except StoreError as exc:
            heard.append(str(exc))

    threads = [threading.Thread(target=put_many, daemon=True) for _ in range(10)]
    for thread in threads:
        thread.start()
    begun.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert not [thread for thread in threads if thread.is_alive()]
    assert len(heard) == 10
    assert all(words in said for said in heard)
    with pytest.raises(StoreError, match=words):
        writer.close()


def test_a_writer_without_work_starts_no_thread() -> None:
    before = threading.active_count()
    writer = Writer(lambda _: None)
    writer.flush()
    assert threading.active_count() == before
    writer.close()
    with pytest.raises(StoreError, match="the store is closed"):
        writer.put(row(1))
