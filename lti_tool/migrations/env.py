"""Alembic's entry: runs the migrations on the connection that it is given."""

from alembic import context

from lti_tool.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
context.run_migrations()
