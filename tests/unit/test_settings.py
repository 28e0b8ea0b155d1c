"""Which workspace is meant, what its settings say, and where its things lie."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import ruamel.yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from getvpn_ops.errors import MistakesError, UsageError
from getvpn_ops.settings import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    FromPrompt,
    Settings,
    Workspace,
    find_workspace,
    read_settings,
)
from getvpn_ops.settings.yaml_file import NotYamlError, parse_yaml, to_yaml

WHOLE = """
schema: 1
inventory: fleet
nornir: null
store: postgresql+psycopg://ops@db.example/getvpn?sslmode=verify-full
store_password: [{from: keyring, service: getvpn-db, username: ops}]
known_hosts: ~/.ssh/routers
ssh: {engine: paramiko, workers: 20, deadline: 900, jump: ssh -W %h:%p me@bastion}
credentials:
  username: ops
  password: [{from: environment, name: ROUTERS}, {from: file, path: secret}, {from: prompt}]
  enable: [{from: command, argv: [pass, show, enable], timeout: 5}]
health:
retention: {days: 7}
"""
LAB = """
clock: unix:/run/lab.sock
inventory: /lab/inventory
known_hosts: /lab/known_hosts
password_file: /lab/password
"""


def place(root: Path, text: str = "schema: 1\n", lab: str = "") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    if text:
        (root / "getvpn-ops.yaml").write_text(text)
    if lab:
        (root / ".getvpn-ops" / "lab").mkdir(parents=True)
        (root / ".getvpn-ops" / "lab" / "settings.yaml").write_text(lab)
    return root


def test_what_a_file_says(tmp_path: Path) -> None:
    settings = read_settings(place(tmp_path, WHOLE) / "getvpn-ops.yaml")
    assert settings.credentials.password == (
        FromEnvironment(name="ROUTERS"),
        FromFile(path=Path("secret")),
        FromPrompt(),
    )
    assert settings.credentials.enable == (FromCommand(argv=("pass", "show", "enable"), timeout=5),)
    assert settings.store_password == (FromKeyring(service="getvpn-db", username="ops"),)
    assert (settings.ssh.workers, settings.ssh.deadline, settings.ssh.breaker) == (20, 900, 3)
    assert settings.health == Settings().health
    assert (settings.retention.days, settings.retention.runs) == (7, 200)


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert read_settings(place(tmp_path, "# nothing\n") / "getvpn-ops.yaml") == Settings()


def test_where_things_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    usual = Workspace(tmp_path, Settings())
    assert usual.store_url == f"sqlite:///{tmp_path}/.getvpn-ops/store.db"
    assert usual.known_hosts == tmp_path / ".getvpn-ops" / "known_hosts"
    assert usual.inventory == tmp_path / "inventory"
    assert usual.nornir is None
    other = Workspace(tmp_path, read_settings(place(tmp_path, WHOLE) / "getvpn-ops.yaml"))
    assert other.known_hosts == tmp_path / "home" / ".ssh" / "routers"
    assert other.inventory == tmp_path / "fleet"
    assert other.store_url == "postgresql+psycopg://ops@db.example/getvpn?sslmode=verify-full"
    for written, url in (
        ("sqlite:///r.db?timeout=9", f"sqlite:///{tmp_path}/r.db?timeout=9"),
        ("sqlite:////r.db",) * 2,
    ):
        assert Workspace(tmp_path, Settings(store=written)).store_url == url


def test_the_nearest_workspace_above_is_meant(tmp_path: Path) -> None:
    outer, inner = place(tmp_path / "outer"), place(tmp_path / "outer" / "a" / "inner")
    deep = inner / "b" / "c"
    deep.mkdir(parents=True)
    assert find_workspace(start=deep).root == inner
    assert find_workspace(start=outer / "a").root == outer
    for named in (outer, outer / "getvpn-ops.yaml"):
        assert find_workspace(named, start=deep).root == outer


def test_a_lab_is_used_only_when_asked_for(tmp_path: Path) -> None:
    real = find_workspace(place(tmp_path, WHOLE, LAB))
    assert real.inventory == tmp_path / "fleet"
    lab = find_workspace(tmp_path, lab=True)
    assert lab.is_lab
    assert lab.inventory == Path("/lab/inventory")
    assert lab.known_hosts == Path("/lab/known_hosts")
    assert lab.settings.clock == "unix:/run/lab.sock"
    assert (
        lab.settings.credentials.password == lab.settings.credentials.enable == (FromFile(path=Path("/lab/password")),)
    )
    assert lab.settings.credentials.username is None
    assert lab.settings.ssh.jump is None
    assert lab.settings.ssh.workers == 20
    assert lab.store_url == f"sqlite:///{tmp_path}/.getvpn-ops/lab-store.db"
    alone = place(tmp_path / "alone", "", LAB)
    assert find_workspace(start=alone, lab=True).settings.ssh == Settings().ssh


NOT_THERE = {
    "nothing": (
        "",
        "",
        None,
        False,
        "there is no getvpn-ops.yaml here or above: make a workspace with getvpn-ops init DIR",
    ),
    "a lab": (
        "",
        LAB,
        None,
        False,
        "there is no getvpn-ops.yaml here or above, but a lab is running: add --lab to work",
    ),
    "no lab": (WHOLE, "", None, True, "no lab is running here; start one with getvpn-ops lab up"),
    "named": ("", "", "w", False, "there is no getvpn-ops.yaml in w: make a workspace with getvpn-ops init w"),
    "named lab": (WHOLE, "", "w", True, "no lab is running in w; start one with getvpn-ops lab up"),
}


@pytest.mark.parametrize("case", NOT_THERE)
def test_there_is_none(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, lab, named, asked, said = NOT_THERE[case]
    root = place(tmp_path / "w", text, lab)
    monkeypatch.chdir(tmp_path if named else root)
    with pytest.raises(UsageError) as caught:
        find_workspace(Path(named) if named else None, lab=asked)
    assert str(caught.value).startswith(said)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file someone else's")
def test_a_file_of_someone_else_is_found_only_by_its_name(tmp_path: Path) -> None:
    root = place(tmp_path)
    os.chown(root / "getvpn-ops.yaml", 65534, 65534)
    with pytest.raises(UsageError, match="belongs to someone else, and may name commands to run"):
        find_workspace(start=root)
    assert find_workspace(root).root == root


def test_what_a_lab_left_may_be_broken(tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="clock: expected a text that matches"):
        find_workspace(place(tmp_path, "", LAB.replace("unix:", "")), lab=True)


def test_the_state_folder_and_the_key_are_private(tmp_path: Path) -> None:
    (tmp_path / ".getvpn-ops").mkdir(mode=0o755)
    workspace = Workspace(tmp_path, Settings())
    with ThreadPoolExecutor(8) as pool:
        keys = {*pool.map(lambda _: workspace.key(), range(16))}
    (key,) = keys
    assert len(key) == 32
    assert key != Workspace(tmp_path / "other", Settings()).key()
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700
    assert stat.S_IMODE(workspace.key_file.stat().st_mode) == 0o600
    assert [path.name for path in workspace.state.iterdir()] == ["key"]
    workspace.key_file.write_bytes(key[:9])
    with pytest.raises(UsageError, match="is damaged: expected 32 bytes, found 9"):
        workspace.key()


def test_a_state_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / ".getvpn-ops").write_text("a file")
    with pytest.raises(UsageError, match="cannot make"):
        Workspace(tmp_path, Settings()).prepare()


@given(st.text(st.sampled_from("0123456789+-._:eExXoObBtTzZyYnN~ infa"), max_size=12))
def test_scalars_mean_what_they_mean_to_nornir(text: str) -> None:
    """Both read it to the same value of the same type, or both refuse it."""
    document = f"k: {text}"
    stock = ruamel.yaml.YAML(typ="safe", pure=True)
    try:
        theirs = stock.load(document)
    except (YAMLError, ValueError):
        with pytest.raises(NotYamlError):
            parse_yaml(document)
        return
    ours = parse_yaml(document)
    assert repr(ours) == repr(theirs)


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.booleans() | st.none()))
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert parse_yaml(to_yaml(value)) == value


NO_PATHS = {
    "home of nobody": ("inventory: ~no-such-user/fleet\n", "~no-such-user/fleet: there is no such home folder"),
    "home of nobody, nornir": ("nornir: ~no-such-user/n.yaml\n", "~no-such-user/n.yaml: there is no such home folder"),
    "control character": ('known_hosts: "a\\0b"\n', "known_hosts: expected a path without control characters"),
    "control character in a source": (
        'credentials: {enable: [{from: file, path: "a\\eb"}]}\n',
        r"credentials.enable[0].path: expected a path without control characters",
    ),
}


@pytest.mark.parametrize(("text", "said"), NO_PATHS.values(), ids=NO_PATHS)
def test_paths_that_are_none(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        _ = find_workspace(place(tmp_path, text)).inventory
    assert said in str(caught.value)


NAMED_WRONGLY = {"too long": "x" * 5000, "part too long": "x" * 300, "home of nobody": "~no-such-user"}


@pytest.mark.parametrize("named", NAMED_WRONGLY.values(), ids=NAMED_WRONGLY)
def test_a_workspace_that_cannot_be(named: str) -> None:
    with pytest.raises(UsageError):
        find_workspace(Path(named))


def test_the_current_folder_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = place(tmp_path / "w", WHOLE)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UsageError, match="the current folder cannot be used"):
        find_workspace()
    with pytest.raises(UsageError, match="the current folder cannot be used"):
        find_workspace(Path("w"))
    assert find_workspace(root).root == root
    (root / "getvpn-ops.yaml").write_text("schema: 2\n")
    with pytest.raises(MistakesError, match="schema: expected 1"):
        find_workspace(root)


def test_the_path_of_a_store_may_look_like_a_url(tmp_path: Path) -> None:
    root = tmp_path / "what?" / "100%3F"
    assert Workspace(root, Settings()).store_url == f"sqlite:///{tmp_path}/what%3F/100%253F/.getvpn-ops/store.db"
    own = Workspace(root, Settings(store="sqlite:///r.db?timeout=9"))
    assert own.store_url == f"sqlite:///{tmp_path}/what%3F/100%253F/r.db?timeout=9"


BACKUP = {
    "seal without a key": ("{secrets: seal}", "key_file"),
    "no author": ("{author: kim}", "such as: Network Operations"),
    "an author of two lines": ('{author: "kim\\n <kim@example.net>"}', "such as: Network Operations"),
    "another word": ("{secrets: plain}", "backup.secrets"),
}


@pytest.mark.parametrize(("text", "said"), BACKUP.values(), ids=BACKUP)
def test_backups_that_cannot_be_meant(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MistakesError, match=said):
        find_workspace(place(tmp_path / "w", f"schema: 1\nbackup: {text}\n"))


def test_where_backups_are(tmp_path: Path) -> None:
    text = "schema: 1\nbackup: {folder: kept, secrets: seal, key_file: k, author: Kim <kim@example.net>}\n"
    root = place(tmp_path / "w", text, LAB)
    assert find_workspace(root).backups == root / "kept"
    assert find_workspace(root, lab=True).backups == root / ".getvpn-ops" / "lab-backups"
