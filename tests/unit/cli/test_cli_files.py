"""Files and folders that commands are given: what is there is not lost, and what is withdrawn is not trusted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import asyncssh
import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.cli.hostkeys import _from_file
from getvpn_ops.cli.output import write_text
from getvpn_ops.devices.hostkeys import HostKey
from getvpn_ops.devices.inventory import Access
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [HostKey.from_blob(asyncssh.generate_private_key("ssh-ed25519").convert_to_public().public_data) for _ in "ab"]
TRUSTED: dict[str, tuple[str, int | str]] = {
    "one key": ("10.0.0.1 {0}\n", 0),
    "by its name": ("r1 {0}\n", 0),
    "two keys": ("10.0.0.1 {0}\n10.0.0.1 {1}\n", "has 2 keys for it, not one"),
    "withdrawn": ("10.0.0.1 {0}\n@revoked 10.0.0.1 {0}\n", "has 0 keys for it, not one"),
    "one of two withdrawn": ("10.0.0.1 {0}\n10.0.0.1 {1}\n@revoked * {0}\n", 1),
    "withdrawn, and not looked for by another name": ("10.0.0.1 {0}\n@revoked * {0}\nr1 {0}\n", "has 0 keys"),
}


@pytest.mark.parametrize("case", TRUSTED)
def test_keys_of_a_file_that_is_trusted(case: str, tmp_path: Path) -> None:
    text, expected = TRUSTED[case]
    (tmp_path / "known").write_text(text.format(*(key.text for key in KEYS)))
    found = _from_file({"r1": Access("10.0.0.1", 22)}, tmp_path / "known")["r1"]
    if isinstance(expected, str):
        assert isinstance(found, SessionError)
        assert expected in found.reason
    else:
        assert found == KEYS[expected]


def test_a_file_that_cannot_be_made_private_keeps_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of somebody else in a group of ours."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    out = tmp_path / "report.json"
    out.write_text("theirs")
    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(UsageError, match="Operation not permitted"):
        write_text("ours", out)
    assert out.read_text() == "theirs"


def test_a_shorter_result_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    for text in ("a long result\n", "short\n"):
        write_text(text, tmp_path / "out")
        assert (tmp_path / "out").read_text() == text


@pytest.mark.parametrize("named", ["w", "w/getvpn-ops.yaml"])
def test_the_lab_is_looked_for_where_the_other_commands_look(tmp_path: Path, named: str) -> None:
    done = CliRunner().invoke(app, ["lab", "status"], env={"GETVPN_OPS_WORKSPACE": str(tmp_path / named)})
    assert str(done.exception) == f"there is no folder {tmp_path / 'w'}"
