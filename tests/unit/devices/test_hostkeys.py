"""Pinned host keys: our own known_hosts, as OpenSSH reads it."""

from __future__ import annotations

import base64
import hmac
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
import pytest

from getvpn_ops.devices.hostkeys import HostKey, KnownHosts, verify
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Trouble

KEYGEN = shutil.which("ssh-keygen")


def make(kind: str = "ssh-ed25519") -> HostKey:
    """A new public key."""
    return HostKey.from_blob(asyncssh.generate_private_key(kind).convert_to_public().public_data)


def hashed(name: str) -> str:
    """A host name as ``HashKnownHosts`` writes it."""
    salt = b"twenty bytes of salt"
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


ONE, OTHER, RSA = make(), make(), make("ssh-rsa")


def known(folder: Path, text: str) -> KnownHosts:
    """A file with these lines."""
    (folder / "known_hosts").write_text(text)
    return KnownHosts(folder / "known_hosts")


FOUND = {
    "a name": ("r1 {one}", "r1", 22, True),
    "a name in capitals": ("R1 {one}", "r1", 22, True),
    "asked for in capitals": ("r1 {one}", "R1", 22, True),
    "an address": ("10.0.0.1 {one}", "10.0.0.1", 22, True),
    "one of several": ("r9,r1,10.0.0.1 {one}", "10.0.0.1", 22, True),
    "a port": ("[r1]:2022 {one} r1 of the lab", "r1", 2022, True),
    "a port that is another": ("[r1]:2022 {one}", "r1", 22, False),
    "no port": ("r1 {one}", "r1", 2022, False),
    "a pattern": ("*.example {one}", "r1.example", 22, True),
    "a pattern with one letter": ("r? {one}", "r1", 22, True),
    "a pattern with a port": ("[10.0.0.*]:2022 {one}", "10.0.0.7", 2022, True),
    "a pattern that excludes": ("*.example,!r1.example {one}", "r1.example", 22, False),
    "hashed": (f"{hashed('[r1]:2022')} {{one}}", "r1", 2022, True),
    "hashed, another": (f"{hashed('r1')} {{one}}", "r2", 22, False),
    "hashed badly": ("|1|%%%|%%% {one}", "r1", 22, False),
    "a comment": ("# r1 {one}", "r1", 22, False),
    "a certificate authority": ("@cert-authority * {one}", "r1", 22, False),
    "revoked": ("@revoked r1 {one}", "r1", 22, False),
    "no key": ("r1 ssh-ed25519 AAAA", "r1", 22, False),
    "another algorithm than the key's": ("r1 ssh-rsa {blob}", "r1", 22, False),
    "not base64": ("r1 ssh-ed25519 %%%", "r1", 22, False),
    "too few words": ("r1 ssh-ed25519", "r1", 22, False),
}


@pytest.mark.parametrize("case", FOUND)
def test_find(tmp_path: Path, case: str) -> None:
    line, host, port, found = FOUND[case]
    hosts = known(tmp_path, f"\n{line.format(one=ONE.text, blob=ONE.text.split()[1])}\n")
    assert hosts.find(host, port) == ((ONE,) if found else ())


def test_no_file() -> None:
    assert KnownHosts(Path("/nowhere/known_hosts")).find("r1") == ()


def test_pin_and_remove(tmp_path: Path) -> None:
    text = f"# mine\n*.example {RSA.text}\nr2,r3 {RSA.text}\n"
    hosts = known(tmp_path, text)
    hosts.pin("R1", 22, ONE, "lds-ks1")
    hosts.pin("r1", 2022, OTHER)
    assert hosts.find("r1") == (ONE,)
    assert hosts.find("r1", 2022) == (OTHER,)
    hosts.pin("r1", 22, OTHER)
    assert hosts.find("r1") == (OTHER,)
    assert hosts.remove("r1") == 1
    assert hosts.remove("r1") == 0
    assert hosts.find("r1") == ()
    assert hosts.remove("r2") == 0  # a line that names others, too, is people's own
    assert hosts.path.read_text() == f"{text}[r1]:2022 {OTHER.text}\n"
    assert stat.S_IMODE(hosts.path.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"known_hosts", "known_hosts.lock"}


def test_what_another_process_pins_is_seen(tmp_path: Path) -> None:
    hosts, other = KnownHosts(tmp_path / "known_hosts"), KnownHosts(tmp_path / "known_hosts")
    assert hosts.find("r1") == ()
    other.pin("r1", 22, ONE)
    assert hosts.find("r1") == (ONE,)


def test_pins_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    def pin(number: int) -> None:
        KnownHosts(tmp_path / "known_hosts").pin(f"r{number}", 22, ONE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pin, range(40)))
    assert {entry.hosts[0] for entry in KnownHosts(tmp_path / "known_hosts").entries()} == {f"r{n}" for n in range(40)}


def test_a_comment_is_one_line(tmp_path: Path) -> None:
    hosts = KnownHosts(tmp_path / "known_hosts")
    hosts.pin("r1", 22, ONE, f"x\nr2 {OTHER.text}")
    assert len(hosts.path.read_text().splitlines()) == 1
    assert hosts.find("r2") == ()


@pytest.mark.skipif(KEYGEN is None, reason="no OpenSSH")
def test_openssh_reads_it(tmp_path: Path) -> None:
    hosts = KnownHosts(tmp_path / "known_hosts")
    hosts.pin("10.0.0.1", 2022, RSA, "lds-ks1")
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-F", "[10.0.0.1]:2022", "-f", str(hosts.path)],  # noqa: S607 -- found on the path
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert RSA.fingerprint in shown


VERDICTS = {
    "pinned": (f"r1 {ONE.text}", None),
    "one of two": (f"r1 {RSA.text}\nr1 {ONE.text}", None),
    "unknown": ("", Trouble.HOST_KEY_UNKNOWN),
    "changed": (f"r1 {OTHER.text}", Trouble.HOST_KEY_CHANGED),
    "of another kind": (f"r1 {RSA.text}", Trouble.HOST_KEY_CHANGED),
    "revoked": (f"r1 {ONE.text}\n@revoked r1 {ONE.text}", Trouble.HOST_KEY_CHANGED),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_verify(tmp_path: Path, case: str) -> None:
    text, verdict = VERDICTS[case]
    hosts = known(tmp_path, text)
    if verdict is None:
        verify(hosts, "lds-ks1", "r1", 22, ONE)
        return
    with pytest.raises(SessionError) as error:
        verify(hosts, "lds-ks1", "r1", 22, ONE)
    assert error.value.trouble is verdict
    assert ONE.fingerprint in error.value.reason
    if case == "changed":
        assert OTHER.fingerprint in error.value.reason
        assert "hostkeys rotate lds-ks1" in error.value.next_step
    if case == "unknown":
        assert "hostkeys pin lds-ks1" in error.value.next_step


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").mkdir()
    pinned = KnownHosts(tmp_path / "known_hosts")
    for ask in (pinned.entries, pinned.must_be_readable, lambda: pinned.find("r1")):
        with pytest.raises(UsageError, match="known_hosts cannot be read: Is a directory"):
            ask()
    KnownHosts(tmp_path / "none").must_be_readable()
