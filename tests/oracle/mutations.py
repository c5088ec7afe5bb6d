"""What people do to manifests, at random: an object, its text, its file and the folder around it.

Each mutation leaves the planted fault in the folder, in some form that a reader may or may not
understand; none takes it away. The same seed gives the same folders. Used by `test_mutations`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast

import yaml
from msgspec import Struct, field

from tests.oracle.faults import NAMESPACE, Fault, Json, clean, pod_spec

MOST = 3
"""Mutations of one folder."""
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


class Folder(Struct):
    """A folder with one fault, on its way to be written."""

    value: Any
    """The planted object, or what it has become."""
    original: Json
    name: str = "planted.yaml"
    texts: list[Callable[[str], str]] = field(default_factory=list[Callable[[str], str]])
    """What is done to the text at the end."""
    encoding: str = "utf-8"
    beside: dict[str, str] = field(default_factory=dict[str, str])
    """Other files, by name."""
    links: dict[str, str] = field(default_factory=dict[str, str])
    namespaces: tuple[str, ...] = ()
    """The scope of the scan."""
    told: list[str] = field(default_factory=list[str])
    """Names of the mutations, in order."""

    @property
    def is_json(self) -> bool:
        """Tell whether the planted file is JSON."""
        return self.name.lower().endswith(".json")


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


Mutation = Callable[[Folder, Random], object]


def mutated(fault: Fault, rng: Random) -> Folder:
    """Plant a fault and change the folder one to MOST times."""
    folder = Folder(copy.deepcopy(fault.object), fault.object)
    for mutation in rng.sample(MUTATIONS, rng.randint(1, MOST)):
        mutation(folder, rng)
        folder.told.append(mutation.__name__)
    return folder


def write(folder: Folder, root: Path) -> None:
    """Write the folder: clean objects, the planted file and what lies beside."""
    root.mkdir()
    (root / "clean.yaml").write_text(yaml.safe_dump_all(clean()))
    text = json.dumps(folder.value, indent=1) if folder.is_json else as_yaml(folder.value)
    for change in folder.texts:
        text = change(text)
    for name, data in {folder.name: text, **folder.beside}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data, encoding=folder.encoding if name == folder.name else "utf-8")
    for name, target in folder.links.items():
        (root / name).symlink_to(target)


def as_yaml(value: Any) -> str:
    """Write YAML without aliases."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False)


def _object(folder: Folder) -> Json:
    """Give the object that can still be changed; an empty one where it is a list by now."""
    held: Any = folder.value
    return cast("Json", held) if isinstance(held, dict) else {}


def _metadata(folder: Folder) -> Json:
    held = _object(folder).get("metadata")
    return cast("Json", held) if isinstance(held, dict) else {}


# ------------------------------------------------------------------ the object


def kind_misspelled(folder: Folder, rng: Random) -> None:
    kind = str(_object(folder).get("kind") or "Pod")
    at = rng.randrange(1, len(kind))
    other = (
        kind.lower(),
        kind.upper(),
        f"{kind}s",
        kind[:at] + kind[at + 1 :],
        f" {kind}x".strip(),
    )
    _object(folder)["kind"] = rng.choice(other)


def kind_missing(folder: Folder, rng: Random) -> None:
    kind = _object(folder).pop("kind", None)
    if rng.random() < 0.5:
        _object(folder)[rng.choice(("Kind", "KIND", "kind "))] = kind


def version_changed(folder: Folder, rng: Random) -> None:
    version = str(_object(folder).get("apiVersion") or "v1")
    group, _, number = version.rpartition("/")
    others = (
        "v1",
        "v2",
        "app/v1",
        "apps/v1",
        "apps/v9",
        "extensions/v1beta1",
        "extensions/v1",
        "batch/v1",
        version.upper(),
        f"{group[:-1]}/{number}",
        f"{group.replace('.k8s.io', '.kubernetes.io')}/{number}",
        f"{group}/v0",
        group,
    )
    _object(folder)["apiVersion"] = rng.choice(others)


def version_missing(folder: Folder, rng: Random) -> None:
    _object(folder).pop("apiVersion", None)


def no_name(folder: Folder, rng: Random) -> None:
    metadata = _metadata(folder)
    name = metadata.pop("name", "planted")
    if rng.random() < 0.7:
        metadata["generateName"] = f"{name}-"


