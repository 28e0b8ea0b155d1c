"""The order of changes: promises P7, P8 and P10 hold for whatever is to be done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getvpn_ops.model.change import ChangeLine, ChangeStep, RekeyEffect, StepKind
from getvpn_ops.workflow.ordering import REKEYS, Job, Stage, stages

if TYPE_CHECKING:
    from collections.abc import Iterable

NONE, AT_ONCE, BY_COMMAND = RekeyEffect.NONE, RekeyEffect.AT_ONCE, RekeyEffect.BY_COMMAND
BUILD, SET, CLEAN = StepKind.BUILD, StepKind.SET, StepKind.CLEAN_UP


def step(kind: StepKind, name: str, effect: RekeyEffect = NONE, groups: Iterable[str] = ("G",)) -> ChangeStep:
    return ChangeStep(kind, name, (ChangeLine(name),), (ChangeLine(f"no {name}"),), effect, tuple(groups))


def told(found: Iterable[Stage]) -> list[str]:
    """Each stage in a few words: ``ks1: b s`` configures, ``rekey G``, ``save ks1``."""
    texts = []
    for stage in found:
        if stage.rekeys:
            texts.append(f"rekey {stage.rekeys}")
        elif stage.saves:
            texts.append(f"save {' '.join(stage.saves)}")
        else:
            devices = dict.fromkeys(part.device for part in stage.parts)
            each = (f"{name}: {' '.join(p.step.title for p in stage.parts if p.device == name)}" for name in devices)
            texts.append("; ".join(each))
    return texts


def server(name: str, rank: int, *steps: ChangeStep) -> Job:
    return Job(name, steps, serves=True, rank=rank)


SWAP = (step(BUILD, "b"), step(SET, "s", BY_COMMAND), step(CLEAN, "c"))
OLD = (step(SET, "s1", AT_ONCE), step(SET, "s2", AT_ONCE))
CASES: dict[str, tuple[list[Job], dict[str, str], int, list[str]]] = {
    "a swap: secondaries by priority, the primary last, one rekey after its last line": (
        [server("ks1", 100, *SWAP), server("ks2", 75, *SWAP), server("ks3", 50, *SWAP)],
        {"G": "ks2"},
        1,
        ["ks3: b", "ks1: b", "ks2: b", "ks3: s", "ks1: s", "ks2: s", "rekey G", "ks3: c", "ks1: c", "ks2: c",
         "save ks3", "save ks1", "save ks2"],
    ),
    "old software rekeys at each line of the primary": (
        [server("ks1", 100, *OLD), server("ks2", 75, *OLD)],
        {"G": "ks1"},
        1,
        ["ks2: s1 s2", "ks1: s1", "rekey G", "ks1: s2", "rekey G", "save ks2", "save ks1"],
    ),
    "two lines that wait for the command are rekeyed once": (
        [server("ks1", 1, step(SET, "s1", BY_COMMAND), step(SET, "s2", BY_COMMAND))],
        {"G": "ks1"},
        1,
        ["ks1: s1 s2", "rekey G", "save ks1"],
    ),
    "a group that does not run yet: lowest priority first, no rekey": (
        [server("ks1", 100, *SWAP), server("ks2", 75, *SWAP)],
        {},
        1,
        ["ks2: b", "ks1: b", "ks2: s", "ks1: s", "ks2: c", "ks1: c", "save ks2", "save ks1"],
    ),
    "two groups with two primaries: each of them comes last in its own": (
        [
            server("ks1", 100, step(SET, "g", BY_COMMAND, ["G"]), step(SET, "h", BY_COMMAND, ["H"])),
            server("ks2", 75, step(SET, "g", BY_COMMAND, ["G"]), step(SET, "h", BY_COMMAND, ["H"])),
        ],
        {"G": "ks2", "H": "ks1"},
        1,
        ["ks1: g", "ks2: g", "rekey G", "ks2: h", "ks1: h", "rekey H", "save ks2", "save ks1"],
    ),
    "key servers, then members by ring and site, those of the manager last": (
        [
            Job("gm-m", (step(SET, "m"),), site="hq", after_all=2),
            Job("gm-k", (step(SET, "k"),), site="dc", after_all=1),
            Job("gm1", (step(SET, "x"), step(CLEAN, "y")), site="a", ring=2),
            Job("gm2", (step(SET, "x"),), site="b", ring=1),
            Job("gm3", (step(SET, "x"),), site="b", ring=1),
            Job("gm4", (step(SET, "x"),)),
            Job("gm5", (step(SET, "x"),)),
            server("ks1", 1, step(SET, "s")),
        ],
        {},
        2,
        ["ks1: s", "gm2: x", "gm3: x", "gm1: x", "gm4: x; gm5: x", "gm-k: k", "gm-m: m", "gm1: y", "save ks1",
         "save gm2", "save gm3", "save gm1", "save gm4 gm5", "save gm-k", "save gm-m"],
    ),
    "nothing": ([Job("gm1", ())], {}, 1, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_order(case: tuple[list[Job], dict[str, str], int, list[str]]) -> None:
    jobs, primaries, at_once, expected = case
    assert told(stages(jobs, primaries, at_once)) == expected


def test_on_the_way_back_members_go_first() -> None:
    jobs = [server("ks1", 1, *SWAP), Job("gm1", (step(SET, "x"), step(CLEAN, "y")))]
    found = told(stages(jobs, {"G": "ks1"}, members_first=True))
    assert found == ["gm1: x", "ks1: b", "ks1: s", "rekey G", "ks1: c", "gm1: y", "save ks1", "save gm1"]


EFFECTS = list(RekeyEffect)


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[Job], dict[str, str], int]:
    """Key servers and members with steps as remediation orders them: by kind."""
    groups = ["G", "H"][: draw(st.integers(1, 2))]
    servers = [f"ks{number}" for number in range(draw(st.integers(0, 4)))]
    jobs = [server(name, draw(st.integers(1, 3)), *draw(_steps(groups, EFFECTS))) for name in servers]
    jobs += [
        Job(
            f"gm{number}",
            draw(_steps(groups, [NONE])),
            site=draw(st.sampled_from(["", "a", "b"])),
            ring=draw(st.sampled_from([None, 1, 2])),
            after_all=draw(st.sampled_from([0, 0, 0, 1, 2])),
        )
        for number in range(draw(st.integers(0, 9)))
    ]
    running: list[str] = draw(st.sampled_from([[], groups[:1], groups])) if servers else []
    primaries = {group: draw(st.sampled_from(servers)) for group in running}
    return jobs, primaries, draw(st.integers(1, 4))


def _steps(groups: list[str], effects: list[RekeyEffect]) -> st.SearchStrategy[tuple[ChangeStep, ...]]:
    """Steps of one group each; the number in a title tells them apart."""
    kinds = st.lists(
        st.tuples(st.sampled_from([BUILD, SET, CLEAN]), st.sampled_from(groups), st.sampled_from(effects)), max_size=6
    )
    return kinds.map(
        lambda found: tuple(
            step(kind, f"{kind} {at}", effect if kind is SET else NONE, [group])
            for at, (kind, group, effect) in enumerate(sorted(found, key=lambda x: [BUILD, SET, CLEAN].index(x[0])))
        )
    )


@given(fleets())
@settings(max_examples=300, deadline=None)
def test_promises_hold_for_any_fleet(fleet: tuple[list[Job], dict[str, str], int]) -> None:
    jobs, primaries, at_once = fleet
    found = stages(jobs, primaries, at_once)
    by_name = {job.device: job for job in jobs}
    everything_once(jobs, found)
    saves_and_clean_ups_come_last(found, by_name)
    primaries_come_last(jobs, found, primaries)
    rekeys_follow(found, primaries)
    for stage in found:
        names = [*dict.fromkeys(part.device for part in stage.parts), *stage.saves]
        sites = Counter(by_name[name].site or name for name in names)
        assert all(count == 1 for count in sites.values()), "two members of one site are in hand"
        assert len(names) <= max(1, at_once)
        if any(by_name[name].serves or by_name[name].after_all for name in names):
            assert len(names) == 1


def everything_once(jobs: list[Job], found: tuple[Stage, ...]) -> None:
    for job in jobs:
        assert [p.step for s in found for p in s.parts if p.device == job.device] == list(job.steps)
    changed = {job.device for job in jobs if job.steps}
    assert Counter(name for stage in found for name in stage.saves) == Counter(changed)


def saves_and_clean_ups_come_last(found: tuple[Stage, ...], by_name: dict[str, Job]) -> None:
    ranks: list[int] = []
    for stage in found:
        kinds = {part.step.kind for part in stage.parts}
        if stage.rekeys:
            ranks.append(ranks[-1])
        elif stage.saves:
            ranks.append(4 if by_name[stage.saves[0]].serves else 5)
        else:
            assert len(kinds) == 1 or CLEAN not in kinds
            member = not by_name[stage.parts[0].device].serves
            ranks.append((2 if CLEAN in kinds else 0) + member)
    assert ranks == sorted(ranks)


def primaries_come_last(jobs: list[Job], found: tuple[Stage, ...], primaries: dict[str, str]) -> None:
    """Of each group and kind; where one device's own order of two groups allows it."""
    if len(primaries) > 1 and len(set(primaries.values())) > 1:
        return  # two groups may then leave no order that fits both
    servers = {job.device for job in jobs if job.serves}
    flat = [part for stage in found for part in stage.parts if part.device in servers]
    for group, head in primaries.items():
        for kind in (BUILD, SET, CLEAN):
            here = [part.device for part in flat if part.step.kind is kind and group in part.step.groups]
            assert here == sorted(here, key=lambda name: name == head)


def rekeys_follow(found: tuple[Stage, ...], primaries: dict[str, str]) -> None:
    """What the primary changed is rekeyed before anything else of the group is done; and nothing is without cause."""
    due: dict[str, RekeyEffect] = {}
    for stage in found:
        if stage.rekeys:
            assert due.pop(stage.rekeys)
            continue
        for part in stage.parts:
            for group in part.step.groups:
                if primaries.get(group) == part.device and part.step.effect in REKEYS:
                    assert due.get(group) is not AT_ONCE
                    due[group] = part.step.effect
        assert not stage.saves or not due
    assert not due
