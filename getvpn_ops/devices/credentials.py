"""Who logs in to a device, and by what: the credential chain of the settings, asked once for the whole fleet.

A secret never leaves ``SecretStr`` here, and every one that comes by is made known to the redactor first.
"""

from __future__ import annotations

import getpass
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.secret_sources import Given, Nothing, is_encrypted, look, private, unfit
from getvpn_ops.devices.terms import Login, SessionError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.settings import FromPrompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pydantic import SecretStr

    from getvpn_ops.devices.inventory import Access
    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.settings import SecretSource, Workspace


@dataclass(frozen=True, slots=True)
class _Found:
    """What a chain gave: a secret, or why there is none."""

    secret: SecretStr | None = None
    reasons: tuple[str, ...] = ()


class Credentials:
    """Logins of a fleet. Safe to use from many threads; each source is asked once."""

    def __init__(
        self, workspace: Workspace, redactor: Redactor, ask: Callable[[str], SecretStr | None] | None = None
    ) -> None:
        """Nothing is read or asked yet.

        Args:
            workspace: whose settings name the sources.
            redactor: is told every secret before anyone else gets it.
            ask: asks a person for a secret, with the words of the question; None where there is nobody.
        """
        self._workspace = workspace
        self._settings = workspace.settings.credentials
        self._redactor = redactor
        self._ask = ask
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], _Found] = {}

    def prepare(self, devices: Iterable[tuple[str, Access]]) -> None:
        """Look for every secret that these devices need: questions come now, and not amid a sweep.

        Args:
            devices: names, and how the inventory says they are reached. What is missing is told by ``login``.
        """
        for name, access in devices:
            try:
                self.login(name, access)
            except SessionError:
                continue

    def login(self, device: str, access: Access) -> Login:
        """Who logs in to a device.

        What the inventory says of the device goes before the settings. Where a key or an agent may log in, nobody is
        asked for a password, which other sources may still give.

        Args:
            device: its name in the inventory.
            access: how the inventory says it is reached.

        Raises:
            SessionError: NO_CREDENTIALS; says where was looked.
        """
        username = access.username or self._settings.username or _who_runs_this()
        self._redactor.know(access.password, device=device)
        key_file, passphrase, reasons = self._key(username)
        has_key = key_file is not None or self._settings.agent
        password = access.password
        if password is not None and (wrong := unfit(password.get_secret_value())):
            raise SessionError(
                Trouble.NO_CREDENTIALS, f"the password in the inventory holds {wrong}", "write it in one line of text"
            )
        if password is None:
            found = self._look("password", username, self._settings.password, ask=not has_key)
            password, reasons = found.secret, (*reasons, *found.reasons)
        if password is None and not has_key:
            raise SessionError(
                Trouble.NO_CREDENTIALS,
                f"nothing gives a password for {username!r}: {'; '.join(reasons) or 'no source is set'}",
                "name a source under `credentials: password:` of getvpn-ops.yaml, or set GETVPN_OPS_PASSWORD",
            )
        return Login(
            username=username,
            password=password,
            enable=self._look("enable secret", username, self._settings.enable).secret,
            key_file=key_file,
            key_passphrase=passphrase,
            use_agent=self._settings.agent,
        )

    def store_password(self) -> SecretStr | None:
        """Password of the database; None where no source gives one: then the server may let the user in without."""
        return self._look("password of the store", "the store", self._workspace.settings.store_password).secret

    def _key(self, username: str) -> tuple[Path | None, SecretStr | None, tuple[str, ...]]:
        """The key file, its passphrase, and why it cannot be used."""
        if self._settings.key_file is None:
            return None, None, ()
        path = self._workspace.path(self._settings.key_file)
        try:
            private(path)
            locked = is_encrypted(path)
        except Nothing as exc:
            return None, None, (f"key {exc}",)
        if not locked:
            return path, None, ()
        found = self._look("passphrase of the key", username, self._settings.key_passphrase)
        if found.secret is None:
            return None, None, (f"nothing gives the passphrase of {path}: {'; '.join(found.reasons)}",)
        return path, found.secret, ()

    def _look(self, what: str, username: str, sources: tuple[SecretSource, ...], *, ask: bool = True) -> _Found:
        """The first secret of a chain."""
        with self._lock:  # two devices must not ask a person twice
            if (what, username) not in self._found:
                self._found[what, username] = self._walk(what, username, sources, ask=ask)
            return self._found[what, username]

    def _walk(self, what: str, username: str, sources: tuple[SecretSource, ...], *, ask: bool) -> _Found:
        reasons = []
        for source in sources:
            try:
                if isinstance(source, FromPrompt):
                    if not ask:
                        continue
                    secret = self._prompt(what, username)
                else:
                    secret = look(source, self._given(username))
            except Nothing as exc:
                reasons.append(str(exc))
                continue
            self._redactor.know(secret)
            return _Found(secret)
        return _Found(None, tuple(reasons))

    def _prompt(self, what: str, username: str) -> SecretStr:
        answer = self._ask(f"{what} of {username}: ") if self._ask is not None else None
        if answer is None:
            raise Nothing("there is no terminal to ask at")
        if not answer.get_secret_value():
            raise Nothing("the answer was empty")
        if wrong := unfit(answer.get_secret_value()):
            msg = f"the answer holds {wrong}"
            raise Nothing(msg)
        return answer

    def _given(self, username: str) -> Given:
        own = self._settings
        chains = (own.password, own.enable, own.key_passphrase, self._workspace.settings.store_password)
        withheld = frozenset(source.name for chain in chains for source in chain if source.source == "environment")
        return Given(self._workspace.path, self._workspace.root, username, withheld)


def _who_runs_this() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as exc:  # a container whose user has no name
        raise SessionError(
            Trouble.NO_CREDENTIALS,
            "nothing names who logs in",
            "set `credentials: username:` in getvpn-ops.yaml, or `username:` in the inventory",
        ) from exc
