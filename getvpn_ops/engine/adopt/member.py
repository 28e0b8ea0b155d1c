"""What one member has, and what one key server has otherwise than its group."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from getvpn_ops.engine.adopt.access import recognise
from getvpn_ops.engine.adopt.checked import base_of, said
from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.rendering.key_server import HOLD_QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.engine.adopt.groups import FoundGroup, MemberSeat, ServerSeat
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.values import Address

_MSS = range(500, 1461)  # bytes; ``model.intent.router.Mss``
_SPARSE = "sparse-mode"


def member_words(seat: MemberSeat, group: FoundGroup, *, first: bool, remarks: Remarks) -> dict[str, Any]:
    """A member's own words in one group, without keys and ISAKMP policies.

    Args:
        seat: the member.
        group: which.
        first: whether this is the first of its groups: what the whole router has is said there.
        remarks: gets what cannot be said.
    """
    config, client = seat.router.config, seat.group.client
    vrf = _vrf(seat)
    words: dict[str, Any] = {
        "interfaces": [item.name for item in seat.interfaces],
        "local_address": seat.map.local_address,
        "servers": _servers(seat, group, remarks),
        "group_name": None if seat.group.name == group.name else seat.group.name,
        "map_name": seat.map.name,
        "map_sequence": seat.entry.sequence,
        "vrf": vrf,
        "keyring": next((item.name for item in config.crypto.keyrings if vrf and item.vrf == vrf), None),
        "exceptions": _list(seat, seat.entry.match_acl, group, remarks, permits=False),
        "fail_close": _fail_close(seat, group, remarks),
        "passive": seat.group.passive or None,
        "adjust_mss": _adjust_mss(seat, remarks),
        "df_bit": config.crypto.df_bit if first else None,
        "client": said(
            {
                "registration_interface": client.registration_interface,
                "rekey_encryption": _ciphers(client.rekey_encryption) or None,
                "rekey_hash": list(client.rekey_hash) or None,
                "transform_sets": list(client.transform_sets) or None,
                "recovery_check_interval": None
                if client.recovery_check_interval is None
                else int(client.recovery_check_interval.total_seconds()),
                "status_track": client.status_track,
                "bypass_policy": client.bypass_policy or None,
                "pfs": client.pfs or None,
            }
        )
        or None,
    }
    return said(words)


def _ciphers(words: Iterable[str]) -> list[str]:
    """``aes 128 aes 256`` is two ciphers."""
    found: list[str] = []
    for word in words:
        if word.isdigit() and found:
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
    return found


def add_multicast(words: dict[str, Any], seat: MemberSeat, multicast: Mapping[str, Any] | None) -> None:
    """Where a member receives rekeys by multicast, if its group has an address for them."""
    if multicast is None:
        return
    interfaces = seat.router.config.interfaces
    carrying = {item.name for item in seat.interfaces}
    sparse = [item.name for item in interfaces if item.pim == _SPARSE and item.name not in carrying]
    joining = [
        item.name for item in interfaces if any(str(join.group) == multicast["group"] for join in item.igmp_joins)
    ]
    if sparse:
        words["multicast_interfaces"] = sparse
    if joining:
        words["join_interface"] = joining[0]


def _vrf(seat: MemberSeat) -> str | None:
    """The VRF of the interfaces, where the router has keys of that VRF or none at all."""
    vrf = seat.interfaces[0].vrf
    crypto = seat.router.config.crypto
    by_keys = any(item.vrf == vrf for item in crypto.keyrings) or not crypto.isakmp_keys
    return vrf if vrf and by_keys else None


def _servers(seat: MemberSeat, group: FoundGroup, remarks: Remarks) -> list[str]:
    names = {address: name for name, address in group.key_servers.items()}
    found = []
    for server in seat.group.servers:
        name = names.get(server.address)
        if name is None:
            reason = f"it is no key server of {group.name}"
            remarks.add(Kind.DIFFERS, seat.router.name, f"server address {server.address}", reason, server.line)
        else:
            found.append(name)
    return list(dict.fromkeys(found))


def _list(
    seat: MemberSeat, name: str | None, group: FoundGroup, remarks: Remarks, *, permits: bool
) -> dict[str, Any] | None:
    """A member's list in words; one that is named and not defined stays so, and is told."""
    if name is None:
        return None
    held = next((item for item in seat.router.config.access_lists if item.name == name), None)
    if held is None:
        reason = "it is named and not defined"
        remarks.add(Kind.FINDING, seat.router.name, f"match address {name}", reason, seat.entry.line)
        return {"name": name, "entries": []}
    if not permits and any(ace.action == "permit" for ace in held.entries):
        reason = "it permits: what it matches is dropped (guide, Local Exception Policy); the intent has denies only"
        remarks.add(Kind.DIFFERS, seat.router.name, f"match address {name}", reason, seat.entry.line)
        return None
    recognised = recognise(held, group.ip)
    if isinstance(recognised, str):
        remarks.add(Kind.DIFFERS, seat.router.name, f"access list {name}", recognised, held.line)
        return None
    if recognised.services:  # services of one's own belong to the group, and this list is a member's
        return {"name": base_of(name), "entries": [ace.text for ace in held.entries if ace.action != "remark"]}
    for text in recognised.lost:
        remarks.add(Kind.FINDING, seat.router.name, f"{name}: {text}", "this remark is not in the intent", held.line)
    words = recognised.words
    return {key: value for key, value in words.items() if key != "encrypt" or value}


