"""How a group's routers authenticate each other: ISAKMP policies, certificates, keepalive, G-IKEv2."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.defaults import ISAKMP_POLICY_DEFAULTS
from getvpn_ops.dialect.releases import release_of
from getvpn_ops.engine.adopt.checked import said
from getvpn_ops.engine.adopt.majority import alike, most, same
from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.model.intent.crypto import IkePolicyIntent
from getvpn_ops.rendering.ike import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from getvpn_ops.engine.adopt.groups import FoundGroup
    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.crypto import IsakmpPolicy
    from getvpn_ops.model.config.pki import Trustpoint

_HASHES = MappingProxyType({"sha": "sha1"})
_CERTIFICATES = "rsa-sig"
_IKEV2_CIPHERS = MappingProxyType(
    {
        "des": "des", "3des": "3des", "aes-cbc-128": "aes-128", "aes-cbc-192": "aes-192", "aes-cbc-256": "aes-256",
        "aes-gcm-128": "gcm-128", "aes-gcm-256": "gcm-256",
    }
)  # fmt: skip


def ike_of(group: FoundGroup, remarks: Remarks) -> dict[str, Any]:
    """The group's ``ike``, without its keys; empty where no key server was seen."""
    routers = [seat.router for seat in group.servers]
    if not routers:
        return {}
    policies = most([_policies(router) for router in routers])
    lifetime = _usual(policies)
    members = [policy for seat in group.members for policy in _policies(seat.router)]
    words: dict[str, Any] = {
        "policies": _without_lifetime(policies, lifetime) or None,
        "key_server_lifetime": lifetime,
        "member_lifetime": _usual(members),
        "keepalive": _keepalive(routers),
        "gikev2": _gikev2(group, remarks),
    }
    if by_certificates(routers):
        words["pki"] = _pki([*routers, *(seat.router for seat in group.members)], group.name, remarks)
    return said(words)


def by_certificates(routers: Iterable[Router]) -> bool:
    """Whether key servers authenticate by certificates."""
    methods = [
        policy.authentication or str(ISAKMP_POLICY_DEFAULTS["authentication"])
        for router in routers
        for policy in router.config.crypto.isakmp_policies
    ]
    return bool(methods) and most(methods) == _CERTIFICATES


def _policies(router: Router) -> list[dict[str, Any]]:
    return [_policy(item) for item in sorted(router.config.crypto.isakmp_policies, key=lambda item: item.number)]


def _policy(held: IsakmpPolicy) -> dict[str, Any]:
    name = held.encryption or str(ISAKMP_POLICY_DEFAULTS["encryption"])
    lifetime = held.lifetime or ISAKMP_POLICY_DEFAULTS["lifetime"]
    digest = held.hash or str(ISAKMP_POLICY_DEFAULTS["hash"])
    return {
        "number": held.number,
        "encryption": f"aes-{held.key_size_bits or 128}" if name == "aes" else name,
        "hash": _HASHES.get(digest, digest),
        "dh_group": held.dh_group or ISAKMP_POLICY_DEFAULTS["dh_group"],
        "lifetime": int(lifetime.total_seconds()),  # type: ignore[attr-defined]
    }


def _usual(policies: Iterable[Mapping[str, Any]] | None) -> int | None:
    """The lifetime that most policies have."""
    counted = Counter(policy["lifetime"] for policy in policies or ())
    return counted.most_common(1)[0][0] if counted else None


def _without_lifetime(policies: Iterable[Mapping[str, Any]], lifetime: int | None) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in policy.items() if key != "lifetime" or value != lifetime} for policy in policies
    ]


def own_policies(router: Router, groups: Sequence[Mapping[str, Any]], *, serves: bool) -> list[dict[str, Any]] | None:
    """ISAKMP policies of a router that are others than those of its groups; None if they are the same.

    Args:
        router: which.
        groups: ``ike`` of its groups.
        serves: whether it is a key server.
    """
    running = _policies(router)
    expected: dict[int, dict[str, Any]] = {}
    lifetimes = []
    for ike in groups:
        lifetime = ike.get("key_server_lifetime" if serves else "member_lifetime")
        lifetimes.append(lifetime)
        policies = ike.get("policies") or []
        if serves:
            chosen = [{"lifetime": lifetime, **policy} for policy in policies]
        else:
            chosen = [{**policy, "lifetime": lifetime} for policy in _first_able(policies, router)]
        expected |= {policy["number"]: policy for policy in chosen}
    if not running or same(running, [_ordered(expected[number]) for number in sorted(expected)]):
        return None
    return _without_lifetime(running, lifetimes[0] if alike(lifetimes) and lifetimes else None)


