"""``getvpn-ops init``: a workspace from a few questions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from getvpn_ops.cli import skeleton
from getvpn_ops.cli.inventory import import_hosts
from getvpn_ops.cli.output import say
from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.devices.inventory.write import hosts_text
from getvpn_ops.errors import UsageError
from getvpn_ops.reports.words import count
from getvpn_ops.settings import Settings, SshSettings, Workspace
from getvpn_ops.settings.mistakes import shown
from getvpn_ops.settings.workspace import FILE

T = TypeVar("T")

_ACCESS_HELP = (
    "How the password is given: prompt, environment:NAME, file:PATH, command:PROGRAM ..., keyring:SERVICE, agent or "
    "key:PATH. Never the password itself."
)


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace; made if it is not there.")],
    *,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="A table of hosts to start with; see inventory import.")
    ] = None,
    username: Annotated[str | None, typer.Option("--username", "-u", help="Who logs in to the routers.")] = None,
    password_from: Annotated[str | None, typer.Option("--password-from", help=_ACCESS_HELP)] = None,
    jump: Annotated[
        str | None,
        typer.Option("--jump", "-J", help="Jump host on the way to the routers: [USER@]HOST, or a whole command."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the defaults.")] = False,
) -> None:
    """Make a workspace: settings, inventory, GDOI groups, playbooks, and a private folder for results.

    It asks what is not given as an option: hosts, user, where the password is, jump host. Nothing that exists is
    written over. Exit codes: 0 made; 2 there is a workspace already, or an answer is wrong.
    """
    workspace = Workspace(folder.absolute(), Settings())
    if workspace.file.exists():
        msg = f"{shown(workspace.file)} is there already: this is a workspace"
        raise UsageError(msg)
    if not yes and not sys.stdin.isatty():
        raise UsageError("there is nobody to ask: add --yes, and the options that differ from the defaults")
    ask = _Questions(silent=yes)
    table = ask("Table of hosts as CSV (empty: none yet)", "", csv, lambda text: Path(text) if text else None)
    settings = Settings()
    user = ask("User who logs in (empty: whoever runs this)", "", username, lambda text: text or None)
    access = ask(
        "Where the password is", "prompt", password_from, lambda text: _password(text, settings)
    ).credentials.model_copy(update={"username": user})
    ssh = ask("Jump host (empty: none)", "", jump, _ssh)
    settings = settings.model_copy(update={"credentials": access, "ssh": ssh})
    made = _Writer(workspace.root)
    hosts, notes = ({}, []) if table is None else import_hosts(table, workspace.inventory)
    _write(made, workspace, settings, hosts)
    for note in notes:
        say(note, "yellow")
    say(f"{shown(workspace.root)}: {', '.join(made.written)}")
    for name in made.left:
        say(f"{name} was there already, and stays as it is", "yellow")
    if hosts:
        say(f"{count(len(hosts), 'host')} taken from {shown(table)}" if table else "")
    say(f"next: write hosts into {shown(workspace.inventory / 'hosts.yaml')}" if not hosts else "next:")
    for step in ("inventory check", "hostkeys pin", "doctor", "playbook list"):
        say(f"  getvpn-ops {step} -w {shown(workspace.root)}")


def _write(made: _Writer, workspace: Workspace, settings: Settings, hosts: dict[str, dict[str, object]]) -> None:
    inventory = settings.inventory
    text = skeleton.HOSTS_HEAD + (f"\n{hosts_text(hosts)}" if hosts else skeleton.HOSTS_EXAMPLE)
    made.file(inventory / "hosts.yaml", text)
    made.file(inventory / "groups.yaml", skeleton.GROUPS)
    made.file(inventory / "defaults.yaml", skeleton.DEFAULTS)
    groups = load_folder(workspace.inventory).inventory if hosts else None
    for name in groups.group_names() if groups else ():
        if groups is not None and name not in groups.gdoi_groups:
            servers = [item.name for item in groups.key_servers(name)]
            made.file(inventory / "gdoi_groups" / f"{name}.yaml", skeleton.group_text(name, servers))
    if groups is None or not groups.group_names():
        made.file(inventory / "gdoi_groups" / "WAN.yaml", skeleton.GROUP_EXAMPLE)
    made.folder(Path("playbooks"))
    made.file(Path(".gitignore"), skeleton.GITIGNORE)
    workspace.prepare()
    made.file(Path(FILE), skeleton.settings_text(settings))  # last: it makes the folder a workspace


class _Writer:
    """Writes what is not there yet, and remembers."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.written: list[str] = []
        self.left: list[str] = []

    def file(self, name: Path, text: str) -> None:
        """Write a file, unless there is one.

        Raises:
            UsageError: it cannot be written.
        """
        path = self._root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            self.written.append(str(name))
        except FileExistsError:
            self.left.append(str(name))
        except OSError as exc:
            msg = f"cannot write {shown(path)}: {exc.strerror}"
            raise UsageError(msg) from exc

    def folder(self, name: Path) -> None:
        """Make a folder, unless there is one.

        Raises:
            UsageError: it cannot be made.
        """
        path = self._root / name
        try:
            if not path.is_dir():
                path.mkdir(parents=True)
                self.written.append(f"{name}/")
        except OSError as exc:
            msg = f"cannot make the folder {shown(path)}: {exc.strerror}"
            raise UsageError(msg) from exc


class _Questions:
    """Asks on stderr; an answer that is wrong is asked for again, and an option that is wrong ends the command."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def __call__(self, text: str, usual: str, given: str | Path | None, read: Callable[[str], T]) -> T:
        """One answer.

        Raises:
            UsageError: the option says something wrong.
        """
        if given is not None or self._silent:
            try:
                return read(usual if given is None else str(given))
            except ValueError as exc:
                raise UsageError(str(exc)) from exc
        while True:
            answer = typer.prompt(text, default=usual, show_default=bool(usual), err=True)
            try:
                return read(str(answer).strip())
            except ValueError as exc:
                say(str(exc), "yellow")


def _password(text: str, settings: Settings) -> Settings:
    return settings.model_copy(update={"credentials": skeleton.credentials_from(text, settings.credentials)})


def _ssh(text: str) -> SshSettings:
    """``bastion`` and ``me@bastion`` are OpenSSH's business; a command is taken as it is."""
    if not text:
        return SshSettings()
    template = text if "%h" in text else f"ssh -W %h:%p {text}"
    if "%h" not in text and (text.startswith("-") or len(text.split()) > 1):
        msg = f"--jump: expected [USER@]HOST, or a command with %h and %p in it, found {text!r}"
        raise ValueError(msg)
    try:
        return SshSettings(jump=template)
    except ValidationError as exc:
        said = exc.errors()[0].get("ctx", {}).get("error", "a command with %h and %p in it")
        msg = f"--jump: expected {said}"
        raise ValueError(msg) from exc
