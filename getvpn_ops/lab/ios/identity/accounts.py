"""Lines with passwords in them, as a router keeps them: what is typed in clear is hashed or covered first.

A router does the same to a line that it reads from a file, so this sits between understanding a line and keeping it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.rulings import Ruling
from getvpn_ops.lab.ios.configuration.syntax import Accepted
from getvpn_ops.lab.ios.identity import passwords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.configuration.blocks import Block
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.configuration.grammar_file import Reading

_ALGORITHMS = {"md5": "5", "sha256": "8", "scrypt": "9"}
_SCRYPT_SINCE = (17, 0, 0)  # earlier releases make type 5 unless told otherwise
_COVER = "service password-encryption"
_SEAL = "password encryption aes"
_SHARED = ("crypto isakmp key ", "pre-shared-key ")
_HOST = "255.255.255.255"
_FLAGS = ("nopassword",)
_SECRETS = re.compile(
    r"(?i)^(?P<head>\s*(?:no\s+)?(?:"
    r"username\s+\S+\s+(?:.*\s)?(?:secret|password)"
    r"|enable\s+(?:.*\s)?(?:secret|password)(?:\s+level\s+\d+)?"
    r"|password(?!\s+encryption)|key\s+config-key\s+password-encrypt|crypto\s+isakmp\s+key(?:\s+[06])?"
    r"|pre-shared-key\s.*\bkey|snmp-server\s+community|crypto\s+key\s+(?:export|import)\s+rsa\s+\S+.*\s(?:terminal|des|3des|aes)"
    r"|ntp\s+authentication-key\s+\d+\s+\S+|tacacs-server\s+key|radius-server\s+key|key-string)\s+)(?P<rest>\S.*)$"
)
_PASSPHRASE = re.compile(r"(?i)\s*(?:do\s+)?(?:cry\w*\s+key?\s+(?:ex\w*|im\w*)\s|key\s+config\S*\s+pas\S*\s)")
_KIND = re.compile(r"([0-9])\s+(\S.*)")


class RefusedError(Exception):
    """The router understands a line and does not take it; the text is what it says."""


def hidden(line: str) -> str:
    """A line without the password, key or community in it, as ``hidekeys`` shows it."""
    found = _SECRETS.match(line)
    if found is None:
        return line
    words = found["rest"].split()
    tail = words[1:] if "isakmp" in found["head"] or "community" in found["head"] else []
    return " ".join([found["head"].rstrip(), "*", *tail])


def safe(typed: str, words: Iterable[str]) -> str:
    """A line as typed, or in full and without its secret if it holds one.

    Args:
        typed: the line, perhaps abbreviated.
        words: what the router understood, keywords in full.
    """
    full = " ".join(words)
    cut = hidden(full)
    return typed if cut == full else cut


def is_secret(typed: str) -> bool:
    """Whether a line holds a passphrase that must not be recalled from the history of a terminal."""
    return _PASSPHRASE.match(typed) is not None


def settle(configuration: Configuration, block: Block, words: tuple[str, ...]) -> tuple[str, ...]:
    """What the router keeps for a line.

    Args:
        configuration: where it is typed; other lines may change with it, as with ``service password-encryption``.
        block: the line whose mode it is typed in; the global one has no text.
        words: keywords in full; the last may be the rest of a line.

    Returns:
        The words to be kept.

    Raises:
        RefusedError: the router does not take it.
    """
    if block.text.startswith("line "):
        return _plain(configuration, words, 1) if words[0] == "password" and len(words) > 1 else words
    if words[0] == "pre-shared-key":
        return _sealed_key(configuration, words)
    if block.text:
        return words
    if words[0] == "username":
        return _username(configuration, words)
    if words[0] == "enable" and len(words) > 2:  # noqa: PLR2004 -- enable, kind, password
        return _enable(configuration, words)
    if words[:3] == ("crypto", "isakmp", "key"):
        return _sealed_key(configuration, _without_mask(words))
    if words == tuple(_COVER.split()):
        _resettle(configuration, cover=True)
    elif words == tuple(_SEAL.split()) and configuration.master_key is not None:
        _resettle(configuration, cover=False)
    return words


def _without_mask(words: tuple[str, ...]) -> tuple[str, ...]:
    """The line of a pre-shared key as printed: the mask of a single host goes without saying."""
    return tuple(word for at, word in enumerate(words) if word != _HOST or words[at - 2 : at - 1] != ("address",))


def seal_all(configuration: Configuration) -> None:
    """The master key has come: cover the keys that lie in clear, if the configuration asks for it."""
    if configuration.find(_SEAL) is not None:
        _resettle(configuration, cover=False)


def _typed(rest: list[str]) -> tuple[str, str]:
    """The type and the text of a password as typed; type 0 if none is given."""
    found = _KIND.fullmatch(" ".join(rest))
    return (found[1], found[2].rstrip()) if found else ("0", " ".join(rest).rstrip())


def _covered(configuration: Configuration, rest: list[str]) -> tuple[str, str]:
    """A password of type 0 or 7, as the router keeps it now."""
    kind, text = _typed(rest)
    if kind == "7" and passwords.from_type7(text) is None:
        raise RefusedError("Invalid encrypted password: " + text)
    if kind == "0" and configuration.find(_COVER) is not None:
        return "7", passwords.fresh_type7(text, configuration.random)
    return kind, text


def _secret(configuration: Configuration, rest: list[str], kind_wanted: str = "") -> str:
    """``5 $1$...`` for a secret as typed."""
    kind, text = _typed(rest)
    if kind == "0":
        newest = configuration.release.numbers >= _SCRYPT_SINCE
        wanted = kind_wanted or ("9" if newest else "5")
        return f"{wanted} {passwords.hashed(wanted, text, configuration.random)}"
    if kind in {"5", "8", "9"} and not passwords.is_hash(kind, text):
        msg = (
            "ERROR: The secret you entered is not a valid encrypted secret.\n"
            f"To enter an UNENCRYPTED secret, do not specify type {kind} encryption.\n"
            "When you properly enter an UNENCRYPTED secret, it will be encrypted."
        )
        raise RefusedError(msg)
    return f"{kind} {text}"


def _plain(configuration: Configuration, words: tuple[str, ...], head: int) -> tuple[str, ...]:
    """A password that stands without its type while it is in clear."""
    kind, text = _covered(configuration, list(words[head:]))
    return (*words[:head], text) if kind == "0" else (*words[:head], kind, text)


def _enable(configuration: Configuration, words: tuple[str, ...]) -> tuple[str, ...]:
    rest = " ".join(words[1:]).split()
    algorithm = ""
    if rest[0] == "algorithm-type":
        algorithm, rest = _ALGORITHMS.get(rest[1], ""), rest[2:]
    kind, rest = rest[0], rest[1:]
    level: list[str] = []
    if rest[:1] == ["level"]:
        level, rest = rest[:2], rest[2:]
    if level == ["level", "15"]:
        level = []
    if kind == "secret":
        return ("enable", "secret", *level, _secret(configuration, rest, algorithm))
    if kind == "password":
        return _plain(configuration, ("enable", "password", *level, " ".join(rest)), 2 + len(level))
    return words


def _username(configuration: Configuration, words: tuple[str, ...]) -> tuple[str, ...]:
    """One line for each user: what is typed joins what was known of him."""
    name = words[1]
    known = configuration.find(f"username {name} ")
    options = _options(known.text.split()[2:]) if known else {}
    rest = " ".join(words[2:]).split()
    algorithm = ""
    if "algorithm-type" in rest:
        at = rest.index("algorithm-type")
        algorithm = _ALGORITHMS.get(rest[at + 1], "")
        del rest[at : at + 2]
    for key, value in _options(rest).items():
        if key in {"secret", "password"}:
            other = "password" if key == "secret" else "secret"
            if other in options:
                raise RefusedError(
                    "ERROR: Can not have both a user password and a user secret.\nPlease choose one or the other."
                )
            options[key] = (
                _secret(configuration, value.split(), algorithm)
                if key == "secret"
                else " ".join(_covered(configuration, value.split()))
            )
        else:
            options[key] = value
    if options.get("privilege") == "1":
        del options["privilege"]
    order = sorted(options, key=lambda key: (key in {"secret", "password"}, key != "privilege"))
    return ("username", name, *(f"{key} {options[key]}".rstrip() for key in order))


def _options(rest: list[str]) -> dict[str, str]:
    """Options of a user; a password is the rest of the line."""
    options: dict[str, str] = {}
    while rest:
        key, rest = rest[0], rest[1:]
        if key in _FLAGS:
            options[key] = ""
        elif key in {"secret", "password"}:
            options[key], rest = " ".join(rest), []
        else:
            options[key], rest = " ".join(rest[:1]), rest[1:]
    return options


def _sealed_key(configuration: Configuration, words: tuple[str, ...], *, now: bool = False) -> tuple[str, ...]:
    """A pre-shared key without its 0, or of type 6 where the router covers keys, or begins to."""
    at = 3 if words[0] == "crypto" else len(words) - words[::-1].index("key")
    key = list(words[at:])
    if key[0] == "6" and len(key) > 1:
        return words
    if key[0] == "0" and len(key) > 1 and not (words[0] == "crypto" and key[1] in {"address", "hostname"}):
        key = key[1:]
    if configuration.master_key is not None and (now or configuration.find(_SEAL) is not None):
        key[:1] = ["6", passwords.type6(key[0], configuration.master_key, configuration.random)]
    return (*words[:at], *key)


def _resettle(configuration: Configuration, *, cover: bool) -> None:
    """Cover what lies in clear, now that the configuration says so.

    Args:
        configuration: to be changed.
        cover: passwords, by type 7; else pre-shared keys, by type 6.
    """
    for line in configuration.top.lines:
        words = line.text.split()
        if cover and words[0] == "username" and "password" in words:
            at = words.index("password") + 1
            if words[at : at + 1] == ["0"]:
                text = " ".join(words[at + 1 :])
                line.text = " ".join([*words[:at], "7", passwords.fresh_type7(text, configuration.random)])
        elif cover and words[:2] == ["enable", "password"]:
            at = 4 if words[2:3] == ["level"] else 2
            _recover(configuration, line, at)
        elif cover and words[0] == "line":
            for below in line.lines:
                if below.text.startswith("password "):
                    _recover(configuration, below, 1)
        elif not cover and words[:3] == ["crypto", "isakmp", "key"]:
            line.text = " ".join(_sealed_key(configuration, tuple(words), now=True))
        elif not cover and line.text.startswith("crypto keyring "):
            for below in line.lines:
                if below.text.startswith("pre-shared-key "):
                    below.text = " ".join(_sealed_key(configuration, tuple(below.text.split()), now=True))


def _recover(configuration: Configuration, line: Block, at: int) -> None:
    words = line.text.split()
    kind, text = _typed(words[at:])
    if kind == "0":
        line.text = " ".join([*words[:at], "7", passwords.fresh_type7(text, configuration.random)])


def change_master(configuration: Configuration, key: str) -> None:
    """Set the master key; what the old one covered is covered anew."""
    old, configuration.master_key = configuration.master_key, key
    if old is not None:
        for line in configuration.top.lines:
            for item in (line, *line.lines):
                words = item.text.split()
                if words[:3] == ["crypto", "isakmp", "key"] or words[:1] == ["pre-shared-key"]:
                    at = 3 if words[0] == "crypto" else len(words) - words[::-1].index("key")
                    clear = passwords.from_type6(words[at + 1], old) if words[at] == "6" else None
                    if clear is not None:
                        words[at + 1] = passwords.type6(clear, key, configuration.random)
                        item.text = " ".join(words)
    seal_all(configuration)


# -- as rules of the grammar


def keep_secret(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """A line that holds a password: it is stored as the router keeps it, or refused."""
    if not isinstance(reading.outcome, Accepted):
        return None
    words = reading.outcome.words
    is_shared = words[:3] == ("crypto", "isakmp", "key") or words[0] == "pre-shared-key"
    if reading.negated:
        if not is_shared:
            return None
        block.keep(_others(block, words, key=passwords.clear_key(configuration, words), configuration=configuration))
        return Ruling()
    taken = _taken(block, words, configuration)
    if taken is not None:
        return Ruling((taken,), refused=True)
    try:
        kept = settle(configuration, block, words)
    except RefusedError as error:
        return Ruling(tuple(str(error).split("\n")), refused=True)
    if is_shared and len(others := _others(block, words, key=None, configuration=configuration)) != len(block.lines):
        block.keep(others)
    if kept == words:
        return None
    return Ruling(opened=configuration.put(block, configuration.mode(block).read(" ".join(kept))))


def _peer(words: list[str] | tuple[str, ...]) -> list[str]:
    """What a pre-shared key is for, without the key; empty if the words are of no such line."""
    if list(words[:3]) == ["crypto", "isakmp", "key"]:
        at = next((at for at in range(4, len(words)) if words[at] in {"address", "hostname"}), len(words))
        kind, *peer = [word for word in words[at:] if word != "no-xauth"]
        if kind == "address" and len(peer) == 1:  # a host, or all of them
            peer.append("0.0.0.0" if peer[0] == "0.0.0.0" else _HOST)  # noqa: S104 -- a mask, no address to listen on
        return ["crypto", kind, *peer]
    if words and words[0] == "pre-shared-key" and "key" in words:
        return list(words[: words.index("key")])
    return []


def _taken(block: Block, words: tuple[str, ...], configuration: Configuration) -> str | None:
    """What the router says of a pre-shared key in the global mode whose peer has one, be it the same; else None."""
    if configuration.loading or words[0] != "crypto":
        return None
    if len(_others(block, words, key=None, configuration=configuration)) == len(block.lines):
        return None
    _, kind, *peer = _peer(words)
    if kind == "hostname":
        return f"A pre-shared key for hostname {peer[0]} already exists!"  # wording from memory
    if peer[0] == "ipv6":
        return f"A pre-shared key for address {peer[1]} already exists!"  # wording from memory
    return f"A pre-shared key for address mask {peer[0]} {peer[1]} already exists!"


def _others(block: Block, words: tuple[str, ...], *, key: str | None, configuration: Configuration) -> list[Block]:
    """The lines of a mode without the pre-shared key for the same peer; with a key, only if it is this one."""
    peer = _peer(words)

    def is_it(text: str) -> bool:
        if not text.startswith(_SHARED) or _peer(held := text.split()) != peer:
            return False
        return key is None or passwords.clear_key(configuration, held) == key

    return [line for line in block.lines if not is_it(line.text)]


def user(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``username``: a user whom ``no`` removes is asked for first."""
    if reading.negated and not configuration.loading:
        return Ruling(action="no-username")
    return keep_secret(configuration, block, reading)


def trustpoint(configuration: Configuration, _block: Block, reading: Reading) -> Ruling | None:
    """``crypto pki trustpoint``: one that ``no`` removes takes its certificates with it."""
    return Ruling(action="no-crypto-pki-trustpoint") if reading.negated and not configuration.loading else None


def master_key(configuration: Configuration, _block: Block, reading: Reading) -> Ruling | None:
    """``key config-key password-encrypt``: never stored among the lines."""
    if configuration.loading:
        return Ruling()
    return Ruling(action="no-config-key" if reading.negated else "config-key")
