"""What SSH libraries cost a session, raw and under our driver, side by side.

    python benchmarks/ssh_engines.py [--devices N] [--sessions N] [--threads N] [--rounds N] [--only TEXT]
                                     [--also PYTHON] [--json FILE]

A session is: TCP, key exchange, login by password, a shell on a terminal, three show commands, out. Each contender runs
in a process of its own, whose CPU and memory the system counts, against one lab; an answer without its content is an
error, not a session. With twice as many devices as threads, no router has two sessions at once. ``raw`` is the library
with a loop around it that waits for the prompt and does nothing else: the floor. Contenders that are not installed are
left out; ``--also`` names an interpreter that has others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import resource
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
USER = "ops"
NEW, OLD = "17", "12.4"
RELEASES = {NEW: "17.6.5", OLD: "12.4(22)T5"}
COMMANDS = (("show version", b"Cisco IOS"), ("show running-config", b"hostname"), ("show version", b"Cisco IOS"))
PATIENCE = 60.0
_WAIT = 30_000  # ms
_CHUNK = 65536
_DESCRIPTORS = Path("/proc/self/fd")
_WIDTH = 511


class Place(NamedTuple):
    """A router, and how to log in to it."""

    name: str
    port: int
    password: str
    release: str
    known_hosts: str
    commands: tuple[tuple[str, bytes], ...] = COMMANDS


class Figures(NamedTuple):
    """What a contender took.

    Attributes:
        contender: who.
        release: of the routers.
        sessions: that were had.
        failed: how each other one ended, and how often.
        per_second: sessions a second, all threads together.
        cpu_ms: user and system of the client, a session.
        peak_mib: most memory of the client.
        leaked: descriptors and threads left behind.
    """

    contender: str
    release: str
    sessions: int
    failed: dict[str, int]
    per_second: float
    cpu_ms: float
    peak_mib: float
    leaked: tuple[int, int]


# -- raw shells: send, and read until the prompt


def _dialogue(place: Place, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
    """Enable, paging off, the commands; the prompt is the host name and ``#``."""
    prompt = f"{place.name}#".encode()

    def until(*marks: bytes) -> bytes:
        shown = b""
        while not shown.rstrip().endswith(marks):
            piece = read()
            if not piece:
                raise ConnectionError("the session ended")
            shown += piece
        return shown

    if until(b"#", b">").rstrip().endswith(b">"):
        write(b"enable\r")
        if until(prompt, b"assword:").rstrip().endswith(b":"):
            write(place.password.encode() + b"\r")
            until(prompt)
    write(b"terminal length 0\r")
    until(prompt)
    for command, content in place.commands:
        write(command.encode() + b"\r")
        if content not in until(prompt):
            raise ValueError(command)


