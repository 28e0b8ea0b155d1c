"""Journals for tests: a store with a journal, and events that run through it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from getvpn_ops.model.journal import StepIntended, StepOutcome, StepResult
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from getvpn_ops.store.journal import Journal

NOW = datetime(2026, 3, 1, 10, 5, 0, 123456, tzinfo=UTC)
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


def intended(step: str = "1", device: str = "lon-gm1", *, once: bool = False) -> StepIntended:
    """A step that swaps a list."""
    lines = ("crypto map WAN 10 gdoi", "match address GM_LOCAL_r2")
    return StepIntended(step, device, "swap the list", lines, once=once)


def outcome(result: StepResult, step: str = "1", device: str = "lon-gm1") -> StepOutcome:
    """How it went."""
    return StepOutcome(step, device, result)


@contextmanager
def open_journal(url: str, end_file: Path | None, key: bytes = KEY) -> Iterator[tuple[Store, Journal]]:
    """A store and its journal."""
    with Store.open(url) as store:
        yield store, store.journal(key, end_file, lambda: NOW)


def by_hand(store: Store, *statements: str, **values: object) -> None:
    """What somebody does who can write to the database."""
    with store._database.write("tamper") as connection:  # noqa: SLF001 -- no method does this
        for statement in statements:
            connection.execute(text(statement), values)
