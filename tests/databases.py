"""Databases for the store's tests: a file of SQLite, and a PostgreSQL server of our own where it is installed."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "keeper"
PASSWORD = "pg-canary-7261"  # noqa: S105 -- of a server that lives as long as the tests
_PATIENCE = 60.0


@dataclass
class Server:
    """A PostgreSQL server on a socket; every database in it is new."""

    folder: Path
    numbers: itertools.count[int]

    def url(self, database: str, password: str | None = PASSWORD) -> str:
        """URL of a database."""
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{USER}{secret}@/{database}?host={self.folder}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement outside of any transaction."""
        with psycopg.connect(
            host=str(self.folder), user=USER, password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def new(self) -> str:
        """URL of an empty database."""
        name = f"store{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)


def _program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))


def _somebody() -> str | None:
    """A user without rights, where the tests run as root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server on a socket in a folder of its own; ended by its process id."""
    initdb, program = _program("initdb"), _program("postgres")
    if initdb is None or program is None:
        pytest.skip("PostgreSQL is not installed (no initdb or postgres in PATH or /usr/lib/postgresql/*/bin)")
    user = _somebody()
    if os.geteuid() == 0 and user is None:
        pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
    folder = Path(tempfile.mkdtemp(prefix="gv-pg-"))  # a socket's path must be short
    try:
        if user is not None:
            shutil.chown(folder, user)
        group = pwd.getpwnam(user).pw_gid if user is not None else None
        data, secret = folder / "data", folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made = subprocess.run(
            [initdb, "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=_PATIENCE, user=user, group=group,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        options = ["-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        with (folder / "messages").open("wb") as messages:
            process = subprocess.Popen(
                [program, "-D", data, *options], cwd=folder, stdout=messages, stderr=messages, user=user, group=group
            )
        try:
            server = Server(folder, itertools.count(1))
            _await(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # ends sessions that are left
            process.wait(_PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, (server.folder / "messages").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new store, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/store.db"
    server: Server = request.getfixturevalue("postgres")
    return server.new()
