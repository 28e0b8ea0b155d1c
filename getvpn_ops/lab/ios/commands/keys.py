"""RSA keys: made, exported, imported, removed and shown."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import times
from getvpn_ops.lab.ios.archive import file_name
from getvpn_ops.lab.ios.identity import certificates, pem
from getvpn_ops.lab.ios.identity.keys import ENCRYPTION, GENERAL, SIGNATURE, RsaKey, generate, hex_lines, public_der
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say, Work, sure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.dialog import Step
    from getvpn_ops.lab.ios.session.shell import Shell

_PASSPHRASE_LEAST = 8
_SHOWS_BITS_SINCE = (17, 9, 0)  # seen in captures of late 17.x, not of early ones
_USAGES = {"signature": SIGNATURE, "encryption": ENCRYPTION}


def modulus_range(release: Release) -> tuple[int, int, int]:
    """Least, greatest and usual length of a modulus that a release makes, in bits."""
    if release.family == "12.4":
        return 360, 2048, 512
    if release.family == "15":
        return 360, 4096, 512  # the captures of 15.x say 512, too
    return 512, 4096, 2048 if release.numbers >= (17, 0, 0) else 1024


@dataclass(frozen=True, slots=True)
class _Order:
    """What a command asks for."""

    label: str
    bits: int | None
    exportable: bool
    usage: str
    device: str


def _order(router: Router, words: tuple[str, ...]) -> _Order:
    rest = list(words[4:])

    def value(key: str) -> str:
        return rest[rest.index(key) + 1] if key in rest else ""

    label, bits = value("label"), value("modulus")
    usage = next((word for word in ("usage-keys", "signature", "encryption") if word in rest), "general-keys")
    return _Order(label or _own_name(router), int(bits) if bits else None, "exportable" in rest, usage, value("on"))


def _own_name(router: Router) -> str:
    """The name of a key without a label: the router's own, with its domain; empty if it has none."""
    for start in ("ip domain name ", "ip domain-name "):
        if (block := router.running.find(start)) is not None:
            return f"{router.configured_name}.{block.text.split()[-1]}"
    return ""


