"""RSA keys on the terminal: made, exported, imported, lost, removed, shown."""

from __future__ import annotations

import re
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from screens import RELEASES, Screen

from getvpn_ops.lab.ios.identity import pem
from getvpn_ops.lab.ios.identity.keys import generate, public_der

PASSPHRASE = "pass-phrase-9"  # noqa: S105 -- of a simulated router
FAMILIES = sorted(RELEASES)


def text(shown: str) -> str:
    return shown.replace("\r\n", "\n")


def shell(release: str, *lines: str) -> Screen:
    screen = Screen(release)
    screen.enter("conf t", *lines)
    return screen


def make(screen: Screen, label: str = "REKEY", options: str = "exportable") -> str:
    return text(screen.enter(f"crypto key generate rsa modulus 1024 label {label} {options}".rstrip()))


ORDERS = {
    "as-the-guide": "modulus 1024 label K exportable",
    "as-the-reference": "general-keys label K exportable modulus 1024",
    "short": "gen lab K mod 1024 exp",
    "kind-last": "exportable modulus 1024 label K general-keys",
}


@pytest.mark.parametrize("release", FAMILIES)
@pytest.mark.parametrize("options", ORDERS.values(), ids=ORDERS)
def test_a_new_key(release: str, options: str) -> None:
    screen = shell(release)
    shown = text(screen.enter(f"crypto key generate rsa {options}"))
    assert re.fullmatch(
        r".*\nThe name for the keys will be: K\n\n"
        r"% The key modulus size is 1024 bits\n"
        r"% Generating 1024 bit RSA keys, keys will be exportable\.\.\.\n"
        r"\[OK\] \(elapsed time was \d+ seconds\)\n\nR1\(config\)#",
        shown,
        re.DOTALL,
    )
    key = screen.router.keys.held["K"]
    assert key.exportable
    assert key.private.key_size == 1024
    assert any(line.endswith("%SSH-5-ENABLED: SSH 1.99 has been enabled") for line in screen.router.logged)


def test_an_existing_key() -> None:
    screen = shell("15")
    make(screen)
    before = screen.router.keys.held["REKEY"].private
    assert "% You already have RSA keys defined named REKEY.\n% They will be replaced.\n" in make(screen)
    now = screen.router.keys.held["REKEY"].private
    assert now != before
    shown = text(screen.enter("crypto key generate rsa label REKEY"))
    assert shown.endswith("named REKEY.\n% Do you really want to replace them? [yes/no]: ")
    screen.enter("no")
    assert screen.shown.endswith("R1(config)#")
    assert screen.router.keys.held["REKEY"].private is now


SIZES = {
    "12.4": ("12.4", "360 to 2048", "[512]", "2049", 512),
    "15": ("15", "360 to 4096", "[512]", "4097", 512),
    "16": ("16.9.4", "512 to 4096", "[1024]", "511", 1024),
    "17": ("17", "512 to 4096", "[2048]", "511", 2048),
}


@pytest.mark.parametrize(("release", "limits", "usual", "wrong", "bits"), SIZES.values(), ids=SIZES)
def test_the_size_is_asked_for(release: str, limits: str, usual: str, wrong: str, bits: int) -> None:
    screen = shell(release, "ip domain name a.example")
    shown = text(screen.enter("crypto key generate rsa"))
    assert "The name for the keys will be: R1.a.example\n" in shown
    assert f"in the range of {limits} for your\n  General Purpose Keys." in shown
    assert shown.endswith(f"\n\nHow many bits in the modulus {usual}: ")
    assert "% A decimal number between" in screen.enter(wrong)
    screen.enter("")
    assert screen.router.keys.held["R1.a.example"].private.key_size == bits
    assert "% Invalid input" in screen.enter(f"crypto key generate rsa modulus {wrong}")


REFUSED = {
    "no-domain": ([], "crypto key generate rsa modulus 1024", "% Please define a domain-name first.\n"),
    "no-host-name": (
        ["hostname Router"],
        "crypto key generate rsa modulus 1024",
        "% Please define a hostname other than Router.\n",
    ),
    "twice": ([], "crypto key generate rsa modulus 1024 modulus 1024", "% Invalid input detected"),
    "unknown": ([], "crypto key export rsa NONE pem terminal 3des pass-phrase-9", "'NONE' not found"),
}


