"""Checks of CIS section 5.1: roles, bindings and service accounts."""
