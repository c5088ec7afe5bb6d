"""What queries look with: which scope, which workloads, one scan for one question."""
