"""The lists of a group member: what it downloaded, and its own list for each crypto map by which it is in the group."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from getvpn_ops.checks.acl.views import MemberLists
from getvpn_ops.engine.acl.configs import config_of, doubt_of, local_from_config, maps_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm_details import GmAcl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.state.gm import LocalAcl
    from getvpn_ops.model.state.gm_details import GmAclGroup

OTHERS = "another crypto map"
"""Stands for the name of a map that nothing tells."""


def member_lists(member: MemberView) -> tuple[MemberLists, ...]:
    """Its lists: one record, or one for each crypto map where these differ (one group in several VRFs).

    What it shows counts before what it is configured to. Where nothing tells, the record says why.
    """
    try:
        sample, shown = _shown(member)
    except EvidenceMissingError as exc:
        return _configured(member, str(exc))
    downloads = {item.entries for group in shown for item in group.acl_downloads if item.entries}
    if len(downloads) > 1:
        reason = f"{member.device}: {sample.seen.command} shows several lists of key servers for one group"
        return (_record(member, missing=reason),)
    downloaded = next(iter(downloads), None)
    locals_ = [item for group in shown for item in group.local_acls if item.entries or item.map_name]
    own: dict[str, tuple[Ace, ...] | None] = dict(own_by_map(locals_))
    if own:
        own |= _other_maps(member, own, len(locals_))
    made = [_record(member, crypto_map, entries, sample, downloaded) for crypto_map, entries in own.items()]
    return _told_apart(made or [_record(member, "", (), sample, downloaded)])


def downloaded_by(member: MemberView) -> tuple[Ace, ...] | None:
    """What a member has of its key server; None if it does not tell, or tells of several."""
    with suppress(EvidenceMissingError):
        _, shown = _shown(member)
        found = {item.entries for group in shown for item in group.acl_downloads if item.entries}
        return found.pop() if len(found) == 1 else None
    return None


def own_by_map(lists: Iterable[LocalAcl]) -> dict[str, tuple[Ace, ...]]:
    """Own lists by the crypto map that names them; what one map shows twice counts once."""
    found: dict[str, list[tuple[Ace, ...]]] = {}
    for item in lists:
        entries = tuple(entry.ace for entry in item.entries)
        known = found.setdefault(item.map_name or "", [])
        if entries not in known:
            known.append(entries)
    return {name: tuple(ace for entries in items for ace in entries) for name, items in found.items()}


def _shown(member: MemberView) -> tuple[Sample[GmAcl], list[GmAclGroup]]:
    """Every section that ``show crypto gdoi gm acl`` has for the group.

    Raises:
        EvidenceMissingError: there is none, or the output may not be whole.
    """
    sample = member.state.whole(GmAcl)
    member.of(sample.value.groups, sample)
    return sample, [item for item in sample.value.groups if item.group_name == member.local_name]


def _other_maps(
    member: MemberView, shown: Mapping[str, tuple[Ace, ...] | None], number: int
) -> dict[str, tuple[Ace, ...] | None]:
    """Maps of the group without an own list on the screen: they have none, or nobody knows.

    Args:
        member: in the group.
        shown: own lists by map.
        number: how many lists the screen has.
    """
    config = config_of(member.state)
    if config is not None and not doubt_of(config):
        named = maps_of(config.value, member.local_name)
        return {name: None if lists else () for name, lists in named.items() if name not in shown}
    registrations = 1
    if member.state.has(Gdoi):
        with suppress(EvidenceMissingError):
            registrations = len(member.members().value)
    return {OTHERS: None} if registrations > number else {}


def _configured(member: MemberView, reason: str) -> tuple[MemberLists, ...]:
    made = []
    for crypto_map, lists in local_from_config(member, reason).items():
        seen = (lists.seen,) if lists.seen is not None else ()
        own = None if lists.missing else lists.entries
        made.append(
            MemberLists(
                member.device,
                member.state.device.prefixes,
                own,
                missing=lists.missing,
                seen=seen,
                crypto_map=crypto_map,
            )
        )
    return _told_apart(made)


def _record(  # noqa: PLR0913, PLR0917 -- the parts of one record
    member: MemberView,
    crypto_map: str = "",
    own: tuple[Ace, ...] | None = None,
    sample: Sample[GmAcl] | None = None,
    downloaded: tuple[Ace, ...] | None = None,
    missing: str = "",
) -> MemberLists:
    if own is None and not missing:
        missing = f"{member.device}: which own list {crypto_map} has for group {member.local_name} is not shown"
    seen = (sample.seen,) if sample is not None else ()
    prefixes = member.state.device.prefixes
    return MemberLists(member.device, prefixes, own, downloaded, missing, seen, crypto_map)


def _told_apart(made: list[MemberLists]) -> tuple[MemberLists, ...]:
    """One record without a map where all have the same list."""
    first = made[0]
    texts = {None if item.local is None else tuple(ace.text for ace in item.local) for item in made}
    if len(texts) > 1:
        return tuple(made)
    one = MemberLists(first.device, first.prefixes, first.local, first.downloaded, first.missing, first.seen)
    return (one,)
