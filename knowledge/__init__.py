"""Knows: benchmarks and guidance. Reads only its own folders and the index it builds from them.

Nothing here looks at a cluster or talks to a person; `tools` and `bot` may use it, never the other
way round.
"""