def _fail_close(seat: MemberSeat, group: FoundGroup, remarks: Remarks) -> dict[str, Any] | None:
    held = seat.map.fail_close
    revert = bool(seat.group.client.fail_close_revert)
    if held is None:
        if revert:
            reason = "there is no fail-close that it could return to"
            remarks.add(Kind.DIFFERS, seat.router.name, "client fail-close revert", reason, seat.group.line)
        return None
    acl = _list(seat, held.match_acl, group, remarks, permits=True)
    if acl is None:
        remarks.add(Kind.DIFFERS, seat.router.name, f"crypto map {seat.map.name} gdoi fail-close", "", held.line)
        return None
    return said({"acl": acl, "activate": held.activated is True, "revert": revert or None})


def _adjust_mss(seat: MemberSeat, remarks: Remarks) -> dict[str, int] | None:
    """Of the interfaces in the VRF of the group."""
    vrf = seat.interfaces[0].vrf
    found = {}
    for item in seat.router.config.interfaces:
        if item.adjust_mss is None or item.vrf != vrf:
            continue
        if item.adjust_mss in _MSS:
            found[item.name] = item.adjust_mss
        else:
            text = f"{item.name}: ip tcp adjust-mss {item.adjust_mss}"
            remarks.add(Kind.LEFT_ALONE, seat.router.name, text, "not between 500 and 1460", item.line)
    return found or None


# -- key servers


def server_words(seat: ServerSeat, group: FoundGroup, addresses: Iterable[Address], *, first: bool) -> dict[str, Any]:
    """A key server's own words in one group, without keys and ISAKMP policies.

    Args:
        seat: the key server.
        group: which.
        addresses: that GDOI knows it by, in the order of the inventory.
        first: whether this is the first of its groups: what the whole router has is said there.
    """
    usual = next((item for item in addresses if item.version == seat.address.version), None)
    queues = _queues(seat.router.config.interfaces) if first else {}
    depth = Counter(queues.values()).most_common(1)[0][0] if queues else None
    return said(
        {
            "address": None if seat.address == usual else str(seat.address),
            "group_name": None if seat.group.name == group.name else seat.group.name,
            "hold_queue_interfaces": [name for name, held in queues.items() if held == depth] or None,
            "hold_queue": None if depth == HOLD_QUEUE else depth,
            "registration_interface": seat.local.registration_interface,
        }
    )


def sparse_interfaces(seat: ServerSeat) -> list[str]:
    """Interfaces of a key server that do multicast."""
    return [item.name for item in seat.router.config.interfaces if item.pim == _SPARSE]


def _queues(interfaces: Iterable[InterfaceConfig]) -> dict[str, int]:
    """Interfaces whose queues are enlarged in both directions alike."""
    return {
        item.name: item.hold_queue_in
        for item in interfaces
        if item.hold_queue_in is not None and item.hold_queue_in == item.hold_queue_out
    }
