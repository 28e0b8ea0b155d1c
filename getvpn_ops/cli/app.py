"""The command's root: subcommands, and how an error of ours ends the process."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from getvpn_ops import __version__
from getvpn_ops.cli.lazy import PREFIX, Lazy, commands_of
from getvpn_ops.cli.output import open_streams, say
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.errors import DefectError, ExitCode, GetvpnOpsError, NoSuchPageError, ParseFailure, UnknownCommandError

COMMANDS = {
    "init": Lazy("getvpn_ops.cli.init", "command", "Make a workspace from a few questions."),
    "inventory": Lazy("getvpn_ops.cli.inventory", "app", "Which devices there are, and whether that is written right."),
    "hostkeys": Lazy("getvpn_ops.cli.hostkeys", "app", "Which keys devices must show before anything is sent."),
    "doctor": Lazy("getvpn_ops.cli.sweeps", "doctor", "What this program needs on each device, and how to give it."),
    "adopt": Lazy("getvpn_ops.cli.adopt", "command", "Learn inventory data and intent from running routers."),
    "collect": Lazy("getvpn_ops.cli.sweeps", "collect", "Ask the devices, and keep what they say."),
    "health": Lazy("getvpn_ops.cli.sweeps", "health", "Whether the encrypted WAN is healthy, and why not."),
    "diagnose": Lazy("getvpn_ops.cli.diagnose", "command", "Why a group or a device is not well: causes in order."),
    "certificates": Lazy("getvpn_ops.cli.certificates", "command", "Whose certificates end when, and who renews them."),
    "runs": Lazy("getvpn_ops.cli.runs", "app", "What was looked at or changed, when, and how it ended."),
    "config": Lazy("getvpn_ops.cli.config", "app", "What routers should hold, and how what they run differs."),
    "acl": Lazy("getvpn_ops.cli.acl", "app", "Proofs about access lists: what they do to every packet."),
    "playbook": Lazy("getvpn_ops.cli.playbook", "app", "Migrations and drills: which there are, and what each does."),
    "plan": Lazy("getvpn_ops.cli.plan", "app", "What would be typed on which devices, and what it would do."),
    "apply": Lazy("getvpn_ops.cli.apply", "apply", "Put a plan that was shown on devices."),
    "resume": Lazy("getvpn_ops.cli.apply", "resume", "Go on with a run that was interrupted, held or killed."),
    "report": Lazy("getvpn_ops.cli.report", "command", "A run on paper: stages, evidence, pictures, what is left."),
    "show": Lazy("getvpn_ops.cli.show", "command", "How far a run came, and what to do next."),
    "approve": Lazy("getvpn_ops.cli.approve", "command", "Say yes to a stage of a playbook that waits for a person."),
    "hold": Lazy("getvpn_ops.cli.hold", "hold", "Ask a run under way to stop after what it has in hand."),
    "promote": Lazy("getvpn_ops.cli.hold", "promote", "End a soak early; its gates are still asked."),
    "abort": Lazy("getvpn_ops.cli.hold", "abort", "End a run for good: nobody resumes it."),
    "rollback": Lazy("getvpn_ops.cli.rollback", "command", "Take a run back, stage after stage, or in an emergency."),
    "unlock": Lazy("getvpn_ops.cli.unlock", "command", "Take a lease from a run that does not give it back."),
    "backup": Lazy("getvpn_ops.cli.backup", "app", "Configurations of the fleet in git, and what changed in them."),
    "parse": Lazy("getvpn_ops.cli.parse", "command", "Turn what a router printed into typed state."),
    "explain": Lazy("getvpn_ops.cli.explain", "command", "What a check or a log message means, and what to do."),
    "lab": Lazy("getvpn_ops.cli.lab", "app", "A fleet of simulated routers on this machine."),
    "demo": Lazy("getvpn_ops.cli.demo", "command", "A whole migration on simulated routers, every packet counted."),
}
"""In the order in which a newcomer needs them."""

app = typer.Typer(
    name="getvpn-ops",
    cls=commands_of(COMMANDS),
    help="Fleet manager for Cisco IOS / IOS-XE routers that run GETVPN (GDOI).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:  # noqa: FBT001 -- the signature of a Typer callback
    if asked:
        typer.echo(f"getvpn-ops {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, allow_from_autoenv=False, help="Show the version."),
    ] = False,
) -> None:
    """Fleet manager for Cisco IOS / IOS-XE routers that run GETVPN (GDOI)."""
    del version  # its callback has ended the process


def main() -> NoReturn:
    """Run the command; every error of ours ends with a message for a person and its exit code."""
    code = ExitCode.GOOD
    open_streams()
    if os.environ.get("GETVPN_OPS_DEBUG"):
        logging.basicConfig()
    try:
        app(standalone_mode=True)
    except (UnknownCommandError, NoSuchPageError) as exc:
        say(f"error: {exc}", "bold red")
        for near in exc.nearest:
            say(f"  did you mean: {near}")
        verb = "parse" if isinstance(exc, UnknownCommandError) else "explain"
        say(f"see what is known: getvpn-ops {verb} --list")
        code = exc.exit_code
    except ParseFailure as exc:
        say(f"could not be determined: {exc}", "bold red")
        code = exc.exit_code
    except DefectError as exc:
        code = _defect(str(exc))
    except GetvpnOpsError as exc:
        say(f"error: {exc}", "bold red")
        code = exc.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as exc:  # also a BrokenPipeError: those of standard output ended where it was written
        if os.environ.get("GETVPN_OPS_DEBUG"):
            raise
        if isinstance(exc, OSError) and exc.strerror and isinstance(exc.filename, str):  # it is of the machine
            say(f"error: cannot use {exc.filename}: {exc.strerror}", "bold red")
            code = ExitCode.USAGE
        else:
            code = _defect(f"{type(exc).__name__}: {redact(str(exc))}")
    sys.exit(code)


def _defect(said: str) -> ExitCode:
    say(f"internal error: {said}", "bold red")
    say("this is a defect of getvpn-ops; set GETVPN_OPS_DEBUG=1 for the traceback")
    return ExitCode.INTERNAL
