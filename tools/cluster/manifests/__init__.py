"""Folders of manifests, read and edited as if they were clusters."""
