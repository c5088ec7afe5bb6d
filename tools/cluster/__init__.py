"""The only door to `kubernetes`: readers of live clusters and of folders of manifests; the writer."""
