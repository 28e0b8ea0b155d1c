"""What ``getvpn-ops.yaml`` may say. Paths are as written; ``Workspace.path`` knows what they are relative to."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

STORE_SCHEMES = ("sqlite", "postgresql+psycopg")
_AUTHOR = re.compile(r"[^<>]*[^<>\s] <[^<>\s]+>")


class Section(BaseModel):
    """Immutable and closed: a typo is a mistake, never a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _one_line(path: Path) -> Path:
    if not str(path).isprintable():
        raise ValueError("a path without control characters")
    return path


WrittenPath = Annotated[Path, AfterValidator(_one_line)]
"""A path as it stands in a file; ``Workspace.path`` makes it absolute."""


def _variable(text: str) -> str:
    if not (text.isascii() and text.isidentifier()):
        raise ValueError("the name of an environment variable")
    return text


class FromEnvironment(Section):
    """A secret in an environment variable.

    Attributes:
        name: of the variable.
    """

    source: Annotated[Literal["environment"], Field(alias="from")] = "environment"
    name: Annotated[str, AfterValidator(_variable)]


class FromFile(Section):
    """A secret in the first line of a file that only its owner can read.

    Attributes:
        path: relative to the workspace.
    """

    source: Annotated[Literal["file"], Field(alias="from")] = "file"
    path: WrittenPath


class FromCommand(Section):
    """A secret on the standard output of a command, such as that of a password safe.

    Attributes:
        argv: program and arguments; there is no shell.
        timeout: seconds it may take.
    """

    source: Annotated[Literal["command"], Field(alias="from")] = "command"
    argv: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    timeout: Annotated[float, Field(gt=0, le=600)] = 30


class FromKeyring(Section):
    """A secret in the keyring of the desktop; needs the extra ``keyring``.

    Attributes:
        service: under which it is kept.
        username: under which it is kept; None is the one that logs in.
    """

    source: Annotated[Literal["keyring"], Field(alias="from")] = "keyring"
    service: Annotated[str, Field(min_length=1)]
    username: str | None = None


class FromPrompt(Section):
    """A secret that is asked for, once a run, where there is a terminal."""

    source: Annotated[Literal["prompt"], Field(alias="from")] = "prompt"


SecretSource = Annotated[
    FromEnvironment | FromFile | FromCommand | FromKeyring | FromPrompt, Field(discriminator="source")
]
"""Where a secret is. Secrets themselves never stand in these settings."""

SECRET_SOURCES: dict[str, type[Section]] = {
    "environment": FromEnvironment,
    "file": FromFile,
    "command": FromCommand,
    "keyring": FromKeyring,
    "prompt": FromPrompt,
}
"""By the word of ``from:``."""


def _proxy_command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError as exc:
        msg = f"a command as a shell would read it ({exc})"
        raise ValueError(msg) from exc
    if not words or not any("%h" in word for word in words):
        raise ValueError("a command with %h and %p in it, such as: ssh -W %h:%p bastion")
    return text


Jump = Annotated[str, AfterValidator(_proxy_command)]
"""A command whose standard input and output lead to ``%h`` port ``%p``, as OpenSSH's ProxyCommand."""

EngineName = Literal["libssh", "paramiko"]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class SshSettings(Section):
    """How devices are reached.

    Attributes:
        engine: SSH library; there is no silent fallback to another one.
        workers: devices in hand at once.
        connect_timeout: seconds until the TCP connection stands and the server has said what it is.
        command_timeout: seconds without an answer after which a command is given up.
        deadline: seconds one device may take in all.
        jump: command that leads to the devices; None is straight.
        retry_dropped: whether a read-only session that dropped is tried once more.
        breaker: how many devices may refuse the login, without one success, before the rest is not tried.
        transcripts: whether each session is written down, redacted, in the state folder.
    """

    engine: EngineName = "libssh"
    workers: Annotated[int, Field(ge=1, le=1000)] = 100
    connect_timeout: Seconds = 10
    command_timeout: Seconds = 60
    deadline: Seconds = 300
    jump: Jump | None = None
    retry_dropped: bool = True
    breaker: Annotated[int, Field(ge=1, le=100)] = 3
    transcripts: bool = False


