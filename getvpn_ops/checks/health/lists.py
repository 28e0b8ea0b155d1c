"""The lists of a member: its own denies first, then what its key server sent (guide: "Group Member ACL")."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.acl_text import differences, normal_form
from getvpn_ops.checks.health.convergence import server_of
from getvpn_ops.checks.health.verdict import verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.state.ks import KsAclEntry
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from getvpn_ops.checks.health.acl_text import Form
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.outcome import Finding

_SHOWN = 3
_LIMIT = 100
"""Entries that GDOI honours (guide: GDOI_ACL_NUM)."""


def effective(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """What matches the list of one member and not that of another is dropped.

    A member takes its own denies first, then the list of its key server: that second part must be the key server's
    list, line for line. Own denies are named: each needs its mirror at the peers, or they drop what is sent in clear.
    Where key servers have different lists and the member has one of them, it is not the member that is at fault.
    """
    entries, origin = member.whole.served.acl
    sample = member.acl()
    counted = _counted(entries)
    if not counted:
        msg = f"{origin.device}: {origin.command} shows no line that permits or denies"
        raise EvidenceMissingError(msg)
    wanted = _form(entries)
    own = [ace.ace.text for local in sample.value.local_acls for ace in local.entries if ace.ace.action == "deny"]
    beside = f"; own denies before it: {_some(own)}" if own else ""
    held = [(f"list from {item.key_server}", item.entries) for item in sample.value.acl_downloads if item.entries]
    for message, lines in held or [("list from the key server", ())]:
        form = _form(lines)
        doubt = "" if form == wanted else _doubt(member, form, wanted, sample.taken_at)
        said = "the same" if form == wanted else _some(list(differences(form, wanted))) if lines else "none"
        yield verdict(
            member,
            Status.UNKNOWN if doubt else form == wanted,
            message,
            expected=f"the {_words(counted)} of {origin.device}",
            actual=f"{said}{doubt}{beside}",
            seen=[sample.seen, origin],
            next_steps=(
                "was the list changed and not sent? On the primary: crypto gdoi ks rekey",
                "show crypto gdoi gm acl on the member, show crypto gdoi ks acl on every key server",
            ),
        )


def _counted(entries: Iterable[Ace]) -> list[Ace]:
    return [ace for ace in entries if ace.action in {"permit", "deny"}]


def _form(entries: Iterable[Ace]) -> Form:
    return normal_form(KsAclEntry(ace) for ace in _counted(entries)[:_LIMIT])


def _doubt(member: MemberView, form: Form, wanted: Form, asked: datetime) -> str:
    """Why a list that differs may be no fault of the member, in words; empty if there is no reason."""
    served = member.whole.served
    same = [name for name, lines in served.acls.items() if form and _form(lines) == form]
    if same:
        return f"; it has the list of {', '.join(same)}: the key servers do not agree"
    with suppress(EvidenceMissingError):
        if any(_form(item.entries) == wanted for item in member.gdoi().value.acl_downloads):
            return "; show crypto gdoi shows the right one"
    with suppress(EvidenceMissingError):
        ring = served.ring(server_of(member))
        if any(key.born is not None and key.born > asked for key in ring.current()):
            return "; a rekey came after it was asked"
    return ""


def _words(entries: list[Ace]) -> str:
    return f"{len(entries)} lines" if len(entries) != 1 else "one line"


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more


def local_permit(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """A member's own list may only deny.

    A permit in it does not encrypt: what it matches is dropped, before the key server's list is looked at (guide,
    GM_ACL_PERMIT).
    """
    sample = member.acl()
    found = [ace.ace.text for local in sample.value.local_acls for ace in local.entries if ace.ace.action == "permit"]
    yield verdict(
        member,
        not found,
        "permits in the member's own list",
        expected="none",
        actual=_some(found) or "none",
        seen=[sample],
        next_steps=("take the permit out of the list that `match address` names under the crypto map",),
    )


MEMBER_CHECKS = (
    Spec(
        id="lists-effective",
        title="The member's list is that of its key server",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=effective,
        tags=frozenset({"policy", "acl"}),
    ),
    Spec(
        id="lists-local-permit",
        title="The member's own list holds no permit",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=local_permit,
        tags=frozenset({"policy", "acl"}),
    ),
)
