"""How far a step came, read on a router of the lab after a drop at each of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from circle import LabRouter, config
from drawn_pairs import pairs
from hypothesis import given, settings

from getvpn_ops.model.change import ChangeLine, StepKind
from getvpn_ops.model.plan import Configure, PlannedLine
from getvpn_ops.remediation.apply import apply
from getvpn_ops.remediation.compare import compare
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.progress import home, where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.workflow.progress import Tree


def planned(step: ChangeStep, tree: Tree) -> Configure:
    states = [managed_of(tree)]
    for line in step.lines:
        tree = apply(tree, (line,))
        states.append(managed_of(tree))
    return Configure(step.kind, _lines(step.lines), _lines(step.rollback), step.effect, tuple(states))


def _lines(lines: Iterable[ChangeLine]) -> tuple[PlannedLine, ...]:
    return tuple(PlannedLine(line.text, line.path) for line in lines)


@settings(max_examples=40)
@given(pairs())
def test_a_router_says_how_many_lines_stand_there(drawn: tuple[str, str, str]) -> None:
    _, running, intended = drawn
    router = LabRouter(running)
    change = compare("br-1", router.read(), config(intended), "17.6.5").change
    for step in change.steps:
        act = planned(step, router.read().tree)
        for typed, line in enumerate((*step.lines, None)):
            tree = router.read().tree
            place = where(act, tree)
            assert place.lines is not None, (typed, step.lines)
            assert act.states[place.lines] == act.states[typed], (typed, place)
            if back := home(act, tree):
                assert managed_of(apply(tree, back)) == act.states[0]
            if line is not None:
                router.type([line])


@settings(max_examples=40)
@given(pairs())
def test_a_drop_on_the_way_back_leads_home_too(drawn: tuple[str, str, str]) -> None:
    _, running, intended = drawn
    router = LabRouter(running)
    change = compare("br-1", router.read(), config(intended), "17.6.5").change
    for step in change.steps:
        act = planned(step, router.read().tree)
        router.type(step.lines)
        for line in step.rollback:
            tree = router.read().tree
            if managed_of(tree) != act.states[0]:
                assert where(act, tree).lines is not None or where(act, tree).home
            router.type([line])
        assert managed_of(router.read().tree) == act.states[0]
        router.type(step.lines)


def test_what_somebody_else_changed_is_no_place_of_the_step() -> None:
    router = LabRouter("hostname br-1\nip access-list extended A\n permit ip any any\n")
    tree = router.read().tree
    other = managed_of(apply(tree, [ChangeLine("deny udp any any eq 848", ("ip access-list extended A",))]))
    act = Configure(
        StepKind.SET, (PlannedLine("deny tcp any any", ("ip access-list extended A",)),), (), states=(other, "x" * 64)
    )
    assert where(act, tree).lines is None
    assert where(act, tree).home == ()
