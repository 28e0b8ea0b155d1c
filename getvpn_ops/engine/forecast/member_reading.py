"""A member at work, read from what its router printed.

Where screens leave two readings, both are given, each with what it rests on; where they do not tell, the member is
unseen, and nothing is predicted of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.traffic.facts import Fact, Known
from getvpn_ops.analysis.traffic.members import Direction, Member, TrafficKey
from getvpn_ops.checks.health.direction import passive, shown_direction
from getvpn_ops.checks.held import idents, map_names, traffic_keys
from getvpn_ops.engine.forecast.link_reading import link_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.crypto_map import CryptoMaps, FailCloses
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ipsec import IpsecSas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.checks.views import GroupView, KeyServerView, MemberView
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.state.crypto_map import FailClose
    from getvpn_ops.model.state.gdoi import Group
    from getvpn_ops.model.state.gm import TekSa

_TIME_BASED = "time"
_REGISTERED = "registered"
_NO_LIST = "received has no acl_received"
"""Words of the parser where that one line is missing."""
T = TypeVar("T")
_NOISE = 2.0
"""Seconds by which two pseudotimes may differ though they are the same: screens print whole seconds."""


def readings(view: MemberView, facts: Measured) -> tuple[Member, ...]:
    """What a member's screens say of it: one reading, or more where they leave it open.

    Args:
        view: of the member in its group.
        facts: measured on its platform and release.
    """
    link = link_of(view)
    try:
        found = _read(view, facts)
    except EvidenceMissingError as missing:
        return (Member(view.device, facts=facts, link=link, unseen=str(missing)),)
    return tuple(replace(member, link=link) for member in found)


def _read(view: MemberView, facts: Measured) -> tuple[Member, ...]:
    name = view.device
    if view.state.silent(Gdoi) is not None or not _configured(view):
        return (Member(name, applied=False, facts=facts),)
    group = _certain(view.gdoi(), view.gdoi().value)
    keys = _keys(view, group)
    if not keys:
        said = {(item.registration_status or "").casefold() for item in group.value.members}
        if _REGISTERED in said:
            msg = f"{name}: {group.seen.command} says it is registered, and shows no key"
            raise EvidenceMissingError(msg)
        if not _applied(view):
            return (Member(name, applied=False, facts=facts),)
    lists = _lists(view)
    base = Member(name, keys=keys, lists=lists, downloaded=bool(lists.downloaded), ahead=_ahead(view), facts=facts)
    found = _directed(view, group.value, base) if keys else (replace(base, passive=_quiet(view)),)
    return tuple(closed for member in found for closed in _closed(view, member))


def _configured(view: MemberView) -> bool:
    """Whether it has the group; a text that may not be whole proves no absence."""
    if view.configured():
        return True
    view.state.whole(Gdoi)
    return False


def _applied(view: MemberView) -> bool:
    """Whether a crypto map with the group is on an interface."""
    if view.state.silent(CryptoMaps) is not None:
        return False
    sample = view.state.whole(CryptoMaps)
    ports: defaultdict[str, list[str]] = defaultdict(list)
    for entry in sample.value.entries:
        ports[entry.crypto_map] += entry.interfaces  # only the last entry of a map prints them
    return any(ports[entry.crypto_map] for entry in sample.value.entries if entry.group_name == view.local_name)


def _certain(sample: Sample[T], group: Group) -> Sample[T]:
    """What was read, if the text is whole. A member that is not registered received no list, and names none."""
    if _REGISTERED not in {(item.registration_status or _REGISTERED).casefold() for item in group.members}:
        sample = replace(sample, doubts=tuple(doubt for doubt in sample.doubts if _NO_LIST not in doubt))
    return sample.certain()


def _keys(view: MemberView, sample: Sample[Group]) -> tuple[TrafficKey, ...]:
    ports = _certain(traffic_keys(view), sample.value).value.by_interface
    if len({frozenset(keys) for keys in ports.values()}) > 1:
        msg = f"{view.device}: its interfaces hold different keys: {', '.join(sorted(ports))}"
        raise EvidenceMissingError(msg)
    printed = _printed(view, sample.value)
    first = next(iter(ports.values()), {})
    counted = {item.active_teks for item in sample.value.members} - {None}
    if counted - {len(first), len(printed)}:  # one in its last second counts, and has 0 s left
        msg = f"{view.device}: {sample.seen.command} counts other active keys than it shows"
        raise EvidenceMissingError(msg)
    lists = policies(view.whole)
    return tuple(
        TrafficKey(spi, end, *printed.get(spi, ((), None)), policy_of(spi, lists)) for spi, end in first.items()
    )


def policies(group: GroupView) -> dict[int, str]:
    """Lists by the SPI of their key, where a group has several ``sa ipsec``; empty where it has one, as far as is seen.

    The names alone do not tell: after a swap of lists the old key bears the old name and the new key the new one.
    """
    try:
        teks = group.served.ring().teks
    except EvidenceMissingError:
        return {}
    if max((_associations(server) for server in group.key_servers), default=0) <= 1:
        return {}
    return {key.spi: key.access_list or "" for key in teks}


def _associations(server: KeyServerView) -> int:
    """How many ``sa ipsec`` with a list a key server shows."""
    try:
        return sum(item.access_list is not None for item in server.gdoi().value.ipsec_sas)
    except EvidenceMissingError:
        return 0


def policy_of(spi: int, lists: dict[int, str]) -> str:
    """Of which ``sa ipsec`` a key is; of one by itself if there are several and none of them shows it."""
    return lists.get(spi, f"of SPI 0x{spi:X}") if lists else ""


def _printed(view: MemberView, group: Group) -> dict[int, tuple[tuple[str, ...], float | None]]:
    """Transform and window of time-based anti-replay, by SPI."""
    found: dict[int, tuple[tuple[str, ...], float | None]] = {}
    if not group.tek_policies and view.state.has(IpsecSas):
        for _, ident in idents(view, view.state.latest(IpsecSas).value):
            found |= {sa.spi.value: (sa.transforms, None) for sa in ident.sas("inbound")}
    for policy in group.tek_policies:
        for port in policy.interfaces:
            found |= {sa.spi.value: ((sa.transform or "").split(), _window(sa)) for sa in port.sas if sa.spi}  # type: ignore[misc]
    return {spi: (tuple(transform), window) for spi, (transform, window) in found.items()}


def _window(sa: TekSa) -> float | None:
    timed = _TIME_BASED in (sa.replay_method or "").casefold()
    return sa.replay_interval.total_seconds() if timed and sa.replay_interval is not None else None


def _lists(view: MemberView) -> EffectiveList:
    """Own and downloaded list.

    Raises:
        EvidenceMissingError: they were not seen whole, or two registrations of the group have different ones.
    """
    sample = view.acl()
    downloads = {item.entries for item in sample.value.acl_downloads if item.entries}
    locals_ = {tuple(entry.ace for entry in item.entries) for item in sample.value.local_acls if item.entries}
    if len(downloads) > 1 or len(locals_) > 1:
        msg = f"{view.device}: {sample.seen.command} shows several lists for one group"
        raise EvidenceMissingError(msg)
    found = EffectiveList(next(iter(locals_), ()), next(iter(downloads), ()))
    _ = found.told_version  # lists of two IP versions raise here; to work them out takes longer, and may wait
    return found


def _ahead(view: MemberView) -> float | None:
    """Seconds by which its pseudotime is ahead of its key servers'; None if one of them does not tell."""
    try:
        zero = view.whole.served.pseudotime
        sample = view.replay()
    except EvidenceMissingError:
        return None
    own = sample.value.replay_value
    if zero is None or own is None:
        return None
    ahead = (own - (sample.taken_at - zero[0])).total_seconds()
    return ahead if abs(ahead) > _NOISE else 0.0


