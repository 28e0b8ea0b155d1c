"""The repository of backups: whole after whatever happened, and nobody else's."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from dulwich.repo import Repo

from getvpn_ops.errors import BackupError, BackupLockedError, UsageError
from getvpn_ops.services.backup import repository, worktree
from getvpn_ops.services.backup.repository import Committed, Message, Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MESSAGE = Message("why\n\nRun: b-1\n", "Kim <kim@example.net>", NOON)


def put(folder: Path, **files: str) -> Committed:
    return Repository(folder).commit(
        {f"{name}.cfg": text.encode() for name, text in files.items()}, MESSAGE, patience=5
    )


def git(folder: Path, *words: str) -> str:
    """What the program git says, with nobody's settings."""
    place = {"HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    done = subprocess.run(["git", *words], cwd=folder, env=place, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout


def assert_sound(folder: Path) -> None:
    """Git finds nothing wrong with it: no object is damaged or missing, no file differs."""
    if shutil.which("git") is not None:
        git(folder, "fsck", "--strict", "--no-dangling")
        assert git(folder, "status", "--porcelain", "--untracked-files=no") == ""
    for name, content in Repository(folder).newest().items():
        assert (folder / name).read_bytes() == content


def test_only_what_changed(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    first = put(folder, r1="a\n", r2="b\n")
    assert first.changed == ("r1.cfg", "r2.cfg")
    assert put(folder, r1="a\n", r2="b\n") == Committed(first.head)
    second = put(folder, r2="c\n")
    assert second.changed == ("r2.cfg",)
    assert [names for _, names in Repository(folder).revisions()] == [("r2.cfg",), ("r1.cfg", "r2.cfg")]
    assert [item.id for item, _ in Repository(folder).revisions("r1.cfg")] == [first.head]
    assert Repository(folder).content(first.head, "r2.cfg") == b"b\n"
    assert Repository(folder).content(first.head, "r3.cfg") is None
    assert Repository(folder).newest() == {"r1.cfg": b"a\n", "r2.cfg": b"c\n"}
    assert_sound(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*.cfg"))


def open_to_others(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.lstat().st_mode & 0o077]


@pytest.mark.parametrize("count", [2, repository._PACKED], ids=["loose", "packed"])  # noqa: SLF001
def test_nobody_else_may_read_any_of_it(tmp_path: Path, count: int) -> None:
    folder = tmp_path / "backups"
    mask = os.umask(0o022)  # as people have it
    try:
        put(folder, **{f"r{number}": f"hostname r{number}\n" for number in range(count)})
        put(folder, r1="again\n")
        assert open_to_others(folder) == []
        config = folder / ".git" / "config"
        config.write_text(config.read_text().replace("sharedRepository = 0600", "sharedRepository = all"))
        config.chmod(0o644)
        (folder / ".git" / "objects" / "pack").chmod(0o755)  # as those of an older release are
        put(folder, r1="and again\n")
        assert open_to_others(folder) == []
        if shutil.which("git") is not None:
            who = ("-c", "user.name=Kim", "-c", "user.email=kim@example.net")
            git(folder, *who, "commit", "-q", "--allow-empty", "-m", "by a person")
            assert open_to_others(folder / ".git" / "objects") == []
    finally:
        os.umask(mask)
    assert_sound(folder)


def test_what_a_commit_says(tmp_path: Path) -> None:
    put(tmp_path / "backups", r1="a\n")
    ((found, _),) = Repository(tmp_path / "backups").revisions()
    assert (found.author, found.text, found.time) == (MESSAGE.author, MESSAGE.text, NOON.timestamp())


def test_many_files_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    put(folder, **{f"r{number}": f"hostname r{number}\n" for number in range(repository._PACKED)})  # noqa: SLF001
    assert len(list((folder / ".git" / "objects" / "pack").glob("*.pack"))) == 1
    put(folder, r7="hostname other\n")
    assert_sound(folder)


def test_nothing_yet(tmp_path: Path) -> None:
    assert list(Repository(tmp_path / "backups").revisions()) == []
    assert not (tmp_path / "backups").exists()


def _of_somebody(folder: Path) -> None:
    Repo.init(os.fspath(folder), mkdir=True).close()


def _clone(folder: Path) -> None:
    put(folder, r1="a\n")
    with contextlib.closing(Repo(os.fspath(folder))) as repo:
        config = repo.get_config()
        config.set((b"getvpn-ops",), b"backups", b"false")
        config.write_to_path()


def _of_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "letters.txt").write_text("dear\n")


FOREIGN = {
    "a repository": (_of_somebody, "did not make"),
    "a clone": (_clone, "config getvpn-ops"),
    "files": (_of_files, "other files"),
}


@pytest.mark.parametrize(("make", "said"), FOREIGN.values(), ids=FOREIGN)
def test_a_folder_of_somebody_else(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    folder = tmp_path / "backups"
    make(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=said):
        put(folder, r1="b\n")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_someone_edited_is_kept_aside(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n", r2="b\n", r3="c\n", r4="d\n")
    (folder / "r1.cfg").write_text("mine\n")
    (folder / "r2.cfg").unlink()
    (folder / "r3.cfg").unlink()
    (folder / "r3.cfg").symlink_to("/etc/hostname")
    (folder / "notes").write_text("also mine\n")
    done = put(folder, r1="a\n", r2="b\n", r3="c\n", r4="e\n")
    assert (done.changed, done.set_aside) == (("r4.cfg",), ("r1.cfg.edited", "r3.cfg.edited"))
    assert (folder / "r1.cfg.edited").read_text() == "mine\n"
    assert (folder / "r3.cfg.edited").is_symlink()
    assert (folder / "notes").read_text() == "also mine\n"
    (folder / "r1.cfg").write_text("mine again\n")
    assert put(folder, r1="a\n").set_aside == ("r1.cfg.edited-2",)
    assert_sound(folder)


def test_a_file_of_an_older_commit_is_ours(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    put(folder, r1="b\n")
    (folder / "r1.cfg").write_text("a\n")
    assert put(folder, r1="b\n").set_aside == ()
    assert_sound(folder)


def _killed(folder: Path, module: object, name: str, *, after: bool) -> None:
    """A process that is killed before or after a call while it commits."""
    true = getattr(module, name)

    def deadly(*words: object, **named: object) -> object:
        if after:
            true(*words, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(module, name, deadly)
    put(folder, r1="b\n", r2="new\n")


KILLS = {
    "before objects": ((repository, "_keep"), False, "a\n"),
    "between objects and branch": ((repository, "_keep"), True, "a\n"),
    "between branch and files": ((repository, "put"), False, "b\n"),
    "between two files": ((repository, "put"), True, "b\n"),
    "between files and index": ((repository, "write_index"), False, "b\n"),
    "behind the index": ((repository, "write_index"), True, "b\n"),
    "with git's lock in hand": ((os, "replace"), False, "a\n"),
}


@pytest.mark.parametrize(("where", "after", "kept"), [(*item,) for item in KILLS.values()], ids=KILLS)
def test_killed_while_it_writes(tmp_path: Path, where: tuple[object, str], after: bool, kept: str) -> None:  # noqa: FBT001
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    child = multiprocessing.get_context("fork").Process(target=_killed, args=(folder, *where), kwargs={"after": after})
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    head, _ = next(Repository(folder).revisions())
    assert Repository(folder).content(head.id, "r1.cfg") == kept.encode()
    done = put(folder, r1="b\n", r2="new\n")
    assert done.set_aside == ()
    assert not list(folder.rglob("*.lock.lock"))
    assert Repository(folder).newest() == {"r1.cfg": b"b\n", "r2.cfg": b"new\n"}
    assert_sound(folder)


def _holds(folder: Path, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event) -> None:
    with worktree.Writing(folder / ".git", 5):
        ready.set()
        done.wait(30)


def test_two_processes(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    child = context.Process(target=_holds, args=(folder, ready, done))
    child.start()
    try:
        assert ready.wait(30)
        with pytest.raises(BackupLockedError, match="another process is writing"):
            Repository(folder).commit({"r1.cfg": b"b\n"}, MESSAGE, patience=0)
        done.set()
        assert put(folder, r1="b\n").changed == ("r1.cfg",)
    finally:
        done.set()
        child.join(30)
    assert_sound(folder)


def _puts(folder: Path, number: int) -> None:
    put(folder, **{f"r{number}": f"hostname r{number}\n"})


def test_first_backups_of_several_processes(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_puts, args=(folder, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 4
    assert set(Repository(folder).newest()) == {f"r{number}.cfg" for number in range(4)}
    assert not list(folder.glob(".new-*"))
    assert_sound(folder)


def test_a_person_s_git_is_at_work(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    lock = folder / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(BackupLockedError, match=r"main\.lock"):
        put(folder, r1="b\n")
    assert lock.exists()
    lock.unlink()
    assert put(folder, r1="b\n").changed == ("r1.cfg",)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_disk_is_full(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    first = put(folder, r1="a\n")
    text = os.urandom(4096).hex()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        with pytest.raises(BackupError, match=r"cannot be written: File too large; .* stands$"):
            put(folder, r1=text)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert next(Repository(folder).revisions())[0].id == first.head
    assert put(folder, r1=text).changed == ("r1.cfg",)
    assert_sound(folder)


def _no_branch(git_folder: Path) -> None:
    (git_folder / "refs" / "heads" / "main").write_text("0" * 39 + "1\n")


def _no_objects(git_folder: Path) -> None:
    for path in (git_folder / "objects").glob("??/*"):
        path.unlink()


def _cut_objects(git_folder: Path) -> None:
    for path in (git_folder / "objects").glob("??/*"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:5])


DAMAGE = {"the branch": _no_branch, "objects gone": _no_objects, "objects cut off": _cut_objects}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_repository(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    damage(folder / ".git")
    with pytest.raises(BackupError, match="git fsck"):
        put(folder, r1="b\n")
    with pytest.raises(BackupError, match="git fsck"):
        list(Repository(folder).revisions())


def test_hooks_and_settings_of_a_person_have_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "backups"
    put(folder, r1="a\n")
    (tmp_path / ".gitconfig").write_text("[commit]\n gpgsign = true\n[user]\n name = other\n email = other@x\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o700)
    put(folder, r1="b\n")
    found, _ = next(Repository(folder).revisions())
    assert found.author == MESSAGE.author
