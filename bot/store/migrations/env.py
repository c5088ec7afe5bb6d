"""What Alembic runs for each upgrade, on the connection and in the transaction of `store.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