def odd_name(folder: Folder, rng: Random) -> None:
    metadata = _metadata(folder)
    metadata["name"] = rng.choice(("{{ .Values.name }}", "${NAME}", 12345, "", None, "Pl_anted"))


def labels_changed(folder: Folder, rng: Random) -> None:
    metadata = _metadata(folder)
    metadata["labels"] = rng.choice(
        (None, [], {"app": None}, {"app": 1}, {"app.kubernetes.io/managed-by": "Helm"}, "x")
    )


def namespace_missing(folder: Folder, rng: Random) -> None:
    metadata = _metadata(folder)
    metadata.pop("namespace", None)


def listed(folder: Folder, rng: Random) -> None:
    entry, held = folder.value, _object(folder)
    typed, version = f"{held.get('kind')}List", held.get("apiVersion")
    bare = {key: each for key, each in held.items() if key not in ("kind", "apiVersion")} or entry
    nothing: Json = {}
    made: tuple[Any, ...] = (
        {"apiVersion": "v1", "kind": "List", "items": [entry]},
        {"apiVersion": "v1", "kind": "List", "items": [None, nothing, entry]},
        {"apiVersion": version, "kind": typed, "items": [bare]},
        {"apiVersion": "v1", "kind": "list", "items": [entry]},
        {"kind": "List", "items": [entry]},
        {"apiVersion": "v1", "kind": "List", "items": entry},
        {"apiVersion": "v1", "kind": "List", "Items": [entry]},
        [entry],
        [[entry]],
    )
    folder.value = rng.choice(made)


def inside_another(folder: Folder, rng: Random) -> None:
    value, original = folder.value, folder.original
    metadata = {"name": "holder", "namespace": original["metadata"].get("namespace", NAMESPACE)}
    if original["kind"] in _WORKLOADS and isinstance(value, dict) and rng.random() < 0.6:
        spec = pod_spec(original)
        template = {"metadata": {"labels": {"app": "x"}}, "spec": spec}
        folder.value = rng.choice(
            (
                _made("argoproj.io/v1alpha1", "Rollout", metadata, {"template": template}),
                _made("serving.knative.dev/v1", "Service", metadata, {"template": template}),
                _made("serving.knative.dev/v1", "Revision", metadata, spec),
                _made("apps.openshift.io/v1", "DeploymentConfig", metadata, {"template": template}),
                _made("apps.kruise.io/v1beta1", "StatefulSet", metadata, {"template": template}),
                _made("example.com/v1", "Widget", metadata, {"podTemplate": template}),
                _made("example.com/v1", "Widget", metadata, {"steps": [{"deep": [template]}]}),
                _made("batch.volcano.sh/v1", "Job", metadata, {"tasks": [{"template": template}]}),
                {
                    "apiVersion": "v1",
                    "kind": "PodTemplate",
                    "metadata": metadata,
                    "template": template,
                },
            )
        )
        return
    holders: tuple[Json, ...] = (
        {
            "apiVersion": "template.openshift.io/v1",
            "kind": "Template",
            "metadata": metadata,
            "objects": [value],
        },
        _made("kro.run/v1alpha1", "ResourceGraph", metadata, {"resources": [{"template": value}]}),
        _made("work.example.com/v1", "ManifestWork", metadata, {"manifests": [value]}),
    )
    folder.value = rng.choice(holders)


def _made(version: str, kind: str, metadata: Json, spec: Json) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


# ------------------------------------------------------------------ its text


def key_repeated(folder: Folder, rng: Random) -> None:
    """Write a top-level key once more, with something harmless, after the first."""
    if not _object(folder):
        return
    key = rng.choice([*_object(folder)])
    other = rng.choice(({}, None, "ConfigMap", {"name": "other", "namespace": NAMESPACE}))
    if folder.is_json:
        written = f",\n{json.dumps(key)}: {json.dumps(other)}\n}}"
        folder.texts.append(lambda text: text.rstrip().removesuffix("}") + written)
    else:
        folder.texts.append(lambda text: f"{text}{key}: {json.dumps(other)}\n")


def merged(folder: Folder, rng: Random) -> None:
    """Move one top-level key behind a merge key."""
    held = _object(folder)
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
    kind_misspelled,
    kind_missing,
    version_changed,
    version_missing,
    no_name,
    odd_name,
    labels_changed,
    namespace_missing,
    listed,
    inside_another,
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
