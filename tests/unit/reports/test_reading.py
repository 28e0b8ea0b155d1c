"""What a reader must not be led to believe: that more is well, known or shown than is."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import sweeps
from rich.console import Console
from sweeps import CPU, END, PRIMARY, TRAFFIC, finding, outcome, visit

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.diagnosis import (
    Complaint,
    Diagnosis,
    Likelihood,
    LookedAt,
    Step,
    Suspect,
    Symptom,
)
from getvpn_ops.model.inventory import Device
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.report import NotLookedAt
from getvpn_ops.model.state.access_lists import AccessList, AccessLists
from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.diagnosis import diagnosis_view
from getvpn_ops.reports.inventory import devices_csv
from getvpn_ops.reports.state import state_view
from getvpn_ops.reports.sweep import SweepForm, sweep_text
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_table import sweep_view
from getvpn_ops.reports.sweep_words import verdict
from getvpn_ops.reports.visits import visits_view

if TYPE_CHECKING:
    from rich.console import RenderableType

    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.report import Sweep

NOT_APPLICABLE = outcome(CPU, "gm1", Status.NOT_APPLICABLE)
WELL = outcome(CPU, "gm1", Status.PASS, finding(Status.PASS, "gm1", "CPU"))
HALF = outcome(
    PRIMARY, "WAN", Status.FAIL, finding(Status.FAIL, "WAN", "COOP primaries", actual="none"),
    reason="ks2: show crypto gdoi ks coop: the answer was cut",
)  # fmt: skip


def shown(view: RenderableType, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(Visible(view))
    return captured.get()


def sweep_with(*outcomes: Outcome, **fields: object) -> Sweep:
    found = replace(sweeps.all_well(), outcomes=outcomes, visits=(visit("gm1"),), subjects=())
    return replace(found, **fields)  # type: ignore[arg-type]


CI = {
    "all is well": (sweep_with(WELL), set()),
    "nothing applies": (sweep_with(NOT_APPLICABLE), {"error"}),
    "a device did not answer, and no check speaks of it": (
        sweep_with(WELL, visits=(visit("gm1"), visit("gm2", Trouble.UNREACHABLE, "no answer"))), {"error"},
    ),
    "nothing at all": (sweeps.empty(), {"error"}),
    "something failed": (sweep_with(HALF), {"failure"}),
}  # fmt: skip


@pytest.mark.parametrize(("sweep", "expected"), CI.values(), ids=CI)
def test_a_ci_server_is_green_only_where_all_is_known_to_be_well(sweep: Sweep, expected: set[str]) -> None:
    suites = ET.fromstring(sweep_text(sweep, SweepForm.JUNIT).partition("\n")[2])  # noqa: S314 -- our own
    assert {item.tag for item in suites.iter() if item.tag in {"error", "failure"}} == expected
    for suite in suites:
        assert int(suite.attrib["errors"]) == len(list(suite.iter("error")))
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))


@pytest.mark.parametrize("form", [SweepForm.TABLE, SweepForm.MARKDOWN, SweepForm.HTML])
def test_a_failure_does_not_hide_what_could_not_be_looked_at(form: SweepForm) -> None:
    sweep = sweep_with(HALF)
    text = shown(sweep_view(sweep)) if form is SweepForm.TABLE else sweep_text(sweep, form)
    assert "the answer was cut" in text
    if form is SweepForm.TABLE:
        assert "NOT KNOWN (1)" in text


@pytest.mark.parametrize("form", [SweepForm.TABLE, SweepForm.MARKDOWN, SweepForm.HTML])
def test_what_is_left_out_is_counted(form: SweepForm) -> None:
    missing = tuple(NotLookedAt(f"gm{number}", f"reason {number}") for number in range(90))
    sweep = sweep_with(WELL, not_looked_at=missing, notes=tuple(f"note {number}" for number in range(90)))
    text = shown(sweep_view(sweep)) if form is SweepForm.TABLE else sweep_text(sweep, form)
    whole = " ".join(text.split())
    for what in ("reason", "note"):
        (left,) = re.findall(rf"and (\d+) more {what}s", whole)
        assert len(set(re.findall(rf"\b{what} (\d+)", whole))) + int(left) == 90


def test_nothing_passed_is_not_called_ok() -> None:
    text = shown(sweep_view(sweep_with(NOT_APPLICABLE)))
    assert "0 passed, 1 not applicable" in text
    assert "OK" not in text


def test_a_waiver_is_no_check_that_passed() -> None:
    waived = outcome(CPU, "gm1", Status.WAIVED, finding(Status.FAIL, "gm1", "CPU"), reason="change 4711")
    assert verdict(Digest(sweep_with(WELL, waived))).endswith("1 check passed, 1 waived.")


def test_a_subject_that_nothing_applies_to_did_not_pass() -> None:
    names = [f"gm{number}" for number in range(400)]
    outcomes = tuple(outcome(TRAFFIC, name, Status.NOT_APPLICABLE) for name in names)
    page = sweep_text(sweep_with(*outcomes), SweepForm.HTML)
    assert "have nothing open" in page
    assert "passed all" not in page


def diagnosis(**fields: object) -> Diagnosis:
    empty = Diagnosis("WAN", "WAN", END, (), (), (), (), (), ())
    return replace(empty, **fields)  # type: ignore[arg-type]


def test_what_a_diagnosis_leaves_out_is_counted() -> None:
    symptoms = tuple(Symptom(complaint, "gm1", "seen") for complaint in Complaint)
    steps = tuple(Step(f"gm{number}", "show version") for number in range(9))
    suspect = Suspect("x", "X", Likelihood.LIKELY, 3, ("gm1",), (), symptoms, steps)
    mute = tuple(LookedAt(f"gm{number}", (), None, ("no answer",)) for number in range(8))
    text = shown(diagnosis_view(diagnosis(symptoms=symptoms, suspects=(suspect,), looked_at=mute)))
    assert f"and {len(Complaint) - 12} more kinds of symptom" in text
    assert "and 3 more commands" in text
    assert "and 2 more devices not looked at" in text


def test_no_symptom_is_not_said_of_what_nobody_knows() -> None:
    blind = LookedAt("gm1", ("show version",), END, blind="show crypto gdoi: it could not be read")
    text = shown(diagnosis_view(diagnosis(looked_at=(blind,))))
    assert "not everything was looked at" in text
    assert "show crypto gdoi: it could not be read" in text
    nobody = shown(diagnosis_view(diagnosis()))
    assert "not everything was looked at" in nobody


def test_a_suspect_without_a_symptom_is_not_passed_over() -> None:
    suspect = Suspect("x", "X", Likelihood.LIKELY, 3, ("gm1",), ())
    known = LookedAt("gm1", ("show crypto gdoi",), END)
    assert "no symptom, but something to look at" in shown(
        diagnosis_view(diagnosis(suspects=(suspect,), looked_at=(known,)))
    )
    assert "but" not in shown(diagnosis_view(diagnosis(looked_at=(known,))))


def test_a_dead_network_does_not_flood_the_screen() -> None:
    visits = [visit(f"gm{number}", Trouble.UNREACHABLE, f"10.0.0.{number % 250}: no answer", "ping it") for number in
              range(5000)]  # fmt: skip
    visits.append(visit("ks1", Trouble.LOGIN_REFUSED, "wrong password", "look at the password"))
    text = shown(visits_view("c-1", visits))
    assert len(text.splitlines()) < 40
    assert "5000 devices: unreachable" in text
    assert "and 4992 more" in text
    assert "ks1: login refused: wrong password" in text
    assert "look at the password" in text


def test_no_cell_of_a_list_of_devices_is_a_formula() -> None:
    words = ("=1", " =1", "\n=1", "\t=1", "\r=1", "@x", "+1", "-1", "\uff1d1")
    rows = list(csv.reader(io.StringIO(devices_csv([Device(f"gm{at}", site=word) for at, word in enumerate(words)]))))
    sites = [row[rows[0].index("site")] for row in rows[1:]]
    assert len(sites) == len(words)
    assert not [text for text in sites if not text.startswith("'") and re.match(r"\s*[=+\-@\uff1d]", text)]


def test_a_list_of_no_devices_has_its_headings() -> None:
    assert devices_csv([]).startswith("name,")
    assert devices_csv([]) == devices_csv([Device("gm1")]).partition("\n")[0] + "\n"


def test_one_match_is_one() -> None:
    aces = (Ace("permit", "ip", None, None, None, None, (), None, number, "permit ip any any") for number in (1, 2))
    text = shown(state_view(AccessLists((AccessList("Extended IP", "OWN", entries=tuple(aces)),))))
    assert "(1 match)" in text
    assert "(2 matches)" in text
