"""Which event of a step may come next: nothing is sent to a device that nobody has read since it was left unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from getvpn_ops.errors import StepRefusedError
from getvpn_ops.model.journal import (
    PlanFixed,
    StepEvent,
    StepIntended,
    StepOutcome,
    StepReconciled,
    StepResult,
    StepSettled,
)
from getvpn_ops.model.journal_story import OpenStep, fold
from getvpn_ops.store.schema import journal as table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Row

    from getvpn_ops.model.journal import Entry, Event

STEPS = ("step-intended", "step-outcome", "step-reconciled", "step-settled")
"""Kinds of events that say how far a step came."""


def must_be_next(
    entry_of: Callable[[Row[Any]], Entry],
    connection: Connection,
    run: str,
    event: StepEvent,
) -> None:
    """Whether a step may be sent now, or was the one in hand.

    Raises:
        StepRefusedError: it may not, or was not.
    """
    query = select(table).where(table.c.device == event.device, table.c.kind.in_(STEPS)).order_by(table.c.seq.desc())
    row = connection.execute(query.limit(1)).first()
    last = entry_of(row) if row is not None else None
    if not isinstance(event, StepIntended):
        known = last.event if last is not None and last.run == run else None
        same = isinstance(known, StepEvent) and known.step == event.step
        if isinstance(event, StepSettled):
            same = same and known is not None and is_open(known)  # what is known is not for an operator to say
        if isinstance(event, StepReconciled) and not same and known is not None and not is_open(known):
            same = _was_intended(entry_of, connection, run, event)  # undoing a step is a step of its own behind it
        if not same or (isinstance(event, StepOutcome) and not isinstance(known, StepIntended)):
            msg = f"{event.device}: step {event.step} of run {run} is not in hand, so nobody can say how it went"
            raise StepRefusedError(msg)
        return
    if last is not None and is_open(last.event):
        msg = (
            f"{event.device}: nobody knows how far step {getattr(last.event, 'step', '')} of run {last.run} came: "
            f"read the device and reconcile it before anything else is sent: getvpn-ops resume {last.run}"
        )
        raise StepRefusedError(msg)
    rows = connection.execute(
        select(table).where(table.c.run == run, table.c.device == event.device).order_by(table.c.seq)
    ).all()
    for step in fold(run, [entry_of(found) for found in rows]).steps:
        sent = step.intended.step == event.step and step.result is not StepResult.NOTHING_SENT
        if sent and (event.once or step.intended.once):
            msg = f"{event.device}: step {event.step} must not be sent twice, and came to '{step.result}' before"
            raise StepRefusedError(msg)
    if event.once:
        _must_be_first(entry_of, connection, run, event)


def open_steps(
    entry_of: Callable[[Row[Any]], Entry], connection: Connection, devices: Iterable[str]
) -> tuple[OpenStep, ...]:
    """Steps on these devices of which nobody knows how far they came.

    Args:
        entry_of: reads a row.
        connection: to the store.
        devices: in the order of what is given back, one for each that has such a step.
    """
    found = []
    for device in dict.fromkeys(devices):
        query = select(table).where(table.c.device == device, table.c.kind.in_(STEPS)).order_by(table.c.seq.desc())
        row = connection.execute(query.limit(1)).first()
        if row is None or not is_open((last := entry_of(row)).event):
            continue
        rows = connection.execute(query.where(table.c.run == last.run)).all()
        story = fold(last.run, [entry_of(one) for one in reversed(rows)])
        step = next(step for step in story.in_hand if step.intended.device == device)
        found.append(OpenStep(last.run, step.intended))
    return tuple(found)


def _must_be_first(
    entry_of: Callable[[Row[Any]], Entry], connection: Connection, run: str, event: StepIntended
) -> None:
    """No other run of the same plan has sent it.

    Raises:
        StepRefusedError: one has.
    """
    plans = {
        (found.run, found.event.digest)
        for row in connection.execute(select(table).where(table.c.kind == "plan-fixed"))
        if isinstance((found := entry_of(row)).event, PlanFixed)
    }
    ours = {digest for name, digest in plans if name == run}
    for other in sorted(name for name, digest in plans if digest in ours and name != run):
        rows = connection.execute(
            select(table)
            .where(table.c.run == other, table.c.device == event.device, table.c.kind.in_(STEPS))
            .order_by(table.c.seq)
        )
        step = fold(other, [entry_of(row) for row in rows]).step(event.step, event.device)
        if step is not None and step.result is not StepResult.NOTHING_SENT:
            msg = (
                f"{event.device}: step {event.step} must not be sent twice, and run {other} of the same plan sent it: "
                f"it came to '{step.result}'; make the plan anew"
            )
            raise StepRefusedError(msg)


def _was_intended(
    entry_of: Callable[[Row[Any]], Entry], connection: Connection, run: str, event: StepReconciled
) -> bool:
    query = select(table).where(table.c.run == run, table.c.device == event.device, table.c.kind == STEPS[0])
    events = (entry_of(row).event for row in connection.execute(query))
    return any(isinstance(found, StepIntended) and found.step == event.step for found in events)


def is_open(event: Event) -> bool:
    """Whether nobody knows how far a step came, by the last event of it."""
    if isinstance(event, StepOutcome | StepReconciled | StepSettled):
        return event.result is StepResult.UNKNOWN
    return isinstance(event, StepIntended)
