"""Canary secrets, planted wherever there are secrets, at the highest verbosity: they appear in no artefact.

To cover one more command, add its words to ``COMMANDS``; those that change routers are in ``test_canaries_of_changes``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import logging
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import traceback
import urllib.parse
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
import yaml
from asked import Asked
from canaries import forms, unpacked
from pydantic import SecretStr

from getvpn_ops.cli.app import main
from getvpn_ops.devices.breaker import Breaker
from getvpn_ops.devices.connection import register
from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.dispatch import dispatch
from getvpn_ops.devices.hostkeys import KnownHosts
from getvpn_ops.devices.inventory import load_inventory
from getvpn_ops.devices.logs import redacted_logs
from getvpn_ops.devices.opening import Opening
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.transcript import Transcripts
from getvpn_ops.lab import control, script
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.model.capture import Trouble
from getvpn_ops.settings import find_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.devices.visit import Script

LOGIN = "CANARYlogin-7/%"
PASSPHRASE = "CANARYphrase-8+x"  # noqa: S105 -- invented
WRONG = "CANARYwrong-9"
NAMES = ("ks1", "gm1", "gm2", "old1")
HOSTS = """
ks1: {hostname: 10.255.0.1, username: ops, data: {role: ks, gdoi_groups: [WAN], release: 17.6.5}}
gm1:
  hostname: 10.255.0.2
  username: ops
  data: {role: gm, gdoi_groups: [WAN], release: 17.6.5, privilege: 1}
  connection_options: {getvpn-ops: {extras: {engine: paramiko}}}
gm2: {hostname: 10.255.0.3, username: ops, data: {role: gm, gdoi_groups: [WAN], release: 15.2(4)M11}}
old1: {hostname: 10.255.0.4, username: ops, data: {role: gm, gdoi_groups: [WAN], release: 12.4(22)T5}}
"""
CONFIG = """hostname {name}
enable secret 0 CANARYenable
username eve privilege 15 password 0 CANARYuser
crypto isakmp key CANARYpsk0 address 10.0.0.1
crypto keyring RING
 pre-shared-key address 10.0.0.2 key CANARYring
snmp-server community CANARYcomm RO
snmp-server host 10.0.0.9 version 2c CANARYtrap
tacacs-server host 10.0.0.8 key CANARYtacacs
radius-server host 10.0.0.7 key CANARYradius
ntp authentication-key 1 md5 CANARYntp
key chain CHAIN
 key 1
  key-string CANARYchain
archive
 path ftp://saver:CANARYpath@10.0.0.6/x
 log config
  logging enable
"""
SHOWS = ("show version", "show running-config", "show startup-config", "show logging", "show archive log config all")
RELAY = """
import socket, sys, threading
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := sys.stdin.buffer.read1(65536):
        there.sendall(data)
    there.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := there.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
