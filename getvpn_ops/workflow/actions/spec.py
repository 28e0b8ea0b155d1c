"""The header of an action, like that of a check: id, typed parameters, why and at what cost, and what it proposes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from getvpn_ops.model.base import FrozenModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from getvpn_ops.model.change import ChangeSet
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import LeftOut, PlannedRekey, PredictedEffect, Wave

P = TypeVar("P", bound=FrozenModel)


@dataclass(frozen=True, slots=True)
class World:
    """What an action is planned on.

    Attributes:
        inventory: all of it.
        fleet: state of the targets and of all key servers of their groups, just read.
        targets: devices that were named, in the order of the inventory; of a group that was named, its devices.
        groups: GDOI groups that were named, or those of the targets.
        now: by the clock of the run, UTC.
        changes: what would make a router as it is intended, by name; only for an action that reads intents.
        untold: what could not be compared with the intent, by name, in words; likewise.
    """

    inventory: Inventory
    fleet: FleetState
    targets: tuple[Device, ...]
    groups: tuple[str, ...]
    now: datetime
    changes: Mapping[str, ChangeSet] = field(default_factory=dict)
    untold: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an action would do; the fields are those of ``Plan``."""

    waves: tuple[Wave, ...] = ()
    rekeys: tuple[PlannedRekey, ...] = ()
    effects: tuple[PredictedEffect, ...] = ()
    refusals: tuple[str, ...] = ()
    confirm: str = ""
    drops: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec(Generic[P]):
    """One action.

    Attributes:
        id: stable, kebab-case, such as ``clear-member``.
        title: one line: what it does.
        params: model of its parameters; the descriptions of its fields are shown.
        propose: decides the steps; pure; its docstring is the manual: why it is done, what it costs, the way back.
        tags: words to select by.
        reads_intents: whether ``World.changes`` must be there.
        asks_servers_alone: whether, of the targets, only key servers are read: a group may have thousands of members.
    """

    id: str
    title: str
    params: type[P]
    propose: Callable[[World, P], Proposal]
    tags: tuple[str, ...] = ()
    reads_intents: bool = False
    asks_servers_alone: bool = False

    @property
    def doc(self) -> str:
        """Why it is done, what it costs, and the way back."""
        return inspect.cleandoc(self.propose.__doc__ or "")
