"""Faults as people write them, and what they are told when they write them wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from getvpn_ops.lab.faults import KINDS, UnknownFaultError, fault
from getvpn_ops.lab.script import Entry, ScriptError, moment, read_script

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

MOMENTS = {
    "hours-and-minutes": ("+2h30m", NOW + timedelta(hours=2, minutes=30)),
    "seconds": ("90s", NOW + timedelta(seconds=90)),
    "days": ("+1d", NOW + timedelta(days=1)),
    "week": ("1w", NOW + timedelta(days=7)),
    "utc": ("2026-03-02T11:00:00", datetime(2026, 3, 2, 11, tzinfo=UTC)),
    "zone": ("2026-03-02T11:00:00+01:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
}


@pytest.mark.parametrize(("text", "when"), MOMENTS.values(), ids=MOMENTS)
def test_moments(text: str, when: datetime) -> None:
    assert moment(text, NOW) == when


@pytest.mark.parametrize("text", ["", "tomorrow", "+", "5", "+5x", "-5m"])
def test_no_moments(text: str) -> None:
    with pytest.raises(ScriptError, match="not a time"):
        moment(text, NOW)


def test_a_script() -> None:
    text = """
    - device: gm1
      fault: drop-after-apply
      line: match address
      skip: 1
    - devices: [ks1, ks2]
      fault: reload
      options: {seconds: 30}
      at: +2h
    - device: '*'
      fault: slow-echo
      step: pilot
      times: 3
    """
    assert read_script(text, NOW) == [
        Entry(("gm1",), "drop-after-apply", line="match address", skip=1),
        Entry(("ks1", "ks2"), "reload", options=(("seconds", "30"),), at=NOW + timedelta(hours=2)),
        Entry(("*",), "slow-echo", step="pilot", times=3),
    ]


WRONG = {
    "no-list": ("device: a", "expected a list of faults"),
    "no-yaml": ("[", "while parsing"),
    "no-mapping": ("- 5", "entry 1: expected a mapping with device and fault, found 5"),
    "unknown-key": ("- {device: a, fault: reload, when: now}", "entry 1: unknown key 'when'; an entry has at, device"),
    "no-device": ("- {fault: reload}", "entry 1: an entry needs device"),
    "no-fault": ("- {device: a}", "entry 1: an entry needs fault"),
    "unknown-fault": ("- {device: a, fault: relaod}", "entry 1: no fault is called 'relaod'; there are refuse-login"),
    "unknown-option": (
        "- {device: a, fault: reload, options: {minutes: 5}}",
        "entry 1: reload has no option 'minutes'; it has seconds",
    ),
    "bad-pattern": ("- {device: a, fault: hang, line: '('}", "entry 1: not a regular expression: '('"),
    "bad-count": ("- {device: a, fault: hang, skip: -1}", "entry 1: skip: expected a number from 0 on, found -1"),
    "bad-time": ("- {device: a, fault: hang, at: later}", "entry 1: not a time: 'later'"),
    "all-at-once": ("- {device: a}\n- {fault: hang}", "entry 2: an entry needs device"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_wrong_scripts(text: str, said: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script(text, NOW)
    assert said in str(caught.value)


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_times() -> None:
    assert fault("hang").left == 1
    assert fault("slow-echo").left is None
    assert fault("hang", times=0).left is None
    assert fault("slow-echo", times=2).left == 2
    with pytest.raises(UnknownFaultError):
        fault("nothing")
