"""What ``write_folder`` writes comes back, whatever the devices and commands are called; nobody else's files go."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.store.folder import must_be_replaceable, read_folder, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 1, 10, 5, 0, 123456, tzinfo=UTC)
CAPTURES = (
    Capture("lon-gm1", "show clock", b"10:05:00.123 UTC Sun Mar 1 2026\r\n", NOW, 0.25, "libssh2 1.11.1"),
    Capture("lon-gm1", "show crypto gdoi", b"", NOW, 3.0, "libssh2", Trouble.DROPPED, "ended after 3 s"),
    Capture("lon-gm1", "show clock", b"10:05:30.123 UTC Sun Mar 1 2026\r\n", NOW + timedelta(seconds=30), 0.3),
    Capture("lds-ks1", "show running-config | section ^crypto (gdoi|gkm) group", b"crypto gdoi \xe9\n", NOW),
)
VISITS = (
    Visit("lon-gm1", NOW, NOW + timedelta(seconds=30), "libssh2 1.11.1", "LON-GM1", 2, Trouble.DROPPED, "x", "look"),
    Visit("dub-ks1", NOW, NOW, trouble=Trouble.UNREACHABLE, reason="no answer"),
)


def same(text: bytes) -> bytes:
    return text


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda value: value.replace(tzinfo=UTC))  # noqa: DTZ001
NAMES = st.one_of(
    st.sampled_from(["a", "A", "..", "/", "manifest.json", "a~2", "con", "\x00", "x" * 300, ""]), st.text()
)
CAPTURE = st.builds(
    Capture,
    device=NAMES,
    command=st.one_of(st.sampled_from(["show clock", "show clock | i x/y", "../../x", "Show Clock"]), st.text()),
    text=st.binary(max_size=200),
    taken_at=MOMENTS,
    seconds=st.none() | st.floats(0, 1e6),
    source=st.text(max_size=20),
    trouble=st.none() | st.sampled_from(Trouble),
    reason=st.text(max_size=20),
)
VISIT = st.builds(
    Visit,
    device=NAMES,
    started=MOMENTS,
    ended=MOMENTS,
    engine=st.text(max_size=20),
    hostname=st.text(max_size=20),
    commands=st.integers(0, 10**9),
    trouble=st.none() | st.sampled_from(Trouble),
    reason=st.text(max_size=20),
    next_step=st.text(max_size=20),
)


@given(st.lists(CAPTURE, max_size=8), st.lists(VISIT, max_size=4))
def test_everything_comes_back(captures: list[Capture], visits: list[Visit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert write_folder(Path(folder) / "out", captures, visits) == len(captures)
        found = read_folder(Path(folder) / "out", same)
        assert found.captures == tuple(captures)
        assert found.visits == tuple(visits)
        assert found.notes == ()
        assert [item.name for item in Path(folder).iterdir()] == ["out"]


def test_names_of_files_tell_what_they_are(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_folder(out, CAPTURES, VISITS)
    files = {item.relative_to(out).as_posix() for item in out.rglob("*") if item.is_file()}
    assert files == {
        "manifest.json",
        "lon-gm1/show-clock.txt",
        "lon-gm1/show-clock~2.txt",
        "lon-gm1/show-crypto-gdoi.txt",
        "lds-ks1/show-running-config-section-crypto-gdoi-gkm-group.txt",
    }
    assert {stat.S_IMODE(item.stat().st_mode) for item in out.rglob("*") if item.is_file()} == {0o600}
    assert {stat.S_IMODE(item.stat().st_mode) for item in (out, *out.rglob("*")) if item.is_dir()} == {0o700}


def test_the_manifest_is_for_programs_of_others_too(tmp_path: Path) -> None:
    """Its shape is a promise (P18)."""
    write_folder(tmp_path / "out", CAPTURES[1:2], VISITS[1:])
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest.pop("tool")
    assert manifest == {
        "format": "getvpn-ops captures",
        "schema": 1,
        "captures": [
            {
                "file": "lon-gm1/show-crypto-gdoi.txt",
                "device": "lon-gm1",
                "command": "show crypto gdoi",
                "taken_at": "2026-03-01T10:05:00.123456Z",
                "seconds": 3.0,
                "source": "libssh2",
                "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "trouble": "session dropped",
                "reason": "ended after 3 s",
            }
        ],
        "visits": [
            {
                "device": "dub-ks1",
                "started": "2026-03-01T10:05:00.123456Z",
                "ended": "2026-03-01T10:05:00.123456Z",
                "trouble": "unreachable",
                "reason": "no answer",
            }
        ],
    }


def test_an_older_folder_of_captures_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write_folder(out, CAPTURES, VISITS)
    write_folder(out, CAPTURES[:1], ())
    assert read_folder(out, same).captures == CAPTURES[:1]
    assert [item.name for item in tmp_path.iterdir()] == ["out"]
    assert not (out / "lds-ks1").exists()


def with_file(out: Path) -> None:
    (out / "thesis.txt").write_text("all of it")


def with_link(out: Path) -> None:
    write_folder(out, CAPTURES, ())
    (out / "lon-gm1" / "home").symlink_to(out.parent)


def with_other_manifest(out: Path) -> None:
    (out / "manifest.json").write_text('{"name": "an extension"}')


def as_file(out: Path) -> None:
    out.rmdir()
    out.write_text("x")


def as_link(out: Path) -> None:
    out.rename(out.with_name("elsewhere"))
    out.symlink_to(out.with_name("elsewhere"))


REFUSED = {
    "file of others": (with_file, r"out holds files that getvpn-ops did not write \(such as thesis.txt\)"),
    "link among ours": (with_link, r"did not write \(such as lon-gm1/home\): name a new or empty folder"),
    "manifest of others": (with_other_manifest, r"did not write \(such as manifest.json\)"),
    "file": (as_file, "out is no folder"),
    "link": (as_link, "out is no folder"),
    "current folder": (os.chdir, "is the folder you are in, or above it: name one below it"),
}


@pytest.mark.parametrize(("prepare", "words"), REFUSED.values(), ids=REFUSED)
def test_nothing_of_others_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path], None], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    prepare(out)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=words):
        write_folder(out, CAPTURES, VISITS)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_current_folder_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "out" / "within"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    for out in (tmp_path / "out", Path(".."), here / ".." / "within"):
        with pytest.raises(UsageError, match="is the folder you are in, or above it"):
            write_folder(out, [], [])
    assert here.is_dir()


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000])
def test_a_name_that_is_too_long(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="File name too long"):
        must_be_replaceable(tmp_path / name)


def test_a_file_that_the_manifest_names_twice_is_used_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, [Capture("r1", "show clock", b"x", datetime(2026, 3, 1, tzinfo=UTC))], [])
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["captures"] *= 3
    (out / "manifest.json").write_text(json.dumps(manifest))
    found = read_folder(out, same)
    assert len(found.captures) == 1
    assert [note.reason for note in found.notes] == ["stands in the manifest twice; it is used once"] * 2


def test_a_folder_that_cannot_be_made() -> None:
    with pytest.raises(UsageError, match=r"cannot write captures to /proc/none/out: No such file or directory"):
        write_folder(Path("/proc/none/out"), CAPTURES, VISITS)


def test_nothing_is_left_of_a_folder_that_was_not_finished(tmp_path: Path) -> None:
    def broken() -> object:
        yield CAPTURES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "out", broken(), ())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_used_with_a_note(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, CAPTURES, VISITS)
    (out / "lon-gm1" / "show-clock.txt").write_bytes(b"11:11:11.111 UTC Sun Mar 1 2026\n")
    (out / "lon-gm1" / "show-crypto-gdoi.txt").unlink()
    (out / "lon-gm1" / "more.txt").write_text("GM-9#show clock\n12:00:00.000 UTC Sun Mar 1 2026\nGM-9#\n")
    found = read_folder(out, same)
    changed = replace(CAPTURES[0], text=b"11:11:11.111 UTC Sun Mar 1 2026\n")
    assert found.captures[:3] == (changed, *CAPTURES[2:])
    assert [item.device for item in found.captures[3:]] == ["GM-9"]
    assert [str(note) for note in found.notes] == [
        "lon-gm1/show-clock.txt: was changed after it was written; it is used as it is now",
        "lon-gm1/show-crypto-gdoi.txt: is missing: lon-gm1, show crypto gdoi",
    ]
    assert [visit.device for visit in found.visits] == ["lon-gm1", "dub-ks1", "GM-9"]


MANIFESTS = {
    "cut": (lambda text: text[:-40], "it is no JSON"),
    "of a newer version": (lambda text: text.replace('"schema": 1', '"schema": 2'), "schema: Input should be 1"),
    "time without zone": (
        lambda text: text.replace("123456Z", "123456"),
        "captures.0.taken_at: Input should have timez",
    ),
    "unknown key": (
        lambda text: text.replace('"seconds"', '"secs"'),
        "captures.0.secs: Extra inputs are not permitted",
    ),
}


@pytest.mark.parametrize(("change", "words"), MANIFESTS.values(), ids=MANIFESTS)
def test_without_its_manifest_a_folder_is_read_by_names(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    out = tmp_path / "out"
    write_folder(out, CAPTURES[:1], ())
    path = out / "manifest.json"
    path.write_text(change(path.read_text()))
    found = read_folder(out, same)
    assert [(item.device, item.command) for item in found.captures] == [("lon-gm1", "show clock")]
    assert [note.file for note in found.notes] == ["manifest.json"]
    assert words in found.notes[0].reason


def test_a_manifest_reaches_no_file_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "secret.txt").write_text("KS1#show clock\n")
    write_folder(out, CAPTURES[:1], ())
    path = out / "manifest.json"
    path.write_text(path.read_text().replace("lon-gm1/show-clock.txt", "../secret.txt"))
    found = read_folder(out, same)
    assert "../secret.txt: is missing" in str(found.notes[0])
    assert [item.source for item in found.captures] == ["lon-gm1/show-clock.txt:1"]
