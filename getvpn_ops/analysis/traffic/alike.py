"""Which sites of a group are alike, so that a change is worked out once for each kind of pair and not for each pair.

Two sites behave alike if nothing that a prediction asks of their routers differs but names. They lie alike if every
line of every list in play meets their networks in the same way. Whatever holds for one pair of two kinds holds for all
of them, names apart. Nothing is rounded: sites that differ in anything that matters are of different kinds. So the work
grows with the number of kinds squared, and with the number of sites.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.match import WIDTH, Bits, bounds_of, network_bits
from getvpn_ops.analysis.traffic.members import ENCRYPTING, MULTICAST, Mode

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from getvpn_ops.analysis.traffic.fates import Path
    from getvpn_ops.analysis.traffic.members import Member, TrafficKey
    from getvpn_ops.analysis.traffic.sites import Paths, Site
    from getvpn_ops.analysis.traffic.sizes import Shape
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.values import Network

Entries = tuple["Ace", ...]
Patterns = tuple[tuple[int, Bits], ...]
"""What lists tell addresses apart by: IP version, and the addresses that one end of a line matches."""
_NAME = "\0"
_LISTLESS = frozenset({Mode.UNSEEN, Mode.DOWN, Mode.OUTSIDE, Mode.OPEN, Mode.CLOSED})


def nameless(text: str, name: str) -> str:
    """A text about a router, so that it equals the same text about another one."""
    return text.replace(name, _NAME)


@dataclass(slots=True)
class Lists:
    """The lists in play, each with a number. Thousands of members hold equal lists, read from as many screens.

    Attributes:
        numbers: of lists.
    """

    numbers: dict[Entries, int] = field(default_factory=dict)
    _met: dict[int, tuple[Entries, int]] = field(default_factory=dict)

    def number(self, entries: Sequence[Ace]) -> int:
        """Of a list; equal ones have the same."""
        met = self._met.get(id(entries))
        if met is None:
            value = tuple(entries)
            met = (value, self.numbers.setdefault(value, len(self.numbers)))
            if value is entries:  # held here, so no other list can come to have its identity
                self._met[id(entries)] = met
        return met[1]

    @property
    def patterns(self) -> Patterns:
        """All addresses that their lines speak of, and the multicast ones, which receivers match in their own way."""
        found: dict[tuple[int, Bits], None] = {(item.version, network_bits(item)): None for item in MULTICAST}
        for entries in self.numbers:
            for ace in entries:
                _, match = bounds_of(ace)
                found |= {(match.version, bits): None for bits in (match.source, match.destination) if bits.care}
        return tuple(found)


@dataclass(slots=True)
class Places:
    """How networks lie to the lines of lists; what was found for some lists is kept for the next step.

    Attributes:
        patterns: of the lists in play.
    """

    patterns: Patterns
    _known: dict[Network, Hashable] = field(default_factory=dict)
    _heard: dict[tuple[Network, ...], int] = field(default_factory=dict)
    _met: dict[int, tuple[tuple[Network, ...], int]] = field(default_factory=dict)

    def of(self, site: Site) -> Hashable:
        """How a site lies: equal where no line tells two sites apart."""
        return frozenset(self._lie(network) for network in site.prefixes), self._number(site.listens)

    def _number(self, groups: tuple[Network, ...]) -> int:
        met = self._met.get(id(groups))
        if met is None:
            met = self._met[id(groups)] = (groups, self._heard.setdefault(groups, len(self._heard)))
        return met[1]

    def _lie(self, network: Network) -> Hashable:
        held = self._known.get(network)
        if held is None:
            held = self._known[network] = _lie(network, self.patterns)
        return held


def _lie(network: Network, patterns: Patterns) -> Hashable:
    """Version, lines that hold all of it, and what of it a line that holds a part of it tells apart."""
    version, value, care = network.version, int(network.network_address), int(network.netmask)
    free = ((1 << WIDTH[version]) - 1) ^ care
    inside: list[int] = []
    parts: list[tuple[int, int, int]] = []
    for number, (of, bits) in enumerate(patterns):
        if of != version or (value ^ bits.value) & bits.care & care:
            continue
        rest = bits.care & free
        if rest:
            parts.append((number, bits.value & rest, rest))
        else:
            inside.append(number)
    return version, tuple(inside), tuple(parts), network.prefixlen if parts else None


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways between routers, so told that routers with equal ways can be found.

    Attributes:
        rows: by device, the others to which the way is not the most frequent one, with that way.
    """

    rows: dict[str, frozenset[tuple[str, Path]]]

    @classmethod
    def of(cls, paths: Paths, names: Iterable[str]) -> Ways:
        """Those between some devices; work and memory grow with the number of ways that are named in ``paths``."""
        there = frozenset(names)
        known = {pair: path for pair, path in paths.known.items() if len(pair) > 1 and pair <= there}
        unnamed = len(there) * (len(there) - 1) // 2 - len(known)
        counted = Counter(known.values())
        usual, most = counted.most_common(1)[0] if counted else (paths.usual, 0)
        if most > unnamed:  # then naming those that are not named takes no longer than naming those that are
            pairs = map(frozenset, combinations(sorted(there), 2))
            known |= {pair: paths.usual for pair in pairs if pair not in known}
        else:
            usual = paths.usual
        found: defaultdict[str, set[tuple[str, Path]]] = defaultdict(set)
        for pair, path in known.items():
            if path != usual:
                one, other = pair
                found[one].add((other, path))
                found[other].add((one, path))
        return cls({name: frozenset(row) for name, row in found.items()})

    def row(self, name: str) -> frozenset[tuple[str, Path]]:
        """Of a device. Two devices with equal rows have the usual way to each other: none names itself."""
        return self.rows.get(name, frozenset())


def observed(member: Member, lists: Lists, shape: Shape) -> Hashable:
    """All that ``analysis.fates`` asks of a member, its name apart; and its lists are met by ``lists``.

    When its keys end is not asked, only under which of them it sends: members tell ends to the second, each at its own
    moment.
    """
    mode, effective = member.mode, member.lists
    numbers: Hashable = None
    if mode is Mode.CLOSED:
        numbers = (lists.number(member.bypass),)
    elif mode not in _LISTLESS and effective is not None:
        numbers = (lists.number(effective.local), lists.number(effective.downloaded), effective.version)
    return (
        mode,
        nameless(member.unseen, member.name),
        nameless(member.assumes, member.name),
        numbers,
        tuple((key.spi, key.window, key.policy) for key in member.keys),
        tuple((key.spi, key.transform, key.window, key.policy) for key in _sending(member, mode)),
        member.facts.passive_accepts_clear if mode is Mode.PASSIVE_BOTH else None,
        member.ahead,
        member.link if shape.size else None,
    )


def _sending(member: Member, mode: Mode) -> Iterable[TrafficKey]:
    return member.sending_keys() if mode in ENCRYPTING else ()


def shared_names(sites: Iterable[Site]) -> frozenset[str]:
    """Devices that stand before more than one site: such sites are like no other."""
    counted = Counter(name for site in sites for name in {member.name for member in site.members})
    return frozenset(name for name, count in counted.items() if count > 1)


def grouped(keys: Iterable[Hashable]) -> Iterator[tuple[int, ...]]:
    """Positions with equal keys, in order of the first of each."""
    found: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return (tuple(places) for places in found.values())
