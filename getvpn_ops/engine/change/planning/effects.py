"""What the stages of a plan do to the traffic of its groups, predicted one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.members import TrafficKey
from getvpn_ops.analysis.traffic.rows import LASTING
from getvpn_ops.analysis.traffic.sites import NOTHING_PROBED
from getvpn_ops.analysis.traffic.steps import Now, Policy
from getvpn_ops.analysis.traffic.timeline import timeline
from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.engine.change.planning.member_effects import stance, worked
from getvpn_ops.engine.change.planning.shipping import policy_on
from getvpn_ops.engine.change.planning.simulated import configs_after
from getvpn_ops.engine.forecast.predict import at_work, start
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PredictedEffect, Statement
from getvpn_ops.parsing.running_config import view

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from getvpn_ops.analysis.traffic.effects import StepEffect
    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.analysis.traffic.sites import Paths
    from getvpn_ops.analysis.traffic.steps import Step
    from getvpn_ops.engine.change.planning.member_effects import Stance
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.engine.forecast.lockout_routers import GroupPolicy
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory

Place: TypeAlias = tuple[int, int]
"""Number of a stage, and of a part in it."""
_WORST = (Statement.HITLESS, Statement.CANNOT_TELL, Statement.LOSES)
_FIRST_KEY = 1 << 33
"""A number that no real SPI has."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a prediction may rest on beside what routers print.

    Attributes:
        facts: measured, by device.
        paths: what is known of the ways between routers.
    """

    facts: Mapping[str, Measured] = field(default_factory=dict)
    paths: Paths = NOTHING_PROBED


@dataclass(frozen=True, slots=True)
class _Event:
    """A stage that does something to the traffic of a group.

    Attributes:
        at: number of the stage.
        title: of it.
        steps: of the prediction.
        untold: what nobody can tell of it.
    """

    at: int
    title: str
    steps: tuple[Step, ...] = ()
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is predicted.

    Attributes:
        effects: on traffic, in the order of the plan.
        moving: steps on members that do something to traffic, or of which nobody can tell what; others may be taken
            back at any moment without loss.
        timings: of the groups that run.
    """

    effects: tuple[PredictedEffect, ...] = ()
    moving: frozenset[Place] = frozenset()
    timings: Mapping[str, Timing] = field(default_factory=dict)


def forecast(  # noqa: PLR0913 -- what a prediction rests on
    groups: Sequence[str],
    reading: Reading,
    done: Sequence[Tried],
    primaries: Mapping[str, str],
    known: Known,
    *,
    due: Collection[str] = (),
) -> Forecast:
    """Predict, group by group.

    Args:
        groups: that the plan concerns, by their names in the inventory.
        reading: of their routers.
        done: stages of the plan.
        primaries: of the groups that run.
        known: what was measured.
        due: groups whose members have another policy than their key servers are configured with.
    """
    effects: list[tuple[int, PredictedEffect]] = []
    moving: set[Place] = set()
    timings: dict[str, Timing] = {}
    for name in groups:
        group = _Group(name, reading, done, primaries.get(name), known, is_due=name in due)
        effects += group.effects()
        moving |= group.moving
        if group.timing is not None:
            timings[name] = group.timing
    effects.sort(key=lambda item: item[0])
    return Forecast(tuple(effect for _, effect in effects), frozenset(moving), timings)


