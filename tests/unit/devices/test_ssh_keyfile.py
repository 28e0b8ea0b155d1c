"""Key files, with and without a passphrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh
import pytest
from pydantic import SecretStr

from getvpn_ops.devices.ssh.keyfile import read_key
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"ssh-rsa": "rsa", "ecdsa-sha2-nistp256": "ecdsa", "ssh-ed25519": "ed25519"}
FORMATS = ("openssh", "pkcs8-pem")
pytestmark = pytest.mark.filterwarnings("ignore:Warning. bcrypt.kdf")
WORD = "open sesame"
QUICK = {"rounds": 16}  # of the stretching of the passphrase


@pytest.mark.parametrize("passphrase", [None, WORD])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_key(tmp_path: Path, kind: str, form: str, passphrase: str | None) -> None:
    made = asyncssh.generate_private_key(kind)
    made.write_private_key(str(tmp_path / "key"), form, passphrase, **QUICK)
    found = read_key(tmp_path / "key", SecretStr(WORD))  # one that is not needed does no harm
    assert found.form == KINDS[kind]
    assert asyncssh.import_private_key(found.text).convert_to_public() == made.convert_to_public()
    assert found.text not in repr(found)


UNUSABLE = {
    "missing": (None, None, "No such file"),
    "no key": (b"hello", None, "no private key"),
    "cut": (b"-----BEGIN OPENSSH", WORD, "no private key"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_no_key(tmp_path: Path, case: str) -> None:
    data, passphrase, words = UNUSABLE[case]
    if data is not None:
        (tmp_path / "key").write_bytes(data)
    with pytest.raises(SessionError, match=words) as error:
        read_key(tmp_path / "key", SecretStr(passphrase) if passphrase else None)
    assert error.value.trouble is Trouble.SETUP


@pytest.mark.parametrize("form", FORMATS)
def test_the_wrong_passphrase_is_said_and_not_shown(tmp_path: Path, form: str) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "key"), form, WORD, **QUICK)
    for given, words in ((None, "needs a passphrase"), ("guess-9", "the passphrase is wrong")):
        with pytest.raises(SessionError, match=words) as error:
            read_key(tmp_path / "key", SecretStr(given) if given else None)
        assert "guess-9" not in str(error.value)
        assert error.value.__cause__ is None
