"""Stages that were typed on trees -> waves of a plan: ids, states, the way back of each step, and its rekeys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from getvpn_ops.analysis.traffic.timing import Timing, old_life
from getvpn_ops.dialect.commands import STAND_IN
from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.dialect.releases import release_of
from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.engine.change.planning.registering import registering
from getvpn_ops.model.change import RekeyEffect
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Configure, Perform, PlannedLine, PlannedRekey, PlannedStep, Wave
from getvpn_ops.workflow.actions.clears import PROVES_REGISTERED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.workflow.ordering import Part, Stage

SAVE: Final = "write memory"
_REVERTS_SINCE = (12, 4, 20)
"""``configure terminal revert timer`` came with 12.4(20)T ("Configuration Rollback Confirmed Change")."""
_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What waves are made of beside the stages.

    Attributes:
        inventory: of all devices.
        configs: whole running configurations.
        primaries: of the groups that run.
        timings: likewise; the usual ones where a group is absent.
        moving: steps that do something to traffic, by number of stage and part.
        due: groups that are rekeyed because of what was configured before, and what shows it.
        serving: groups that members can register with.
        revert_minutes: of the timer on members; 0: never.
    """

    inventory: Inventory
    configs: Mapping[str, RunningConfig]
    primaries: Mapping[str, str]
    timings: Mapping[str, Timing] = field(default_factory=dict)
    moving: Collection[tuple[int, int]] = frozenset()
    due: Mapping[str, str] = field(default_factory=dict)
    serving: Collection[str] = frozenset()
    revert_minutes: int = 5


@dataclass(frozen=True, slots=True)
class Waves:
    """What came of it."""

    waves: tuple[Wave, ...]
    rekeys: tuple[PlannedRekey, ...]


def waves_of(done: Sequence[Tried], terms: Terms) -> Waves:
    """Make the waves of a plan.

    Args:
        done: its stages.
        terms: see there.
    """
    came = [registering(item, terms.inventory, terms.configs, terms.serving) for item in done]
    total = sum(map(len, came)) + sum(
        len(item.stage.parts) + len(item.stage.saves) + len(item.stage.ready) + bool(item.stage.rekeys) for item in done
    )
    ids = _Ids(max(3, len(str(total))))
    waves: list[Wave] = []
    rekeys: list[PlannedRekey] = []
    last: Part | None = None
    for at, item in enumerate(done):
        stage = item.stage
        if stage.rekeys:
            step = _proving(stage, ids, last, terms)
            rekeys.append(_rekey(stage.rekeys, step.id, last, terms))
            steps: tuple[PlannedStep, ...] = (step,)
        elif stage.saves:
            steps = tuple(_saving(name, ids) for name in stage.saves)
        elif stage.ready:
            steps = tuple(replace(step, id=ids.next(step.id)) for step in stage.ready)
        else:
            steps = tuple(_configuring(at, number, item, ids, terms) for number in range(len(stage.parts)))
            last = stage.parts[-1]
        waves.append(Wave(stage.title, steps, stage.at_once, stage.ring, stage.leg))
        if came[at]:
            waves.append(_coming(stage, came[at], ids))
    return Waves(tuple(waves), tuple(rekeys))


