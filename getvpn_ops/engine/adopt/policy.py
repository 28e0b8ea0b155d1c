"""What a group's key servers have in common: what is encrypted and how, rekeys, who may register, COOP."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.defaults import IPSEC_PROFILE_DEFAULTS
from getvpn_ops.engine.adopt.access import recognise
from getvpn_ops.engine.adopt.checked import base_of, said, seconds
from getvpn_ops.engine.adopt.coop import authorization_of, buffers_of, coop_of, kssid_of
from getvpn_ops.engine.adopt.majority import alike, most, same
from getvpn_ops.engine.adopt.rekey import DIGESTS, rekey_of
from getvpn_ops.engine.adopt.told import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from getvpn_ops.engine.adopt.groups import FoundGroup, ServerSeat
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.crypto import TransformSet
    from getvpn_ops.model.config.gdoi import GdoiSaConfig

_CIPHERS = MappingProxyType(
    {
        "esp-des": "des", "esp-3des": "3des",
        "esp-aes": "aes-128", "esp-aes 128": "aes-128", "esp-aes 192": "aes-192", "esp-aes 256": "aes-256",
        "esp-gcm": "gcm-128", "esp-gcm 128": "gcm-128", "esp-gcm 192": "gcm-192", "esp-gcm 256": "gcm-256",
        "esp-gmac": "gmac-128", "esp-gmac 128": "gmac-128", "esp-gmac 192": "gmac-192", "esp-gmac 256": "gmac-256",
    }
)  # fmt: skip
_COUNTER = 64  # packets; what holds where no replay line is printed


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """The group's part of the intent.

    Attributes:
        words: of ``GdoiGroupIntent``.
        replays: anti-replay of a key server that differs from the group's, by name.
    """

    words: dict[str, Any]
    replays: Mapping[str, dict[str, Any]]


def policy_of(group: FoundGroup, priorities: Mapping[str, int], remarks: Remarks) -> GroupPolicy:
    """Read a group's policy off its key servers; without one there is none to read.

    Args:
        group: which.
        priorities: of key servers, that the inventory says.
        remarks: gets what cannot be said.
    """
    seats = group.servers
    services: dict[str, list[str]] = {}
    read = {seat.router.name: _policies(seat, services, group, remarks) for seat in seats}
    known = {name: policies for name, policies in read.items() if policies}
    bare = {name: [_without_replay(item) for item in policies] for name, policies in known.items()}
    policies = most(bare.values())
    replays: dict[str, dict[str, Any]] = {}
    if policies is not None:
        alike_names = [name for name in known if same(bare[name], policies)]
        for place, item in enumerate(policies):
            item["replay"] = most(known[name][place]["replay"] for name in alike_names)
        replays = dict(_other_replays(known, alike_names, policies))
    words = {
        "direction": most(["receive-only" if seat.local.receive_only else "both" for seat in seats]),
        "ip": 6 if group.ip == 6 else None,  # noqa: PLR2004 -- IP version
        "keyword": "gkm" if most([seat.group.keyword for seat in seats]) == "gkm" else None,
        "policies": policies,
        "services": {name: services[name] for name in sorted(services)} or None,
        "rekey": rekey_of(group, remarks),
        "authorization": authorization_of(group),
        "coop": coop_of(group, priorities, remarks),
        "group_size": most([seat.local.group_size for seat in seats]),
        "kssid": kssid_of(group, remarks),
        "d3p": most([_d3p(seat.local.d3p_window) for seat in seats]),
        "pfs": most([seat.local.pfs for seat in seats]) or None,
        "buffers": buffers_of(group, remarks),
    }
    return GroupPolicy(said(words) if seats else said({"ip": words["ip"]}), replays)


# -- what is encrypted


def _policies(
    seat: ServerSeat, services: dict[str, list[str]], group: FoundGroup, remarks: Remarks
) -> list[dict[str, Any]]:
    """The policies of one key server; empty if one of them cannot be said."""
    found = []
    for sa in sorted(seat.local.sas, key=lambda item: item.sequence):
        policy, reason = _policy(seat, sa, services, group, remarks)
        if policy is None:
            remarks.add(Kind.DIFFERS, seat.router.name, f"sa ipsec {sa.sequence}", reason, sa.line)
            return []
        found.append(policy)
    if not found:
        remarks.add(Kind.DIFFERS, seat.router.name, f"group {seat.group.name}", "no sa ipsec: nothing is encrypted")
    return found


def _policy(
    seat: ServerSeat, sa: GdoiSaConfig, services: dict[str, list[str]], group: FoundGroup, remarks: Remarks
) -> tuple[dict[str, Any] | None, str]:
    config = seat.router.config
    profile = next((item for item in config.crypto.ipsec_profiles if item.name == sa.profile), None)
    if profile is None:
        return None, f"its profile {sa.profile} is not defined"
    wanted = profile.transform_sets[0] if profile.transform_sets else None
    transforms = next((item for item in config.crypto.transform_sets if item.name == wanted), None)
    if transforms is None:
        return None, f"the transform set {wanted} of profile {profile.name} is not defined"
    held = next((item for item in config.access_lists if item.name == sa.match_acl), None)
    if held is None:
        return None, f"its access list {sa.match_acl} is not defined"
    recognised = recognise(held, group.ip)
    if isinstance(recognised, str):
        return None, f"access list {held.name}: {recognised}"
    for text in recognised.lost:
        remarks.add(Kind.FINDING, seat.router.name, f"{held.name}: {text}", "this remark is not in the intent")
    services.update(recognised.services)
    lifetime = profile.lifetime or config.crypto.lifetime or IPSEC_PROFILE_DEFAULTS["lifetime"]
    return {
        "sequence": sa.sequence,
        "acl": recognised.words,
        "transform": _transform(transforms),
        "tek_lifetime": seconds(lifetime),
        "replay": _replay(sa),
        "profile_name": base_of(profile.name),
        **({"tag_cts_sgt": True} if sa.tag == "cts sgt" else {}),
    }, ""


def _transform(held: TransformSet) -> dict[str, Any]:
    words: dict[str, Any] = {"name": base_of(held.name)}
    for transform in held.transforms:
        if transform in _CIPHERS:
            words["encryption"] = _CIPHERS[transform]
        elif transform.startswith("esp-") and transform.endswith("-hmac"):
            words["integrity"] = DIGESTS.get(transform[4:-5])
    return said(words)


def _replay(sa: GdoiSaConfig) -> dict[str, Any]:
    if sa.replay is False:
        return {"off": True}
    if sa.replay_time_window is not None:
        return {"time": seconds(sa.replay_time_window)}
    return {"counter": sa.replay_counter_window or _COUNTER}


def _without_replay(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in policy.items() if key != "replay"}


def _other_replays(known: Mapping[str, list[dict[str, Any]]], names: list[str], policies: list[dict[str, Any]]) -> Any:  # noqa: ANN401 -- pairs
    for name in names:
        own = [item["replay"] for item in known[name]]
        if not same(own, [item["replay"] for item in policies]) and alike(own):
            yield name, own[0]


def _d3p(window: timedelta | None) -> dict[str, int] | None:
    return None if window is None else {"window": int(window.total_seconds() * 1000)}
