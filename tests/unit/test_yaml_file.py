"""YAML files that want to do harm, or are odd: each is read rightly or refused with a reason, and quickly."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.settings import yaml_file
from getvpn_ops.settings.yaml_file import NotYamlError, parse_yaml, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
REFUSED = {
    "lists in lists": ("[" * 50_000, "this is nested too deeply"),
    "mappings in mappings": ("{a: " * 50_000, "this is nested too deeply"),
    "dashes": ("- " * 50_000, "this is nested too deeply"),
    "aliases of aliases": (LAUGHS, "aliases make this too large"),
    "merges of merges": (MERGES, "aliases make this too large"),
    "an alias within itself": ("a: &a {b: [*a]}", "an alias stands within what it names"),
    "a tag that lies, bool": ("a: !!bool perhaps", "a value is not what it looks like: tag:yaml.org,2002:bool"),
    "a tag that lies, time": ("a: !!timestamp then", "a value is not what it looks like: tag:yaml.org,2002:timestamp"),
    "a tag of Python": ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
    "a key twice": ("a: 1\nb: {<<: {c: 1}, c: 2, c: 3}", "the key 'c' stands twice"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str, why: str) -> None:
    """In a process of its own: PyYAML's parser in C does not fail at great depth, but ends the process."""
    code = (
        "import sys; from getvpn_ops.settings.yaml_file import NotYamlError, parse_yaml\n"
        "try: parse_yaml(sys.stdin.read())\nexcept NotYamlError as exc: print(exc.problem)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout[: len(why)]) == (0, why), done.stderr


READ: dict[str, tuple[str, object]] = {
    "as deep as people write": ("[" * 60 + "]" * 60, None),
    "a merge of a merge that comes first": (
        "base: &b {x: 1}\nwrap:\n  mid: &m {<<: *b, x: 2}\ntop: {<<: *m, x: 3}\n",
        {"base": {"x": 1}, "wrap": {"mid": {"x": 2}}, "top": {"x": 3}},
    ),
    "one alias many times": ("a: &a {b: 1}\nc: [" + ", ".join(["*a"] * 500) + "]", None),
    "a tag that is right": ("a: !!bool true", {"a": True}),
}


@pytest.mark.parametrize(("text", "value"), READ.values(), ids=READ)
def test_what_is_read(text: str, value: object) -> None:
    found = parse_yaml(text)
    assert found == value if value is not None else found


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hosts.yaml")
    with pytest.raises(NotYamlError, match="this is no file"):
        read_yaml(tmp_path / "hosts.yaml")


def test_there_is_a_largest_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "_LARGEST", 8)
    (tmp_path / "a.yaml").write_text("a: 12345")
    assert read_yaml(tmp_path / "a.yaml").value == {"a": 12345}
    (tmp_path / "a.yaml").write_text("a: 123456")
    with pytest.raises(NotYamlError, match="this is larger than"):
        read_yaml(tmp_path / "a.yaml")
