"""Which GDOI groups a device speaks of, and as what: from ``show crypto gdoi``, else from whatever else it told.

What people send is seldom complete: a log may hold ``show crypto gdoi ks members`` and nothing else of a key server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.state.coop import KsCoop
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.gm import Gm
from getvpn_ops.model.state.gm_details import GmAcl, GmDataplane, GmPubkey, GmRekey, GmReplay
from getvpn_ops.model.state.ks import Ks, KsAcl, KsMembers
from getvpn_ops.model.state.ks_policy import KsPolicy, KsRekey, KsReplay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.fleet import DeviceState

_OF_KEY_SERVER = (KsCoop, KsAcl, KsRekey, KsReplay)
_OF_MEMBER = (Gm, GmAcl, GmRekey, GmReplay, GmPubkey, GmDataplane)


@dataclass(frozen=True, slots=True)
class Told:
    """A group that a device has.

    Attributes:
        name: that the device gives it.
        identity: None if it does not tell.
        key_server: whether the device serves it; else it is a member.
    """

    name: str
    identity: str | None
    key_server: bool


def told_groups(state: DeviceState) -> tuple[Told, ...]:
    """The groups of a device, each once for each role; ``show crypto gdoi`` has the last word where it is there."""
    if state.has(Gdoi):
        groups = state.latest(Gdoi).value.groups
        return tuple(Told(item.group_name, item.group_id, item.is_key_server) for item in groups)
    found: dict[tuple[str, bool], str | None] = {}
    for item in _elsewhere(state):
        known = found.get((item.name, item.key_server))
        found[item.name, item.key_server] = known or item.identity
    return tuple(Told(name, identity, role) for (name, role), identity in found.items())


def _elsewhere(state: DeviceState) -> Iterator[Told]:
    yield from _served(state)
    for kind in (*_OF_KEY_SERVER, *_OF_MEMBER):
        if state.has(kind):
            for named in state.latest(kind).value.groups:  # type: ignore[attr-defined]
                yield Told(named.group_name, None, kind in _OF_KEY_SERVER)
    if state.has(RunningConfig):
        for config in state.latest(RunningConfig).value.gdoi_groups:
            identity = config.identity_number if config.identity_number is not None else config.identity_address
            yield Told(config.name, None if identity is None else str(identity), config.server_local is not None)


def _served(state: DeviceState) -> Iterator[Told]:
    """What a key server says of groups with their identity, or of each key server or member of a group."""
    if state.has(Ks):
        for group in state.latest(Ks).value.groups:
            yield Told(group.group_name, group.group_id, key_server=True)
    if state.has(KsMembers):
        members = state.latest(KsMembers).value
        for member in members.members:
            if member.group_name is not None:
                yield Told(member.group_name, member.group_id, key_server=True)
        for rekey in members.rekeys:
            yield Told(rekey.group_name, None, key_server=True)
    if state.has(KsPolicy):
        for policy in state.latest(KsPolicy).value.policies:
            yield Told(policy.group_name, None, key_server=True)