"""
COMMANDS: dict[str, tuple[tuple[str, ...], frozenset[int]]] = {
    "inventory check": (("inventory", "check"), frozenset({0})),
    "inventory list": (("inventory", "list", "-o", "json"), frozenset({0})),
    "hostkeys list": (("hostkeys", "list"), frozenset({0})),
    "collect": (("collect", "--interval", "1", "--out", "collected"), frozenset({0})),
    "health": (("health", "--depth", "full", "--interval", "1", "-o", "json"), frozenset({3, 4})),
    "health --from": (("health", "--from", "collected", "-o", "html", "--out", "report.html"), frozenset({3, 4})),
    "doctor": (("doctor",), frozenset({0, 3, 4})),
    "diagnose": (("diagnose", "--interval", "1"), frozenset({0, 3, 4})),
    "hostkeys pin": (("hostkeys", "pin"), frozenset({0})),
    "runs": (("runs",), frozenset({0})),
    "parse": (("parse", "show running-config", "pasted.txt"), frozenset({0})),
    "parse --transcript": (("parse", "--transcript", "pasted.txt"), frozenset({0, 3})),
}
"""Words of the command and exit codes that are in order; each runs in the workspace, after the sweeps."""


NEEDLES = [b"CANARY", *(form for secret in (LOGIN, PASSPHRASE, WRONG) for form in forms(secret))]


def has_canary(data: bytes) -> bool:
    """Whether one of them shows."""
    return any(needle in data for needle in NEEDLES)


def assert_clean(folder: Path, planted: set[Path]) -> int:
    """No canary in any file but those in which they were planted; returns how many files were looked at."""
    looked = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in planted:
            looked += 1
            assert not any(has_canary(data) for data in unpacked(path)), path
    return looked


def children() -> set[str]:
    """Command lines of the processes that this one started, and those that they started."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    found, level = set(), {os.getpid()}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found |= level
    return {lines[pid] for pid in found if pid in lines}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Background, Path, set[Path]]]:
    """A lab, and a workspace with every sort of source: key with passphrase, command, environment, jump host."""
    root = tmp_path_factory.mktemp("workspace")
    source = tmp_path_factory.mktemp("source")
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    (source / "hosts.yaml").write_text(HOSTS)
    for name in NAMES:
        (source / f"{name}.cfg").write_text(CONFIG.format(name=name))
    public = key.export_public_key().decode().split()[1]
    settings = Settings(source, source, seed=4, password=LOGIN, public_keys=(public,))
    with Background(settings) as lab:
        asked = Asked(lab, root)
        sock = root / ".getvpn-ops" / "lab" / "control.sock"

        async def listen() -> None:
            await control.listen(lab.fleet, sock, asyncio.Event())

        lab._await(listen())  # noqa: SLF001 -- the lab's own thread opens its socket
        inventory = root / "inventory"
        inventory.mkdir()
        for name in ("hosts", "groups", "defaults"):
            text = (asked.workspace.inventory / f"{name}.yaml").read_text()
            (inventory / f"{name}.yaml").write_text("" if name == "defaults" else text)
        (root / "id").write_bytes(key.export_private_key("pkcs1-pem", passphrase=PASSPHRASE))
        (root / "id").chmod(0o600)
        (root / "pasted.txt").write_text(f"gm1#show running-config\n{CONFIG.format(name='gm1')}end\n")
        planted = {root / "vault.py", root / "pasted.txt", *(root / ".getvpn-ops" / "lab").rglob("*")}
        (root / "vault.py").write_text(f"print({LOGIN!r})")
        (root / "relay.py").write_text(RELAY)
        (root / "getvpn-ops.yaml").write_text(
            yaml.safe_dump(
                {
                    "schema": 1,
                    "known_hosts": str(asked.workspace.known_hosts),
                    "clock": f"unix:{sock}",
                    "ssh": {"transcripts": True, "jump": f"{sys.executable} {root / 'relay.py'} %h %p"},
                    "credentials": {
                        "password": [{"from": "command", "argv": [sys.executable, "vault.py"]}],
                        "enable": [{"from": "environment", "name": "OPS_ENABLE"}],
                        "key_file": "id",
                        "key_passphrase": [{"from": "environment", "name": "OPS_PHRASE"}],
                    },
                }
            )
        )
        yield lab, root, planted


@pytest.fixture
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_ENABLE", LOGIN)
    monkeypatch.setenv("OPS_PHRASE", PASSPHRASE)


def asking() -> Script:
    """Everything that shows secrets; one device makes us crash with what it said."""
    for command in SHOWS:
        capture = yield command
        if capture.device == "gm2" and command == "show running-config":
            raise ValueError(capture.text, LOGIN)
    yield "crypto isakmp key CANARYtyped address 10.0.0.1"


def crashing(task: Any) -> None:  # noqa: ANN401 -- Nornir's
    """Someone's task that puts all it can reach into its exception."""
    session = task.host.get_connection("getvpn-ops", task.nornir.config)
    raise RuntimeError(task.host.dict(), LOGIN, session.netmiko.send_command("show running-config"))


def test_a_canary_would_be_found(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "packed.db")) as database, database:
        database.execute("create table packed (data blob)")
        database.execute("insert into packed values (?)", (zlib.compress(LOGIN.encode()),))
    (tmp_path / "encoded.txt").write_bytes(base64.b64encode(b"ops:" + PASSPHRASE.encode()))
    (tmp_path / "args.txt").write_text(urllib.parse.quote(WRONG, safe=""))
    for path in tmp_path.iterdir():
        with pytest.raises(AssertionError, match=path.name):
            assert_clean(tmp_path, set(tmp_path.iterdir()) - {path})


