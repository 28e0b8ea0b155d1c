"""Alembic's entry: runs the steps in the connection, and in the transaction, that ``store.migrate`` hands over."""

from alembic import context

from getvpn_ops.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
