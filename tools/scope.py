"""What one person may see in one place, or what may be changed from there.

Holds no person. Used by queries, and by `bot` for people, channels and executors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.types import ALL, All, Namespaces, ResourceRef

Seen = frozenset[str] | All
"""Namespaces of one cluster."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Per cluster its namespaces, or ALL; a cluster of which there is none is left out."""

    clusters: Mapping[str, Seen]

    def __post_init__(self) -> None:
        kept = {name: seen for name, seen in self.clusters.items() if seen}
        object.__setattr__(self, "clusters", kept)

    def sees(self, cluster: str, namespace: str = "") -> bool:
        """Tell whether that cluster (and namespace; empty for cluster-scoped) may be shown."""
        seen = self.clusters.get(cluster, frozenset[str]())
        return seen is ALL or (bool(namespace) and namespace in seen)

    def shows(self, ref: ResourceRef) -> bool:
        """Tell whether an object may be shown; a Namespace lies in itself."""
        return self.sees(ref.cluster, ref.name if ref.kind == "Namespace" else ref.namespace)

    def covers(self, cluster: str, namespaces: Namespaces) -> bool:
        """Tell whether all of these namespaces may be shown; of none at all nothing is."""
        if namespaces is ALL:
            return self.sees(cluster)
        return bool(namespaces) and all(self.sees(cluster, each) for each in namespaces)


def union(scopes: Iterable[Scope]) -> Scope:
    """Give a scope that sees what any of them sees."""
    merged: dict[str, Seen] = {}
    for scope in scopes:
        for cluster, seen in scope.clusters.items():
            held = merged.get(cluster, frozenset[str]())
            merged[cluster] = ALL if held is ALL or seen is ALL else held | seen
    return Scope(merged)
