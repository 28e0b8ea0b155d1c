"""``getvpn-ops unlock``: take a lease from a run that does not give it back."""

from __future__ import annotations

from typing import Annotated

import typer

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.output import say
from getvpn_ops.cli.run_shown import journal_to_read
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, WorkspaceOption, open_kept
from getvpn_ops.reports.words import count


def command(
    lease: Annotated[str, typer.Argument(metavar="LEASE", help="Its id in full; runs leases shows it.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the journal.")],
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Break a lease, so that another run may change its devices and groups.

    The run that had it finds out before its next transaction and sends nothing more; what it has in hand is read when
    it is resumed. Exit codes: 0 broken; 2 there is no such lease, or no reason.
    """
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        broken = store.leases(journal_to_read(store, place, now_of(place))).unlock(lease.strip(), reason, who())
    say(f"lease {broken.id} on {count(len(broken.fences), 'resource')} is broken; {broken.owner} had it")
    say(f"next: getvpn-ops resume {broken.run}{' --lab' if place.is_lab else ''}")