class SshOverrides(Section):
    """What one host, or inventory group, has otherwise: ``connection_options: getvpn-ops: extras:``.

    None takes the value of ``SshSettings``.
    """

    engine: EngineName | None = None
    jump: Jump | None = None
    connect_timeout: Seconds | None = None
    command_timeout: Seconds | None = None
    deadline: Seconds | None = None


class CredentialSettings(Section):
    """Who logs in, and where the secrets are: the first source that has one gives it.

    Attributes:
        username: where the inventory names none; None is the name of who runs this.
        password: of the login.
        enable: secret of ``enable``; an account that logs in with full privilege needs none.
        key_file: private key, relative to the workspace.
        key_passphrase: of the key file; asked only if the key needs one.
        agent: whether keys of the SSH agent are tried.
    """

    username: Annotated[str, Field(min_length=1)] | None = None
    password: tuple[SecretSource, ...] = (FromEnvironment(name="GETVPN_OPS_PASSWORD"), FromPrompt())
    enable: tuple[SecretSource, ...] = (FromEnvironment(name="GETVPN_OPS_ENABLE"),)
    key_file: WrittenPath | None = None
    key_passphrase: tuple[SecretSource, ...] = (FromEnvironment(name="GETVPN_OPS_KEY_PASSPHRASE"), FromPrompt())
    agent: bool = False


class HealthSettings(Section):
    """How much a health check looks at.

    Attributes:
        interval: seconds between the two samples of counters.
        sample: how many members ``--depth sample`` asks beyond the suspicious ones.
    """

    interval: Annotated[float, Field(ge=1, le=3600)] = 30
    sample: Annotated[int, Field(ge=0, le=100_000)] = 20


class ChangeSettings(Section):
    """How carefully devices are changed.

    Attributes:
        expires: hours that a plan can be applied for.
        at_once: members in hand at once; a key server always stands alone.
        budget: members that may fail before no more are begun.
        revert: minutes of the timer on a member that takes a step back if nobody confirms it; 0: none.
        before_rekey: seconds before a rekey of a key server, or its pseudotime's, in which it is not configured.
        convergence: most seconds to wait for a rekey to reach everyone, beyond the spread that is predicted.
        registration: most seconds to wait for one member to register again.
        poll: seconds between two looks at devices while waiting.
    """

    expires: Annotated[float, Field(gt=0, le=168)] = 4
    at_once: Annotated[int, Field(ge=1, le=1000)] = 10
    budget: Annotated[int, Field(ge=0, le=100_000)] = 0
    revert: Annotated[int, Field(ge=0, le=120)] = 5
    before_rekey: Annotated[float, Field(ge=30, le=3600)] = 120
    convergence: Annotated[float, Field(ge=0, le=3600)] = 60
    registration: Annotated[float, Field(ge=10, le=3600)] = 120
    poll: Annotated[float, Field(ge=1, le=600)] = 10


class RetentionSettings(Section):
    """How long results are kept; the newest run always is.

    Attributes:
        runs: how many.
        days: how old, in days.
    """

    runs: Annotated[int, Field(ge=1)] = 200
    days: Annotated[int, Field(ge=1)] = 90


def _author(text: str) -> str:
    if not _AUTHOR.fullmatch(text) or not text.isprintable():
        raise ValueError("a name and an address, such as: Network Operations <noc@example.net>")
    return text