@pytest.mark.usefixtures("_environment")
def test_sweeps_with_every_sort_of_failure(place: tuple[Background, Path, set[Path]]) -> None:
    lab, root, planted = place
    asked = Asked(lab, root)
    workspace = find_workspace(root)
    loaded = load_inventory(workspace)
    asked.workspace, asked.loaded, asked.ssh = workspace, loaded, workspace.settings.ssh
    seen: list[str] = []
    log = root / "everything.txt"
    handler = logging.FileHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    levels = {name: logging.getLogger(name).level for name in ("", "netmiko", "paramiko", "nornir", "napalm")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.extend(children())

    watcher = threading.Thread(target=watch)
    watcher.start()
    before = set(children())
    try:
        with redacted_logs(asked.redactor):
            _sweep(asked, lab, root, seen)
    finally:
        ended.set()
        watcher.join()
        logging.getLogger().removeHandler(handler)
        handler.close()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert any("relay.py" in line for line in set(seen) - before), "the jump host was seen at work"
    (root / "seen.txt").write_text("\n".join(seen))
    assert {"nornir.core", "getvpn_ops.devices.visit"} <= set(log.read_text().split())
    assert log.read_text().count("Traceback (most recent call last)") > len(NAMES)
    assert (root / "transcripts").is_dir()
    assert assert_clean(root, planted) > len(NAMES)


def _sweep(asked: Asked, lab: Background, root: Path, seen: list[str]) -> None:
    """One sweep after the other; everything that comes back is written down in every way."""
    credentials = Credentials(asked.workspace, asked.redactor)
    transcripts = Transcripts(root / "transcripts")
    visits = dict(asked.ask(asking, transcripts=transcripts, credentials=credentials))
    assert {name: visit.trouble for name, visit in visits.items()} == {
        "ks1": None, "gm1": None, "gm2": Trouble.DEFECT, "old1": None,
    }  # fmt: skip
    assert {capture.trouble for capture in asked.captures} == {None, Trouble.NOT_ALLOWED}
    assert sum(b"<redacted sha256:" in capture.text for capture in asked.captures) >= 2 * len(NAMES) - 1
    made: list[object] = [credentials, asked.captures, visits, asked.fleet(credentials=credentials)]
    made += [credentials.login(name, access) for name, access in asked.loaded.access.items()]

    wrong = Asked(lab, root)
    wrong.workspace, wrong.loaded, wrong.redactor, wrong.ssh = (
        asked.workspace, asked.loaded, asked.redactor, asked.ssh.model_copy(update={"jump": None, "breaker": 2}),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Credentials, "_key", lambda *_: (None, None, ()))
        patch.setattr("getvpn_ops.devices.secret_sources.SecretStr", lambda _: SecretStr(WRONG))
        refused = wrong.ask(asking, transcripts=transcripts)
    assert {visit.trouble for visit in refused.values()} >= {Trouble.LOGIN_REFUSED, Trouble.BREAKER}

    lab.call(script.arm, lab.fleet, script.Entry(("ks1",), "drop-before", "running-config", times=2))
    lab.call(script.arm, lab.fleet, script.Entry(("gm1",), "truncate", "running-config"))
    dropped = asked.ask(SHOWS, transcripts=transcripts, credentials=credentials)
    lab.call(lab.fleet.clear, "*", None)
    assert dropped["ks1"].trouble is Trouble.DROPPED

    opening = Opening(asked.loaded, asked.ssh, credentials, KnownHosts(asked.workspace.known_hosts), Breaker(3))
    answers = dispatch(asked.loaded.nornir, NAMES, crashing, runner=PatientRunner(4), options=register(opening))
    assert all(isinstance(answer.error, RuntimeError) for answer in answers.values())

    made += [refused, dropped, wrong.captures]
    for number, item in enumerate(made):
        (root / f"made-{number}.txt").write_text(repr(item) + str(item))
    (root / "made.pickle").write_bytes(pickle.dumps((asked.captures, visits, refused, dropped)))
    seen.extend(visit.reason for visit in (*visits.values(), *refused.values(), *dropped.values()))
    error = KeyError(asked.fleet(), credentials, opening)
    (root / "traceback.txt").write_text("".join(traceback.format_exception(error)))


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize(("words", "codes"), COMMANDS.values(), ids=COMMANDS)
def test_whole_commands(
    place: tuple[Background, Path, set[Path]], words: tuple[str, ...], codes: frozenset[int]
) -> None:
    _, root, planted = place
    done = subprocess.Popen(
        [sys.executable, "-m", "getvpn_ops", *words],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "GETVPN_OPS_DEBUG": "1"},
    )
    lines: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            lines.update(children())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        out, err = done.communicate(timeout=120)
    finally:
        ended.set()
        watcher.join()
    assert done.returncode in codes, err.decode()
    for shown in (out, err, "\n".join(lines).encode()):
        assert not has_canary(shown), shown[-2000:]
    assert_clean(root, planted)


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[..., tuple[int, str]]:
    """Runs the program in this process at its highest verbosity; returns exit code, and all that it said and logged."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("GETVPN_OPS_DEBUG", "1")

    def run(folder: Path, *words: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capfd.readouterr()
        return int(ended.value.code or 0), f"{shown.out}{shown.err}{caplog.text}"

    return run


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "junit", "html", "csv", "md"])
def test_every_form_of_a_report(
    place: tuple[Background, Path, set[Path]], here: Callable[..., tuple[int, str]], form: str
) -> None:
    _, root, _ = place
    code, said = here(root, "health", "--from", "pasted.txt", "-o", form)
    assert code in {3, 4}, said
    assert "gm1" in said
    assert not has_canary(said.encode())


FAILING = "import sys; print('CANARYsaid'); print('CANARYtold', file=sys.stderr); sys.exit(3)"
TALKING = "print('CANARYone\\nCANARYtwo')"
SOURCES: dict[str, object] = {
    "itself": "CANARYplain",
    "itself in a list": ["CANARYplain"],
    "a wrong key": [{"from": "file", "path": "gone", "value": "CANARYvalue"}],
    "a wrong source": [{"from": "CANARYsource"}],
    "a command that fails": [{"from": "command", "argv": [sys.executable, "secret.py"]}],
    "a variable that cannot be typed": [{"from": "environment", "name": "OPS_TYPED"}],
    "a file that others can read": [{"from": "file", "path": "open.txt"}],
}
"""Where a password is, as people get it wrong."""


@pytest.mark.parametrize("case", SOURCES)
def test_mistakes_with_secrets(
    place: tuple[Background, Path, set[Path]],
    here: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    case: str,
) -> None:
    lab, _, _ = place
    monkeypatch.setenv("OPS_TYPED", "CANARYtyped\x01\nCANARYnext")
    host = {"hostname": "127.0.0.1", "port": lab.port("gm2"), "username": "ops"}
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yaml").write_text(yaml.safe_dump({"gm2": host}))
    (tmp_path / "secret.py").write_text(FAILING)
    (tmp_path / "open.txt").write_text("CANARYopen\n")
    (tmp_path / "open.txt").chmod(0o644)
    (tmp_path / "getvpn-ops.yaml").write_text(yaml.safe_dump({"schema": 1, "credentials": {"password": SOURCES[case]}}))
    planted = set(tmp_path.rglob("*"))
    code, said = here(tmp_path, "doctor")
    assert code in {2, 3, 4}, said
    assert not has_canary(said.encode()), said
    assert_clean(tmp_path, planted)


INVENTORIES = {
    "a password of a wrong kind": "r1: {hostname: 127.0.0.1, password: [CANARYlist]}",
    "a misspelt password": "r1: {hostname: 127.0.0.1, pasword: CANARYkey, data: {psk: CANARYpsk, passwrd: CANARYdata}}",
    "a password in connection options": (
        "r1: {hostname: 127.0.0.1, connection_options: {getvpn-ops: {password: CANARYopt, extras: {secret: CANARYx}}}}"
    ),
    "YAML that breaks off": "r1: {hostname: 127.0.0.1, password: 'CANARYbroken",
    "a tab": "r1:\n  password: CANARYtab\n\tport: 1\n",
}


@pytest.mark.parametrize("case", INVENTORIES)
def test_mistakes_in_an_inventory(here: Callable[..., tuple[int, str]], tmp_path: Path, case: str) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yaml").write_text(INVENTORIES[case])
    (tmp_path / "getvpn-ops.yaml").write_text("schema: 1\n")
    code, said = here(tmp_path, "inventory", "check")
    assert code == 2, said
    assert not has_canary(said.encode()), said


def test_a_store_that_cannot_be_reached(here: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    store = "postgresql+psycopg://ops:CANARYstore@127.0.0.1:9/none"
    (tmp_path / "getvpn-ops.yaml").write_text(yaml.safe_dump({"schema": 1, "store": store}))
    code, said = here(tmp_path, "runs")
    assert code in {2, 3}, said
    assert not has_canary(said.encode()), said


@pytest.mark.usefixtures("_environment")
def test_a_defect_that_quotes_secrets(
    place: tuple[Background, Path, set[Path]],
    here: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object) -> None:
        raise ValueError(LOGIN, f"crypto isakmp key CANARYdefect address {PASSPHRASE}")

    monkeypatch.setattr("getvpn_ops.cli.sweeps.judge", crash)
    code, said = here(place[1], "health", "--interval", "0", "-q")
    assert code == 1
    assert "internal error: ValueError" in said
    assert "Traceback" in said
    assert not has_canary(said.encode()), said
