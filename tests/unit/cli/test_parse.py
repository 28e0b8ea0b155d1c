"""The command as people run it: exit codes, streams, formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typed import typed

GOOD = b"Group Member ID    : 10.20.1.1\n Group ID          : 4711\n Group Name        : [red]BRANCH[/red]\n"
COMMAND = "sh cry gdoi ks mem"


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Start the program as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "getvpn_ops", *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), **environment},
    )


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "capture.txt"
    path.write_bytes(GOOD)
    return str(path)


def test_json_is_the_default_where_nobody_watches(capture: str) -> None:
    done = run("parse", COMMAND, capture)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    plain = json.loads(done.stdout)
    assert list(plain) == ["command", "data", "unrecognized", "warnings", "set_aside"]
    assert plain["command"] == "show crypto gdoi ks members"
    assert plain["data"]["members"][0]["group_name"] == "[red]BRANCH[/red]"


@pytest.mark.parametrize("arguments", [("-",), ()], ids=["dash", "nothing"])
def test_standard_input(arguments: tuple[str, ...]) -> None:
    done = typed("parse", COMMAND, *arguments, "-o", "yaml", stdin=GOOD)
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["data"]["members"][0]["address"] == "10.20.1.1"


def test_table_shows_markup_as_it_is(capture: str) -> None:
    done = typed("parse", COMMAND, capture, "-o", "table")
    assert done.returncode == 0
    assert b"[red]BRANCH[/red]" in done.stdout


def test_out_is_private(capture: str, tmp_path: Path) -> None:
    for form in ("json", "table"):
        out = tmp_path / f"out.{form}"
        done = typed("parse", COMMAND, capture, "-o", form, "--out", str(out))
        assert (done.returncode, done.stdout) == (0, b"")
        assert "10.20.1.1" in out.read_text()
        assert out.stat().st_mode & 0o777 == 0o600


def test_flags_have_environment_variables(capture: str) -> None:
    done = typed("parse", COMMAND, capture, GETVPN_OPS_PARSE_OUTPUT="yaml")
    assert yaml.safe_load(done.stdout)["command"] == "show crypto gdoi ks members"


def test_lines_left_out_are_said() -> None:
    done = typed("parse", COMMAND, stdin=GOOD + b" Newer Thing : 7\n")
    assert done.returncode == 0
    assert b'left out: 1 line; see "unrecognized"' in done.stderr
    assert json.loads(done.stdout)["unrecognized"][0]["line"] == 4


ERRORS = {
    "unknown-command": (("parse", "show crypto gdoi ks mebers"), b"x", 2, "did you mean: show crypto gdoi ks members"),
    "unknown-format": (("parse", COMMAND, "-o", "xml"), GOOD, 2, "xml"),
    "no-command": (("parse",), b"", 2, "name the command"),
    "no-such-file": (("parse", COMMAND, "no/such/file"), b"", 2, "cannot read no/such/file: No such file"),
    "a-folder": (("parse", COMMAND, "."), b"", 2, "cannot read"),
    "unwritable": (("parse", COMMAND, "--out", "/no/such/folder/x"), GOOD, 2, "cannot write"),
    "both": (("parse", COMMAND, "--transcript", "x"), b"", 2, "not both"),
    "empty": (("parse", COMMAND), b"", 3, "could not be determined: show crypto gdoi ks members: the text is empty"),
    "foreign": (("parse", COMMAND), b"nothing\nof\nit\n", 3, "line 1"),
    "transcript-without-prompt": (("parse", "--transcript", "-"), b"nothing\n", 3, "no prompt"),
    "no-such-option": (("parse", "--nope"), b"", 2, "--nope"),
    "no-such-command": (("prase",), b"", 2, "prase"),
}


@pytest.mark.parametrize(("arguments", "stdin", "code", "words"), ERRORS.values(), ids=ERRORS)
def test_errors_are_for_people(arguments: tuple[str, ...], stdin: bytes, code: int, words: str) -> None:
    done = typed(*arguments, stdin=stdin)
    assert done.returncode == code
    assert done.stdout == b""
    message = done.stderr.decode()
    assert words in message
    assert "Traceback" not in message


def test_file_in_place_of_the_command(capture: str) -> None:
    done = typed("parse", capture)
    assert done.returncode == 2
    assert b"name the command first" in done.stderr


def test_list() -> None:
    done = typed("parse", "--list", "-o", "table")
    assert done.returncode == 0
    assert b"show crypto gdoi ks members  group NAME [ADDRESS]" in b"\n".join(
        b"  ".join(part.strip() for part in line.split(b"  ") if part.strip()) for line in done.stdout.splitlines()
    )
    assert {row["command"] for row in json.loads(typed("parse", "--list").stdout)} >= {"show crypto gdoi ks members"}


def test_transcript(tmp_path: Path) -> None:
    log = tmp_path / "session.log"
    log.write_bytes(
        b"KS1#" + COMMAND.encode() + b"\r\n" + GOOD.replace(b"\n", b"\r\n") + b"KS1#show ip route\r\nx\r\nKS1#\r\n"
    )
    done = typed("parse", "--transcript", str(log))
    assert done.returncode == 0, done.stderr
    pieces = json.loads(done.stdout)["pieces"]
    assert [(piece["hostname"], piece["fate"]) for piece in pieces] == [("KS1", "parsed"), ("KS1", "unknown command")]
    assert b"1 of 2 show commands gave state" in done.stderr
    assert b"show ip route: unknown command" in done.stderr
    assert typed("parse", "--transcript", str(log), "-o", "table").returncode == 0


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith(b"getvpn-ops ")
    for arguments in (("--help",), ("parse", "--help"), ()):
        done = run(*arguments)
        assert b"Usage" in done.stdout + done.stderr


def test_an_old_file_becomes_private(capture: str, tmp_path: Path) -> None:
    out = tmp_path / "old.json"
    out.write_text("old")
    out.chmod(0o644)
    assert typed("parse", COMMAND, capture, "--out", str(out)).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600


def test_out_dash_is_standard_output(capture: str) -> None:
    assert json.loads(run("parse", COMMAND, capture, "--out", "-").stdout)["command"] == "show crypto gdoi ks members"


UNSEEN = GOOD.replace(b"BRANCH", "caf\u00e9\u202e\u2066x".encode())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_carries_any_text(encoding: str) -> None:
    for form in ("json", "yaml", "table"):
        done = run("parse", COMMAND, "-o", form, stdin=UNSEEN, PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        shown = done.stdout.decode(encoding)
        assert not set(shown) & {"\u202e", "\u2066"}, "it turns the terminal's text around"
        if form != "table":
            plain = json.loads(shown) if form == "json" else yaml.safe_load(shown)
            assert plain["data"]["members"][0]["group_name"] == "[red]caf\u00e9\u202e\u2066x[/red]"


def test_messages_cannot_command_the_terminal() -> None:
    for arguments in (("parse", COMMAND, "no\x1b[31m\x9bfile"), ("parse", "show \x1b]0;x\x07"), ("explain", "\u202ex")):
        message = typed(*arguments).stderr.decode()
        assert not set(message) & {"\x1b", "\x9b", "\x07", "\u202e"}, repr(message)


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_streams(capture: str, closed: int) -> None:
    line = f'exec "$0" -m getvpn_ops parse "$1" {"-" if closed == 0 else chr(34) + "$2" + chr(34)} {closed}>&-'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, COMMAND, capture],  # noqa: S607
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == {0: 3, 1: 2, 2: 0}[closed], done.stderr
    assert b"internal error" not in done.stderr


def test_a_full_disk_is_said(capture: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "getvpn_ops", "parse", COMMAND, capture],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
    assert done.returncode == 2
    assert b"cannot write to standard output: No space left" in done.stderr


def test_a_very_long_command() -> None:
    done = typed("parse", "show " + "a" * 5000)
    assert done.returncode == 2
    assert b"unknown command" in done.stderr


def test_the_version_is_no_setting(capture: str) -> None:
    done = typed("parse", COMMAND, capture, GETVPN_OPS_VERSION="1.0.0")
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_was_typed_hides_its_secrets(tmp_path: Path) -> None:
    words = f"{COMMAND} | include username bob password CANARY"
    assert b"CANARY" not in typed("parse", words, stdin=GOOD).stdout
    assert b"CANARY" not in typed("parse", "show foo password CANARY").stderr
    log = tmp_path / "session.log"
    log.write_bytes(b"KS1#test aaa group radius bob CANARY legacy\nKS1#" + words.encode() + b"\n" + GOOD + b"KS1#\n")
    for form in ("json", "table"):
        done = typed("parse", "--transcript", str(log), "-o", form)
        assert done.returncode == 0
        assert b"CANARY" not in done.stdout + done.stderr


def test_too_narrow_a_terminal_still_shows(capture: str) -> None:
    for columns in ("0", "1"):
        assert b"show crypto gdoi" in typed("parse", COMMAND, capture, "-o", "table", COLUMNS=columns).stdout


def test_the_exit_code_survives_a_reader_of_messages_who_left() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "getvpn_ops", "parse", COMMAND, "no/such/file"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(60) == 2
