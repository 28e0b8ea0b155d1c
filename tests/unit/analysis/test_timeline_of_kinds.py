"""A change worked out by kinds of sites says of every pair what it says when it is worked out pair by pair."""

from __future__ import annotations

import os
import random
import re
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pairwise
import pytest
from drawn_groups import LISTS, drawn_change
from work import BASE, NEW, OLD, START, WAYS, aces, member, now

from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.sites import Site, traffic
from getvpn_ops.analysis.traffic.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.analysis.packets.sets import PacketSet
    from getvpn_ops.analysis.traffic.effects import StepEffect
    from getvpn_ops.analysis.traffic.rows import Row

SHORT, LONG = 3, 60
EACH = 20
_NAME = re.compile(r"\br\d[xy]\b")
_MORE = re.compile(r"; and (for )?\d+ more .*")


def plain(texts: Iterable[str]) -> set[str]:
    """What is assumed, of whomever."""
    return {_NAME.sub("#", _MORE.sub("", text)) for text in texts}


def row(item: Row, packets: PacketSet) -> tuple[Any, ...]:
    """What is said, without the names that texts hold."""
    fates = (item.before, *item.during, item.after)
    told = tuple((fate.outcome, fate.reason, fate.rests_on, _NAME.sub("#", fate.assumption)) for fate in fates)
    return packets, frozenset(told), item.verdict, item.lost_seconds, item.reason


def hold(found: StepEffect, wanted: pairwise.Reference, sites: dict[str, Site]) -> None:
    by_pair: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
    for kind in found.kinds:
        assert len(list(kind.pairs)) == kind.pairs.count > 0
        for pair in kind.pairs:
            by_pair[pair].add(row(kind, kind.packets & traffic(*(sites[name] for name in pair))))
    expected: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
    for item in wanted.effects:
        expected[item.sender, item.receiver].add(row(item, item.packets))
    assert by_pair == expected
    assert set(found.effects) == set(wanted.effects)
    for one in sites:
        for other in set(sites) - {one}:
            assert len(found.between(one, other)) == len(expected.get((one, other), ()))
    for field in ("spread_seconds", "old_keys_seconds", "straggler_loses", "lapse_seconds", "rests_on"):
        assert getattr(found, field) == getattr(wanted, field), field
    assert plain(found.assumptions) == plain(wanted.assumptions)
    assert (found.lapse is None) is (wanted.lapse is None)
    lost = [item for item in wanted.effects if item.loses]
    losses = found.losses(examples=2)
    reasons = {(item.lost_seconds, item.reason) for item in lost}
    assert {(item.seconds, item.reason) for item in losses} == reasons
    for loss in losses:
        like = [item for item in lost if (item.lost_seconds, item.reason) == (loss.seconds, loss.reason)]
        assert loss.pairs == len({(item.sender, item.receiver) for item in like})
        assert loss.sites == len({name for item in like for name in (item.sender, item.receiver)})
        assert 0 < len(loss.examples) <= 2
        assert set(loss.examples) <= set(like)
    if found.lapse is not None and wanted.lapse is not None:
        hold(found.lapse, wanted.lapse, sites)


def draw(seed: int) -> None:
    chance = random.Random(f"kinds:{seed}")  # noqa: S311 -- a run must be repeatable
    shared = lossy = 0
    for _ in range(EACH):
        sites, steps, begin, paths, shape = drawn_change(chance)
        found = timeline(sites, steps, begin, paths, shape)
        wanted, after = pairwise.timeline(sites, steps, begin, paths, shape)
        assert found.sites == after
        for step, reference in zip(found.steps, wanted, strict=True):
            hold(step, reference, {site.name: site for site in sites})
            shared += any(kind.pairs.count > 1 for kind in step.kinds)
            lossy += any(kind.loses for kind in step.kinds)
    assert shared >= EACH / 5
    assert lossy >= EACH / 5


@pytest.mark.soak
def test_kinds_say_what_pairs_say() -> None:
    for seed in range(LONG if os.environ.get("GETVPN_OPS_SOAK") else SHORT):
        draw(seed)


def test_sites_that_no_line_tells_apart_are_worked_out_once() -> None:
    scene = tuple(
        Site(f"s{number}", (ip_network(f"10.{number}.0.0/16"),), (member(f"r{number}x"),)) for number in range(40)
    )
    (step,) = timeline(scene, [Rekey("swap", entries=LISTS[1])], now(), WAYS).steps
    assert {kind.pairs.count for kind in step.kinds} == {40 * 39}
    (loss,) = step.losses()
    assert (loss.pairs, loss.sites, len(loss.examples)) == (40 * 39, 40, 3)
    assert len(step.text.splitlines()) == 1 + 1 + 3 + 1


def test_a_line_that_speaks_of_one_site_makes_it_a_kind_of_its_own() -> None:
    entries = (*aces("deny tcp host 10.1.0.9 any eq 443", "deny tcp any eq 443 host 10.1.0.9"), *BASE)
    scene = tuple(
        Site(f"s{number}", (ip_network(f"10.{number}.0.0/16"),), (member(f"r{number}x"),)) for number in range(12)
    )
    (step,) = timeline(scene, [Rekey("swap", entries=entries)], now(), WAYS).steps
    assert {one for kind in step.losing for one, _ in kind.pairs if one != "s1"} == {s.name for s in scene} - {"s1"}
    assert all("s1" in pair for kind in step.losing for pair in kind.pairs)
    assert sum(loss.pairs for loss in step.losses()) == 2 * 11


def test_ends_of_keys_that_screens_round_do_not_make_kinds() -> None:
    end = timedelta(seconds=1)
    scene = tuple(
        Site(f"s{number}", (ip_network(f"10.{number}.0.0/16"),), (member(f"r{number}x", keys=(
            replace(OLD, ends=START + end * (800 + number)), replace(NEW, ends=START + end * (5000 - number)))),))
        for number in range(6)
    )  # fmt: skip
    (step,) = timeline(scene, [Rekey("swap", entries=LISTS[1])], now(keys=(NEW, OLD)), WAYS).steps
    assert {kind.pairs.count for kind in step.kinds} == {30}
