"""The only door to sqlalchemy and alembic, one file per noun; one function is one transaction."""
