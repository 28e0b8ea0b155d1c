"""The journal of a workspace, for whoever writes to it on the strength of what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.errors import PlanRefusedError

if TYPE_CHECKING:
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.journal import Journal, Verified

KIND = "apply"
"""Of runs that change devices."""
_FAULTS = 5


def journal_of(tools: Wiring) -> Journal:
    """The journal of the workspace, which refuses every secret that this process knows."""
    workspace = tools.workspace
    return tools.store.journal(workspace.key(), workspace.journal_end, tools.clock.now, clean=tools.redactor.text)


def must_be_whole(journal: Journal, workspace: Workspace) -> Verified:
    """Look through the journal before anything is changed on the strength of it.

    Raises:
        PlanRefusedError: it is not as it was written.
    """
    found = journal.verify()
    if found.faults:
        said = [f"  event {fault.number}: {fault.what}" for fault in found.faults[:_FAULTS]]
        msg = f"the journal is not as it was written: nothing was sent; see getvpn-ops runs verify{flags_of(workspace)}"
        raise PlanRefusedError("\n".join([msg, *said]))
    return found
