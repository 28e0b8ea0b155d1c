"""Files are gathered from folders and archives within limits, and each one that is not is named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Capture
from getvpn_ops.store.folder import found as limits
from getvpn_ops.store.folder import read_folder, write_folder
from getvpn_ops.store.folder.found import search

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = b"KS1#show clock\n10:45:00.000 UTC Sun Mar 1 2026\nKS1#\n"
CHANGED = 1_772_361_900.0  # 2026-03-01 10:45 UTC


def zipped(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 1, 10, 45, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(names: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), CHANGED
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


ARCHIVES = {
    "a.zip": zipped({"logs/ks1.txt": LOG}),
    "a.tar": tarred({"logs/ks1.txt": LOG}, "w"),
    "a.tar.gz": tarred({"./logs/ks1.txt": LOG}),
    "a.TGZ": tarred({"logs/ks1.txt": LOG}),
    "a.tar.bz2": tarred({"logs/ks1.txt": LOG}, "w:bz2"),
    "a.tar.xz": tarred({"logs/ks1.txt": LOG}, "w:xz"),
}
PACKED = {"ks1.txt.gz": gzip.compress(LOG), "ks1.txt.bz2": bz2.compress(LOG), "ks1.txt.xz": lzma.compress(LOG)}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_folders(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ARCHIVES[name])
    files, notes = search(tmp_path)
    assert notes == []
    assert [(str(item.name), item.content, item.modified.timestamp()) for item in files.values()] == [
        (f"{name}/logs/ks1.txt", LOG, CHANGED)
    ]
    assert search(tmp_path / name) == (files, [])


@pytest.mark.parametrize("name", PACKED)
def test_packed_files_are_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACKED[name])
    os.utime(tmp_path / name, (CHANGED, CHANGED))
    files, notes = search(tmp_path)
    assert notes == []
    assert [(item.name, item.content, item.modified) for item in files.values()] == [
        (PurePosixPath("ks1.txt"), LOG, datetime.fromtimestamp(CHANGED, UTC))
    ]


def test_a_folder_of_ours_may_come_as_an_archive(tmp_path: Path) -> None:
    captures = (Capture("lon-gm1", "show clock", b"x\r\n", datetime(2026, 3, 1, tzinfo=UTC), 0.5, "libssh2"),)
    write_folder(tmp_path / "out", captures, ())
    shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path / "out")
    shutil.make_archive(str(tmp_path / "sent"), "gztar", tmp_path, "out")
    for name in ("sent.zip", "sent.tar.gz"):
        found = read_folder(tmp_path / name, bytes)
        assert found.captures == captures
        assert found.notes == ()


def test_times_of_info_zip_are_utc(tmp_path: Path) -> None:
    """The extra field says the time in UTC, where the old field has somebody's local time."""
    info = zipfile.ZipInfo("ks1.txt", (2026, 3, 1, 5, 45, 0))
    info.extra = b"\x99\x99\x02\x00xx" + b"UT\x05\x00\x01" + int(CHANGED).to_bytes(4, "little")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, LOG)
    files, _ = search(tmp_path)
    assert [item.modified.timestamp() for item in files.values()] == [CHANGED]


def link_out(root: Path) -> None:
    (root / "x").symlink_to("/etc/hostname")


def link_within(root: Path) -> None:
    (root / "x").symlink_to("kept.txt")


def loop(root: Path) -> None:
    (root / "x").symlink_to(root)


def fifo(root: Path) -> None:
    os.mkfifo(root / "x")


def huge(root: Path) -> None:
    with (root / "x").open("wb") as file:
        file.truncate(limits.LARGEST + 1)


def deep(root: Path) -> None:
    (root / ("x" + "/d" * 25)).mkdir(parents=True)
    (root / ("x" + "/d" * 25) / "ks1.txt").write_bytes(LOG)


def desktop(root: Path) -> None:
    (root / "._x").write_bytes(b"\x00\x05\x16\x07")
    (root / "__MACOSX").mkdir()


def broken_zip(root: Path) -> None:
    (root / "x.zip").write_bytes(zipped({"ks1.txt": LOG})[:-30])


def wrong_zip(root: Path) -> None:
    (root / "x.zip").write_bytes(b"no archive")


