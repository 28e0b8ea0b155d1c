"""Changes of many devices -> the order in which they are made (promises P7, P8, P10).

Key servers before members, for a member must find what it is told to use; of the key servers the secondaries first and
the current primary last, so that who makes the keys is the last to change and nothing of a half-changed group is ever
sent out. What nothing refers to any more goes after everything else is proven, and is saved last.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from getvpn_ops.model.change import RekeyEffect, StepKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.plan import PlannedStep

REKEYS: Final = frozenset({RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND})
"""Effects that a rekey must follow."""
_NOT_SAID = 1 << 30


@dataclass(frozen=True, slots=True)
class Job:
    """A device and what is to be done on it.

    Attributes:
        device: its name.
        steps: in the order in which they are done.
        serves: whether it is a key server of any group.
        rank: of a key server: its priority, for those with the lower one come first.
        site: of the device; empty: a site of its own.
        ring: of a rollout; None if it is not said: then it comes after those that are.
        after_all: 0 for most; higher for members that stand between the program and others, the highest last of all.
    """

    device: str
    steps: tuple[ChangeStep, ...]
    serves: bool = False
    rank: int = 0
    site: str = ""
    ring: int | None = None
    after_all: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One step on one device."""

    device: str
    step: ChangeStep


@dataclass(frozen=True, slots=True)
class Stage:
    """What is done before anything that follows is begun; one of ``parts``, ``rekeys``, ``saves`` and ``ready``.

    Attributes:
        title: for people.
        parts: steps of configuration, of each device in their order.
        rekeys: the group whose rekey is proven, by command if it did not come by itself.
        saves: devices whose configuration is saved.
        at_once: devices in hand at once.
        ring: of a rollout; 0 if it is no part of one.
        ready: steps that are no configuration and stand as they are, such as gates; their ids are given later.
        leg: the stage of the playbook that it belongs to; empty if there is none.
    """

    title: str
    parts: tuple[Part, ...] = ()
    rekeys: str = ""
    saves: tuple[str, ...] = ()
    at_once: int = 1
    ring: int = 0
    ready: tuple[PlannedStep, ...] = ()
    leg: str = ""


def stages(
    jobs: Iterable[Job],
    primaries: Mapping[str, str],
    at_once: int = 1,
    *,
    members_first: bool = False,
    due: Iterable[str] = (),
) -> tuple[Stage, ...]:
    """The order in which changes are made.

    Args:
        jobs: one a device; those without steps count for nothing.
        primaries: the current primary of each group that runs, by the group's name as the steps have it.
        at_once: members in hand at once, at most; never two of one site.
        members_first: on the way back: who came last goes first.
        due: groups whose members work by an older policy than key servers are configured with: they are rekeyed before
            anything is removed, whether a step asks for it or not.
    """
    all_jobs = [job for job in jobs if job.steps]
    servers = [job for job in all_jobs if job.serves]
    touched = {group for job in servers for step in job.steps for group in step.groups}
    primaries = {group: name for group, name in primaries.items() if group in touched}
    members = [job for job in all_jobs if not job.serves]
    first = [stage for kind in (StepKind.BUILD, StepKind.SET) for stage in _servers(servers, kind, primaries)]
    shipped = {stage.rekeys for stage in first}
    first += [_rekeyed(group) for group in due if group not in shipped]
    second = list(_members(members, {StepKind.BUILD, StepKind.SET}, at_once))
    found = [*second, *first] if members_first else [*first, *second]
    found += _servers(servers, StepKind.CLEAN_UP, primaries)
    found += _members(members, {StepKind.CLEAN_UP}, at_once)
    found += [
        Stage(f"save the configuration of key server {job.device}", saves=(job.device,))
        for job in _secondaries_first(servers, primaries)
    ]
    batches = _batches(members, at_once)
    for number, (ring, batch) in enumerate(batches, 1):
        names = tuple(job.device for job in batch)
        title = f"save the configurations of members{_of(number, len(batches))}"
        found.append(Stage(title, saves=names, at_once=len(names), ring=ring))
    return tuple(found)


# -- key servers

_WHAT = {
    StepKind.BUILD: "build what nothing refers to yet",
    StepKind.SET: "set what is in use",
    StepKind.CLEAN_UP: "remove what nothing refers to any more",
}


def _secondaries_first(servers: Sequence[Job], primaries: Mapping[str, str]) -> list[Job]:
    held = list(primaries.values())
    return sorted(servers, key=lambda job: (held.count(job.device), job.rank))


