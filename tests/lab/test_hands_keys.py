"""RSA keys from router to router in memory, on three releases; and none of it anywhere else, at any verbosity."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
from handed import Handed
from pydantic import SecretStr

from getvpn_ops.devices.acting.keys import without_keys
from getvpn_ops.devices.logs import redacted_logs
from getvpn_ops.devices.transcript import Transcripts
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.ios.identity.keys import public_der, rsa_key
from getvpn_ops.model.exec import ExecCommand, ExecMode, ExecOutcome, ExecReceipt
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.receipt import Hindrance
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.devices.hand import OpenHand

RELEASES = {"old1": "12.4(22)T5", "mid1": "15.2(4)M11", "new1": "17.6.5", "new2": "17.6.5"}
CIPHERS = {"old1": "3des", "mid1": "3des", "new1": "aes", "new2": "aes"}
ENGINES = {**dict.fromkeys(RELEASES, ""), "mid1": ", connection_options: {getvpn-ops: {extras: {engine: paramiko}}}"}
PASSPHRASE = SecretStr("Zu7canarykeyway9Qe4xR2tB")
WRONG = SecretStr("Zu7canarywrong99Qe4xR2tB")
LABEL = "REKEY"
GENERATE = ExecCommand(
    f"crypto key generate rsa general-keys label {LABEL} modulus 1024 exportable", mode=ExecMode.CONFIG, seconds=20
)
SHOW = f"show crypto key mypubkey rsa {LABEL}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yaml").write_text(
        "".join(
            f"{name}: {{hostname: 10.255.0.{at}, username: ops, data: {{role: ks, release: {text}}}{ENGINES[name]}}}\n"
            for at, (name, text) in enumerate(RELEASES.items(), 1)
        )
    )
    for name in RELEASES:
        (folder / f"{name}.cfg").write_text(f"hostname {name}\n")
    with Background(Settings(folder, folder, seed=6)) as running:
        yield running


@pytest.fixture
def handed(lab: Background, tmp_path: Path) -> Iterator[Handed]:
    made = Handed(lab, tmp_path, {"transcripts": Transcripts(tmp_path / "said")}, command_timeout=1.0)
    yield made
    lab.call(lab.fleet.clear, "*", None)
    for name in RELEASES:
        lab.call(lab.router(name).keys.held.clear)


def hold(lab: Background, device: str, *, exportable: bool = True, bits: int = 1024) -> None:
    """A key that is there already."""
    router = lab.router(device)
    made = rsa_key(LABEL, bits, exportable=exportable, made=router.clock.now())
    lab.call(router.keys.held.__setitem__, LABEL, made)


def public(lab: Background, device: str) -> bytes | None:
    """The public key as it lies in the router; None if it has none."""
    held = lab.call(lab.router(device).keys.held.get, LABEL)
    return public_der(held.private.public_key()) if held is not None else None


def exported(handed: Handed, device: str, passphrase: SecretStr = PASSPHRASE) -> tuple[ExecReceipt, SecretStr | None]:
    return handed.on(device, lambda hand: hand.export_key(LABEL, CIPHERS[device], passphrase, seconds=1))


def pasted(
    pem: SecretStr, passphrase: SecretStr = PASSPHRASE, *, exportable: bool = True
) -> Callable[[OpenHand], ExecReceipt]:
    return lambda hand: hand.import_key(LABEL, pem, passphrase, exportable=exportable, seconds=1)


def test_generate_export_import_on_each_release(handed: Handed, lab: Background) -> None:
    """From the newest to the oldest and on from there: each way a key takes, with equal public keys at the end."""
    made = handed.on("new1", lambda hand: hand.command(GENERATE))
    assert (made.outcome, made.hindrance) == (ExecOutcome.DONE, None), made
    assert "[OK] (elapsed time was" in made.said
    source = "new1"
    for target in ("mid1", "old1", "new2"):
        told, pem = exported(handed, source)
        assert (told.outcome, told.hindrance) == (ExecOutcome.DONE, None), told
        assert pem is not None
        took = handed.on(target, pasted(pem))
        assert (took.outcome, took.hindrance) == (ExecOutcome.DONE, None), took
        assert "% Key pair import succeeded." in took.said
        source = target
    assert len({public(lab, device) for device in RELEASES}) == 1
    shown = [parse(SHOW, handed.on(device, lambda hand: hand.show(SHOW)).text).data for device in ("old1", "new1")]
    assert [item.keys[0].key_data for item in shown] == [shown[0].keys[0].key_data] * 2


def test_nothing_is_left_of_a_copy(handed: Handed, lab: Background, tmp_path: Path) -> None:
    hold(lab, "mid1")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redacted_logs(handed.redactor):
            told, pem = exported(handed, "mid1")
            assert pem is not None
            took = handed.on("new2", pasted(pem))
            refused = handed.on("new2", pasted(pem))
            bad = handed.on("old1", pasted(pem, WRONG))
            handed.arm("new1", "drop-after-apply", line="crypto key import")
            lost = handed.on("new1", pasted(pem))
            logging.getLogger("somebody").warning("he says %s and %r", PASSPHRASE.get_secret_value(), pem)
            try:
                raise ValueError(pem.get_secret_value())  # noqa: TRY301 -- as a library may
            except ValueError:
                logging.getLogger("somebody").exception("failed")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    text = pem.get_secret_value()
    private = text.partition("PRIVATE KEY-----")[2].splitlines()
    needles = [PASSPHRASE.get_secret_value(), WRONG.get_secret_value(), *(line for line in private if len(line) > 20)]
    needles = [needle for needle in needles if not needle.startswith(("-", "DEK", "Proc"))]
    assert len(needles) > 8
    said = {path.name: path.read_text() for path in (tmp_path / "said").iterdir()}
    assert set(said) == {"mid1.txt", "new2.txt", "old1.txt", "new1.txt"}
    places = {
        "log": log.getvalue(),
        **said,
        "receipts": str([to_plain(receipt) for receipt in (told, took, refused, bad, lost)]),
        "repr": repr([told, took, refused, bad, lost, pem]),
        "captures": repr(handed.captures),
        "progress": repr(handed.notes.commands),
    }
    assert "he says" in places["log"]
    assert not [(place, needle) for place, where in places.items() for needle in needles if needle in where]
    assert told.line == f"crypto key export rsa {LABEL} pem terminal 3des {handed.redactor.text(needles[0])}"
    assert "<redacted sha256:" in told.line
    assert "% Key name" in told.said


def test_a_wrong_passphrase_imports_nothing(handed: Handed, lab: Background) -> None:
    hold(lab, "new1")
    _, pem = exported(handed, "new1")
    assert pem is not None
    receipt = handed.on("mid1", pasted(pem, WRONG))
    assert (receipt.outcome, receipt.reason) == (ExecOutcome.REFUSED, "% Key pair import failed.")
    assert public(lab, "mid1") is None


@pytest.mark.parametrize("device", ["old1", "new2"])
def test_a_label_that_is_there_is_not_overwritten(handed: Handed, lab: Background, device: str) -> None:
    hold(lab, "new1")
    hold(lab, device)
    before = public(lab, device)
    _, pem = exported(handed, "new1")
    assert pem is not None
    receipt = handed.on(device, pasted(pem))
    assert (receipt.outcome, receipt.hindrance) == (ExecOutcome.REFUSED, Hindrance.QUESTION), receipt
    assert "% You already have RSA keys named REKEY." in receipt.said
    assert public(lab, device) == before


def test_keys_that_are_not_given_away(handed: Handed, lab: Background) -> None:
    hold(lab, "mid1", exportable=False)
    receipt, pem = exported(handed, "mid1")
    assert (receipt.outcome, pem) == (ExecOutcome.REFUSED, None)
    assert receipt.reason == "% RSA keypair 'REKEY' is not exportable."
    receipt, pem = exported(handed, "old1")
    assert (receipt.outcome, pem) == (ExecOutcome.REFUSED, None)
    assert receipt.reason == "% RSA keypair 'REKEY' not found."
    hold(lab, "mid1")
    receipt, pem = handed.on("mid1", lambda hand: hand.export_key(LABEL, "aes", PASSPHRASE, seconds=1))
    assert (receipt.outcome, pem) == (ExecOutcome.REFUSED, None), "15 has no AES: another cipher may be tried"


UNFIT: dict[str, tuple[str, str, str]] = {
    "a label of two words": ("TWO WORDS", "aes", "Zu7canarykeyway9"),
    "help": (LABEL, "aes", "what?is-this-9"),
    "no such cipher": (LABEL, "rot13", "Zu7canarykeyway9"),
    "a passphrase of two words": (LABEL, "aes", "Zu7 canary"),
}


@pytest.mark.parametrize(("label", "cipher", "words"), UNFIT.values(), ids=UNFIT)
def test_what_is_no_word_is_not_typed(handed: Handed, label: str, cipher: str, words: str) -> None:
    receipt, pem = handed.on("new1", lambda hand: hand.export_key(label, cipher, SecretStr(words), seconds=1))
    assert (receipt.outcome, receipt.hindrance, pem) == (ExecOutcome.NOTHING_SENT, Hindrance.UNFIT, None)
    assert words not in str(to_plain(receipt))


def test_text_that_is_no_key_is_not_pasted(handed: Handed) -> None:
    receipt = handed.on("new1", pasted(SecretStr("-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\n")))
    assert (receipt.outcome, receipt.hindrance) == (ExecOutcome.NOTHING_SENT, Hindrance.UNFIT)


DROPS: dict[str, tuple[str, ExecOutcome]] = {
    "drop-mid-line": ("^crypto key import rsa REKEY pem", ExecOutcome.NOTHING_SENT),
    "drop-before": ("^crypto key import", ExecOutcome.UNKNOWN),
    "drop-after-apply": ("^crypto key import", ExecOutcome.UNKNOWN),
    "hang": ("^crypto key import", ExecOutcome.UNKNOWN),
}


@pytest.mark.parametrize("kind", DROPS)
def test_a_session_that_ends_under_an_import(handed: Handed, lab: Background, kind: str) -> None:
    line, outcome = DROPS[kind]
    hold(lab, "new1")
    _, pem = exported(handed, "new1")
    assert pem is not None
    handed.arm("new2", kind, line=line)
    receipt = handed.on("new2", pasted(pem))
    assert receipt.outcome is outcome, receipt
    assert receipt.hindrance is (Hindrance.SILENT if kind == "hang" else Hindrance.LOST)
    assert (public(lab, "new2") == public(lab, "new1")) == (kind == "drop-after-apply")


MARKS = tuple(f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
PIECES = {
    "whole": ("a\n-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\nb", "a\n\nb"),
    "glued": (f"base64 len 9{MARKS[0]}\nMIGf\n{MARKS[1]}\nb", "base64 len 9\nb"),
    "broken off": (f"a\n{MARKS[0]}\nProc-Type: 4\nMIGf", "a\n"),
    "without its beginning": ("MIICXAIBAAKBgQDJ3Zo4T0ZKfMwq\na\nquit", "a"),
    "none": ("% RSA keypair 'REKEY' not found.", "% RSA keypair 'REKEY' not found."),
}


@pytest.mark.parametrize(("said", "left"), PIECES.values(), ids=PIECES)
def test_what_is_left_beside_keys(said: str, left: str) -> None:
    assert without_keys(said) == left
