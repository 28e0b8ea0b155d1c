"""Every kind of managed line is added, changed and removed, on a member and on a primary, and every way back works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from circle import config, walk_round, walk_round_on_lab, weighed
from sample_texts import with_sample
from samples import MEMBER, PRIMARY, SAMPLES

from getvpn_ops.dialect.managed import BY_ID, LINES, Change, On, Scope
from getvpn_ops.remediation.nodes import counts, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.remediation.nodes import Node

BASES = {"gm": MEMBER, "ks": PRIMARY}
_VALUED = {Change.REPLACE, Change.SECRET}
_NO_OTHER = {"ipsec-fragmentation", "transform-set-mode", "sa-tag", "coop-version", "ks-gdoi"}
"""Kinds with one value beside the default."""

_NEVER_GONE = {"ipsec-profile"}
"""Kinds whose removal is shown by a swapped reference elsewhere (``test_scenes``)."""


def _cases() -> Iterator[tuple[str, str, str]]:
    for line_id in SAMPLES:
        on = BY_ID[line_id].on
        sample = SAMPLES[line_id]
        for role in ("gm", "ks"):
            if on is not On.BOTH and on.value != role:
                continue
            if line_id == "gdoi-server" and role == "ks":
                continue
            if line_id == "crypto-identity" and role == "gm":
                continue
            yield line_id, role, "added"
            if sample.other is not None:
                yield line_id, role, "changed"
            if sample.without:
                yield line_id, role, "removed"


def _pair(line_id: str, role: str, how: str) -> tuple[str, str]:
    sample, base = SAMPLES[line_id], BASES[role]
    one = with_sample(base, sample, "one")
    if line_id == "interface":
        return one, one
    if how == "added":
        return with_sample(base, sample, "bare"), one
    return one, with_sample(base, sample, "other" if how == "changed" else "none")


CASES = list(_cases())


@pytest.mark.parametrize(("line_id", "role", "how"), CASES)
def test_there_and_back(line_id: str, role: str, how: str) -> None:
    running, intended = _pair(line_id, role, how)
    found = walk_round(config(running), config(intended))
    if line_id != "interface":
        assert found.drifts, "nothing differs"
        assert found.change.steps
        seen = _seen(config(running), config(intended))
        valued = BY_ID[line_id].change in _VALUED
        hows = {how} if valued or how != "changed" else {"added", "removed"}
        assert {(line_id, one) for one in hows} <= seen
    for step in found.change.steps:
        assert role == "gm" or weighed(step) <= 1, step


@pytest.mark.parametrize(("line_id", "role", "how"), [case for case in CASES if SAMPLES[case[0]].lab])
def test_typed_into_a_router(line_id: str, role: str, how: str) -> None:
    running, intended = _pair(line_id, role, how)
    walk_round_on_lab(running, config(intended))


def _seen(running: RunningConfig, intended: RunningConfig) -> set[tuple[str, str]]:
    """Which kinds of lines are added, changed and removed between two configurations."""
    seen: set[tuple[str, str]] = set()
    _compare(read_tree(running.tree, own_lifetime=False), read_tree(intended.tree, own_lifetime=False), seen)
    return seen


def _compare(old: tuple[Node, ...], new: tuple[Node, ...], seen: set[tuple[str, str]]) -> None:
    have = {node.key: node for node in old if counts(node.found)}
    want = {node.key: node for node in new if counts(node.found)}
    for key in dict.fromkeys((*have, *want)):
        here, there = have.get(key), want.get(key)
        if here is None or there is None:
            node = here or there
            assert node is not None
            seen.update((inner.id, "added" if here is None else "removed") for inner in node.walk())
            if node.found.type.change in {Change.LIST, Change.ORDERED, Change.SECTION}:
                continue
        else:
            if here.found.normal != there.found.normal:
                seen.add((here.id, "changed"))
            _compare(here.children, there.children, seen)


def test_no_kind_is_left_out() -> None:
    seen = {(line_id, role, how) for line_id, role, how in CASES}
    wanted = set()
    for line in LINES:
        roles = ("gm", "ks") if line.on is On.BOTH else (line.on.value,)
        if line.id == "crypto-identity":
            roles = ("ks",)  # only authorization refers to it
        for role in roles:
            wanted.add((line.id, role, "added"))
            if line.change in _VALUED and line.id not in _NO_OTHER:
                wanted.add((line.id, role, "changed"))
            if line.scope is not Scope.KEPT and line.id not in _NEVER_GONE:
                wanted.add((line.id, role, "removed"))
    assert len(wanted) > 300
    assert wanted - seen == set()