def _servers(servers: Sequence[Job], kind: StepKind, primaries: Mapping[str, str]) -> Iterator[Stage]:
    """One key server a wave; of each group the secondaries first, and a rekey where the primary's steps ask for one."""
    ordered = _secondaries_first(servers, primaries)
    left = {job.device: deque(step for step in job.steps if step.kind is kind) for job in ordered}
    wave: list[Part] = []
    current = ""
    while any(left.values()):
        name = _next(left, current, primaries)
        if wave and name != current:
            yield _wave(wave, kind)
            wave = []
        current = name
        step = left[name].popleft()
        wave.append(Part(name, step))
        due = [group for group in step.groups if _is_due(step, group, name, left[name], primaries)]
        if due:
            yield _wave(wave, kind)
            wave = []
            yield from map(_rekeyed, due)
    if wave:
        yield _wave(wave, kind)


def _rekeyed(group: str) -> Stage:
    return Stage(f"rekey group {group}, and prove it", rekeys=group)


def _wave(parts: Sequence[Part], kind: StepKind) -> Stage:
    return Stage(f"key server {parts[0].device}: {_WHAT[kind]}", tuple(parts))


def _next(left: Mapping[str, deque[ChangeStep]], current: str, primaries: Mapping[str, str]) -> str:
    """The key server whose next step may be taken; the one in hand as long as it may go on.

    Where two groups have different primaries and one step is of both, no order fits: then the first is taken.
    """
    waiting = [name for name, steps in left.items() if steps]
    free = [name for name in waiting if _is_free(name, left, primaries)]
    if current in free:
        return current
    return (free or waiting)[0]


def _is_free(name: str, left: Mapping[str, deque[ChangeStep]], primaries: Mapping[str, str]) -> bool:
    """Whether no secondary has anything left to do for a group that it is the primary of."""
    mine = {group for group in left[name][0].groups if primaries.get(group) == name}
    return not any(mine.intersection(step.groups) for other, steps in left.items() if other != name for step in steps)


def _is_due(
    step: ChangeStep, group: str, device: str, left: Iterable[ChangeStep], primaries: Mapping[str, str]
) -> bool:
    """Whether a rekey is proven right after a step: at once, or after the last one that waits for the command."""
    if primaries.get(group) != device or step.effect not in REKEYS:
        return False
    if step.effect is RekeyEffect.AT_ONCE:
        return True
    return not any(group in other.groups and other.effect in REKEYS for other in left)


# -- members


def _members(members: Sequence[Job], kinds: Collection[StepKind], at_once: int) -> Iterator[Stage]:
    busy = [job for job in members if any(step.kind in kinds for step in job.steps)]
    batches = _batches(busy, at_once)
    what = "clean up" if StepKind.CLEAN_UP in kinds else "configure"
    for number, (ring, batch) in enumerate(batches, 1):
        parts = tuple(Part(job.device, step) for job in batch for step in job.steps if step.kind in kinds)
        who = batch[0].device if len(batch) == 1 else f"{len(batch)} members"
        place = f", ring {ring}" if ring else ""
        yield Stage(f"{what} {who}{_of(number, len(batches))}{place}", parts, at_once=len(batch), ring=ring)


def _of(number: int, total: int) -> str:
    return f" ({number} of {total})" if total > 1 else ""


def _batches(members: Iterable[Job], at_once: int) -> list[tuple[int, list[Job]]]:
    """Members that are in hand together, with their ring; never two of one site, and the last ones alone."""
    ordered = sorted(members, key=lambda job: (job.after_all, _NOT_SAID if job.ring is None else job.ring))
    found: list[tuple[int, list[Job]]] = []
    for (after_all, ring), group in groupby(ordered, key=lambda job: (job.after_all, job.ring)):
        jobs = list(group)
        filled = [[job] for job in jobs] if after_all else _filled(jobs, max(1, at_once))
        found += [(ring or 0, batch) for batch in filled]
    return found


def _filled(jobs: Iterable[Job], size: int) -> list[list[Job]]:
    """First fit: a member goes into the first batch with room and nobody of its site."""
    batches: list[list[Job]] = []
    sites: list[set[str]] = []
    first_open = 0
    for job in jobs:
        site = _site(job)
        while first_open < len(batches) and len(batches[first_open]) >= size:
            first_open += 1
        for at in range(first_open, len(batches)):
            if len(batches[at]) < size and site not in sites[at]:
                break
        else:
            at = len(batches)
            batches.append([])
            sites.append(set())
        batches[at].append(job)
        sites[at].add(site)
    return batches


def _site(job: Job) -> str:
    return f"site {job.site}" if job.site else f"device {job.device}"
