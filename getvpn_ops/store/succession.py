"""Which event of a step may come next: nothing is sent to a device that nobody has read since it was left unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from getvpn_ops.errors import StepRefusedError
from getvpn_ops.model.journal import PlanFixed, StepIntended, StepOutcome, StepReconciled, StepResult
from getvpn_ops.model.journal_story import fold
from getvpn_ops.store.schema import journal as table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from getvpn_ops.model.journal import Entry, Event

_STEPS = ("step-intended", "step-outcome", "step-reconciled")


def must_be_next(
    entry_of: Callable[[Row[Any]], Entry],
    connection: Connection,
    run: str,
    event: StepIntended | StepOutcome | StepReconciled,
) -> None:
    """Whether a step may be sent now, or was the one in hand.

    Raises:
        StepRefusedError: it may not, or was not.
    """
    query = select(table).where(table.c.device == event.device, table.c.kind.in_(_STEPS)).order_by(table.c.seq.desc())
    row = connection.execute(query.limit(1)).first()
    last = entry_of(row) if row is not None else None
    if not isinstance(event, StepIntended):
        known = last.event if last is not None and last.run == run else None
        same = isinstance(known, StepIntended | StepOutcome | StepReconciled) and known.step == event.step
        if isinstance(event, StepReconciled) and not same and known is not None and not _is_open(known):
            same = _was_intended(entry_of, connection, run, event)  # undoing a step is a step of its own behind it
        if not same or (isinstance(event, StepOutcome) and not isinstance(known, StepIntended)):
            msg = f"{event.device}: step {event.step} of run {run} is not in hand, so nobody can say how it went"
            raise StepRefusedError(msg)
        return
    if last is not None and _is_open(last.event):
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
            .where(table.c.run == other, table.c.device == event.device, table.c.kind.in_(_STEPS))
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
    query = select(table).where(table.c.run == run, table.c.device == event.device, table.c.kind == _STEPS[0])
    events = (entry_of(row).event for row in connection.execute(query))
    return any(isinstance(found, StepIntended) and found.step == event.step for found in events)


def _is_open(event: Event) -> bool:
    if isinstance(event, StepOutcome | StepReconciled):
        return event.result is StepResult.UNKNOWN
    return isinstance(event, StepIntended)
