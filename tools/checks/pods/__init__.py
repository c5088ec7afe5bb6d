"""Checks of CIS sections 5.2, 5.4 and 5.6 that look at one workload."""
