"""The files of a new workspace say what was answered, and nothing that was there is lost."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.skeleton import GROUP_EXAMPLE, HOSTS_EXAMPLE, credentials_from, quoted, settings_text
from getvpn_ops.devices.inventory import load_folder, load_inventory
from getvpn_ops.errors import UsageError
from getvpn_ops.settings import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    FromPrompt,
    Settings,
    SshSettings,
    find_workspace,
)
from getvpn_ops.settings.yaml_file import parse_yaml

USUAL = Settings()
ACCESS = {
    "prompt": ("password", (FromPrompt(),)),
    "environment:ROUTERS": ("password", (FromEnvironment(name="ROUTERS"),)),
    "environment": ("password", (FromEnvironment(name="GETVPN_OPS_PASSWORD"),)),
    "file: ~/a, b/secret": ("password", (FromFile(path=Path("~/a, b/secret")),)),
    "command:pass show 'net {ops}'": ("password", (FromCommand(argv=("pass", "show", "net {ops}")),)),
    "keyring": ("password", (FromKeyring(service="getvpn-ops"),)),
    "keyring:O'Brien": ("password", (FromKeyring(service="O'Brien"),)),
    "agent": ("agent", True),
    "key:~/.ssh/id_rsa": ("key_file", Path("~/.ssh/id_rsa")),
}


@pytest.mark.parametrize(("words", "said"), ACCESS.items(), ids=ACCESS)
def test_the_settings_file_says_what_was_answered(words: str, said: tuple[str, object]) -> None:
    access = credentials_from(words, USUAL.credentials).model_copy(update={"username": "no"})
    assert getattr(access, said[0]) == said[1]
    settings = USUAL.model_copy(
        update={"credentials": access, "ssh": SshSettings(jump='ssh -W %h:%p -o "User=x y" bastion', deadline=7.5)}
    )
    assert Settings.model_validate(parse_yaml(settings_text(settings))) == settings


@pytest.mark.parametrize("words", ["", "sesame", "prompt:sesame", "file:", "command:", "environment:a b", "key:"])
def test_an_answer_that_is_none(words: str) -> None:
    with pytest.raises(ValueError, match=r"^expected prompt") as caught:
        credentials_from(words, USUAL.credentials)
    assert "sesame" not in str(caught.value)


def test_every_line_that_is_commented_out_is_the_default() -> None:
    text = settings_text(USUAL)
    lines = [re.sub(r"^(\s*)# (?=[a-z_]+: )", r"\1", line) for line in text.splitlines() if "nornir.yaml" not in line]
    assert Settings.model_validate(parse_yaml("\n".join(lines))) == USUAL
    sections = (USUAL, USUAL.ssh, USUAL.credentials, USUAL.health, USUAL.retention, USUAL.backup)
    keys = {key for section in sections for key in section.model_dump()} - {"schema_version"}
    assert not [key for key in keys if not re.search(rf"\b{key}:", text)]


def test_the_examples_in_comments_are_right(tmp_path: Path) -> None:
    (tmp_path / "gdoi_groups").mkdir()
    (tmp_path / "groups.yaml").write_text("key_servers: {data: {role: ks}}\nmembers: {data: {role: gm}}\n")
    for name, text in (("hosts.yaml", HOSTS_EXAMPLE), ("gdoi_groups/WAN.yaml", GROUP_EXAMPLE)):
        bare = [re.sub("^# ?", "", line) for line in text.splitlines() if not line.startswith("# What")]
        (tmp_path / name).write_text("\n".join(bare))
    loaded = load_folder(tmp_path)
    assert loaded.notes == ()
    assert [item.name for item in loaded.inventory.members("WAN")] == ["br1-gm1"]


@pytest.mark.parametrize("text", ["a", "a b", "no", "1", "a: b", "[a]", 'q"\\', "- x", "#", "ü", "", "%h"])
def test_texts_within_lists(text: str) -> None:
    assert parse_yaml(f"[{quoted(text)}, {{a: {quoted(text)}}}]") == [text, {"a": text}]


def run(*words: str) -> None:
    done = CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
    assert not done.return_value


def test_a_workspace_of_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hosts.csv").write_text("name;ip;role;group\nks1;10.0.0.1;ks;WAN\ngm1;10.0.0.2;gm;WAN LAN\n")
    Path("w/inventory").mkdir(parents=True)
    Path("w/.gitignore").write_text("mine\n")
    run("init", "w", "--yes", "--csv", "hosts.csv", "-u", "ops", "--password-from", "agent", "--jump", "me@bastion")
    workspace = find_workspace(Path("w"))
    assert workspace.settings.ssh.jump == "ssh -W %h:%p me@bastion"
    assert (workspace.settings.credentials.username, workspace.settings.credentials.agent) == ("ops", True)
    inventory = load_inventory(workspace).inventory
    assert [*inventory.devices] == ["ks1", "gm1"]
    assert inventory.gdoi_groups["WAN"].key_servers == ("ks1",)
    assert inventory.gdoi_groups["LAN"].key_servers == ()
    assert Path("w/.gitignore").read_text() == "mine\n"
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700
    assert Path("w/playbooks").is_dir()
    with pytest.raises(UsageError, match=r"w/getvpn-ops\.yaml is there already"):
        run("init", "w", "--yes")


def test_a_file_stands_where_a_folder_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "playbooks").touch()
    with pytest.raises(UsageError, match=r"cannot make the folder .*playbooks: File exists"):
        run("init", str(tmp_path), "--yes")
    assert not (tmp_path / "getvpn-ops.yaml").exists()


REFUSED = {
    "nobody to ask": ([], "there is nobody to ask: add --yes"),
    "password": (["--yes", "--password-from", "sesame"], "expected prompt, environment:NAME"),
    "jump": (["--yes", "--jump", "ssh bastion"], "--jump: expected"),
    "option as jump": (["--yes", "--jump", "-oProxyCommand=x"], "--jump: expected"),
    "no table": (["--yes", "--csv", "none.csv"], "this cannot be read: No such file"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_made_where_something_is_wrong(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        run("init", "w", *words)
    assert said in str(caught.value)
    assert not Path("w/getvpn-ops.yaml").exists()
