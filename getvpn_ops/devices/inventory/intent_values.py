"""What the file of one GDOI group says, looked at as a whole: parts that contradict each other."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from getvpn_ops.devices.inventory.intent_lists import Lists
from getvpn_ops.dialect.services import SERVICES, own_service
from getvpn_ops.model.intent.crypto import AES, COUNTER_MODE, Cipher, TransformIntent
from getvpn_ops.model.intent.router import FailCloseIntent
from getvpn_ops.rendering import names
from getvpn_ops.rendering.group import KEK_LIFETIME, REPLAY, TEK_LIFETIME

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from getvpn_ops.devices.inventory.gdoi_groups import GroupFile
    from getvpn_ops.model.intent.crypto import IkePolicyIntent, PolicyIntent
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.settings.mistakes import Mistakes, Where

_DAY = 86400  # seconds
_FEW_TEKS = 3  # guide, "KEK Lifetime"
_TODAY_BITS = 2048
_RESERVED = frozenset({"any", "permit", "deny", "remark"})
_PASSES_MULTICAST = frozenset({"gdoi", "multicast"})

Tell = "Callable[[Where, str], None]"


def look_at_intent(file: GroupFile, mistakes: Mistakes) -> None:
    """Check one file by itself.

    Args:
        file: as its values were read.
        mistakes: gets every contradiction.
    """
    intent = file.intent

    def tell(where: Where, text: str) -> None:
        mistakes.at(file.document, where, text)

    _services(intent, tell)
    if intent.policies is not None and intent.identity is None:
        tell(("policies",), "a group with policies needs its identity")
    lists = Lists(intent, file.document, mistakes)
    for place, policy in enumerate(intent.policies or ()):
        where: Where = ("policies", place)
        lists.policy(policy.acl, (*where, "acl"))
        _transform(intent, policy, where, tell)
        _lifetimes(intent, policy, where, tell)
    _policies_apart(intent, tell)
    _rekey(intent, tell)
    _ike_numbers(intent.ike.policies, ("ike", "policies"), tell)
    _ike_numbers(intent.member_defaults.ike_policies, ("member_defaults", "ike_policies"), tell)
    _ike_numbers(intent.key_server_defaults.ike_policies, ("key_server_defaults", "ike_policies"), tell)
    lists.member(intent.member_defaults, lambda inner: (file.document, ("member_defaults", *inner)))
    if intent.authorization is not None and intent.authorization.acl is not None:
        lists.standard(intent.authorization.acl, ("authorization", "acl"))
    closing = intent.member_defaults.fail_close
    if intent.fail_close is not None and closing is not None:
        closes = isinstance(closing, FailCloseIntent) and closing.activate
        if closes is not intent.fail_close:
            said = str(intent.fail_close).lower()
            tell(("member_defaults", "fail_close"), f"the group's own fail_close is {said}: expected the same")


def intent_notes(intent: GdoiGroupIntent) -> Iterator[str]:
    """What is allowed, and worth a look."""
    if intent.policies is None:
        return
    kek = intent.rekey.kek_lifetime or KEK_LIFETIME
    for policy in intent.policies:
        tek = policy.tek_lifetime or TEK_LIFETIME
        if tek <= kek < _FEW_TEKS * tek:
            yield (
                f"GDOI group {intent.name}: policy {policy.sequence}: the KEK lives {kek} seconds, less than "
                f"{_FEW_TEKS} TEKs of {tek} (guide, KEK Lifetime)"
            )
        if intent.ip == 6 and (policy.replay or REPLAY).time is not None:  # noqa: PLR2004 -- IP version
            yield (
                f"GDOI group {intent.name}: policy {policy.sequence}: no source attests replay by time for IPv6; "
                "replay: {counter: 64} does without it"
            )
    for what, bits in (
        ("rekey.modulus", intent.rekey.modulus),
        ("ike.pki.modulus", intent.ike.pki.modulus if intent.ike.pki else None),
    ):
        if bits is not None and bits < _TODAY_BITS:
            yield f"GDOI group {intent.name}: {what}: {bits} bits, less than {_TODAY_BITS} (SP 800-131A)"


def _services(intent: GdoiGroupIntent, tell: Callable[[Where, str], None]) -> None:
    for name, matches in intent.services.items():
        if name in SERVICES or name in _RESERVED or own_service(name) is not None:
            tell(("services", name), f"{name!r} means something already: expected another name")
        for place, match in enumerate(matches):
            if own_service(match) is None and match not in SERVICES:
                expected = "tcp 1521, udp 500 both, tcp source 20, a protocol, or a service"
                tell(("services", name, place), f"expected {expected}, found {match!r}")


def _transform(intent: GdoiGroupIntent, policy: PolicyIntent, where: Where, tell: Callable[[Where, str], None]) -> None:
    said = policy.transform
    if said is None or said.encryption not in COUNTER_MODE:
        return
    if said.integrity is not None:
        tell((*where, "transform", "integrity"), f"{said.encryption} has its own integrity: leave it out")
    if intent.kssid is None:
        tell((*where, "transform", "encryption"), f"{said.encryption} needs key server identifiers: say kssid")


def _lifetimes(intent: GdoiGroupIntent, policy: PolicyIntent, where: Where, tell: Callable[[Where, str], None]) -> None:
    tek, kek = policy.tek_lifetime or TEK_LIFETIME, intent.rekey.kek_lifetime or KEK_LIFETIME
    if kek < tek:
        at: Where = ("rekey", "kek_lifetime") if intent.rekey.kek_lifetime else (*where, "tek_lifetime")
        tell(at, f"the KEK lives {kek} seconds and the TEK {tek}: expected a KEK of {_FEW_TEKS} TEKs or more")
    cipher = (policy.transform or TransformIntent()).encryption
    if tek > _DAY and cipher is not None and cipher not in AES:
        tell((*where, "tek_lifetime"), f"expected {_DAY} or less with {cipher}: only AES may live longer, found {tek}")


def _policies_apart(intent: GdoiGroupIntent, tell: Callable[[Where, str], None]) -> None:
    """Sequences, and names that mean two things within the group."""
    policies = intent.policies or ()

    def twice(of: Callable[[PolicyIntent], Hashable], key: Where, what: str) -> None:
        seen: set[Hashable] = set()
        for place, policy in enumerate(policies):
            value = of(policy)
            if value in seen:
                tell(("policies", place, *key), f"{what} {value} stands twice")
            seen.add(value)

    twice(lambda item: item.sequence, ("sequence",), "policy")
    twice(lambda item: item.acl.name or names.policy_list(intent.name, item.sequence), ("acl", "name"), "access list")
    twice(
        lambda item: item.profile_name or names.profile(intent.name, item.sequence), ("profile_name",), "IPsec profile"
    )
    meanings: dict[str, object] = {}
    for place, policy in enumerate(policies):
        said = policy.transform
        if said is not None and said.name is not None:
            meaning = (said.encryption, said.integrity)
            if meanings.setdefault(said.name, meaning) != meaning:
                tell(("policies", place, "transform", "name"), f"transform set {said.name} is something else above")


def _rekey(intent: GdoiGroupIntent, tell: Callable[[Where, str], None]) -> None:
    rekey = intent.rekey
    lifetime = rekey.kek_lifetime or 0
    if lifetime > _DAY and rekey.algorithm in {Cipher.DES, Cipher.TRIPLE_DES}:
        tell(
            ("rekey", "kek_lifetime"),
            f"expected {_DAY} or less with {rekey.algorithm}: only AES may live longer, found {lifetime}",
        )
    said = rekey.multicast
    if said is None:
        return
    if said.group.version != 4:  # noqa: PLR2004 -- `rekey address ipv4` names it in every release
        tell(("rekey", "multicast", "group"), f"expected an IPv4 address, found {said.group}")
        return
    if said.ssm_range is not None:
        network = ipaddress.ip_network(said.ssm_range)
        if network.version != said.group.version or said.group not in network:
            tell(("rekey", "multicast", "ssm_range"), f"expected a range with {said.group} in it, found {network}")
    if rekey.transport != "multicast":
        return
    for place, policy in enumerate(intent.policies or ()):
        if _encrypts(policy, said.group):
            tell(
                ("policies", place, "acl"),
                f"it encrypts the rekeys to {said.group}: put gdoi or {said.group}/32 under exempt",
            )


def _encrypts(policy: PolicyIntent, group: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether rekeys to a multicast address are plainly encrypted; what is said in whole entries is left to lint."""
    exempt = policy.acl.exempt or ()
    if any(item in _PASSES_MULTICAST or item.startswith(("deny ", "permit ")) for item in exempt):
        return False
    if any(_holds(part, group) for item in exempt for part in item.split(" -> ")):
        return False
    return any(_holds(item, group) for item in policy.acl.encrypt or ())


def _holds(text: str, group: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return text == "any" or group in ipaddress.ip_network(text)
    except ValueError:
        return False


def _ike_numbers(policies: Iterable[IkePolicyIntent] | None, where: Where, tell: Callable[[Where, str], None]) -> None:
    seen: set[int] = set()
    for place, policy in enumerate(policies or ()):
        if policy.number in seen:
            tell((*where, place, "number"), f"policy {policy.number} stands twice")
        seen.add(policy.number)
