"""The number of a change in whatever system an operator's house has: it stands in the journal and in the report."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from getvpn_ops.errors import UsageError

TicketOption = Annotated[
    str | None, typer.Option("--ticket", help="Number of the change, such as CHG0012345, for journal and report.")
]
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/#-]{0,62}")


def ticket_of(text: str | None) -> str:
    """A ticket's number as it was given; empty if none was.

    Raises:
        UsageError: it is none that every system can take as it is.
    """
    if text is None:
        return ""
    if not _TICKET.fullmatch(text):
        msg = f"{text!a} is no number of a ticket: letters, digits and _ . : / # -, at most 63, for --ticket"
        raise UsageError(msg)
    return text
