"""Writes down in CEL that an update leaves all fields alone but some: what the actions declare.

Both objects are gone through key by key, in both directions and at every level on the way to a field
that may change, so that a key which nobody here knows is compared like any other. What may change is
bounded, not into what; `images` and `volumes` are the two that are bounded further.
"""

from collections.abc import Iterable

from tools.plans import Pattern

Tree = dict[str, "Tree"]
"""Fields by name, `*` for the entries of a list; an empty one may change with all below it."""

MOST_ENTRIES = 100
"""Of one list (containers, ports of a container): with more, an update is refused."""

_SAME_BUT = (
    "level[1].all(k, k in level[2] || (k in level[0] && level[0][k] == level[1][k])) &&\n"
    "level[0].all(k, k in level[2] || k in level[1])"
)
"""Of a level, as it was, as it is now, and the keys that may differ."""


def tree_of(patterns: Iterable[Pattern]) -> Tree:
    """Put patterns into a tree."""
    root: Tree = {}
    for pattern in sorted(patterns):
        at = root
        for part in pattern:
            at = at.setdefault(part, {})
    return root


def below(tree: Tree, path: Iterable[str]) -> Tree:
    """Give the tree below a path; empty where nothing there may change."""
    for part in path:
        tree = tree.get(part, {})
    return tree


def unchanged(old: str, new: str, tree: Tree) -> list[str]:
    """Say in clauses that two maps (CEL expressions) differ in the tree's fields at most."""
    levels, lists = _levels(old, new, tree, "")
    table = ",\n".join(f"  [{was}, {now}, dyn({quoted(names)})]" for was, now, names in levels)
    return [f"[\n{table}\n].all(level,\n{_SAME_BUT})", *lists]


def _levels(
    old: str, new: str, tree: Tree, path: str
) -> tuple[list[tuple[str, str, Iterable[str]]], list[str]]:
    """Collect the maps to compare, with the keys to leave out, and the clauses of lists in them."""
    levels = [(*(f"{each}{path}{'.orValue({})' if path else ''}" for each in (old, new)), tree)]
    clauses: list[str] = []
    for name, inner in tree.items():
        step = f"{path}.?{name}" if name.isidentifier() else f"{path}[?'{name}']"
        if "*" in inner:
            clauses += entries(f"{old}{step}.orValue([])", f"{new}{step}.orValue([])", inner["*"])
        elif inner:
            more, lists = _levels(old, new, inner, step)
            levels, clauses = [*levels, *more], [*clauses, *lists]
    return levels, clauses


def entries(old: str, new: str, tree: Tree) -> list[str]:
    """Say that two lists are of one length and that their entries differ in the tree's fields."""
    index = "j" if "[i]" in old else "i"
    each = " &&\n".join(unchanged(f"{old}[{index}]", f"{new}[{index}]", tree))
    return [
        f"size({old}) == size({new})",
        f"size({new}) <= {MOST_ENTRIES}",
        f"variables.upTo.filter({index}, {index} < size({new})).all({index},\n{each})",
    ]


def images(old: str, new: str) -> list[str]:
    """Say that images stay, or go from a tag to a digest of the same repository."""
    was, now = f"{old}[i].image", f"{new}[i].image"
    return [
        f"variables.upTo.filter(i, i < size({new})).all(i,\n"
        f"{was} == {now} ||\n"
        f"(!{was}.contains('@') &&\n"
        f"{now}.matches('^[^@]+@sha256:[0-9a-f]{{64}}$') &&\n"
        f"{now}.split('@')[0] == {was}.find('^(?:.*/)?[^/:@]+')))",
    ]


def volumes(old: str, new: str) -> list[str]:
    """Say what may happen to volumes: those of the node that nothing mounts, or that were given up.

    One that is mounted never becomes a folder of the node, not even to take a change back.
    """
    return [
        f"{new}.all(v, v in {old} ||\n"
        "(v.all(k, k in ['name', 'hostPath']) && !variables.mounted.exists(m, v.name in m)) ||\n"
        "(v.all(k, k in ['name', 'emptyDir']) && size(v.emptyDir) == 0 &&\n"
        f"{old}.exists(o, o.name == v.name && 'hostPath' in o)))",
        f"{old}.all(o, {new}.exists(v, v.name == o.name) ||\n"
        "('hostPath' in o && !variables.mounted.exists(m, o.name in m)))",
    ]


def quoted(names: Iterable[str]) -> str:
    """Write a list of strings in CEL."""
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"
