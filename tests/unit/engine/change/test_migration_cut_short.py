"""The migration of the package, cut short in each of its stages: resumed to the same end, or taken back; nothing lost.

It is killed before and behind each kind of event that it writes down, and its sessions break and hang where lines are
typed, in each stage. In the short form a few of these places are tried, those that once had a wrong end among them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from bank import KEY_SERVERS
from conftest import SOAK
from everywhere import DROP, HANG, KILL, Everywhere, staged
from flowing import FlowingBank
from struck_migrations import BACK, MEMBERS, RESUME, STAGE_BACK, Struck, few, migration, secrets_of, way_back

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from everywhere import Place

SHORT: dict[tuple[str, str, str, str, int], str] = {
    ("key-servers-receive-only", "typed", "midway", DROP, 9): RESUME,
    ("pilot", "step-outcome", "after", KILL, 1): STAGE_BACK,
    ("measure", "step-outcome", "after", KILL, 1): RESUME,
    ("drill", "step-outcome", "after", KILL, 1): BACK,
    ("passive-waves", "typed", "after", HANG, 6): BACK,
    ("receive-only-off", "step-outcome", "before", KILL, 2): RESUME,
}
"""Stage, what happens there, when, fate, the how-manieth time; and how it goes on."""
BACK_SHORT = frozenset({
    ("back-members", "typed", "midway", DROP, 5),
    ("back-members", "step-outcome", "after", KILL, 1),
    ("back-key-servers-receive-only", "typed", "after", KILL, 7),
})  # fmt: skip


def of_the_long_form(_stage: str, kind: str, _when: str, fate: str, number: int) -> bool:
    """Each kind of event in each stage, the first and the fourth of it; and three lines for each fate."""
    often = {1, 4} if kind != "typed" else {3, 12} if fate == KILL else {6, 11, 25}
    return fate in {KILL, DROP, HANG} and number in often


def chosen(stage: str, kind: str, when: str, fate: str, number: int) -> bool:
    return of_the_long_form(stage, kind, when, fate, number) if SOAK else (stage, kind, when, fate, number) in SHORT


def chosen_back(stage: str, kind: str, when: str, fate: str, number: int) -> bool:
    if SOAK:
        return of_the_long_form(stage, kind, when, fate, number)
    return (stage, kind, when, fate, number) in BACK_SHORT


@dataclass(frozen=True)
class Ways:
    """How children go on: as the short form says, else in turn.

    Attributes:
        shift: of the turns.
    """

    shift: int = 0

    def __call__(self, struck: Struck, place: Place) -> str:
        turns = (RESUME, BACK, STAGE_BACK)
        return SHORT.get(struck.last, turns[(crc32(place.text.encode()) + self.shift) % 3])


@pytest.fixture
def bank() -> FlowingBank:
    return FlowingBank(configs="clear", only={*KEY_SERVERS, *MEMBERS})


def all_right(struck: Struck) -> str:
    """What came of it, for people."""
    wrong = list(struck.wrong())
    assert not wrong, f"{len(wrong)} of {len(struck.listener.told)} places:\n" + "\n".join(wrong)
    assert struck.listener.told
    count = Counter(told.facts["then"] for told in struck.listener.told)
    return f"{len(struck.listener.told)} places: {dict(sorted(count.items()))}"


@pytest.mark.soak
@pytest.mark.parametrize("shift", range(3) if SOAK else [0])
def test_wherever_the_migration_is_cut_short_it_comes_to_its_end_or_back(
    bank: FlowingBank, figure: Callable[[str], None], shift: int
) -> None:
    struck = Struck(bank, migration(bank), chosen, Ways(shift))
    ending = struck.go()
    assert ending.code is ExitCode.GOOD, ending.reason
    told = all_right(struck)
    figure(f"the migration cut short: {told}")
    if not SOAK:
        assert len(struck.listener.told) == len(SHORT), told


@pytest.mark.soak
@pytest.mark.parametrize("end", ["members", "passive-waves", "receive-only-off", ""] if SOAK else ["members"])
def test_wherever_the_way_back_of_the_migration_is_cut_short_it_comes_to_its_end(
    bank: FlowingBank, figure: Callable[[str], None], end: str
) -> None:
    before = staged(bank, migration(bank, end, drill="none"), few(), Everywhere(bank, lambda _: False), secrets_of)
    assert apply_plan(before.scene, performers()).code is ExitCode.GOOD
    plan = way_back(bank, before)
    assert plan is not None
    struck = Struck(bank, plan, chosen_back)
    ending = struck.go()
    assert ending.code is ExitCode.GOOD, ending.reason
    told = all_right(struck)
    figure(f"the way back of the migration from {end or 'its end'} cut short: {told}")
    if not SOAK:
        assert len(struck.listener.told) == len(BACK_SHORT), told
