"""What people send is understood, and what is not is said: the cases of ``tests/data/captures_from``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from getvpn_ops.store.folder import read_folder

FOLDER = Path(__file__).parents[2] / "data" / "captures_from"


@dataclass(frozen=True)
class Case:
    """Files, and what must come of them."""

    about: str
    files: dict[str, str | bytes]
    captures: list[list[str]]
    notes: list[list[str]]
    known: dict[str, str]


def cases() -> dict[str, Case]:
    """Every case by what it is about."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for data in yaml.safe_load(path.read_text(encoding="utf-8")):
            case = Case(
                data.pop("about"), data.pop("files"), data.pop("captures"), data.pop("notes", []), data.pop("known", {})
            )
            assert not data, f"{path}: unknown keys {sorted(data)}"
            found[f"{path.stem}: {case.about}"] = case
    assert found, "no cases: the tests would pass on nothing"
    return found


CASES = cases()


def lay_out(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def hide(text: bytes) -> bytes:
    """Stands for the redactor; ``devices`` tests the real one."""
    return text.replace(b"CANARY", b"(gone)")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_people_send(tmp_path: Path, case: Case) -> None:
    lay_out(tmp_path / "sent", case.files)
    found = read_folder(tmp_path / "sent", hide, case.known)
    captures = sorted(found.captures, key=lambda item: item.source)
    expected = sorted(case.captures, key=lambda row: row[2])
    assert [[item.device, item.command, item.source] for item in captures] == [row[:3] for row in expected]
    for item, (_, _, _, words, *trouble) in zip(captures, expected, strict=True):
        told = item.text.decode("utf-8", "surrogateescape")
        assert words in told if words else not told.strip()
        assert ([f"{item.trouble.value}: {item.reason}"] if item.trouble else []) == trouble
        assert b"CANARY" not in item.text
    assert {visit.device for visit in found.visits} == {row[0] for row in case.captures}
    said = [[f"{note.file}:{note.line}" if note.line else note.file, note.reason] for note in found.notes]
    assert [row[0] for row in said] == [row[0] for row in case.notes], said
    for (_, reason), (_, words) in zip(said, case.notes, strict=True):
        assert words in reason


def test_a_visit_tells_what_its_captures_tell(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "a.txt": "KS1#show clock\n10:45:00.000 UTC Sun Mar 1 2026\n"
            "KS1#show crypto isakmp sa count\nActive ISAKMP SA's: 2\nKS1#show crypto gdoi\n"
        },
    )
    (visit,) = read_folder(tmp_path, hide).visits
    assert (visit.device, visit.hostname, visit.commands, visit.trouble) == ("KS1", "KS1", 2, None)
    assert visit.started.isoformat() == "2026-03-01T10:45:00+00:00"
    assert visit.ended > visit.started


def test_a_single_file_will_do(tmp_path: Path) -> None:
    lay_out(tmp_path, {"session.txt": "KS1#show clock\n10:45:00.000 UTC Sun Mar 1 2026\nKS1#\n"})
    found = read_folder(tmp_path / "session.txt", hide)
    assert [(item.device, item.source) for item in found.captures] == [("KS1", "session.txt:1")]


@pytest.mark.parametrize(
    ("folder", "known", "device"),
    [
        ("lon-gm1", {}, "lon-gm1"),
        ("captures-2026-03-01", {}, "device"),
        ("hub", {}, "device"),
        ("HUB", {"hub": "lds-ks1"}, "lds-ks1"),
    ],
)
def test_the_folder_itself_may_be_called_as_the_device(
    tmp_path: Path, folder: str, known: dict[str, str], device: str
) -> None:
    lay_out(tmp_path, {f"{folder}/show-crypto-gdoi.txt": "GROUP INFORMATION\n"})
    found = read_folder(tmp_path / folder, hide, known)
    assert [item.device for item in found.captures] == [device]
    assert all(re.search(rf"called '{device}'", note.reason) for note in found.notes)


def test_the_redactor_sees_every_text(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def watch(text: bytes) -> bytes:
        seen.append(text)
        return text

    files: dict[str, Any] = {
        f"a{number}.txt": f"KS{number}#show clock\nanswer {number}\nKS{number}#" for number in range(5)
    }
    lay_out(tmp_path, files)
    captures = read_folder(tmp_path, watch).captures
    assert {item.text for item in captures} <= set(seen)
    assert len(captures) == 5
