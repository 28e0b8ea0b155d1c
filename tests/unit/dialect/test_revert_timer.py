"""The screen that tells of a revert timer, as three releases print it, and what is none of it."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.revert_timer import RevertTimer, read_timer

RUNS = """Time configured(or reconfigured): 10:04:11 CET Tue Mar 3 2026
Timer type: {} timer
Timer value: 20 min
User: ops(Priv: 15, View: 0)
"""
READ = {
    "none": ("%No Rollback Confirmed Change pending\n", None),
    "none, between log lines": (
        "\n%SYS-5-CONFIG_I: Configured from console by ops\r\n%No Rollback Confirmed Change pending\r\n", None,
    ),
    "absolute": (
        RUNS.format("absolute"),
        RevertTimer(20, is_idle=False, since="10:04:11 CET Tue Mar 3 2026", by="ops(Priv: 15, View: 0)"),
    ),
    "idle, with the ends of lines of a terminal": (
        RUNS.format("idle").replace("\n", "\r\n"),
        RevertTimer(20, is_idle=True, since="10:04:11 CET Tue Mar 3 2026", by="ops(Priv: 15, View: 0)"),
    ),
    "nobody named": ("Timer type: absolute timer\nTimer value: 120 min\n", RevertTimer(120, is_idle=False)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "timer"), READ.values(), ids=READ)
def test_a_timer_is_read(text: str, timer: RevertTimer | None) -> None:
    assert read_timer(text) == timer


UNREAD = {
    "nothing": "",
    "not known": "        ^\n% Invalid input detected at '^' marker.",
    "cut off": "Time configured(or reconfigured): 10:04:11 CET Tue Mar 3 2026\nTimer type: absolute timer\nTimer val",
    "no archive": " Archive feature not enabled",
    "a minute that is none": "Timer type: absolute timer\nTimer value: many min",
}


@pytest.mark.parametrize("text", UNREAD.values(), ids=UNREAD)
def test_what_tells_of_no_timer_is_no_absence_of_one(text: str) -> None:
    with pytest.raises(ValueError, match="neither a timer nor"):
        read_timer(text)
