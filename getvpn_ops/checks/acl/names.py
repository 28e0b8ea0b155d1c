"""Names of access lists that a configuration uses and does not define."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from getvpn_ops.checks.acl.views import ConfigView, finding
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.outcome import Finding


def dangling(view: ConfigView, _params: NoParams) -> Iterator[Finding]:
    """A name without a list behind it is silent: nothing is encrypted, exempted, rekeyed or let through by it.

    The names are those that GETVPN reads: what the key server encrypts, where it sends rekeys, who may register, what a
    member exempts, and what passes before it is registered. Often one letter is another (``CRYPT0`` with a zero in the
    guide's own sample).
    """
    if view.config is None:
        raise EvidenceMissingError(view.missing or f"{view.name}: its configuration is not known")
    defined = {item.name for item in view.config.access_lists if item.entries or item.other}
    used = list(dict.fromkeys(used_names(view.config)))
    for place, name in used:
        near = difflib.get_close_matches(name, defined, n=1)
        hint = f"; there is {near[0]}" if near else ""
        there = name in defined
        status = Status.PASS if there else Status.UNKNOWN if view.missing else Status.FAIL
        yield finding(
            view.name,
            status,
            f"access list {name} of {place}",
            expected="defined",
            actual="defined" if there else view.missing or f"there is no such list{hint}",
            device=view.name,
            seen=view.seen,
            next_steps=(f"did you mean {near[0]}?",) if near else ("define the list, or take the reference out",),
        )
    if used:
        return
    if view.missing:
        raise EvidenceMissingError(view.missing)
    yield finding(view.name, Status.NOT_APPLICABLE, "names of access lists", actual="GETVPN uses none here")


def used_names(config: RunningConfig) -> Iterator[tuple[str, str]]:
    """Every name of an access list that GETVPN reads here, with the place that names it."""
    for group in config.gdoi_groups:
        if group.server_local is None:
            continue
        local = group.server_local
        for sa in local.sas:
            if sa.match_acl is not None:
                yield f"group {group.name}, sa ipsec {sa.sequence}", sa.match_acl
        if local.rekey.address_acl is not None:
            yield f"group {group.name}, rekey address", local.rekey.address_acl
        if local.authorization_acl is not None:
            yield f"group {group.name}, authorization address", local.authorization_acl
    for crypto_map in config.crypto_maps:
        for entry in crypto_map.entries:
            if entry.type == "gdoi" and entry.match_acl is not None:
                yield f"crypto map {crypto_map.name} {entry.sequence}", entry.match_acl
        if crypto_map.fail_close is not None and crypto_map.fail_close.match_acl is not None:
            yield f"crypto map {crypto_map.name}, fail-close", crypto_map.fail_close.match_acl


NAME_RULES = (
    Spec(
        id="acl-dangling",
        title="Every access list that GETVPN names is defined",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=dangling,
        tags=frozenset({"acl"}),
    ),
)
