"""Flows as people write them: a YAML list.

- from: leeds            # a site, or an address
  to: 10.12.0.9
  protocol: tcp
  port: 443              # of the destination; source_port: of the source
  size: 1400
  df: true
  rate: 12.5             # packets per second
  vrf: PAYMENTS
  answers: true          # the packets back are a flow of their own
  kind: payroll          # what it is for
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import yaml

from getvpn_ops.lab.packets.flows import Flow, answer, flow, numbered

if TYPE_CHECKING:
    from getvpn_ops.lab.packets.places import Place, Sites

_KEYS = {"from", "to", "protocol", "port", "source_port", "size", "df", "rate", "vrf", "answers", "kind"}
_PORT_MAX = 65535
_SIZES = 28, 65535
_HOST = 9


class FlowError(ValueError):
    """A file of flows cannot be understood; says all that is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One flow as written; each reading of a value says what is wrong with it."""

    raw: dict[str, Any]

    def text(self, key: str, usual: str = "") -> str:
        value = self.raw.get(key, usual)
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            msg = f"{key}: expected a text, found {value!r}"
            raise FlowError(msg)
        return str(value)

    def number(self, key: str, lowest: int, highest: int, usual: int | None) -> int | None:
        value = self.raw.get(key, usual)
        if value is not None and (
            not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest
        ):
            msg = f"{key}: expected a number from {lowest} to {highest}, found {value!r}"
            raise FlowError(msg)
        return value

    def switch(self, key: str) -> bool:
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            msg = f"{key}: expected true or false, found {value!r}"
            raise FlowError(msg)
        return value

    def rate(self) -> float:
        value = self.raw.get("rate", 1)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
            msg = f"rate: expected packets per second, more than 0, found {value!r}"
            raise FlowError(msg)
        return float(value)


def read_flows(text: str, sites: Sites) -> tuple[Flow, ...]:
    """The flows of a file.

    Args:
        text: of the file.
        sites: of the fleet; ``from`` and ``to`` name them, or addresses in them.

    Raises:
        FlowError: all that is wrong with it, each with the number of its entry.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise FlowError(" ".join(str(exc).split())) from exc
    if not isinstance(raw, list):
        raise FlowError("expected a list of flows")
    made: list[Flow] = []
    mistakes = []
    for number, item in enumerate(raw, 1):
        try:
            made += _read(item, sites)
        except FlowError as exc:
            mistakes.append(f"entry {number}: {exc}")
    if mistakes:
        raise FlowError("\n".join(mistakes))
    return numbered(made)


def _read(raw: Any, sites: Sites) -> list[Flow]:  # noqa: ANN401 -- as read from a file
    if not isinstance(raw, dict):
        msg = f"expected a mapping with from and to, found {raw!r}"
        raise FlowError(msg)
    if unknown := sorted(set(map(str, raw)) - _KEYS):
        msg = f"unknown key {unknown[0]!r}; a flow has {', '.join(sorted(_KEYS))}"
        raise FlowError(msg)
    entry = _Entry(raw)
    vrf, protocol = entry.text("vrf"), entry.text("protocol", "udp").lower()
    source = _place(sites, entry.text("from"), "from", vrf)
    group = _group(entry.text("to"))
    ends = [_place(sites, entry.text("to"), "to", vrf)] if group is None else _hearers(sites, source, vrf)
    has_ports = protocol in {"tcp", "udp"}
    port = entry.number("port", 0, _PORT_MAX, 5001 if has_ports else None)
    source_port = entry.number("source_port", 0, _PORT_MAX, 40000 if has_ports else None)
    if not has_ports and (port is not None or source_port is not None):
        msg = f"port: {protocol} has none"
        raise FlowError(msg)
    size = entry.number("size", *_SIZES, 100) or 0
    made = [
        flow(entry.text("kind", "given"), source, end, protocol, (source_port, port), size=size, df=entry.switch("df"),
             rate=entry.rate(), vrf=vrf, group=group, replica=at > 0)
        for at, end in enumerate(ends)
    ]  # fmt: skip
    if entry.switch("answers"):
        if group is not None:
            raise FlowError("answers: nobody answers packets to a group")
        made += [answer(item) for item in tuple(made)]
    return made


def _group(text: str) -> IPv4Address | None:
    try:
        address = IPv4Address(text)
    except ValueError:
        return None
    return address if address.is_multicast else None


def _hearers(sites: Sites, source: Place, vrf: str) -> list[Place]:
    """Multicast goes to every other site with a network in the VRF."""
    return [
        site.place(lan, _HOST)
        for site in sites
        if site.name != source.site and (lan := next((lan for lan in site.lans if lan.vrf == vrf), None)) is not None
    ]


def _place(sites: Sites, text: str, key: str, vrf: str) -> Place:
    """A host of a site, or whoever has an address."""
    site = sites.by_name.get(text)
    if site is not None:
        lan = next((lan for lan in site.lans if lan.vrf == vrf), None)
        if lan is None:
            msg = f"{key}: site {text} has no network{f' in VRF {vrf}' if vrf else ''}"
            raise FlowError(msg)
        return site.place(lan, _HOST)
    try:
        address = IPv4Address(text)
    except ValueError:
        msg = f"{key}: there is no site {text!r}, and it is no address"
        raise FlowError(msg) from None
    place = sites.find(address, vrf)
    if place is None:
        msg = f"{key}: {text} belongs to no site{f' in VRF {vrf}' if vrf else ''}"
        raise FlowError(msg)
    return place
