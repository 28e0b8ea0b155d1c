"""Logging in with an RSA key that was pasted into the router, by clients that nobody here wrote."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

import asyncssh
import pytest
from screens import Screen

from getvpn_ops.lab.ios.identity import pem
from getvpn_ops.lab.ios.identity.keys import generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab_routers import Port

SSH = shutil.which("ssh")


def paste(port: Port, key: asyncssh.SSHKey) -> None:
    """Make ``ana`` known to the router with her public key, as a person would."""
    text = key.export_public_key().decode().split()[1]
    screen = Screen(router=port.router)
    lines = [text[at : at + 72] for at in range(0, len(text), 72)]
    screen.enter(
        "conf t",
        "username ana privilege 15",
        "ip ssh pubkey-chain",
        "username ana",
        "key-string",
        *lines,
        "exit",
        "end",
    )
    screen.terminal.stop()


@pytest.mark.parametrize("release", ["15", "17"])
def test_asyncssh(start: Callable[..., Port], release: str) -> None:
    port = start(release)
    mine, other = (asyncssh.generate_private_key("ssh-rsa", key_size=2048) for _ in range(2))
    paste(port, mine)

    async def login(user: str, key: asyncssh.SSHKey) -> str:
        options = {
            "username": user,
            "client_keys": [key],
            "known_hosts": None,
            "preferred_auth": "publickey",
            "config": None,
        }
        async with asyncssh.connect("127.0.0.1", port.number, **options) as connection:
            return str((await connection.run("show privilege")).stdout).strip()

    assert asyncio.run(login("ana", mine)) == "Current privilege level is 15"
    for user, key in (("ana", other), ("ben", mine)):
        with pytest.raises(asyncssh.PermissionDenied):
            asyncio.run(login(user, key))


@pytest.mark.skipif(SSH is None, reason="no OpenSSH client")
def test_openssh(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    paste(port, key)
    file = tmp_path / "key"
    key.write_private_key(str(file))
    file.chmod(0o600)
    command = [
        *("ssh", "-F", "none", "-i", str(file), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
        *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
        *("-p", str(port.number), "ana@127.0.0.1", "show privilege"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.strip() == "Current privilege level is 15", done.stderr


def test_a_key_is_pasted_over_ssh_in_one_burst(start: Callable[..., Port]) -> None:
    """The keys that come while the router works are not lost."""
    port = start("17", privilege=15)
    key = generate(2048)
    lines = [
        *("terminal length 0", "configure terminal", "crypto key generate rsa modulus 2048 label OTHER"),
        "crypto key import rsa REKEY pem terminal pass-phrase-9",
        *(*pem.public_lines(key.public_key()), "quit", *pem.private_lines(key, "3des", "pass-phrase-9"), "quit"),
        *("end", "show crypto key mypubkey rsa REKEY", "exit"),
    ]

    async def paste_all() -> str:
        options = {"username": "ops", "password": "pass-1", "known_hosts": None, "client_keys": None, "config": None}
        async with asyncssh.connect("127.0.0.1", port.number, **options) as connection:
            process = await connection.create_process(term_type="vt100")
            process.stdin.write("".join(f"{line}\n" for line in lines))
            return str(await asyncio.wait_for(process.stdout.read(), 60))

    shown = asyncio.run(paste_all())
    assert "% Key pair import succeeded." in shown
    assert port.router.keys.held["REKEY"].private.private_numbers() == key.private_numbers()
    assert "OTHER" in port.router.keys.held
    assert "Key name: REKEY" in shown
