"""What can go wrong with a database is told in words, without the password, and never as a traceback."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import PASSWORD, USER, Server
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, text

from getvpn_ops.errors import StoreError
from getvpn_ops.model.capture import Capture
from getvpn_ops.store import Store, migrate

NOW = datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
CANARY = "canary-4471"

URLS = {
    "no URL": ("nonsense", "the store's URL cannot be read"),
    "port": (f"postgresql://u:{CANARY}@h:port/x", "the store's URL cannot be read"),
    "other database": (f"mysql://u:{CANARY}@h/x", "a store of mysql is not supported: use sqlite:///FILE or postgres"),
    "in memory": ("sqlite://", "a store needs a file"),
    "folder": ("sqlite:////proc", "could not make the file: Is a directory"),
    "nowhere": ("sqlite:////proc/none/store.db", "could not make the file: No such file or directory"),
    "unescaped @": (
        f"postgresql://u:x@{CANARY}@h/x",
        "an '@' too many: within a user name or password write it as %40",
    ),
    "nobody listens": (
        f"postgresql://u:{CANARY}@127.0.0.1:1/x",
        r"store postgresql://u@127\.0\.0\.1:1/x: could not read its version: nothing listens there",
    ),
    "password among the options": (
        f"postgresql://u@/x?host=/nowhere&password={CANARY}",
        r"store postgresql://u@/x\?host=%2Fnowhere: could not read its version: nothing listens there",
    ),
}


@pytest.mark.parametrize(("url", "words"), URLS.values(), ids=URLS)
def test_urls_of_no_use(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as raised:
        Store.open(url)
    assert CANARY not in str(raised.value)


def damaged(path: Path) -> None:
    """A store whose inner pages are overwritten."""
    with Store.open(f"sqlite:///{path}") as store:
        run = store.begin_run("collect", NOW).id
        for number in range(200):
            store.put_capture(run, Capture("d", f"show {number}", os.urandom(3000), NOW))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 8192))


def other_program(path: Path) -> None:
    """A database of another program."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE contacts (name)")
    connection.close()


def of_the_future(path: Path) -> None:
    """A store that a newer version has been at."""
    Store.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE getvpn_ops_schema SET version_num = '9001'")
    connection.close()


FILES = {
    "no database": (lambda path: path.write_bytes(b"hello\n" * 500), "the file is no database: name another file"),
    "damaged": (damaged, "the file is damaged: move it away and restore a backup"),
    "of another program": (other_program, r"it holds tables that getvpn-ops did not make \(contacts\)"),
    "of a newer version": (
        of_the_future,
        r"a newer getvpn-ops made it \(tables of version 9001; this one knows \d{4}\)",
    ),
}


@pytest.mark.parametrize(("make", "words"), FILES.values(), ids=FILES)
def test_files_of_no_use(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "store.db"
    assert callable(make)
    make(path)
    before = path.read_bytes()

    def use() -> None:
        with Store.open(f"sqlite:///{path}") as store:
            for run in store.runs():
                list(store.captures(run.id))

    with pytest.raises(StoreError, match=words) as raised:
        use()
    assert str(path) in str(raised.value)
    assert path.read_bytes() == before


def test_a_locked_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store.open(f"sqlite:///{path}", patience=0.1) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="could not begin a run: it is locked by another process"):
            store.begin_run("collect", NOW)
        other.close()
        assert store.begin_run("collect", NOW).kind == "collect"


def test_a_store_that_another_process_is_opening(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(StoreError, match=r"another process has been opening it for 0\.1 s"):
        Store.open(f"sqlite:///{tmp_path}/store.db", patience=0.1)
    os.close(folder)
    Store.open(f"sqlite:///{tmp_path}/store.db", patience=0.1).close()


def in_a_process(body: str, *arguments: str) -> str:
    """What a process says that limits itself."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(body), *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_room(tmp_path: Path) -> None:
    """A limit on the size of files; the store stays whole, and what came before is there."""
    body = f"""
        import os, resource, sys
        from datetime import UTC, datetime
        from getvpn_ops.errors import StoreError
        from getvpn_ops.model.capture import Capture
        from getvpn_ops.store import Store, migrate
        now = datetime(2026, 3, 1, tzinfo=UTC)
        store = Store.open(sys.argv[1])
        run = store.begin_run("collect", now).id
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, {resource.RLIM_INFINITY}))
        try:
            for number in range(1000):
                store.put_capture(run, Capture("d", f"show {{number}}", os.urandom(5000), now))
                store.flush()
        except StoreError as exc:
            print(number, exc)
    """
    url = f"sqlite:///{tmp_path}/store.db"
    kept, said = in_a_process(body, url).split(" ", 1)
    assert "reading or writing the file failed: is the disk full, over quota or failing?" in said
    with Store.open(url) as store:
        assert len(list(store.captures(store.find_run("last").id))) == int(kept) > 3


def test_a_full_disk(tmp_path: Path) -> None:
    """SQLite's own word for it; a real one needs a file system of its own, which not every machine lets us make."""
    url = f"sqlite:///{tmp_path}/store.db"
    Store.open(url).close()
    store = Store.open(url)
    run = store.begin_run("collect", NOW).id
    with store._database.engine.connect() as connection:  # noqa: SLF001 -- its one connection, which writes next
        connection.exec_driver_sql("PRAGMA max_page_count = 60")
    store.put_capture(run, Capture("d", "show x", os.urandom(500_000), NOW))
    words = "the disk is full: free some space, or remove old runs"
    with pytest.raises(StoreError, match=words):
        store.flush()
    with pytest.raises(StoreError, match=words):
        store.close()


