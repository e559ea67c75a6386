"""Alembic's entry: migrations run only from `database.open_engine`, on the connection it hands over."""

from alembic import context

from seme.papers.library.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
