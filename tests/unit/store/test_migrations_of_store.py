"""The tables that the steps make are those that the code uses; an old store opens with all it holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from getvpn_ops.model.capture import Capture
from getvpn_ops.model.run import Run
from getvpn_ops.store import Store
from getvpn_ops.store.blobs import pack
from getvpn_ops.store.database import Database, open_database
from getvpn_ops.store.migrate import configuration, upgrade
from getvpn_ops.store.schema import HEAD, VERSION_TABLE, metadata

NOW = datetime(2026, 3, 1, 10, 5, tzinfo=UTC)


def steps(database: Database) -> list[str]:
    """Revisions, the first one first."""
    with database.read("find the steps") as connection:
        found = ScriptDirectory.from_config(configuration(connection)).walk_revisions()
        return [item.revision for item in found][::-1]


def test_the_steps_lead_to_the_tables_of_the_code(store_url: str) -> None:
    Store.open(store_url).close()
    database = open_database(store_url, None, 5)
    with database.read("compare") as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert context.get_current_revision() == HEAD == steps(database)[-1]
        assert compare_metadata(context, metadata) == []
    database.engine.dispose()


def fill_first_revision(database: Database) -> None:
    """Rows as version 0001 wrote them."""
    blob = pack(b"an answer of long ago\n")
    moment = "2026-03-01 10:05:00.000000" + ("" if database.engine.dialect.name == "sqlite" else "+00")
    rows = {
        "runs": {
            "id": "h-20260301-100500-k3f9", "kind": "health", "started": moment, "ended": moment,
            "arguments": '{"filter":["role=gm"]}', "depth": "full", "exit_code": 4, "summary": '{"fail":1}',
            "workspace": "/bank", "user": "ops", "host": "jump", "tool_version": "0.1.0",
        },
        "blobs": {"digest": blob.digest, "codec": blob.codec, "size": blob.size, "data": blob.data},
        "captures": {
            "run": "h-20260301-100500-k3f9", "device": "a", "command": "show clock", "taken_at": moment, "seconds": 0.5,
            "source": "libssh2", "trouble": None, "reason": "", "digest": blob.digest,
        },
    }  # fmt: skip
    with database.write("fill") as connection:
        for table, values in rows.items():
            names = ", ".join(f'"{name}"' for name in values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({marks})'), values)  # noqa: S608 -- ours


@pytest.mark.parametrize("stop", ["first", "newest"])
def test_an_old_store_opens_with_all_it_holds(store_url: str, stop: str) -> None:
    """Made at the first revision and filled; then upgraded by opening it, once at once and once step by step."""
    database = open_database(store_url, None, 5)
    first, *later = steps(database)
    with database.write("make the oldest", alone=True) as connection:
        upgrade(connection, first)
    fill_first_revision(database)
    for revision in later if stop == "newest" else ():
        with database.write("upgrade", alone=True) as connection:
            upgrade(connection, revision)
    database.engine.dispose()
    with Store.open(store_url) as store:
        run = store.find_run("last-health")
        assert run == Run(
            "h-20260301-100500-k3f9", "health", NOW, NOW, {"filter": ["role=gm"]}, "full", 4, {"fail": 1},
            "/bank", "ops", "jump", "0.1.0",
        )  # fmt: skip
        assert list(store.captures(run.id)) == [
            Capture("a", "show clock", b"an answer of long ago\n", NOW, 0.5, "libssh2")
        ]
