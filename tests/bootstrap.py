"""Writes `tools/bootstrap.jsonl` from what Kubernetes publishes: `python -m tests.bootstrap FOLDER`.

FOLDER holds one folder for each release (`v1.34.4`) with the YAML files of that release's
plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata; `go mod download k8s.io/kubernetes@v1.34.4` brings
them. Each line is one role or binding as one or more releases have it; equal ones share a line.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "tools" / "bootstrap.jsonl"


def objects(release: Path) -> list[dict[str, Any]]:
    """Read every object of one release, cut to what decides."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    for file in sorted(release.glob("*.yaml")):
        for item in yaml.load(file.read_text(), Loader=loader)["items"]:
            metadata = {
                key: item["metadata"][key]
                for key in ("name", "namespace", "labels")
                if item["metadata"].get(key)
            }
            parts = ("rules", "aggregationRule", "roleRef", "subjects")
            kept = {key: item[key] for key in parts if item.get(key)}
            found.append({"kind": item["kind"], "metadata": metadata} | kept)
    return found


def lines(folder: Path) -> list[str]:
    """Give the lines of the file, oldest release first, equal objects once."""
    releases = sorted(
        folder.glob("v*"), key=lambda path: [int(n) for n in path.name[1:].split(".")]
    )
    seen: dict[str, list[str]] = {}
    for release in releases:
        version = release.name[1:].rpartition(".")[0]
        for obj in objects(release):
            versions = seen.setdefault(json.dumps(obj, separators=(",", ":")), [])
            if version not in versions:
                versions.append(version)
    named = sorted(seen, key=lambda text: (json.loads(text)["kind"], text))
    return [f'{{"versions":{json.dumps(seen[text])},"object":{text}}}' for text in named]


if __name__ == "__main__":
    TARGET.write_text("\n".join(lines(Path(sys.argv[1]))) + "\n")
