"""The executor: rehearses drafts, carries out what was approved, verifies it, records each step."""
