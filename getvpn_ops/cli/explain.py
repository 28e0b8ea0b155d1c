"""``getvpn-ops explain``: the manual."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from getvpn_ops.checks.acl import CONFIG_RULES, GROUP_RULES, LIST_RULES
from getvpn_ops.checks.config import ROUTER_RULES
from getvpn_ops.checks.diagnosis import CAUSES
from getvpn_ops.checks.doctor import DOCTOR_CHECKS
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.cli.output import form_of, write_data, write_view
from getvpn_ops.dialect.syslog_catalogue import CATALOGUE, explain
from getvpn_ops.errors import NoSuchPageError, UsageError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.parsing.syslog import parse_syslog
from getvpn_ops.reports.diagnosis import cause_list, cause_page, cause_plain
from getvpn_ops.reports.manual import (
    action_list,
    action_page,
    action_plain,
    spec_list,
    spec_page,
    spec_plain,
    stage_page,
    stage_plain,
    syslog_list,
    syslog_page,
)
from getvpn_ops.reports.parsed import Output
from getvpn_ops.workflow.actions import ACTIONS
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from getvpn_ops.registry import Registry, Spec

_REGISTRIES: tuple[Registry[Any], ...] = (
    *(GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS, DOCTOR_CHECKS),
    *(LIST_RULES, GROUP_RULES, CONFIG_RULES, ROUTER_RULES),
)
_STAGES = {action.id: action for action in STAGE_ACTIONS}


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A check: coop-single-primary. Or an action: clear-member. Or what a stage of a playbook does: "
            "configure. Or a log message: GM_RE_REGISTER, %GDOI-4-GM_RE_REGISTER, or a whole line in quotes.",
        ),
    ] = None,
    *,
    output: Annotated[
        Output | None, typer.Option("--output", "-o", help="Format; a table on a terminal, else JSON.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file (mode 0600) instead of stdout.")] = None,
    list_pages: Annotated[
        bool, typer.Option("--list", help="Show every check, action and message that has a page.")
    ] = False,
) -> None:
    """Say what a check looks at and why it matters, what an action or a stage does, or what a log message means.

    Facility and severity of a message do not matter: they differ between releases. Exit codes: 0 explained; 2 no page.
    """
    form = form_of(output, out)
    if list_pages:
        _write_list(form, out)
        return
    if name is None:
        raise UsageError("name a check or a message, such as: getvpn-ops explain GM_RE_REGISTER; or see --list")
    for spec, kind in _specs():
        if spec.id == name.strip().casefold():
            if form is Output.TABLE:
                write_view(spec_page(spec, kind), out)
            else:
                write_data(spec_plain(spec, kind), form, out)
            return
    if (cause_id := name.strip().casefold()) in CAUSES:
        cause, scope = CAUSES[cause_id], CAUSES.scope(cause_id)
        if form is Output.TABLE:
            write_view(cause_page(cause, scope), out)
        else:
            write_data(cause_plain(cause, scope), form, out)
        return
    if not _explain_action(name.strip().casefold(), form, out):
        _explain_message(name, form, out)


def _explain_action(name: str, form: Output, out: Path | None) -> bool:
    """Explain what a plan or a stage can do; one name may be both, such as ``rsa-key``. False if it is neither."""
    action, stage = ACTIONS.get(name), _STAGES.get(name)
    if action is None and stage is None:
        return False
    pages: list[RenderableType] = []
    plain: dict[str, Any] = {}
    if action is not None:
        pages, plain = [action_page(action)], action_plain(action)
    if stage is not None:
        pages += [*([Text()] if pages else []), stage_page(stage)]
        plain = plain | {"stage": stage_plain(stage)} if plain else stage_plain(stage)
    if form is Output.TABLE:
        write_view(Group(*pages), out)
    else:
        write_data(plain, form, out)
    return True


def _specs() -> Iterator[tuple[Spec[Any, Any], str]]:
    return ((spec, registry.kind) for registry in _REGISTRIES for spec in registry)


def _write_list(form: Output, out: Path | None) -> None:
    if form is Output.TABLE:
        actions = (action_list(ACTIONS.values()), action_list(STAGE_ACTIONS, "stage action"))
        pages = (spec_list(_specs()), cause_list(CAUSES), *actions, syslog_list(CATALOGUE))
        write_view(Group(*(part for page in pages for part in (page, Text()))), out)
        return
    messages = [{"kind": "log message"} | to_plain(entry) for entry in CATALOGUE]
    doings = [*(action_plain(action) for action in ACTIONS.values()), *(stage_plain(stage) for stage in STAGE_ACTIONS)]
    causes = [cause_plain(cause, CAUSES.scope(cause.id)) for cause in CAUSES]
    write_data([*(spec_plain(spec, kind) for spec, kind in _specs()), *causes, *doings, *messages], form, out)


def _explain_message(name: str, form: Output, out: Path | None) -> None:
    message = parse_syslog(name)
    found = explain(message.mnemonic if message is not None else name)
    if found.entry is None:
        near = difflib.get_close_matches(name.casefold(), [spec.id for spec, _ in _specs()], n=3, cutoff=0.75)
        near += difflib.get_close_matches(name.casefold(), {**ACTIONS, **_STAGES}, n=3, cutoff=0.85)
        raise NoSuchPageError(
            name.strip() if near else found.asked, (*near, *(entry.mnemonic for entry in found.nearest))
        )
    if form is Output.TABLE:
        write_view(syslog_page(found.entry, message), out)
        return
    plain = to_plain(found.entry)
    if message is not None:
        plain["message"] = to_plain(message)
    write_data(plain, form, out)