class _Ids:
    """Ids sort as the steps stand, and hold no full stop: that parts a step from what it is composed of."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._number = 0

    def next(self, *words: str) -> str:
        """The id of the next step."""
        self._number += 1
        slug = _NOT_IN_IDS.sub("-", "-".join(words).lower()).strip("-")[:_LONGEST_ID].strip("-")
        return f"{self._number:0{self._width}}-{slug}"


# -- steps that configure


def _configuring(at: int, number: int, item: Tried, ids: _Ids, terms: Terms) -> PlannedStep:
    part, states = item.stage.parts[number], item.states[number]
    step = part.step
    act = Configure(
        step.kind,
        _lines(step.lines),
        _lines(step.rollback),
        step.effect,
        states,
        _revert(part, terms, moves=(at, number) in terms.moving),
    )
    notes = (*step.notes, *_later(step))
    return PlannedStep(
        ids.next(part.device, step.kind), part.device, step.title, act, step.groups, notes, _way_back(part, terms)
    )


def _lines(lines: Iterable[ChangeLine]) -> tuple[PlannedLine, ...]:
    return tuple(PlannedLine(line.text, line.path) for line in lines)


def _later(step: ChangeStep) -> tuple[str, ...]:
    if step.effect is RekeyEffect.NEXT_REKEY:
        return ("shows after the next scheduled rekey; it causes none",)
    return ()


def _revert(part: Part, terms: Terms, *, moves: bool) -> int:
    """Minutes of the timer: on members only, where the device can, and where its firing loses nothing.

    A revert of a key server is a change of policy at a moment of its own choosing, so there it is never used.
    """
    device = terms.inventory.devices[part.device]
    archive = terms.configs[part.device].archive
    if device.role is not Role.MEMBER or moves or archive is None or not archive.path:
        return 0
    release = release_of(device.release)
    return terms.revert_minutes if release is not None and release.number >= _REVERTS_SINCE else 0


_LOST = (
    "; the key that it takes away then stands on no device: once the session is over, no rollback of this program "
    "can type it again unless `secrets:` has it"
)


def _way_back(part: Part, terms: Terms) -> str:
    """How a step is undone, and what that costs."""
    step = part.step
    back = f"{len(step.rollback)} line{'' if len(step.rollback) == 1 else 's'} of its rollback, typed in one stay"
    if not step.rollback:
        return "nothing has to be typed"
    groups = [group for group in step.groups if terms.primaries.get(group) == part.device]
    match step.effect:
        case RekeyEffect.AT_ONCE | RekeyEffect.BY_COMMAND if not groups:
            return f"{back}; no rekey as long as {part.device} is not primary"
        case RekeyEffect.AT_ONCE:
            return f"{back}; leaving configuration mode rekeys again: {_costs(groups, terms)}"
        case RekeyEffect.BY_COMMAND:
            return f"{back}, then a rekey by command on the primary: {_costs(groups, terms)}"
        case RekeyEffect.NEXT_REKEY:
            return f"{back}; no rekey; it shows after the next scheduled one"
        case RekeyEffect.REGISTRATION:
            lost = _LOST if any(_takes_secret(line) for line in step.lines) else ""
            return f"{back}; no rekey; it shows at the next registration of a member{lost}"
        case _:
            return f"{back}; no rekey"


def _takes_secret(line: ChangeLine) -> bool:
    return line.text.startswith("no ") and STAND_IN in line.text


def _costs(groups: Iterable[str], terms: Terms) -> str:
    return "; ".join(f"1 rekey of group {group}, {_lives(group, terms)}" for group in groups)


def _lives(group: str, terms: Terms) -> str:
    lifetime = terms.timings.get(group, Timing()).lifetime
    return f"old keys live up to {old_life(lifetime, lifetime):.0f} s more"


def _coming(stage: Stage, members: Sequence[tuple[str, str]], ids: _Ids) -> Wave:
    """Members that got a map are seen to register, before anybody else gets one."""
    steps = tuple(
        PlannedStep(
            ids.next(device, "registered"),
            device,
            f"prove that {device} is registered with group {group}",
            Perform(PROVES_REGISTERED, (("group", group),)),
            (group,),
            ("nothing is typed; the member must show `Registered` and the current key of its key servers",),
            "nothing has to be undone",
        )
        for device, group in members
    )
    who = members[0][0] if len({name for name, _ in members}) == 1 else f"{len({name for name, _ in members})} members"
    return Wave(f"prove that {who} came up", steps, stage.at_once, stage.ring, stage.leg)


# -- rekeys and saves


def _proving(stage: Stage, ids: _Ids, last: Part | None, terms: Terms) -> PlannedStep:
    group = stage.rekeys
    command = _command(group, terms)
    by_itself = last is not None and group in last.step.groups and last.step.effect is RekeyEffect.AT_ONCE
    proof = (
        f"every member must show the new SPI before the old one ends: {_lives(group, terms)}; who lacks it is "
        "registered again alone, which costs the seconds of a registration"
    )
    notes = (
        f"`{command}` is typed on the current primary only if the group did not rekey by itself"
        + (", as its release is known to do" if by_itself else ""),
        proof,
        *([f"its policy was never sent to members: {terms.due[group]}"] if group in terms.due else []),
    )
    act = Perform("prove-rekey", (("group", group),), (command,), once=True)
    way_back = "a rekey is not undone: the rollback of the steps before it, and one more rekey"
    return PlannedStep(ids.next(group, "rekey"), "", stage.title, act, (group,), notes, way_back)


def _command(group: str, terms: Terms) -> str:
    """What is typed for a group, by the name that its key server gives it."""
    servers = terms.inventory.key_servers(group)
    server = next((item for item in servers if item.name == terms.primaries.get(group)), servers[0])
    names = {known: local for local, known in local_names(terms.inventory, server).items()}
    return rekey_command(names.get(group, group))


def _rekey(group: str, step: str, last: Part | None, terms: Terms) -> PlannedRekey:
    primary = terms.primaries.get(group, "the primary")
    by_itself = last is not None and group in last.step.groups and last.step.effect is RekeyEffect.AT_ONCE
    command = f"at `{_command(group, terms)}` on {primary}"
    when = f"when configuration mode is left on {primary}" if by_itself else command
    spread = terms.timings.get(group, Timing()).spread
    reach = "how long it takes to reach every member is not known" if spread is None else (
        f"it reaches every member within {spread:.0f} s"
    )  # fmt: skip
    return PlannedRekey(group, step, when, f"{_lives(group, terms)}; {reach}")


def _saving(device: str, ids: _Ids) -> PlannedStep:
    return PlannedStep(
        ids.next(device, "save"),
        device,
        "save the running configuration",
        Perform("save", lines=(SAVE,)),
        way_back="the startup configuration is then what runs: undo the steps, and save again",
    )