def _dial(port: int) -> socket.socket:
    made = socket.create_connection((HOST, port), timeout=PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setblocking(False)  # noqa: FBT003 -- the library's own signature
    return made


def _ready(made: socket.socket, events: int) -> None:
    poll = select.poll()
    poll.register(made, events)
    if not poll.poll(_WAIT):
        raise TimeoutError


def raw_ssh2_python(place: Place) -> None:
    """libssh2, by ssh2-python."""
    made = _dial(place.port)
    _raw_ssh2_python(place, made)  # frees the session, which still uses the socket's number
    made.close()


def _raw_ssh2_python(place: Place, made: socket.socket) -> None:
    again = importlib.import_module("ssh2.error_codes").LIBSSH2_ERROR_EAGAIN
    session = importlib.import_module("ssh2.session").Session()
    session.set_blocking(blocking=False)

    def do(call: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 -- what the library's calls give
        while (result := call(*given)) == again or (isinstance(result, tuple) and result[0] == again):
            way = session.block_directions()
            _ready(made, (select.POLLIN if way & 1 else 0) | (select.POLLOUT if way & 2 else 0))
        return result

    do(session.handshake, made)
    session.hostkey()
    do(session.userauth_password, USER, place.password)
    channel = do(session.open_session)
    do(channel.pty)
    do(channel.shell)
    _dialogue(place, lambda: bytes(do(channel.read, _CHUNK)[1]), lambda data: do(channel.write, data))
    made.shutdown(socket.SHUT_RDWR)


def raw_ssh_python(place: Place) -> None:
    """libssh, by ssh-python, as it comes: blocking; the library closes the descriptor."""
    made = _dial(place.port)
    _raw_ssh_python(place, made.dup())
    made.close()


def _raw_ssh_python(place: Place, made: socket.socket) -> None:
    options = importlib.import_module("ssh.options")
    session = importlib.import_module("ssh.session").Session()
    session.options_set(options.HOST, HOST)
    session.options_set(options.USER, USER)
    session.options_set_int_val(options.PROCESS_CONFIG, 0)
    session.set_socket(made.detach())
    if place.release == OLD:
        session.options_set(options.KEY_EXCHANGE, "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1")
        session.options_set(options.HOSTKEYS, "ssh-rsa")
        for kind in (options.CIPHERS_C_S, options.CIPHERS_S_C):
            session.options_set(kind, "aes128-cbc,3des-cbc")
        for kind in (options.HMAC_C_S, options.HMAC_S_C):
            session.options_set(kind, "hmac-sha1")
    session.set_blocking(1)
    session.connect()
    session.get_server_publickey().export_pubkey_base64()
    session.userauth_password(USER, place.password)
    channel = session.channel_new()
    channel.open_session()
    channel.request_pty_size("vt100", _WIDTH, 0)
    channel.request_shell()

    def read() -> bytes:
        size, data = channel.read_nonblocking(_CHUNK)
        while not size and not channel.is_eof():
            poll = select.poll()
            poll.register(session.get_fd(), select.POLLIN)
            if not poll.poll(_WAIT):
                raise TimeoutError
            size, data = channel.read_nonblocking(_CHUNK)
        return bytes(data)

    _dialogue(place, read, channel.write)


def raw_pylibssh(place: Place) -> None:
    """libssh, by ansible-pylibssh; ciphers and MACs cannot be chosen."""
    session = importlib.import_module("pylibsshext.session").Session()
    old = {"key_exchange_algorithms": "+diffie-hellman-group14-sha1", "hostkeys": "+ssh-rsa"}
    more = {**old, "publickey_accepted_algorithms": "+ssh-rsa"} if place.release == OLD else {}
    session.connect(
        host=HOST, port=place.port, user=USER, password=place.password, timeout=int(PATIENCE), look_for_keys=False,
        host_key_checking=False, **more,
    )  # fmt: skip
    channel = session.new_channel()
    channel.request_shell()

    def read() -> bytes:
        until = time.monotonic() + PATIENCE
        while not (data := channel.read_nonblocking(1024)):
            if data is None or time.monotonic() > until:
                return b""
            time.sleep(0.001)
        return bytes(data)

    _dialogue(place, read, channel.write)
    channel.close()
    session.close()


def raw_paramiko(place: Place) -> None:
    """Paramiko."""
    transport = importlib.import_module("paramiko").Transport(_dial(place.port))
    try:
        transport.start_client(timeout=PATIENCE)
        transport.get_remote_server_key()
        transport.auth_password(USER, place.password, fallback=False)
        channel = transport.open_session()
        channel.settimeout(PATIENCE)
        channel.get_pty(width=_WIDTH)
        channel.invoke_shell()
        _dialogue(place, lambda: bytes(channel.recv(_CHUNK)), channel.sendall)
    finally:
        transport.close()


# -- under our driver


@cache
def _known_hosts(path: str) -> Any:  # noqa: ANN401 -- of a module that other interpreters lack
    return importlib.import_module("getvpn_ops.devices.hostkeys").KnownHosts(Path(path))


def _ours(engine: str, place: Place) -> None:
    terms, session_module = (importlib.import_module(f"getvpn_ops.devices.{name}") for name in ("terms", "session"))
    secret = importlib.import_module("pydantic").SecretStr(place.password)
    known = _known_hosts(place.known_hosts)
    target = session_module.Target(device=place.name, host=HOST, port=place.port, engine=engine, known_hosts=known)
    session = session_module.Session.open(target, terms.Login(USER, secret, enable=secret), terms.Stop(PATIENCE))
    try:
        for command, content in COMMANDS:
            if content not in session.show(command):
                raise ValueError(command)
    finally:
        session.close()


def ours_libssh(place: Place) -> None:
    """Our driver over libssh."""
    _ours("libssh", place)


def ours_paramiko(place: Place) -> None:
    """Our driver over paramiko."""
    _ours("paramiko", place)


def netmiko_stock(place: Place) -> None:
    """Netmiko as it comes."""
    device = importlib.import_module("netmiko").ConnectHandler(
        device_type="cisco_ios", host=HOST, port=place.port, username=USER, password=place.password,
        secret=place.password, conn_timeout=PATIENCE, banner_timeout=PATIENCE, auth_timeout=PATIENCE,
    )  # fmt: skip
    device.enable()
    for command, content in COMMANDS:
        if content.decode() not in device.send_command(command, read_timeout=PATIENCE):
            raise ValueError(command)
    device.disconnect()


CONTENDERS: dict[str, tuple[str, Callable[[Place], None]]] = {
    "raw ssh2-python": ("ssh2", raw_ssh2_python),
    "raw ssh-python": ("ssh", raw_ssh_python),
    "raw ansible-pylibssh": ("pylibsshext", raw_pylibssh),
    "raw paramiko": ("paramiko", raw_paramiko),
    "ours, libssh": ("getvpn_ops", ours_libssh),
    "ours, paramiko": ("getvpn_ops", ours_paramiko),
    "Netmiko, stock": ("netmiko", netmiko_stock),
}


# -- the run


def measure(contender: str, places: list[Place], sessions: int, threads: int) -> Figures:
    """Have so many sessions in so many threads, in this process."""
    have = CONTENDERS[contender][1]
    ended: Counter[str] = Counter()

    def one(number: int) -> None:
        try:
            have(places[number % len(places)])
        except Exception as exc:  # noqa: BLE001 -- whatever a library raises is counted
            ended[re.sub(r"\d+", "N", f"{type(exc).__name__}: {exc}")[:120]] += 1

    one(0)  # imports and tables are not a session's cost
    ended.clear()
    before = len(list(_DESCRIPTORS.iterdir())), threading.active_count()
    began, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(sessions)))
    taken, cpu = time.perf_counter() - began, time.process_time() - cpu
    after = len(list(_DESCRIPTORS.iterdir())), threading.active_count()
    return Figures(
        contender, places[0].release, sessions - ended.total(), dict(ended), sessions / taken, cpu / sessions * 1000,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, (after[0] - before[0], after[1] - before[1]),
    )  # fmt: skip