def _ordered(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {key: policy.get(key) for key in ("number", "encryption", "hash", "dh_group", "lifetime")}


def _first_able(policies: Iterable[Mapping[str, Any]], router: Router) -> list[Mapping[str, Any]]:
    """The first policy that a member's release can do (``rendering.ike.on_member``)."""
    release = release_of(router.release)
    for policy in policies:
        try:
            made = IkePolicyIntent.model_validate(policy)
        except ValueError:
            continue
        if release is not None and not missing(made, release):
            return [policy]
    return []


def _keepalive(routers: Iterable[Router]) -> dict[str, Any] | bool:
    found: list[dict[str, Any] | None] = []
    for router in routers:
        held = router.config.crypto.isakmp_keepalive
        if held is None:
            found.append(None)
            continue
        words = {
            "interval": int(held.interval.total_seconds()),
            "retry": None if held.retry is None else int(held.retry.total_seconds()),
            "periodic": held.periodic,
        }
        found.append(said(words))
    return most(found) or False


# -- certificates


def _pki(routers: Sequence[Router], group: str, remarks: Remarks) -> dict[str, Any] | None:
    """The trustpoint of a group's routers; written out only where each of them has it exactly so."""
    names = [_trustpoint_of(router) for router in routers]
    name = most([item.name for item in names if item is not None])
    if name is None:
        remarks.add(Kind.DIFFERS, group, "ike: pki", "certificates are in use, and no trustpoint is configured")
        return None
    words = []
    for router in routers:
        held = next((item for item in router.config.crypto.trustpoints if item.name == name), None)
        words.append(None if held is None else _trustpoint(held, router.name))
    if alike(words) and words[0] is not None:
        return words[0]
    for router in routers:
        for held in router.config.crypto.trustpoints:
            if held.name == name:
                reason = "the routers of the group differ in it, or it has lines that the intent cannot say"
                remarks.add(Kind.LEFT_ALONE, router.name, f"crypto pki trustpoint {name}", reason, held.line)
    return {"trustpoint": name}


def _trustpoint_of(router: Router) -> Trustpoint | None:
    known = [item for item in router.config.crypto.trustpoints if not item.name.upper().startswith("TP-SELF-SIGNED")]
    enrolled = [item for item in known if item.enrollment_url or item.enrollment_other]
    return next(iter(enrolled or known), None)


def _trustpoint(held: Trustpoint, device: str) -> dict[str, Any] | None:
    """A trustpoint in the words of the intent; None if it says more."""
    rest = (
        held.enrollment_other, held.fqdn, held.serial_number, held.ip_address, held.eckeypair, held.hash,
        held.fingerprint, held.source_interface, held.vrf, held.password, held.other,
    )  # fmt: skip
    if any(rest) or held.enrollment_url is None or held.enrollment_mode not in {None, "ra"}:
        return None
    percent = held.auto_enroll
    if percent is True or (isinstance(percent, str) and not percent.isdigit()):
        return None
    label, _, size = (held.rsakeypair or "").partition(" ")
    if size and not size.isdigit():
        return None
    subject = held.subject_name
    words = {
        "trustpoint": held.name,
        "enrollment_url": held.enrollment_url,
        "subject": None if subject is None else subject.replace(device, "{device}"),
        "revocation": list(held.revocation_check) or ["crl"],
        "rsa_label": label or None,
        "modulus": int(size) if size else None,
        "auto_enroll": int(percent) if percent else None,
        "ra": True if held.enrollment_mode == "ra" else None,
    }
    return said(words)


# -- G-IKEv2


def _gikev2(group: FoundGroup, remarks: Remarks) -> dict[str, Any] | None:
    """G-IKEv2, where all its objects have one name and every member uses it: the intent knows no other."""
    names = [seat.local.gikev2_profile for seat in group.servers]
    name = most(names)
    clients = [seat.group.client.gikev2_profile for seat in group.members]
    if name is None and not any(clients):
        return None
    crypto = group.servers[0].router.config.crypto
    proposal = next((item for item in crypto.ikev2_proposals if item.name == name), None)
    policy = next((item for item in crypto.ikev2_policies if item.name == name), None)
    profile = next((item for item in crypto.ikev2_profiles if item.name == name), None)
    whole = proposal is not None and policy is not None and profile is not None
    if name is None or not whole or any(client != name for client in clients) or proposal is None:
        reason = "the intent has one name for proposal, policy, keyring and profile, and all members use it"
        remarks.add(Kind.DIFFERS, group.name, f"gikev2 {name or clients[0]}", reason)
        return None
    ciphers, digests = proposal.encryption, proposal.integrity or proposal.prf
    words = {
        "name": name,
        "encryption": _IKEV2_CIPHERS.get(ciphers[0]) if len(ciphers) == 1 else None,
        "integrity": _HASHES.get(digests[0], digests[0]) if len(digests) == 1 else None,
        "dh_group": proposal.dh_groups[0] if len(proposal.dh_groups) == 1 else None,
        "also_gdoi": group.servers[0].local.gdoi is not False,
    }
    return said(words)
