"""Views of real and of big sweeps: all that failed is there, what is alike stands once, and the page stays small."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sweeps
from bank import Bank
from fleets import state_of
from rich.console import Console
from sweeps import END, PRIMARY, REGISTERED, SPI, finding, outcome, seen, visit

from getvpn_ops.engine.compare import compare
from getvpn_ops.engine.health import judge, sweep_of, titles
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.report import Subject, SubjectKind
from getvpn_ops.model.verdict import status_of
from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.sweep import SweepForm, sweep_text
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_table import sweep_view
from getvpn_ops.reports.sweep_words import age, evidence, listed, next_commands, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.report import Sweep

DOCUMENTS = [SweepForm.HTML, SweepForm.MARKDOWN, SweepForm.TABLE]
_MEGABYTE = 1_000_000


def shown(sweep: Sweep, form: SweepForm, width: int = 160) -> str:
    """A document as one text without its folds."""
    if form is not SweepForm.TABLE:
        return sweep_text(sweep, form)
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(Visible(sweep_view(sweep)))
    return captured.get()


@pytest.fixture(scope="module")
def real() -> Sweep:
    """Every registered check over the worked example, while a key server and a member are down."""
    bank = Bank()
    before = judge(state_of(bank))
    state = state_of(bank, down=("dub-ks1", "lon-gm1"))
    sweep = sweep_of(state, judge(state), kind="health", run="r2", source="devices", specs=titles())
    return replace(sweep, compared_with="r1", changes=compare(before, sweep.outcomes))


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_real_sweep_says_all_that_is_open(real: Sweep, form: SweepForm) -> None:
    text = shown(real, form)
    failed = {item.spec_id for item in real.outcomes if status_of(item) is Status.FAIL}
    assert {spec_id for spec_id in failed if spec_id not in text} == set()
    for name in ("dub-ks1", "lon-gm1"):
        assert name in text
    assert "no answer within 10 s" in text


def test_a_real_sweep_counts(real: Sweep) -> None:
    digest = Digest(real)
    assert digest.counts.total() == len(real.outcomes)
    assert set(digest.troubled) == {"dub-ks1", "lon-gm1"}
    gap = next(gap for gap in digest.gaps if gap.cause.startswith("unreachable"))
    assert list(gap.who) == ["dub-ks1", "lon-gm1"]
    unknown = digest.counts[Status.UNKNOWN]
    assert unknown
    assert {subject.kind for subject in real.subjects} == set(SubjectKind) - {SubjectKind.LIST}
    assert {item.subject for item in real.outcomes} <= {subject.name for subject in real.subjects}


@pytest.mark.parametrize("width", [20, 40, 80, 160])
@pytest.mark.parametrize("make", [sweeps.mixed, sweeps.empty, lambda: sweeps.large(300, distinct=True)])
def test_no_line_is_wider_than_the_terminal(make: Callable[[], Sweep], width: int) -> None:
    assert max(map(len, shown(make(), SweepForm.TABLE, width).splitlines())) <= width


@pytest.mark.parametrize("distinct", [False, True])
def test_a_big_group_fits_a_screen(*, distinct: bool) -> None:
    sweep = sweeps.large(5000, failing=4000, silent=900, distinct=distinct)
    text = shown(sweep, SweepForm.TABLE, 100)
    assert len(text.splitlines()) < 50
    assert "4000 alike: site0900-gm1" in text
    assert "900" in text
    assert "-o json tells all" in text or not distinct


@pytest.mark.parametrize(("failing", "distinct"), [(40, False), (4900, True)])
def test_a_big_page_stays_usable(failing: int, *, distinct: bool) -> None:
    page = shown(sweeps.large(5000, failing=failing, distinct=distinct), SweepForm.HTML)
    assert len(page.encode()) < 10 * _MEGABYTE
    assert page.count("<tr") < 1000
    assert len(re.findall("site[0-9]{4}-gm1", page)) < 20_000
    hidden = "more with something open" if distinct else "more subjects have nothing open"
    assert hidden in page


def test_long_texts_are_cut_for_people_and_whole_for_programs() -> None:
    long = "missing " * 2000
    sweep = replace(
        sweeps.empty(), outcomes=(outcome(PRIMARY, "WAN", Status.FAIL, finding(Status.FAIL, "WAN", "m", "", long)),)
    )
    for form in DOCUMENTS:
        assert shown(sweep, form).count("missing") < 200
    for form in (SweepForm.JSON, SweepForm.NDJSON, SweepForm.CSV, SweepForm.JUNIT):
        assert shown(sweep, form).count("missing") >= 2000


@pytest.mark.parametrize("form", DOCUMENTS)
def test_only_changes(form: SweepForm) -> None:
    sweep = sweeps.mixed()
    if form is SweepForm.TABLE:
        console = Console(file=io.StringIO(), width=160)
        with console.capture() as captured:
            console.print(sweep_view(sweep, changes_only=True))
        text = captured.get()
    else:
        text = sweep_text(sweep, form, changes_only=True)
    lower = text.lower()
    assert "still open" in lower
    assert "lon-gm1 (WAN)" in text  # what is still open is named, since nothing else says it
    assert "is UDP 848 open between them?" not in text


def test_the_table_is_no_document() -> None:
    with pytest.raises(ValueError, match="view"):
        sweep_text(sweeps.empty(), SweepForm.TABLE)


def test_a_waived_failure_is_not_shown_as_one() -> None:
    digest = Digest(sweeps.mixed())
    assert "parity-acl" not in {problem.spec.id for found in digest.problems.values() for problem in found}
    assert digest.counts[Status.WAIVED] == 1


def test_a_failure_seen_before_evidence_ended_is_shown() -> None:
    half = outcome(SPI, "gm1", Status.UNKNOWN, finding(Status.FAIL, "gm1", "TEK SPI"), reason="gm1: show x: cut")
    digest = Digest(replace(sweeps.empty(), outcomes=(half,), visits=(visit("gm1"),), selected=1))
    assert [problem.spec for problem in digest.problems[""]] == [SPI]
    assert [(gap.cause, list(gap.who)) for gap in digest.gaps] == [("show x: cut", ["gm1"])]


def test_a_silent_device_that_no_check_speaks_of_is_shown() -> None:
    silent = visit("ce1", Trouble.NO_CREDENTIALS, "no password for ce1", "set GETVPN_OPS_PASSWORD")
    sweep = replace(sweeps.all_well(), visits=(visit("lon-gm1"), silent), selected=2)
    text = shown(sweep, SweepForm.TABLE)
    assert text.startswith("UNKNOWN  Nothing failed, but not everything is known. 1 of 2 devices")
    for words in ("ce1", "no credentials: no password for ce1", "no check speaks of it", "set GETVPN_OPS_PASSWORD"):
        assert words in text


# How checks word what they lack -> device and cause that are read from it.
GAPS = {
    "by-reason": ("gm1: show x: cut", "gm1", "show x: cut"),
    "behind-what-was-asked": ("peers: not known: gm1: show x: cut", "gm1", "show x: cut"),
    "not-asked": ("gm1 was not asked: not in the sample", "gm1", "was not asked: not in the sample"),
    "no-device": ("group WAN has no single primary: none", "WAN", "group WAN has no single primary: none"),
    "silent": ("peers: not known: ks1: unreachable: no answer", "ks1", "unreachable: no answer"),
    "silent-in-short": ("ks1: show x is missing", "ks1", "unreachable: no answer"),
    "no-reason": ("", "WAN", "no reason was given"),
}


@pytest.mark.parametrize(("reason", "who", "cause"), GAPS.values(), ids=GAPS)
def test_causes(reason: str, who: str, cause: str) -> None:
    silent = visit("ks1", Trouble.UNREACHABLE, "no answer")
    subjects = (Subject("WAN", SubjectKind.GROUP, "WAN"),)
    for unknown in (
        outcome(PRIMARY, "WAN", Status.UNKNOWN, reason=reason),
        outcome(PRIMARY, "WAN", Status.UNKNOWN, finding(Status.UNKNOWN, "WAN", reason or "no reason was given")),
    ):
        sweep = replace(sweeps.empty(), outcomes=(unknown,), visits=(visit("gm1"), silent), subjects=subjects)
        (gap,) = [gap for gap in Digest(sweep).gaps if gap.specs]
        assert (list(gap.who), gap.cause) == ([who], cause)


def test_alike_troubles_are_one_cause() -> None:
    silent = [visit(f"gm{number}", Trouble.UNREACHABLE, f"10.0.0.{number} did not answer") for number in range(9)]
    digest = Digest(replace(sweeps.empty(), visits=(*silent, visit("gm9", Trouble.LOGIN_REFUSED))))
    assert [gap.cause for gap in digest.gaps] == ["unreachable, such as: 10.0.0.0 did not answer", "login refused"]


def test_the_page_allows_its_own_style_and_nothing_else() -> None:
    page = shown(sweeps.mixed(), SweepForm.HTML)
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in page
    assert not re.search(r"<script|<link|<iframe| style=| src=| href=|url\(|@import", page)


VERDICTS = {
    "one-device": (
        (sweeps.registration("lon-gm1", registered=False),),
        "1 of 3 devices needs attention: 1 major failure.",
    ),
    "two-devices": (
        tuple(sweeps.registration(name, registered=False) for name in ("lon-gm1", "lon-gm2")),
        "2 of 3 devices need attention: 2 major failures.",
    ),
    "group-alone": (
        (outcome(PRIMARY, "WAN", Status.FAIL, finding(Status.FAIL, "WAN", "COOP primaries")),),
        "Group WAN needs attention: 1 critical failure.",
    ),
    "unknown": (
        (outcome(REGISTERED, "gm1", Status.UNKNOWN, reason="cut"),),
        "Nothing failed, but not everything is known. 1 question has no answer.",
    ),
    "nothing": ((), "Nothing was examined."),
    "nothing-applies": ((outcome(SPI, "gm1", Status.NOT_APPLICABLE),), "Nothing was examined."),
    "well": (
        (sweeps.registration("lon-gm1", registered=True),), "All is well with 3 devices looked at: 1 check passed.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("outcomes", "words"), VERDICTS.values(), ids=VERDICTS)
def test_verdict(outcomes: tuple[Outcome, ...], words: str) -> None:
    sweep = replace(sweeps.mixed(), outcomes=outcomes, selected=3, visits=(), not_looked_at=())
    assert verdict(Digest(sweep)) == words


AGES = {"seconds": (12, "12s old"), "later": (-5, "0s old"), "hours": (7260, "2h 1m old"),
        "days": (200_000, "of 2026-02-27 00:33:15 UTC")}  # fmt: skip


@pytest.mark.parametrize(("old", "words"), AGES.values(), ids=AGES)
def test_age(old: float, words: str) -> None:
    assert age(seen("gm1", "show clock", old), Digest(sweeps.mixed())) == words


def test_evidence_names_each_command_once_with_its_oldest_answer() -> None:
    items = [seen("ks1", "show a", 5), seen("ks2", "show a", 65), seen("ks1", "show b", 1)]
    assert evidence(items, Digest(sweeps.mixed())) == "show a on ks1, ks2 (1m 5s old); show b on ks1 (1s old)"


LISTS = {
    "all": ("abc", 3, "a, b, c"),
    "one-more-is-named": ("abcd", 3, "a, b, c, d"),
    "cut": ("abcde", 3, "a, b, c and 2 more"),
}


@pytest.mark.parametrize(("names", "most", "words"), LISTS.values(), ids=LISTS)
def test_listed(names: str, most: int, words: str) -> None:
    assert listed(names, most) == words


def test_next_commands_are_safe_to_paste() -> None:
    hostile = next_commands(Digest(sweeps.hostile("x; reboot")))
    assert "getvpn-ops diagnose 'x; reboot' --from 'x; reboot'" in hostile


SOURCES = {"devices": "", "lab": " --lab", "captures": " --from captures"}


@pytest.mark.parametrize(("source", "ending"), SOURCES.items(), ids=SOURCES)
def test_next_commands_look_where_this_one_looked(source: str, ending: str) -> None:
    found = next_commands(Digest(replace(sweeps.mixed(), source=source)))
    assert any(line.startswith("getvpn-ops diagnose") and line.endswith(ending) for line in found)
    assert all("--lab" not in line and "--from" not in line for line in found) or ending


def test_the_sweep_ends_after_its_evidence() -> None:
    sweep = sweeps.mixed()
    times = [item.taken_at for result in sweep.outcomes for found in result.findings for item in found.evidence]
    assert all(END - timedelta(hours=1) < moment <= sweep.ended for moment in times)
