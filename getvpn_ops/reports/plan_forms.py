"""A plan for programs, and the forms of ``-o`` of the commands that make one. The shapes are a promise (P18)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.parsed import Output, structured
from getvpn_ops.reports.plan_markdown import plan_markdown
from getvpn_ops.reports.plan_rows import next_command
from getvpn_ops.reports.rollback_sheet import sheet_text, sheets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.plan import Plan

SCHEMA = 1


class PlanForm(StrEnum):
    """Formats of a plan."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    SHEET = "sheet"
    """Rollback sheets to paste."""


def plan_document(  # noqa: PLR0913 -- what a plan is, and how it is shown
    plan: Plan, digest: str, seal: str, form: PlanForm, *, everything: bool = False, flags: str = ""
) -> str:
    """A plan as a document; the table is a view (``reports.plan_table``).

    Args:
        plan: to show.
        digest: of it.
        seal: likewise; stands in JSON, so that ``apply`` takes that, too.
        form: any but TABLE.
        everything: in Markdown, fold nothing.
        flags: that the next command needs, such as `` --lab``.

    Raises:
        ValueError: the form is TABLE.
    """
    match form:
        case PlanForm.JSON:
            return structured(plan_plain(plan, digest, seal, flags=flags), Output.JSON)
        case PlanForm.MARKDOWN:
            return plan_markdown(plan, digest, everything=everything, flags=flags)
        case PlanForm.SHEET:
            return sheet_text(plan)
        case PlanForm.TABLE:
            raise ValueError("a table is a view, not a document")


def plan_plain(plan: Plan, digest: str, seal: str, *, flags: str = "") -> dict[str, Any]:
    """A plan as plain data.

    Returns:
        ``schema``, ``kind``, ``digest``, ``seal``, ``refused`` (never applied), ``empty`` (nothing to do), ``loses``
        (needs ``--accept-loss``), ``next`` (the command that applies it; empty if none does), ``plan`` (every field
        of ``model.plan.Plan``) and ``rollback_sheets`` by device.
    """
    return {
        "schema": SCHEMA,
        "kind": "plan",
        "digest": digest,
        "seal": seal,
        "refused": bool(plan.refusals or plan.lockouts),
        "empty": not plan.waves,
        "loses": plan.loses,
        "next": next_command(plan, flags),
        "plan": to_plain(plan),
        "rollback_sheets": sheets(plan),
    }


def plans_plain(plans: Iterable[tuple[Plan, str]]) -> dict[str, Any]:
    """Kept plans as plain data: ``schema``, ``kind`` and ``plans``, the newest first.

    Args:
        plans: each with its digest.
    """
    return {
        "schema": SCHEMA,
        "kind": "plans",
        "plans": [
            {
                "id": plan.id,
                "digest": digest,
                "what": plan.what,
                "made": plan.made.isoformat(),
                "expires": plan.expires.isoformat(),
                "by": plan.by,
                "steps": len(plan.steps),
                "refused": bool(plan.refusals or plan.lockouts),
                "loses": plan.loses,
            }
            for plan, digest in plans
        ],
    }
