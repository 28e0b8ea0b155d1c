"""Policy that key servers are configured to give, and that nobody ever sent to the members.

From 15.2(1)T on a changed policy waits for ``crypto gdoi ks rekey`` (guide, "Rekey Triggering"). Where a run was held
before that, key servers are as intended, and their members still work by the old policy: to remove the old list then is
to take away what is in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from getvpn_ops.checks.health.acl_text import differences, normal_form
from getvpn_ops.checks.health.direction import shown_direction
from getvpn_ops.checks.health.verdict import listed
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.forecast.lockout_routers import identity, policies
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ks import KsAclEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.health.acl_text import Form
    from getvpn_ops.checks.views import GroupView, KeyServerView, MemberView
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.forecast.lockout_routers import GroupPolicy
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.gdoi import GdoiGroupConfig
    from getvpn_ops.model.inventory import Inventory

_REGISTERED = "registered"
_HONOURED: Final = 100
"""Entries of a list that GDOI takes (guide: GDOI_ACL_NUM)."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Shipping:
    """Whether members work by what their key servers are configured to give.

    Attributes:
        pending: what shows that they do not, in words; empty if nothing does.
        untold: why nobody can tell; empty if it can be told.
        note: members that did not tell while others did; empty if all did.
    """

    pending: str = ""
    untold: str = ""
    note: str = ""


def policy_on(config: RunningConfig, group: str, inventory: Inventory) -> GroupPolicy | None:
    """What a key server is configured to give a group; None if it does not serve it.

    Args:
        config: of the key server.
        group: its name in the inventory.
        inventory: tells its identity.
    """
    found = _group_of(config, group, inventory, server=True)
    return policies({"": config}).get(identity(found)) if found is not None else None


def is_member_of(config: RunningConfig, group: str, inventory: Inventory) -> bool:
    """Whether a router is configured as a member of a group.

    Args:
        config: of the router.
        group: its name in the inventory.
        inventory: tells its identity.
    """
    return _group_of(config, group, inventory, server=False) is not None


def _group_of(config: RunningConfig, group: str, inventory: Inventory, *, server: bool) -> GdoiGroupConfig | None:
    intent = inventory.gdoi_groups.get(group)
    wanted = str(intent.identity) if intent is not None and intent.identity is not None else None
    for item in config.gdoi_groups:
        if (item.server_local is not None) is server and (
            identity(item) == wanted if wanted is not None else item.name == group
        ):
            return item
    return None


def shipping(group: str, reading: Reading, primary: str) -> Shipping:
    """Hold what a primary is configured to give against its keys, and against what members have.

    Its current key says which list and which transform it was made for. A list that was changed under its old name
    shows on the members alone, as does the direction.

    Args:
        group: its name in the inventory.
        reading: of its routers.
        primary: of the group.
    """
    view = next((item for item in group_views(reading.fleet) if item.name == group), None)
    config = reading.configs.get(primary)
    if view is None or config is None:
        return Shipping(untold=f"{primary}: {reading.why_not.get(primary, 'it was not asked')}")
    given = policy_on(config, group, reading.fleet.inventory)
    if given is None or given.missing:
        return Shipping(untold=given.missing if given is not None else f"{primary} is not configured to serve it")
    server = next(item for item in view.key_servers if item.device == primary)
    key = _key(server, view, config, given)
    if key:
        return Shipping(pending=key)
    return _members(view, given, primary)


def _key(server: KeyServerView, view: GroupView, config: RunningConfig, given: GroupPolicy) -> str:
    """How the current keys differ from the configuration; empty if they do not, or do not tell."""
    ring = view.served.rings.get(server.device)
    current = ring.current() if ring is not None else ()
    names = {key.access_list for key in current}
    wanted = set(given.name.split(", "))
    if None not in names and names and not wanted <= names:
        said = ", ".join(f"{key.hex} is made for {key.access_list}" for key in current)
        return f"{server.device} is configured with the list {given.name}, and its current key {said}"
    transforms = _transforms(config, view.name, view.fleet.inventory)
    spis = {key.spi for key in current}
    teks = [tek for item in server.policy().value for tek in item.teks if tek.spi is not None]
    made = {(tek.transform or "").strip() for tek in teks if tek.spi is not None and tek.spi.value in spis}
    if transforms and made and all(item.startswith("esp-") for item in made) and made.isdisjoint(transforms):
        said = " or ".join(sorted(transforms))
        return f"{server.device} is configured with {said}, and its current key is {listed(sorted(made))}"
    return ""


def _transforms(config: RunningConfig, group: str, inventory: Inventory) -> frozenset[str]:
    """The first transform set of each ``sa ipsec``, as keys show them (``esp-aes 256`` is ``esp-256-aes`` there)."""
    found = _group_of(config, group, inventory, server=True)
    local = found.server_local if found is not None else None
    sets = {item.name: item for item in config.crypto.transform_sets}
    profiles = {item.name: item for item in config.crypto.ipsec_profiles}
    chosen = set[str]()
    for sa in local.sas if local is not None else ():
        profile = profiles.get(sa.profile or "")
        names = profile.transform_sets if profile is not None else ()
        if not names or names[0] not in sets:
            return frozenset()
        chosen.add(" ".join(_printed(item) for item in sets[names[0]].transforms))
    return frozenset(chosen)


def _printed(transform: str) -> str:
    name, _, size = transform.partition(" ")
    return f"esp-{size}-{name.removeprefix('esp-')}" if size else name


def _members(view: GroupView, given: GroupPolicy, primary: str) -> Shipping:
    wanted = _form(given.entries)
    old: dict[str, str] = {}
    turned: list[bool] = []
    unread: dict[str, str] = {}
    told = 0
    for member in view.members:
        try:
            if not is_registered(member):
                continue
            lists = [item.entries for item in member.acl().value.acl_downloads if item.entries]
            direction = (shown_direction(member.gdoi()) or "").casefold()
        except EvidenceMissingError as missing:
            unread[member.device] = str(missing)
            continue
        if not lists:
            unread[member.device] = "it shows no list of its key server"
            continue
        told += 1
        unlike = next((form for form in map(_form, lists) if form != wanted), None)
        if unlike is not None:
            old[member.device] = "; ".join(islice(differences(unlike, wanted), _SHOWN))
        if direction:
            turned.append(("only" in direction) is not given.receive_only)
    note = f"whether {listed(unread)} work by it was not read" if unread else ""
    if old:
        name, what = next(iter(old.items()))
        return Shipping(
            f"{len(old)} of {told} members have another list than {primary} gives: {name}: {what}", note=note
        )
    if turned and all(turned):  # one alone may be passive, or be turned by a command
        said = "receive-only" if given.receive_only else "both directions"
        return Shipping(f"{primary} is configured for {said}, and no member works so", note=note)
    if unread and not told:
        name, why = next(iter(unread.items()))
        return Shipping(untold=f"no member tells: {name}: {why}")
    return Shipping(note=note)


def is_registered(member: MemberView) -> bool:
    """Whether a member works by any list; one that does not gets the new one when it registers.

    Raises:
        EvidenceMissingError: it does not tell.
    """
    if member.state.silent(Gdoi) is not None or not member.configured():
        return False
    said = {(item.registration_status or _REGISTERED).casefold() for item in member.gdoi().value.members}
    return _REGISTERED in said


def _form(entries: Iterable[Ace]) -> Form:
    counted = (ace for ace in entries if ace.action in {"permit", "deny"})
    return normal_form(KsAclEntry(ace) for ace in islice(counted, _HONOURED))
