"""Asks a real API server what it thinks of pods: a dry-run create in a namespace that enforces.

The server refuses with reasons, one for each Pod Security check that failed; they are given back as
the controls of `knowledge/benchmarks/pss-*.yaml`, so that a scan can be compared control by control.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.lab.cluster import Lab
from tests.lab.errors import LabError

_CREATE = ("create", "--dry-run=server", "--validate=ignore")

LEVELS = ("baseline", "restricted")

Manifest = dict[str, Any]

_REASONS = {
    "hostProcess": "host-process",
    "host namespaces": "host-namespaces",
    "privileged": "privileged-containers",
    "non-default capabilities": "capabilities",
    "hostPath volumes": "host-path-volumes",
    "hostPort": "host-ports",
    "probe or lifecycle host": "host-probes",
    "forbidden AppArmor profile": "apparmor",
    "forbidden AppArmor profiles": "apparmor",
    "seLinuxOptions": "selinux",
    "procMount": "proc-mount",
    "forbidden sysctls": "sysctls",
    "restricted volume types": "volume-types",
    "allowPrivilegeEscalation != false": "privilege-escalation",
    "runAsNonRoot != true": "run-as-non-root",
    "runAsUser=0": "run-as-user",
    "unrestricted capabilities": "capabilities-restricted",
}
"""The server's words for a failed check (ForbiddenReason) and our control."""
_SECCOMP = {"baseline": "seccomp", "restricted": "seccomp-restricted"}

_IRRELEVANT = (
    "serviceAccountName",
    "serviceAccount",
    "nodeName",
    "priorityClassName",
    "priority",
    "preemptionPolicy",
    "runtimeClassName",
    "overhead",
    "resourceClaims",
)
"""Fields that other admission plugins refuse for what they name, and that no Pod Security check reads."""


class Answer(NamedTuple):
    """What the server said of one pod."""

    controls: frozenset[str]
    """Those that it fails; empty when the server would take it."""
    invalid: str = ""
    """Set when the pod is refused before any policy is asked, so that there is no verdict."""


def pods_of(manifest: Manifest) -> Iterator[Manifest]:
    """Give the pod that a workload would make: its template, as a Pod without a name."""
    kind, spec = manifest.get("kind"), manifest.get("spec") or {}
    if kind is not None and kind.endswith("List"):
        for item in manifest.get("items") or ():
            yield from pods_of(item)
        return
    template = {
        "Pod": manifest,
        "CronJob": ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template"),
    }.get(str(kind), spec.get("template"))
    if isinstance(template, dict) and (template.get("spec") or {}).get("containers"):
        yield _pod(template)


def pods_in(folder: Path) -> Iterator[tuple[str, Manifest]]:
    """Give every pod of a folder of manifests with a name that finds it; bad files are passed over."""
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".yaml", ".yml", ".json"):
            continue
        try:
            documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8-sig")))
        except yaml.YAMLError:
            continue
        for document in documents:
            if isinstance(document, dict):
                name = f"{file.relative_to(folder)} {_name(document)}"
                for number, pod in enumerate(pods_of(document)):
                    yield f"{name} [{number}]", pod


def ask(lab: Lab, level: str, pods: dict[str, Manifest], folder: Path) -> dict[str, Answer]:
    """Ask the server about pods by name, all against one level; the folder takes their files.

    Raises:
        LabError: the server refuses one for a reason that is neither Pod Security nor the form.
    """
    namespace = f"pod-security-{level}"
    lab.fresh_namespace(namespace, {"pod-security.kubernetes.io/enforce": level})
    names = _write(pods, folder)
    said = lab.try_kubectl(*_CREATE, "-n", namespace, "-f", str(folder), "-o", "name")
    lab.kubectl("delete", "namespace", namespace, "--wait=false")
    answers = {
        name: Answer(frozenset())
        for short, name in names.items()
        if f"pod/{short}\n" in said.stdout
    }
    for short, refusal in _refusals(said.stderr):
        answers[names[short]] = _answer(level, refusal)
    if lacking := set(pods) - set(answers):
        raise LabError(f"no answer for {sorted(lacking)}: {said.stderr[-2000:]}")
    return answers


def as_stored(lab: Lab, pods: dict[str, Manifest], folder: Path) -> dict[str, Manifest]:
    """Give pods as the server would store them, with all that it fills in; invalid ones are left out."""
    namespace = "pod-security-none"
    lab.fresh_namespace(namespace, {"pod-security.kubernetes.io/enforce": "privileged"})
    names = _write(pods, folder)
    said = lab.try_kubectl(*_CREATE, "-n", namespace, "-f", str(folder), "-o", "json")
    lab.kubectl("delete", "namespace", namespace, "--wait=false")
    return {names[pod["metadata"]["name"]]: pod for pod in _documents(said.stdout)}


def reasons(message: str) -> list[str]:
    """Take the reasons out of `violates PodSecurity "LEVEL": reason (detail, detail), reason`."""
    text = message.partition('violates PodSecurity "')[2].partition('": ')[2]
    parts, depth = [""], 0
    for character in text.strip():
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.partition(" (")[0].strip() for part in parts]


def _write(pods: dict[str, Manifest], folder: Path) -> dict[str, str]:
    """Write each pod to a file of its own under a short name; the names by short name."""
    names = {f"pod-{number}": name for number, name in enumerate(pods)}
    for short, name in names.items():
        document = {**pods[name], "metadata": {**pods[name]["metadata"], "name": short}}
        (folder / f"{short}.json").write_text(json.dumps(document))
    return names


def _documents(text: str) -> Iterator[Manifest]:
    """Read JSON documents that stand one after the other, as kubectl prints them."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document
        while text[at : at + 1].isspace():
            at += 1


def _answer(level: str, refusal: str) -> Answer:
    if "violates PodSecurity" in refusal:
        known = {**_REASONS, "seccompProfile": _SECCOMP[level]}
        return Answer(frozenset(known[reason] for reason in reasons(refusal)))
    if " is invalid: " in refusal or "(BadRequest)" in refusal:
        return Answer(frozenset(), refusal)
    raise LabError(f"refused for another reason: {refusal}")


def _refusals(printed: str) -> Iterator[tuple[str, str]]:
    """Split kubectl's errors: the file's stem, and the error in one line."""
    for error in re.split(r"(?m)^(?=Error from server|The Pod |error: )", printed):
        if found := re.search(r"[/\"](pod-\d+)(\.json)?\"", error):
            yield found[1], " ".join(error.split())


def _pod(template: Manifest) -> Manifest:
    template = copy.deepcopy(template)
    metadata = template.get("metadata") or {}
    kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    spec = {key: value for key, value in template["spec"].items() if key not in _IRRELEVANT}
    # The API takes ephemeral containers only from a subresource; the checks judge all alike.
    late = spec.pop("ephemeralContainers", None) or []
    for container in late:
        container.pop("targetContainerName", None)
    spec["containers"] = [*spec["containers"], *late]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": kept, "spec": spec}


def _name(document: Manifest) -> str:
    return str((document.get("metadata") or {}).get("name") or document.get("kind"))
