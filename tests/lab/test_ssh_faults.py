"""What goes wrong with a session, with both SSH libraries: each fault ends soon, as a trouble with its cause."""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest
from conftest import SOAK
from pydantic import SecretStr
from ssh_servers import ENGINES, HOST, LOGIN, PASSWORD, Script, plain, router, scripted, target, trouble

from getvpn_ops.devices.hostkeys import HostKey, KnownHosts
from getvpn_ops.devices.session import Session, Target
from getvpn_ops.devices.terms import Cancel, Login, SessionError, Stop
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from lab_routers import Port

DESCRIPTORS = Path("/proc/self/fd")
PLAIN = Login("ops", SecretStr(PASSWORD))

# -- faults of a router of the lab

ARMED: dict[str, tuple[dict[str, str], str, Trouble | None, str]] = {
    "refuse-login": ({}, "", Trouble.LOGIN_REFUSED, "it was tried once and not again"),
    "refuse-enable": ({}, "", Trouble.ENABLE_REFUSED, "enable secret"),
    "vtys-full": ({}, "", Trouble.VTYS_FULL, "does not let anyone begin"),
    "drop-mid-line": ({}, "show ve", Trouble.DROPPED, "broke off"),
    "drop-before": ({}, "show version", Trouble.DROPPED, "broke off"),
    "drop-after-apply": ({}, "show version", Trouble.DROPPED, "broke off"),
    "reload": ({"seconds": "1"}, "show version", Trouble.DROPPED, "broke off"),
    "hang": ({}, "show version", Trouble.DEADLINE, "no byte came for 1 s"),
    "dialog": ({}, "show version", Trouble.UNEXPECTED_PROMPT, "Are you sure? [confirm]"),
    "prompt-changed": ({"name": "elsewhere"}, "", Trouble.UNEXPECTED_PROMPT, "elsewhere"),
    "slow-echo": ({"seconds": "0.6"}, "show version", None, ""),
    "log-between": ({"count": "5"}, "show version", None, ""),
    "non-utf8": ({}, "show version", None, ""),
    "ansi": ({}, "show version", None, ""),
    "truncate": ({}, "show version", None, ""),
    "huge": ({"lines": "20000"}, "show version", None, ""),
}


@pytest.mark.parametrize("kind", ARMED)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_fault_of_a_router(start: Callable[..., Port], tmp_path: Path, engine: str, kind: str) -> None:
    options, pattern, expected, words = ARMED[kind]
    port = start("17")
    made = target(port.number, tmp_path, engine, expected_hostname="BR-7", command_timeout=1)
    port.router.faults.arm(fault(kind, line=pattern or None, options=options))
    if expected is None:
        with Session.open(made, LOGIN, Stop(30)) as session:
            shown = session.show("show version")
            assert b"Cisco IOS" in shown or kind == "non-utf8"
            assert session.show("show privilege") == b"Current privilege level is 15\r\n"
        assert (b"\xff\xfe\x80" in shown) == (kind == "non-utf8")
        assert (b"\x1b[1;31m" in shown) == (kind == "ansi")
        assert (shown.count(b"\n") > 20000) == (kind == "huge")
        return
    error = trouble(made, show=["show version"])
    assert error.trouble is expected
    assert words in error.reason
    assert error.next_step
    assert error.engine.startswith(f"{engine} ") or kind == "vtys-full"
    for secret in (PASSWORD, "enable-1"):
        assert secret not in f"{error} {error.reason} {error.next_step}"
    if kind == "drop-after-apply":
        assert b"Cisco IOS" in error.partial


@pytest.mark.parametrize("engine", ENGINES)
def test_a_changed_host_key_is_never_logged_in_to(start: Callable[..., Port], tmp_path: Path, engine: str) -> None:
    port = start("17")
    made = target(port.number, tmp_path, engine, pin=False)
    error = trouble(made)
    assert error.trouble is Trouble.HOST_KEY_UNKNOWN
    assert "hostkeys pin r1" in error.next_step
    shown = re.findall(r"SHA256:\S{43}", error.reason)
    other = HostKey.from_blob(asyncssh.generate_private_key("ssh-ed25519").convert_to_public().public_data)
    made.known_hosts.pin(HOST, port.number, other)
    error = trouble(made)
    assert error.trouble is Trouble.HOST_KEY_CHANGED
    assert re.findall(r"SHA256:\S{43}", error.reason) == [other.fingerprint, *shown]
    assert not any(
        "%SEC_LOGIN" in text for text in map(str, port.router.logged if hasattr(port.router, "logged") else ())
    )


