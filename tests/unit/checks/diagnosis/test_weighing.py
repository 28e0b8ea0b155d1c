"""How clues become a verdict, and how verdicts become an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from wards import early

from getvpn_ops.checks.diagnosis import CAUSES
from getvpn_ops.checks.diagnosis.cause import MEMBER, PEER, SERVER, Causes, against, missing, speaks_for, weigh
from getvpn_ops.checks.diagnosis.judge import judge
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.errors import RegistryError
from getvpn_ops.model.diagnosis import Likelihood, Weight

if TYPE_CHECKING:
    from getvpn_ops.model.diagnosis import Clue

HINT, STRONG, DECISIVE = Weight.HINT, Weight.STRONG, Weight.DECISIVE


def pro(weight: Weight) -> Clue:
    return speaks_for(weight, f"for {weight}")


def contra(weight: Weight) -> Clue:
    return against(weight, f"against {weight}")


CASES = {
    "nothing": ((), None),
    "a hint": ((pro(HINT),), Likelihood.POSSIBLE),
    "three hints": ((pro(HINT), pro(HINT), pro(HINT)), Likelihood.LIKELY),
    "strong": ((pro(STRONG),), Likelihood.LIKELY),
    "strong, with a hint against it": ((pro(STRONG), contra(HINT)), Likelihood.POSSIBLE),
    "as much against it": ((pro(STRONG), contra(STRONG)), Likelihood.RULED_OUT),
    "decisive": ((pro(DECISIVE),), Likelihood.CERTAIN),
    "decisive, with a strong one against it": ((pro(DECISIVE), contra(STRONG)), Likelihood.CERTAIN),
    "decisive both ways": ((pro(DECISIVE), contra(DECISIVE)), Likelihood.POSSIBLE),
    "excluded": ((pro(STRONG), pro(STRONG), contra(DECISIVE)), Likelihood.RULED_OUT),
    "only against it": ((contra(HINT),), Likelihood.RULED_OUT),
    "could not look": ((missing("no log"),), Likelihood.OPEN),
    "against it, as far as it was seen": ((missing("no log"), contra(HINT), contra(STRONG)), Likelihood.OPEN),
    "against it, and more could not be seen": ((missing("no log"), pro(HINT), contra(STRONG)), Likelihood.RULED_OUT),
    "could not look everywhere": ((missing("no log"), pro(HINT)), Likelihood.POSSIBLE),
    "excluded without a look": ((missing("no log"), contra(DECISIVE)), Likelihood.RULED_OUT),
}


@pytest.mark.parametrize(("clues", "expected"), CASES.values(), ids=CASES)
def test_clues_are_weighed(clues: tuple[Clue, ...], expected: Likelihood | None) -> None:
    verdict = weigh(clues)
    assert (verdict.likelihood if verdict else None) is expected
    if expected in {Likelihood.RULED_OUT, Likelihood.OPEN}:
        assert verdict is not None
        assert verdict.why


def test_an_id_stands_once() -> None:
    with pytest.raises(RegistryError, match="stands twice"):
        Causes((), (), (CAUSES["psk-mismatch"], CAUSES["psk-mismatch"]))
    checks = {spec.id for registry in (GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS) for spec in registry}
    assert not checks & {cause.id for cause in CAUSES}, "`explain` knows both"


def test_every_cause_says_what_proves_and_what_mends_it() -> None:
    words = dict.fromkeys(("group", "address", "server", "itself", "label", "inner", "own_inner"), "x")
    for cause in CAUSES:
        assert len(cause.doc.split()) > 10, cause.id
        assert cause.confirm, cause.id
        assert cause.heal, cause.id
        for where, command in cause.confirm:
            assert where in {MEMBER, SERVER, PEER}
            assert not command.endswith("show crypto gdoi feature"), "IOS wants to know which"
            assert "section crypto gdoi" not in command, "newer releases write `crypto gkm`"
            assert command.format(**words).startswith(("show ", "ping "))


def test_a_diagnosis_is_the_same_each_time() -> None:
    view = next(item for item in group_views(early()) if item.name == "WAN")
    again = next(item for item in group_views(early()) if item.name == "WAN")
    assert judge(view) == judge(again)


def test_equal_causes_of_members_are_one() -> None:
    view = next(item for item in group_views(early()) if item.name == "WAN")
    diagnosis = judge(view)
    places = [(item.cause, item.likelihood) for item in diagnosis.suspects]
    assert len(places) == len(set(places))
    psk = next(item for item in diagnosis.suspects if item.cause == "psk-mismatch")
    assert set(psk.devices) == {"nor-gm1", "ork-gm1", "edi-gm1"}
