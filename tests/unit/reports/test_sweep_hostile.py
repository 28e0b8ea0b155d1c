"""No text of a device, of an inventory or of a command line becomes more than text in any report.

The same text stands in every field of a sweep; the document must have the shape that it has with a harmless one.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sweeps
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from getvpn_ops.reports.console import UNSEEN, Visible
from getvpn_ops.reports.sweep import SweepForm, sweep_text
from getvpn_ops.reports.sweep_csv import COLUMNS, cell
from getvpn_ops.reports.sweep_json import sweep_plain
from getvpn_ops.reports.sweep_table import sweep_view

if TYPE_CHECKING:
    from getvpn_ops.model.report import Sweep

SCHEMA = Path(__file__).parents[2] / "data" / "reports" / "junit.xsd"
ETREE: Any = importlib.import_module("lxml.etree")  # no types are published for it
HARMLESS = sweeps.hostile("x")

NASTY = (
    "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "'\"><svg/onload=alert(1)>", "{{ 7 * 7 }}",
    "{% raw %}", "]]>", "<!--", "&lt;b&gt;", "&#0;", "=cmd|'/c calc'!A1", "+1", "-2+3", "@SUM(1)", "\t=1", "\r=1",
    " =1", "\n=1", "\uff1d1", '"quoted", and; separated', "[link](http://evil.test)", "![i](http://evil.test/i.png)",
    "http://evil.test", "www.evil.test", "<http://evil.test>", "someone@evil.test", "@someone", "#1", "`code`",
    "``two`` and ```three```", "`", "| a | b |", "# heading", "- item\n- item", "1. one", "***bold***", "~~gone~~",
    "a\n\n    indented", "[ref]: http://evil.test", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x00", "\u202eright",
    "\u2028", "\ud800", "\ufffe", "\x85", "[bold]rich[/bold]", "[/]", ":smile:", "very " * 400,
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("".join),
    st.text(st.characters(), min_size=1, max_size=40),
).map(lambda text: f"x{text}" if not "".join(text.split()) else text)  # an empty field is left out, not shown


class Tags(HTMLParser):
    """The tags of a page with their attributes' names, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))


def html_shape(sweep: Sweep) -> object:
    page = sweep_text(sweep, SweepForm.HTML)
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert not UNSEEN.search(page.replace("\t", "")), "something unseen"
    page.encode()
    return tags.found


def junit_shape(sweep: Sweep) -> object:
    text = sweep_text(sweep, SweepForm.JUNIT)
    document = ETREE.fromstring(text.encode())
    ETREE.XMLSchema(ETREE.parse(str(SCHEMA))).assertValid(document)
    return [(element.tag, tuple(element.attrib)) for element in document.iter()]


def csv_shape(sweep: Sweep) -> object:
    text = sweep_text(sweep, SweepForm.CSV)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == list(COLUMNS)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    for row in rows[1:]:
        for value in row:
            assert not re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", value), (
                "a spreadsheet would take it for a formula"
            )
    assert text.endswith("\r\n")
    text.encode()
    return [row[:3] for row in rows]


def markdown_shape(sweep: Sweep) -> object:
    text = sweep_text(sweep, SweepForm.MARKDOWN)
    text.encode()
    assert not UNSEEN.search(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    allowed = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
    assert {child.type for child in inline} <= allowed
    words = " ".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"[@#<]|https?:|www\.", words), "a ticket system would make more of it than words"
    return [(token.type, token.tag) for token in tokens]


def json_shape(sweep: Sweep) -> object:
    text = sweep_text(sweep, SweepForm.JSON)
    assert not UNSEEN.search(text)
    assert json.loads(text) == sweep_plain(sweep)
    lines = sweep_text(sweep, SweepForm.NDJSON)
    assert not UNSEEN.search(lines)
    records = [json.loads(line) for line in lines.splitlines()]
    return [(record["record"], tuple(record)) for record in records]


def table_shape(sweep: Sweep) -> object:
    console = Console(file=io.StringIO(), width=80, markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(Visible(sweep_view(sweep)))
    text = shown.get()
    text.encode()
    assert not UNSEEN.search(text)
    headings = re.findall(r"^(FAILED \(\d+\)|NOT KNOWN \(\d+\)|SINCE |OK |next)", text, re.MULTILINE)
    assert "next" in headings
    return headings[:2]


SHAPES = {
    SweepForm.HTML: html_shape,
    SweepForm.JUNIT: junit_shape,
    SweepForm.CSV: csv_shape,
    SweepForm.MARKDOWN: markdown_shape,
    SweepForm.JSON: json_shape,
    SweepForm.TABLE: table_shape,
}
EXPECTED = {form: shape(HARMLESS) for form, shape in SHAPES.items()}


def test_every_form_is_attacked() -> None:
    assert set(SHAPES) == set(SweepForm) - {SweepForm.NDJSON}  # which stands beside JSON


@pytest.mark.parametrize("form", SHAPES)
@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_known_attacks(form: SweepForm, text: str) -> None:
    assert SHAPES[form](sweeps.hostile(text if text.split() else f"x{text}")) == EXPECTED[form]


@pytest.mark.parametrize("form", SHAPES)
@settings(max_examples=30)
@given(text=TEXTS)
def test_any_text(form: SweepForm, text: str) -> None:
    assert SHAPES[form](sweeps.hostile(text)) == EXPECTED[form]


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_a_cell_keeps_its_text(text: str) -> None:
    assert cell(text).removeprefix("'") == text.removeprefix("'")