# -- servers that are none, or say strange things


def say(data: bytes, *, then: str = "wait") -> Callable[[socket.socket], None]:
    """A server that says something, and then waits, reads or closes."""

    def act(made: socket.socket) -> None:
        made.settimeout(20)
        if data:
            made.sendall(data)
        while then != "close" and made.recv(4096):
            if then == "answer":
                made.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                return

    return act


NO_SERVERS = {
    "silence": (say(b""), Trouble.DEADLINE, "said nothing for 0.3 s"),
    "an end at once": (say(b"", then="close"), Trouble.VTYS_FULL, "before its SSH greeting"),
    "half a greeting": (say(b"SSH-2.0-Cis"), Trouble.DEADLINE, "device (1 s) passed"),
    "an end after the greeting": (say(b"SSH-2.0-Cisco-1.25\r\n", then="close"), Trouble.VTYS_FULL, "begin to log in"),
    "nothing after the greeting": (say(b"SSH-2.0-Cisco-1.25\r\n"), Trouble.DEADLINE, "device (1 s) passed"),
    "SSH 1": (say(b"SSH-1.5-Cisco-1.25\r\n"), Trouble.NO_COMMON_SSH, "speaks only SSH 1"),
    "HTTP": (say(b"HTTP/1.1 400 Bad Request\r\n\r\n", then="close"), Trouble.NO_COMMON_SSH, "no SSH 2 server"),
    "Telnet": (
        say(b"\xff\xfb\x01\xff\xfb\x03\x00\r\nUser Access Verification\r\n"),
        Trouble.NO_COMMON_SSH,
        "no SSH 2 server",
    ),
    "a key exchange of garbage": (
        say(b"SSH-2.0-Cisco-1.25\r\n\x00\x00\x00\x1c\x04" + b"\x15" * 27, then="close"),
        Trouble.VTYS_FULL,
        "begin to log in",
    ),
}


@pytest.mark.parametrize("case", NO_SERVERS)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_answers_is_no_ssh_server(tmp_path: Path, engine: str, case: str) -> None:
    act, expected, words = NO_SERVERS[case]
    with plain(act) as port:
        made = target(port, tmp_path, engine, pin=False, connect_timeout=0.3 if "0.3 s" in words else 20)
        error = trouble(made, seconds=1 if "(1 s)" in words else 30)
    assert (error.trouble, words in error.reason) == (expected, True), error.reason


OLD_SERVER = {
    "kex_algs": ["diffie-hellman-group14-sha1"],
    "encryption_algs": ["aes128-cbc"],
    "mac_algs": ["hmac-sha1"],
    "signature_algs": ["ssh-rsa"],
    "server_host_keys": [asyncssh.generate_private_key("ssh-rsa", key_size=2048)],
}
STRANGE = {"encryption_algs": ["seed-cbc@ssh.com"], "mac_algs": ["hmac-sha256@ssh.com"]}