@pytest.mark.parametrize(("before", "typed", "answer"), REFUSED.values(), ids=REFUSED)
def test_refused(before: list[str], typed: str, answer: str) -> None:
    screen = shell("15", *before)
    assert answer in text(screen.enter(typed))
    assert screen.router.keys.held == {}


def test_usage_keys_are_two_pairs() -> None:
    screen = shell("15")
    make(screen, "TWO", "usage-keys")
    key = screen.router.keys.held["TWO"]
    assert key.second is not None
    assert key.second != key.private
    screen.enter("end")
    shown = screen.enter("show crypto key mypubkey rsa TWO")
    assert shown.count(" Usage: Signature Key") == shown.count(" Usage: Encryption Key") == 1


def test_short_keys_are_real_keys() -> None:
    private = generate(512)
    assert private.key_size == 512
    numbers = private.private_numbers()
    assert (
        pow(pow(4242, numbers.d, numbers.public_numbers.n), numbers.public_numbers.e, numbers.public_numbers.n) == 4242
    )


# -- export and import


def exported(screen: Screen, label: str = "REKEY", cipher: str = "3des") -> tuple[list[str], list[str]]:
    """The public and the private block that a router shows."""
    shown = text(screen.enter(f"crypto key export rsa {label} pem terminal {cipher} {PASSPHRASE}"))
    blocks = re.findall(r"-----BEGIN (.+?)-----\n(.*?)-----END \1-----", shown, re.DOTALL)
    assert [kind for kind, _ in blocks] == ["PUBLIC KEY", "RSA PRIVATE KEY"]
    public, private = (
        [f"-----BEGIN {kind}-----", *body.splitlines(), f"-----END {kind}-----"] for kind, body in blocks
    )
    return public, private


CIPHERS = {
    "12.4-3des": ("12.4", "3des", "DES-EDE3-CBC"),
    "15-3des": ("15", "3des", "DES-EDE3-CBC"),
    "17-3des": ("17", "3des", "DES-EDE3-CBC"),
    "15-des": ("15", "des", "DES-CBC"),
    "17-aes": ("17", "aes", "AES-256-CBC"),
}


@pytest.mark.parametrize(("release", "cipher", "name"), CIPHERS.values(), ids=CIPHERS)
def test_an_export_is_what_openssl_reads(release: str, cipher: str, name: str) -> None:
    screen = shell(release)
    make(screen)
    public, private = exported(screen, cipher=cipher)
    assert private[1] == "Proc-Type: 4,ENCRYPTED"
    assert private[2].startswith(f"DEK-Info: {name},")
    held = screen.router.keys.held["REKEY"].private
    if cipher == "des":  # the library reads no single DES
        read = pem.read_private(private, PASSPHRASE)
    else:
        read = serialization.load_pem_private_key("\n".join(private).encode(), PASSPHRASE.encode())  # type: ignore[assignment]
    assert read.private_numbers() == held.private_numbers()
    spki = serialization.load_pem_public_key("\n".join([*public, ""]).encode())
    assert isinstance(spki, rsa.RSAPublicKey)
    assert spki.public_numbers() == held.public_key().public_numbers()


def test_how_releases_show_an_export() -> None:
    for release in FAMILIES:
        screen = shell(release)
        make(screen)
        shown = text(screen.enter(f"crypto key export rsa REKEY pem terminal 3des {PASSPHRASE}"))
        assert "% Key name: REKEY\n   Usage: General Purpose Key\n   Key data:\n-----BEGIN PUBLIC KEY-----\n" in shown
        assert bool(re.search(r"-----END PUBLIC KEY-----\nbase64 len \d+-----BEGIN RSA ", shown)) is (release == "17")
        assert ("% Invalid input" in screen.enter(f"crypto key export rsa REKEY pem terminal aes {PASSPHRASE}")) is (
            release != "17"
        )


def test_an_export_to_files() -> None:
    screen = shell("15")
    make(screen)
    shown = text(screen.enter(f"crypto key export rsa REKEY pem url flash: 3des {PASSPHRASE}"))
    assert shown.endswith("Exporting public key...\nDestination filename [REKEY.pub]? ")
    assert text(screen.enter("")).endswith(
        "Writing file to flash:REKEY.pub\nExporting private key...\nDestination filename [REKEY.prv]? "
    )
    screen.enter("")
    assert pem.read_public(screen.router.files["flash:REKEY.pub"]) is not None
    read = pem.read_private(screen.router.files["flash:REKEY.prv"], PASSPHRASE)
    assert read.private_numbers() == screen.router.keys.held["REKEY"].private.private_numbers()


