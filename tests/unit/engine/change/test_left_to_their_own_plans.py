"""Keys and fail-close are left to plans of their own: a playbook tells so, and is not refused for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from getvpn_ops.engine.change.migrating import staging
from getvpn_ops.engine.change.planning.changes import Changes
from getvpn_ops.model.plan import LeftOut

if TYPE_CHECKING:
    from getvpn_ops.workflow.playbooks.schema import Stage

UNREAD, SAME = LeftOut("a", "it does not answer", is_known=False), LeftOut("a", "as intended", is_known=True)
CASES: dict[str, tuple[LeftOut, tuple[str, ...], bool, bool]] = {
    "keys alone": (UNREAD, ("keys_alone",), False, True),
    "fail-close alone": (UNREAD, ("later",), False, True),
    "nobody knows": (UNREAD, (), True, True),
    "nothing to do": (SAME, (), False, False),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_left_to_a_plan_of_its_own(case: tuple[LeftOut, tuple[str, ...], bool, bool]) -> None:
    left, held, refuses, is_told = case
    changes = Changes(notes=["a key differs"], left_out=[left])
    for name in held:
        getattr(changes, name).add("a")
    told: Any = staging._Told()  # noqa: SLF001 -- what a stage takes over from a push is told here and nowhere else
    taking: Any = SimpleNamespace(_told=told)
    staging._Staging._take(taking, cast("Stage", SimpleNamespace(id="members")), changes)  # noqa: SLF001
    assert told.refusals == ([f"stage members: a: {left.reason}"] if refuses else [])
    assert [item.reason for item in told.left_out] == ([f"stage members: {left.reason}"] if is_told else [])
    assert told.notes == ["a key differs"]
