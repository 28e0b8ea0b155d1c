"""Echoes between networks of members: from where, to where, in which pairs, and what came back. Sent as probes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold
from getvpn_ops.engine.forecast.link_reading import link_of
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.reach import Ping
from getvpn_ops.workflow.actions.reading import member_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from getvpn_ops.analysis.traffic.sizes import Link
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.values import Address, Interface

SCREENS = ("show version", "show crypto gdoi", "show crypto map", "show crypto ipsec sa", CONFIGURATION)
"""What tells where the networks of a member are, and which of its links encrypt for a group."""


@dataclass(frozen=True, slots=True)
class Place:
    """A member in a group, with an address of its own in a network behind it.

    Attributes:
        device: its name.
        group: of it.
        site: of the device.
        address: that echoes leave from and go to.
        interface: that has it.
        vrf: of that network; empty for the global table.
        link: what it does to packets beside its group.
    """

    device: str
    group: str
    site: str
    address: Address
    interface: str
    vrf: str
    link: Link


@dataclass(frozen=True, slots=True)
class Echo:
    """A series of echoes from one place to another.

    Attributes:
        here: that sends.
        there: that answers.
        size: bytes of each; 0 for what the router takes by itself.
        df: whether it must not be fragmented.
        count: how many.
    """

    here: Place
    there: Place
    count: int
    size: int = 0
    df: bool = False

    @property
    def line(self) -> str:
        """As it is typed."""
        vrf = f"vrf {self.here.vrf} " if self.here.vrf else ""
        size = f" size {self.size}" if self.size else ""
        df = " df-bit" * self.df
        return f"ping {vrf}{self.there.address} repeat {self.count} timeout 1{size} source {self.here.address}{df}"

    @property
    def way(self) -> str:
        """For people."""
        return f"{self.here.device} -> {self.there.device}"


def places_of(fleet: FleetState, group: str, devices: Iterable[Device]) -> tuple[dict[str, Place], dict[str, str]]:
    """Where echoes can leave from, by device; and of the others, why not.

    A network behind a member is one of its interfaces in the VRF that its crypto map encrypts: of those that the
    inventory knows to lie behind it the first, else any that has no map of its own.

    Args:
        fleet: with ``SCREENS`` of all of them.
        group: name of it.
        devices: members.
    """
    found: dict[str, Place] = {}
    why: dict[str, str] = {}
    for device in devices:
        try:
            found[device.name] = _place(member_of(fleet, group, device.name))
        except EvidenceMissingError as exc:
            why[device.name] = str(exc)
    return found, why


def _place(member: MemberView) -> Place:
    config = member.state.whole(RunningConfig, CONFIGURATION).value
    maps = {item.name for item in config.crypto_maps for entry in item.entries if entry.group == member.local_name}
    outer = [port for port in config.interfaces if port.crypto_map in maps and not port.shutdown]
    if not outer:
        msg = f"{member.device}: no interface encrypts for group {member.group}"
        raise EvidenceMissingError(msg)
    vrf = outer[0].vrf or ""
    found = lan_of(config, member.state.device, vrf)
    if found is None:
        msg = f"{member.device}: no interface of its own lies in a network behind it: from where should echoes leave?"
        raise EvidenceMissingError(msg)
    port, own = found
    device = member.state.device
    return Place(device.name, member.group, device.site or device.name, own.ip, port.name, vrf, link_of(member))


def lan_of(
    config: RunningConfig, device: Device, vrf: str, outer: Collection[str] = ()
) -> tuple[InterfaceConfig, Interface] | None:
    """An interface with an address in a network behind a member; None if it has none.

    Args:
        config: of it.
        device: it; the networks that the inventory puts behind it come first, and alone where there are any.
        vrf: of that network.
        outer: interfaces that lead to the provider though they carry no crypto map yet.
    """
    inner = [
        (port, address.interface)
        for port in config.interfaces
        if not port.shutdown and port.crypto_map is None and (port.vrf or "") == vrf and port.name not in outer
        for address in port.addresses
        if address.interface is not None
    ]
    behind = device.prefixes
    known = [item for item in inner if any(item[1].network.overlaps(net) for net in behind if net.version == 4)]  # noqa: PLR2004
    lans = known if behind else [item for item in inner if not item[0].name.casefold().startswith(("loop", "tun"))]
    return lans[0] if lans else None


def pairs_of(places: Sequence[Place], most: int, seed: str) -> tuple[tuple[Place, Place], ...]:
    """Pairs of members at two sites, drawn evenly over the sites: each comes before any comes twice.

    Args:
        places: of one group.
        most: pairs.
        seed: of the choice; the same gives the same pairs.
    """
    order = list(places)
    random.Random(seed).shuffle(order)  # noqa: S311 -- not a secret
    waiting = [pair for pair in combinations(order, 2) if pair[0].site != pair[1].site]
    used: dict[str, int] = {}
    found: list[tuple[Place, Place]] = []
    while waiting and len(found) < most:
        best = min(
            waiting, key=lambda pair: sorted((used.get(pair[0].site, 0), used.get(pair[1].site, 0)), reverse=True)
        )
        waiting.remove(best)
        found.append(best)
        for place in best:
            used[place.site] = used.get(place.site, 0) + 1
    return tuple(found)


def rounds_of(pairs: Iterable[tuple[Place, Place]]) -> Iterator[list[tuple[Place, Place]]]:
    """Pairs that share no device: then a counter of a device speaks of one pair."""
    waiting = list(pairs)
    while waiting:
        busy: set[str] = set()
        together = []
        for pair in waiting:
            names = {pair[0].device, pair[1].device}
            if not names & busy:
                busy |= names
                together.append(pair)
        waiting = [pair for pair in waiting if pair not in together]
        yield together


def sent(scene: Scene, echoes: Sequence[Echo]) -> Mapping[Echo, Ping | str]:
    """Send echoes, one session a device, and give what came back, or why nobody can tell."""
    found: dict[Echo, Ping | str] = {}
    by_device: dict[str, list[Echo]] = {}
    for echo in echoes:
        by_device.setdefault(echo.here.device, []).append(echo)

    def script(mine: Sequence[Echo]) -> Script:
        for echo in mine:
            found[echo] = _said(echo, (yield echo.line))

    scripts = {scene.device(name): (lambda mine=mine: script(mine)) for name, mine in by_device.items()}
    visits = scene.probes.ask(scripts, keep=scene.keep, progress=scene.progress)
    for echo in echoes:
        visit = visits[echo.here.device]
        why = visit.reason or (visit.trouble.value if visit.trouble is not None else "no answer")
        found.setdefault(echo, f"{echo.here.device}: {why}")
    return found


def _said(echo: Echo, capture: Capture) -> Ping | str:
    evidence = evidence_of(capture)
    if evidence is None or evidence.parsed is None or not isinstance(evidence.parsed.data, Ping):
        why = evidence.reason if evidence is not None else "its answer is not known here"
        return f"{echo.here.device}: '{echo.line}': {why}"
    return evidence.parsed.data


def nobody(what: str, why: Mapping[str, str]) -> Hold:
    """That there are no two members to compare."""
    told = "; ".join(why.values()) or "it takes two members at two sites"
    return Hold(f"{what}: {told}", "getvpn-ops doctor", ExitCode.UNDETERMINED)
