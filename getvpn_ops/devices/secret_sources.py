"""Where secrets are kept, apart from people's heads: environment, file, command, keyring. One function for each."""

from __future__ import annotations

import base64
import binascii
import getpass
import os
import stat
import subprocess
import warnings
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from pydantic import SecretStr

from getvpn_ops.settings import FromCommand, FromEnvironment, FromFile, FromKeyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST = 64 * 1024  # bytes of a file or an answer; a secret is shorter
_OTHERS = 0o077
_CONTROLS = frozenset(map(chr, (*range(32), 127)))
_OPENSSH = b"openssh-key-v1\0"


class Nothing(Exception):  # noqa: N818 -- a source that has nothing is no error: the next one is asked
    """A source has no secret; says why, without it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a source may need to know.

    Attributes:
        path: makes a path of the settings absolute.
        folder: where commands are started: that of the workspace.
        username: who will log in.
        withheld: variables that a command does not get.
    """

    path: Callable[[Path], Path]
    folder: Path
    username: str
    withheld: frozenset[str] = frozenset()


@singledispatch
def look(source: object, given: Given) -> SecretStr:
    """The secret of a source.

    Args:
        source: of the settings; any but a prompt.
        given: what it may need.

    Raises:
        Nothing: it has none, or may not be used.
    """
    msg = f"a source of an unknown kind: {type(source).__name__}, for {given.username}"
    raise TypeError(msg)


@look.register
def _environment(source: FromEnvironment, _given: Given) -> SecretStr:
    value = os.environ.get(source.name)
    if value is None:
        msg = f"{source.name} is not set"
        raise Nothing(msg)
    return _secret(value, source.name)


@look.register
def _file(source: FromFile, given: Given) -> SecretStr:
    path = given.path(source.path)
    return _secret(_first_line(private(path), str(path)), str(path))


@look.register
def _command(source: FromCommand, given: Given) -> SecretStr:
    name = source.argv[0]
    environment = {key: value for key, value in os.environ.items() if key not in given.withheld}
    try:
        done = subprocess.run(  # noqa: S603 -- the command is the user's own, and there is no shell
            source.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may hold anything
            timeout=source.timeout,
            cwd=given.folder,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        msg = f"command {name} did not end within {source.timeout:g} s"
        raise Nothing(msg) from None  # the exception holds what it printed
    except (OSError, ValueError) as exc:
        msg = f"command {name} cannot be started: {getattr(exc, 'strerror', None) or type(exc).__name__}"
        raise Nothing(msg) from None
    if done.returncode:
        msg = f"command {name} ended with code {done.returncode}; run it by hand to see why"
        raise Nothing(msg)
    return _secret(_first_line(done.stdout, f"command {name}"), f"command {name}")


@look.register
def _keyring(source: FromKeyring, given: Given) -> SecretStr:
    username = source.username or given.username
    try:
        import keyring  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError:
        raise Nothing("the keyring needs: pip install 'getvpn-ops[keyring]'") from None
    try:
        value = keyring.get_password(source.service, username)
    except Exception as exc:  # noqa: BLE001 -- a keyring is anyone's code, and what it raises may quote anything
        msg = f"the keyring cannot be used: {type(exc).__name__}"
        raise Nothing(msg) from None
    if value is None:
        msg = f"the keyring has nothing for {username!r} under {source.service!r}"
        raise Nothing(msg)
    return _secret(value, "the keyring")


def _secret(value: str, where: str) -> SecretStr:
    if not value:
        msg = f"{where} is empty"
        raise Nothing(msg)
    if wrong := unfit(value):
        msg = f"{where} holds {wrong}"
        raise Nothing(msg)
    return SecretStr(value)


def unfit(secret: str) -> str:
    """Why a secret cannot be sent to a device; empty if it can. What stands behind a line's end would be a command."""
    if _CONTROLS & set(secret):
        return "control characters, such as the end of a line"
    try:
        secret.encode()
    except UnicodeEncodeError:
        return "no text in UTF-8"
    return ""


def _first_line(data: bytes, where: str) -> str:
    try:
        return data.split(b"\n", 1)[0].rstrip(b"\r").decode()
    except UnicodeDecodeError:
        msg = f"{where} holds no text in UTF-8"
        raise Nothing(msg) from None


def private(path: Path) -> bytes:
    """What stands in a file that nobody else can read.

    Raises:
        Nothing: it cannot be read, or others could.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would keep us waiting
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                msg = f"{path} is no file"
                raise Nothing(msg)
            if found.st_uid not in {os.geteuid(), 0}:
                msg = f"{path} belongs to someone else"
                raise Nothing(msg)
            if found.st_mode & _OTHERS:
                msg = f"others can use {path} (mode {stat.S_IMODE(found.st_mode):04o}): chmod 600 it"
                raise Nothing(msg)
            return file.read(_MOST)
    except OSError as exc:
        msg = f"{path} cannot be read: {exc.strerror}"
        raise Nothing(msg) from None


def is_encrypted(path: Path) -> bool:
    """Whether a private key needs a passphrase.

    Raises:
        Nothing: it cannot be read, or is no private key.
    """
    data = private(path)
    if b"PRIVATE KEY-----" not in data:
        msg = f"{path} is no private key"
        raise Nothing(msg)
    if b"ENCRYPTED" in data:  # PEM and PKCS #8 say so
        return True
    body = b"".join(line for line in data.splitlines() if line and not line.startswith(b"-----"))
    try:
        blob = base64.b64decode(body)
    except binascii.Error:
        return False
    cipher = blob[len(_OPENSSH) + 4 :][:4]
    return blob.startswith(_OPENSSH) and cipher != b"none"


def ask_terminal(question: str) -> SecretStr | None:
    """Ask the person at the terminal, without an echo; None if there is no terminal.

    Raises:
        Nothing: the terminal would show what is typed, or it was no text.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # getpass would go on, with an echo
            return SecretStr(getpass.getpass(question))
    except EOFError:
        return None
    except getpass.GetPassWarning:
        raise Nothing("the terminal would show what is typed") from None
    except UnicodeError:
        raise Nothing("what was typed is no text in the terminal's encoding") from None