class BackupSettings(Section):
    """Where configurations are backed up to, and what becomes of the secrets in them.

    Attributes:
        folder: git repository, relative to the workspace; made with the first backup.
        secrets: ``redact`` writes a placeholder in place of each; ``seal`` encrypts each in its place, so that a
            restore has it.
        key_file: that seals: 32 bytes or more, which only its owner can read. Who has it and the repository has the
            secrets; who loses it has none of them.
        author: of the commits, ``NAME <ADDRESS>``; None is whoever runs this.
    """

    folder: WrittenPath = Path("backups")
    secrets: Literal["redact", "seal"] = "redact"
    key_file: WrittenPath | None = None
    author: Annotated[str, AfterValidator(_author)] | None = None

    @model_validator(mode="after")
    def _sealed_with_a_key(self) -> Self:
        if self.secrets == "seal" and self.key_file is None:
            raise ValueError("a key_file, as secrets: seal needs one")
        return self


def _store_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in STORE_SCHEMES:
        raise ValueError("null, sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
    if parts.scheme == "sqlite" and (parts.netloc or parts.path.lstrip("/") in {"", ":memory:"}):
        raise ValueError("sqlite:///FILE")
    if parts.password is not None or any("password" in key.lower() for key, _ in parse_qsl(parts.query)):
        raise ValueError("a URL without a password in it: say where it is under store_password")
    return text


def _clock(text: str) -> str:
    if text != "system" and not (text.startswith("unix:") and text.removeprefix("unix:")):
        raise ValueError("system or unix:PATH")
    return text


def _by_name(sources: tuple[SecretSource, ...]) -> tuple[SecretSource, ...]:
    for source in sources:
        if isinstance(source, FromPrompt):
            raise ValueError("environment, file, command or keyring: nobody is asked for the keys of a fleet")  # noqa: TRY004
        words = source.model_dump(exclude={"source"})
        if not isinstance(source, FromEnvironment) and "{name}" not in str(words):
            raise ValueError("{name} in path, argv, service or username: where the secret of that name is")
    return sources


_NOTHING_SAID = BeforeValidator(lambda value: {} if value is None else value)
"""A section of which every line is commented out is the default."""


class Settings(Section):
    """All of ``getvpn-ops.yaml``; every key has a default.

    Attributes:
        schema_version: of this file; ``schema`` in it.
        inventory: folder of a Nornir SimpleInventory (``hosts.yaml``, ``groups.yaml``, ``defaults.yaml``) and of
            ``gdoi_groups/``.
        nornir: a Nornir configuration file whose inventory plugin gives the hosts instead; ``gdoi_groups/`` still lies
            in ``inventory``.
        store: URL of the database; None is a file in the state folder.
        store_password: of the database; none is needed where the server lets the user in without.
        known_hosts: pinned host keys; None is a file in the state folder.
        clock: ``system``, or ``unix:PATH`` of a lab's socket.
        ssh: how devices are reached.
        credentials: who logs in.
        secrets: where what intents name is, such as pre-shared keys: ``{name}`` in a source is the name. A variable is
            called NAME_ and the secret's name in capitals, with ``_`` for all but letters and digits.
        health: how much a health check looks at.
        change: how carefully devices are changed.
        retention: how long results are kept.
        backup: where configurations are backed up to.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    inventory: WrittenPath = Path("inventory")
    nornir: WrittenPath | None = None
    store: Annotated[str, AfterValidator(_store_url)] | None = None
    store_password: tuple[SecretSource, ...] = ()
    known_hosts: WrittenPath | None = None
    clock: Annotated[str, AfterValidator(_clock)] = "system"
    ssh: Annotated[SshSettings, _NOTHING_SAID] = SshSettings()
    credentials: Annotated[CredentialSettings, _NOTHING_SAID] = CredentialSettings()
    secrets: Annotated[tuple[SecretSource, ...], AfterValidator(_by_name)] = ()
    health: Annotated[HealthSettings, _NOTHING_SAID] = HealthSettings()
    change: Annotated[ChangeSettings, _NOTHING_SAID] = ChangeSettings()
    retention: Annotated[RetentionSettings, _NOTHING_SAID] = RetentionSettings()
    backup: Annotated[BackupSettings, _NOTHING_SAID] = BackupSettings()
