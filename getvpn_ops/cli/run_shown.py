"""All that is known of a run that changes devices: record, events, plan, leases, and the head of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.model.journal import LeaseBroken, LeaseTaken, RunEnded
from getvpn_ops.reports.story import ShownLease, ShownRun
from getvpn_ops.reports.sweep_words import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.model.journal import Entry
    from getvpn_ops.model.lease import Lease
    from getvpn_ops.model.run import Run
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.journal import Journal
    from getvpn_ops.store.store import Store


def journal_to_read(store: Store, workspace: Workspace, now: Callable[[], datetime]) -> Journal:
    """The journal of a workspace, for whoever only reads it or breaks a lease."""
    return store.journal(workspace.key(), workspace.journal_end, now)


def shown_run(store: Store, workspace: Workspace, run: Run, now: Callable[[], datetime]) -> ShownRun:
    """A run with all that is known of it.

    Args:
        store: open.
        workspace: whose.
        run: its record.
        now: the clock.

    Raises:
        StoreError: its events cannot be read, or are not as they were written.
    """
    journal = journal_to_read(store, workspace, now)
    entries = journal.entries(run.id)
    if not entries:
        return ShownRun(run, None, flags=flags_of(workspace))
    story = journal.story(run.id)
    verified = journal.verify()
    kept = KeptPlans(workspace).with_digest(str(run.arguments.get("plan", "")), story.plan)
    held = [lease for lease in store.leases(journal).held() if lease.run == run.id]
    return ShownRun(
        run,
        story,
        kept.plan if kept is not None else None,
        verified.head,
        len(verified.faults),
        shown_leases(held, {run.id: entries}),
        _broken(entries),
        flags_of(workspace),
        verified.events,
    )


def _broken(entries: Iterable[Entry]) -> str:
    """Who took the last lease of a run from it, if it got none since and has not ended."""
    found = ""
    for entry in entries:
        match entry.event:
            case LeaseBroken(lease=lease, reason=reason, by=by):
                found = f"lease {lease} was broken at {moment(entry.at)} UTC by {by}: {reason}"
            case LeaseTaken() | RunEnded():
                found = ""
    return found


def shown_leases(leases: Iterable[Lease], entries: dict[str, tuple[Entry, ...]]) -> tuple[ShownLease, ...]:
    """Leases with the moment at which each was taken.

    Args:
        leases: that somebody holds.
        entries: of the runs that hold them.
    """
    taken = {
        entry.event.lease: entry.at
        for events in entries.values()
        for entry in events
        if isinstance(entry.event, LeaseTaken)
    }
    now = datetime.now(UTC)  # leases end by the store's clock, which is the wall's
    return tuple(
        ShownLease(
            lease.id,
            lease.run,
            tuple(str(fence.resource) for fence in lease.fences),
            lease.owner,
            taken.get(lease.id),
            lease.ends,
            lease.ends <= now,
        )
        for lease in leases
    )
