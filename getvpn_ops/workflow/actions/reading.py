"""What actions read of the state of a fleet: who is what, who is primary, when a rekey comes, what is registered. Pure.

A plan and the look right before its step ask the same questions, so that they cannot come to different answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.checks.views import gdoi_addresses, group_views
from getvpn_ops.dialect.releases import first_text, release_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.version import Version
from getvpn_ops.model.values import Sentinel
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView, KeyServerView, MemberView
    from getvpn_ops.dialect.releases import Feature
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy
    from getvpn_ops.model.values import Address

_EARLY, _EARLY_MOST = 0.2, timedelta(minutes=15)
"""Share of a key's life, and its most, that may be left when its key server rekeys (guide, "Rekey Triggering"); used
where no time to the next rekey is printed."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an action may not be taken.

    Attributes:
        text: for people.
        is_known: whether it was seen; else it is not known to be well, which opens nothing either.
    """

    text: str
    is_known: bool = True


def group_named(fleet: FleetState, name: str) -> GroupView:
    """A GDOI group of the inventory, or one that routers show.

    Raises:
        EvidenceMissingError: nobody has it.
    """
    found = next((view for view in group_views(fleet) if view.name == name), None)
    if found is None:
        msg = f"no router that was asked has a group {name}"
        raise EvidenceMissingError(msg)
    return found


def member_of(fleet: FleetState, group: str, device: str) -> MemberView:
    """A member in its group.

    Raises:
        EvidenceMissingError: it is none, or was not asked.
    """
    found = next((item for item in group_named(fleet, group).members if item.device == device), None)
    if found is None:
        msg = f"{device} is no member of group {group} that was asked"
        raise EvidenceMissingError(msg)
    return found


def server_of(fleet: FleetState, group: str, device: str) -> KeyServerView:
    """A key server in its group.

    Raises:
        EvidenceMissingError: it is none, or was not asked.
    """
    found = next((item for item in group_named(fleet, group).key_servers if item.device == device), None)
    if found is None:
        msg = f"{device} is no key server of group {group} that was asked"
        raise EvidenceMissingError(msg)
    return found


def local_name(fleet: FleetState, group: str, device: str) -> str:
    """What the router itself calls a group; the name of the inventory if it does not tell."""
    view = next((view for view in group_views(fleet) if view.name == group), None)
    if view is None:
        return group
    return next((item.local_name for item in (*view.members, *view.key_servers) if item.device == device), group)


def lacks(state: DeviceState, feature: Feature) -> Obstacle | None:
    """Why a router cannot do something; None: its release can."""
    try:
        version = state.latest(Version).value
    except EvidenceMissingError as exc:
        return Obstacle(f"{state.name}: whether its software has {feature.value} is not known: {exc}", is_known=False)
    text = version.xe_release or version.release or ""
    release = release_of(text)
    if release is None:
        what = text or "none that was read"
        return Obstacle(f"{state.name}: release {what}: whether it has {feature.value} is not known", is_known=False)
    if release.has(feature):
        return None
    return Obstacle(f"{state.name} runs {text}; {feature.value} needs {first_text(feature)}")


# -- key servers


def cooperation(group: GroupView) -> Iterator[Obstacle]:
    """What of a group's key servers is not as it must be: exactly one primary, and all alive, as each sees the others.

    A group with one key server has nobody to see it: then there is nothing to say.
    """
    for check in ("coop-single-primary", "coop-peers-alive"):
        outcome = evaluate(GROUP_CHECKS[check], group)
        if outcome.status.opens_gate:
            continue
        bad = [item for item in outcome.findings if not item.status.opens_gate]
        for item in bad:
            actual = f": {item.actual}" if item.actual else ""
            yield Obstacle(f"group {group.name}: {item.subject}: {item.message}{actual}", item.status is Status.FAIL)
        if outcome.reason or not bad:
            yield Obstacle(f"group {group.name}: {outcome.reason or outcome.status}", is_known=False)


def keys_held(server: KeyServerView) -> dict[int, timedelta]:
    """SPIs of the traffic keys that a key server shows and that have not ended, with the life that is left to each.

    Raises:
        EvidenceMissingError: it does not tell.
    """
    sample = server.policy()
    return {
        tek.spi.value: tek.remaining
        for item in sample.value
        for tek in item.teks
        if tek.spi is not None and isinstance(tek.remaining, timedelta) and tek.remaining
    }


def registered(group: GroupView) -> dict[Address, str]:
    """All members that any key server of a group knows, with their names; an address that no device has stands so.

    Raises:
        EvidenceMissingError: a key server does not tell, or not all of it.
    """
    names = {address: item.device for item in group.members for address in gdoi_addresses(item.state)}
    for device in group.fleet.inventory.members(group.name):
        names |= dict.fromkeys(device.gdoi_addresses, device.name)
    found: dict[Address, str] = {}
    for server in group.key_servers:
        for row in server.members().value:
            found[row.address] = names.get(row.address, str(row.address))
    return found


# -- rekeys


@dataclass(frozen=True, slots=True)
class Due:
    """Something that ends what was set by command.

    Attributes:
        what: for people.
        at: when at the earliest, UTC.
    """

    what: str
    at: datetime


def next_rekeys(group: GroupView) -> tuple[Due, ...]:
    """When the keys of a group are made anew, and when its pseudotime is told, which is a rekey too.

    Raises:
        EvidenceMissingError: one of these moments is not known.
    """
    ring = group.served.ring()
    current = {key.spi for key in ring.current()}
    if not current:
        msg = f"{ring.device}: {ring.seen.command} shows no key that lives"
        raise EvidenceMissingError(msg)
    found: list[Due] = []
    primary = next((item for item in group.key_servers if item.device == ring.device), None)
    if primary is None:
        msg = f"group {group.name}: {ring.device} was not asked for its pseudotime"
        raise EvidenceMissingError(msg)
    policy = primary.policy()
    for item in policy.value:
        mine = [tek for tek in item.teks if tek.spi is not None and tek.spi.value in current]
        for what, key in [("traffic key", tek) for tek in mine] + [("key encryption key", kek) for kek in item.keks]:
            left = _left(key)
            if left is not None:
                found.append(Due(f"the next {what}", policy.taken_at + left))
            elif key.remaining is not Sentinel.EXPIRED and key.time_to_rekey is not Sentinel.NOT_APPLICABLE:
                msg = f"{ring.device}: {policy.seen.command} does not say when the next {what} comes"
                raise EvidenceMissingError(msg)
    replay = primary.replay()
    if replay.value.enabled is not False:
        if not isinstance(replay.value.next_sync, timedelta):
            msg = f"{ring.device}: {replay.seen.command} does not say when the pseudotime is told next"
            raise EvidenceMissingError(msg)
        found.append(Due("the next note of the pseudotime", replay.taken_at + replay.value.next_sync))
    return tuple(sorted(found, key=lambda item: item.at))


def _left(key: TekPolicy | KekPolicy) -> timedelta | None:
    """Until its successor comes, at the earliest; None if it has one, has ended, or does not tell."""
    if isinstance(key.time_to_rekey, timedelta):
        return key.time_to_rekey
    if key.time_to_rekey is Sentinel.NOT_APPLICABLE or not isinstance(key.remaining, timedelta) or not key.remaining:
        return None
    early = min((key.lifetime or key.remaining) * _EARLY, _EARLY_MOST)
    return max(key.remaining - early, timedelta())
