"""``acl`` on files: what a report says of a list behind which no device stands, and files that mean harm."""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import time
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from getvpn_ops.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

FORMS = ("table", "json", "ndjson", "md", "html", "junit", "csv")
SECRET = "hunter2-Kq7"  # noqa: S105 -- of a test


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Start the command in a folder without a workspace."""
    monkeypatch.chdir(tmp_path)

    def started(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", "acl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return started


TWO = """\
ip access-list extended EAST
 permit ip any any
ip access-list extended WEST
 deny udp any eq 848 any eq 848
 permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255
"""


@pytest.mark.parametrize("form", FORMS)
def test_a_report_of_a_file_speaks_of_lists(run: Run, tmp_path: Path, form: str) -> None:
    (tmp_path / "two.acl").write_text(TWO)
    code, out, _ = run("lint", "two.acl", "-o", form)
    assert code == 4
    for words in ("EAST", "WEST"):
        assert words in out
    for words in ("0 selected", "0 asked", "groups two", "group two", "0 devices"):
        assert words not in out
    if form not in {"csv", "ndjson", "json"}:
        assert "EAST (1 line), WEST (2 lines)" in " ".join(out.split())
        assert "2 of 2 access lists need attention" in out
        assert "file two.acl" in out


def test_the_forms_for_programs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "two.acl").write_text(TWO)
    said = json.loads(run("lint", "two.acl", "-o", "json")[1])
    assert said["lists"] == [{"name": "EAST", "entries": 1}, {"name": "WEST", "entries": 2}]
    assert {(item["kind"], item["group"], item["device"]) for item in said["outcomes"]} == {("list", "", "")}
    suites = ET.fromstring(run("lint", "two.acl", "-o", "junit")[1].partition("\n")[2])  # noqa: S314 -- our own
    assert [suite.get("name") for suite in suites] == ["access lists"]
    rows = list(csv.DictReader(io.StringIO(run("lint", "two.acl", "-o", "csv")[1])))
    assert {(row["group"], row["device"], row["subject"]) for row in rows} == {("", "", "EAST"), ("", "", "WEST")}


def test_a_list_in_which_all_is_well(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.acl").write_text("deny tcp any any eq 22\n")
    code, out, _ = run("lint", "own.acl", "--local", "-o", "table")
    assert code == 0
    assert "All is well with 1 access list looked at" in out


class Harm(NamedTuple):
    """A file, and how it must end.

    Attributes:
        text: of the file.
        code: of lint.
        says: what stands on stdout or stderr.
    """

    text: str | bytes
    code: int
    says: str


def _aces(number: int) -> str:
    drawn = random.Random(5)  # noqa: S311 -- no secret
    bits = drawn.getrandbits
    return "".join(
        f"{drawn.choice(('permit', 'deny'))} ip 10.{bits(8)}.0.{bits(8)} 0.0.{bits(8)}.255 "
        f"10.{bits(8)}.{bits(8)}.0 0.0.0.255\n"
        for _ in range(number)
    )


HARMS = {
    "5 MB of one line": Harm("x" * 5_000_000, 3, "line 1: 'xxx"),
    "5 MB of lines": Harm("deny tcp host 10.1.2.3 host 10.3.2.1 eq 22\n" * 120_000, 4, "actual 120000"),
    "5 MB of nothing": Harm(b"\0" * 5_000_000, 3, "line 1"),
    "binary": Harm(random.Random(7).randbytes(100_000), 3, "could not be determined"),  # noqa: S311 -- no secret
    "10,000 lines": Harm(_aces(10_000), 4, "10000 lines are too many"),
    "control characters": Harm("ip access-list extended \x1b[31m\u202eEV\x07IL\n permit ip any any\n", 4, "\\u202e"),
    "markup": Harm("ip access-list extended <script>alert(1)</script>\n permit ip any any\n", 4, "script"),
    "markup of the terminal": Harm("ip access-list extended [bold]X[/nonsense]\n permit ip any any\n", 4, "[bold]X"),
    "two versions of IP": Harm("permit tcp host 10.0.0.1 any\npermit tcp 2001:db8::/32 any\n", 3, "IPv6"),
    "object groups": Harm("permit object-group WEB object-group SITES any\n", 4, "WEB"),
    "established": Harm("permit tcp any any established\n", 4, "established"),
    "a time range": Harm("permit tcp any any time-range NIGHT\n", 4, "time-range"),
    "dynamic": Harm("dynamic DOOR timeout 5 permit ip any any\n", 3, "DOOR"),
    "reflexive": Harm("permit tcp any any reflect MIRROR\nevaluate MIRROR\n", 4, "MIRROR"),
    "ends of lines of Windows": Harm(
        b"permit ip any any\r\ndeny tcp any any eq 22\r\n", 4, "line 2 'deny tcp any any eq 22'"
    ),
    "numbers out of order": Harm("20 permit ip any any\n10 deny udp any eq 848 any eq 848\n", 4, "encrypted, such as"),
    "a number twice": Harm("10 permit ip any any\n10 deny tcp any any eq 22\n", 3, "number 10 stands twice"),
    "a number beyond all": Harm("4294967295 permit ip any any\n", 3, "no number of a line"),
    "a number beyond Python": Harm(f"{'9' * 5000} permit ip any any\n", 3, "could not be determined"),
    "the same in a section": Harm(
        f"ip access-list extended A\n {'9' * 5000} permit ip any any\n", 3, "could not be determined"
    ),
    "a secret in a remark": Harm(f"remark password {SECRET}\npermit ip any any\n", 4, "acl-udp848"),
    "a secret on a line of another kind": Harm(f"tacacs-server key {SECRET}\npermit ip any any\n", 3, "tacacs-server"),
    "a secret in a configuration": Harm(
        f"hostname r1\nenable secret {SECRET}\nip access-list extended A\n permit ip any any\n", 4, "acl-udp848"
    ),
}


@pytest.mark.parametrize("name", HARMS)
def test_a_file_that_means_harm_ends_in_words(run: Run, tmp_path: Path, name: str) -> None:
    case = HARMS[name]
    content = case.text.encode() if isinstance(case.text, str) else case.text
    (tmp_path / "evil.acl").write_bytes(content)
    began = time.monotonic()
    code, out, err = run("lint", "evil.acl", "-o", "table")
    assert time.monotonic() - began < 60
    assert code == case.code, (out[:2000], err[:2000])
    assert case.says in " ".join((out + err).split())
    assert len(out + err) < 20_000
    assert "Traceback" not in out + err
    assert not any(unseen in out + err for unseen in ("\x1b", "\u202e", "\x07", SECRET))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["control characters", "markup", "a secret in a remark", "two versions of IP"])
def test_no_form_lets_it_through(run: Run, tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / "evil.acl").write_bytes(str(HARMS[name].text).encode())
    _, out, err = run("lint", "evil.acl", "-o", form)
    assert out
    assert not any(unseen in out + err for unseen in ("\x1b", "\u202e", "\x07", SECRET))
    assert form != "html" or "<script>" not in out


FLOWS = {
    "nothing": "",
    "blanks": " \t ",
    "long": "x" * 100_000,
    "control characters": "\x1b[2Jtcp 10.0.0.1:1 -> 10.0.0.2:2",
    "a port too high": "tcp 10.0.0.1:65536 -> 10.0.0.2:2",
    "digits of another script": "tcp 10.0.0.1:\u0661 -> 10.0.0.2:2",
    "two versions of IP": "tcp 10.0.0.1:1 -> [2001:db8::1]:2",
    "markup": "[bold]tcp[/bold] 10.0.0.1:1 -> 10.0.0.2:2",
    "a range": "tcp 10.0.0.0/24:1 -> 10.0.0.2:2",
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_that_is_none_is_said_to_be_none(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "any.acl").write_text("permit ip any any\n")
    code, out, err = run("explain", FLOWS[name], "any.acl")
    assert (code, out) == (2, "")
    assert 0 < len(err) < 1000
    assert "\x1b" not in err


def test_ten_thousand_lines_can_be_explained_and_not_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.acl").write_text(_aces(10_000))
    (tmp_path / "short.acl").write_text("permit ip any any\n")
    assert run("explain", "tcp 192.0.2.1:1 -> 10.2.2.2:5", "long.acl")[0] == 0
    code, _, err = run("diff", "long.acl", "short.acl")
    assert code == 3
    assert "too many" in err


def test_numbers_decide_the_order(run: Run, tmp_path: Path) -> None:
    (tmp_path / "typed.acl").write_text("30 permit ip any any\n10 deny tcp any any eq 22\ndeny tcp any eq 22 any\n")
    (tmp_path / "meant.acl").write_text("deny tcp any any eq 22\npermit ip any any\ndeny tcp any eq 22 any\n")
    assert run("diff", "typed.acl", "meant.acl")[0] == 0
