"""A registration storm: so many members register anew at once that nothing more is begun, and nobody is cleared.

Registrations queue up at the key servers. A storm ends by itself unless it is caused anew; another batch, or a
``clear`` of one more member, is such a cause (PROMISES, "Faults"). It is seen in what a run reads anyway: what members
say of their registration where a rekey is proven, and what key servers logged where members come up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from getvpn_ops.checks.health.names import member_names
from getvpn_ops.checks.health.verdict import listed
from getvpn_ops.checks.logbook import NOTICES, since
from getvpn_ops.engine.change.ks_reading import group_view
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.engine.change.rekey_members import Looked
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.values import Address

MOST: Final = 5
SHARE: Final = 0.1
"""More members than that, by count and by share of the group, do not register anew at the same time by chance."""
WITHIN: Final = timedelta(seconds=120)
"""Registrations that lie no further apart are of the same time."""
_DONE, _CLEARED = "KS_REGS_COMPL", "KS_CLEAR_REGISTER"


def too_many(some: int, members: int) -> bool:
    """Whether so many of the members of a group are no single cases."""
    return some > max(MOST, SHARE * members)


def storm_of(group: str, looked: Looked, asked: int, run: str) -> Hold | None:
    """Whether members that a rekey is proven on register anew, by their own word.

    Args:
        group: whose rekey.
        looked: what members showed just now.
        asked: how many members were looked at since the keys were made.
        run: its id.

    Returns:
        FINDINGS where it is a storm, UNDETERMINED where it is one if those register that could not be read; else None.
    """
    trying, unread = sorted(looked.registering), sorted(looked.unread)
    if too_many(len(trying), asked):
        return _held(group, f"{len(trying)} of {asked} members register anew at the same time: {listed(trying)}", run)
    if looked.lacking and too_many(len(trying) + len(unread), asked):
        what = f"{len(trying)} of {asked} members register anew, and {len(unread)} were not read: {listed(unread)}"
        return _held(group, what, run, ExitCode.UNDETERMINED)
    return None


@dataclass(frozen=True, slots=True)
class Others:
    """Whether members that nobody had in hand register anew.

    Attributes:
        storm: why the run stops; None: it need not.
        gap: why that is not known, for the evidence; empty if it is.
    """

    storm: Hold | None = None
    gap: str = ""


def others_register(scene: Scene, fleet: FleetState, group: str, own: Collection[str]) -> Others:
    """What the key servers logged of members beside those that a run has in hand, or had.

    Args:
        scene: of the run.
        fleet: with the key servers of the group and their logs, just read.
        group: its name in the inventory.
        own: members in hand.
    """
    mine = {*own, *(story.intended.device for story in scene.log.stories)}
    try:
        view = group_view(fleet, group)
    except EvidenceMissingError as exc:
        return Others(gap=str(exc))
    names = member_names(view)
    found: set[str] = set()
    gaps: list[str] = []
    for server in view.key_servers:
        try:
            logged = _logged(server)
        except EvidenceMissingError as exc:
            gaps.append(str(exc))
            continue
        if logged.cleared:
            reason = f"`clear crypto gdoi` was typed on {server.device} a moment ago: every member registers anew"
            return Others(_held(group, reason, scene.run))
        found |= {names.get(address, str(address)) for address in logged.addresses}
        gaps += [logged.gap] if logged.gap else []
    others = sorted(found - mine)
    if too_many(len(others), _size(view)):
        what = f"{len(others)} members registered anew within {WITHIN.total_seconds():.0f} s, beside those in hand"
        return Others(_held(group, f"{what}: {listed(others)}", scene.run))
    return Others(gap="; ".join(gaps))


@dataclass(frozen=True, slots=True)
class _Logged:
    addresses: frozenset[Address]
    cleared: bool
    gap: str


def _logged(server: KeyServerView) -> _Logged:
    """What one key server logged of registrations lately.

    Raises:
        EvidenceMissingError: it keeps no log, or it was not read.
    """
    book = since(server.state, WITHIN, NOTICES)
    mine = [
        (message, age)
        for message, age in book.messages
        if message.mnemonic in {_DONE, _CLEARED} and message.group in {None, server.local_name}
    ]
    undated = any(age is None for _, age in mine)
    gap = book.gap or ("registrations in its log cannot be dated" if undated else "")
    dated = [message for message, age in mine if age is not None]
    return _Logged(
        frozenset(message.addresses[0] for message in dated if message.mnemonic == _DONE and message.addresses),
        any(message.mnemonic == _CLEARED for message in dated),
        f"{server.device}: {gap}" if gap else "",
    )


def _size(view: GroupView) -> int:
    return len(view.fleet.inventory.members(view.name))


def _held(group: str, what: str, run: str, code: ExitCode = ExitCode.FINDINGS) -> Hold:
    is_known = code is ExitCode.FINDINGS
    word = "a registration storm" if is_known else "whether that is a registration storm is not known"
    reason = f"group {group}: {what}; {word}: no further device is begun, and no member is cleared"
    wait = f"clear nothing; wait until every member is registered (getvpn-ops health), then: getvpn-ops resume {run}"
    return Hold(reason, wait, code, stops=True)
