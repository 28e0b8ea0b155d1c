"""What people are told of a stay in configuration mode."""

from __future__ import annotations

import pytest

from getvpn_ops.engine.change.stay_words import told
from getvpn_ops.model.receipt import LineReceipt, LineState, StepOutcome, StepReceipt

COUNTS = {"one": (1, "1 line taken in 2.5 s"), "several": (3, "3 lines taken in 2.5 s")}


@pytest.mark.parametrize(("count", "text"), COUNTS.values(), ids=list(COUNTS))
def test_lines_are_counted_as_people_count(count: int, text: str) -> None:
    lines = (LineReceipt("passive", ("crypto gdoi group WAN",), LineState.ACCEPTED),) * count
    assert told(StepReceipt("opo-gm1", "be passive", StepOutcome.APPLIED, lines, seconds=2.5)) == text
