"""Package data that Alembic runs: `env.py` and one file per change of the tables in `versions`."""
