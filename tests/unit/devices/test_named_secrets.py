"""Secrets by name: where they are looked for, and what is said if they are not there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from getvpn_ops.devices.named_secrets import NamedSecrets
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.errors import MistakesError
from getvpn_ops.settings import Workspace, read_settings

if TYPE_CHECKING:
    from pathlib import Path

KEY = "wQ8-found-7"
FILE = {"from": "file", "path": "keys/{name}"}
SAY = f"import sys; print({KEY!r} if sys.argv[1] == 'psk/a-1' else 1/0)"
SOURCES: dict[str, tuple[list[dict[str, Any]], str]] = {  # sources, and why there is nothing; empty if there is
    "a file": ([FILE], ""),
    "a variable": ([{"from": "environment", "name": "KEYS"}], ""),
    "a command": ([{"from": "command", "argv": [sys.executable, "-c", SAY, "{name}"]}], ""),
    "the second source": ([{"from": "file", "path": "none/{name}"}, FILE], ""),
    "no source": ([], "names no source"),
    "no such file": ([{"from": "file", "path": "none/{name}"}], "cannot be read"),
    "no such variable": ([{"from": "environment", "name": "OTHER"}], "OTHER_PSK_A_1 is not set"),
    "a command that fails": (
        [{"from": "command", "argv": [sys.executable, "-c", "1/0", "{name}"]}],
        "ended with code 1",
    ),
    "a blank in it": ([{"from": "file", "path": "bad/{name}"}], "holds a blank"),
}


def place(root: Path, sources: list[dict[str, Any]]) -> Workspace:
    for folder, text in (("keys", KEY), ("bad", f"{KEY} address 10.0.0.1")):
        path = root / folder / "psk" / "a-1"
        path.parent.mkdir(parents=True)
        path.write_text(f"{text}\n", encoding="utf-8")
        path.chmod(0o600)
    (root / "getvpn-ops.yaml").write_text(yaml.safe_dump({"schema": 1, "secrets": sources}), encoding="utf-8")
    return Workspace(root, read_settings(root / "getvpn-ops.yaml"))


@pytest.mark.parametrize("name", SOURCES)
def test_a_secret_is_found_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources, why_not = SOURCES[name]
    monkeypatch.setenv("KEYS_PSK_A_1", KEY)
    redactor = Redactor()
    secrets = NamedSecrets(place(tmp_path, sources), redactor)

    found = secrets.resolve("psk/a-1")

    assert (found.reveal() if found else None) == (None if why_not else KEY)
    assert why_not in secrets.why_not("psk/a-1")
    assert bool(secrets.why_not("psk/a-1")) is bool(why_not)
    assert secrets.is_asked is bool(sources)
    assert KEY not in repr(found) + secrets.why_not("psk/a-1")
    assert (KEY in redactor.text(f"it is {KEY}.")) is (found is None)


def test_each_is_looked_for_once(tmp_path: Path) -> None:
    secrets = NamedSecrets(place(tmp_path, [FILE]), Redactor())
    first = secrets.resolve("psk/a-1")
    (tmp_path / "keys" / "psk" / "a-1").unlink()

    assert first is not None
    assert secrets.resolve("psk/a-1") is first


WRONG: dict[str, dict[str, Any]] = {
    "one key for all": {"from": "file", "path": "keys/all"},
    "a question": {"from": "prompt"},
    "a command without the name": {"from": "command", "argv": ["pass", "show"]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_source_that_cannot_tell_names_apart_is_a_mistake(name: str, tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="secrets"):
        place(tmp_path, [WRONG[name]])
