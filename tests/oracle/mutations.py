"""What people do to manifests, at random: an object, its text, its file and the folder around it.

Each mutation leaves the planted fault in the folder, in some form that a reader may or may not
understand; none takes it away. The same seed gives the same folders. Used by `test_mutations`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random

from tests.oracle import object_mutations
from tests.oracle.faults import NAMESPACE, Fault, clean
from tests.oracle.mutated_folder import Folder, as_yaml, object_of

MOST = 3
"""Mutations of one folder."""

Mutation = Callable[[Folder, Random], object]


def mutated(fault: Fault, rng: Random) -> Folder:
    """Plant a fault and change the folder one to MOST times."""
    folder = Folder(copy.deepcopy(fault.object), fault.object, fault.control, fault.around)
    for mutation in rng.sample(MUTATIONS, rng.randint(1, MOST)):
        mutation(folder, rng)
        folder.told.append(mutation.__name__)
    return folder


# ------------------------------------------------------------------ its text


def key_repeated(folder: Folder, rng: Random) -> None:
    """Write a top-level key once more, with something harmless, after the first."""
    if not object_of(folder):
        return
    key = rng.choice([*object_of(folder)])
    other = rng.choice(({}, None, "ConfigMap", {"name": "other", "namespace": NAMESPACE}))
    if folder.is_json:
        written = f",\n{json.dumps(key)}: {json.dumps(other)}\n}}"
        folder.texts.append(lambda text: text.rstrip().removesuffix("}") + written)
    else:
        folder.texts.append(lambda text: f"{text}{key}: {json.dumps(other)}\n")


def merged(folder: Folder, rng: Random) -> None:
    """Move one top-level key behind a merge key."""
    held = object_of(folder)
    if folder.is_json or len(held) < 2:
        return
    key = rng.choice([*held])
    value = json.dumps({key: held.pop(key)})
    sign = rng.choice(("<<", "!!merge <<", '! "<<"'))
    folder.texts.append(lambda text: f"{text}{sign}: {value}\n")


def aliased(folder: Folder, rng: Random) -> None:
    """Name the object by an anchor and use it once more in a list."""
    if not folder.is_json:
        value = json.dumps(folder.value)
        whole = f"apiVersion: v1\nkind: List\nitems:\n- &a {value}\n- *a\n"

        def replaced(text: str) -> str:
            return whole

        folder.texts.insert(0, replaced)


def separated(folder: Folder, rng: Random) -> None:
    """Put signs between documents before, behind and around."""
    if not folder.is_json:
        before = rng.choice(
            ("---\n", "--- # one\n", "%YAML 1.1\n---\n", "---\n---\n# two\n---\n", "\n\n")
        )
        behind = rng.choice(
            ("---\n", "...\n", "...\n---\n", "--- |\n text\n", "---\n- a\n- b\n", "")
        )
        folder.texts.append(lambda text: before + text + behind)


def encoded(folder: Folder, rng: Random) -> None:
    folder.encoding = rng.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"))


def line_ends(folder: Folder, rng: Random) -> None:
    folder.texts.append(lambda text: text.replace("\n", "\r\n"))


def broken(folder: Folder, rng: Random) -> None:
    """Write something into the text that no parser takes."""
    odd = rng.choice(("\t- [", "{{ if .Values.on }}", "a: [1,\n", "@x: 'y", ": :\n"))
    if rng.random() < 0.5:
        folder.texts.append(lambda text: f"{odd}\n{text}")
    else:
        folder.texts.append(lambda text: f"{text}\n{odd}\n")


# ------------------------------------------------------------------ the folder


def moved(folder: Folder, rng: Random) -> None:
    folder.name = (
        rng.choice(
            (
                "deep/er/planted.yaml",
                "PLANTED.YAML",
                "planted.yml",
                ".planted.yaml",
                ".k8s/planted.yaml",
                "a/.hidden/b/planted.yml",
            )
        )
        if not folder.texts or not folder.is_json
        else folder.name
    )


def as_json(folder: Folder, rng: Random) -> None:
    if not folder.texts:
        folder.name = rng.choice(("planted.json", ".k8s/planted.json", "PLANTED.JSON"))


def streamed(folder: Folder, rng: Random) -> None:
    if folder.is_json:
        folder.texts.append(lambda text: '{"a": 1}\n' + text + ' {"b": 2}')


def clean_copy(folder: Folder, rng: Random) -> None:
    """Put the same object without the fault into another file, later or earlier in path order."""
    copied = copy.deepcopy(folder.original)
    for key in ("spec", "rules", "subjects"):
        copied.pop(key, None)
    alike = [each for each in clean() if each["kind"] == copied["kind"]]
    same = alike[0] if alike else {}
    copied |= {key: each for key, each in same.items() if key in ("spec", "rules")}
    folder.beside[rng.choice(("a.yaml", "zz.yaml"))] = as_yaml(copied)


def kustomized(folder: Folder, rng: Random) -> None:
    """Put a kustomization beside, above or with the file as its patch."""
    where = folder.name.rpartition("/")[0]
    base = folder.name.rpartition("/")[2]
    said = rng.choice(
        (
            {"resources": [base], "namespace": "elsewhere"},
            {"resources": ["clean.yaml"], "patches": [{"path": base}]},
            {"patchesStrategicMerge": [base]},
            {"resources": ["https://example.com/base"]},
        )
    )
    folder.beside[f"{where}/kustomization.yaml".lstrip("/")] = as_yaml(said)


def charted(folder: Folder, rng: Random) -> None:
    """Make the file a template of a chart."""
    if folder.is_json:
        return
    folder.name = "chart/templates/planted.yaml"
    folder.beside["chart/Chart.yaml"] = "apiVersion: v2\nname: chart\nversion: 1.0.0\n"
    folder.texts.append(lambda text: f"# {{{{ .Release.Name }}}}\n{text}")


def broken_beside(folder: Folder, rng: Random) -> None:
    folder.beside["broken.yaml"] = rng.choice(("kind: [\n", "{{ include }}\n", "a: 'b\n"))


def looped(folder: Folder, rng: Random) -> None:
    folder.links["loop.yaml"] = "loop.yaml"


def scoped(folder: Folder, rng: Random) -> None:
    namespace = folder.original["metadata"].get("namespace")
    if namespace:
        folder.namespaces = (namespace,)


MUTATIONS: tuple[Mutation, ...] = (
    *object_mutations.ALL,
    key_repeated,
    merged,
    aliased,
    separated,
    encoded,
    line_ends,
    broken,
    moved,
    as_json,
    streamed,
    clean_copy,
    kustomized,
    charted,
    broken_beside,
    looped,
    scoped,
)
