"""Partial structs of Kubernetes kinds, one file per API group: only the fields that something reads.

Optional fields of outside objects take null. Values of environment variables, Secrets and
ConfigMaps are not decoded at all.
"""