def test_the_first_failure_is_the_one_that_is_told(tmp_path: Path) -> None:
    def work() -> None:
        with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
            store.put_capture("no-such-run", Capture("d", "show x", b"", NOW))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def test_a_folder_of_somebody_else() -> None:
    body = """
        import os, sys
        from getvpn_ops.errors import StoreError
        from getvpn_ops.store import Store, migrate
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
        for path in sys.argv[1:]:
            try:
                Store.open("sqlite:///" + path)
            except StoreError as exc:
                print(exc)
    """
    folder = Path(tempfile.mkdtemp(prefix="gv-"))  # the tests' own folder is closed to all others
    try:
        Store.open(f"sqlite:///{folder}/store.db").close()
        (folder / "store.db").chmod(0o444)
        folder.chmod(0o555)
        said = in_a_process(body, f"{folder}/store.db", f"{folder}/new.db").splitlines()
        no_right = "it cannot be written: its folder or file is read-only, or belongs to another user"
        assert said == [
            f"store {folder}/store.db: could not read its version: {no_right}",
            f"store {folder}/new.db: could not make the file: Permission denied",
        ]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def no_password_in(raised: pytest.ExceptionInfo[StoreError], *passwords: str) -> None:
    told = "".join(traceback.format_exception(raised.value))
    assert not [password for password in passwords if password in told]


def test_postgresql_refuses_a_password(postgres: Server) -> None:
    with pytest.raises(StoreError, match="the server refused the password: check it, and the user") as raised:
        Store.open(postgres.url("postgres", CANARY))
    no_password_in(raised, CANARY)
    with pytest.raises(StoreError, match="the server refused the password") as raised:
        Store.open(postgres.url("postgres", PASSWORD), password=SecretStr(CANARY))
    no_password_in(raised, CANARY, PASSWORD)


def test_postgresql_wants_a_password(postgres: Server) -> None:
    with pytest.raises(StoreError, match="the server asks for a password, and none is configured: see store_password"):
        Store.open(postgres.url("postgres", None))


def test_postgresql_with_the_password_apart(postgres: Server) -> None:
    url = postgres.new().replace(f":{PASSWORD}@", "@")
    with Store.open(url, password=SecretStr(PASSWORD)) as store:
        assert store.begin_run("collect", NOW).kind == "collect"
        assert re.fullmatch(rf"postgresql://{USER}@/store\d+\?host=.*", store.place)


def test_postgresql_has_no_such_database(postgres: Server) -> None:
    with pytest.raises(StoreError, match=r"the server has no such database: create it first \(createdb\)"):
        Store.open(postgres.url("elsewhere"))


def test_postgresql_ends_a_session(postgres: Server) -> None:
    """The server goes away between two writes: the next one finds a new connection."""
    with Store.open(postgres.new()) as store:
        run = store.begin_run("collect", NOW).id
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'getvpn-ops'")
        store.put_capture(run, Capture("d", "show x", b"x", NOW))
        assert len(list(store.captures(run))) == 1


def test_postgresql_without_rights(postgres: Server) -> None:
    url = postgres.new()
    postgres.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", url.partition("@/")[2].partition("?")[0])
    postgres.run("CREATE ROLE guest LOGIN PASSWORD 'guest-1'")
    try:
        with pytest.raises(StoreError, match="the user lacks rights in this database"):
            Store.open(url.replace(f"{USER}:{PASSWORD}", "guest:guest-1"))
    finally:
        postgres.run("DROP ROLE guest")


def test_postgresql_with_tables_of_somebody_else(postgres: Server) -> None:
    url = postgres.new()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE captures (name text)"))
        connection.execute(text("CREATE TABLE contacts (name text)"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"it holds tables that getvpn-ops did not make \(captures\): name another"):
        Store.open(url)


def test_postgresql_whose_tables_come_while_a_process_looks(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes them after this one saw no version, and before it saw tables."""
    url, looks, real = postgres.new(), [], migrate._revision  # noqa: SLF001 -- the one place where they meet
    Store.open(url).close()

    def too_early(connection: Connection) -> str | None:
        looks.append(1)
        return None if len(looks) == 1 else real(connection)

    monkeypatch.setattr(migrate, "_revision", too_early)
    with Store.open(url) as store:
        assert store.begin_run("collect", NOW).id
    assert len(looks) == 2


def test_a_changed_text_is_not_given_out(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        run = store.begin_run("collect", NOW).id
        store.put_capture(run, Capture("d", "show x", b"both", NOW))
        store.flush()
        with sqlite3.connect(tmp_path / "store.db") as connection:
            connection.execute("UPDATE blobs SET data = X'6f6e65'")
        connection.close()
        with pytest.raises(StoreError, match="is not the one that was stored: the store is damaged"):
            list(store.captures(run))
