"""``playbook list | show | validate``: what is found where, word for word, and how each ends.

To accept a change of words on purpose, run with ``GETVPN_OPS_GOLDEN=write`` and read the difference.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.explain import command as explain
from getvpn_ops.cli.playbook_files import PlaybookFile, PlaybookFiles, load_playbook
from getvpn_ops.errors import MistakesError, NoWorkspaceError, UsageError
from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.playbooks import Listed, list_plain, list_view, playbook_plain, playbook_text, playbook_view
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS

if TYPE_CHECKING:
    from rich.console import RenderableType

DATA = Path(__file__).parents[2] / "data" / "playbooks"
SHOWN = load_playbook(PlaybookFile("shown", DATA / "shown.yaml"))
RIGHT = "schema: 1\nname: {}\ntitle: a move\nstages: [{{id: see, action: look, exit: [{{check: device-reachable}}]}}]\n"
LISTED = (
    Listed(name="shown", path="w/shown.yaml", is_shipped=False, is_instead=False, playbook=SHOWN),
    Listed(name="mine", path="w/mine.yaml", is_shipped=False, is_instead=True, playbook=SHOWN),
    Listed(name="odd", path="o.yaml", is_shipped=True, is_instead=False, playbook=None, mistakes=("o.yaml: x",)),
)


def screen(view: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as said:
        console.print(Visible(view))
    return "".join(f"{line.rstrip()}\n" for line in said.get().splitlines())


GOLDEN = {
    "shown.txt": lambda: playbook_text(SHOWN, "w/shown.yaml"),
    "shown-80.txt": lambda: screen(playbook_view(SHOWN, "w/shown.yaml")),
    "shown.json": lambda: json.dumps(playbook_plain(LISTED[0], SHOWN), indent=1) + "\n",
    "list-80.txt": lambda: screen(list_view(LISTED)),
    "list-140.txt": lambda: screen(list_view(LISTED), 140),
    "list.json": lambda: json.dumps(list_plain(LISTED), indent=1) + "\n",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_playbook_word_for_word(name: str) -> None:
    path, text = DATA / name, GOLDEN[name]()
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
    assert max(map(len, text.splitlines())) <= 80 or not name.endswith("-80.txt")


def test_every_golden_playbook_is_held() -> None:
    assert {path.name for path in DATA.iterdir() if path.is_file()} == {*GOLDEN, "shown.yaml"}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one playbook of its own, one in place of the package's, and one that is wrong."""
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (tmp_path / "getvpn-ops.yaml").write_text("schema: 1\n")
    (folder / "mine.yml").write_text(RIGHT.format("mine"))
    (folder / "coop-drill.yaml").write_text(RIGHT.format("coop-drill"))
    (folder / "README.md").write_text("no playbook\n")
    (folder / ".mine.yaml.swp").write_text("what an editor left\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    """How it ends, what it writes, what it says; an error of ours is raised."""
    done = CliRunner().invoke(app, ["playbook", *words], catch_exceptions=False, standalone_mode=False)
    return done.return_value or 0, done.stdout, done.stderr


def test_those_of_the_workspace_come_first(workspace: Path) -> None:
    code, said, _ = run("list", "-o", "json")
    found = {item["name"]: item for item in json.loads(said)["playbooks"]}
    assert code == 0
    assert [*found] == ["coop-drill", "mine", "migrate-to-getvpn", "swap-acl"]
    assert [name for name, item in found.items() if item["shipped"]] == ["migrate-to-getvpn", "swap-acl"]
    assert [name for name, item in found.items() if item["instead_of_shipped"]] == ["coop-drill"]
    assert found["mine"]["path"] == "playbooks/mine.yml"
    own = PlaybookFiles(workspace).find("coop-drill")
    assert load_playbook(own).title == "a move"
    assert [item.name for item in PlaybookFiles(None).every()] == ["coop-drill", "migrate-to-getvpn", "swap-acl"]


def test_one_that_is_wrong_is_listed_with_the_others(workspace: Path) -> None:
    (workspace / "playbooks" / "mine.yml").write_text("schema: 1\n")
    code, said, _ = run("list", "-o", "json")
    found = {item["name"]: item for item in json.loads(said)["playbooks"]}
    assert code == 2
    assert (found["mine"]["stages"], len(found["mine"]["mistakes"])) == (None, 3)
    assert found["coop-drill"]["mistakes"] == []
    with pytest.raises(MistakesError, match=r"playbooks/mine.yml:1: name: this key is missing"):
        run("show", "mine")


@pytest.mark.usefixtures("workspace")
def test_show_by_name_and_by_path() -> None:
    by_name, by_path = run("show", "mine", "-o", "table"), run("show", "playbooks/mine.yml", "-o", "table")
    assert by_name == by_path
    assert by_name[0] == 0
    assert "file: playbooks/mine.yml" in by_name[1]
    assert json.loads(run("show", "mine")[1])["playbook"]["stages"][0]["id"] == "see"
    for name in ("migrate-to-getvpn", "swap-acl"):
        assert f"playbook {name}\n" in run("show", name, "-o", "table")[1]


NOT_THERE = {
    "a name": ("coop-dril", r"no playbook 'coop-dril' in playbooks, or with the package; did you mean coop-drill"),
    "nothing near": ("zzz", r"there are coop-drill, mine, migrate-to-getvpn, swap-acl"),
    "a file": ("none/mine.yaml", r"none/mine.yaml: there is no such file"),
    "a folder": ("./playbooks", r"playbooks: this cannot be read: Is a directory"),
}  # fmt: skip


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("case", NOT_THERE)
def test_there_is_no_such_playbook(case: str) -> None:
    name, said = NOT_THERE[case]
    for verb in ("show", "validate"):
        with pytest.raises(UsageError, match=said):
            run(verb, name)


def test_validate_tells_all_files_at_once(workspace: Path) -> None:
    assert run("validate", "-o", "table")[0] == 0
    assert "playbooks/mine.yml: 1 stage, nothing wrong" in run("validate", "mine")[2]
    (workspace / "playbooks" / "mine.yml").write_text(RIGHT.format("yours").replace("look", "lok"))
    (workspace / "playbooks" / "zoned.yaml").write_text(
        RIGHT.format("zoned") + "windows: [{start: '22:00', end: '05:00', zone: Europe/Londen}]\n"
    )
    with pytest.raises(MistakesError) as caught:
        run("validate")
    assert caught.value.mistakes == (
        "playbooks/mine.yml:2: name: expected mine, the name of the file, found 'yours'",
        "playbooks/mine.yml:4: stages[0].action: there is no action 'lok' for a stage; did you mean look?",
        "playbooks/zoned.yaml:5: windows[0].zone: there is no time zone 'Europe/Londen'; did you mean Europe/London?",
    )
    out = workspace / "said.json"
    with pytest.raises(MistakesError):
        run("validate", "mine", "swap-acl", "-o", "json", "--out", str(out))
    plain = json.loads(out.read_text())
    assert [(item["name"], item["valid"]) for item in plain["playbooks"]] == [("mine", False), ("swap-acl", True)]
    assert plain["mistakes"] == list(caught.value.mistakes[:2])


def test_without_a_workspace_those_of_the_package_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(DATA / "shown.yaml", tmp_path)
    assert run("validate", "shown.yaml")[0] == 0
    assert [item["shipped"] for item in json.loads(run("list", "-o", "json")[1])["playbooks"]] == [True] * 3
    with pytest.raises(NoWorkspaceError):
        run("list", "-w", "elsewhere")


def test_what_cannot_be_told_apart_or_read(workspace: Path) -> None:
    (workspace / "playbooks" / "mine.yaml").write_text(RIGHT.format("mine"))
    with pytest.raises(UsageError, match="have one name"):
        run("list")
    (workspace / "playbooks" / "mine.yml").unlink()
    (workspace / "playbooks" / "mine.yaml").write_bytes(b"#" * (5 << 20))
    with pytest.raises(MistakesError, match=r"mine\.yaml: this is larger than 1 MB, and no playbook"):
        run("validate", "mine")
    (workspace / "playbooks" / "mine.yaml").write_text("title: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(MistakesError, match=r"mine\.yaml:1: could not determine a constructor"):
        run("validate", "mine")


@pytest.mark.parametrize("action", STAGE_ACTIONS, ids=lambda action: action.id)
def test_every_action_of_a_stage_has_its_page(action: object, tmp_path: Path) -> None:
    name = action.id  # type: ignore[attr-defined]
    explain(name, output=Output.TABLE, out=tmp_path / "page")
    page = " ".join((tmp_path / "page").read_text().split())
    assert f"{name} stage of a playbook" in page
    explain(name, output=Output.JSON, out=tmp_path / "page")
    plain = json.loads((tmp_path / "page").read_text())
    stage = plain.get("stage", plain)
    assert stage["kind"] == "stage action"
    assert {item["name"] for item in stage["params"] if not item["about"]} == set()
    assert {item["name"] for item in stage["params"]} == {*action.params.model_fields}  # type: ignore[attr-defined]


def test_a_name_that_is_also_an_action_of_its_own_keeps_its_page(tmp_path: Path) -> None:
    explain("rsa-key", output=Output.JSON, out=tmp_path / "page")
    plain = json.loads((tmp_path / "page").read_text())
    assert (plain["kind"], plain["stage"]["kind"]) == ("action", "stage action")
