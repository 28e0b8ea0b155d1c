"""The forms a sweep is written in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.reports.parsed import Output, structured
from getvpn_ops.reports.sweep_csv import sweep_csv
from getvpn_ops.reports.sweep_html import sweep_html
from getvpn_ops.reports.sweep_json import sweep_lines, sweep_plain
from getvpn_ops.reports.sweep_junit import sweep_junit
from getvpn_ops.reports.sweep_markdown import sweep_markdown

if TYPE_CHECKING:
    from getvpn_ops.model.report import Sweep


class SweepForm(StrEnum):
    """Formats of ``-o`` of ``health`` and its like."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    JUNIT = "junit"
    HTML = "html"
    CSV = "csv"
    MARKDOWN = "md"


def sweep_text(sweep: Sweep, form: SweepForm, *, changes_only: bool = False, only_ascii: bool = False) -> str:
    """A sweep as a document; the table is no document but a view (``sweep_table.sweep_view``).

    Args:
        sweep: the run.
        form: any but TABLE.
        changes_only: in documents for people, leave out what is as it was in the run compared with; documents for
            programs hold everything, changes included.
        only_ascii: in JSON, escape all that is not ASCII, for a stream that is not UTF-8.

    Raises:
        ValueError: the form is TABLE.
    """
    match form:
        case SweepForm.JSON:
            return structured(sweep_plain(sweep), Output.JSON, only_ascii=only_ascii)
        case SweepForm.NDJSON:
            return sweep_lines(sweep)
        case SweepForm.JUNIT:
            return sweep_junit(sweep)
        case SweepForm.HTML:
            return sweep_html(sweep, changes_only=changes_only)
        case SweepForm.CSV:
            return sweep_csv(sweep)
        case SweepForm.MARKDOWN:
            return sweep_markdown(sweep, changes_only=changes_only)
        case SweepForm.TABLE:
            raise ValueError("a table is a view, not a document")
