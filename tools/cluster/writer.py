"""Sends patches to a cluster, never a whole object that was read. Nothing can be written yet."""