NOT_EXPORTED = {
    "not-exportable": ("", f"crypto key export rsa REKEY pem terminal 3des {PASSPHRASE}", "is not exportable."),
    "short-passphrase": ("exportable", "crypto key export rsa REKEY pem terminal 3des short", "at least 8 characters"),
}


@pytest.mark.parametrize(("options", "typed", "answer"), NOT_EXPORTED.values(), ids=NOT_EXPORTED)
def test_what_is_not_exported(options: str, typed: str, answer: str) -> None:
    screen = shell("15")
    make(screen, options=options)
    shown = screen.enter(typed)
    assert answer in shown
    assert "BEGIN" not in shown


def test_move_makes_a_key_non_exportable_for_good() -> None:
    screen = shell("15")
    make(screen)
    screen.enter("crypto key move rsa REKEY non-exportable")
    assert "is not exportable." in screen.enter(f"crypto key export rsa REKEY pem terminal 3des {PASSPHRASE}")


IMPORT = f"crypto key import rsa REKEY pem terminal {PASSPHRASE}"


@pytest.mark.parametrize("to", FAMILIES)
@pytest.mark.parametrize("of", FAMILIES)
def test_a_key_travels_between_all_releases(of: str, to: str) -> None:
    source, target = shell(of), shell(to)
    make(source)
    public, private = exported(source)
    shown = text(target.enter(IMPORT))
    assert shown.endswith(
        "\n\n% Enter PEM-formatted public General Purpose key or certificate.\n"
        '% End with a blank line or "quit" on a line by itself.\n'
    )
    shown = text(target.enter(*public, ""))
    assert shown.endswith(
        '\n% Enter PEM-formatted encrypted private General Purpose key.\n% End with "quit" on a line by itself.\n'
    )
    shown = text(target.enter(*private, "quit"))
    assert shown.endswith("quit\n% Key pair import succeeded.\n\nR1(config)#")
    ours, theirs = source.router.keys.held["REKEY"], target.router.keys.held["REKEY"]
    assert public_der(ours.private.public_key()) == public_der(theirs.private.public_key())
    assert not theirs.exportable


def test_a_paste_in_one_burst() -> None:
    source, target = shell("17"), shell("17")
    make(source)
    public, private = exported(source, cipher="aes")
    shown = target.type("\r".join([IMPORT.replace("pem", "exportable pem"), *public, "quit", *private, "quit", ""]))
    assert "% Key pair import succeeded." in shown
    assert target.router.keys.held["REKEY"].exportable


@cache
def _foreign() -> rsa.RSAPrivateKey:
    return generate(1024)


def foreign(passphrase: str) -> list[str]:
    """A key that OpenSSL wrote: its traditional form, with AES."""
    return (
        _foreign()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.BestAvailableEncryption(passphrase.encode()),
        )
        .decode()
        .splitlines()
    )


def plain() -> list[str]:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return (
        _foreign().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode().splitlines()
    )


def broken(lines: list[str]) -> list[str]:
    return [*lines[:6], *lines[7:]]


PASTES = {
    "openssl": (lambda: pem.public_lines(_foreign().public_key()), lambda: foreign(PASSPHRASE), True),
    "wrong-passphrase": (lambda: pem.public_lines(_foreign().public_key()), lambda: foreign("another-one"), False),
    "another-public-key": (lambda: pem.public_lines(generate(1024).public_key()), lambda: foreign(PASSPHRASE), False),
    "not-encrypted": (lambda: pem.public_lines(_foreign().public_key()), plain, False),
    "a-line-lost": (lambda: pem.public_lines(_foreign().public_key()), lambda: broken(foreign(PASSPHRASE)), False),
    "garbage": (lambda: ["what?"], lambda: ["that!"], False),
    "nothing": (list, list, False),
}


@pytest.mark.parametrize(("public", "private", "succeeds"), PASTES.values(), ids=PASTES)
def test_pastes(public, private, succeeds: bool) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001, FBT001
    screen = shell("15")
    shown = screen.enter(IMPORT, *public(), "quit", *private(), "quit")
    assert ("% Key pair import succeeded." in shown) is succeeds
    assert ("% Key pair import failed." in shown) is not succeeds
    assert ("REKEY" in screen.router.keys.held) is succeeds
    assert screen.shown.endswith("R1(config)#")


