"""Looking for secrets in everything that a run leaves behind: as they are, encoded, and packed."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import urllib.parse
import zlib
from typing import TYPE_CHECKING

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path


def forms(secret: str) -> list[bytes]:
    """A secret as it may stand in a file."""
    raw = secret.encode()
    encoded = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, urllib.parse.quote(secret, safe="").encode(), raw.hex().encode(), secret.encode("utf-16-le"), *encoded]


def unpacked(path: Path) -> Iterator[bytes]:
    """What a file holds: as it is, and what a database or git packed."""
    data = path.read_bytes()
    yield data
    with contextlib.suppress(zlib.error):
        yield zlib.decompress(data)  # a loose object of git
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608 -- names of its own
                for value in row:
                    yield str(value).encode()
                    if isinstance(value, bytes):
                        yield value
                        with contextlib.suppress(zlib.error):
                            yield zlib.decompress(value)


def in_git(folder: Path) -> Iterator[bytes]:
    """Every object of a repository, also those in packs; nothing if it is none."""
    with contextlib.suppress(NotGitRepository), contextlib.closing(Repo(str(folder))) as repo:
        for sha in repo.object_store:
            yield repo.object_store[sha].as_raw_string()


def leaks(folder: Path, needles: Collection[bytes], planted: Iterable[Path] = ()) -> dict[str, list[bytes]]:
    """Files below a folder in which a secret shows, but for those in which it was planted.

    Args:
        folder: of a workspace.
        needles: the secrets, in each form.
        planted: files, and folders with all that is in them.
    """
    known = set(planted)
    found: dict[str, list[bytes]] = {}
    for path in sorted(folder.rglob("*")):
        if path in known or not known.isdisjoint(path.parents):
            continue
        if path.is_file():
            pieces: Iterable[bytes] = unpacked(path)
        elif path.name == ".git":
            pieces = in_git(path.parent)
        else:
            continue
        shown = {needle for piece in pieces for needle in needles if needle in piece}
        if shown:
            found[str(path.relative_to(folder))] = sorted(shown)
    return found
