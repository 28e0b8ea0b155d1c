"""Routers as packets meet them: interfaces, filters, crypto maps, and what each filter says of a packet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.match import bounds_of, port_intervals, version_of
from getvpn_ops.analysis.traffic.facts import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.packets.match import Match
    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.values import Address, Interface, Network

IMPLICIT = "no line: implicit"
_RANGES = frozenset({"range", "lt", "gt"})


class Holder(StrEnum):
    """What holds the line that decides."""

    GROUP = "the group's list"
    LOCAL = "its own list"
    FAIL_CLOSE = "the fail-close list"
    ACCESS_GROUP = "the access group"
    ACCESS_CLASS = "the access class"
    VTY = "the VTY lines"
    MAP = "the crypto map"


@dataclass(frozen=True, slots=True)
class Blame:
    """The line that decides.

    Attributes:
        device: that has it.
        holder: what it stands in.
        name: of the list, with the interface where it hangs.
        line: as printed; ``IMPLICIT`` if none matches.
        place: from 1, remarks not counted; None if no line matches.
    """

    device: str
    holder: Holder
    name: str
    line: str
    place: int | None = None

    @property
    def text(self) -> str:
        """One line for people."""
        name = f" {self.name}" if self.name else ""
        at = f" (entry {self.place})" if self.place is not None else ""
        return f"{self.device}: {self.holder.value}{name}: {self.line}{at}"


class _Reads(StrEnum):
    """How a line of a filter is read."""

    EXACT = "exact"
    ANSWERS = "answers"
    """``established``: all TCP packets but the first of a session."""
    NEVER = "never"
    """``fragments``: no whole packet."""
    UNSURE = "unsure"


@dataclass(frozen=True)
class Filter:
    """An access list where it filters packets.

    Attributes:
        device: that has it.
        holder: what it is used for.
        name: of the list, with the place where it hangs.
        entries: of it; None: the list is not defined, which lets everything pass.
        strange: a line of it that was not understood; empty if there is none.
    """

    device: str
    holder: Holder
    name: str
    entries: tuple[Ace, ...] | None
    strange: str = ""

    @cached_property
    def _lines(self) -> tuple[tuple[int, Ace, Match, _Reads], ...]:
        entries = [ace for ace in self.entries or () if ace.action in {"permit", "deny", "evaluate", "dynamic"}]
        version = version_of(entries)
        found = []
        for place, ace in enumerate(entries, 1):
            lower, upper = bounds_of(ace, version)
            found.append((place, ace, upper, _Reads.EXACT if lower is not None else _reads(ace)))
        return tuple(found)

    def judge(self, flow: Flow, *, opening: bool) -> tuple[Known, Blame]:
        """Whether a packet passes, and the line that decides.

        Args:
            flow: the packet.
            opening: whether it may be the first of a TCP session.
        """
        if self.strange:
            return Known.UNKNOWN, self._blame(self.strange)
        if not self._lines:
            return Known.YES, self._blame("the list has no entries")
        for place, ace, match, reads in self._lines:
            if reads is _Reads.NEVER or (reads is _Reads.ANSWERS and opening) or not match.takes(flow):
                continue
            if reads is _Reads.UNSURE:
                return Known.UNKNOWN, self._blame(ace.text, place)
            return Known.YES if ace.action == "permit" else Known.NO, self._blame(ace.text, place)
        return Known.NO, self._blame(IMPLICIT)

    def _blame(self, line: str, place: int | None = None) -> Blame:
        return Blame(self.device, self.holder, self.name, line, place)


def _reads(ace: Ace) -> _Reads:
    words = {word.casefold() for word in ace.options} - {"log", "log-input"}
    if ace.action not in {"permit", "deny"}:
        return _Reads.UNSURE
    if words == {"established"} and (ace.protocol or "").casefold() == "tcp":
        return _Reads.ANSWERS
    return _Reads.NEVER if words == {"fragments"} else _Reads.UNSURE


def port_edges(entries: Iterable[Ace]) -> frozenset[int]:
    """The ports at which ranges of ports begin, or have ended.

    Single ports are left out: that a client happens to use one of them is a chance of one in tens of thousands.
    """
    matches = [port for ace in entries for port in (ace.source_port, ace.destination_port) if port is not None]
    return frozenset(
        edge
        for port in matches
        if port.operator in _RANGES
        for low, high in port_intervals(port)
        for edge in (low, high + 1)
    )


@dataclass(frozen=True, slots=True)
class Door:
    """An interface that is up.

    Attributes:
        name: of it.
        addresses: on it, with their networks.
        vrf: it belongs to; empty: the global table.
        loopback: whether nothing is behind it.
        inbound: what filters packets that come in; None: nothing.
        outbound: what filters packets that the router forwards to it; its own pass.
        crypto: the crypto map of a group on it; empty: none.
        tunnels: lists of other entries of its crypto map: what they permit goes into a tunnel.
        lists: names of the lists of its crypto map, for people.
    """

    name: str
    addresses: tuple[Interface, ...] = ()
    vrf: str = ""
    loopback: bool = False
    inbound: Filter | None = None
    outbound: Filter | None = None
    crypto: str = ""
    tunnels: tuple[Filter, ...] = ()
    lists: Mapping[Holder, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Router:
    """A router of the fleet.

    Attributes:
        name: of the device.
        doors: its interfaces.
        members: what it is in its groups once it is registered, by crypto map; several if a map has several groups.
        closing: what it is before it has registered, by crypto map with activated fail-close.
        vty: access classes of its VTY lines, the first first; None lets everybody in.
        no_ssh: the line that keeps SSH out of all VTY lines; empty if none does.
        prefixes: networks behind it, by the inventory, with their VRF.
        addresses: by which it is known although no interface shows them, as its configuration was not seen.
        idle: whether another router of the site has the traffic.
        unseen: why nothing can be said of it; empty if something can.
    """

    name: str
    doors: tuple[Door, ...] = ()
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    closing: Mapping[str, Member] = field(default_factory=dict)
    vty: tuple[Filter | None, ...] = ()
    no_ssh: str = ""
    prefixes: tuple[tuple[str, Network], ...] = ()
    addresses: tuple[Address, ...] = ()
    idle: bool = False
    unseen: str = ""

    def is_member(self, vrf: str) -> bool:
        """Whether it has a crypto map of a group in a VRF."""
        return any(door.crypto and door.vrf == vrf for door in self.doors)

    def door(self, name: str) -> Door | None:
        """An interface by its name."""
        return next((door for door in self.doors if door.name == name), None)