def test_importing_over_a_key_asks() -> None:
    screen = shell("15")
    make(screen)
    before = screen.router.keys.held["REKEY"]
    shown = text(screen.enter(IMPORT))
    assert "% You already have RSA keys named REKEY.\n" in shown
    assert shown.endswith("% Do you really want to replace them? [yes/no]: ")
    screen.enter("no")
    assert screen.shown.endswith("R1(config)#")
    assert screen.router.keys.held["REKEY"] is before


def test_ctrl_c_ends_a_paste() -> None:
    screen = shell("15")
    screen.enter(IMPORT, "x")
    screen.type("\x03")
    assert screen.router.keys.held == {}
    assert screen.shown.endswith("R1#")


def test_what_is_pasted_and_the_passphrase_stay_out_of_the_logs() -> None:
    screen = shell("17", "archive", "log config", "logging enable", "notify syslog", "exit", "exit")
    make(screen)
    public, private = exported(screen)
    screen.enter("crypto key zeroize rsa REKEY", "yes", IMPORT, *public, "quit", *private, "quit", "end")
    kept = [*screen.router.logged, *(item.text for item in screen.router.archive.logged), *screen.running()]
    assert any("crypto key import rsa REKEY pem terminal *" in line for line in kept)
    assert not any(PASSPHRASE in line or private[5] in line for line in kept)
    before = len(screen.shown)
    for _ in range(30):
        screen.type("\x10")
    recalled = screen.shown[before:]
    assert "crypto key zeroize rsa REKEY" in recalled
    assert PASSPHRASE not in recalled
    assert private[-2] not in recalled


# -- life of a key


def test_a_reload_forgets_keys_that_were_not_saved() -> None:
    screen = shell("15")
    make(screen, "KEPT")
    screen.enter("end", "write memory", "conf t")
    make(screen, "LOST")
    screen.enter("end")
    assert " Storage Device: private-config" in screen.enter("show crypto key mypubkey rsa KEPT")
    assert " Storage Device: not specified" in screen.enter("show crypto key mypubkey rsa LOST")
    screen.router.reload()
    assert list(screen.router.keys.held) == ["KEPT"]


ZEROIZED = {
    "one": ("crypto key zeroize rsa ONE", "% Keys to be removed are named 'ONE'.\n", ["TWO"]),
    "all": ("crypto key zeroize rsa", "% All keys will be removed.\n", []),
}


@pytest.mark.parametrize(("typed", "said", "left"), ZEROIZED.values(), ids=ZEROIZED)
def test_zeroize(typed: str, said: str, left: list[str]) -> None:
    screen = shell("17")
    make(screen, "ONE")
    make(screen, "TWO")
    shown = text(screen.enter(typed))
    assert shown.endswith(
        f"{said}% All router certs issued using these keys will also be removed.\n"
        "Do you really want to remove these keys? [yes/no]: "
    )
    screen.enter("no")
    assert len(screen.router.keys.held) == 2
    screen.enter(typed, "yes")
    assert list(screen.router.keys.held) == left
    assert any("%SSH-5-DISABLED" in line for line in screen.router.logged) == (not left)


HEAD = ["% Key pair was generated at:", "Key name: REKEY"]
PLACE = [" Storage Device: not specified", " Usage: General Purpose Key"]
SHOWN = {
    "12.4": ("12.4", [*HEAD, *PLACE, " Key is exportable.", " Key Data:"]),
    "15": ("15", [*HEAD, "Key type: RSA KEYS", *PLACE, " Key is exportable.", " Key Data:"]),
    "17": ("17", [*HEAD, "Key type: RSA KEYS", *PLACE, " Key is exportable. Redundancy enabled.", " Key Data:"]),
}


@pytest.mark.parametrize(("release", "starts"), SHOWN.values(), ids=SHOWN)
def test_shown(release: str, starts: list[str]) -> None:
    screen = shell(release)
    make(screen)
    screen.enter("end")
    lines = text(screen.enter("show crypto key mypubkey rsa")).split("\n")[1:-1]
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=False))
    data = lines[len(starts) :]
    assert all(line.startswith("  ") for line in data)
    assert [len(line.split()) for line in data] == [8, 8, 8, 8, 9]  # 162 bytes: the half group stays on the last line
    assert bytes.fromhex("".join(data)) == public_der(screen.router.keys.held["REKEY"].private.public_key())
    assert screen.enter("show crypto key mypubkey rsa OTHER").count("\n") == 1