def generate_key(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto key generate rsa ...``."""
    router = shell.router
    if "label" not in words and router.configured_name == "Router":
        yield Say("% Please define a hostname other than Router.\n")
        return
    order = _order(router, words)
    if not order.label:
        yield Say("% Please define a domain-name first.\n")
        return
    if order.label in router.keys.held:
        yield Say(f"% You already have RSA keys defined named {order.label}.\n")
        if order.bits is not None:
            yield Say("% They will be replaced.\n\n")
        elif not (yield from sure("% Do you really want to replace them? [yes/no]: ")):
            return
    else:
        yield Say(f"The name for the keys will be: {order.label}\n")
        if order.bits is not None:
            yield Say("\n")
    kinds = [SIGNATURE, ENCRYPTION] if order.usage == "usage-keys" else [_USAGES.get(order.usage, GENERAL)]
    made: list[RSAPrivateKey] = []
    for kind in kinds:
        bits = order.bits if order.bits is not None else (yield from _ask_bits(router.release, kind))
        if order.bits is not None:
            yield Say(f"% The key modulus size is {bits} bits\n")
        keep = "exportable" if order.exportable else "non-exportable"
        yield Say(f"% Generating {bits} bit RSA keys, keys will be {keep}...\n")
        began = time.monotonic()
        made.append((yield Work(partial(generate, bits))))
        yield Say(f"[OK] (elapsed time was {int(time.monotonic() - began)} seconds)\n")
    yield Say("\n")
    second = made[1] if len(made) > 1 else None
    _hold(router, RsaKey(order.label, made[0], order.exportable, router.clock.now(), kinds[0], second, order.device))


def _ask_bits(release: Release, kind: str) -> Generator[Step, Any, int]:
    least, greatest, usual = modulus_range(release)
    yield Say(
        f"Choose the size of the key modulus in the range of {least} to {greatest} for your\n"
        f"  {kind}s. Choosing a key modulus greater than 512 may take\n  a few minutes.\n\n"
    )
    while True:
        typed = (yield Ask(f"How many bits in the modulus [{usual}]: ")).strip()
        if not typed:
            return usual
        if typed.isascii() and typed.isdigit() and least <= int(typed[:9]) <= greatest:
            return int(typed)
        yield Say(f"% A decimal number between {least} and {greatest}.\n")


def _hold(router: Router, key: RsaKey) -> None:
    """A key is there now; routers log that, and that they can be reached by SSH with their first one."""
    before = dict(router.keys.held)
    router.keys.held[key.label] = key
    if key.label in before:
        certificates.forget_key(router, before[key.label])
    if router.release.is_xe:
        kind, done = ("REPLACE", "replaced") if key.label in before else ("ADDITION", "generated or imported")
        router.log(f"%CRYPTO_ENGINE-5-KEY_{kind}: A key named {key.label} has been {done} by crypto-engine")
    if not before:
        router.log(f"%SSH-5-ENABLED: SSH {_ssh(router)} has been enabled")


def _ssh(router: Router) -> str:
    return "2.0" if router.running.find("ip ssh version 2") else "1.99"


def export(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto key export rsa L pem {terminal | url URL} {des | 3des | aes} PASSPHRASE``."""
    router = shell.router
    label, passphrase = words[4], words[-1]
    cipher = words[-2]
    key = router.keys.held.get(label)
    if key is None:
        yield Say(f"% RSA keypair '{label}' not found.\n")
        return
    if not key.exportable:
        yield Say(f"% RSA keypair '{label}' is not exportable.\n")
        return
    if len(passphrase) < _PASSPHRASE_LEAST:
        yield Say(f"% Pass phrase must be at least {_PASSPHRASE_LEAST} characters.\n")
        return
    to = words[words.index("url") + 1] if words[6] == "url" else ""
    for usage, private in key.pairs:
        public, secret = pem.public_lines(private.public_key()), pem.private_lines(private, cipher, passphrase)
        yield Say(f"% Key name: {label}\n   Usage: {usage}\n")
        if not to:
            yield from _show_pem(router.release, public, secret)
            continue
        system, _, path = to.partition(":")
        for what, end, lines in (("public", ".pub", public), ("private", ".prv", secret)):
            proposed = f"{path or label}{end}"
            yield Say(f"Exporting {what} key...\n")
            name = str((yield Ask(f"Destination filename [{proposed}]? "))).strip() or proposed
            router.files[file_name(router, f"{system}:{name}")] = lines
            yield Say(f"Writing file to {system}:{name}\n")


def _show_pem(release: Release, public: list[str], secret: list[str]) -> Dialog:
    yield Say("   Key data:\n" + "".join(f"{line}\n" for line in public))
    # 17.x says the length of what follows, and does not end that line
    length = f"base64 len {sum(len(line) + 1 for line in secret[4:-1])}" if release.is_xe else ""
    yield Say(length + "".join(f"{line}\n" for line in secret))


def import_key(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto key import rsa L pem [exportable] terminal PASSPHRASE``: two pastes, the public key first."""
    router = shell.router
    label, passphrase = words[4], words[-1]
    if label in router.keys.held:
        yield Say(
            f"% You already have RSA keys named {label}.\n"
            "% If you replace them, all router certs issued using these keys\n% will be removed.\n"
        )
        if not (yield from sure("% Do you really want to replace them? [yes/no]: ")):
            return
    if len(passphrase) < _PASSPHRASE_LEAST:
        yield Say(f"% Pass phrase must be at least {_PASSPHRASE_LEAST} characters.\n")
        return
    kinds = [SIGNATURE, ENCRYPTION] if "usage-keys" in words else [_usage(words)]
    made: list[RSAPrivateKey] = []
    for kind in kinds:
        yield Say(
            f"\n% Enter PEM-formatted public {kind.removesuffix(' Key')} key or certificate.\n"
            '% End with a blank line or "quit" on a line by itself.\n'
        )
        public = yield from _paste(blank_ends=True)
        yield Say(
            f"% Enter PEM-formatted encrypted private {kind.removesuffix(' Key')} key.\n"
            '% End with "quit" on a line by itself.\n'
        )
        secret = yield from _paste(blank_ends=False)
        pair = yield Work(partial(_pair, public, secret, passphrase))
        if pair is None:
            yield Say("% Key pair import failed.\n\n")
            return
        made.append(pair)
    second = made[1] if len(made) > 1 else None
    _hold(router, RsaKey(label, made[0], "exportable" in words, router.clock.now(), kinds[0], second))
    yield Say("% Key pair import succeeded.\n\n")


def _usage(words: tuple[str, ...]) -> str:
    return next((_USAGES[word] for word in ("signature", "encryption") if word in words[5:]), GENERAL)


def _paste(*, blank_ends: bool) -> Generator[Step, Any, list[str]]:
    """Lines until the end of a paste. A blank line ends it only where nothing of a block is open."""
    lines: list[str] = []
    while True:
        line = str((yield Ask(""))).rstrip()
        if line.strip().lower() == "quit" or (blank_ends and not line):
            return lines
        lines.append(line)


def _pair(public: list[str], secret: list[str], passphrase: str) -> RSAPrivateKey | None:
    """The pair of two pastes; None if they are none, or do not belong together."""
    try:
        private = pem.read_private(secret, passphrase)
        return private if private.public_key() == pem.read_public(public) else None
    except pem.PemError:
        return None


def zeroize(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto key zeroize rsa [LABEL]``."""
    router = shell.router
    label = words[4] if len(words) > 4 else ""  # noqa: PLR2004 -- crypto key zeroize rsa
    if not router.keys.held:
        yield Say("% No Signature RSA Keys found in configuration.\n\n")
        return
    if label and label not in router.keys.held:
        yield Say(f"% No RSA keys named '{label}' are found.\n\n")
        return
    yield Say(f"% Keys to be removed are named '{label}'.\n" if label else "% All keys will be removed.\n")
    yield Say("% All router certs issued using these keys will also be removed.\n")
    if not (yield from sure("Do you really want to remove these keys? [yes/no]: ")):
        return
    for gone in [label] if label else list(router.keys.held):
        certificates.forget_key(router, router.keys.held.pop(gone))
        if router.release.is_xe:
            router.log(f"%CRYPTO_ENGINE-5-KEY_DELETED: A key named {gone} has been removed from key storage")
    if not router.keys.held:
        router.log(f"%SSH-5-DISABLED: SSH {_ssh(router)} has been disabled")


def seal(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``crypto key move rsa LABEL non-exportable``: the private key never leaves the router again."""
    key = shell.router.keys.held.get(words[4])
    if key is None:
        yield Say(f"% RSA keypair '{words[4]}' not found.\n")
        return
    shell.router.keys.held[key.label] = RsaKey(
        key.label, key.private, exportable=False, made=key.made, usage=key.usage, second=key.second, device=key.device
    )


def show_keys(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show crypto key mypubkey rsa [LABEL]``."""
    router = shell.router
    label = words[5] if len(words) > 5 else ""  # noqa: PLR2004 -- show crypto key mypubkey rsa
    for key in router.keys.held.values():
        if label in {"", key.label}:
            for usage, private in key.pairs:
                yield from _shown(router, key, usage, private)


def _shown(router: Router, key: RsaKey, usage: str, private: RSAPrivateKey) -> Iterable[str]:
    release = router.release
    yield f"% Key pair was generated at: {times.date(router.running, key.made)}"
    yield f"Key name: {key.label}"
    if release.family != "12.4":
        bits = f"      {private.key_size} bits" if release.numbers >= _SHOWS_BITS_SINCE else ""
        yield f"Key type: RSA KEYS{bits}"
    place = "private-config" if router.keys.is_saved(key) else "not specified"
    yield f" On device: {key.device}" if key.device else f" Storage Device: {place}"
    yield f" Usage: {usage}"
    spread = " Redundancy enabled." if release.is_xe and not key.device else ""
    yield f" Key is {'' if key.exportable else 'not '}exportable.{spread}"
    yield " Key Data:"
    yield from hex_lines(public_der(private.public_key()))


def show_peers(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show crypto key pubkey-chain rsa``: keys of others that were configured by hand; the lab has none."""
    del shell
    return [
        "Codes: M - Manually configured, C - Extracted from certificate",
        "",
        "Code Usage         IP-Address/VRF         Keyring          Name",
    ]


SHOWS = {"show-crypto-key-mypubkey": show_keys, "show-crypto-key-pubkey-chain": show_peers}
ACTIONS = {
    "crypto-key-generate": generate_key,
    "crypto-key-export": export,
    "crypto-key-import": import_key,
    "crypto-key-zeroize": zeroize,
    "crypto-key-move": seal,
}
