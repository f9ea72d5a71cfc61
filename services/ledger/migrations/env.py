"""Alembic's entry: run migrations on the connection that `ledger.migrate` holds open."""

from alembic import context

from services.ledger.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
