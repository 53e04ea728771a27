"""Alembic runs this to carry out revisions; `stores.schema` hands it a connection that is in a transaction."""

from alembic import context

from stores.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
