"""The credential chain: each source, its ways to fail, who asks a person how often; no secret in any message."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import asyncssh
import keyring
import keyring.backend
import pytest
from pydantic import SecretStr

from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.inventory import Access
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.terms import Login, SessionError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.settings import Settings, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CANARY = "Canary-Pass-1"
HERE = Access("10.0.0.1", 22)


def made(root: Path, ask: Callable[[str], SecretStr | None] | None = None, **credentials: Any) -> Credentials:  # noqa: ANN401
    settings = Settings.model_validate({"credentials": {"username": "ops", "enable": [], **credentials}})
    return Credentials(Workspace(root, settings), Redactor(), ask)


def script(root: Path, text: str) -> list[str]:
    path = root / "source.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def written(root: Path, text: str | bytes, mode: int = 0o600) -> dict[str, str]:
    path = root / "secret"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return {"from": "file", "path": "secret"}


def _password(login: Login) -> str:
    return login.password.get_secret_value() if login.password else ""


GIVES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "environment": lambda _root: {"from": "environment", "name": "CANARY_PASSWORD"},
    "file": lambda root: written(root, f"{CANARY}\n"),
    "file, more lines": lambda root: written(root, f"{CANARY}\r\nnot this\n"),
    "file, only read": lambda root: written(root, CANARY, 0o400),
    "command": lambda root: {"from": "command", "argv": script(root, f"print('{CANARY}'); print('not this')")},
    "command in the workspace": lambda root: {
        "from": "command",
        "argv": script(root, f"import os; print('{CANARY}' if os.path.exists('source.py') else 'elsewhere')"),
    },
    "command without the secrets of others": lambda root: {
        "from": "command",
        "argv": script(root, f"import os; print('{CANARY}' if 'OTHER' not in os.environ else 'leaked')"),
    },
    "keyring": lambda _root: {"from": "keyring", "service": "routers"},
    "keyring, other user": lambda _root: {"from": "keyring", "service": "other", "username": "robot"},
    "prompt": lambda _root: {"from": "prompt"},
}


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise RuntimeError(CANARY)
        return {("routers", "ops"): CANARY, ("other", "robot"): CANARY}.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def _around(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CANARY_PASSWORD", CANARY)
    monkeypatch.setenv("OTHER", "secret of enable")
    monkeypatch.setenv("TWO_LINES", f"{CANARY}\nreload")
    monkeypatch.setenv("NO_TEXT", f"{CANARY}\udcff")
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call] # of keyring's base class
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize("source", GIVES.values(), ids=GIVES)
def test_a_source_gives_it(tmp_path: Path, source: Callable[[Path], dict[str, Any]]) -> None:
    enable = [{"from": "environment", "name": "OTHER"}]
    credentials = made(tmp_path, lambda _question: SecretStr(CANARY), password=[source(tmp_path)], enable=enable)
    login = credentials.login("r1", HERE)
    assert (login.username, _password(login)) == ("ops", CANARY)
    assert login.enable is not None
    assert login.enable.get_secret_value() == "secret of enable"
    assert CANARY not in repr(login)
    assert CANARY not in repr(credentials.__dict__)


def piped(root: Path) -> dict[str, str]:
    os.mkfifo(root / "pipe", 0o600)
    return {"from": "file", "path": "pipe"}


NOTHING: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "not set": (lambda _root: {"from": "environment", "name": "NO_SUCH_NAME"}, "NO_SUCH_NAME is not set"),
    "no file": (lambda _root: {"from": "file", "path": "gone"}, "cannot be read: No such file"),
    "others may read": (lambda root: written(root, CANARY, 0o640), r"others can use .*0640\): chmod 600"),
    "others may write": (lambda root: written(root, CANARY, 0o602), "chmod 600"),
    "empty": (lambda root: written(root, "\n"), "is empty"),
    "no text": (lambda root: written(root, b"\xff\xfe\x00"), "no text in UTF-8"),
    "a folder": (lambda _root: {"from": "file", "path": "."}, "cannot be read: Is a directory"),
    "a device": (lambda _root: {"from": "file", "path": "/dev/null"}, "is no file"),
    "fails": (
        lambda root: {"from": "command", "argv": script(root, f"import sys; print('{CANARY}'); sys.exit('{CANARY}')")},
        "ended with code 1",
    ),
    "silent": (lambda root: {"from": "command", "argv": script(root, "")}, "is empty"),
    "too slow": (
        lambda root: {
            "from": "command",
            "argv": script(root, f"import time; print('{CANARY}', flush=True); time.sleep(60)"),
            "timeout": 0.3,
        },
        "did not end within 0.3 s",
    ),
    "no program": (lambda _root: {"from": "command", "argv": ["no-such-program"]}, "cannot be started"),
    "no shell": (lambda _root: {"from": "command", "argv": ["echo x | cat"]}, "cannot be started"),
    "a pipe": (piped, "pipe is no file"),
    "controls in a variable": (lambda _root: {"from": "environment", "name": "TWO_LINES"}, "TWO_LINES holds control"),
    "controls in a file": (lambda root: written(root, f"{CANARY}\x03\n"), "holds control characters"),
    "a variable that is no text": (lambda _root: {"from": "environment", "name": "NO_TEXT"}, "NO_TEXT holds no text"),
    "the ring fails": (lambda _root: {"from": "keyring", "service": "locked"}, "cannot be used: RuntimeError"),
    "nothing in the ring": (lambda _root: {"from": "keyring", "service": "unknown"}, "has nothing for 'ops'"),
    "nobody there": (lambda _root: {"from": "prompt"}, "no terminal to ask at"),
}


@pytest.mark.parametrize(("source", "why"), NOTHING.values(), ids=NOTHING)
def test_a_source_has_nothing_and_says_why(tmp_path: Path, source: Callable[[Path], dict[str, Any]], why: str) -> None:
    with pytest.raises(SessionError, match=why) as caught:
        made(tmp_path, password=[source(tmp_path)]).login("r1", HERE)
    assert caught.value.trouble is Trouble.NO_CREDENTIALS
    assert caught.value.next_step
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value.__cause__)
    next_one = {"from": "environment", "name": "CANARY_PASSWORD"}
    (tmp_path / "pipe").unlink(missing_ok=True)
    assert _password(made(tmp_path, password=[source(tmp_path), next_one]).login("r1", HERE)) == CANARY


def test_all_reasons_are_told_at_once(tmp_path: Path) -> None:
    sources = [source(tmp_path) for source, _ in (NOTHING["not set"], NOTHING["no program"], NOTHING["nobody there"])]
    with pytest.raises(SessionError, match=r"NO_SUCH_NAME.*; command no-such-program.*; there is no terminal"):
        made(tmp_path, password=sources).login("r1", HERE)
    with pytest.raises(SessionError, match="no source is set"):
        made(tmp_path, password=[]).login("r1", HERE)


def test_a_person_is_asked_once_for_all_devices(tmp_path: Path) -> None:
    questions: list[str] = []

    def ask(question: str) -> SecretStr:
        questions.append(question)
        return SecretStr(CANARY)

    credentials = made(tmp_path, ask, password=[{"from": "prompt"}], enable=[{"from": "prompt"}])
    credentials.prepare((f"r{number}", HERE) for number in range(50))
    threads = [threading.Thread(target=credentials.login, args=(f"r{n}", HERE)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert questions == ["password of ops: ", "enable secret of ops: "]
    credentials.login("r99", Access("10.0.0.9", 22, username="robot"))
    assert questions[2:] == ["password of robot: ", "enable secret of robot: "]


def test_who_has_no_answer_is_asked_no_more(tmp_path: Path) -> None:
    questions: list[str] = []

    def ask(question: str) -> SecretStr:
        questions.append(question)
        return SecretStr("")

    credentials = made(tmp_path, ask, password=[{"from": "prompt"}])
    for _ in range(3):
        with pytest.raises(SessionError, match="the answer was empty"):
            credentials.login("r1", HERE)
    assert len(questions) == 1


def test_the_inventory_goes_first(tmp_path: Path) -> None:
    credentials = made(tmp_path, password=[{"from": "environment", "name": "CANARY_PASSWORD"}])
    access = Access("10.0.0.1", 22, username="robot", password=SecretStr("Own-Pass-1"))
    login = credentials.login("r1", access)
    assert (login.username, _password(login)) == ("robot", "Own-Pass-1")


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("form", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_a_key_needs_no_password_and_a_passphrase_only_if_it_is_locked(
    tmp_path: Path,
    form: str,
    locked: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    (tmp_path / "id").write_bytes(key.export_private_key(form, passphrase=CANARY if locked else None))
    (tmp_path / "id").chmod(0o600)
    asked: list[str] = []

    def ask(question: str) -> SecretStr:
        asked.append(question)
        return SecretStr(CANARY)

    credentials = made(tmp_path, ask, password=[{"from": "prompt"}], key_file="id", key_passphrase=[{"from": "prompt"}])
    login = credentials.login("r1", HERE)
    assert login.key_file == tmp_path / "id"
    assert login.password is None
    assert (login.key_passphrase is not None) is locked
    assert asked == (["passphrase of the key of ops: "] if locked else [])


@pytest.mark.parametrize(
    ("mode", "text", "why"), [(0o644, "x", "chmod 600"), (0o600, "ssh-rsa AAAA", "no private key")]
)
def test_a_key_that_cannot_be_used(tmp_path: Path, mode: int, text: str, why: str) -> None:
    (tmp_path / "id").write_text(text)
    (tmp_path / "id").chmod(mode)
    with pytest.raises(SessionError, match=why):
        made(tmp_path, password=[], key_file="id").login("r1", HERE)


def test_an_agent_needs_nothing_else(tmp_path: Path) -> None:
    login = made(tmp_path, password=[{"from": "prompt"}], agent=True).login("r1", HERE)
    assert login.use_agent
    assert login.password is None


def test_without_a_terminal_nobody_is_asked() -> None:
    """A process in a session of its own has none."""
    ask = "from getvpn_ops.devices.secret_sources import ask_terminal; print(ask_terminal('? '))"
    done = subprocess.run(
        [sys.executable, "-c", ask], stdin=subprocess.DEVNULL, capture_output=True, check=True, start_new_session=True
    )
    assert done.stdout == b"None\n"


def test_a_terminal_that_would_show_what_is_typed_is_not_asked_at() -> None:
    """A terminal of its own, whose echo cannot be turned off."""
    body = """
        import os, pty, sys, termios
        from getvpn_ops.devices.secret_sources import Nothing, ask_terminal

        def refuse(*_):
            raise termios.error(25, "not a terminal")

        pid, terminal = pty.fork()
        if not pid:
            termios.tcgetattr = refuse
            try:
                print("took", ask_terminal("? "))
            except Nothing as exc:
                print("said", exc)
            sys.stdout.flush()
            os._exit(0)
        os.write(terminal, b"typed\\n")
        said = b""
        try:
            while more := os.read(terminal, 1024):
                said += more
        except OSError:
            pass
        # The terminal's own echo of what was typed may come before or after the child's word.
        print([line for line in said.decode().splitlines() if line.startswith(("took", "said"))])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(body)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "['said the terminal would show what is typed']\n"


def test_an_answer_is_one_line(tmp_path: Path) -> None:
    credentials = made(tmp_path, lambda _question: SecretStr(f"{CANARY}\x1b[A"), password=[{"from": "prompt"}])
    with pytest.raises(SessionError, match="the answer holds control characters") as caught:
        credentials.login("r1", HERE)
    assert CANARY not in str(caught.value)


def test_a_password_of_the_inventory_is_one_line(tmp_path: Path) -> None:
    access = Access("10.0.0.1", 22, password=SecretStr(f"{CANARY}\nreload"))
    with pytest.raises(SessionError, match="the password in the inventory holds control characters") as caught:
        made(tmp_path, password=[]).login("r1", access)
    assert CANARY not in str(caught.value)


def test_a_command_does_not_get_the_password_of_the_store(tmp_path: Path) -> None:
    look = {"from": "command", "argv": script(tmp_path, "import os; print('OTHER' in os.environ)")}
    settings = Settings.model_validate(
        {
            "store_password": [{"from": "environment", "name": "OTHER"}],
            "credentials": {"username": "ops", "enable": [], "password": [look]},
        }
    )
    assert _password(Credentials(Workspace(tmp_path, settings), Redactor()).login("r1", HERE)) == "False"
