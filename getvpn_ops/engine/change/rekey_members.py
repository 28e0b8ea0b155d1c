"""Who has the keys of a rekey: by acknowledgements on the key servers, and by the SPIs on the members themselves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health import MEMBER_CHECKS
from getvpn_ops.checks.health.answers import database
from getvpn_ops.checks.health.names import member_names
from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.change.ks_reading import group_view
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.registry import evaluate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from getvpn_ops.checks.served import Ring
    from getvpn_ops.checks.views import GroupView, MemberView
    from getvpn_ops.engine.change.rekey_marks import Marks
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.state.ks import KsMember

ALL = 200
"""Members of a group that are all looked at; of more, those without an acknowledgement, and some at random."""
SAMPLE = 50
_REGISTERED = "registered"
_GDOI = "show crypto gdoi"
_SAS = "show crypto ipsec sa"
_KEK = "show crypto gdoi gm rekey detail"


@dataclass(frozen=True, slots=True)
class Roll:
    """The members that are registered, at any key server of a group.

    Attributes:
        names: of devices of the inventory.
        strangers: addresses that the inventory does not know.
        absent: members of the inventory that are not registered anywhere.
        unacknowledged: names and strangers' addresses that owe the primary an acknowledgement; None where rekeys
            travel by multicast, which nobody acknowledges, or where this software does not count.
    """

    names: tuple[str, ...]
    strangers: tuple[str, ...]
    absent: tuple[str, ...]
    unacknowledged: frozenset[str] | None

    @property
    def count(self) -> int:
        """All that are registered."""
        return len(self.names) + len(self.strangers)


def roll_of(view: GroupView, before: Marks) -> Roll:
    """The members as the key servers list them, LOCAL and REDUNDANT.

    Raises:
        EvidenceMissingError: a key server does not tell all of its list.
    """
    known = member_names(view)
    addresses = {row.address for server in view.key_servers for row in database(server).value}
    names = {known[address] for address in addresses if address in known}
    strangers = tuple(sorted(str(address) for address in addresses if address not in known))
    expected = [device.name for device in view.fleet.inventory.members(view.name)]
    absent = tuple(name for name in expected if name not in names)
    rows = _owing(view, dict(before.missed))
    late = None if rows is None else frozenset(known.get(row.address, str(row.address)) for row in rows)
    order = {name: place for place, name in enumerate(view.fleet.inventory.devices)}
    return Roll(tuple(sorted(names, key=lambda name: order.get(name, 0))), strangers, absent, late)


def _owing(view: GroupView, missed: Mapping[str, int]) -> tuple[KsMember, ...] | None:
    """Rows of members that have not acknowledged the last rekey: it is under way, or was given up."""
    primary = view.primary()
    rows = database(primary).value
    if (primary.gdoi().value.transport or "").casefold() != "unicast" or any(row.acks_received is None for row in rows):
        return None
    return tuple(row for row in rows if _owes(row, missed.get(str(row.address), 0)))


def _owes(row: KsMember, missed_before: int) -> bool:
    missed = row.acks_missed or 0
    under_way = (row.rekeys_sent or 0) - (row.acks_received or 0) - missed
    return under_way > 0 or missed > missed_before


def chosen(roll: Roll, seed: str) -> tuple[str, ...]:
    """Members that are looked at themselves: all; of a large group those without an acknowledgement, and a sample."""
    if len(roll.names) <= ALL or roll.unacknowledged is None:
        return roll.names
    late = tuple(name for name in roll.names if name in (roll.unacknowledged or ()))
    others = [name for name in roll.names if name not in late]
    picked = random.Random(seed).sample(others, min(SAMPLE, len(others)))  # noqa: S311 -- not a secret
    return (*late, *picked)


@dataclass(frozen=True, slots=True)
class Looked:
    """What members showed.

    Attributes:
        holding: those with all current keys.
        lacking: those without, and what they have, in words.
        unread: those that could not be read, and why.
        ends: of those without, when the last key ends that they have, UTC; who is absent did not tell.
        spis: of the keys of each that was read, as ``Marks.teks`` has them.
        registering: those without all keys that say they are not registered: they try to.
    """

    holding: frozenset[str]
    lacking: Mapping[str, str]
    unread: Mapping[str, str]
    ends: Mapping[str, datetime] = field(default_factory=dict)
    spis: Mapping[str, frozenset[str]] = field(default_factory=dict)
    registering: frozenset[str] = frozenset()


def look_at(scene: Scene, view: GroupView, names: Collection[str]) -> Looked:
    """Ask members for their keys, and compare them with those of their primary.

    Raises:
        EvidenceMissingError: the primary shows none.
    """
    if not names:
        return Looked(frozenset(), {}, {})
    devices = tuple(scene.inventory.devices[name] for name in names)
    fleet = scene.collector.collect(scene.run, scene.inventory, Wish(devices, interval=timedelta(), script=_script))
    whole = replace(fleet, devices={**view.fleet.devices, **fleet.devices})
    seen = group_view(whole, view.name)
    ring = seen.served.ring()
    holding, lacking, unread, ends = set[str](), dict[str, str](), dict[str, str](), dict[str, datetime]()
    spis, registering = dict[str, frozenset[str]](), set[str]()
    members = {member.device: member for member in seen.members}
    for name in names:
        try:
            said = _lacks(members[name], ring) if name in members else "it is no member of the group"
        except EvidenceMissingError as exc:
            unread[name] = str(exc)
            continue
        if name in members:
            spis[name] = frozenset(f"0x{spi:08X}" for spi in traffic_keys(members[name]).value.spis)
        if said:
            lacking[name] = said
            if name in members and _registers(members[name]):
                registering.add(name)
            if name in members and (end := traffic_keys(members[name]).value.last_end()) is not None:
                ends[name] = end
        else:
            holding.add(name)
    return Looked(frozenset(holding), lacking, unread, ends, spis, frozenset(registering))


def _script(_device: Device) -> Script:
    capture = yield _GDOI
    found = evidence_of(capture)
    state = found.parsed.data if found is not None and found.parsed is not None else None
    if not isinstance(state, Gdoi) or not all(group.tek_policies for group in state.groups if not group.is_key_server):
        yield _SAS
    yield _KEK


def _registers(member: MemberView) -> bool:
    """Whether a member says of its group that it is not registered."""
    said = {(item.registration_status or _REGISTERED).casefold() for item in member.gdoi().value.members}
    return bool(said) and _REGISTERED not in said


def _lacks(member: MemberView, ring: Ring) -> str:
    """What a member has in place of the current keys; empty if it has them.

    Raises:
        EvidenceMissingError: it does not tell, or not for certain.
    """
    keys = traffic_keys(member)
    said = {(item.registration_status or _REGISTERED).casefold() for item in member.gdoi().value.members}
    if said and _REGISTERED not in said and not keys.value.spis:
        return f"it has no key ({', '.join(sorted(said))})"  # and no list, which a parser misses
    current = ring.current()
    missing = [key for key in current if key.spi not in keys.value.spis or keys.value.lacking(key.spi)]
    if missing:
        keys.certain()
        has = ", ".join(keys.value.hexes.values()) or "no key"
        return f"it has {has}, and lacks {', '.join(key.hex for key in missing)}"
    kek = evaluate(MEMBER_CHECKS["convergence-kek"], member)
    return "it has another KEK" if kek.status is Status.FAIL else ""
