"""Who may register with a group's key servers, and how these stand together."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.defaults import COOP_PRIORITY_DEFAULT
from getvpn_ops.dialect.spellings import spell_entry
from getvpn_ops.engine.adopt.checked import base_of, said
from getvpn_ops.engine.adopt.majority import alike, most
from getvpn_ops.engine.adopt.told import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.adopt.groups import FoundGroup, ServerSeat
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.values import Address


def authorization_of(group: FoundGroup) -> dict[str, Any] | None:
    """Who may register; the group's members, if the list is exactly theirs."""
    words: dict[str, Any] | None = most([_one_authorization(seat, group) for seat in group.servers])
    return words


def _one_authorization(seat: ServerSeat, group: FoundGroup) -> dict[str, Any]:
    local, config = seat.local, seat.router.config
    if local.authorization_identity is not None:
        held = next((item for item in config.crypto.identities if item.name == local.authorization_identity), None)
        return {"identity": local.authorization_identity, "names": sorted(held.names) if held is not None else []}
    if local.authorization_acl is None:
        return {"members": False}
    listed = next((item for item in config.access_lists if item.name == local.authorization_acl), None)
    name = base_of(local.authorization_acl)
    texts = [ace.text for ace in listed.entries if ace.action != "remark"] if listed is not None else []
    everyone = [*(member.addresses for member in group.members), *group.absent.values()]
    expected = {spell_entry(f"permit {address}") for addresses in everyone for address in addresses}
    unknown = any(not addresses for addresses in everyone)
    if expected and not unknown and {spell_entry(text) for text in texts} == expected:
        return {"members": True, "acl_name": name}
    return {"members": False, "acl": sorted(texts, key=_by_address), "acl_name": name}


def _by_address(text: str) -> tuple[int, str]:
    for word in text.split():
        try:
            return int(IPv4Address(word)), text
        except ValueError:
            continue
    return 0, text


def coop_of(group: FoundGroup, priorities: Mapping[str, int], remarks: Remarks) -> dict[str, Any] | None:
    """Several key servers.

    Args:
        group: which.
        priorities: that the inventory says.
        remarks: gets those that nobody says.
    """
    coops = [seat.local.redundancy for seat in group.servers]
    found = {
        seat.router.name: COOP_PRIORITY_DEFAULT if coop.priority is None else coop.priority
        for seat, coop in zip(group.servers, coops, strict=True)
        if coop is not None
    }
    for name, address in group.unseen.items() if found else ():
        number = _told(address, group) or priorities.get(name)
        if number is None:
            number = next(free for free in range(1, 256) if free not in found.values())
            reason = f"{number} stands there in its place: write the true one"
            remarks.add(Kind.NOT_SEEN, group.name, f"priority of key server {name}", reason)
        found[name] = number
    held = [coop for coop in coops if coop is not None]
    words = {
        "priorities": found or None,
        "protocol_version": most([coop.protocol_version for coop in held]),
        "pdu": most([coop.pdu_size for coop in held]),
    }
    return said(words) or None


def _told(address: Address, group: FoundGroup) -> int | None:
    """The priority of a key server that was not seen, as another one knows it."""
    for seat in group.servers:
        if (told := seat.router.peers.get(seat.group.name, {}).get(address)) is not None:
            return told
    return None


def kssid_of(group: FoundGroup, remarks: Remarks) -> dict[str, Any] | None:
    """Key server identifiers."""
    values: dict[str, list[int]] = {}
    for seat in group.servers:
        identifier = seat.local.identifier
        if identifier is None:
            continue
        if identifier.ranges:
            reason = "the intent has single identifiers, or an even spread over the key servers"
            remarks.add(Kind.DIFFERS, seat.router.name, f"range {identifier.ranges[0]}", reason, identifier.line)
        values[seat.router.name] = [*identifier.values]
    if not values:
        return None
    return {"values": values}


def buffers_of(group: FoundGroup, remarks: Remarks) -> int | None:
    """``buffers huge size``, if all key servers say the same: else whose it is cannot be told."""
    found = {
        seat.router.name: next(
            (item.value for item in seat.router.config.system.buffers if (item.pool, item.setting) == ("huge", "size")),
            None,
        )
        for seat in group.servers
    }
    if alike(found.values()):
        return next(iter(found.values()), None)
    remarks.add(Kind.LEFT_ALONE, group.name, "buffers huge size", "key servers differ in it")
    return None
