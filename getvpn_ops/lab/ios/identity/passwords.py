"""Passwords as a configuration keeps them: types 0, 5, 6, 7, 8 and 9.

Type 5 is md5crypt, 8 is PBKDF2-HMAC-SHA256 and 9 is scrypt, both with the parameters that IOS uses and its own base64
alphabet. Type 7 is a fixed Vigenere cipher that anyone can undo. Type 6 is reversible by whoever has the master key of
the box; IOS's own construction is not public, so only its look and its properties are imitated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from getvpn_ops.lab.ios.configuration.config import Configuration

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_USUAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_CISCO = str.maketrans(_USUAL, ALPHABET)
_VIGENERE = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_SEEDS = 16  # IOS starts in the first 16 characters of the table
_SALT_5, _SALT_89 = 4, 14
_ROUNDS_5, _ROUNDS_8 = 1000, 20000
_SCRYPT_N = 16384
_TYPE_7 = re.compile(r"(\d\d)((?:[0-9A-Fa-f]{2})*)")
_BASE_41, _FIRST_41 = 41, ord("A")
_NONCE, _TAG = 8, 4


def salt(random: Random, length: int) -> str:
    """Some characters that a salt may hold."""
    return "".join(random.choice(ALPHABET) for _ in range(length))


def md5crypt(password: str, salt: str) -> str:
    """Type 5.

    Args:
        password: in clear.
        salt: four characters on IOS, eight at most.
    """
    key, seasoning = password.encode(), salt.encode()
    inner = hashlib.md5(key + seasoning + key, usedforsecurity=False).digest()
    mixed = bytearray(key + b"$1$" + seasoning)
    mixed += (inner * (len(key) // 16 + 1))[: len(key)]
    bits = len(key)
    while bits:
        mixed += b"\0" if bits & 1 else key[:1]
        bits >>= 1
    digest = hashlib.md5(mixed, usedforsecurity=False).digest()
    for turn in range(_ROUNDS_5):
        text = key if turn & 1 else digest
        text += seasoning if turn % 3 else b""
        text += key if turn % 7 else b""
        text += digest if turn & 1 else key
        digest = hashlib.md5(text, usedforsecurity=False).digest()
    order = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    text_out = "".join(_sixes(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in order)
    return f"$1${salt}${text_out}{_sixes(digest[11], 2)}"


def _sixes(number: int, count: int) -> str:
    """Six bits a character, lowest first."""
    return "".join(ALPHABET[number >> 6 * place & 63] for place in range(count))


def pbkdf2(password: str, salt: str) -> str:
    """Type 8."""
    return f"$8${salt}${_cisco64(hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), _ROUNDS_8))}"


def scrypt(password: str, salt: str) -> str:
    """Type 9."""
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=_SCRYPT_N, r=1, p=1, dklen=32)
    return f"$9${salt}${_cisco64(digest)}"


def _cisco64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=").translate(_TO_CISCO)


_HASHES = {"5": (md5crypt, _SALT_5), "8": (pbkdf2, _SALT_89), "9": (scrypt, _SALT_89)}


def hashed(kind: str, password: str, random: Random) -> str:
    """A fresh hash, with a new salt.

    Args:
        kind: ``5``, ``8`` or ``9``.
        password: in clear.
        random: of the router, so that a run can be repeated.
    """
    make, length = _HASHES[kind]
    return make(password, salt(random, length))


def is_hash(kind: str, text: str) -> bool:
    """Whether a text can be a hash of a type at all; IOS refuses it otherwise."""
    mark = "1" if kind == "5" else kind
    return re.fullmatch(rf"\${mark}\$[^$\s]+\$\S+", text) is not None


def type7(password: str, seed: int) -> str:
    """Type 7.

    Args:
        password: in clear.
        seed: 0-15: where in the table it begins.
    """
    data = password.encode("latin-1", "replace")
    return f"{seed:02d}" + "".join(
        f"{byte ^ _VIGENERE[(seed + place) % len(_VIGENERE)]:02X}" for place, byte in enumerate(data)
    )


def fresh_type7(password: str, random: Random) -> str:
    """Type 7 from a place in the table that the router chooses."""
    return type7(password, random.randrange(_SEEDS))


def from_type7(text: str) -> str | None:
    """The password behind a text of type 7; None if it is none."""
    found = _TYPE_7.fullmatch(text)
    if found is None or int(found[1]) >= len(_VIGENERE):
        return None
    seed = int(found[1])
    data = bytes.fromhex(found[2])
    return bytes(byte ^ _VIGENERE[(seed + place) % len(_VIGENERE)] for place, byte in enumerate(data)).decode("latin-1")


def type6(text: str, master: str, random: Random) -> str:
    """Type 6: other text on every box and at every time; only the master key brings it back."""
    nonce = random.randbytes(_NONCE)
    data = text.encode()
    sealed = nonce + bytes(a ^ b for a, b in zip(data, _stream(master, nonce, len(data)), strict=True))
    sealed += hmac.digest(master.encode(), sealed, "sha256")[:_TAG]
    padded = sealed if len(sealed) % 2 == 0 else sealed + b"\0"
    pairs = (int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    letters = [chr(_FIRST_41 + number // _BASE_41**place % _BASE_41) for number in pairs for place in (2, 1, 0)]
    return "".join(letters) + ("" if padded is sealed else "A")


def from_type6(text: str, master: str) -> str | None:
    """The text behind one of type 6; None with another master key, or if it is none."""
    odd, text = len(text) % 3 == 1, text[: len(text) // 3 * 3]
    values = [ord(letter) - _FIRST_41 for letter in text]
    if not values or not all(0 <= value < _BASE_41 for value in values):
        return None
    numbers = [values[at] * _BASE_41**2 + values[at + 1] * _BASE_41 + values[at + 2] for at in range(0, len(values), 3)]
    if max(numbers) > 0xFFFF:  # noqa: PLR2004 -- two bytes
        return None
    sealed = b"".join(number.to_bytes(2, "big") for number in numbers)
    sealed = sealed[:-1] if odd else sealed
    body, tag = sealed[:-_TAG], sealed[-_TAG:]
    if len(body) < _NONCE or not hmac.compare_digest(hmac.digest(master.encode(), body, "sha256")[:_TAG], tag):
        return None
    nonce, data = body[:_NONCE], body[_NONCE:]
    clear = bytes(a ^ b for a, b in zip(data, _stream(master, nonce, len(data)), strict=True))
    return clear.decode(errors="replace")


def _stream(master: str, nonce: bytes, length: int) -> bytes:
    return hashlib.shake_256(master.encode() + b"\0" + nonce).digest(length) if length else b""


def clear_key(configuration: Configuration, words: list[str] | tuple[str, ...]) -> str | None:
    """The pre-shared key behind the words that a configuration keeps.

    Args:
        configuration: whose master key opens type 6.
        words: of ``crypto isakmp key ...`` or ``pre-shared-key ...``, or what stands in them for the key:
            ``["6", "TEXT"]``, ``["0", "text"]`` or ``["text"]``.

    Returns:
        The key in clear, or None if the master key is gone or another one.
    """
    rest = list(words)
    if rest[:3] == ["crypto", "isakmp", "key"]:
        rest = rest[3:]
    elif rest[:1] == ["pre-shared-key"] and "key" in rest:
        rest = rest[len(rest) - rest[::-1].index("key") :]
    if len(rest) > 1 and rest[0] == "6":
        return None if configuration.master_key is None else from_type6(rest[1], configuration.master_key)
    if len(rest) > 1 and rest[0] == "0":
        return rest[1]
    return rest[0] if rest else None


def matches(words: list[str], typed: str) -> bool:
    """Whether a typed password is the one that a configuration line keeps.

    Args:
        words: what stands behind ``secret`` or ``password``: ``["0", "text"]``, ``["5", "$1$..."]`` or ``["text"]``.
        typed: the password.
    """
    if not words:
        return False
    kind, kept = words[0], " ".join(words[1:])
    if not kept or kind not in {*_HASHES, "0", "4", "6", "7"}:
        return " ".join(words) == typed
    if kind == "0":
        return kept == typed
    if kind == "7":
        return from_type7(kept) == typed
    parts = kept.split("$")
    if kind not in _HASHES or not is_hash(kind, kept) or len(parts) != 4:  # noqa: PLR2004 -- empty, kind, salt, hash
        return False
    make, _ = _HASHES[kind]
    return hmac.compare_digest(make(typed, parts[2]), kept)
