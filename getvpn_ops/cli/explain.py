"""``getvpn-ops explain``: the manual."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from getvpn_ops.cli.output import form_of, write_data, write_view
from getvpn_ops.dialect.syslog_catalogue import CATALOGUE, explain
from getvpn_ops.errors import NoSuchPageError, UsageError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing.syslog import parse_syslog
from getvpn_ops.reports.manual import syslog_list, syslog_page
from getvpn_ops.reports.parsed import Output


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="MNEMONIC", help="A log message: GM_RE_REGISTER, %GDOI-4-GM_RE_REGISTER, or a whole line in quotes."
        ),
    ] = None,
    *,
    output: Annotated[
        Output | None, typer.Option("--output", "-o", help="Format; a table on a terminal, else JSON.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file (mode 0600) instead of stdout.")] = None,
    list_pages: Annotated[bool, typer.Option("--list", help="Show every message that has a page.")] = False,
) -> None:
    """Say what a GETVPN log message means, how bad it is, and what to look at next.

    Facility and severity of a message do not matter: they differ between releases. Exit codes: 0 explained; 2 no page.
    """
    form = form_of(output, out)
    if list_pages:
        if form is Output.TABLE:
            write_view(syslog_list(CATALOGUE), out)
        else:
            write_data(CATALOGUE, form, out)
        return
    if name is None:
        raise UsageError("name a message, such as: getvpn-ops explain GM_RE_REGISTER; or see --list")
    message = parse_syslog(name)
    found = explain(message.mnemonic if message is not None else name)
    if found.entry is None:
        raise NoSuchPageError(found.asked, tuple(entry.mnemonic for entry in found.nearest))
    if form is Output.TABLE:
        write_view(syslog_page(found.entry, message), out)
        return
    plain = to_plain(found.entry)
    if message is not None:
        plain["message"] = to_plain(message)
    write_data(plain, form, out)