def _directed(view: MemberView, group: Group, base: Member) -> tuple[Member, ...]:
    """A member with keys: its direction as shown, and ``passive`` as configured."""
    said = (shown_direction(view.gdoi()) or "").casefold()
    if not said:
        msg = f"{view.device}: no screen tells the direction of its SAs"
        raise EvidenceMissingError(msg)
    shipped = (group.sa_direction if group.received is not None else said) or said
    base = replace(base, receive_only="only" in shipped.casefold())
    configured = passive(view).value
    if "optional" in said:
        return (replace(base, passive=configured, commanded=Direction.INBOUND_OPTIONAL),)
    shown = Direction.INBOUND_ONLY if "only" in said else Direction.BOTH
    if base.receive_only is not (shown is Direction.INBOUND_ONLY):
        return (replace(base, passive=configured, commanded=shown),)
    return _passive(base) if configured else (base,)


def _passive(base: Member) -> tuple[Member, ...]:
    """``passive`` stands in the configuration, and the screens do not show it: is it in effect?"""
    facts = base.facts
    if facts.shown_as_optional is Known.YES:
        return (base,)
    effective = replace(base, passive=True)
    if facts.passive_at_once is Known.YES:
        return (effective,)
    return (
        replace(effective, assumes=f"passive is in effect ({Fact.SHOWN_AS_OPTIONAL.value}: not so)"),
        replace(base, assumes=f"passive is not in effect yet ({Fact.PASSIVE_AT_ONCE.value}: not so)"),
    )


def _closed(view: MemberView, base: Member) -> tuple[Member, ...]:
    """Whether it is fail-open or fail-close while it has no keys, now or in a step to come."""
    base = replace(base, reverts=_reverts(view))
    if view.state.silent(FailCloses) is not None or view.state.refused(FailCloses):
        return (base,)  # none is configured, or the release knows none (before 12.4(22)T)
    try:
        sample = view.state.whole(FailCloses)
    except EvidenceMissingError as missing:
        return (
            replace(base, assumes=_also(base, f"fail-open, though {missing}")),
            replace(base, fail_close=True, assumes=_also(base, f"fail-close, though {missing}")),
        )
    maps = map_names(view)
    active = [item for item in sample.value.maps if item.crypto_map in maps and item.activate]
    if not active:
        return (base,)
    return (replace(base, fail_close=True, bypass=_bypass(active)),)


def _also(base: Member, more: str) -> str:
    return f"{base.assumes}; {more}" if base.assumes else more


def _bypass(maps: Iterable[FailClose]) -> tuple[Ace, ...]:
    return tuple(item.ace for found in maps for item in found.aces)


def _quiet(view: MemberView) -> bool:
    try:
        return passive(view).value
    except EvidenceMissingError:
        return False


def _reverts(view: MemberView) -> bool:
    """``client fail-close revert``: as the group's configuration says; not configured if it was not seen."""
    if not view.state.has(RunningConfig):
        return False
    groups = view.state.latest(RunningConfig).value.gdoi_groups
    return any(item.client.fail_close_revert for item in groups if item.name == view.local_name)
