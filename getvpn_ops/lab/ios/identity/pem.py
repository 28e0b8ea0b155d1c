"""RSA keys as IOS exports and imports them: PEM, the private key in the traditional form that OpenSSL once made.

The key of the cipher comes from the passphrase by OpenSSL's old derivation (MD5, one round), and stands in no standard
but OpenSSL's own manual (EVP_BytesToKey, PEM ENCRYPTION FORMAT).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.ciphers import CipherAlgorithm

PRIVATE, PUBLIC, CERTIFICATE = "RSA PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE"
_WIDTH = 64
_MD5 = 16
_CIPHERS = {  # length of key and of block in bytes
    "DES-CBC": (8, 8),
    "DES-EDE3-CBC": (24, 8),
    "AES-128-CBC": (16, 16),
    "AES-192-CBC": (24, 16),
    "AES-256-CBC": (32, 16),
}
NAMES = {"des": "DES-CBC", "3des": "DES-EDE3-CBC", "aes": "AES-256-CBC"}
"""IOS's word for a cipher, and the name in the file."""
_INFO = re.compile(r"DEK-Info:\s*([A-Z0-9\-]+)\s*,\s*([0-9A-Fa-f]+)\s*")


class PemError(ValueError):
    """A text is no key, not encrypted as IOS wants it, or the passphrase is wrong."""


def _armour(kind: str, data: bytes, headers: Iterable[str] = ()) -> list[str]:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    top = [*headers, ""] if headers else []
    return [f"-----BEGIN {kind}-----", *top, *lines, f"-----END {kind}-----"]


def public_lines(key: RSAPublicKey) -> list[str]:
    """The lines of a public key."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return _armour(PUBLIC, key.public_bytes(serialization.Encoding.DER, spki))


def private_lines(key: RSAPrivateKey, cipher: str, passphrase: str) -> list[str]:
    """The lines of a private key.

    Args:
        key: the pair.
        cipher: ``des``, ``3des`` or ``aes``.
        passphrase: covers it.
    """
    name = NAMES[cipher]
    _, block = _CIPHERS[name]
    start = secrets.token_bytes(block)
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    data = key.private_bytes(serialization.Encoding.DER, traditional, serialization.NoEncryption())
    fill = block - len(data) % block
    encryptor = _cipher(name, passphrase, start).encryptor()
    sealed = encryptor.update(data + bytes([fill]) * fill) + encryptor.finalize()
    return _armour(PRIVATE, sealed, ("Proc-Type: 4,ENCRYPTED", f"DEK-Info: {name},{start.hex().upper()}"))


def _cipher(name: str, passphrase: str, start: bytes) -> Cipher[modes.CBC]:
    length, _ = _CIPHERS[name]
    key = b""
    while len(key) < length:
        key += hashlib.md5(key[-_MD5:] + passphrase.encode() + start[:8], usedforsecurity=False).digest()
    key = key[:length]
    if name == "DES-CBC":
        key *= 3  # three equal keys are plain DES
    algorithm: CipherAlgorithm = algorithms.AES(key) if name.startswith("AES") else TripleDES(key)
    return Cipher(algorithm, modes.CBC(start))


def _body(lines: Iterable[str], kinds: Iterable[str]) -> tuple[str, list[str], bytes]:
    """Kind, headers and data of the first block of one of the kinds."""
    kind, text = "", ""
    headers: list[str] = []
    for line in (line.strip() for line in lines):
        if not kind:
            kind = next((name for name in kinds if line.endswith(f"-----BEGIN {name}-----")), "")
        elif line == f"-----END {kind}-----":
            try:
                return kind, headers, base64.b64decode(text, validate=True)
            except binascii.Error as exc:
                raise PemError("not base64") from exc
        elif ":" in line:
            headers.append(line)
        else:
            text += line
    raise PemError("no such block")


def read_public(lines: Iterable[str]) -> RSAPublicKey:
    """The public key of a pasted key or certificate.

    Raises:
        PemError: it is neither.
    """
    kind, _, data = _body(lines, (PUBLIC, CERTIFICATE))
    try:
        is_key = kind == PUBLIC
        key = serialization.load_der_public_key(data) if is_key else x509.load_der_x509_certificate(data).public_key()
    except (ValueError, TypeError) as exc:
        raise PemError("no public key") from exc
    if not isinstance(key, RSAPublicKey):
        raise PemError("no RSA key")
    return key


def read_private(lines: Iterable[str], passphrase: str) -> RSAPrivateKey:
    """The private key of a pasted, encrypted key.

    Raises:
        PemError: it is none, it is not encrypted, or the passphrase is wrong.
    """
    _, headers, data = _body(lines, (PRIVATE,))
    found = next((match for header in headers if (match := _INFO.fullmatch(header))), None)
    if found is None or found[1] not in _CIPHERS:
        raise PemError("not encrypted in a known way")
    name, start = found[1], bytes.fromhex(found[2]) if len(found[2]) % 2 == 0 else b""
    block = _CIPHERS[name][1]
    if len(start) != block or not data or len(data) % block:
        raise PemError("a part is missing")
    decryptor = _cipher(name, passphrase, start).decryptor()
    clear = decryptor.update(data) + decryptor.finalize()
    fill = clear[-1]
    if not 1 <= fill <= block or clear[-fill:] != bytes([fill]) * fill:
        raise PemError("the passphrase is wrong")
    try:
        key = serialization.load_der_private_key(clear[:-fill], None)
    except (ValueError, TypeError) as exc:
        raise PemError("the passphrase is wrong") from exc
    if not isinstance(key, RSAPrivateKey):
        raise PemError("no RSA key")
    return key
