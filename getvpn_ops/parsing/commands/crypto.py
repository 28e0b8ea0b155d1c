"""Commands of IKE, IPsec, crypto maps, keys and certificates, common to both roles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.model.state import crypto_map, engine, ipsec, isakmp, keys, pki, session
from getvpn_ops.parsing.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIST_NAME = re.compile(r"access-list\s+(\S+)\s+(?=(?:permit|deny)\b)")


def _listed_ace(text: str) -> crypto_map.ListedAce:
    """Read ``access-list NAME permit ...``; the name may be missing.

    Raises:
        ValueError: not an entry of an access list.
    """
    name = _LIST_NAME.match(text)
    return crypto_map.ListedAce(name[1] if name else None, parse_ace(text))


def _transform_set(text: str) -> crypto_map.TransformSet:
    """Read ``NAME`` or ``NAME: { esp-aes esp-sha-hmac }``."""
    name, _, transforms = text.partition(":")
    return crypto_map.TransformSet(name.strip(), tuple(transforms.strip().strip("{}").split()))


def _distinguished_name(text: str) -> pki.DistinguishedName:
    """Read one part per line."""
    return pki.DistinguishedName(tuple(text.split("\n")))


def _whole_keys(state: keys.RsaKeyPairs) -> Iterator[str]:
    for pair in state.keys:
        if pair.key_data is not None and pair.key_data.modulus_bits is None:
            yield f"the key {pair.key_name} is not a whole RSA key: was a line lost?"


def _loose_idents(state: ipsec.IpsecSas) -> Iterator[str]:
    if state.loose_idents:
        yield f"{len(state.loose_idents)} idents stand below no interface: the head of the output is missing"


COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_crypto_isakmp_sa.textfsm",
        model=isakmp.IsakmpSas,
        records={"Start": isakmp.IsakmpSa},
    ),
    Command(
        template="show_crypto_isakmp_sa_count.textfsm",
        model=isakmp.IsakmpSaCount,
        records={"Start": isakmp.IsakmpSaCount},
    ),
    Command(
        template="show_crypto_isakmp_sa_detail.textfsm",
        model=isakmp.IsakmpSaDetails,
        records={
            "Start": isakmp.IsakmpSaDetails,
            "Sa": isakmp.IsakmpSaDetail,
        },
    ),
    Command(
        template="show_crypto_ipsec_sa.textfsm",
        model=ipsec.IpsecSas,
        records={
            "Start": ipsec.IpsecSas,
            "Interface": ipsec.InterfaceSas,
            "Map": ipsec.MapSas,
            "Ident": ipsec.IpsecIdent,
            "Table": ipsec.SaTable,
            "Sa": ipsec.IpsecSa,
            "SaMap": ipsec.IpsecSa,
        },
        verify=_loose_idents,
    ),
    Command(
        template="show_crypto_map.textfsm",
        model=crypto_map.CryptoMaps,
        records={
            "Start": crypto_map.CryptoMaps,
            "LocalAddress": crypto_map.MapLocalAddress,
            "Setting": crypto_map.MapSetting,
            "Entry": crypto_map.CryptoMapEntry,
        },
        converters={crypto_map.ListedAce: _listed_ace, crypto_map.TransformSet: _transform_set},
    ),
    Command(
        template="show_crypto_map_gdoi_fail_close.textfsm",
        model=crypto_map.FailCloses,
        records={
            "Start": crypto_map.FailCloses,
            "Map": crypto_map.FailClose,
        },
        converters={crypto_map.ListedAce: _listed_ace},
    ),
    Command(
        template="show_crypto_session.textfsm",
        model=session.CryptoSessions,
        records={
            "Start": session.CryptoSessions,
            "Session": session.CryptoSession,
            "Peer": session.SessionPeer,
            "SessionId": session.SessionIkeSa,
            "Ike": session.SessionIkeSa,
            "Flow": session.SessionFlow,
        },
    ),
    Command(
        template="show_crypto_session_brief.textfsm",
        model=session.BriefSessions,
        records={
            "Start": session.BriefSessions,
            "Vrf": session.BriefVrf,
            "Session": session.BriefSession,
        },
    ),
    Command(
        template="show_crypto_key_mypubkey_rsa.textfsm",
        model=keys.RsaKeyPairs,
        records={"Start": keys.RsaKeyPair},
        verify=_whole_keys,
    ),
    Command(
        template="show_crypto_pki_certificates.textfsm",
        model=pki.Certificates,
        records=dict.fromkeys(("Certificate", "Issuer", "Subject", "Extensions"), pki.Certificate),
        converters={pki.DistinguishedName: _distinguished_name},
    ),
    Command(
        template="show_crypto_pki_trustpoints.textfsm",
        model=pki.Trustpoints,
        records={"Start": pki.Trustpoint},
        converters={pki.DistinguishedName: _distinguished_name},
    ),
    Command(
        template="show_crypto_pki_trustpoints_status.textfsm",
        model=pki.TrustpointStatuses,
        records={
            "Start": pki.TrustpointStatus,
            "Certificate": pki.TrustpointCertificate,
            "State": pki.EnrollmentState,
        },
    ),
    Command(
        template="show_crypto_eli.textfsm",
        model=engine.Eli,
        records={
            "Start": engine.Eli,
            "Engine": engine.EliEngine,
            "Resource": engine.EngineResource,
        },
    ),
    Command(
        template="show_crypto_engine.textfsm",
        model=engine.CryptoEngines,
        records={"Start": engine.CryptoEngine},
    ),
    Command(
        template="show_crypto_engine_connections_active.textfsm",
        model=engine.EngineConnections,
        records={"Start": engine.EngineConnection},
    ),
)
