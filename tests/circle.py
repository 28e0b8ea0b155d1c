"""Running -> change -> intended -> rollback -> running: on the tree, and on a router of the lab."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Trigger, read
from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.configuration.syntax import Accepted
from getvpn_ops.lab.ios.releases import release as lab_release
from getvpn_ops.model.change import StepKind
from getvpn_ops.parsing.parse import parse
from getvpn_ops.remediation.apply import apply
from getvpn_ops.remediation.compare import Comparison, compare
from getvpn_ops.remediation.sameness import remarks, sameness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.change import ChangeLine, ChangeSet, ChangeStep
    from getvpn_ops.model.config import ConfigLine, RunningConfig

HOSTNAME = "hostname br-1"
_ASKS = {"no-crypto-group", "no-crypto-pki-trustpoint"}
_ORDER = (StepKind.BUILD, StepKind.SET, StepKind.CLEAN_UP)


def config(text: str) -> RunningConfig:
    """The configuration that a text holds."""
    made = parse("show running-config", text).data
    assert made is not None
    return made  # type: ignore[no-any-return]


def after(running: RunningConfig, lines: Iterable[ChangeLine]) -> RunningConfig:
    """The configuration after lines were typed; only its tree is kept up."""
    return dataclasses.replace(running, tree=apply(running.tree, lines))


def walk_round(running: RunningConfig, intended: RunningConfig, release: str = "17.6.5") -> Comparison:
    """Go the whole circle on the tree, and back from every step of it."""
    found = compare("br-1", running, intended, release)
    told = loose(running, intended)
    before = sameness(running.tree, loose=told)
    states = [running]
    for step in found.change.steps:
        states.append(after(states[-1], step.lines))
    done = compare("br-1", states[-1], intended, release)
    assert done.drifts == (), done.drifts
    assert done.change.steps == ()
    assert remarks_kept(running, states[-1], found.change)
    for reached in range(len(states)):
        state = states[reached]
        for step in reversed(found.change.steps[:reached]):
            state = after(state, step.rollback)
        assert sameness(state.tree, loose=told) == before, f"back from step {reached}"
    assert unmanaged(states[-1].tree) == unmanaged(running.tree)
    well_ordered(found.change)
    return found


def remarks_kept(running: RunningConfig, done: RunningConfig, change: ChangeSet) -> bool:
    """Whether no remark was lost that no step of the change removed."""
    removes = any(line.text.startswith("no ip access-list") for step in change.steps for line in step.lines)
    return removes or set(remarks(running.tree)) <= set(remarks(done.tree))


def loose(*sides: RunningConfig) -> frozenset[str]:
    """Names of lists whose order means nothing: those of authorization."""
    return frozenset(
        line.text.rpartition(" ")[2]
        for side in sides
        for top in side.tree
        for line in top.walk()
        if line.text.startswith("authorization address")
    )


def unmanaged(tree: Iterable[ConfigLine], mode: str = "") -> list[tuple[str, object]]:
    """The lines that this program does not know, each with those below it, in order."""
    found: list[tuple[str, object]] = []
    for line in tree:
        if not mode and "access-list" in line.text:
            continue
        there = read(mode, line.text) if mode != "-" else None
        if there is None:
            found.append((line.text, unmanaged(line.children, "-")))
        elif there.type.id == "interface":
            found.append((line.text, unmanaged(line.children, "interface")))
    return found


def well_ordered(change: ChangeSet) -> None:
    """Kinds of steps stand in order; fail-close is activated last of what is set, and alone."""
    kinds = [_ORDER.index(step.kind) for step in change.steps]
    assert kinds == sorted(kinds)
    at = [n for n, step in enumerate(change.steps) if any(line.text == "activate" for line in step.lines)]
    for number in at:
        assert [line.text for line in change.steps[number].lines] == ["activate"]
        assert all(step.kind is StepKind.CLEAN_UP for step in change.steps[number + 1 :]) or number + 1 in at


def weighed(step: ChangeStep) -> int:
    """How many of a step's lines change the policy of a group that a key server serves already."""
    if step.kind is not StepKind.SET:
        return 0
    built = {(*line.path, line.text) for line in step.lines}
    count = 0
    for line in step.lines:
        mode = ""
        for opener in line.path:
            found = read(mode, opener)
            mode = found.type.opens if found else "-"
        found = read(mode, line.text.removeprefix("no ")) or read(mode, line.text)
        inside_new = any(line.path[:depth] in built for depth in range(1, len(line.path) + 1))
        opens = found is not None and found.type.opens and not line.text.startswith("no ")
        if found and not inside_new and not opens and found.type.trigger in {Trigger.POLICY, Trigger.SCHEDULED}:
            count += 1
    return count


class LabRouter:
    """A router of the lab, without a network: what is typed, and what it prints."""

    def __init__(self, text: str, release: str = "17.6.5") -> None:
        self.config = Configuration(lab_release(release))
        assert self.config.load(text.splitlines()) == []

    def type(self, lines: Iterable[ChangeLine]) -> None:
        """Type lines, each in its mode; one that is refused fails the test."""
        for line in lines:
            stack = [self.config.top]
            for text in (*line.path, line.true_text):
                outcome = self.config.type_line(stack, text)
                assert isinstance(outcome, Accepted), f"{text!r} is refused in {line.path}: {outcome}"
                meaning = outcome.meaning
                assert not meaning.refused, f"{text!r} is refused: {meaning.said}"
                if meaning.action in _ASKS:  # the operator says yes
                    gone = text.removeprefix("no ")
                    self.config.top.keep([block for block in self.config.top.lines if block.text != gone])

    def read(self) -> RunningConfig:
        """Its running configuration."""
        return config("\n".join([*self.config.lines(), "end"]))


def walk_round_on_lab(running: str, intended: RunningConfig, release: str = "17.6.5") -> Comparison:
    """Type the change and its rollback into a router, and look at what it prints."""
    router = LabRouter(running, release)
    start = router.read()
    told = loose(start, intended)
    found = compare("br-1", start, intended, release)
    for step in found.change.steps:
        router.type(step.lines)
    done = compare("br-1", router.read(), intended, release)
    assert done.drifts == (), done.drifts
    assert done.change.steps == ()
    for step in reversed(found.change.steps):
        router.type(step.rollback)
    assert sameness(router.read().tree, loose=told) == sameness(start.tree, loose=told)
    return found
