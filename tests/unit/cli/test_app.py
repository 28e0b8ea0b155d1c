"""The root of the command line: every command is there, none is imported before it is run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import COMMANDS, app

HEAVY = ("netmiko", "napalm", "nornir", "sqlalchemy", "asyncssh", "textfsm")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: getvpn-ops {name}")
    assert "─" not in result.output  # the same plain form everywhere


def test_the_help_lists_all_of_them() -> None:
    result = CliRunner().invoke(app, ["--help"])
    lines = result.output.splitlines()
    for name, entry in COMMANDS.items():
        assert any(line.split()[:1] == [name] and entry.says.split()[0] in line for line in lines), name


def test_a_near_miss_is_named() -> None:
    result = CliRunner().invoke(app, ["helth"])
    assert result.exit_code == 2
    assert "did you mean health?" in result.output


def test_help_imports_none_of_the_libraries() -> None:
    code = f"import sys, getvpn_ops.cli.app; sys.exit(' '.join(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr.strip() == ""
