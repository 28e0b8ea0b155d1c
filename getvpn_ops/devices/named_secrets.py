"""Secrets that an intent names, such as pre-shared keys: out of the sources under ``secrets:`` of the settings."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.devices.secret_sources import Given, Nothing, look
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.settings import FromCommand, FromEnvironment, FromFile, FromKeyring

if TYPE_CHECKING:
    from pydantic import SecretStr

    from getvpn_ops.devices.redaction import Redactor
    from getvpn_ops.settings import SecretSource, Workspace

_NAME = "{name}"
_NO_LETTER = re.compile(r"[^A-Za-z0-9]")
_SPACE = re.compile(r"\s")
_Source = TypeVar("_Source", FromCommand, FromEnvironment, FromFile, FromKeyring)


class NamedSecrets:
    """Looks for secrets by name; each is looked for once, and made known to the redactor."""

    def __init__(self, workspace: Workspace, redactor: Redactor) -> None:
        """Nothing is read yet.

        Args:
            workspace: whose settings name the sources.
            redactor: is told every secret before anyone else gets it.
        """
        self._workspace = workspace
        self._redactor = redactor
        self._found: dict[str, Secret | None] = {}
        self._why: dict[str, str] = {}

    @property
    def is_asked(self) -> bool:
        """Whether there is any source. Without one the intent gives names alone."""
        return bool(self._workspace.settings.secrets)

    def resolve(self, name: str) -> Secret | None:
        """The secret of a name; None if no source has it: ``why_not`` says why."""
        if name not in self._found:
            self._found[name] = self._walk(name)
        return self._found[name]

    def why_not(self, name: str) -> str:
        """Why there is no secret of a name; without it."""
        return self._why.get(name, "" if self._found.get(name) else "`secrets:` of getvpn-ops.yaml names no source")

    def _walk(self, name: str) -> Secret | None:
        reasons = []
        for source in self._workspace.settings.secrets:
            try:
                found = look(_named(source, name), self._given())
            except Nothing as exc:
                reasons.append(str(exc))
                continue
            if wrong := _unfit(found):
                reasons.append(wrong)
                continue
            # of a device that is none: texts of a fleet are searched by pattern, not for each of its thousand keys
            self._redactor.know(found, device=f"the secret {name}")
            return Secret.of("isakmp-key", found.get_secret_value())
        if reasons:
            self._why[name] = "; ".join(reasons)
        return None

    def _given(self) -> Given:
        own, settings = self._workspace.settings.credentials, self._workspace.settings
        chains = (own.password, own.enable, own.key_passphrase, settings.store_password)
        logins = {source.name for chain in chains for source in chain if isinstance(source, FromEnvironment)}
        prefixes = tuple(f"{source.name}_" for source in settings.secrets if isinstance(source, FromEnvironment))
        withheld = logins | {name for name in os.environ if name.startswith(prefixes)}
        return Given(self._workspace.path, self._workspace.root, "getvpn-ops", frozenset(withheld))


def _unfit(secret: SecretStr) -> str:
    """Why a text cannot be a key in a line of a configuration; empty if it can."""
    text = secret.get_secret_value()
    if _SPACE.search(text) or "?" in text:
        return "what its source gives holds a blank or a question mark, which no key can"
    return ""


def _named(source: SecretSource, name: str) -> SecretSource:
    """A source with the name of a secret put in."""
    if isinstance(source, FromEnvironment):
        return _with(source, name=f"{source.name}_{_NO_LETTER.sub('_', name).upper()}")
    if isinstance(source, FromFile):
        return _with(source, path=Path(str(source.path).replace(_NAME, name)))
    if isinstance(source, FromCommand):
        return _with(source, argv=tuple(word.replace(_NAME, name) for word in source.argv))
    if isinstance(source, FromKeyring):
        username = None if source.username is None else source.username.replace(_NAME, name)
        return _with(source, service=source.service.replace(_NAME, name), username=username)
    return source


def _with(source: _Source, **fields: object) -> _Source:
    return source.model_copy(update=fields)
