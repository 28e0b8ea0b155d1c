"""The command's root: subcommands, and how an error of ours ends the process."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from getvpn_ops import __version__
from getvpn_ops.cli import explain, lab, parse
from getvpn_ops.cli.output import open_streams, say
from getvpn_ops.dialect.secrets import redact
from getvpn_ops.errors import ExitCode, GetvpnOpsError, NoSuchPageError, ParseFailure, UnknownCommandError

app = typer.Typer(
    name="getvpn-ops",
    help="Fleet manager for Cisco IOS / IOS-XE routers that run GETVPN (GDOI).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"auto_envvar_prefix": "GETVPN_OPS", "help_option_names": ["-h", "--help"]},
)
app.command("parse", short_help="Turn what a router printed into typed state.")(parse.command)
app.command("explain", short_help="Say what a GETVPN log message means and what to look at next.")(explain.command)
app.add_typer(lab.app)


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
    except GetvpnOpsError as exc:
        say(f"error: {exc}", "bold red")
        code = exc.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.GOOD
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as exc:
        if os.environ.get("GETVPN_OPS_DEBUG"):
            raise
        say(f"internal error: {type(exc).__name__}: {redact(str(exc))}", "bold red")
        say("this is a defect of getvpn-ops; set GETVPN_OPS_DEBUG=1 for the traceback")
        code = ExitCode.INTERNAL
    sys.exit(code)
