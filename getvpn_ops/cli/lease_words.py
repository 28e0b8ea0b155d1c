"""What somebody is told whose run may not begin, because another one changes the same devices or groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.cli.journaled import journal_of
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.cli.processes import is_alive, process_of
from getvpn_ops.cli.run_shown import shown_leases
from getvpn_ops.errors import LeaseHeldError, LeaseLostError
from getvpn_ops.reports.sweep_words import listed, moment
from getvpn_ops.reports.words import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.reports.story import ShownLease

_NAMES = 8


def held_by_another(tools: Wiring, error: LeaseHeldError, run: str) -> LeaseHeldError:
    """The same error with all that is known of who stands in the way, and what to do about it.

    Args:
        tools: of the workspace.
        error: of the store.
        run: that wanted the lease.
    """
    journal = journal_of(tools)
    held = [lease for lease in tools.store.leases(journal).held() if lease.id in error.leases]
    found = shown_leases(held, {lease.run: journal.entries(lease.run) for lease in held})
    if not found:  # given back a moment ago
        return error
    who = "another process is at it" if any(lease.run == run for lease in found) else "another run changes them"
    lines = [f"the devices or groups of run {run} are not free, {who}: nothing was sent"]
    for lease in found:
        lines += _told(lease, flags_of(tools.workspace))
    return LeaseHeldError("\n".join(lines), error.leases)


def lost_to_another(tools: Wiring, error: LeaseLostError, run: str) -> LeaseLostError:
    """The same error, with what to run next."""
    flags = flags_of(tools.workspace)
    return LeaseLostError(
        f"{error}: this process sends nothing more\n"
        f"  what is in hand is read when the run is taken up: getvpn-ops resume {run}{flags}\n"
        f"  who has its devices now: getvpn-ops runs leases{flags}"
    )


def _told(lease: ShownLease, flags: str) -> Iterator[str]:
    since = f"since {moment(lease.taken)}, " if lease.taken else ""
    left = timedelta(seconds=max(0, int((lease.ends - datetime.now(UTC)).total_seconds())))
    yield f"  run {lease.run}, by {lease.owner}, has {listed(lease.resources, _NAMES)} (lease {lease.id})"
    yield f"  {since}until {moment(lease.ends)} UTC, {span(left)} from now, and longer while it works"
    process = process_of(lease.owner)
    unlock = f"getvpn-ops unlock {lease.id} --reason '...'{flags}"
    if process is None:
        yield "  nobody can tell from here whether it lives: ask there, then wait for it, or end it there"
        yield f"  only when its process is gone for good, such as with its machine: {unlock}"
    elif is_alive(process):
        yield f"  its process lives: wait for it, or end it by Ctrl-C (kill -INT {process}); it gives its lease back"
        yield f"  how far it is: getvpn-ops show {lease.run}{flags}"
        yield f"  only if it hangs, for it sends nothing more after that: {unlock}"
    else:
        yield "  its process is gone, so it sends nothing any more; what it had in hand has to be read first"
        yield f"  go on with it: getvpn-ops resume {lease.run}{flags}"
        yield f"  or, to leave it as it is: {unlock}"
