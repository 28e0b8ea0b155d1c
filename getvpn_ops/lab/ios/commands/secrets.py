"""Dialogs about users, the master key, and public keys for logins."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.identity import accounts
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say, sure

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.session.shell import Shell

_LEAST, _MOST = 8, 127
_QUESTION = (
    "This operation will remove all username related configurations with same name.Do you want to continue? [confirm]"
)
_LENGTH = 4  # bytes of a length in a public key of SSH


def no_username(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``no username U ...``: the whole user goes, whatever else is typed."""
    top = shell.router.running.top
    name = words[2] if words[0] == "no" else words[1]
    if not any(f"{line.text} ".startswith(f"username {name} ") for line in top.lines):
        return
    if shell.router.release.family != "12.4":
        answer = str((yield Ask(_QUESTION, one_key=True)))
        if answer.lower() not in {"", "y"}:
            return
    top.keep([line for line in top.lines if not f"{line.text} ".startswith(f"username {name} ")])


def config_key(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``key config-key password-encrypt [KEY]``: the key that covers pre-shared keys; it is never shown."""
    running = shell.router.running
    typed = words[3] if len(words) > 3 else ""  # noqa: PLR2004 -- key config-key password-encrypt
    if not typed:
        if running.master_key is not None and (yield Ask("Old key: ", hidden=True)) != running.master_key:
            yield Say("% Old key does not match.\n")
            return
        typed = yield Ask("New key: ", hidden=True)
        if typed != (yield Ask("Confirm key: ", hidden=True)):
            yield Say("% Keys do not match.\n")
            return
    if not _LEAST <= len(typed) <= _MOST:
        yield Say(f"% Invalid key length. The key must be {_LEAST} to {_MOST} characters long.\n")
        return
    accounts.change_master(running, typed)


def no_config_key(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``no key config-key password-encrypt``: what it covers is lost."""
    yield Say("WARNING: All type 6 encrypted keys will become unusable.\n")
    if (yield from sure("Continue with master key deletion ? [yes/no]: ")):
        shell.router.running.master_key = None


def key_string(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``key-string``: a public key in base64, over several lines until ``exit``; its hash is what is kept."""
    prompt = f"{shell.router.name[:20]}(conf-ssh-pubkey-data)#"
    lines = list(words[1:])
    while True:
        line = str((yield Ask(prompt))).strip()
        if line.lower() in {"exit", "end", "quit"}:
            break
        lines.append(line)
    parts = " ".join(lines).split()
    comment = ""
    if parts and parts[0].startswith("ssh-"):
        # KEY and COMMENT may have been broken into several lines; the key ends where base64 does
        parts = parts[1:]
        if len(parts) > 1 and ("@" in parts[-1] or _blob(parts[:-1]) is not None):
            comment = parts.pop()
    blob = _blob(parts)
    if blob is None:
        yield Say("%SSH: Failed to decode the Key Value\n")
        return
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest().upper()
    shell.router.running.type_line(list(shell.blocks), f"key-hash ssh-rsa {digest} {comment}".rstrip())


def _blob(parts: list[str]) -> bytes | None:
    """The key of SSH's own format; None if it is none, or not RSA."""
    try:
        data = base64.b64decode("".join(parts), validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = b"ssh-rsa"
    if not data.startswith(len(kind).to_bytes(_LENGTH, "big") + kind):
        return None
    at = 0
    while at < len(data):  # three numbers, each behind its length, and nothing else
        size = int.from_bytes(data[at : at + _LENGTH], "big")
        at += _LENGTH + size
    return data if at == len(data) else None


ACTIONS = {
    "no-username": no_username,
    "config-key": config_key,
    "no-config-key": no_config_key,
    "ssh-key-string": key_string,
}
