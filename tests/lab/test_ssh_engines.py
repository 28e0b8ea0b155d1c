"""Logging in and asking, with both SSH libraries: every way in, old routers, jump hosts, and outputs of every sort."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest
from netmiko.cisco.cisco_ios import CiscoIosSSH
from netmiko.exceptions import ConfigInvalidException, ReadTimeout
from pydantic import SecretStr
from ssh_servers import ENGINES, HOST, LOGIN, PASSWORD, Script, router, scripted, target, trouble

from getvpn_ops.devices.hostkeys import HostKey, scan
from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.session import Session
from getvpn_ops.devices.terms import Login, SessionError, Stop
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.ios.router import Account
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from lab_routers import Port

ROOT = Path(__file__).parents[2]
PASSPHRASE = "open sesame"  # noqa: S105 -- of a key that lives for one test
RELAY = (
    "import select, socket, sys, os\n"
    "sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
    "while True:\n"
    "    ready, _, _ = select.select([0, sock], [], [])\n"
    "    for source, sink in ((0, sock.send), (sock.fileno(), lambda data: os.write(1, data))):\n"
    "        if source in [r if isinstance(r, int) else r.fileno() for r in ready]:\n"
    "            data = os.read(source, 65536)\n"
    "            if not data: sys.exit(0)\n"
    "            sink(data)\n"
)
WAYS = [("libssh", "12.4"), ("libssh", "15"), ("libssh", "17"), ("paramiko", "15"), ("paramiko", "17")]


@pytest.mark.parametrize(("engine", "release"), WAYS)
def test_a_password(start: Callable[..., Port], tmp_path: Path, engine: str, release: str) -> None:
    port = start(release)
    with Session.open(target(port.number, tmp_path, engine, expected_hostname="br-7"), LOGIN, Stop(30)) as session:
        assert session.engine.startswith(f"{engine} ")
        assert session.hostname == "BR-7"
        assert session.show("show privilege") == b"Current privilege level is 15\r\n"
        version = session.show("show version")
        assert port.router.serial.encode() in version
        assert version.rstrip().endswith(b"Configuration register is 0x2102")
        assert b"% Invalid input detected" in session.show("show foo")
        assert b"hostname BR-7" in session.show("show running-config")
        shown = session.show("show users")
        assert shown.count(b"ops") == 1  # one line is taken


def test_paramiko_4_logs_in_to_old_routers(start: Callable[..., Port], tmp_path: Path) -> None:
    """In another process: it cannot live beside version 5."""
    old = ROOT / ".venv" / "paramiko4"
    if not (old / "paramiko").is_dir():
        pytest.fail(f"paramiko 4 is missing in {old}: `rm -f .venv/.installed && make test` installs it")
    port = start("12.4")
    code = (
        "import sys, json; from pathlib import Path; from ssh_servers import *\n"
        f"made = target({port.number}, Path({str(tmp_path)!r}), 'paramiko')\n"
        "with Session.open(made, LOGIN, Stop(30)) as session:\n"
        "    print(json.dumps([session.engine, session.show('show clock').decode()]))"
    )
    paths = os.pathsep.join((str(old), str(ROOT / "tests"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engine, clock = json.loads(done.stdout)
    assert engine.startswith("paramiko 4.")
    assert "UTC" in clock


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unprivileged_login(start: Callable[..., Port], tmp_path: Path, engine: str) -> None:
    port = start("17")
    made = target(port.number, tmp_path, engine)
    with Session.open(made, Login("ops", SecretStr(PASSWORD)), Stop(30)) as session:
        assert session.show("show privilege") == b"Current privilege level is 1\r\n"
    port.router.faults.arm(fault("refuse-enable"))
    error = trouble(made)
    assert error.trouble is Trouble.ENABLE_REFUSED
    assert "enable-1" not in str(error)


# -- keys


@pytest.fixture
def keyed(start: Callable[..., Port], tmp_path: Path) -> tuple[Port, Path]:
    """A router that knows a key of ours, and the file of it, which has a passphrase."""
    port = start("17")
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    blob = key.export_public_key().decode().split()[1]
    port.router.accounts["ops"] = Account(PASSWORD, 1, (blob,))
    for name, passphrase in (("key", PASSPHRASE), ("bare", None)):
        key.write_private_key(str(tmp_path / name), "pkcs8-pem", passphrase)
        (tmp_path / name).chmod(0o600)
    return port, tmp_path / "key"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_key_with_a_passphrase(keyed: tuple[Port, Path], tmp_path: Path, engine: str) -> None:
    port, file = keyed
    made = target(port.number, tmp_path, engine)
    login = Login("ops", None, SecretStr("enable-1"), file, SecretStr(PASSPHRASE))
    with Session.open(made, login, Stop(30)) as session:
        assert b"level is 15" in session.show("show privilege")
    error = trouble(made, Login("ops", None, None, file, SecretStr("guess-9")))
    assert error.trouble is Trouble.SETUP
    assert "guess-9" not in str(error)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_key_that_is_not_known_is_followed_by_the_password(
    start: Callable[..., Port], tmp_path: Path, engine: str
) -> None:
    port = start("17")
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "key"))
    made = target(port.number, tmp_path, engine)
    with Session.open(made, Login("ops", SecretStr(PASSWORD), None, tmp_path / "key"), Stop(30)) as session:
        assert session.hostname == "BR-7"
    error = trouble(made, Login("ops", None, None, tmp_path / "key"))
    assert error.trouble is Trouble.LOGIN_REFUSED
    assert str(tmp_path / "key") in error.reason


@contextlib.contextmanager
def ssh_agent(folder: Path, *keys: Path) -> Iterator[str]:
    """An agent of our own with keys that need no passphrase; gives its socket."""
    path = folder / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)  # noqa: S607
    try:
        until = time.monotonic() + 10
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.01)
        for key in keys:
            environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
            subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment)  # noqa: S607
        yield str(path)
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="no ssh-agent")
@pytest.mark.parametrize("engine", ENGINES)
def test_an_agent(keyed: tuple[Port, Path], tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port, file = keyed
    other = tmp_path / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(other))
    other.chmod(0o600)
    made = target(port.number, tmp_path, engine)
    with ssh_agent(tmp_path, other, file.with_name("bare")) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        with Session.open(made, Login("ops", use_agent=True), Stop(30)) as session:
            assert session.hostname == "BR-7"
        port.router.accounts["ops"] = Account(PASSWORD)
        with Session.open(made, Login("ops", SecretStr(PASSWORD), use_agent=True), Stop(30)) as session:
            assert session.hostname == "BR-7"
    error = trouble(made, Login("ops", use_agent=True))  # it has ended
    assert error.trouble is Trouble.NO_CREDENTIALS
    assert "no agent answers" in error.reason
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert "SSH_AUTH_SOCK names no agent" in trouble(made, Login("ops", use_agent=True)).reason


@pytest.mark.parametrize("when", ["at once", "when it signs"])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_agent_that_hangs(
    keyed: tuple[Port, Path], tmp_path: Path, engine: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ = keyed
    blob = base64.b64decode(port.router.accounts["ops"].public_keys[0])
    keys = b"\x0c" + struct.pack(">II", 1, len(blob)) + blob + struct.pack(">I", 0)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                made, _ = server.accept()
                with made:
                    if when == "when it signs":
                        made.recv(5)
                        made.sendall(struct.pack(">I", len(keys)) + keys)
                    while made.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        made = target(port.number, tmp_path, engine)
        error = trouble(made, Login("ops", use_agent=True), seconds=1)
        assert error.trouble is Trouble.DEADLINE
        thread.join(5)  # its connection was closed
        assert not thread.is_alive()


# -- keyboard-interactive

ROUNDS = {
    "one question": ((("Password: ",),), None),
    "a word without a question, then one": (((), ("Password: ",)), None),
    "a question, then a word": ((("Password: ",), ()), None),
    "a second question": ((("Password: ",), ("Passcode: ",)), "Passcode:"),
    "two questions at once": ((("Password: ", "Passcode: "),), "Passcode:"),
}


@pytest.mark.parametrize("case", ROUNDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_keyboard_interactive(loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str, case: str) -> None:
    questions, asked = ROUNDS[case]
    script = Script(router(b"12:00\r\n"), ("publickey", "keyboard-interactive"), questions)
    with scripted(loop, script) as port:
        made = target(port, tmp_path, engine)
        if asked is None:
            with Session.open(made, Login("ops", SecretStr(PASSWORD)), Stop(30)) as session:
                assert session.show("show clock") == b"12:00\r\n"
        else:
            error = trouble(made, Login("ops", SecretStr(PASSWORD)))
            assert error.trouble is Trouble.LOGIN_REFUSED
            assert repr(asked) in error.reason


@pytest.mark.parametrize("methods", [("password",), ("keyboard-interactive",), ("password", "keyboard-interactive")])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_password_is_tried_once(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str, methods: tuple[str, ...]
) -> None:
    script = Script(router(), methods, accept=False)
    with scripted(loop, script) as port:
        error = trouble(target(port, tmp_path, engine))
    assert error.trouble is Trouble.LOGIN_REFUSED
    assert "tried once and not again" in error.reason
    assert PASSWORD not in str(error)
    assert script.logins == [(methods[0], True)]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_to_log_in_with(loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str) -> None:
    script = Script(router(), ("publickey",))
    with scripted(loop, script) as port:
        made = target(port, tmp_path, engine)
        assert trouble(made).trouble is Trouble.NO_CREDENTIALS
        assert trouble(made, Login("ops")).trouble is Trouble.NO_CREDENTIALS
    assert script.logins == []


# -- jump hosts


@pytest.mark.parametrize("engine", ENGINES)
def test_through_a_jump_command(start: Callable[..., Port], tmp_path: Path, engine: str) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(RELAY)
    port = start("17")
    made = target(port.number, tmp_path, engine, jump=f"{sys.executable} {relay} %h %p")
    with Session.open(made, LOGIN, Stop(30)) as session:
        assert b"level is 15" in session.show("show privilege")
    broken = target(port.number, tmp_path, engine, jump=f"{sys.executable} {relay} %h 1")
    error = trouble(broken)
    assert error.trouble is Trouble.UNREACHABLE
    assert "the jump command ended with status 1" in error.reason
    assert "Connection refused" in error.reason


# -- outputs


def _slowly(*pieces: bytes, pause: float) -> Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]:
    async def act(process: asyncssh.SSHServerProcess[bytes]) -> None:
        for piece in pieces:
            process.stdout.write(piece)
            await asyncio.sleep(pause)

    return act


MEMBERS = b"".join(
    b"Group Member ID    : 10.%d.%d.1\tGM Version: 1.0.17\r\n Group ID          : 4711\r\n" % divmod(number, 250)
    + b" Group Name        : WAN\r\n Key Server ID     : 10.9.0.1\r\n\r\n"
    for number in range(8000)
)
CHUNK = 1000
OUTPUTS: dict[str, tuple[Callable[..., Awaitable[None]] | bytes, bytes]] = {
    "8,000 members, in one go": (MEMBERS, MEMBERS),
    "8,000 members, dripped": (
        _slowly(*(MEMBERS[at : at + CHUNK] for at in range(0, len(MEMBERS), CHUNK)), pause=0),
        MEMBERS,
    ),
    "control characters": (
        b"\x1b[1;31mred\x1b[0m \x07\x08\x00\xff\xfe\xc3(\r\n",
        b"\x1b[1;31mred\x1b[0m \x07\x08\x00\xff\xfe\xc3(\r\n",
    ),
    "a prompt on a line of its own, and a pause": (
        _slowly(b"before\r\n", b"R1#", b"\r\nafter\r\n", pause=0.01),
        b"before\r\nR1#\r\nafter\r\n",
    ),
    "a prompt within, from a device that drips": (
        _slowly(*(bytes([byte]) for byte in b"a\r\nb\r\nR1#\r\nc\r\n"), pause=0.05),
        b"a\r\nb\r\nR1#\r\nc\r\n",
    ),
    "a prompt at the end of a line, and a long pause": (
        _slowly(b"see R1#", b"\r\nend\r\n", pause=0.3),
        b"see R1#\r\nend\r\n",
    ),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("case", OUTPUTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_output_byte_for_byte(loop: asyncio.AbstractEventLoop, tmp_path: Path, engine: str, case: str) -> None:
    answer, text = OUTPUTS[case]
    with scripted(loop, Script(router(answer, b"12:00\r\n"))) as port:
        made = target(port, tmp_path, engine)
        with Session.open(made, Login("ops", SecretStr(PASSWORD)), Stop(60)) as session:
            assert session.show("show crypto gdoi ks members") == text
            assert session.show("show clock") == b"12:00\r\n"


def test_log_lines_between_two_commands(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    async def first(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"one\r\nR1#")
        await asyncio.sleep(0.1)
        process.stdout.write(b"\r\n%SYS-5-CONFIG_I: Configured from console by ana\r\n")

    with (
        scripted(loop, Script(router(first, b"two\r\n"))) as port,
        Session.open(target(port, tmp_path), Login("ops", SecretStr(PASSWORD)), Stop(30)) as session,
    ):
        assert session.show("show clock") == b"one\r\n"
        time.sleep(0.2)
        assert session.show("show clock") == b"two\r\n"


def test_a_banner_that_looks_like_a_prompt(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    async def act(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"\r\n#### Authorised staff only ####\r\n# tel. 4711 #")
        await asyncio.sleep(0.2)
        process.stdout.write(b"\r\n")
        await router(b"12:00\r\n")(process)

    with (
        scripted(loop, Script(act)) as port,
        Session.open(target(port, tmp_path), Login("ops", SecretStr(PASSWORD)), Stop(30)) as session,
    ):
        assert session.hostname == "R1"
        assert session.show("show clock") == b"12:00\r\n"


# -- as Netmiko


def test_only_the_lists_are_typed(start: Callable[..., Port], tmp_path: Path) -> None:
    port = start("17")
    with Session.open(target(port.number, tmp_path), LOGIN, Stop(30)) as session:
        for command in (
            "configure terminal",
            "show run | redirect flash:x",
            "reload",
            "show x\nreload",
            "write memory",
        ):
            with pytest.raises(SessionError) as error:
                session.show(command)
            assert error.value.trouble is Trouble.NOT_ALLOWED
            with pytest.raises(NotAllowedError):
                session.netmiko.send_command(command)
            with pytest.raises(NotAllowedError):
                session.netmiko.write_channel(f"{command}\n")
        with pytest.raises(NotAllowedError):
            session.netmiko.send_config_set(["hostname X"])
        assert session.show("show privilege") == b"Current privilege level is 15\r\n"
    assert port.router.name == "BR-7"


@pytest.mark.parametrize(("engine", "release"), WAYS)
def test_a_whole_netmiko_connection(
    start: Callable[..., Port], tmp_path: Path, engine: str, release: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "netmiko")
    port = start(release)
    made = target(port.number, tmp_path, engine)
    with Session.open(made, LOGIN, Stop(60), purpose=Purpose.CHANGE) as session:
        device = session.netmiko
        assert isinstance(device, CiscoIosSSH)
        assert (device.find_prompt(), device.base_prompt) == ("BR-7#", "BR-7")
        assert device.check_enable_mode()
        assert device.is_alive()
        assert "UTC" in str(device.send_command("show clock"))
        assert port.router.serial in str(device.send_command("show version", expect_string=r"BR-7#"))
        assert "UTC" in str(device.send_command_timing("show clock", last_read=0.2))
        rows = device.send_command("show ip interface brief", use_textfsm=True)
        assert isinstance(rows, list)
        assert rows[0]["ip_address"] == "10.20.1.1"
        assert not device.check_config_mode()
        shown = device.send_config_set(["interface GigabitEthernet0/0/1", "description by us", "ip address dhcp x"])
        assert "% Invalid input" in shown
        assert not device.check_config_mode()
        device.config_mode()
        assert device.find_prompt() == "BR-7(config)#"
        assert "by us" in str(device.send_command("do show running-config interface GigabitEthernet0/0/1"))
        device.exit_config_mode()
        assert device.find_prompt() == "BR-7#"
        with pytest.raises(ConfigInvalidException):
            device.send_config_set(["crypto key wrong hush-hush"], error_pattern="%")
        device.exit_config_mode()
        assert "[OK]" in device.save_config()
        with pytest.raises(ReadTimeout):
            device.read_until_pattern("never", read_timeout=0.2)
        assert b"level is 15" in session.show("show privilege")
    assert not device.is_alive()
    assert "enable-1" not in caplog.text
    assert PASSWORD not in caplog.text
    assert not any(PASSWORD in repr(value) or "enable-1" in repr(value) for value in vars(device).values())


def test_scan_shows_the_key_and_logs_no_one_in(start: Callable[..., Port]) -> None:
    for release, algorithm in (("12.4", "ssh-rsa"), ("17", "ssh-ed25519")):
        port = start(release)
        key = scan(HOST, port.number, Stop(20))
        assert key.algorithm == algorithm
        assert key == scan(HOST, port.number, Stop(20))
        assert not port.router.sessions


def test_the_pinned_kind_of_key_is_asked_for(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    """A server with several keys shows the one that is pinned."""
    keys = [asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")]
    with scripted(loop, Script(router()), server_host_keys=keys) as port:
        for engine in ENGINES:
            for key in keys:
                made = target(port, tmp_path, engine, pin=False)
                made.known_hosts.pin(HOST, port, HostKey.from_blob(key.convert_to_public().public_data))
                with Session.open(made, Login("ops", SecretStr(PASSWORD)), Stop(30)) as session:
                    assert session.hostname == "R1"
