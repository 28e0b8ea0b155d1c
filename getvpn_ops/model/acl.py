"""Access lists as objects, whatever command or release printed them."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.values import Address, Network, Sentinel


@dataclass(frozen=True, slots=True)
class AceAddress:
    """Source or destination of an ACE.

    Attributes:
        text: as printed, such as ``host 10.0.0.1``, ``10.0.0.0 0.0.255.255`` or ``any``.
        network: what it covers; ``Sentinel.ANY`` for ``any``; None if a network cannot say it.
        address: base address of a wildcard that is no network, else None.
        wildcard: the wildcard mask that is no network (bits set are ignored), else None.
        object_group: name of the object group, else None.
    """

    text: str
    network: Network | Sentinel | None = None
    address: Address | None = None
    wildcard: Address | None = None
    object_group: str | None = None


@dataclass(frozen=True, slots=True)
class AcePort:
    """A port match.

    Attributes:
        operator: ``eq``, ``neq``, ``lt``, ``gt`` or ``range`` (``port = N`` of GDOI output is ``eq``).
        ports: numbers; two for ``range``, one or more for ``eq`` and ``neq``.
    """

    operator: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ace:
    """One entry of an access list.

    Attributes:
        action: ``permit``, ``deny``, ``remark`` or ``evaluate``.
        protocol: name or number as printed; None for a standard ACL and for a remark.
        source: None for a remark.
        destination: None for a standard ACL and for a remark.
        options: everything behind the addresses and ports, as printed (``established``, ``log``, ICMP types ...);
            the text of a remark.
        sequence: number of the entry if printed.
        matches: packets counted so far if printed.
        text: the entry as printed, without sequence number and counter, single blanks.
    """

    action: str
    protocol: str | None
    source: AceAddress | None
    destination: AceAddress | None
    source_port: AcePort | None
    destination_port: AcePort | None
    options: tuple[str, ...]
    sequence: int | None
    matches: int | None
    text: str
