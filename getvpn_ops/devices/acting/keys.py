"""RSA keys from router to router, in memory (guide, "Configuring Cooperative Key Servers"; promise of the RSA copy).

The private key is sealed with a passphrase for the way and stands on no disk; the caller makes both unknown to
everyone by telling the redactor before anything is typed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from getvpn_ops.devices.acting.act import Acted, Typing, act
from getvpn_ops.devices.configuring.hand import Cue
from getvpn_ops.model.exec import ExecMode, ExecOutcome
from getvpn_ops.model.receipt import Hindrance

if TYPE_CHECKING:
    from getvpn_ops.devices.session import Session

CIPHERS = ("3des", "aes", "des")
_WORD = re.compile(r"[!-;=@-~]{1,128}")  # no blank, no "?" and no "<": one word that the router takes as it is
_BLOCK = re.compile(r"-----BEGIN (?P<kind>[A-Z ]*KEY)-----.*?-----END (?P=kind)-----", re.DOTALL)
_PUBLIC, _PRIVATE = "PUBLIC KEY", "RSA PRIVATE KEY"
_PART = re.compile(r"quit|[A-Za-z0-9+/=]{20,}")
_PASTE_PUBLIC = re.compile(r'% ?End with a blank line or "quit"')
_PASTE_PRIVATE = re.compile(r'% ?End with "quit" on a line by itself')


def line_of_export(label: str, cipher: str, passphrase: str) -> str:
    """The command that shows a key: the same on all releases but for the ciphers."""
    return f"crypto key export rsa {label} pem terminal {cipher} {passphrase}"


def line_of_import(label: str, passphrase: str, *, exportable: bool) -> str:
    """The command that asks for a key: the same on all releases."""
    return f"crypto key import rsa {label} pem {'exportable ' if exportable else ''}terminal {passphrase}"


def unfit(label: str, passphrase: SecretStr, cipher: str = CIPHERS[0]) -> str:
    """Why a key cannot be copied so; empty if it can. Names no secret."""
    if not _WORD.fullmatch(label):
        return "the label of the key is no word"
    if cipher not in CIPHERS:
        return f"the cipher is none of {', '.join(CIPHERS)}"
    if not _WORD.fullmatch(passphrase.get_secret_value()):
        return "the passphrase is no word"
    return ""


def export_key(
    session: Session, label: str, cipher: str, passphrase: SecretStr, seconds: float
) -> tuple[Acted, SecretStr | None]:
    """Have a key shown.

    Args:
        session: to the router that has it.
        label: of the key.
        cipher: ``3des``, ``aes`` or ``des``.
        passphrase: seals the private key.
        seconds: of silence.

    Returns:
        What came of it, without the key, and the key: the public block, then the private one.
    """
    if reason := unfit(label, passphrase, cipher):
        return Acted(ExecOutcome.NOTHING_SENT, hindrance=Hindrance.UNFIT, reason=reason), None
    held: list[str] = []

    def clean(said: str) -> str:
        held[:] = [said.replace("\r", "")]
        return without_keys(said)

    line = line_of_export(label, cipher, passphrase.get_secret_value())
    acted = act(session, Typing(line, mode=ExecMode.CONFIG, seconds=seconds, clean=clean))
    if acted.outcome is not ExecOutcome.DONE:
        return acted, None
    blocks = [(found["kind"], found[0]) for found in _BLOCK.finditer("".join(held))]
    if sorted(kind for kind, _ in blocks) != sorted((_PUBLIC, _PRIVATE)):
        reason = "it showed other than one public and one private key: keys for signature and encryption apart?"
        return replace(acted, outcome=ExecOutcome.UNKNOWN, hindrance=Hindrance.UNCLEAR, reason=reason), None
    text = dict(blocks)
    return acted, SecretStr(f"{text[_PUBLIC]}\n{text[_PRIVATE]}\n")


def without_keys(said: str) -> str:
    """What was said beside keys, also beside a key that broke off, and beside lines that may be parts of one."""
    whole = _BLOCK.sub("", said.replace("\r", ""))
    at = whole.find("-----BEGIN ")
    whole = whole if at < 0 else whole[:at]
    return "\n".join(line for line in whole.split("\n") if not _PART.fullmatch(line.strip()))


def import_key(  # noqa: PLR0913 -- what a copy is made of
    session: Session, label: str, pem: SecretStr, passphrase: SecretStr, *, exportable: bool, seconds: float
) -> Acted:
    """Paste a key in. A label that is there is never overwritten: the question for that is not answered.

    Args:
        session: to the router that gets it.
        label: of the key.
        pem: what ``export_key`` gave.
        passphrase: that opens it.
        exportable: whether it may be shown again by this router.
        seconds: of silence.
    """
    blocks = {found["kind"]: found[0] for found in _BLOCK.finditer(pem.get_secret_value())}
    reason = unfit(label, passphrase)
    if reason or set(blocks) != {_PUBLIC, _PRIVATE}:
        reason = reason or "what is to be imported is not one public and one private key"
        return Acted(ExecOutcome.NOTHING_SENT, hindrance=Hindrance.UNFIT, reason=reason)
    public, private = (tuple(blocks[kind].splitlines()) for kind in (_PUBLIC, _PRIVATE))
    cues = (
        Cue(_PASTE_PUBLIC, (*public, "quit"), is_paste=True),
        Cue(_PASTE_PRIVATE, (*private, "quit"), is_paste=True),
    )
    line = line_of_import(label, passphrase.get_secret_value(), exportable=exportable)
    return act(session, Typing(line, cues, ExecMode.CONFIG, seconds, without_keys))
