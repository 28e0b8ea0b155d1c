"""Rows of the table of managed lines (``dialect.managed`` says what the columns mean)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = r"(?:<redacted sha256:[0-9a-f]{12}>|\S+)"
_TYPED = rf"(?:\d )?{_KEY}"
_V4 = r"\d+\.\d+\.\d+\.\d+"
_MAP = r"crypto map (?P<six>ipv6 )?(?P<name>\S+)"
_SECURITY = "crypto ipsec security-association"


def _row(line_id: str, mode: str, change: str, pattern: str, **more: object) -> Mapping[str, object]:
    return {"id": line_id, "mode": mode, "change": change, "pattern": pattern, **more}


_IKE = (
    _row("isakmp-policy", "", "section", r"crypto isakmp policy (?P<name>\d+)", opens="isakmp-policy",
         defines="isakmp-policy", scope="ike", trigger="registration"),
    _row("isakmp-policy-encryption", "isakmp-policy", "replace", r"encr \S.*", trigger="registration"),
    _row("isakmp-policy-hash", "isakmp-policy", "replace", r"hash \S+", trigger="registration"),
    _row("isakmp-policy-authentication", "isakmp-policy", "replace", r"authentication \S+", trigger="registration"),
    _row("isakmp-policy-group", "isakmp-policy", "replace", r"group \d+", trigger="registration"),
    _row("isakmp-policy-lifetime", "isakmp-policy", "replace", r"lifetime \d+", trigger="registration"),
    _row("isakmp-key", "", "secret",
         rf"crypto isakmp key {_TYPED} (?P<key>(?:address|hostname) \S.*?)(?: no-xauth)?",
         scope="ike", trigger="registration"),
    _row("isakmp-keepalive", "", "replace", r"crypto isakmp keepalive \d+.*", scope="mentioned"),
    _row("isakmp-identity", "", "replace", r"crypto isakmp identity \S+", scope="mentioned", trigger="registration"),
    _row("keyring", "", "section", r"crypto keyring (?P<name>\S+)(?P<key> vrf \S+)?", opens="keyring",
         defines="keyring"),
    _row("keyring-description", "keyring", "replace", r"description \S.*"),
    _row("keyring-local-address", "keyring", "replace", r"local-address \S.*", trigger="registration"),
    _row("keyring-key", "keyring", "secret",
         rf"pre-shared-key (?P<key>(?:address|hostname) \S.*?) key {_TYPED}", trigger="registration"),
    _row("isakmp-profile", "", "section", r"crypto isakmp profile (?P<name>\S+)", opens="isakmp-profile",
         defines="isakmp-profile", off=r"crypto isakmp profile \S+"),
    _row("isakmp-profile-description", "isakmp-profile", "replace", r"description \S.*"),
    _row("isakmp-profile-vrf", "isakmp-profile", "replace", r"vrf \S+", trigger="registration"),
    _row("isakmp-profile-keyring", "isakmp-profile", "list", r"keyring (?P<ref>\S+)", refers="keyring",
         trigger="registration"),
    _row("isakmp-profile-self-identity", "isakmp-profile", "replace", r"self-identity \S.*", trigger="registration"),
    _row("isakmp-profile-trustpoint", "isakmp-profile", "list", r"ca trust-point (?P<ref>\S+)", refers="trustpoint",
         trigger="registration"),
    _row("isakmp-profile-match", "isakmp-profile", "list", r"match \S.*", trigger="registration"),
    _row("isakmp-profile-local-address", "isakmp-profile", "replace", r"local-address \S.*", trigger="registration"),
)  # fmt: skip

_IKEV2 = (
    _row("ikev2-proposal", "", "section", r"crypto ikev2 proposal (?P<name>\S+)", opens="ikev2-proposal",
         defines="ikev2-proposal"),
    _row("ikev2-proposal-encryption", "ikev2-proposal", "replace", r"encryption \S.*", trigger="registration"),
    _row("ikev2-proposal-integrity", "ikev2-proposal", "replace", r"integrity \S.*", trigger="registration"),
    _row("ikev2-proposal-prf", "ikev2-proposal", "replace", r"prf \S.*", trigger="registration"),
    _row("ikev2-proposal-group", "ikev2-proposal", "replace", r"group \d.*", trigger="registration"),
    _row("ikev2-policy", "", "section", r"crypto ikev2 policy (?P<name>\S+)", opens="ikev2-policy",
         defines="ikev2-policy", scope="kept"),
    _row("ikev2-policy-match-fvrf", "ikev2-policy", "replace", r"match fvrf \S+", trigger="registration"),
    _row("ikev2-policy-match", "ikev2-policy", "list", r"match address local \S.*", trigger="registration"),
    _row("ikev2-policy-proposal", "ikev2-policy", "ordered", r"proposal (?P<ref>\S+)", refers="ikev2-proposal",
         trigger="registration"),
    _row("ikev2-keyring", "", "section", r"crypto ikev2 keyring (?P<name>\S+)", opens="ikev2-keyring",
         defines="ikev2-keyring"),
    _row("ikev2-peer", "ikev2-keyring", "section", r"peer (?P<name>\S+)", opens="ikev2-peer",
         trigger="registration"),
    _row("ikev2-peer-description", "ikev2-peer", "replace", r"description \S.*"),
    _row("ikev2-peer-address", "ikev2-peer", "replace", r"address \S.*", trigger="registration"),
    _row("ikev2-peer-identity", "ikev2-peer", "replace", r"identity \S.*", trigger="registration"),
    _row("ikev2-peer-key", "ikev2-peer", "secret",
         rf"pre-shared-key (?:(?P<key>local|remote) )?(?:hex )?{_TYPED}", trigger="registration"),
    _row("ikev2-profile", "", "section", r"crypto ikev2 profile (?P<name>\S+)", opens="ikev2-profile",
         defines="ikev2-profile"),
    _row("ikev2-profile-description", "ikev2-profile", "replace", r"description \S.*"),
    _row("ikev2-profile-match-fvrf", "ikev2-profile", "replace", r"match fvrf \S+", trigger="registration"),
    _row("ikev2-profile-match", "ikev2-profile", "list",
         r"match (?:address local|certificate|identity remote) \S.*", trigger="registration"),
    _row("ikev2-profile-identity", "ikev2-profile", "replace", r"identity local \S.*", trigger="registration"),
    _row("ikev2-profile-local-method", "ikev2-profile", "replace",
         r"authentication local (?:pre-share|rsa-sig|ecdsa-sig)", trigger="registration"),
    _row("ikev2-profile-remote-method", "ikev2-profile", "list",
         r"authentication remote (?:pre-share|rsa-sig|ecdsa-sig)", trigger="registration"),
    _row("ikev2-profile-keyring", "ikev2-profile", "replace", r"keyring local (?P<ref>\S+)", refers="ikev2-keyring",
         trigger="registration", off=r"keyring local \S+"),
    _row("ikev2-profile-trustpoint", "ikev2-profile", "list",
         r"pki trustpoint (?P<ref>\S+)(?: (?:sign|verify))?", refers="trustpoint", trigger="registration"),
    _row("ikev2-profile-lifetime", "ikev2-profile", "replace", r"lifetime \S+", trigger="registration"),
    _row("ikev2-profile-dpd", "ikev2-profile", "replace", r"dpd \d+ \d+ \S+"),
)  # fmt: skip

_PKI = (
    _row("trustpoint", "", "section", r"crypto pki trustpoint (?P<name>\S+)", opens="trustpoint", defines="trustpoint",
         scope="kept"),
    _row("trustpoint-enrollment-mode", "trustpoint", "flag", r"enrollment mode ra"),
    _row("trustpoint-enrollment-retry", "trustpoint", "replace", r"enrollment retry (?P<key>count|period) \d+"),
    _row("trustpoint-enrollment", "trustpoint", "replace",
         r"enrollment (?:url \S.*|terminal(?: pem)?|selfsigned|profile \S+)", off=r"enrollment \S+"),
    _row("trustpoint-serial-number", "trustpoint", "replace", r"serial-number(?: none)?", off="serial-number"),
    _row("trustpoint-fqdn", "trustpoint", "replace", r"fqdn \S+"),
    _row("trustpoint-ip-address", "trustpoint", "replace", r"ip-address \S+"),
    _row("trustpoint-subject-name", "trustpoint", "replace", r"subject-name \S.*"),
    _row("trustpoint-vrf", "trustpoint", "replace", r"vrf \S+"),
    _row("trustpoint-fingerprint", "trustpoint", "replace", r"fingerprint \S.*"),
    _row("trustpoint-revocation-check", "trustpoint", "replace", r"revocation-check \S.*", trigger="registration"),
    _row("trustpoint-rsakeypair", "trustpoint", "replace", r"rsakeypair \S.*"),
    _row("trustpoint-hash", "trustpoint", "replace", r"hash \S+"),
    _row("trustpoint-auto-enroll", "trustpoint", "replace", r"auto-enroll(?: \d+)?(?: regenerate)?",
         off="auto-enroll"),
    _row("trustpoint-source", "trustpoint", "replace", r"source interface \S+"),
)  # fmt: skip

_IPSEC = (
    _row("ipsec-df-bit", "", "replace", r"crypto ipsec df-bit \S+", scope="mentioned"),
    _row("ipsec-fragmentation", "", "replace", r"crypto ipsec fragmentation \S+", scope="mentioned"),
    _row("ipsec-lifetime", "", "replace", rf"{_SECURITY} lifetime (?P<key>seconds|kilobytes) \S+",
         scope="mentioned", trigger="scheduled"),
    _row("ipsec-replay", "", "replace", rf"{_SECURITY} replay (?:window-size \d+|disable)", scope="mentioned"),
    _row("transform-set", "", "section", r"crypto ipsec transform-set (?P<name>\S+) \S.*", opens="transform-set",
         defines="transform-set", off=r"crypto ipsec transform-set \S+", trigger="policy"),
    _row("transform-set-mode", "transform-set", "replace", r"mode \S.*", off="mode", reset="mode tunnel",
         trigger="policy"),
    _row("ipsec-profile", "", "section", r"crypto ipsec profile (?P<name>\S+)", opens="ipsec-profile",
         defines="ipsec-profile"),
    _row("ipsec-profile-description", "ipsec-profile", "replace", r"description \S.*"),
    _row("ipsec-profile-lifetime", "ipsec-profile", "replace",
         r"set security-association lifetime (?P<key>seconds|kilobytes) \S+", trigger="scheduled"),
    _row("ipsec-profile-transform-set", "ipsec-profile", "replace", r"set transform-set (?P<ref>\S.*)",
         refers="transform-set", trigger="policy"),
    _row("ipsec-profile-pfs", "ipsec-profile", "replace", r"set pfs(?: \S+)?", off="set pfs", trigger="policy"),
    _row("ipsec-profile-isakmp-profile", "ipsec-profile", "replace", r"set isakmp-profile (?P<ref>\S+)",
         refers="isakmp-profile", trigger="registration"),
    _row("ipsec-profile-ikev2-profile", "ipsec-profile", "replace", r"set ikev2-profile (?P<ref>\S+)",
         refers="ikev2-profile", trigger="registration"),
    _row("crypto-identity", "", "section", r"crypto identity (?P<name>\S+)", opens="crypto-identity",
         defines="crypto-identity"),
    _row("crypto-identity-dn", "crypto-identity", "list", r"dn \S.*", trigger="registration"),
    _row("crypto-identity-fqdn", "crypto-identity", "list", r"fqdn \S+", trigger="registration"),
)  # fmt: skip

_GROUP = (
    _row("gdoi-group", "", "section", r"crypto gdoi group (?:ipv6 )?(?P<name>\S+)", opens="gdoi-group",
         defines="gdoi-group", scope="kept"),
    _row("gdoi-identity", "gdoi-group", "replace", rf"identity (?:number \d+|address ipv4 {_V4})",
         trigger="registration"),
    _row("gdoi-server", "gdoi-group", "ordered", r"server address (?:ipv4|ipv6) \S+", on="gm",
         trigger="registration"),
    _row("gdoi-passive", "gdoi-group", "flag", "passive", on="gm"),
    _row("client-registration-interface", "gdoi-group", "replace", r"client registration interface \S+", on="gm",
         trigger="registration"),
    _row("client-bypass-policy", "gdoi-group", "flag", "client bypass-policy", on="gm"),
    _row("client-protocol", "gdoi-group", "replace", r"client protocol (?:gdoi|gikev2 (?P<ref>\S+))", on="gm",
         refers="ikev2-profile", trigger="registration"),
    _row("client-rekey-encryption", "gdoi-group", "replace", r"client rekey encryption \S.*", on="gm",
         trigger="registration"),
    _row("client-rekey-hash", "gdoi-group", "replace", r"client rekey hash \S.*", on="gm", trigger="registration"),
    _row("client-transform-sets", "gdoi-group", "replace", r"client transform-sets (?P<ref>\S.*)", on="gm",
         refers="transform-set", trigger="registration"),
    _row("client-recovery-check", "gdoi-group", "replace", r"client recovery-check interval \d+", on="gm"),
    _row("client-status-track", "gdoi-group", "replace", r"client status active-sa track \d+", on="gm"),
    _row("client-fail-close-revert", "gdoi-group", "flag", "client fail-close revert", on="gm"),
    _row("client-pfs", "gdoi-group", "flag", "client pfs", on="gm", trigger="registration"),
    _row("gdoi-local-server", "gdoi-group", "section", "server local", opens="gdoi-local-server", on="ks",
         trigger="registration"),
)  # fmt: skip

_SERVER = tuple(
    {"on": "ks", **row}
    for row in (
        _row("ks-gdoi", "gdoi-local-server", "replace", r"(?:no )?gdoi", trigger="registration", reset="gdoi",
             off_counts=True),
        _row("ks-gikev2", "gdoi-local-server", "replace", r"gikev2 (?P<ref>\S+)", refers="ikev2-profile",
             trigger="registration"),
        _row("rekey-acknowledgement", "gdoi-local-server", "replace", r"rekey acknowledgement \S+", trigger="policy"),
        _row("rekey-algorithm", "gdoi-local-server", "replace", r"rekey algorithm \S.*", trigger="policy"),
        _row("rekey-sig-hash", "gdoi-local-server", "replace", r"rekey sig-hash algorithm \S+", trigger="policy"),
        _row("rekey-address", "gdoi-local-server", "replace", r"rekey address ipv[46] (?P<ref>\S+)", refers="acl",
             trigger="policy"),
        _row("rekey-lifetime", "gdoi-local-server", "replace", r"rekey lifetime seconds \d+", trigger="scheduled"),
        _row("rekey-retransmit", "gdoi-local-server", "replace", r"rekey retransmit \d+.*"),
        _row("rekey-authentication", "gdoi-local-server", "replace", r"rekey authentication mypubkey \S+ \S+",
             trigger="policy"),
        _row("rekey-transport", "gdoi-local-server", "flag", "rekey transport unicast", trigger="policy"),
        _row("authorization-acl", "gdoi-local-server", "replace", r"authorization address ipv4 (?P<ref>\S+)",
             refers="acl", trigger="registration"),
        _row("authorization-identity", "gdoi-local-server", "replace", r"authorization identity (?P<ref>\S+)",
             refers="crypto-identity", trigger="registration"),
        _row("ks-pfs", "gdoi-local-server", "flag", "pfs", trigger="policy"),
        _row("group-size", "gdoi-local-server", "replace", r"group size \S.*", trigger="policy"),
        _row("ks-registration-interface", "gdoi-local-server", "replace", r"registration interface \S.*",
             trigger="registration"),
        _row("ks-registration-crl", "gdoi-local-server", "replace",
             r"registration periodic crl trustpoint (?P<ref>\S+)", refers="trustpoint", trigger="registration"),
        _row("sa-receive-only", "gdoi-local-server", "flag", "sa receive-only", trigger="policy"),
        _row("sa-d3p", "gdoi-local-server", "replace", r"sa d3p window \S+ \d+", trigger="policy"),
        _row("identifier", "gdoi-local-server", "section", "identifier", opens="gdoi-identifier",
             trigger="registration"),
        _row("identifier-range", "gdoi-identifier", "list", r"range \d+ - \d+", trigger="registration"),
        _row("identifier-value", "gdoi-identifier", "list", r"value \d+", trigger="registration"),
        _row("sa-ipsec", "gdoi-local-server", "section", r"sa ipsec (?P<name>\d+)", opens="gdoi-sa-ipsec",
             trigger="policy"),
        _row("sa-profile", "gdoi-sa-ipsec", "replace", r"profile (?P<ref>\S+)", refers="ipsec-profile",
             trigger="policy"),
        _row("sa-replay", "gdoi-sa-ipsec", "replace", r"no replay|replay (?:counter|time) window-size \d+",
             trigger="policy", reset="replay counter window-size 64", off_counts=True),
        _row("sa-tag", "gdoi-sa-ipsec", "replace", r"tag(?: \S.*)?", trigger="policy"),
        _row("sa-match", "gdoi-sa-ipsec", "replace", r"match address ipv[46] (?P<ref>\S+)", refers="acl",
             trigger="policy", activates=True),
        _row("coop", "gdoi-local-server", "section", "redundancy", opens="gdoi-coop"),
        _row("coop-priority", "gdoi-coop", "replace", r"local priority \d+"),
        _row("coop-peer", "gdoi-coop", "list", r"peer address (?:ipv4|ipv6) \S+"),
        _row("coop-pdu", "gdoi-coop", "replace", r"protocol pdu \d+"),
        _row("coop-version", "gdoi-coop", "replace", r"protocol version \S+"),
        _row("ks-address", "gdoi-local-server", "replace", r"address (?P<key>ipv4|ipv6) \S+", trigger="registration",
             activates=True),
    )
)  # fmt: skip

_MEMBER = tuple(
    {"on": "gm", **row}
    for row in (
        _row("map-local-address", "", "replace", rf"{_MAP} local-address \S+",
             defines="crypto-map", trigger="registration"),
        _row("map-fail-close", "", "section", rf"{_MAP} gdoi fail-close", opens="crypto-map-fail-close",
             defines="crypto-map"),
        _row("fail-close-match", "crypto-map-fail-close", "replace", r"match address (?P<ref>\S+)", refers="acl"),
        _row("fail-close-activate", "crypto-map-fail-close", "flag", "activate", activates=True),
        _row("map-entry", "", "section", rf"{_MAP} (?P<key>\d+) gdoi", opens="crypto-map", defines="crypto-map",
             off=r"crypto map (?:ipv6 )?\S+ \d+"),
        _row("map-description", "crypto-map", "replace", r"description \S.*"),
        _row("map-group", "crypto-map", "replace", r"set group (?P<ref>\S+)", refers="gdoi-group",
             trigger="registration"),
        _row("map-match", "crypto-map", "replace", r"match address (?P<ref>\S+)", refers="acl"),
    )
)  # fmt: skip

_INTERFACE = (
    _row("interface", "", "section", r"interface (?P<name>\S+)(?: \S+)?", opens="interface", defines="interface",
         scope="kept"),
    _row("interface-map", "interface", "replace", r"crypto map (?P<ref>\S+)", refers="crypto-map", scope="mentioned",
         on="gm", trigger="registration"),
    _row("interface-ipv6-map", "interface", "replace", r"ipv6 crypto map (?P<ref>\S+)", refers="crypto-map",
         scope="mentioned", on="gm", trigger="registration"),
    _row("interface-adjust-mss", "interface", "replace", r"ip tcp adjust-mss \d+", scope="mentioned"),
    _row("interface-df-bit", "interface", "replace", r"crypto ipsec df-bit \S+", scope="mentioned"),
    _row("interface-pim", "interface", "replace", r"ip pim (?:sparse|dense|sparse-dense)-mode", scope="mentioned"),
    _row("interface-igmp-join", "interface", "list", r"ip igmp (?:join|static)-group \S.*", scope="mentioned"),
    _row("interface-hold-queue", "interface", "replace", r"hold-queue \d+ (?P<key>in|out)", scope="mentioned"),
)  # fmt: skip

_GLOBAL = (
    _row("multicast-routing", "", "replace", r"ip multicast-routing(?P<key> vrf \S+)?(?: distributed)?",
         scope="mentioned"),
    _row("pim-ssm", "", "replace", r"ip pim (?P<key>vrf \S+ )?ssm (?:default|range (?P<ref>\S+))", refers="acl",
         scope="mentioned", off=r"ip pim (?:vrf \S+ )?ssm"),
    _row("igmp-ssm-map", "", "flag", r"ip igmp ssm-map enable", scope="mentioned"),
    _row("pim-rp", "", "list", r"ip pim (?:vrf \S+ )?rp-address \S.*", scope="said"),
    _row("buffers", "", "replace",
         r"buffers (?P<key>\S+ (?:permanent|max-free|min-free|initial|size)|huge size) \d+", scope="mentioned"),
    _row("traps", "", "list", r"snmp-server enable traps gdoi(?: \S.*)?", scope="said"),
)  # fmt: skip

ROWS: tuple[Mapping[str, object], ...] = (
    *_IKE, *_IKEV2, *_PKI, *_IPSEC, *_GROUP, *_SERVER, *_MEMBER, *_INTERFACE, *_GLOBAL,
)  # fmt: skip
"""In the order in which lines of a new section are typed. Access lists are not among them: they are objects of their
own (``remediation.lists``)."""
