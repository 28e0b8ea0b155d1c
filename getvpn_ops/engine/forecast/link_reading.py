"""What a router does to packets beside its group: the MTU of its link, the DF bit, the size of TCP segments.

The whole running configuration tells most; without it ``show crypto ipsec sa`` tells the MTU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.sizes import UNSEEN_LINK, USUAL_MTU, Link
from getvpn_ops.checks.held import idents
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.fleet import DeviceState
    from getvpn_ops.model.values import Network

_WHOLE = "show running-config"
_GLOBAL = {None, "", Sentinel.NONE}


def whole_configuration(state: DeviceState) -> RunningConfig | None:
    """The newest whole configuration of a device; None if only parts were asked, or it may not be whole."""
    for item in reversed(state.evidence):
        if item.kind is RunningConfig and item.command == _WHOLE and item.parsed is not None:
            return item.parsed.data if not item.parsed.warnings else None
    return None


def vrf_name(printed: object) -> str:
    """A VRF as a screen prints it; empty for the global table."""
    return "" if printed in _GLOBAL else str(printed)


def link_of(view: MemberView) -> Link:
    """The link of a member to its provider."""
    config = whole_configuration(view.state)
    if config is None:
        return _by_sas(view)
    maps = {item.name for item in config.crypto_maps for entry in item.entries if entry.group == view.local_name}
    outer = [port for port in config.interfaces if port.crypto_map in maps and not port.shutdown]
    if not outer:
        return link_outside(view.state)
    vrfs = {port.vrf or "" for port in outer}
    inner = [port for port in config.interfaces if (port.vrf or "") in vrfs and not port.shutdown]
    clamps = [port.adjust_mss for port in inner if port.adjust_mss is not None]
    bits = [port.df_bit for port in outer if port.df_bit is not None]
    return Link(
        min((_mtu(port) for port in outer), default=None),
        next(iter(bits), None) or config.crypto.df_bit or "copy",
        min(clamps, default=None),
    )


def link_outside(state: DeviceState, vrf: str = "") -> Link:
    """The link of a router that is no member, as far as its configuration tells."""
    config = whole_configuration(state)
    if config is None:
        return UNSEEN_LINK
    ports = [port for port in config.interfaces if (port.vrf or "") == vrf and not port.shutdown]
    clamps = [port.adjust_mss for port in ports if port.adjust_mss is not None]
    return Link(None, "copy", min(clamps, default=None))


def _mtu(port: InterfaceConfig) -> int:
    return port.ip_mtu or port.mtu or USUAL_MTU


def _by_sas(view: MemberView) -> Link:
    try:
        found = idents(view, view.state.latest(IpsecSas).value)
    except EvidenceMissingError:
        return UNSEEN_LINK
    sizes = [ident.ip_mtu_bytes for _, ident in found if ident.ip_mtu_bytes]
    return Link(min(sizes, default=None))


def prefix_vrf(state: DeviceState, prefix: Network, known: frozenset[str]) -> str | None:
    """The VRF in which a network lies behind a router; None if its screens do not tell.

    Args:
        state: of the router.
        prefix: of the inventory, which does not say it.
        known: VRFs of the groups that it is a member of; one alone is that of all its networks.
    """
    config = whole_configuration(state)
    if config is None:
        return next(iter(known), "") if len(known) <= 1 else None
    for port in config.interfaces:
        if port.shutdown or port.crypto_map is not None:
            continue
        for address in port.addresses:
            if address.interface is not None and _overlap(address.interface.network, prefix):
                return port.vrf or ""
    return ""


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
