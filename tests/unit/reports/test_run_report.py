"""The report of a run: true to the journal, one page without anything else, of a size that can be sent.

To accept a change of words on purpose, run with ``GETVPN_OPS_GOLDEN=write`` and read the difference.
"""

from __future__ import annotations

import importlib
import os
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import run_records as runs
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from getvpn_ops.model.journal import StepIntended, StepProven
from getvpn_ops.reports.console import UNSEEN
from getvpn_ops.reports.run_digest import RunDigest
from getvpn_ops.reports.run_html import run_html
from getvpn_ops.reports.run_markdown import run_markdown
from getvpn_ops.reports.run_seen import UNSEEN as NOT_SEEN
from getvpn_ops.reports.run_stages import StageState

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.reports.run_record import RunRecord

FOLDER = Path(__file__).parents[2] / "data" / "run_reports"
ETREE: Any = importlib.import_module("lxml.etree")  # no types are published for it
VOID = {"meta", "br", "hr", "img", "input", "link"}
NASTY = (
    "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "</svg><svg/onload=alert(1)>", "'\"><b>",
    "{{ 7 * 7 }}", "{% raw %}", "]]>", "<!--", "&lt;b&gt;", "&#0;", "[link](http://evil.test)", "http://evil.test",
    "@someone", "#1", "`code`", "``two`` ```three```", "| a | b |", "# heading", "- item\n- item", "***bold***",
    "a\n\n    indented", "\x1b[31mred\x1b[0m", "\x00", "\u202eright", "\u2028", "\ud800", "--- a\n+++ b", "very " * 400,
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(st.characters(), min_size=1, max_size=30)).map(
    lambda text: f"x{text}" if not "".join(text.split()) else text
)


