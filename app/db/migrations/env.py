"""Alembic's entry: runs on the connection that `app.db.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import app.db.tables  # noqa: F401  registers every table on the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters tables by copying them
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
