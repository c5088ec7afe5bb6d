"""Which of the namespaces that were named are not there.

For what a scope names that is a gap; for what a person typed at a terminal, a mistake. Used by scans,
snapshots and queries.
"""

from difflib import get_close_matches

from tools.cluster.reader import Reader
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.types import ALL, Gap, Namespaces

_NEAREST = 5


async def absent(reader: Reader, namespaces: Namespaces) -> tuple[Gap, ...]:
    """Give a Gap for each that is not there; none where the namespaces cannot be known."""
    _, missing = await _compared(reader, namespaces)
    return tuple(Gap(f"namespace {name}", "it is not there", namespace=name) for name in missing)


async def require(reader: Reader, namespaces: Namespaces) -> None:
    """Raise UnknownName for one that is not there, with the nearest of all that are."""
    there, missing = await _compared(reader, namespaces)
    if not missing:
        return
    nearest = get_close_matches(missing[0], there, n=_NEAREST, cutoff=0.5)
    more = "" if nearest or len(there) <= _NEAREST else f" and {len(there) - _NEAREST} more"
    listed = ", ".join(nearest or there[:_NEAREST]) + more
    raise UnknownName(
        f"Cluster {reader.name} has no namespace {missing[0]}.",
        f"The nearest names: {listed}." if nearest else f"Namespaces there: {listed}.",
    )


async def _compared(reader: Reader, namespaces: Namespaces) -> tuple[list[str], list[str]]:
    """Give the namespaces that are there and those named that are not; `default` always is."""
    if namespaces is ALL:
        return [], []
    listing = await reader.list(KINDS["Namespace"])
    if any(gap.kind == "Namespace" for gap in listing.gaps):
        return [], []
    there = {each.metadata.name for each in listing.objects} | {"default"}
    return sorted(there), [name for name in namespaces if name not in there]
