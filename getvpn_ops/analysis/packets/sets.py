"""Exact sets of packets over IP version, addresses, protocol and ports.

``PacketSet`` is a value: frozen, comparable, hashable; ``&``, ``|``, ``-``, ``^`` and ``~`` give new ones. Two sets are
equal exactly where they hold the same packets. They are functions of a decision diagram (``analysis.space`` says which
and why): exact for every prefix, port match and discontiguous wildcard, nothing is sampled or rounded.

A line that asks for what no crypto ACL can match (an ICMP type, ``established``, an object group) makes ``of_ace``
raise ``InexpressibleError``; ``bounds`` gives a lower and an upper bound of it instead. Nothing is left out silently.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from ipaddress import ip_network
from operator import or_
from typing import TYPE_CHECKING, NoReturn

from oxidd.util import DDMemoryError

from getvpn_ops.analysis.packets.flow import PORTED, Flow
from getvpn_ops.analysis.packets.headers import flow_of, values_of
from getvpn_ops.analysis.packets.match import (
    WIDTH,
    Bits,
    InexpressibleError,
    Match,
    bounds_of,
    match_of,
    network_bits,
)
from getvpn_ops.analysis.packets.space import UNUSED_BY_V4, VARIABLES, space
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oxidd.bcdd import BCDDFunction

    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.values import Network

__all__ = ["Flow", "InexpressibleError", "Match", "PacketSet"]

_EPHEMERAL = ((49152, 65535),)
_PLACES = (
    Match(4, source=Bits(10, 0xFF)),
    Match(4, destination=Bits(20, 0xFF)),
    Match(4, source=Bits(1 << 16, 0xFF << 16)),
    Match(4, destination=Bits(2 << 16, 0xFF << 16)),
)
"""Bits that make two addresses look like hosts of two sites: x.1.x.10 and x.2.x.20."""
_SPECIAL = tuple(
    ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8")
)
_USUAL = tuple(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "2001:db8::/32"))
_SERVICES = tuple(
    Match(version, protocol=6, source_ports=_EPHEMERAL, destination_ports=((443, 443),)) for version in (4, 6)
)


class PacketSet:
    """An exact set of packets. Make one with a class method, join them with operators.

    A set has no truth value: ask ``is_empty``.
    """

    __slots__ = ("_function",)

    _function: BCDDFunction

    def __init__(self, function: BCDDFunction) -> None:
        self._function = function

    @classmethod
    def nothing(cls) -> PacketSet:
        """No packet."""
        return cls(space().false)

    @classmethod
    def everything(cls, version: int | None = None) -> PacketSet:
        """Every packet, of one IP version or of both."""
        return cls(space().true if version is None else space().version(version))

    @classmethod
    def of_match(cls, match: Match) -> PacketSet:
        """The packets of a match."""
        space().tidy()
        return _careful(lambda: cls(space().match(match)))

    @classmethod
    def of_ace(cls, ace: Ace, version: int | None = None) -> PacketSet:
        """The packets that one line matches, whether it permits or denies them.

        Args:
            ace: the line.
            version: of IP where the line does not tell (``tcp any any``); IPv4 if not given.

        Raises:
            InexpressibleError: the line asks for what no crypto ACL can match, or names what is not known.
        """
        return cls.of_match(match_of(ace, version))

    @classmethod
    def bounds(cls, ace: Ace, version: int | None = None) -> tuple[PacketSet, PacketSet]:
        """What a line matches at least and at most; the same set twice where its meaning is exact."""
        lower, upper = bounds_of(ace, version)
        most = cls.of_match(upper)
        return (cls.nothing() if lower is None else most), most

    @classmethod
    def between(cls, sources: Iterable[Network], destinations: Iterable[Network]) -> PacketSet:
        """Packets from any of some networks to any of others; none across IP versions."""
        return cls.sent_by(sources) & cls.sent_to(destinations)

    @classmethod
    def sent_by(cls, networks: Iterable[Network]) -> PacketSet:
        """Packets from any of some networks."""
        return cls.of_matches(Match(network.version, source=network_bits(network)) for network in networks)

    @classmethod
    def sent_to(cls, networks: Iterable[Network]) -> PacketSet:
        """Packets to any of some networks."""
        return cls.of_matches(Match(network.version, destination=network_bits(network)) for network in networks)

    @classmethod
    def of_matches(cls, matches: Iterable[Match]) -> PacketSet:
        """The packets of any of some matches."""
        return cls.union(map(cls.of_match, matches))

    @classmethod
    def union(cls, sets: Iterable[PacketSet]) -> PacketSet:
        """All packets of some sets."""
        return reduce(or_, sets, cls.nothing())

    @classmethod
    def of_flow(cls, flow: Flow) -> PacketSet:
        """The packets of one flow."""
        full = (1 << WIDTH[flow.version]) - 1
        source, destination = Bits(int(flow.source), full), Bits(int(flow.destination), full)
        match = Match(flow.version, source, destination, flow.protocol)
        if flow.source_port is None or flow.destination_port is None:
            return cls.of_match(match)
        ports = ((flow.source_port, flow.source_port),), ((flow.destination_port, flow.destination_port),)
        return cls.of_match(Match(flow.version, source, destination, flow.protocol, *ports))

    def __and__(self, other: PacketSet) -> PacketSet:
        return _careful(lambda: PacketSet(self._function & other._function))

    def __or__(self, other: PacketSet) -> PacketSet:
        return _careful(lambda: PacketSet(self._function | other._function))

    def __xor__(self, other: PacketSet) -> PacketSet:
        return _careful(lambda: PacketSet(self._function ^ other._function))

    def __sub__(self, other: PacketSet) -> PacketSet:
        return _careful(lambda: PacketSet(self._function & ~other._function))

    def __invert__(self) -> PacketSet:
        return PacketSet(~self._function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PacketSet) and self._function == other._function

    def __hash__(self) -> int:
        return hash(self._function)

    def __le__(self, other: PacketSet) -> bool:
        return (self - other).is_empty

    def __contains__(self, flow: Flow) -> bool:
        return self.contains(flow)

    def __bool__(self) -> NoReturn:
        raise TypeError("a set of packets has no truth value: ask is_empty")

    def __repr__(self) -> str:
        """A few words: sets may be large."""
        found = "empty" if self.is_empty else f"{self.count} headers, such as {self.example()}"
        return f"<PacketSet {found}>"

    @property
    def is_empty(self) -> bool:
        """Whether there is no packet in it."""
        return not self._function.satisfiable()

    @property
    def count(self) -> int:
        """How many headers (version, addresses, protocol, and ports where the protocol has them) are in it; exact."""
        ported = space().ported
        return _variants(self._function & ported) + (_variants(self._function & ~ported) >> 32)

    def contains(self, flow: Flow) -> bool:
        """Whether a flow is in it."""
        return self._function.eval(values_of(flow))

    def mirrored(self) -> PacketSet:
        """The packets that answer: sources and destinations swapped, ports as well."""
        return _careful(lambda: PacketSet(self._function.substitute(space().swap)))

    def example(self, known: Iterable[Network] = ()) -> Flow:
        """One flow of it, as usual a one as there is: between known networks, from a client's port, to a service.

        Args:
            known: networks that a person recognises, such as those behind the members.

        Raises:
            ValueError: it is empty.
        """
        chosen = self
        for wish in _wishes(tuple(known)):
            narrower = chosen & wish
            if not narrower.is_empty:
                chosen = narrower
        return chosen.first()

    def first(self) -> Flow:
        """The flow of it that is found first, usual or not.

        Raises:
            ValueError: it is empty.
        """
        cube = self._function.pick_cube()
        if cube is None:
            raise ValueError("an empty set of packets has no example")
        return flow_of([bool(value) for value in cube])


def _careful(make: Callable[[], PacketSet]) -> PacketSet:
    """A set, or an honest word that it cannot be worked out.

    Raises:
        EvidenceMissingError: it needs more nodes than there may be.
    """
    try:
        return make()
    except DDMemoryError:
        space().manager.gc()
    try:
        return make()
    except DDMemoryError as exc:
        raise EvidenceMissingError("these access lists are too tangled to be worked out exactly") from exc


def _variants(function: BCDDFunction) -> int:
    four, six = (function & space().version(version) for version in (4, 6))
    return (four.sat_count(VARIABLES) >> UNUSED_BY_V4) + six.sat_count(VARIABLES)


@lru_cache(maxsize=8)
def _wishes(known: tuple[Network, ...]) -> tuple[PacketSet, ...]:
    """What makes an example a usual one, the most important first."""
    return tuple(_each_wish(known))


def _each_wish(known: tuple[Network, ...]) -> Iterator[PacketSet]:
    yield PacketSet.everything(4)
    if known:
        inside = PacketSet.between(known, known)
        yield inside - PacketSet.union(PacketSet.between([network], [network]) for network in known)
        yield inside
        yield PacketSet.sent_by(known)
        yield PacketSet.sent_to(known)
    yield ~PacketSet.sent_by(_SPECIAL)
    yield ~PacketSet.sent_to(_SPECIAL)
    yield PacketSet.sent_by(_USUAL)
    yield PacketSet.sent_to(_USUAL)
    for services in (_protocols(6), _protocols(17), _protocols(1, 58), _SERVICES):
        yield PacketSet.of_matches(services)
    kinds = [(version, protocol) for version in (4, 6) for protocol in sorted(PORTED)]
    yield PacketSet.of_matches(Match(v, protocol=p, source_ports=_EPHEMERAL) for v, p in kinds)
    yield PacketSet.of_matches(Match(v, protocol=p, destination_ports=_EPHEMERAL) for v, p in kinds)
    for match in _PLACES:
        yield PacketSet.of_matches((match, Match(6, match.source, match.destination)))


def _protocols(*numbers: int) -> tuple[Match, ...]:
    return tuple(Match(version, protocol=number) for version in (4, 6) for number in numbers)
