"""How a group's key servers renew its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.defaults import REKEY_DEFAULTS
from getvpn_ops.dialect.spellings import spell_entry
from getvpn_ops.engine.adopt.checked import base_of, said, seconds
from getvpn_ops.engine.adopt.majority import most
from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.model.intent.crypto import Digest
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from getvpn_ops.engine.adopt.groups import FoundGroup, ServerSeat
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.gdoi import RekeyConfig
    from getvpn_ops.model.config.system import AccessList

DIGESTS = {"sha": "sha1", **{str(item): str(item) for item in Digest if item is not Digest.SHA1}}
"""What IOS calls them -> what the intent does."""


def rekey_of(group: FoundGroup, remarks: Remarks) -> dict[str, Any] | None:
    """The ``rekey`` that most key servers have, with the multicast address where there is one."""
    made = [_one_rekey(seat.local.rekey) for seat in group.servers]
    words: dict[str, Any] | None = most(made)
    if words is None:
        return None
    multicast = most([_multicast(seat, remarks) for seat in group.servers])
    if multicast is not None:
        words["multicast"] = multicast
    elif words["transport"] == "multicast":
        reason = "rekeys go by multicast, and no list says to which address: the group cannot be described"
        remarks.add(Kind.DIFFERS, group.name, "rekey transport", reason)
    return words


def _one_rekey(held: RekeyConfig) -> dict[str, Any]:
    algorithm = held.algorithm or str(REKEY_DEFAULTS["algorithm"])
    name = algorithm.removesuffix("-cbc")
    interval = held.retransmit_interval or REKEY_DEFAULTS["retransmit_interval"]
    retransmit: dict[str, Any] = {"interval": seconds(interval)}
    if held.retransmit_periodic:
        retransmit["periodic"] = True
    else:
        number = held.retransmit_number
        retransmit["number"] = REKEY_DEFAULTS["retransmit_number"] if number is None else number
    return said(
        {
            "algorithm": f"aes-{held.key_size_bits or 128}" if name == "aes" else name,
            "kek_lifetime": seconds(held.lifetime or REKEY_DEFAULTS["lifetime"]),
            "signature_hash": DIGESTS.get(held.sig_hash or "sha", held.sig_hash),
            "key_label": held.authentication_key,
            "transport": "unicast" if held.transport_unicast else "multicast",
            "retransmit": retransmit,
            "acknowledgement": held.acknowledgement,
        }
    )


def _multicast(seat: ServerSeat, remarks: Remarks) -> dict[str, Any] | None:
    """The multicast address of rekeys; by unicast it is prepared, if the routers are."""
    config, rekey = seat.router.config, seat.local.rekey
    held = next((item for item in config.access_lists if item.name == rekey.address_acl), None)
    if held is None:
        return None
    entries = [ace for ace in held.entries if ace.action != "remark"]
    networks = {ace.destination.network if ace.destination is not None else None for ace in entries}
    network = next(iter(networks)) if len(networks) == 1 else None
    if network is None or isinstance(network, Sentinel) or network.prefixlen != network.max_prefixlen:
        reason = "it is no address, or more than one: the intent has one"
        remarks.add(Kind.DIFFERS, seat.router.name, f"rekey address ipv4 {held.name}", reason, held.line)
        return None
    if rekey.transport_unicast and not any(item.pim for item in config.interfaces):
        reason = "rekeys go by unicast, and this is not prepared: no interface does multicast"
        remarks.add(Kind.DIFFERS, seat.router.name, f"rekey address ipv4 {held.name}", reason, held.line)
        return None
    words: dict[str, Any] = {"group": str(network.network_address), "acl_name": base_of(held.name), "ssm": False}
    usual = [spell_entry(f"permit ip any host {network.network_address}")]
    if [spell_entry(ace.text) for ace in entries] != usual:
        words["entries"] = [ace.text for ace in entries]
    number = config.multicast.ssm_range
    if number is not None and number != "default":
        words["ssm"] = True
        words["ssm_acl"] = number
        words["ssm_range"] = _ssm_range(next((item for item in config.access_lists if item.name == number), None))
    return said(words)


def _ssm_range(held: AccessList | None) -> str | None:
    if held is None or len(held.entries) != 1 or held.entries[0].source is None:
        return None
    network = held.entries[0].source.network
    return None if network is None or isinstance(network, Sentinel) else str(network)
