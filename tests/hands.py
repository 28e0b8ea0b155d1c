"""Someone who types on the routers of a lab, over SSH, and waits for each prompt."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from getvpn_ops.lab.background import Background

_OLD = {
    "kex_algs": ["diffie-hellman-group14-sha1"],
    "server_host_key_algs": ["ssh-rsa"],
    "encryption_algs": ["aes128-cbc"],
    "mac_algs": ["hmac-sha1"],
}
_PAUSE = re.compile(r"(?:[\w.\-]+(?:\([\w\-]+\))?[#>]|\[confirm\]|\]: |\]: |: |\? )$")
_PATIENCE = 20.0


def type_on(lab: Background, device: str, *lines: str) -> str:
    """Type lines on a router, each after the router asked for it; returns the screen."""
    return asyncio.run(asyncio.wait_for(_typed(lab, device, lines), 120))


async def _typed(lab: Background, device: str, lines: tuple[str, ...]) -> str:
    old = lab.fleet.stations[device].host.release.family == "12.4"
    async with asyncssh.connect(
        "127.0.0.1", lab.port(device), username="ops", password=lab.password, known_hosts=None, client_keys=None,
        **(_OLD if old else {}),
    ) as connection:  # fmt: skip
        stdin, stdout, _ = await connection.open_session(term_type="vt100", term_size=(200, 0), encoding="latin-1")
        screen = await _until_prompt(stdout)
        for line in ("terminal length 0", *lines):
            stdin.write(f"{line}\r")
            screen += await _until_prompt(stdout)
        stdin.write("exit\r")
        return screen.replace("\r", "")


async def _until_prompt(stdout: asyncssh.SSHReader[str]) -> str:
    shown = ""
    while True:
        shown += await asyncio.wait_for(stdout.read(65536), _PATIENCE)
        if _PAUSE.search(shown) or stdout.at_eof():
            return shown


def configure(lab: Background, device: str, *lines: str) -> str:
    """Type configuration lines on a router; none may be refused."""
    screen = type_on(lab, device, "configure terminal", *lines, "end")
    assert not re.search(r"% (?!NOTE)", screen.replace("%SYS", "")), screen
    return screen
