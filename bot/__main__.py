"""`python -m bot`: the same as `oakum`."""
