"""The primary role that is handed on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.looking import Patience, came, log_mark, look, servers
from getvpn_ops.engine.change.actions.typing_lines import OneLine
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.reading import Obstacle, cooperation, group_named, keys_held, server_of
from getvpn_ops.workflow.actions.roles import role_obstacles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.plan import PlannedStep

_MARK, _KEYS = "election", "keys"
_SETTLES = 40.0
"""Seconds after which an election is over: a secondary looks for its primary every 30 s."""
_WITHIN = 180.0
_ABOUT = timedelta(seconds=30)
"""How near to the end of a key nobody can say whether it should still be there."""


class Electing(OneLine):
    """Lets the key servers of a group elect anew."""

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """Roles are read right before; the keys that must be there afterwards too."""
        group = step.groups[0]
        fleet = look(scene, servers(step, scene))
        obstacles = tuple(role_obstacles(fleet, group, step.device))
        if obstacles:
            known = any(item.is_known for item in obstacles)
            return Hold(
                "; ".join(item.text for item in obstacles),
                f"getvpn-ops health {group}, then plan anew",
                ExitCode.FINDINGS if known else ExitCode.UNDETERMINED,
            )
        try:
            keys = keys_held(server_of(fleet, group, step.device))
        except EvidenceMissingError as exc:
            return Hold(f"{step.device}: its keys were not read: {exc}", "", ExitCode.UNDETERMINED)
        now = scene.clock.now()
        return {
            _KEYS: " ".join(f"{spi}@{(now + left).isoformat()}" for spi, left in sorted(keys.items())),
            _MARK: log_mark(fleet.devices[step.device], "COOP_KS_ELECTION"),
        }

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """Another primary, or an election in the log, is enough."""
        scene.clock.wait_until(scene.clock.now() + timedelta(seconds=_SETTLES))
        fleet = look(scene, servers(step, scene))
        try:
            primary = group_named(fleet, step.groups[0]).primary().device
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        if primary != step.device:
            return Settled(StepResult.APPLIED, f"{primary} is the primary now")
        new = came(facts.get(_MARK, ""), log_mark(fleet.devices[step.device], "COOP_KS_ELECTION"))
        if new is None:
            return Settled(StepResult.UNKNOWN, f"{primary} is the primary, and its log does not tell of elections")
        if new:
            return Settled(StepResult.APPLIED, f"{primary} was elected again, says its log")
        return Settled(StepResult.NOTHING_SENT, f"{primary} is the primary, and there was no election")

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """One primary, another one than before, all alive, and the same keys."""
        group = step.groups[0]
        patience = Patience(scene, _WITHIN, scene.margins.poll)
        lacking = Obstacle("the key servers were not looked at", is_known=False)
        for _ in patience:
            fleet = look(scene, servers(step, scene))
            seen = _shown(fleet, group, step.device, _due(facts[_KEYS], scene.clock.now()))
            if isinstance(seen, str):
                return seen
            lacking = seen
        return patience.held(step, lacking.text, f"getvpn-ops health {group}", is_known=lacking.is_known)


def _due(keys: str, now: datetime) -> frozenset[int]:
    """Keys of before that must still be there: one that has ended meanwhile, or is about to, was not lost."""
    found = (key.partition("@") for key in keys.split())
    return frozenset(int(spi) for spi, _, ends in found if not ends or datetime.fromisoformat(ends) > now + _ABOUT)


def _shown(fleet: FleetState, group: str, before: str, keys: frozenset[int]) -> str | Obstacle:
    """What shows the new primary, or what is not yet as it must be."""
    try:
        view = group_named(fleet, group)
        for item in cooperation(view):
            return item
        primary = view.primary()
        lost = keys - keys_held(primary).keys()
    except EvidenceMissingError as exc:
        return Obstacle(str(exc), is_known=False)
    if primary.device == before:
        return Obstacle(f"group {group}: {before} is primary as before")
    if lost:
        spis = ", ".join(f"0x{spi:X}" for spi in sorted(lost))
        return Obstacle(f"group {group}: {primary.device} is primary and lacks the keys {spis}")
    return f"{primary.device} is the one primary of group {group}, and has the keys of before"
