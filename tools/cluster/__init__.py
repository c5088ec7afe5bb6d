"""The only door to `kubernetes` and `dulwich`: readers and writers of live clusters and of folders."""
