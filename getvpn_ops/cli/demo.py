"""``getvpn-ops demo``: a whole migration on simulated routers, told as the commands that one types for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from getvpn_ops.cli.demo_site import prepare
from getvpn_ops.cli.kept_plans import LAST, KeptPlans
from getvpn_ops.cli.output import say
from getvpn_ops.cli.workspace import open_kept
from getvpn_ops.errors import ExitCode, StepRefusedError
from getvpn_ops.model.plan import Statement
from getvpn_ops.reports.words import count
from getvpn_ops.settings.mistakes import shown

_PLAYBOOK = "migrate-to-getvpn"
_GROUPS = ("WAN",)
_PRIMARY = "lds-ks1"
_SWITCH = r"^\s*no sa receive-only$"
"""Most stages that wait for a person; more would be a defect."""


class Cutover(StrEnum):
    """Ways to end receive-only."""

    HITLESS = "hitless"
    KEY_SERVERS = "key-servers"


def command(
    *,
    cutover: Annotated[
        Cutover, typer.Option("--cutover", help="hitless loses nothing; key-servers is the guide's way, and loses.")
    ] = Cutover.HITLESS,
    workspace: Annotated[
        Path,
        typer.Option(
            "--workspace",
            "-w",
            envvar="GETVPN_OPS_WORKSPACE",
            help="Folder for the demonstration; made if it is not there.",
        ),
    ] = Path("getvpn-ops-demo"),
    seed: Annotated[int, typer.Option("--seed", help="Of the lab: the same seed gives the same fleet.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab running, to look around.")] = False,
) -> None:
    """Take an invented bank of 27 routers from clear text to GETVPN, over SSH, and count every packet.

    Each command is shown as it is typed. In the middle, right when the primary key server is configured, the lab lets
    another key server take over. Nothing but 127.0.0.1 is used. Exit codes: 0 done, with what was promised; 4 packets
    were lost against the plan's promise; else that of the command that failed.
    """
    root = workspace.absolute()
    prepare(root)
    story = _Story(root)
    began = time.monotonic()
    story.tell("A bank in clear text: 3 key servers, 24 members, routers of 12.4, 15 and IOS-XE 17, and their traffic.")
    story.must("lab", "up", "--configs", "clear", "--seed", str(seed), "-o", "table", lab=False)
    try:
        code = _migrate(story, cutover)
    finally:
        if keep:
            say(f"the lab runs on: cd {shown(root)}; getvpn-ops lab down ends it")
        else:
            story.run("lab", "down", lab=False)
    story.tell(f"All of it took {time.monotonic() - began:.0f} s.")
    raise typer.Exit(code)


def _migrate(story: _Story, cutover: Cutover) -> ExitCode:
    story.tell("Read every router, and plan the whole migration: every stage, line, rekey and way back, before any.")
    plan = ("plan", _PLAYBOOK, *_GROUPS, "--set", f"cutover={cutover}", "-o", "table")
    story.must(*plan)
    kept = KeptPlans(open_kept(story.root, lab=True)).find(LAST).plan
    foretold = [effect for effect in kept.effects if effect.statement is not Statement.HITLESS]
    story.tell(
        "And something to survive: when the primary's own step is typed, after its role was read, another takes over."
    )
    story.must("lab", "fault", _PRIMARY, "election-flip", "--line", _SWITCH, "-o", "table", lab=False)
    words = ["--yes", *(["--accept-loss"] if foretold else [])]
    code = story.run("apply", kept.id, *words, "-o", "table")
    for stage in (item.id for item in kept.stages if item.approval):  # in the order in which they are asked for
        if code != ExitCode.WINDOW:
            break
        story.tell("A person has to say yes here; until then the run holds, and nothing is sent.")
        story.must("approve", "last-apply", stage, "--reason", "the demonstration says so")
        code = story.run("resume", "last-apply", "-o", "table")
    if code != ExitCode.GOOD:
        story.tell("It did not come to its end; the run says why, and what to do next.")
        return ExitCode(code)
    story.tell("What became of the packets, by the lab's own ledger, which knows nothing of the tool:")
    story.must("lab", "ledger", "-o", "table", lab=False)
    story.tell("The report of the run, for the ticket and for those who were not there:")
    story.must("report", "last-apply", "-o", "html", "--out", str(story.root / "report.html"))
    lost = int(story.ask("lab", "ledger", "-o", "json")["totals"]["lost"])
    if cutover is Cutover.HITLESS:
        say(f"lost: {count(lost, 'packet')} of the whole migration", "bold green" if not lost else "bold red")
    else:
        say(f"lost: {count(lost, 'packet')}; the plan had said, and --accept-loss accepted:", "bold yellow")
        for effect in foretold:
            seconds = f"at most {effect.seconds:g} s" if effect.seconds is not None else "for nobody knows how long"
            say(f"  group {effect.group}, {effect.title}: {effect.statement}, {seconds}", "yellow")
    say(f"report: {story.root / 'report.html'}", "bold")
    return ExitCode.FINDINGS if lost and cutover is Cutover.HITLESS else ExitCode.GOOD


class _Story:
    """Types commands of this program, and shows them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._environment = {**os.environ, "GETVPN_OPS_WORKSPACE": str(root)}

    def tell(self, text: str) -> None:
        """A line about what comes."""
        say("")
        say(f"# {text}", "bold cyan")

    def run(self, *words: str, lab: bool = True) -> int:
        """Type a command, and wait for it; its exit code."""
        typed = [*words, *(["--lab"] if lab else [])]
        say(f"$ getvpn-ops {' '.join(_quoted(word) for word in typed)}", "bold")
        command = [sys.executable, "-m", "getvpn_ops", *typed]
        return subprocess.run(command, cwd=self.root, env=self._environment, check=False).returncode  # noqa: S603 -- ourselves

    def must(self, *words: str, lab: bool = True) -> None:
        """The same of a command without which nothing goes on.

        Raises:
            StepRefusedError: it failed.
        """
        if code := self.run(*words, lab=lab):
            msg = f"getvpn-ops {' '.join(words[:2])} ended with exit code {code}: the demonstration ends here"
            raise StepRefusedError(msg)

    def ask(self, *words: str) -> dict[str, Any]:
        """What a command says as data.

        Raises:
            StepRefusedError: it failed.
        """
        done = subprocess.run(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "getvpn_ops", *words],
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError as exc:
            msg = f"getvpn-ops {' '.join(words[:2])} ended with exit code {done.returncode}, and said no data"
            raise StepRefusedError(msg) from exc
        return found


def _quoted(word: str) -> str:
    return f"'{word}'" if set(word) & set(" \\^$*") else word
