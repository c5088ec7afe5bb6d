"""Talks and decides: people, threads, approvals, the database. May use `tools` and `knowledge`."""
