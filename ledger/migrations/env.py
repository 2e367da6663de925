"""Alembic's entry: runs the migrations on the connection that `ledger.migrate` hands over, inside its transaction."""

from alembic import context

from ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
