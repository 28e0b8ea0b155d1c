"""The course of a drill in one group: what was found before it, and its parts as steps of performers that exist."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.engine.change.actions.looking import look
from getvpn_ops.engine.change.migrating.performers.drill_terms import clear_line, role_line
from getvpn_ops.engine.change.planning.ranks import Rank
from getvpn_ops.engine.change.rekey import ACTION as PROVES_REKEY
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.plan import Perform, PlannedStep
from getvpn_ops.workflow.actions.clears import REREGISTERS
from getvpn_ops.workflow.actions.reading import group_named
from getvpn_ops.workflow.actions.roles import CHANGES_ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.inventory import Inventory

PRIMARY, LOCAL_NAME, PRIORITY, OTHER, LOWERED, MEMBER, CALLED, MEANWHILE = (
    "primary", "called", "priority", "other priority", "lowered", "member", "member calls it", "meanwhile",
)  # fmt: skip
"""Facts of a drill: who was primary, its name of the group, its priority and the one that it gets for a while, whether
that is lower (``yes``), the member that registers anew and its name of the group, and who was primary meanwhile."""

LOWER, TAKE, REKEY, CLEAR, RAISE, BACK, RESTORE = "lower", "take", "rekey", "clear", "raise", "back", "restore"
"""Parts of a drill, as the journal names them."""


@dataclass(frozen=True, slots=True)
class Course:
    """A drill in one group.

    Attributes:
        step: of the plan.
        scene: of the run.
        group: of the drill.
    """

    step: PlannedStep
    scene: Scene
    group: str

    @property
    def about(self) -> str:
        """Under which its facts are kept."""
        return f"{self.step.id}.{self.group}"

    @property
    def facts(self) -> Mapping[str, str]:
        """What was found before it, and meanwhile; empty before it began."""
        return self.scene.log.facts(self.about)

    @property
    def primary(self) -> str:
        """Who was primary when it began, and is to be primary again."""
        return self.facts[PRIMARY]

    def part(self, name: str) -> str:
        """Name of a part of it in the journal."""
        return f"{self.step.id}.{name}.{self.group}"

    # -- parts that are steps of other performers

    def election(self, name: str, server: Rank) -> PlannedStep:
        """Let key servers elect anew: ``take`` or ``back``."""
        title = f"drill of group {self.group}: {server.device} gives the role of the primary away"
        act = Perform(CHANGES_ROLE, (("group", self.group),), (role_line(server.local_name),), once=True)
        return PlannedStep(self.part(name), server.device, title, act, (self.group,))

    def rekey(self, local_name: str = "") -> PlannedStep:
        """A rekey of whoever is primary meanwhile, with its proof."""
        title = f"drill of group {self.group}: rekey by the new primary"
        lines = (rekey_command(local_name),) if local_name else ()
        return PlannedStep(
            self.part(REKEY), "", title, Perform(PROVES_REKEY, (("group", self.group),), lines), (self.group,)
        )

    def clear(self) -> PlannedStep:
        """The one member that registers anew."""
        title = f"drill of group {self.group}: {self.facts[MEMBER]} registers anew"
        act = Perform(REREGISTERS, (), (clear_line(self.facts[CALLED]),), once=True)
        return PlannedStep(self.part(CLEAR), self.facts[MEMBER], title, act, (self.group,))

    # -- looking

    def alone(self) -> Course:
        """The same for performers that look at the plan around their step: a drill stands for itself."""
        return replace(self, scene=replace(self.scene, plan=replace(self.scene.plan, waves=())))

    def without(self, device: str) -> Course:
        """The same as if the group never had this key server: it was taken away on purpose, and cannot be asked."""
        inventory = _without(self.scene.inventory, self.group, device)
        return replace(self.alone(), scene=replace(self.alone().scene, inventory=inventory))

    def view(self) -> GroupView:
        """Its key servers, asked now.

        Raises:
            EvidenceMissingError: nobody has the group.
        """
        return group_named(look(self.scene, self.scene.inventory.key_servers(self.group)), self.group)

    def now(self) -> str:
        """Who is primary now, for a person."""
        try:
            return f"{self.view().primary().device} is primary of group {self.group} now"
        except EvidenceMissingError as exc:
            return f"who is primary of group {self.group} now is not known: {exc}"

    def unknown(self, reason: object) -> Hold:
        """That something could not be told."""
        again = f"getvpn-ops resume {self.scene.run}"
        return Hold(f"drill of group {self.group}: {reason}", again, ExitCode.UNDETERMINED)


def rank_of(server: KeyServerView) -> Rank:
    """What a key server has in an election.

    Raises:
        EvidenceMissingError: it does not tell.
    """
    coop = server.coop().value
    if not isinstance(coop.local_priority, int) or coop.local_address is None:
        msg = f"{server.device} does not say its priority in group {server.group}"
        raise EvidenceMissingError(msg)
    return Rank(coop.local_priority, int(coop.local_address), server.device, server.local_name)


def _without(inventory: Inventory, group: str, device: str) -> Inventory:
    intents = dict(inventory.gdoi_groups)
    intent = intents.get(group)
    if intent is not None and intent.key_servers is not None:
        kept = tuple(name for name in intent.key_servers if name != device)
        intents[group] = intent.model_copy(update={"key_servers": kept})
        return replace(inventory, gdoi_groups=intents)
    devices = dict(inventory.devices)
    held = devices[device]
    devices[device] = replace(held, gdoi_groups=tuple(name for name in held.gdoi_groups if name != group))
    return replace(inventory, devices=devices)
