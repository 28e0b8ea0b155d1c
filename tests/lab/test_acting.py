"""One command on routers that do what no router of the lab does: no echo, other modes, questions again and again."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ssh_servers import LOGIN, Script, line, scripted, target

from getvpn_ops.devices.acting import Acted, Typing, act
from getvpn_ops.devices.configuring.hand import Cue
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.session import Session
from getvpn_ops.devices.terms import Stop
from getvpn_ops.model.exec import ExecMode, ExecOutcome
from getvpn_ops.model.receipt import Hindrance

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import asyncssh

    Process = asyncssh.SSHServerProcess[bytes]

SURE = Cue(re.compile(r"\[yes/no\]: $"), ("yes",))
KEY = Cue(re.compile(r"\[confirm\]$"), ("y",))


async def begun(process: Process) -> None:
    """A router at its prompt, its terminal prepared."""
    process.stdout.write(b"\r\nR1#")
    for _ in range(2):
        await line(process)
        process.stdout.write(b"R1#")


async def rest(process: Process) -> None:
    """Whatever else is typed is lost."""
    while await process.stdin.read(1):
        pass


async def mute(process: Process) -> None:
    """Shows nothing of what is typed, but takes a Ctrl-C."""
    await begun(process)
    while (key := await process.stdin.read(1)) != b"\x03":
        assert key
        assert key not in b"\r\n", "no Enter behind a line that nobody saw"
    process.stdout.write(b"\r\nR1#")
    await rest(process)


async def lost(process: Process) -> None:
    """Shows half of the line, then ends."""
    await begun(process)
    process.stdout.write(await process.stdin.read(1))


async def insistent(process: Process) -> None:
    """Asks again after each answer; the Ctrl-C ends it."""
    await begun(process)
    await line(process)
    process.stdout.write(b"Do it? [yes/no]: ")
    await line(process)
    process.stdout.write(b"% Please answer 'yes' or 'no'.\r\nDo it? [yes/no]: ")
    assert await process.stdin.read(1) == b"\x03"
    process.stdout.write(b"\r\nR1#")
    await rest(process)


async def one_key(process: Process) -> None:
    """Takes one key; an Enter behind it would be the next line."""
    await begun(process)
    await line(process)
    process.stdout.write(b"Go? [confirm]")
    assert await process.stdin.read(1) == b"y"
    process.stdout.write(b"y\r\nR1#")
    await line(process)
    process.stdout.write(b"12:00:00\r\nR1#")
    await rest(process)


async def elsewhere(process: Process) -> None:
    """Opens configuration mode instead; only Ctrl-C leads out."""
    await begun(process)
    await line(process)
    process.stdout.write(b"R1(config)#")
    assert await line(process) == b"end"
    process.stdout.write(b"R1#")
    await rest(process)


async def renamed(process: Process) -> None:
    """Has another name behind the command."""
    await begun(process)
    await line(process)
    process.stdout.write(b"R2#")
    await rest(process)


async def chatty(process: Process) -> None:
    """Log lines stand before the echo's end, around the words and behind the prompt."""
    await begun(process)
    await line(process)
    process.stdout.write(b"\r\n*Mar  1 10:00:00.1: %SYS-5-CONFIG_I: Configured\r\nBuilding configuration...\r\n")
    process.stdout.write(b"*Mar  1 10:00:01.1: %SYS-5-CONFIG_I: Configured\r\n[OK]\r\nR1#")
    await rest(process)


async def deaf(process: Process) -> None:
    """Stays in configuration mode whatever comes."""
    await begun(process)
    await line(process)
    process.stdout.write(b"R1(config)#")
    while True:
        await line(process)
        process.stdout.write(b"R1(config)#")


CASES: dict[str, tuple[Callable[[Process], Awaitable[None]], Typing, ExecOutcome, Hindrance | None, bool]] = {
    "no echo": (mute, Typing("go"), ExecOutcome.NOTHING_SENT, Hindrance.SILENT, True),
    "half an echo": (lost, Typing("go"), ExecOutcome.NOTHING_SENT, Hindrance.LOST, False),
    "asks again": (insistent, Typing("go", (SURE,)), ExecOutcome.UNKNOWN, Hindrance.QUESTION, True),
    "one key": (one_key, Typing("go", (KEY,)), ExecOutcome.DONE, None, True),
    "another mode": (elsewhere, Typing("go"), ExecOutcome.UNKNOWN, Hindrance.WRONG_MODE, True),
    "another name": (renamed, Typing("go"), ExecOutcome.UNKNOWN, Hindrance.WRONG_MODE, True),
    "log lines": (chatty, Typing("go"), ExecOutcome.DONE, None, True),
    "never leaves": (deaf, Typing("go", mode=ExecMode.CONFIG), ExecOutcome.DONE, None, False),
}


@pytest.mark.parametrize(("router", "typing", "outcome", "hindrance", "stands"), CASES.values(), ids=CASES)
def test_a_command_on_a_strange_router(  # noqa: PLR0913, PLR0917 -- a case
    loop: asyncio.AbstractEventLoop,
    tmp_path: Path,
    router: Callable[[Process], Awaitable[None]],
    typing: Typing,
    outcome: ExecOutcome,
    hindrance: Hindrance | None,
    stands: bool,  # noqa: FBT001
) -> None:
    with scripted(loop, Script(router)) as number:
        made = target(number, tmp_path, command_timeout=0.5)
        with Session.open(made, replace(LOGIN, enable=None), Stop(60), purpose=Purpose.CHANGE) as session:
            acted: Acted = act(session, replace(typing, seconds=0.5))
            assert (acted.outcome, acted.hindrance, session.is_alive) == (outcome, hindrance, stands), acted
            assert acted.seconds < 10
            if router is one_key:
                assert session.show("show clock") == b"12:00:00\r\n"