def child(task: dict[str, Any]) -> int:
    """Be one contender; its figures go to stdout."""
    places = [Place(*place) for place in task["places"]]
    print(json.dumps(measure(task["contender"], places, task["sessions"], task["threads"])))
    return 0


def installed(python: str) -> list[str]:
    """The contenders that an interpreter has."""
    modules = sorted({module for module, _ in CONTENDERS.values()})
    code = f"import importlib.util as u; print([m for m in {modules} if u.find_spec(m)])"
    shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    return [name for name, (module, _) in CONTENDERS.items() if repr(module) in shown]


def run(pythons: list[str], devices: int, sessions: int, threads: int, rounds: int) -> Iterator[Figures]:
    """All contenders in turn, round by round, against one lab."""
    from group import write  # noqa: PLC0415 -- not in the interpreters of others
    from lab import running  # noqa: PLC0415

    from getvpn_ops.lab.control import ask  # noqa: PLC0415

    who: dict[str, str] = {}
    for python in pythons:
        who.update({name: python for name in installed(python) if name not in who})
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), devices - 3, tuple(RELEASES.values()))
        with running(Path(folder)) as (place, _pid, _began):
            password = (place.folder / "password").read_text(encoding="utf-8").strip()
            found = ask(place.socket, "status")["devices"]
            known = str(place.folder / "known_hosts")
            for _ in range(rounds):
                for release, text in RELEASES.items():
                    here = [item for item in found if item["release"] == text]
                    places = [Place(item["name"], item["port"], password, release, known) for item in here]
                    task = {"places": places, "sessions": sessions, "threads": threads}
                    for name, python in who.items():
                        yield _in_child(python, {**task, "contender": name})


def _in_child(python: str, task: dict[str, Any]) -> Figures:
    try:
        done = subprocess.run(
            [python, __file__, "--child"], input=json.dumps(task), capture_output=True, text=True, check=False,
            timeout=PATIENCE * 5,
        )  # fmt: skip
        if done.returncode == 0:
            return Figures(*json.loads(done.stdout))
        failed = f"the process ended with {done.returncode}: {done.stderr.strip().rpartition(chr(10))[2][:100]}"
    except subprocess.TimeoutExpired:
        failed = f"the process hung for {PATIENCE * 5:g} s"
    return Figures(task["contender"], task["places"][0].release, 0, {failed: 1}, 0, 0, 0, (0, 0))


def main() -> int:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, default=220)
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--threads", type=int, default=100)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--also", metavar="PYTHON", action="append", default=[])
    options.add_argument("--only", metavar="TEXT", default="")
    options.add_argument("--json", type=Path)
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        return child(json.load(sys.stdin))
    for name in [name for name in CONTENDERS if given.only not in name]:
        del CONTENDERS[name]
    print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {given.threads} threads, {given.sessions} sessions\n"
    )
    print(f"{'contender':<22}{'release':>8}{'sessions':>9}{'a second':>9}{'CPU ms':>8}{'peak MiB':>9}  left behind")
    every = []
    for item in run([sys.executable, *given.also], given.devices, given.sessions, given.threads, given.rounds):
        every.append(item)
        print(
            f"{item.contender:<22}{item.release:>8}{item.sessions:>9}{item.per_second:>9.0f}{item.cpu_ms:>8.1f}"
            f"{item.peak_mib:>9.0f}  {item.leaked[0]} fds, {item.leaked[1]} threads",
            *(f"\n    {count} x {what}" for what, count in item.failed.items()),
            flush=True,
        )
    if given.json:
        given.json.write_text(json.dumps([item._asdict() for item in every], indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
