"""GDOI groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from getvpn_ops.model.config.gdoi import (
    ClientConfig,
    CoopPeerConfig,
    GdoiGroupConfig,
    GdoiSaConfig,
    GdoiServerConfig,
    IdentifierConfig,
    LocalServerConfig,
    RedundancyConfig,
    RekeyConfig,
)
from getvpn_ops.parsing.config.fill import apply, fill, flag, nested, part, rule, table, words

if TYPE_CHECKING:
    import re

    from getvpn_ops.model.config.tree import ConfigLine
    from getvpn_ops.parsing.config.fill import Rule

T = TypeVar("T")

OPENER = r"crypto (?P<keyword>gdoi|gkm) group (?P<v6>ipv6 )?(?P<name>\S+)"

_REKEY = table(
    rule(r"rekey algorithm (?P<algorithm>\S+)(?: (?P<key_size_bits>\d+))?"),
    rule(r"rekey lifetime seconds (?P<lifetime>\d+)"),
    rule(r"rekey lifetime days (?P<lifetime__days>\d+)"),
    rule(r"rekey retransmit (?P<retransmit_interval>\d+) number (?P<retransmit_number>\d+)"),
    rule(r"rekey retransmit (?P<retransmit_interval>\d+) periodic", retransmit_periodic=True),
    rule(r"rekey retransmit (?P<retransmit_interval>\d+)"),
    rule(r"rekey authentication mypubkey rsa (?P<authentication_key>\S+)"),
    rule(r"rekey sig-hash algorithm (?P<sig_hash>\S+)"),
    flag("transport_unicast", "rekey transport unicast"),
    rule(r"rekey address ipv[46] (?P<address_acl>\S+)"),
    rule(r"rekey acknowledgement (?P<acknowledgement>\S+)"),
)
_SA = table(
    rule(r"profile (?P<profile>\S+)"),
    rule(r"match address (?P<match_family>ipv[46]) (?P<match_acl>\S+)"),
    rule(r"replay time window-size (?P<replay_time_window>\d+)"),
    rule(r"replay counter window-size (?P<replay_counter_window>\d+)"),
    flag("replay", "replay"),
    rule(r"tag (?P<tag>\S.*)"),
    rule("no tag", tag_off=True),
)
_COOP = table(
    rule(r"local priority (?P<priority>\d+)"),
    part("peers", CoopPeerConfig, r"peer address ipv[46] (?P<address>\S+)"),
    rule(r"protocol pdu (?P<pdu_size>\d+)"),
    rule(r"protocol version (?P<protocol_version>\S+)"),
)
_IDENTIFIER = table(
    rule(r"value (?P<values>\d[\d ,]*)"),
    rule(r"range (?P<ranges>\d.*)"),
)
_CLIENT = table(
    rule(r"client protocol (?P<protocol>gikev2) (?P<gikev2_profile>\S+)"),
    rule(r"client protocol (?P<protocol>\S+)"),
    rule(r"client registration interface (?P<registration_interface>\S.*)"),
    words("rekey_encryption", r"client rekey encryption (?P<words>\S.*)"),
    words("rekey_hash", r"client rekey hash (?P<words>\S.*)"),
    words("transform_sets", r"client transform-sets? (?P<words>\S.*)"),
    rule(r"client recovery-check interval (?P<recovery_check_interval>\d+)"),
    rule(r"client status active-sa track (?P<status_track>\d+)"),
    flag("bypass_policy", "client bypass-policy"),
    flag("fail_close_revert", "client fail-close revert"),
    flag("pfs", "client pfs"),
)


def _sa(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> GdoiSaConfig:
    return fill(GdoiSaConfig, node.children, _SA, doubts, sequence=int(found["sequence"]), line=node.line)


def _coop(node: ConfigLine, _found: re.Match[str], doubts: list[str]) -> RedundancyConfig:
    return fill(RedundancyConfig, node.children, _COOP, doubts, line=node.line)


def _identifier(node: ConfigLine, _found: re.Match[str], doubts: list[str]) -> IdentifierConfig:
    return fill(IdentifierConfig, node.children, _IDENTIFIER, doubts, line=node.line)


_SERVER = table(
    nested("sas", _sa, r"sa ipsec (?P<sequence>\d+)"),
    rule(r"address ipv4 (?P<address>\S+)"),
    rule(r"address ipv6 (?P<address_ipv6>\S+)"),
    flag("receive_only", "sa receive-only"),
    rule(r"sa d3p window sec (?P<d3p_window__sec>\d+)"),
    rule(r"sa d3p window msec (?P<d3p_window__msec>\d+)"),
    nested("redundancy", _coop, "redundancy"),
    rule(r"authorization address ipv[46] (?P<authorization_acl>\S+)"),
    rule(r"authorization identity (?P<authorization_identity>\S+)"),
    nested("identifier", _identifier, "identifier"),
    rule(r"group size (?P<group_size>\S.*)"),
    flag("pfs", "pfs"),
    flag("gdoi", "gdoi"),
    rule(r"gikev2 (?P<gikev2_profile>\S+)"),
    rule(r"registration interface (?P<registration_interface>\S.*)"),
    rule(r"registration periodic crl trustpoint (?P<registration_crl_trustpoint>\S+)"),
)


def _server(node: ConfigLine, _found: re.Match[str], doubts: list[str]) -> LocalServerConfig:
    rekey, others = _apart(RekeyConfig, node.children, _REKEY, doubts)
    return fill(LocalServerConfig, others, _SERVER, doubts, rekey=rekey, line=node.line)


_GROUP = table(
    rule(r"identity number (?P<identity_number>\d+)"),
    rule(r"identity address ipv[46] (?P<identity_address>\S+)"),
    part("servers", GdoiServerConfig, r"server address ipv[46] (?P<address>\S+)"),
    nested("server_local", _server, "server local"),
    flag("passive", "passive"),
)


def read_group(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> GdoiGroupConfig:
    """Read ``crypto gdoi group`` with what is below it."""
    client, others = _apart(ClientConfig, node.children, _CLIENT, doubts)
    return fill(
        GdoiGroupConfig,
        others,
        _GROUP,
        doubts,
        name=found["name"],
        keyword=found["keyword"].lower(),
        ipv6=found["v6"] is not None,
        client=client,
        line=node.line,
    )


def _apart(
    cls: type[T], lines: tuple[ConfigLine, ...], rules: tuple[Rule, ...], doubts: list[str]
) -> tuple[T, list[ConfigLine]]:
    """Lines that make an object of their own within a mode, and the rest of the mode."""
    values: dict[str, Any] = {}
    others = [node for node in lines if not apply(cls, values, node, rules, doubts)]
    return cls(**values), others
