"""Cooperative key servers (guide: "COOP"; DOMAIN: one primary per group over all key servers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import GroupView


def single_primary(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Two primaries is a split, none means that nobody rekeys.

    In a split each primary rekeys its own members with keys of its own; after that the two halves of the network no
    longer understand each other.
    """
    primaries, evidence = [], []
    for server in group.key_servers:
        coop = server.coop()
        evidence.append(coop.seen)
        if (coop.value.local_role or "").casefold() == "primary":
            primaries.append(server.device)
    if not evidence:
        msg = f"no key server of group {group.name} is known"
        raise EvidenceMissingError(msg)
    good = len(primaries) == 1
    yield Finding(
        status=Status.PASS if good else Status.FAIL,
        subject=group.name,
        message="COOP primaries",
        expected="exactly one",
        actual=", ".join(primaries) or "none",
        device=primaries[-1] if primaries else "",
        evidence=tuple(evidence),
        next_steps=() if good else ("show crypto gdoi ks coop on every key server", "is UDP 848 open between them?"),
    )


GROUP_CHECKS = (
    Spec(
        id="coop-single-primary",
        title="Exactly one key server is primary",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=single_primary,
        tags=frozenset({"coop"}),
    ),
)