class Strict(HTMLParser):
    """A page whose tags all close in order, whose ids are unique, and whose attributes stand once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, ...]] = []
        self.ids: list[str] = []
        self.values: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.values += [(name, value or "") for name, value in attrs]
        self.tags.append((tag, *names))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def page_of(record: RunRecord) -> tuple[str, Strict]:
    page = run_html(record)
    found = Strict()
    found.feed(page)
    found.close()
    assert not found.open
    assert len(found.ids) == len(set(found.ids))
    assert not UNSEEN.search(page), "something unseen"
    page.encode()
    return page, found


PAGES: dict[str, Callable[[], RunRecord]] = {
    "done": runs.done,
    "held": runs.held,
    "killed": runs.killed,
    "its plan is not kept": lambda: runs.done(plan=None),
    "nothing happened yet": lambda: runs.record(()),
    "the journal was tampered with": lambda: runs.done(faults=2),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_needs_nothing_else(name: str) -> None:
    page, found = page_of(PAGES[name]())
    names = {attribute for attribute, _ in found.values}
    assert not names & {"src", "href", "style", "action", "srcset", "xlink:href"}
    assert not [attribute for attribute in names if attribute.startswith("on")]
    assert not {tag[0] for tag in found.tags} & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)
    policy = next(value for key, value in found.values if value.startswith("default-src"))
    assert re.match(r"default-src 'none'; style-src 'sha256-[\w+/=]+'", policy)


@pytest.mark.parametrize("name", ["done", "held"])
def test_every_picture_is_sound_and_has_its_words(name: str) -> None:
    page, _ = page_of(PAGES[name]())
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawn) == 4, "stages, roles, the crowd of modes, and each member"
    for text in drawn:
        root = ETREE.fromstring(text)
        space = {"s": "http://www.w3.org/2000/svg"}
        title, desc = root.find("s:title", space), root.find("s:desc", space)
        assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert len(desc.text) > 20
        for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
            assert float(shape.get("width")) > 0
            assert 0 <= float(shape.get("x")) <= 960


VERDICTS = {
    "done": (runs.done, "done", "pass", (), ("plan rollback",)),
    "held": (
        runs.held, "held", "unknown",
        ("held at 009-member-gate-convergence-tek: gate", "not saved, a reload would take it away: bat-gm1",
         "3 steps not begun, the first is 009"),
        ("resume", "plan rollback"),
    ),
    "killed": (
        runs.killed, "killed", "unknown", ("(001-fal-ks2-build) is unknown: it did not answer",),
        ("resume", "runs settle", "plan rollback"),
    ),
    "tampered with": (
        lambda: runs.done(faults=2), "done", "pass", ("the journal is not as it was written: 2",), ("runs verify",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VERDICTS)
def test_what_is_left_open_is_said_first(name: str) -> None:
    make, state, css, pending, commands = VERDICTS[name]
    digest = RunDigest(make())
    assert (digest.state, digest.css) == (state, css)
    for said in pending:
        assert [text for text in digest.pending if said in text], (said, digest.pending)
    if name == "done":
        assert digest.pending == ("cph-gm1 is not in the plan: unreachable: no answer within 10 s",)
    for at, command in enumerate(commands):
        assert digest.commands[at].startswith(f"getvpn-ops {command}")


def test_stages_are_told_with_their_gates_words_and_times() -> None:
    digest = RunDigest(runs.held())
    servers, member, traffic = digest.stages
    assert [stage.state for stage in digest.stages] == [StageState.DONE, StageState.HELD, StageState.NOT_BEGUN]
    assert servers.steps == (5, 5)
    assert [(told.is_good, told.text[:17]) for told in member.gates] == [
        (True, "passed for 1 of 1"),
        (False, "gate convergence-"),
    ]
    assert member.approvals[0].text.startswith("lead@noc2 said yes")
    assert traffic.evidence[0].is_good is None
    assert not traffic.spans
    first, last = digest.holds
    assert (first.is_over, first.ends - first.begins > timedelta(hours=8), last.is_over) == (True, True, False)


def test_a_gate_is_not_passed_without_its_proof() -> None:
    events = tuple(
        e for e in runs.done().entries if not (isinstance(e.event, StepProven) and "convergence" in e.event.step)
    )
    told = RunDigest(replace(runs.done(), entries=events)).stages[1]
    assert told.gates[1].is_good is None
    assert told.state is StageState.UNDER_WAY


def test_members_are_counted_and_none_is_invented() -> None:
    digest = RunDigest(runs.done())
    found = [dict(counts) for _, counts in digest.seen.crowd("WAN")]
    assert found == [{NOT_SEEN: 2}, {NOT_SEEN: 1, "receive-only": 1}, {NOT_SEEN: 1, "both": 1}], (
        "one was never looked at"
    )
    assert [what for _, what in digest.seen.roles["WAN"]["fal-ks2"]] == ["secondary", "primary"]


def test_a_rekey_that_another_step_sent_is_told_as_well() -> None:
    sent = StepIntended(
        "010-traffic.rekey", "hub-ks1", "rekey group WAN", ("crypto gdoi ks group WAN rekey",), once=True
    )
    digest = RunDigest(runs.record((*runs.TO_THE_WORD, sent)))
    assert [(rekey.group, rekey.text[:7]) for rekey in digest.rekeys] == [("WAN", "rekey o"), ("WAN", "not yet")]
    assert digest.rekeys[1].planned == "sent by 'rekey group WAN'"


def test_devices_are_shown_by_backups_and_else_by_what_was_typed() -> None:
    found = {change.device: change for change in RunDigest(runs.done()).changes}
    assert found["bat-gm1"] == runs.DIFF
    assert found["hub-ks1"].lines == (
        "ip access-list extended WAN_POLICY_r2", " deny tcp any eq 22 any", " permit ip any any",
        "crypto gdoi group WAN", " server local", "  sa ipsec 1", "   match address ipv4 WAN_POLICY_r2",
    )  # fmt: skip
    assert "not yet" not in {rekey.text for rekey in RunDigest(runs.done()).rekeys}
    assert {rekey.text for rekey in RunDigest(runs.killed()).rekeys} == {"not yet"}


def test_thousands_of_members_stay_readable_and_small() -> None:
    record = runs.large(3000)
    page, found = page_of(record)
    text = run_markdown(record)
    assert len(page) < 600_000
    assert len(text) < 60_000
    assert "and 2920 more devices" in page
    assert max(Counter(tag[0] for tag in found.tags).values()) < 4000
    assert "3000" in re.findall(r"<svg.*?</svg>", page, re.DOTALL)[1]


def shape_of(record: RunRecord) -> tuple[object, ...]:
    _, found = page_of(record)
    text = run_markdown(record)
    text.encode()
    assert not UNSEEN.search(text.replace("\n", ""))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
    words = " ".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"[@#<]|https?:|www\.", words), "a ticket system would make more of it than words"
    return tuple(found.tags), tuple((token.type, token.tag) for token in tokens)


HARMLESS = shape_of(runs.hostile("x"))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_no_text_becomes_more_than_text(text: str) -> None:
    assert shape_of(runs.hostile(text)) == HARMLESS


GOLDEN = {"done.md": runs.done, "held.md": runs.held, "killed.md": runs.killed}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_report_word_for_word(name: str) -> None:
    path, text = FOLDER / name, run_markdown(GOLDEN[name]())
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_report_is_held() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(GOLDEN)
