"""What a member holds of a group: its keys, its crypto maps, its packet counters."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.state.crypto_map import CryptoMaps
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ipsec import IpsecSas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from getvpn_ops.checks.views import InGroup
    from getvpn_ops.model.state.ipsec import IpsecIdent
    from getvpn_ops.model.values import Spi

GDOI_PORT = 848


@dataclass(frozen=True, slots=True)
class Held:
    """The traffic keys of a member.

    Attributes:
        by_interface: SPI -> end (UTC; None if it is not printed), of keys that live, for each interface with any key;
            empty if all of them have ended.
        hexes: SPI -> as printed.
    """

    by_interface: Mapping[str, Mapping[int, datetime | None]]
    hexes: Mapping[int, str]

    @property
    def spis(self) -> frozenset[int]:
        """On any interface."""
        return frozenset(self.hexes)

    def lacking(self, spi: int) -> tuple[str, ...]:
        """Interfaces that have or had keys, and not this one."""
        return tuple(name for name, keys in self.by_interface.items() if spi not in keys)

    def last_end(self) -> datetime | None:
        """When the last key of the interface ends that is the first without any; None if that is not known."""
        ends = [max((end for end in keys.values() if end), default=None) for keys in self.by_interface.values()]
        known = [end for end in ends if end is not None]
        return min(known, default=None)


def traffic_keys(member: InGroup) -> Sample[Held]:
    """The TEKs of a member: of ``show crypto gdoi``, or of ``show crypto ipsec sa`` where a release lists none there.

    Raises:
        EvidenceMissingError: neither is there.
    """
    group = member.gdoi()
    rows: list[tuple[str, Spi | None, object]] = [
        (" ".join(port.interfaces), sa.spi, sa.remaining)
        for policy in group.value.tek_policies
        for port in policy.interfaces
        for sa in port.sas
    ]
    if rows:
        return Sample(_held(rows, group.taken_at), group.seen, group.doubts)
    if not member.state.has(IpsecSas):
        return Sample(Held({}, {}), group.seen, group.doubts)
    sample = member.state.latest(IpsecSas)
    rows = [(name, sa.spi, sa.remaining) for name, ident in idents(member, sample.value) for sa in ident.sas("inbound")]
    return Sample(_held(rows, sample.taken_at), sample.seen, (*group.doubts, *sample.doubts))


def _held(rows: Iterable[tuple[str, Spi | None, object]], now: datetime) -> Held:
    ports: dict[str, dict[int, datetime | None]] = defaultdict(dict)
    hexes: dict[int, str] = {}
    for name, spi, remaining in rows:
        port = ports[name]
        if spi is None or not (remaining is None or (isinstance(remaining, timedelta) and remaining)):
            continue  # ended and still listed
        port[spi.value] = now + remaining if isinstance(remaining, timedelta) else None
        hexes[spi.value] = spi.hex
    return Held(ports, hexes)


def map_names(member: InGroup) -> frozenset[str]:
    """Names of the crypto maps with an entry for the group.

    Raises:
        EvidenceMissingError: ``show crypto map`` is missing.
    """
    entries = member.state.latest(CryptoMaps).value.entries
    return frozenset(entry.crypto_map for entry in entries if entry.group_name == member.local_name)


def idents(member: InGroup, sas: IpsecSas) -> list[tuple[str, IpsecIdent]]:
    """The idents of a group with the names of their interfaces.

    Before 15.x they do not name their group: then the crypto map does, or, if the router is in one group only, the port
    of GDOI.

    Raises:
        EvidenceMissingError: the router is in several groups, and nothing tells which idents are of which.
    """
    named = [(port.interface, ident) for port, _, ident in sas.idents() if ident.group_name == member.local_name]
    if named or any(ident.group_name for _, _, ident in sas.idents()):
        return named
    ours = [(port.interface, held.crypto_map, ident) for port, held, ident in sas.idents() if _is_gdoi(ident)]
    try:
        maps = map_names(member)
    except EvidenceMissingError:
        groups = [group for group in member.state.latest(Gdoi).value.groups if not group.is_key_server]
        if len(groups) > 1:
            raise
        return [(name, ident) for name, _, ident in ours]
    return [(name, ident) for name, crypto_map, ident in ours if crypto_map in maps]


def _is_gdoi(ident: IpsecIdent) -> bool:
    return ident.peer_port in {GDOI_PORT, None} or ident.group_name is not None
