"""Logins and lines: banners, tries, limits, and a hundred sessions at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh
import pytest

from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

CONFIGURATION = """hostname {name}
username clerk privilege 7 secret 0 clerk-pass
enable secret 0 enable-pass
privilege exec level 7 show running-config
login on-failure log
login on-success log
banner login ^C
Authorised staff only.
^C
banner motd ^C
Work on the line tonight.
^C
line vty 0 1
 exec-timeout 0 30
 transport input ssh
line vty 2 4
 transport input none
"""
MANY = 100


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Background]:
    folder: Path = tmp_path_factory.mktemp("lab")
    names = ["gate", *(f"r{number}" for number in range(MANY))]
    (folder / "hosts.yaml").write_text("".join(f"{name}: {{}}\n" for name in names))
    (folder / "gate.cfg").write_text(CONFIGURATION.format(name="gate"))
    with Background(Settings(folder, folder, seed=1)) as running:
        yield running


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def connect(lab: Background, device: str, user: str = "ops", password: str | None = None) -> Any:  # noqa: ANN401
    return asyncssh.connect(
        "127.0.0.1", lab.port(device), username=user, password=password or lab.password, known_hosts=None,
        client_keys=None, preferred_auth="password",
    )  # fmt: skip


async def talk(connection: asyncssh.SSHClientConnection, *lines: str) -> str:
    """Type lines into a shell; returns all that is shown until it ends."""
    stdin, stdout, _ = await connection.open_session(term_type="vt100", encoding="latin-1")
    stdin.write("".join(f"{line}\r" for line in ("terminal length 0", *lines, "exit")))
    return str(await stdout.read())


def told(lab: Background, device: str, kind: str) -> list[str]:
    return [event.text for event in lab.call(lab.fleet.events.since, device=device, kind=kind)]


def test_banners_and_users_of_the_configuration(lab: Background) -> None:
    class Client(asyncssh.SSHClient):
        banner = ""

        def auth_banner_received(self, msg: str, lang: str) -> None:
            del lang
            Client.banner += msg

    async def session() -> None:
        connection, _ = await asyncssh.create_connection(
            Client, "127.0.0.1", lab.port("gate"), username="clerk", password="clerk-pass", known_hosts=None,  # noqa: S106
            client_keys=None,
        )  # fmt: skip
        async with connection:
            shown = await talk(connection, "show privilege", "show running-config", "conf t", "enable", "enable-pass")
        assert Client.banner.strip() == "Authorised staff only."
        assert "Work on the line tonight." in shown
        assert "Current privilege level is 7" in shown
        assert "hostname gate" in shown, "privilege exec level moved the command to level 7"
        assert "gate#conf t\r\n     ^\r\n% Invalid input" in shown
        assert "enable-pass" not in shown

    run(session())
    assert any("%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: clerk]" in text for text in told(lab, "gate", "log"))


def test_three_wrong_passwords_end_a_connection(lab: Background) -> None:
    class Client(asyncssh.SSHClient):
        asked = 0

        def password_auth_requested(self) -> str | None:
            Client.asked += 1
            return f"wrong-{Client.asked}" if Client.asked < 20 else None

    async def session() -> None:
        with pytest.raises((asyncssh.Error, OSError)):
            await asyncssh.create_connection(
                Client, "127.0.0.1", lab.port("gate"), username="ops", known_hosts=None, client_keys=None,
                preferred_auth="password",
            )  # fmt: skip

    run(session())
    assert sum("LOGIN_FAILED: Login failed [user: ops]" in text for text in told(lab, "gate", "log")) == 3


def test_the_configuration_says_how_many_lines_there_are(lab: Background) -> None:
    async def session() -> None:
        async with connect(lab, "gate") as first, connect(lab, "gate") as second:
            with pytest.raises((asyncssh.Error, OSError)):
                async with connect(lab, "gate"):
                    pass
            for connection in (first, second):
                assert "Current privilege level" in await talk(connection, "show privilege")
                await connection.wait_closed()
        async with connect(lab, "gate") as third:
            assert "Current privilege level" in await talk(third, "show privilege")

    run(session())
    assert "refused: no line is free" in told(lab, "gate", "session")


def test_an_idle_session_ends_by_the_clock_of_the_lab(lab: Background) -> None:
    async def session() -> None:
        async with connect(lab, "gate") as connection:
            stdin, stdout, _ = await connection.open_session(term_type="vt100", encoding="latin-1")
            await stdout.readuntil("gate#")
            await asyncio.to_thread(lab.advance, 29)
            stdin.write("show privilege\r")
            await stdout.readuntil("15\r\ngate#")
            await asyncio.to_thread(lab.advance, 29)
            assert not stdout.at_eof()
            await asyncio.to_thread(lab.advance, 2)
            assert await stdout.read() == ""
            assert stdout.at_eof()

    run(session())


def test_a_connection_carries_one_session(lab: Background) -> None:
    async def session() -> None:
        async with connect(lab, "r0") as connection:
            assert "Current privilege level is 15" in await talk(connection, "show privilege")
            with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ConnectionLost, ConnectionError)):
                await talk(connection, "show privilege")

    run(session())


def test_a_hundred_sessions_at_once(lab: Background, figure: Callable[[str], None]) -> None:
    async def session() -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        connections = await asyncio.gather(*(connect(lab, f"r{number}") for number in range(MANY)))
        assert sum(len(lab.router(f"r{number}").sessions) for number in range(MANY)) == 0
        shown = await asyncio.gather(*(talk(connection, "show running-config") for connection in connections))
        assert all(f"r{number}#" in text and "\r\nend\r\n" in text for number, text in enumerate(shown))
        for connection in connections:
            connection.close()
        figure(f"lab: {MANY} sessions at once, logged in, answered and left in {loop.time() - begun:.1f} s")

    run(session())
