"""What applying a plan came to. The shape of the JSON is a promise (P18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from getvpn_ops.errors import ExitCode
from getvpn_ops.reports.console import command_line, indented, visible
from getvpn_ops.reports.story import SCHEMA, run_plain
from getvpn_ops.reports.story_table import run_view
from getvpn_ops.reports.sweep_words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from getvpn_ops.model.plan import Plan
    from getvpn_ops.reports.story import ShownRun

_NAMES = 8
_WORDS = {
    ExitCode.GOOD: ("done: every step was proven by the devices", "bold green"),
    ExitCode.INTERRUPTED: ("interrupted: what was in hand is in a known state", "bold yellow"),
    ExitCode.UNDETERMINED: ("held: something could not be told", "bold yellow"),
    ExitCode.STALE: ("held: devices or files are not as the plan knows them", "bold yellow"),
}


def applied_plain(
    shown: ShownRun, code: ExitCode, reason: str, next_step: str, held: Mapping[str, str]
) -> dict[str, Any]:
    """A run that applied a plan as plain data: ``story.run_plain`` and how it ended.

    Args:
        shown: the run.
        code: of the process.
        reason: why it stopped.
        next_step: what to do about that.
        held: members that were left out, and why.

    Returns:
        What ``run_plain`` gives with kind ``apply``, and ``exit_code``, ``reason``, ``next_step``, ``left_out``.
    """
    return run_plain(shown) | {
        "kind": "apply",
        "exit_code": int(code),
        "reason": reason,
        "next_step": _with_flags(next_step, shown.flags),
        "left_out": dict(held),
    }


def nothing_plain(
    plan: Plan,
    digest: str,
    reason: str = "the plan holds no step",
    next_step: str = "",
    code: ExitCode = ExitCode.GOOD,
) -> dict[str, Any]:
    """A plan that needed no run, for it holds no step, or that gets none, as plain data: see ``applied_plain``."""
    return {
        "schema": SCHEMA,
        "kind": "apply",
        "run": None,
        "plan": {"id": plan.id, "what": plan.what, "digest": digest},
        "steps": [],
        "exit_code": int(code),
        "reason": reason,
        "next_step": next_step,
        "left_out": {},
    }


def applied_view(
    shown: ShownRun, code: ExitCode, reason: str, next_step: str, held: Mapping[str, str]
) -> RenderableType:
    """The same for a person; arguments as of ``applied_plain``."""
    words, style = _WORDS.get(code, ("held: something is wrong", "bold red"))
    if code is ExitCode.INTERRUPTED and shown.story is not None and shown.story.in_hand:
        words = "interrupted: how far a step came is not known yet; it is read when the run is resumed"
    parts: list[RenderableType] = [Text(words, style=style)]
    if reason:
        parts.append(Text(visible(reason), style=style))
    if next_step:
        said = _with_flags(next_step, shown.flags)
        parts.append(command_line(said) if said.startswith("getvpn-ops ") else indented(Text(visible(said))))
    reasons: dict[str, list[str]] = {}
    for name, why in held.items():
        reasons.setdefault(why.removeprefix(f"{name}: ").replace(name, "it"), []).append(name)
    parts += [Text(visible(f"left out: {listed(names, _NAMES)}: {why}"), "yellow") for why, names in reasons.items()]
    return Group(*parts, Text(), run_view(shown))


def _with_flags(next_step: str, flags: str) -> str:
    """A command as it is typed here; the engine does not know of which workspace, or lab, it is part."""
    return next_step + flags if next_step.startswith("getvpn-ops ") and not next_step.endswith(flags) else next_step
