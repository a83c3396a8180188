"""Alembic's entry: runs the scripts on the connection that `migrate` hands over."""

from alembic import context

from crm_core.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True)
context.run_migrations()
