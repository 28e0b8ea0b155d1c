"""IKE, IPsec, crypto maps and PKI."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.config_modes import HEX_QUIT
from getvpn_ops.model.config.crypto import (
    CryptoMap,
    CryptoMapEntry,
    FailClose,
    Ikev2Key,
    Ikev2Keyring,
    Ikev2Peer,
    Ikev2Policy,
    Ikev2Profile,
    Ikev2Proposal,
    IpsecProfile,
    IsakmpKeepalive,
    IsakmpPolicy,
    IsakmpProfile,
    Keyring,
    PreSharedKey,
    TransformSet,
)
from getvpn_ops.model.config.pki import Certificate, CertificateChain, CryptoIdentity, Trustpoint
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.parsing.config.fill import Reader, Rule, fill, flag, nested, part, rule, table, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.config.tree import ConfigLine

_KEY = r"(?:(?P<secret_encryption>[0-9]) )?(?P<secret>\S.*?)"
_PEER = r"(?:address (?:ipv6 )?(?P<address>[^\s/]+)(?: ?(?P<mask>/\d+|\d+\.\S+))?|hostname (?P<hostname>\S+))"
_DESCRIPTION = rule(r"description (?P<description>\S.*)")


def _mode(cls: type, *rules: Rule | Iterable[Rule]) -> Reader:
    """A reader of a mode whose name is the only thing its first line says."""
    rows = table(*rules)

    def read(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> Any:  # noqa: ANN401 -- of the class
        return fill(cls, node.children, rows, doubts, line=node.line, **found.groupdict())

    return read


def _policy(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> IsakmpPolicy:
    return fill(IsakmpPolicy, node.children, _POLICY, doubts, line=node.line, number=int(found["number"]))


_POLICY = table(
    rule(r"encr(?:yption)? (?P<encryption>\S+)(?: (?P<key_size_bits>\d+))?"),
    rule(r"hash (?P<hash>\S+)"),
    rule(r"authentication (?P<authentication>\S+)"),
    rule(r"group (?P<dh_group>\d+)"),
    rule(r"lifetime (?P<lifetime>\d+)"),
)


def _transforms(text: str) -> tuple[str, ...]:
    """``esp-aes 256 esp-sha-hmac`` -> (``esp-aes 256``, ``esp-sha-hmac``)."""
    return tuple(re.findall(r"[^\s\d]\S*(?: \d+)?", " ".join(text.split())))


def _transform_set(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> TransformSet:
    rows = table(rule(r"mode (?P<mode>\S.*)"))
    transforms = _transforms(found["transforms"])
    return fill(TransformSet, node.children, rows, doubts, line=node.line, name=found["name"], transforms=transforms)


_SET = table(
    rule(r"set security-association lifetime seconds (?P<lifetime>\d+)"),
    rule(r"set security-association lifetime days (?P<lifetime__days>\d+)"),
    words("transform_sets", r"set transform-set (?P<words>\S.*)"),
    rule(r"set pfs(?: (?P<pfs_group>\S+))?"),
    rule(r"set isakmp-profile (?P<isakmp_profile>\S+)"),
    rule(r"set ikev2-profile (?P<ikev2_profile>\S+)"),
    _DESCRIPTION,
)
_IPSEC_PROFILE = _mode(
    IpsecProfile,
    rule(r"set security-association lifetime kilobytes (?P<lifetime_kilobytes>\S+)"),
    rule(r"set security-association idle-time (?P<idle_time>\d+)"),
    _SET,
)
_KEYRING = _mode(
    Keyring,
    _DESCRIPTION,
    rule(r"local-address (?P<local_address>\S.*)"),
    part("keys", PreSharedKey, rf"pre-shared-key {_PEER} key {_KEY}"),
)
_ISAKMP_PROFILE = _mode(
    IsakmpProfile,
    _DESCRIPTION,
    rule(r"keyring (?P<keyring>\S+)"),
    rule(r"self-identity (?P<self_identity>\S.*)"),
    rule(r"match (?P<matches>\S.*)"),
    rule(r"vrf (?P<vrf>\S+)"),
    rule(r"local-address (?P<local_address>\S.*)"),
    rule(r"ca trust-point (?P<trustpoint>\S+)"),
)
_IKEV2_PROPOSAL = _mode(
    Ikev2Proposal,
    words("encryption", r"encryption (?P<words>\S.*)"),
    words("integrity", r"integrity (?P<words>\S.*)"),
    words("prf", r"prf (?P<words>\S.*)"),
    rule(r"group (?P<dh_groups>\d[\d ]*)"),
)
_IKEV2_POLICY = _mode(Ikev2Policy, rule(r"proposal (?P<proposals>\S+)"), rule(r"match (?P<matches>\S.*)"))
_IKEV2_PEER = _mode(
    Ikev2Peer,
    _DESCRIPTION,
    rule(r"address (?P<address>\S.*)"),
    rule(r"hostname (?P<hostname>\S+)"),
    rule(r"identity (?P<identity>\S.*)"),
    part("keys", Ikev2Key, rf"pre-shared-key (?:(?P<direction>local|remote) )?{_KEY}"),
)
_IKEV2_KEYRING = _mode(Ikev2Keyring, nested("peers", _IKEV2_PEER, r"peer (?P<name>\S+)"))
_IKEV2_PROFILE = _mode(
    Ikev2Profile,
    _DESCRIPTION,
    rule(r"match (?P<matches>\S.*)"),
    rule(r"identity local (?P<identity_local>\S.*)"),
    rule(r"authentication local (?P<authentication_local>(?!.* key )\S.*)"),
    rule(r"authentication remote (?P<authentication_remote>(?!.* key )\S.*)"),
    rule(r"keyring (?:local )?(?P<keyring>\S.*)"),
    rule(r"pki trustpoint (?P<trustpoints>\S.*)"),
    rule(r"lifetime (?P<lifetime>\d+)"),
    rule(r"dpd (?P<dpd>\S.*)"),
)
_IDENTITY = _mode(CryptoIdentity, rule(r"(?P<names>(?:dn|fqdn) \S.*)"))
_TRUSTPOINT = _mode(
    Trustpoint,
    rule(r"enrollment url (?P<enrollment_url>\S.*)"),
    rule(r"enrollment mode (?P<enrollment_mode>\S+)"),
    rule(r"enrollment (?P<enrollment_other>\S.*)"),
    rule(r"subject-name (?P<subject_name>\S.*)"),
    rule(r"fqdn (?P<fqdn>\S+)"),
    rule(r"serial-number", serial_number=True),
    rule(r"serial-number (?P<serial_number>\S+)"),
    rule(r"ip-address (?P<ip_address>\S+)"),
    words("revocation_check", r"revocation-check (?P<words>\S.*)"),
    rule(r"rsakeypair (?P<rsakeypair>\S.*)"),
    rule(r"eckeypair (?P<eckeypair>\S+)"),
    flag("auto_enroll", "auto-enroll"),
    rule(r"auto-enroll (?P<auto_enroll>\S.*)"),
    rule(r"hash (?P<hash>\S+)"),
    rule(r"fingerprint (?P<fingerprint>\S.*)"),
    rule(r"source interface (?P<source_interface>\S.*)"),
    rule(r"vrf (?P<vrf>\S+)"),
    rule(r"password (?:(?P<password_encryption>[0-9]) )?(?P<password>\S.*)"),
)
_STORED = re.compile(r"(?:nvram|flash|bootflash|disk\d|usb\w*|unix|system):\S+", re.IGNORECASE)


def _certificate(node: ConfigLine, found: re.Match[str], _doubts: list[str]) -> Certificate:
    *kind, serial = found["words"].split()
    file = None
    if _STORED.fullmatch(serial) and kind:
        file = serial
        *kind, serial = kind
    digits: list[str] = []
    for line in node.children:
        if line.kind is LineKind.VERBATIM:
            end = HEX_QUIT.fullmatch(line.text)
            digits.extend((end["hex"] if end else line.text).split())
    return Certificate(serial, " ".join(kind) or None, file, "".join(digits).upper(), node.line)


def _chain(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> CertificateChain:
    rows = table(nested("certificates", _certificate, r"certificate (?P<words>\S.*)"))
    # "quit" on a line of its own says nothing
    lines = [child for child in node.children if child.text.lower() != "quit"]
    return fill(CertificateChain, lines, rows, doubts, trustpoint=found["trustpoint"], line=node.line)


CRYPTO = table(
    nested("isakmp_policies", _policy, r"crypto isakmp policy (?P<number>\d+)"),
    part(
        "isakmp_keys",
        PreSharedKey,
        rf"crypto isakmp key {_KEY} {_PEER}(?: vrf (?P<vrf>\S+))?(?: (?P<no_xauth>no-xauth))?",
    ),
    part(
        "isakmp_keepalive",
        IsakmpKeepalive,
        r"crypto isakmp keepalive (?P<interval>\d+)(?: (?P<retry>\d+))?"
        r"(?: (?:(?P<periodic>periodic)|(?P<on_demand>on-demand)))?",
    ),
    rule(r"crypto isakmp identity (?P<isakmp_identity>\S+)"),
    flag("isakmp_enabled", "crypto isakmp enable"),
    nested("keyrings", _KEYRING, r"crypto keyring (?P<name>\S+)(?: vrf (?P<vrf>\S+))?"),
    nested("isakmp_profiles", _ISAKMP_PROFILE, r"crypto isakmp profile (?P<name>\S+)"),
    nested("ikev2_proposals", _IKEV2_PROPOSAL, r"crypto ikev2 proposal (?P<name>\S+)"),
    nested("ikev2_policies", _IKEV2_POLICY, r"crypto ikev2 policy (?P<name>\S+)"),
    nested("ikev2_keyrings", _IKEV2_KEYRING, r"crypto ikev2 keyring (?P<name>\S+)"),
    nested("ikev2_profiles", _IKEV2_PROFILE, r"crypto ikev2 profile (?P<name>\S+)"),
    nested("transform_sets", _transform_set, r"crypto ipsec transform-set (?P<name>\S+) (?P<transforms>\S.*)"),
    nested("ipsec_profiles", _IPSEC_PROFILE, r"crypto ipsec profile (?P<name>\S+)"),
    rule(r"crypto ipsec df-bit (?P<df_bit>\S+)"),
    rule(r"crypto ipsec fragmentation (?P<fragmentation>\S+)"),
    rule(r"crypto ipsec security-association lifetime seconds (?P<lifetime>\d+)"),
    rule(r"crypto ipsec security-association lifetime days (?P<lifetime__days>\d+)"),
    rule(r"crypto ipsec security-association lifetime kilobytes (?P<lifetime_kilobytes>\S+)"),
    rule(r"crypto ipsec security-association replay window-size (?P<replay_window>\d+)"),
    nested("identities", _IDENTITY, r"crypto identity (?P<name>\S+)"),
    nested("trustpoints", _TRUSTPOINT, r"crypto (?:pki|ca) trustpoint (?P<name>\S+)"),
    nested("certificate_chains", _chain, r"crypto (?:pki|ca) certificate chain (?P<trustpoint>\S+)"),
)
"""Lines of the global mode that fill ``CryptoConfig``."""

_ENTRY = table(
    rule(r"set group (?P<group>\S+)"),
    rule(r"match address (?:ipv[46] )?(?P<match_acl>\S+)"),
    rule(r"set peer (?P<peers>\S.*)"),
    _SET,
)
_FAIL_CLOSE = table(rule(r"match address (?:ipv[46] )?(?P<match_acl>\S+)"), flag("activated", "activate"))
_MAP = re.compile(r"crypto\s+map\s+(?P<v6>ipv6\s+)?(?P<name>\S+)\s+(?P<rest>\S.*)", re.IGNORECASE)
_MAP_ENTRY = re.compile(
    r"(?P<sequence>\d+)\s+(?P<type>gdoi|ipsec-isakmp|ipsec-manual)(?:\s+dynamic\s+(?P<dynamic>\S+))?.*", re.IGNORECASE
)
_MAP_LOCAL = re.compile(r"local-address\s+(?P<interface>\S.*)", re.IGNORECASE)
_MAP_FAIL_CLOSE = re.compile(r"gdoi\s+fail-close", re.IGNORECASE)


def read_maps(
    lines: Iterable[ConfigLine], interfaces: tuple[InterfaceConfig, ...], doubts: list[str]
) -> tuple[CryptoMap, ...]:
    """Join the lines of each crypto map, and the interfaces that carry it."""
    maps: dict[tuple[bool, str], CryptoMap] = {}
    for node in lines:
        found = _MAP.fullmatch(node.true_text)
        if found is None:
            continue
        key = (found["v6"] is not None, found["name"])
        held = maps.get(key) or CryptoMap(name=key[1], ipv6=key[0], line=node.line)
        rest = found["rest"]
        if entry := _MAP_ENTRY.fullmatch(rest):
            made = fill(
                CryptoMapEntry,
                node.children,
                _ENTRY,
                doubts,
                sequence=int(entry["sequence"]),
                type=entry["type"].lower(),
                dynamic_map=entry["dynamic"],
                line=node.line,
            )
            held = dataclasses.replace(held, entries=(*held.entries, made))
        elif _MAP_FAIL_CLOSE.fullmatch(rest):
            held = dataclasses.replace(
                held, fail_close=fill(FailClose, node.children, _FAIL_CLOSE, doubts, line=node.line)
            )
        elif local := _MAP_LOCAL.fullmatch(rest):
            held = dataclasses.replace(held, local_address=local["interface"])
        else:
            held = dataclasses.replace(held, other=(*held.other, *(line.text for line in node.walk())))
        maps[key] = held
    return tuple(
        dataclasses.replace(
            held,
            interfaces=tuple(
                item.name
                for item in interfaces
                if (item.ipv6_crypto_map if held.ipv6 else item.crypto_map) == held.name
            ),
        )
        for held in maps.values()
    )
