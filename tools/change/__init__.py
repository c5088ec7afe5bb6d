"""Rehearse, apply, verify, recover: one cluster step each, stores nothing, knows no person. Nothing starts it yet."""
