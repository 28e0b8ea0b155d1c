"""Groups of one plan whose key servers share a label: the key is made once, and compared for each."""

from __future__ import annotations

import pytest

from getvpn_ops.model.plan import Perform, PlannedStep, Wave
from getvpn_ops.workflow.actions.rsa_keys import without_made


def proposal(label: str, *servers: str) -> list[Wave]:
    works = [("generate", servers[0]), *(("copy", name) for name in servers[1:])]
    acts = [Perform("rsa-key", (("work", work), ("label", label), ("server", name))) for work, name in works]
    acts.append(Perform("rsa-key", (("work", "compare"), ("label", label), ("servers", ",".join(servers)))))
    return [Wave(f"{at}", (PlannedStep(f"{at}", "", "", act),)) for at, act in enumerate(acts)]


CASES = {
    "the same servers": (("K", "a", "b"), ["compare"]),
    "another label": (("L", "a", "b"), ["generate", "copy", "compare"]),
    "one server more": (("K", "a", "b", "c"), ["copy", "compare"]),
    "fewer": (("K", "b"), ["compare"]),
    "other servers": (("K", "c", "d"), "another group of this plan makes K too"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_second_group(case: tuple[tuple[str, ...], list[str] | str]) -> None:
    (label, *servers), left = case
    made: set[tuple[str, str]] = set()
    first = without_made(proposal("K", "a", "b"), made)
    assert [len(first), made] == [3, {("K", "a"), ("K", "b")}]
    found = without_made(proposal(label, *servers), made)
    if isinstance(left, str):
        assert isinstance(found, str)
        assert left in found
    else:
        assert not isinstance(found, str)
        acts = [step.act for wave in found for step in wave.steps]
        assert [act.parameter("work") for act in acts if isinstance(act, Perform)] == left
        assert {(label, name) for name in servers} <= made
