"""Writes down what every look of a run shows of roles and modes: the run's report and its board read them there.

Nothing is asked for it: a look that was taken anyway (a gate, the guard of a key server, a rekey, a drill) is read once
more, and what differs from the look before goes into the journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import UNMEASURED
from getvpn_ops.analysis.traffic.members import Mode
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.change.ks_reading import has_group
from getvpn_ops.engine.collect import Collector
from getvpn_ops.engine.forecast.member_reading import readings
from getvpn_ops.engine.questions import script
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.observed import COOP_ROLES, MEMBER_MODES, fact_of
from getvpn_ops.model.state.coop import KsCoop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.checks.views import KeyServerView, MemberView
    from getvpn_ops.engine.change.log import RunLog
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.engine.collect import Wish
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.inventory import Inventory

_OUT = "no answer"
_NONE = "serves nobody yet"
_ALONE = "alone"
_MODES = {
    Mode.OUTSIDE: "clear",
    Mode.OPEN: "clear, not registered",
    Mode.CLOSED: "fail-close, not registered",
    Mode.EXPIRED: "keys ended",
    Mode.RECEIVE_ONLY: "receive-only",
    Mode.PASSIVE: "passive",
    Mode.PASSIVE_BOTH: "passive",
    Mode.OPTIONAL: "passive",  # what a passive member prints: it encrypts, and takes clear packets as well
    Mode.CONFORMANT: "both",
}


@dataclass(frozen=True)
class Witness(Collector):
    """A collector that notes roles and modes in the journal.

    Attributes:
        log: of the run.
        groups: that steps of the run are about.
    """

    log: RunLog
    groups: tuple[str, ...]

    def collect(self, run: str, inventory: Inventory, wish: Wish) -> FleetState:
        """Ask, and note what differs.

        Raises:
            DispatchError: see ``Collector.collect``.
            StoreError: what was seen cannot be written down.
            LeaseLostError: somebody else may be writing.
        """
        fleet = super().collect(run, inventory, wish)
        roles, modes = seen(fleet, self.groups, members=wish.script is script)
        for about, found in ((COOP_ROLES, roles), (MEMBER_MODES, modes)):
            known = self.log.facts(about)
            if new := {name: value for name, value in found.items() if known.get(name) != value}:
                self.log.saw(about, new)
        return fleet


def witnessed(scene: Scene) -> Scene:
    """The scene of a run whose looks are noted."""
    own = scene.collector
    groups = tuple(dict.fromkeys(group for step in scene.plan.steps for group in step.groups))
    if isinstance(own, Witness) or not groups:
        return scene
    noting = Witness(own.fleet, own.clock, own.archive, own.progress, scene.log, groups)
    return replace(scene, collector=noting)


def seen(
    fleet: FleetState, groups: Iterable[str], *, members: bool = True
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What a look shows: roles of key servers and modes of members, by ``fact_of``; what it does not show is absent.

    Args:
        fleet: as it was read.
        groups: names in the inventory.
        members: whether members were asked all that their mode needs; only then a mode is said.
    """
    wanted = frozenset(groups)
    roles: dict[str, str] = {}
    modes: dict[str, str] = {}
    if not members and not any(_is_mute(state) or _tells_role(state) for state in fleet.devices.values()):
        return roles, modes
    for view in group_views(fleet):
        if view.name not in wanted:
            continue
        for server in view.key_servers:
            if role := _role(server):
                roles[fact_of(view.name, server.device)] = role
        for member in view.members:
            if mode := _mode(member, is_whole=members):
                modes[fact_of(view.name, member.device)] = mode
    return roles, modes


def _is_mute(state: DeviceState) -> bool:
    """Whether it was asked, and nothing of it came back."""
    visit = state.visit
    return visit is not None and visit.trouble is not None and not state.evidence


def _tells_role(state: DeviceState) -> bool:
    return bool(state.samples(KsCoop))


def _role(server: KeyServerView) -> str:
    if _is_mute(server.state):
        return _OUT
    try:
        if not has_group(server):
            return _NONE
        coop = server.coop().value
    except EvidenceMissingError:
        return ""
    return _ALONE if coop.redundancy_configured is False else (coop.local_role or "").casefold()


def _mode(member: MemberView, *, is_whole: bool) -> str:
    """One word, if all readings of its screens agree."""
    if _is_mute(member.state):
        return _OUT
    if not is_whole:
        return ""
    found = {_MODES.get(one.mode, "") for one in readings(member, UNMEASURED) if not one.unseen}
    return found.pop() if len(found) == 1 else ""
