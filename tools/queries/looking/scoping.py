"""Which cluster and namespaces a query may read, checked before anything is read.

Names match exactly; an unknown one is answered with what exists within the asker's scope, nearest
first. Outside the scope is answered like unknown, so that nothing tells what lies there. Used by
every query that reads a cluster.
"""

import difflib
from collections.abc import Iterable, Sequence

from tools.cluster.reader import Reader
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.wording import names, place
from tools.types import ALL, Gap, Namespaces, ResourceRef


def nearest(name: str, known: Iterable[str], limit: int = 5) -> list[str]:
    """Order names by likeness to one that does not exist; at most `limit`."""
    pool = sorted(set(known))
    return list(dict.fromkeys([*_alike(name, pool, limit), *pool]))[:limit]


def _alike(name: str, pool: Sequence[str], limit: int) -> list[str]:
    """Keep the names that look like one, or hold it, or are held by it."""
    close = difflib.get_close_matches(name.lower(), pool, n=limit, cutoff=0.5)
    inside = [item for item in pool if len(name) > 2 and (name in item or item in name)]
    return list(dict.fromkeys([*close, *inside]))[:limit]


def nearest_objects(name: str, refs: Iterable[ResourceRef]) -> str:
    """Say which objects have names like one that does not exist, or else which there are at all."""
    by_name: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        by_name.setdefault(ref.name, []).append(place(ref))
    alike = _alike(name, sorted(by_name), 5)
    found = [where for near in alike or sorted(by_name) for where in by_name[near]]
    label = "Nearest" if alike else "None is like it; there are"
    return f"{label}: {names(found, 8)}." if found else "There are none at all."


def visible_clusters(context: QueryContext) -> list[str]:
    """Name the clusters that the asker may see and that are configured."""
    return sorted(name for name in context.readers if name in context.scope.clusters)


def pick_cluster(context: QueryContext, cluster: str) -> Reader:
    """Find the reader of a cluster; empty means the only one that is visible.

    Raises:
        UnknownName: not one of the visible ones, or empty with several of them.
    """
    known = visible_clusters(context)
    if not known:
        raise UnknownName("No cluster may be seen from here.", "Ask an administrator of Oakum.")
    if not cluster and len(known) == 1:
        return context.readers[known[0]]
    if not cluster:
        raise UnknownName("Which cluster is meant?", f"Clusters: {names(known)}.")
    if cluster not in known:
        raise UnknownName(
            f"There is no cluster {cluster!r} here.", f"Clusters: {names(nearest(cluster, known))}."
        )
    return context.readers[cluster]


async def known_namespaces(
    context: QueryContext, reader: Reader
) -> tuple[list[str], tuple[Gap, ...]]:
    """List the namespaces that exist and may be seen, with what could not be read."""
    allowed = context.scope.clusters[reader.name]
    listing = await reader.list(KINDS["Namespace"])
    found = {item.metadata.name for item in listing.objects}
    if allowed is ALL:
        return sorted(found), listing.gaps
    if any(gap.kind == "Namespace" for gap in listing.gaps):
        return sorted(allowed), ()
    return sorted(found & allowed), ()


async def pick_namespace(context: QueryContext, reader: Reader, asked: str) -> str:
    """Give a namespace that was asked for. Raises UnknownName as `pick_namespaces` does."""
    await pick_namespaces(context, reader, [asked])
    return asked


def named(namespaces: Namespaces) -> tuple[str, ...]:
    """Give the names to show; there are none where all are meant."""
    return () if namespaces is ALL else namespaces


async def pick_namespaces(
    context: QueryContext, reader: Reader, asked: Sequence[str]
) -> Namespaces:
    """Turn asked-for namespaces into those to read; none asked means all that may be seen.

    Never empty; ALL only where the whole cluster may be seen.

    Raises:
        UnknownName: one of them does not exist, or may not be seen.
    """
    allowed = context.scope.clusters[reader.name]
    if not asked:
        return ALL if allowed is ALL else tuple(sorted(allowed))
    known, gaps = await known_namespaces(context, reader)
    for name in asked:
        seen = name in known or (bool(gaps) and context.scope.sees(reader.name, name))
        if not seen:
            raise UnknownName(
                f"There is no namespace {name!r} in cluster {reader.name!r} that may be seen here.",
                f"Nearest: {names(nearest(name, known))}." if known else "None may be seen.",
            )
    return tuple(sorted(set(asked)))
