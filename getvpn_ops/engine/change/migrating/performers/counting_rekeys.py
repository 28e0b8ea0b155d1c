"""What members counted of rekeys, and when key servers send the next one: what a wait for rekeys looks at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.engine.change.actions.registering import registration_facts
from getvpn_ops.engine.change.ks_reading import SCREENS
from getvpn_ops.engine.change.migrating.performers.given import members_of
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView, MemberView
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import PlannedStep

_OF_MEMBER = (
    "show version", "show crypto gdoi", "show crypto gdoi gm rekey", "show crypto map", "show crypto ipsec sa",
    "show logging",
)  # fmt: skip
_UNPRINTED = 0.5
"""Share of a key's life within which no successor comes, where no screen tells when it does."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A member in a group at one moment.

    Attributes:
        rekeys: that it counted; None if no screen of it counts.
        spis: of its keys, as printed.
        facts: that a registration changes.
        turns: new keys that were seen on it since the wait began, where it counts nothing.
    """

    rekeys: int | None
    spis: frozenset[str]
    facts: Mapping[str, str]
    turns: int = 0

    def plain(self) -> str:
        """For the journal."""
        return json.dumps(
            {"rekeys": self.rekeys, "spis": sorted(self.spis), "facts": dict(self.facts), "turns": self.turns}
        )


def look_at_rekeys(step: PlannedStep, scene: Scene) -> FleetState:
    """Ask the key servers of a step's groups, and its targets."""
    members = {device.name: device for devices in members_of(step, scene).values() for device in devices}
    servers = {device.name: device for group in step.groups for device in scene.inventory.key_servers(group)}

    def script(device: Device) -> Script:
        commands = (*(SCREENS if device.name in servers else ()), *(_OF_MEMBER if device.name in members else ()))
        for command in dict.fromkeys(commands):  # noqa: UP028 -- a tuple cannot be sent the captures
            yield command

    wish = Wish(tuple({**servers, **members}.values()), interval=timedelta(), script=script)
    return scene.collector.collect(scene.run, scene.inventory, wish)


def stood_of(member: MemberView, fleet: FleetState) -> Stood:
    """How a member stands.

    Raises:
        EvidenceMissingError: it does not tell of its group.
    """
    return Stood(
        _counted(member),
        frozenset(traffic_keys(member).value.hexes.values()),
        registration_facts(fleet, (member.group,), member.device),
    )


def _counted(member: MemberView) -> int | None:
    """Rekeys that a member received since the group was configured or cleared, by its own counter."""
    try:
        counted = member.rekey().value.rekeys_received
    except EvidenceMissingError:
        counted = None
    if counted is not None:
        return counted
    totals = [item.total_received for item in member.gdoi().value.cumulative]
    known = [total for total in totals if total is not None]
    return sum(known) if known and len(known) == len(totals) else None


def stood_from(plain: str) -> Stood:
    """What ``Stood.plain`` gave."""
    said = json.loads(plain)
    return Stood(said["rekeys"], frozenset(said["spis"]), said["facts"], said["turns"])


def births(view: GroupView) -> Iterator[datetime]:
    """When the current keys were made.

    Raises:
        EvidenceMissingError: no key server shows any, or not since when.
    """
    ring = view.served.ring()
    current = ring.current()
    if not current:
        msg = f"{ring.device}: {ring.seen.command} shows no key of group {view.name} that lives"
        raise EvidenceMissingError(msg)
    for key in current:
        if key.born is None:
            msg = f"{ring.device}: {ring.seen.command} does not say since when {key.hex} lives"
            raise EvidenceMissingError(msg)
        yield key.born


def next_of(view: GroupView) -> tuple[str, datetime, bool, datetime]:
    """The next rekey: the key that it replaces, when it comes, whether that is printed, and by when it has come."""
    found = []
    for key in view.served.ring().current():
        assert key.ends is not None  # noqa: S101 -- current() leaves others out
        assert key.born is not None  # noqa: S101 -- the tally saw to it
        early = key.born + _UNPRINTED * (key.ends - key.born)
        found.append((key.due or early, key.hex, key.due is not None, key.due or key.ends))
    moment, name, is_printed, closes = min(found)
    return f"{view.name} {name}", moment, is_printed, closes