def damaged_zip(root: Path) -> None:
    data = bytearray(zipped({"ks1.txt": LOG * 50}))
    data[60:80] = b"\xff" * 20
    (root / "x.zip").write_bytes(data)


def encrypted_zip(root: Path) -> None:
    data = bytearray(zipped({"ks1.txt": LOG}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (root / "x.zip").write_bytes(data)


def cut_tar(root: Path) -> None:
    (root / "x.tar.gz").write_bytes(tarred({"ks1.txt": os.urandom(5000)})[:-2000])


def cut_gz(root: Path) -> None:
    (root / "x.gz").write_bytes(gzip.compress(os.urandom(5000))[:-2000])


def nested(root: Path) -> None:
    (root / "x.zip").write_bytes(zipped({"y.zip": zipped({"ks1.txt": LOG})}))


def bomb(root: Path) -> None:
    (root / "x.gz").write_bytes(gzip.compress(bytes(limits.LARGEST + 1), 1))


def links_in_tar(root: Path) -> None:
    with tarfile.open(root / "x.tar", "w") as archive:
        info = tarfile.TarInfo("ks1.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(info)


LEFT_OUT = {
    "link that leads out": (link_out, "x: not read: a link"),
    "link that does not": (link_within, "x: not read: a link; what it names is read where it stands"),
    "link that goes round": (loop, "x: not read: a link"),
    "pipe": (fifo, "x: not read: no regular file"),
    "huge": (huge, "x: not read: 64 MB; the limit is 64 MB"),
    "too deep": (deep, "not read: more than 20 folders deep"),
    "of a desktop": (desktop, "._x: not read: what a desktop adds to folders; __MACOSX: not read: what macOS adds"),
    "broken zip": (broken_zip, "x.zip: cannot be unpacked, or not whole: File is not a zip file"),
    "no zip": (wrong_zip, "x.zip: cannot be unpacked, or not whole: File is not a zip file"),
    "damaged zip": (damaged_zip, "x.zip: cannot be unpacked, or not whole: Error -3 while decompressing"),
    "encrypted zip": (encrypted_zip, "x.zip/ks1.txt: not read: encrypted; unpack the archive with its password first"),
    "cut tar": (cut_tar, "x.tar.gz: cannot be unpacked, or not whole: "),
    "cut gz": (cut_gz, "x.gz: cannot be unpacked, or not whole: Compressed file ended before"),
    "archive within an archive": (nested, "x.zip/y.zip: not read: an archive within an archive; unpack it first"),
    "bomb": (bomb, "x.gz: not read: unpacked it is larger than 64 MB"),
    "link in an archive": (links_in_tar, "x.tar/ks1.txt: not read: no regular file"),
}


@pytest.mark.parametrize(("make", "words"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_named(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    (tmp_path / "kept.txt").write_bytes(LOG)
    make(tmp_path)
    files, notes = search(tmp_path)
    assert [str(name) for name in files] == ["kept.txt"]
    assert words in "; ".join(str(note) for note in notes)


def test_names_in_archives_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"../../up.txt": LOG, "/etc/down.txt": LOG, "c:\\logs\\win.txt": LOG}))
    files, notes = search(tmp_path)
    assert [str(name) for name in files] == ["a.zip/up.txt", "a.zip/etc/down.txt", "a.zip/c:/logs/win.txt"]
    assert notes == []
    assert [item.name for item in tmp_path.iterdir()] == ["a.zip"]


def test_names_that_stand_twice_are_both_read(tmp_path: Path) -> None:
    (tmp_path / "ks1.txt").write_bytes(LOG)
    (tmp_path / "ks1.txt.gz").write_bytes(gzip.compress(b"older " + LOG))
    (tmp_path / "logs.tar").write_bytes(tarred({"a.txt": b"1", "./a.txt": b"2", "x/../a.txt": b"3"}, "w"))
    files, notes = search(tmp_path)
    assert {str(name): item.content for name, item in files.items()} == {
        "ks1.txt": LOG,
        "ks1 (2).txt": b"older " + LOG,
        "logs.tar/a.txt": b"1",
        "logs.tar/a (2).txt": b"2",
        "logs.tar/x/a.txt": b"3",
    }
    assert notes == []


def odd_tar(mtime: float) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("ks1.txt")
        info.size, info.mtime = len(LOG), mtime
        archive.addfile(info, io.BytesIO(LOG))
    return out.getvalue()


def zip_without_time() -> bytes:
    """As some programs write it: month and day are 0."""
    return zipped({"ks1.txt": LOG}).replace(zip_time(2026, 3, 1), zip_time(1980, 0, 0))


def zip_time(year: int, month: int, day: int) -> bytes:
    """Of 10:45:00, as a zip has it."""
    return struct.pack("<HH", 10 << 11 | 45 << 5, (year - 1980) << 9 | month << 5 | day)


NO_TIMES = {
    "x.tar": odd_tar(1e300),
    "y.tar": odd_tar(1e15),
    "z.tar": odd_tar(-1e12),
    "no time.zip": zip_without_time(),
}


@pytest.mark.parametrize("name", NO_TIMES)
def test_times_that_are_none(tmp_path: Path, name: str) -> None:
    """Nothing is lost for it: then the archive's own time counts."""
    (tmp_path / name).write_bytes(NO_TIMES[name])
    os.utime(tmp_path / name, (CHANGED, CHANGED))
    files, notes = search(tmp_path)
    assert notes == []
    assert [(str(path), item.modified) for path, item in files.items()] == [
        (f"{name}/ks1.txt", datetime.fromtimestamp(CHANGED, UTC))
    ]


LONG = {"name": f"{'show_' * 9000}.txt", "path": "a/" * 3000 + "ks1.txt"}


@pytest.mark.parametrize("case", LONG)
def test_names_that_no_file_can_have(tmp_path: Path, case: str) -> None:
    (tmp_path / "a.tar").write_bytes(tarred({LONG[case]: LOG, "ks1.txt": LOG}, "w"))
    files, notes = search(tmp_path)
    assert [str(name) for name in files] == ["a.tar/ks1.txt"]
    assert [note.reason for note in notes] == ["not read: its name is too long"]
    assert len(notes[0].file) < 100


def test_there_is_an_end_to_how_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_FILES", 2)
    (tmp_path / "a.tar").write_bytes(tarred({f"{number}.txt": LOG for number in range(5)}, "w"))
    files, notes = search(tmp_path)
    assert [str(name) for name in files] == ["a.tar/0.txt", "a.tar/1.txt"]
    assert [note.reason for note in notes] == ["more than 2 files: the rest is not read"]


def test_there_is_an_end_to_everything_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_ALL_TOGETHER", 2 * len(LOG))
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_bytes(LOG)
    files, notes = search(tmp_path)
    assert [str(name) for name in files] == ["a.txt", "b.txt"]
    assert "c.txt: not read: with it there would be more than" in str(notes[0])


def test_files_that_may_not_be_read() -> None:
    """As another user, for root may read everything."""
    body = """
        import os, sys
        from pathlib import Path
        from getvpn_ops.store.folder.found import search
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
        files, notes = search(Path(sys.argv[1]))
        print(*files, *notes, sep="; ")
    """
    folder = Path(tempfile.mkdtemp(prefix="gv-"))  # the tests' own folder is closed to all others
    try:
        folder.chmod(0o755)
        (folder / "kept.txt").write_bytes(LOG)
        (folder / "file").write_bytes(LOG)
        (folder / "folder").mkdir()
        for name in ("file", "folder"):
            (folder / name).chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(body), folder],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    finally:
        (folder / "folder").chmod(0o700)
        shutil.rmtree(folder)
    assert done.stdout == ("kept.txt; file: not read: Permission denied; folder: not read: Permission denied\n")


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(LOG)
    files, _ = search(tmp_path)
    assert [str(name) for name in files] == [r"caf\xe9.txt"]


@pytest.mark.parametrize(
    ("path", "words"), [("nowhere", "there is no .*nowhere: name a folder"), ("\x00", "cannot read|there is no")]
)
def test_a_path_of_no_use(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        search(tmp_path / path)


def test_files_are_left_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(LOG)
    (tmp_path / "a.txt").chmod(0o400)
    tmp_path.chmod(0o500)
    read_folder(tmp_path, bytes)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o400
    tmp_path.chmod(0o700)
