"""Objects of the test folders as a server would give them, and what the real checks say of one.

`jsonpatch` (installed with LangChain) applies patches: an implementation that is not ours.
"""

import copy
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

from tests.fakes.memory_reader import MemoryReader
from tools.objects.kinds import KINDS
from tools.plans import Around
from tools.scan import scan
from tools.types import Target, Verdict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOLDERS = (Path(__file__).parents[1] / "corpus", Path(__file__).parents[1] / "eval" / "folders")
BENCHMARKS = ("cis-1.12", "pss-baseline", "pss-restricted")
WORKLOADS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "Job",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
)


def documents(*kinds: str) -> list[dict[str, Any]]:
    """Give every object of these kinds that the test folders hold, as on a live server."""
    found = [live(each) for each in _all() if each.get("kind") in kinds and _whole(each)]
    for index, obj in enumerate(found):
        obj["metadata"]["uid"] = f"0000-{index}"
    return found


def _all() -> Iterator[dict[str, Any]]:
    for folder in FOLDERS:
        for file in sorted(folder.rglob("*")):
            if file.suffix not in (".yaml", ".yml", ".json"):
                continue
            try:
                loaded = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue
            for document in loaded:
                if isinstance(document, dict):
                    yield from document.get("items") or (document,)


def _whole(obj: dict[str, Any]) -> bool:
    kind = KINDS[obj["kind"]]
    metadata = obj.get("metadata")
    group = str(obj.get("apiVersion")).rpartition("/")[0]
    spec_is_odd = obj["kind"] in WORKLOADS and not isinstance(obj.get("spec"), dict)
    return (
        isinstance(metadata, dict)
        and bool(metadata.get("name"))
        and group == kind.group
        and (not spec_is_odd)
    )


def live(obj: dict[str, Any], uid: str = "u-1") -> dict[str, Any]:
    """Give a copy with what a server always sets, and without nulls, which it never sends."""
    result = _without_nulls(copy.deepcopy(obj))
    kind = KINDS[result["kind"]]
    result["apiVersion"] = kind.group_version
    metadata = result["metadata"]
    metadata.update(uid=uid, resourceVersion="41", generation=3)
    metadata["creationTimestamp"] = "2026-11-01T10:00:00Z"
    if kind.namespaced:
        metadata.setdefault("namespace", "default")
    return result


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def target(obj: dict[str, Any]) -> Target:
    """Name an object as an action does."""
    metadata = obj["metadata"]
    return Target(
        "lab",
        obj["apiVersion"],
        obj["kind"],
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("uid", ""),
    )


def around(**others: Iterable[dict[str, Any]]) -> Around:
    """Give the facts of a namespace that has labels and these objects, by kind."""
    return Around(
        now=NOW,
        namespace_labels={},
        others={kind: tuple(objects) for kind, objects in others.items()},
    )


def patched(obj: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    """Apply a JSON patch as another implementation does; raises as that does."""
    return jsonpatch.apply_patch(copy.deepcopy(obj), copy.deepcopy(patch))


async def verdicts(obj: dict[str, Any], *others: dict[str, Any]) -> dict[str, Verdict]:
    """Give what each check of every benchmark says of one object, worst first where it says more."""
    manifests = yaml.safe_dump_all([obj, *others], sort_keys=False)
    found: dict[str, Verdict] = {}
    for benchmark in BENCHMARKS:
        result = await scan(
            MemoryReader(manifests), benchmark=benchmark, keep_all=True, now=lambda: NOW
        )
        for finding in result.findings:
            if (finding.ref.kind, finding.ref.name) == (obj["kind"], obj["metadata"]["name"]):
                found[finding.check] = finding.verdict
    return found


def leaves(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Give every scalar and empty collection by its path; lists entry by entry."""
    members: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    found = {k: v for key, member in members for k, v in leaves(member, (*path, key)).items()}
    return found or {path: value}


def sample(seed: str, choices: list[Any], most: int) -> list[Any]:
    """Choose some at random, the same for the same seed."""
    chance = random.Random(seed)
    return chance.sample(choices, chance.randint(1, min(most, len(choices))))
