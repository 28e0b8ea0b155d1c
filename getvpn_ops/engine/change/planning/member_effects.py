"""What a changed configuration does at once to the traffic of a member: two configurations -> steps of a prediction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.member_steps import ApplyMap, FailClose, LocalList, Passive, RemoveMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.analysis.traffic.steps import Step
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.crypto import CryptoMap

_NOBODY = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Stance:
    """What of a member's configuration decides about the packets of a group.

    Attributes:
        ports: interfaces that carry a crypto map with the group.
        passive: ``passive``.
        local: entries of the local list.
        closes: whether fail-close is activated.
        bypass: entries of its list.
        registers: what it registers with, and as whom: the order of servers apart, which counts at a registration.
        doubt: a list that is not there, or not understood; empty if all is.
    """

    ports: frozenset[str]
    passive: bool
    local: tuple[Ace, ...]
    closes: bool
    bypass: tuple[Ace, ...]
    registers: object
    doubt: str = ""


def stance(config: RunningConfig, group: str) -> Stance:
    """Read it.

    Args:
        config: of the member.
        group: as the member calls it.
    """
    maps = [item for item in config.crypto_maps if any(entry.group == group for entry in item.entries)]
    found = next((item for item in config.gdoi_groups if item.name == group), None)
    lists = {item.name: item for item in config.access_lists}
    doubts: list[str] = []

    def entries(name: str | None) -> tuple[Ace, ...]:
        held = lists.get(name or "")
        if name is not None and (held is None or held.other):
            doubts.append(f"access list {name} {'is not defined' if held is None else 'has lines nobody understands'}")
        return tuple(item for item in held.entries if item.action != "remark") if held is not None else ()

    names = {entry.match_acl for item in maps for entry in item.entries if entry.group == group}
    closing = [item.fail_close for item in maps if item.fail_close is not None and item.fail_close.activated]
    local = entries(next(iter(names - {None}), None))
    bypass = tuple(ace for item in closing for ace in entries(item.match_acl))
    return Stance(
        _ports(config, maps),
        bool(found is not None and found.passive),
        local,
        bool(closing),
        bypass,
        None if found is None else (
            found.identity_number, found.identity_address, found.client.registration_interface,
            tuple(sorted(item.local_address or "" for item in maps)),
        ),
        "; ".join(doubts),
    )  # fmt: skip


def _ports(config: RunningConfig, maps: Iterable[CryptoMap]) -> frozenset[str]:
    four = {item.name for item in maps if not item.ipv6}
    six = {item.name for item in maps if item.ipv6}
    return frozenset(port.name for port in config.interfaces if port.crypto_map in four or port.ipv6_crypto_map in six)


def worked(before: Mapping[str, Stance], after: Mapping[str, Stance]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """What changes on some members at once.

    Args:
        before: of each.
        after: likewise.

    Returns:
        Steps of a prediction, in their order; and what nobody can tell, in words.
    """
    found: defaultdict[tuple[int, str, object], set[str]] = defaultdict(set)
    untold: list[str] = []
    for name, old in before.items():
        new = after[name]
        if old == new:
            continue
        untold += [f"{name}: {item.doubt}" for item in (new,) if item.doubt and item.doubt != old.doubt]
        for step in _changed(old, new):
            found[step].add(name)
        if old.ports and new.ports and old.ports != new.ports:
            untold.append(f"{name}: its crypto map moves to another interface while it is a member")
        if old.ports and new.ports and old.registers != new.registers:
            untold.append(f"{name}: what it registers with or as changes while it is a member")
    steps = [_step(kind, value, frozenset(names)) for (_, kind, value), names in sorted(found.items(), key=_place)]
    return tuple(steps), tuple(untold)


def _place(item: tuple[tuple[int, str, object], set[str]]) -> tuple[int, str, str]:
    (place, kind, value), _ = item
    return place, kind, repr(value)


def _changed(old: Stance, new: Stance) -> Iterable[tuple[int, str, object]]:
    """Each change with its place: what the map brings into effect must be known before it is applied."""
    if old.closes and not new.closes:
        yield 0, "fail-close", (False, ())
    if old.local != new.local:
        yield 1, "local", new.local
    if old.passive != new.passive:
        yield 2, "passive", new.passive
    if new.ports and not old.ports:
        yield 3, "apply", None
    if old.ports and not new.ports:
        yield 4, "remove", None
    if new.closes and (not old.closes or old.bypass != new.bypass):
        yield 5, "fail-close", (True, new.bypass)


def _step(kind: str, value: object, names: frozenset[str]) -> Step:
    match kind, value:
        case "fail-close", (bool() as active, tuple() as entries):
            return FailClose(names, active=active, entries=entries)
        case "local", tuple() as entries:
            return LocalList(names, entries=entries)
        case "passive", bool() as on:
            return Passive(names, on=on)
        case "apply", _:
            return ApplyMap(names)
        case _:
            return RemoveMap(names)
