"""The root of the command line: every command is there, none is imported before it is run."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from getvpn_ops.cli.app import COMMANDS, app, main
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def options(command: Any, path: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 -- of whichever Click there is
    """Command, flag and environment variable of everything that can be said."""
    for name, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{path} {name}")
    for item in command.params:
        if flag := next((word for word in item.opts if word.startswith("--")), ""):
            yield path, flag, str(item.envvar)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_has_the_variable_that_it_suggests(name: str) -> None:
    shared = {"--workspace": "GETVPN_OPS_WORKSPACE", "--lab": "GETVPN_OPS_LAB"}
    found = [*options(typer.main.get_group(app).get_command(None, name), name)]  # type: ignore[arg-type]
    assert found
    for path, flag, variable in found:
        words = f"getvpn-ops {path} {flag.removeprefix('--')}"
        assert variable == shared.get(flag, words.replace(" ", "_").replace("-", "_").upper()), path


def test_a_variable_is_read(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    said = {"GETVPN_OPS_EXPLAIN_LIST": "1", "GETVPN_OPS_EXPLAIN_OUT": str(out)}
    done = CliRunner().invoke(app, ["explain"], env=said)
    assert done.exit_code == 0
    assert out.stat().st_size > 1000


ENDINGS = {
    "a pipe of which nobody knows": (BrokenPipeError(32, "Broken pipe"), ExitCode.INTERNAL, "internal error"),
    "a path": (PermissionError(13, "Permission denied", "/x/y"), ExitCode.USAGE, "cannot use /x/y: Permission denied"),
    "no path": (OSError(5, "Input/output error"), ExitCode.INTERNAL, "internal error"),
    "a defect": (RuntimeError("it"), ExitCode.INTERNAL, "RuntimeError: it"),
    "Ctrl-C": (KeyboardInterrupt(), ExitCode.INTERRUPTED, ""),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_how_a_failure_ends(case: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Never as if all were good."""
    failure, code, words = ENDINGS[case]

    def fail(**_: object) -> None:
        raise failure

    monkeypatch.setattr("getvpn_ops.cli.app.app", fail)
    monkeypatch.delenv("GETVPN_OPS_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert words in capfd.readouterr().err