def test_no_algorithm_in_common(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    with scripted(loop, Script(router()), **OLD_SERVER) as port:
        error = trouble(target(port, tmp_path, "paramiko"), PLAIN)
        assert error.trouble is Trouble.NO_COMMON_SSH
        assert "no common key exchange, the device offers diffie-hellman-group14-sha1" in error.reason
        assert "`ssh.engine: libssh` logs in to such a device" in error.next_step
        with Session.open(target(port, tmp_path), PLAIN, Stop(20)) as session:
            assert session.hostname == "R1"
    with scripted(loop, Script(router()), **STRANGE) as port:
        for engine in ENGINES:
            error = trouble(target(port, tmp_path, engine, pin=False), PLAIN)
            assert error.trouble is Trouble.NO_COMMON_SSH
            assert "no common cipher, the device offers seed-cbc@ssh.com" in error.reason


async def silence(process: asyncssh.SSHServerProcess[bytes]) -> None:
    await process.stdin.read(1000)


def saying(text: bytes, *, close: bool = False) -> Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]:
    """A shell that shows something in place of a prompt."""

    async def act(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(text)
        if not close:
            while await process.stdin.read(1000):
                pass

    return act


async def unheard(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stdout.write(b"\r\nR1#")
    while await process.stdin.read(1000):
        pass


SHELLS = {
    "no prompt": (saying(b"\r\nwelcome\r\n"), Trouble.UNEXPECTED_PROMPT, "waits at 'welcome'"),
    "nothing": (silence, Trouble.DEADLINE, "no byte came for 1 s"),
    "a question": (
        saying(b"\r\nWould you like to enter the initial configuration dialog? [yes/no]: "),
        Trouble.UNEXPECTED_PROMPT,
        "initial configuration dialog",
    ),
    "a second login": (
        saying(b"\r\nUser Access Verification\r\n\r\nUsername: "),
        Trouble.UNEXPECTED_PROMPT,
        "Username:",
    ),
    "a prompt that does not echo": (unheard, Trouble.UNEXPECTED_PROMPT, "R1#"),
    "an end": (saying(b"\r\nbye\r\n", close=True), Trouble.DROPPED, "before its prompt; it said 'bye'"),
    "no line": (saying(b"\r\n% All lines are in use\r\n", close=True), Trouble.VTYS_FULL, "All lines are in use"),
    "no authorization": (
        saying(b"\r\n% Authorization failed.\r\n", close=True),
        Trouble.LOGIN_REFUSED,
        "% Authorization failed.",
    ),
    "another name": (router(prompt=b"R2#"), Trouble.UNEXPECTED_PROMPT, "the name 'R2', expected 'R1'"),
}


@pytest.mark.parametrize("case", SHELLS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_shell_without_the_right_prompt(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str, case: str
) -> None:
    act, expected, words = SHELLS[case]
    with scripted(loop, Script(act)) as port:
        made = target(port, tmp_path, engine, command_timeout=1, expected_hostname="R1")
        error = trouble(made, PLAIN)
    assert (error.trouble, words in error.reason) == (expected, True), error.reason


async def renamed(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stdout.write(b"12:00\r\nR2#")
    await process.stdin.read(1000)


async def half(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stdout.write(b"one\r\ntw")
    process.channel.get_connection().abort()


async def dripping(process: asyncssh.SSHServerProcess[bytes]) -> None:
    while True:
        process.stdout.write(b"more\r\n")
        await asyncio.sleep(0.05)


ANSWERS: dict[str, tuple[Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]], Trouble, str, bytes]] = {
    "another prompt": (renamed, Trouble.UNEXPECTED_PROMPT, "'R2#'", b"12:00\r\nR2#"),
    "a pager": (saying(b"one\r\n --More-- "), Trouble.UNEXPECTED_PROMPT, "--More--", b"one\r\n --More-- "),
    "an end without end": (dripping, Trouble.DEADLINE, "device (3 s) passed", b"more\r\nmore\r\n"),
    "a break in the middle": (half, Trouble.DROPPED, "broke off", b"one\r\n"),
}


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_answer_that_does_not_end(loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str, case: str) -> None:
    act, expected, words, partial = ANSWERS[case]
    with scripted(loop, Script(router(act))) as port:
        made = target(port, tmp_path, engine, command_timeout=1)
        error = trouble(made, PLAIN, seconds=3 if case == "an end without end" else 30, show=["show clock"])
    assert (error.trouble, words in error.reason) == (expected, True), error.reason
    assert error.partial.startswith(partial)


# -- ends that come from this side


@pytest.mark.parametrize("engine", ENGINES)
def test_cancel_wakes_at_once_wherever_it_waits(loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str) -> None:
    waits = {
        "greeting": plain(say(b"")),
        "key exchange": plain(say(b"SSH-2.0-Cisco-1.25\r\n")),
        "prompt": scripted(loop, Script(silence)),
        "answer": scripted(loop, Script(router(silence))),
    }
    for where, server in waits.items():
        with server as port, Cancel() as cancel:
            made = target(port, tmp_path, engine, pin=where in {"prompt", "answer"})
            threading.Timer(0.3, cancel.set).start()
            began = time.monotonic()
            with pytest.raises(SessionError) as error, Session.open(made, PLAIN, Stop(60, cancel)) as session:
                session.show("show clock")
            assert error.value.trouble is Trouble.CANCELLED, where
            assert time.monotonic() - began < 10


@pytest.mark.parametrize("engine", ENGINES)
def test_close_from_another_thread_wakes_who_waits(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str
) -> None:
    with scripted(loop, Script(router(silence))) as port:
        session = Session.open(target(port, tmp_path, engine), PLAIN, Stop(60))
        closer = threading.Timer(0.2, session.close)
        closer.start()
        with pytest.raises(SessionError) as error:
            session.show("show clock")
        assert error.value.trouble is Trouble.DROPPED
        closer.join()
        session.close()
        session.close()
        with pytest.raises(SessionError):
            session.show("show clock")


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with plain(say(b"SSH-2.0-x\r\n")) as port:
        error = trouble(target(port, tmp_path, "libssh2", pin=False))
        assert (error.trouble, "no SSH engine is called" in error.reason) == (Trouble.SETUP, True)
        monkeypatch.setitem(sys.modules, "ssh", None)
        monkeypatch.delitem(sys.modules, "getvpn_ops.devices.ssh.over_libssh", raising=False)
        error = trouble(target(port, tmp_path, pin=False))
        assert error.trouble is Trouble.SETUP
        assert "pip install ssh-python" in error.next_step


# -- many

ROUNDS, MANY, THREADS = (20, 1000, 100) if SOAK else (2, 60, 30)
KINDS = ("", "", "", "drop-before", "drop-mid-line", "drop-after-apply", "refuse-login", "vtys-full", "hang", "dialog")


def _threads() -> set[threading.Thread]:
    """The threads that are not the lab's."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith(("lab", "asyncio"))}


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
def test_many_sessions_leave_nothing_behind(tmp_path: Path, engine: str, figure: Callable[[str], None]) -> None:
    names = [f"r{number}" for number in range(THREADS)]  # no router has two sessions at once
    (tmp_path / "hosts.yaml").write_text("".join(f"{name}: {{}}\n" for name in names))
    with Background(Settings(tmp_path, seed=1)) as lab:
        known = tmp_path / "known_hosts"
        known.write_text("".join(f"{station.known_host()}\n" for station in lab.fleet.stations.values()))
        pinned = KnownHosts(known)
        login = Login("ops", SecretStr(lab.password), SecretStr(lab.password))
        for number, name in enumerate(names):
            if kind := KINDS[number % len(KINDS)]:
                pattern = "show clock" if kind not in {"refuse-login", "vtys-full"} else None
                lab.router(name).faults.arm(fault(kind, line=pattern, times=0))

        def one(number: int) -> str:
            name = names[number % len(names)]
            made = Target(
                device=name, host=HOST, port=lab.port(name), engine=engine, known_hosts=pinned, command_timeout=2
            )
            try:
                with Session.open(made, login, Stop(60)) as session:
                    return "answered" if b":" in session.show("show clock") else "wrong"
            except SessionError as error:
                return error.trouble.value

        one(0)
        gc.collect()
        before = len(list(DESCRIPTORS.iterdir())), _threads()
        began, ended = time.monotonic(), Counter[str]()
        for _ in range(ROUNDS):
            with ThreadPoolExecutor(THREADS) as pool:
                ended.update(pool.map(one, range(MANY)))
        taken = time.monotonic() - began
        gc.collect()
        until = time.monotonic() + 10
        while _threads() - before[1] and time.monotonic() < until:
            time.sleep(0.05)
        assert not _threads() - before[1]
        assert len(list(DESCRIPTORS.iterdir())) <= before[0] + 2  # of the lab's own
    assert ended.total() == ROUNDS * MANY
    share = ROUNDS * MANY / len(KINDS)
    assert ended["answered"] == 3 * share
    assert ended["session dropped"] == 3 * share
    assert ended["login refused"] == ended["no free VTY"] == ended["deadline passed"] == share
    assert ended["unexpected prompt"] == share
    figure(f"sessions: {ROUNDS} x {MANY} with faults, {engine}: {ROUNDS * MANY / taken:.0f} a second")
