"""Checks that look at a namespace, or at where an object stands."""
