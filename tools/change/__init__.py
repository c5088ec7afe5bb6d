"""Rehearse, apply, verify, recover: one cluster step each, stores nothing. Empty so far: Oakum reads."""