class _Group:
    """One group in a plan."""

    def __init__(  # noqa: PLR0913 -- what a prediction rests on
        self,
        name: str,
        reading: Reading,
        done: Sequence[Tried],
        primary: str | None,
        known: Known,
        *,
        is_due: bool,
    ) -> None:
        self._name = name
        self._reading = reading
        self._inventory: Inventory = reading.fleet.inventory
        self._done = done
        self._primary = primary
        self._known = known
        self._is_due = is_due
        self.moving: set[Place] = set()
        self.timing: Timing | None = None

    def effects(self) -> Iterator[tuple[int, PredictedEffect]]:
        """What each stage does that does anything; with the number of the stage."""
        begin = self._start()
        if isinstance(begin, Now):
            self.timing = begin.timing if self._primary is not None else None
        events = tuple(self._events())
        if not events:
            return
        if isinstance(begin, str):
            for event in events:
                yield event.at, self._untold(event, (begin,))
            return
        sites = at_work(self._reading.fleet, self._name, self._known.facts).sites
        if not sites:
            why = ("no network of the inventory lies behind any router of it: say `prefixes`",)
            for event in events:
                yield event.at, self._untold(event, why)
            return
        told = timeline(sites, [step for event in events for step in event.steps], begin, self._known.paths)
        left = iter(told.steps)
        for event in events:
            found = [next(left) for _ in event.steps]
            yield event.at, self._effect(event, found)

    def _untold(self, event: _Event, why: tuple[str, ...]) -> PredictedEffect:
        return PredictedEffect(self._name, event.title, Statement.CANNOT_TELL, None, (*event.untold, *why))

    def _effect(self, event: _Event, found: Sequence[StepEffect]) -> PredictedEffect:
        words = [Statement(item.statement.value) for item in found]
        if event.untold:
            words.append(Statement.CANNOT_TELL)
        word = max(words, key=_WORST.index, default=Statement.HITLESS)
        texts = tuple(line for item in found for line in item.text.splitlines())
        lost = [item.lost_seconds for item in found if item.losing] or [None]
        known = [item for item in lost if item is not None and item != LASTING]
        seconds = 0.0 if word is Statement.HITLESS else max(known) if len(known) == len(lost) else None
        return PredictedEffect(self._name, event.title, word, seconds, (*event.untold, *texts))

    # -- where it begins

    def _start(self) -> Now | str:
        """The group as it is, or as its first members will find it; or why nobody can tell."""
        try:
            return start(self._reading.fleet, self._name)
        except EvidenceMissingError as missing:
            return self._first() or str(missing)

    def _first(self) -> Now | None:
        """A group that no key server serves yet: what its members get when they register first."""
        configs = self._reading.configs
        servers = [device.name for device in self._inventory.key_servers(self._name)]
        if not servers or any(name not in configs or self._served(configs[name]) is not None for name in servers):
            return None
        given = self._first_given(servers[0])
        if given is None or given.missing:
            return None
        moment = self._reading.fleet.ended
        timing = Timing(members=len(self._inventory.members(self._name)))
        key = TrafficKey(_FIRST_KEY, moment + timedelta(seconds=timing.lifetime))
        return Now(moment, Policy(given.entries, (key,), given.receive_only), timing)

    def _first_given(self, server: str) -> GroupPolicy | None:
        """What a key server gives as soon as it serves the group at all; later stages may give something else."""
        for at, item in enumerate(self._done, 1):
            if any(part.device == server for part in item.stage.parts):
                given = self._served(configs_after(self._done[:at], self._reading.configs)[server])
                if given is not None:
                    return given
        return None

    def _served(self, config: RunningConfig) -> GroupPolicy | None:
        """What a key server is configured to give this group; None if it does not serve it."""
        return policy_on(config, self._name, self._inventory)

    # -- what happens

    def _events(self) -> Iterator[_Event]:
        given = self._given(self._reading.configs)
        if given is None and self._primary is not None:  # it does not run yet, and this plan brings it up
            given = self._first_given(self._primary)
        for at, item in enumerate(self._done):
            if item.stage.rekeys == self._name:
                now = self._given(configs_after(self._done[:at], self._reading.configs))
                yield self._rekey(at, item, given, now or given)
                given = now or given
            elif item.stage.parts:
                event = self._members(at, item)
                if event is not None:
                    yield event

    def _given(self, configs: Mapping[str, RunningConfig]) -> GroupPolicy | None:
        config = configs.get(self._primary or "")
        return self._served(config) if config is not None else None

    def _rekey(self, at: int, item: Tried, old: GroupPolicy | None, new: GroupPolicy | None) -> _Event:
        title = item.stage.title
        if old is None or new is None or old.missing or new.missing:
            missing = next((x.missing for x in (old, new) if x is not None and x.missing), "its list is not known")
            return _Event(at, title, (Rekey(title),), (f"group {self._name}: {missing}",))
        if self._is_due:  # what members have is not what key servers were configured with
            return _Event(at, title, (Rekey(title, new.entries, new.receive_only),))
        same = [ace.text for ace in old.entries] == [ace.text for ace in new.entries]
        turned = new.receive_only if new.receive_only is not old.receive_only else None
        if same and turned is None:  # another policy all the same, such as a transform: old keys end sooner
            turned = new.receive_only
        return _Event(at, title, (Rekey(title, None if same else new.entries, turned),))

    def _members(self, at: int, item: Tried) -> _Event | None:
        before: dict[str, Stance] = {}
        after: dict[str, Stance] = {}
        for number, part in enumerate(item.stage.parts):
            device = self._inventory.devices[part.device]
            if device.role is Role.KEY_SERVER or self._name not in device.gdoi_groups:
                continue
            like = self._reading.configs[part.device]
            local = {group: name for name, group in local_names(self._inventory, device).items()}
            called = local.get(self._name, self._name)
            old, new = (stance(view(tree, like), called) for tree in (item.befores[number], item.afters[number]))
            if any(worked({part.device: old}, {part.device: new})):
                self.moving.add((at, number))
            before.setdefault(part.device, old)
            after[part.device] = new
        steps, untold = worked(before, after)
        return _Event(at, item.stage.title, steps, untold) if steps or untold else None
