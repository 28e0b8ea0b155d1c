"""No text of a device, of an inventory or of a command line becomes more than text in any report of a plan."""

from __future__ import annotations

import io
import json
import re

import pytest
import shown_plans as plans
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from getvpn_ops.reports.console import UNSEEN, Visible
from getvpn_ops.reports.plan_forms import PlanForm, plan_document, plan_plain
from getvpn_ops.reports.plan_table import plan_text, plan_view

NASTY = (
    "<script>alert(1)</script>", "[link](http://evil.test)", "http://evil.test", "@someone", "#1", "```", "`", "| a |",
    "# heading", "- item\n- item", "***bold***", "\x1b[31mred\x1b[0m", "\x00", "\u202eright", "\u2028", "\ud800",
    "[bold]rich[/bold]", "what? a line", "end\nconfigure terminal\nno router bgp 1", "\rreload", "very " * 400,
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=40)).map(
    lambda text: text if "".join(text.split()) else f"x{text}"
)
DIGEST = "0f" * 32


def markdown_shape(text: str) -> object:
    shown = plan_document(plans.hostile(text), DIGEST, DIGEST, PlanForm.MARKDOWN)
    shown.encode()
    assert not UNSEEN.search(shown)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shown)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
    words = " ".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"[@#<]|https?:|www\.", words)
    return [(token.type, token.tag) for token in tokens]


def others(text: str) -> None:
    plan = plans.hostile(text)
    document = plan_document(plan, DIGEST, DIGEST, PlanForm.JSON)
    assert not UNSEEN.search(document)
    assert json.loads(document) == json.loads(json.dumps(plan_plain(plan, DIGEST, DIGEST)))
    for everything in (False, True):
        assert not UNSEEN.search(plan_text(plan, DIGEST, everything=everything))
    console = Console(file=io.StringIO(), width=80, markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(Visible(plan_view(plan, DIGEST)))
    assert not UNSEEN.search(shown.get())
    sheet = plan_document(plan, DIGEST, DIGEST, PlanForm.SHEET)
    assert not UNSEEN.search(sheet)
    assert not [line for line in sheet.splitlines() if line.startswith("!") and "?" in line]
    typed = [line for line in sheet.splitlines() if line and not line.lstrip().startswith("!")]
    assert sum(line in {"configure terminal", "end"} for line in typed) == 2, "a text became a line of its own"


EXPECTED = markdown_shape("x")


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_known_attacks(text: str) -> None:
    assert markdown_shape(text) == EXPECTED
    others(text)


@settings(max_examples=30)
@given(text=TEXTS)
def test_any_text(text: str) -> None:
    assert markdown_shape(text) == EXPECTED
    others(text)
