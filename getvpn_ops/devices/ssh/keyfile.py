"""Private keys of people, read once and handed to whichever SSH library."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

_FORMS: tuple[tuple[type, str], ...] = (
    (rsa.RSAPrivateKey, "rsa"),
    (ec.EllipticCurvePrivateKey, "ecdsa"),
    (ed25519.Ed25519PrivateKey, "ed25519"),
)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that can sign.

    Attributes:
        path: where it came from.
        form: ``rsa``, ``ecdsa`` or ``ed25519``.
        text: in OpenSSH's format, without a passphrase; never leaves this process.
    """

    path: str
    form: str
    text: str = field(repr=False)


def read_key(path: Path, passphrase: SecretStr | None) -> PrivateKey:
    """Read a key file in PEM or OpenSSH format; a passphrase is stretched once in a process, not once a device.

    Raises:
        SessionError: SETUP, it cannot be read, is no key, or needs another passphrase.
    """
    try:
        changed = path.stat().st_mtime_ns
        return _read(path, changed, passphrase.get_secret_value() if passphrase is not None else None)
    except OSError as exc:
        raise _unusable(path, exc.strerror or type(exc).__name__) from None


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, passphrase: str | None) -> PrivateKey:
    data = path.read_bytes()
    secret = passphrase.encode() if passphrase is not None else None
    load = serialization.load_ssh_private_key if b"OPENSSH" in data[:64] else serialization.load_pem_private_key
    try:
        key = load(data, _secret_for(data, secret))
    except TypeError:
        raise _unusable(path, "it needs a passphrase, and none was given") from None
    except (ValueError, UnsupportedAlgorithm):
        why = (
            "the passphrase is wrong, or this is no private key"
            if secret
            else "this is no private key that is known here"
        )
        raise _unusable(path, why) from None
    form = next((name for kind, name in _FORMS if isinstance(key, kind)), None)
    if form is None:
        raise _unusable(path, "keys may be RSA, ECDSA or Ed25519")
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return PrivateKey(str(path), form, text.decode())


def _secret_for(data: bytes, secret: bytes | None) -> bytes | None:
    """A passphrase for a key that has none is an error to the library, and a habit of people."""
    if secret is None:
        return None
    try:
        if b"OPENSSH" in data[:64]:
            serialization.load_ssh_private_key(data, None)
        else:
            serialization.load_pem_private_key(data, None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return secret
    return None


def _unusable(path: Path, why: str) -> SessionError:
    return SessionError(
        Trouble.SETUP, f"the key file {path} cannot be used: {why}", "see `credentials.key_file` and `key_passphrase`"
    )
