"""CIS section 5 judged a second time: plain, slow, over raw dicts, sharing no code with `tools`.

Written from the reading alone (how section 5 is judged from objects), without looking at the
checks, so that an error must be made twice to stay unseen. `judge(folder)` gives one verdict per
(control, kind, namespace, name). A row that is missing means the same as `not-applicable`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.oracle.manifests import (
    JUDGE_ALL,
    JUDGE_THEIR_NAMESPACE,
    WORKLOADS,
    Folder,
    containers_of,
    holds_token,
    owned_specs,
    owner_of,
    read,
    template_of,
)
from tests.oracle.reading_rbac import FAIL, NA, PASS, RBAC_KINDS, UNKNOWN, fails_if, rbac_rows

Row = tuple[str, str, str, str]
"""(control, kind, namespace or empty, name)."""

OWN_KINDS_IN_DEFAULT = {
    *WORKLOADS,
    *("Role", "RoleBinding", "ServiceAccount", "NetworkPolicy"),
    *("Service", "Ingress", "PersistentVolumeClaim", "ConfigMap"),
}
LEFT_OUT_NAMESPACES = {"kube-system", "kube-public", "kube-node-lease"}


def judge(folder: Path) -> dict[Row, str]:
    """Give the verdict of every control of section 5 for every object it concerns."""
    held = read(folder)
    rows: dict[Row, str] = {}
    for (kind, namespace, name), obj in held.objects.items():
        key = (kind, namespace, name)
        if kind in WORKLOADS and not owner_of(held, obj):
            for control, verdict in workload_rows(held, key, obj).items():
                rows[(control, *key)] = verdict
        elif kind in RBAC_KINDS:
            for control, verdict in rbac_rows(held, key, obj).items():
                rows[(control, *key)] = verdict
        if kind in OWN_KINDS_IN_DEFAULT and not owner_of(held, obj):
            placed = bool((obj.get("metadata") or {}).get("namespace"))
            rows[("5.6.4", *key)] = in_default(kind, namespace, name, placed)
    for namespace in held.namespaces:
        rows |= namespace_rows(held, namespace)
    return rows


# ------------------------------------------------------------------ workloads


def effective(container: dict[str, Any], pod: dict[str, Any], name: str) -> Any:
    """Give a security context field: the container's, else the pod's, else None."""
    own = (container.get("securityContext") or {}).get(name)
    return pod.get(name) if own is None else own


def is_windows(spec: dict[str, Any]) -> bool:
    """Tell whether no other node takes it: by os.name, else by nodes, else as a process of the host."""
    named = (spec.get("os") or {}).get("name")
    if named:
        return named == "windows"
    answers = [node_takes(spec, system) for system in ("windows", "linux", "another")]
    if not all(answers):
        return answers == [True, False, False]
    outer = spec.get("securityContext") or {}
    containers = containers_of(spec)
    return bool(containers) and all(bad_host_process(c, outer) for c in containers)


def node_takes(spec: dict[str, Any], system: str) -> bool:
    """Tell whether a node of that system may take the pod, as far as its labels of the system decide."""
    labels = ("kubernetes.io/os", "beta.kubernetes.io/os")
    selector = spec.get("nodeSelector") or {}
    if any(selector.get(label, system) != system for label in labels):
        return False
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or []
    return not terms or any(
        all(
            system in (e.get("values") or [])
            for e in term.get("matchExpressions") or []
            if e["key"] in labels and e["operator"] == "In"
        )
        for term in terms
    )


def workload_rows(held: Folder, key: tuple[str, str, str], obj: dict[str, Any]) -> dict[str, str]:
    """Judge one workload by its template and by whatever it owns, of which the worst counts."""
    rows = spec_rows(held, key[1], template_of(key[0], obj))
    for spec in owned_specs(held, key):
        for control, verdict in spec_rows(held, key[1], spec).items():
            if verdict == FAIL or (verdict == UNKNOWN and rows[control] != FAIL):
                rows[control] = verdict
    return rows


def spec_rows(held: Folder, namespace: str, spec: dict[str, Any]) -> dict[str, str]:
    """Judge one pod spec by everything that concerns pods."""
    pod = spec.get("securityContext") or {}
    pairs = [(c, pod) for c in containers_of(spec)]
    windows = is_windows(spec)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    rows = {
        "5.1.5": fails_if(account == "default"),
        "5.1.6": worst(
            brought_tokens(held, namespace, spec), token_row(held, namespace, account, spec)
        ),
        "5.2.2": fails_if(any(bad_privileged(c) for c, _ in pairs)),
        "5.2.3": fails_if(spec.get("hostPID") is True),
        "5.2.4": fails_if(spec.get("hostIPC") is True),
        "5.2.5": fails_if(spec.get("hostNetwork") is True),
        "5.2.6": fails_if(any(bad_escalation(c) for c, _ in pairs)),
        "5.2.7": fails_if(any(bad_user(c, p) for c, p in pairs)),
        "5.2.8": fails_if(any(bad_raw(c) for c, _ in pairs)),
        "5.2.9": fails_if(any(bad_capabilities(c) for c, _ in pairs)),
        "5.2.10": fails_if(any(bad_host_process(c, p) for c, p in pairs)),
        "5.2.11": fails_if(any(v.get("hostPath") is not None for v in spec.get("volumes") or [])),
        "5.2.12": fails_if(any(bad_port(c) for c, _ in pairs)),
        "5.4.1": fails_if(any(bad_environment(c) for c, _ in pairs)),
        "5.6.2": fails_if(any(bad_seccomp(c, p) for c, p in pairs)),
        "5.6.3": fails_if(not all(has_field(c, p) for c, p in pairs)),
    }
    if windows:
        rows |= dict.fromkeys(("5.2.6", "5.2.7", "5.2.8", "5.2.9", "5.6.2"), NA)
    if spec.get("hostNetwork") is True:
        rows["5.2.12"] = NA
    return rows


def token_row(held: Folder, namespace: str, account: str, spec: dict[str, Any]) -> str:
    """Judge whether the API token is mounted in effect; an account that is not here may say no."""
    if spec.get("automountServiceAccountToken") is not None:
        return fails_if(spec["automountServiceAccountToken"])
    found = held.objects.get(("ServiceAccount", namespace, account))
    if found is None:
        return UNKNOWN
    return fails_if(found.get("automountServiceAccountToken") is not False)


def worst(*verdicts: str) -> str:
    """Give fail over unknown over pass."""
    return next((each for each in (FAIL, UNKNOWN) if each in verdicts), PASS)


def brought_tokens(held: Folder, namespace: str, spec: dict[str, Any]) -> str:
    """5.1.6: tokens that containers get by volumes and variables of their own."""
    found = [PASS]
    for container in containers_of(spec):
        found += [
            in_volume(held, namespace, volume, mount.get("mountPath") or "")
            for volume in spec.get("volumes") or []
            for mount in container.get("volumeMounts") or []
            if mount.get("name") == volume.get("name")
        ]
        refs = [(e.get("valueFrom") or {}).get("secretKeyRef") for e in container.get("env") or []]
        refs += [e.get("secretRef") for e in container.get("envFrom") or []]
        names = {ref.get("name") for ref in refs if ref}
        found += [FAIL for n in names if holds_token(held, namespace, n)]
    return worst(*found)


def in_volume(held: Folder, namespace: str, volume: dict[str, Any], at: str) -> str:
    """Judge what a volume that a container mounts brings of tokens."""
    sources = (volume.get("projected") or {}).get("sources") or []
    found = [
        for_the_api(s["serviceAccountToken"])
        for s in sources
        if s.get("serviceAccountToken") is not None
    ]
    secrets = [s["secret"] for s in sources if s.get("secret") is not None]
    secrets += [volume["secret"]] if volume.get("secret") is not None else []
    for secret in secrets:
        name = secret.get("name") or secret.get("secretName")
        files = [at, *(f"{at}/{item.get('path') or ''}" for item in secret.get("items") or [])]
        otherwise = UNKNOWN if any(map(clients_look, files)) else PASS
        found.append(FAIL if holds_token(held, namespace, name) else otherwise)
    return worst(*found)


def clients_look(file: str) -> bool:
    """Tell whether a file, or a folder, is where clients look for a token."""
    steps: list[str] = []
    for step in file.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    if steps[:1] == ["var"]:
        steps = steps[1:]
    return steps[:4] == ["run", "secrets", "kubernetes.io", "serviceaccount"]


def for_the_api(token: dict[str, Any]) -> str:
    """Judge an audience: none and the API's name in the cluster fail, what may be its name is unknown."""
    said = str(token.get("audience") or "")
    host = said.removeprefix("https://").removesuffix("/").removesuffix(":443")
    if (
        not said
        or host == "kubernetes.default.svc"
        or re.fullmatch(r"kubernetes\.default\.svc\.[a-z0-9.-]+", host)
    ):
        return FAIL
    said = said.lower()
    if said.startswith(("http://", "https://")):
        return UNKNOWN
    names = {
        "api",
        "apis",
        "apiserver",
        "kube",
        "kubernetes",
        "k8s",
        "k3s",
        "k0s",
        "rke",
        "rke2",
        "cluster",
    }
    other = re.match(r"([a-z]+:)?//", said) is not None
    return UNKNOWN if names & set(re.split(r"[^a-z0-9]", said)) and not other else PASS


def bad_privileged(container: dict[str, Any]) -> bool:
    """5.2.2."""
    return (container.get("securityContext") or {}).get("privileged") is True


def bad_escalation(container: dict[str, Any]) -> bool:
    """5.2.6: true, or not set."""
    return (container.get("securityContext") or {}).get("allowPrivilegeEscalation") is not False


def bad_user(container: dict[str, Any], pod: dict[str, Any]) -> bool:
    """5.2.7: root said, or nothing said."""
    user = effective(container, pod, "runAsUser")
    if user == 0:
        return True
    return user is None and effective(container, pod, "runAsNonRoot") is not True


def capabilities(container: dict[str, Any], which: str) -> set[str]:
    """Give the capabilities added or dropped, upper case.

    Runtimes write CAP_ before each name. So CAP_X is no name of X in a drop; in an add it is counted
    as X, as that is what somebody wants.
    """
    held = (container.get("securityContext") or {}).get("capabilities") or {}
    names = {str(n).upper() for n in held.get(which) or []}
    return {n[4:] if n[:4] == "CAP_" else n for n in names} if which == "add" else names


def bad_raw(container: dict[str, Any]) -> bool:
    """5.2.8."""
    kept = not capabilities(container, "drop") & {"NET_RAW", "ALL"}
    added = bool(capabilities(container, "add") & {"NET_RAW", "ALL"})
    return kept or added or bad_privileged(container)


def bad_capabilities(container: dict[str, Any]) -> bool:
    """5.2.9."""
    kept = "ALL" not in capabilities(container, "drop")
    added = bool(capabilities(container, "add") - {"NET_BIND_SERVICE"})
    return kept or added or bad_privileged(container)


def bad_host_process(container: dict[str, Any], pod: dict[str, Any]) -> bool:
    """5.2.10: in effect, so a container may take back what its pod says."""
    own = ((container.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    if own is None:
        own = (pod.get("windowsOptions") or {}).get("hostProcess")
    return own is True


def bad_port(container: dict[str, Any]) -> bool:
    """5.2.12."""
    return any((p.get("hostPort") or 0) != 0 for p in container.get("ports") or [])


def bad_environment(container: dict[str, Any]) -> bool:
    """5.4.1."""
    single = any(
        (e.get("valueFrom") or {}).get("secretKeyRef") is not None
        for e in container.get("env") or []
    )
    whole = any(e.get("secretRef") is not None for e in container.get("envFrom") or [])
    return single or whole


def bad_seccomp(container: dict[str, Any], pod: dict[str, Any]) -> bool:
    """5.6.2."""
    profile = effective(container, pod, "seccompProfile") or {}
    return profile.get("type") not in ("RuntimeDefault", "Localhost")


def has_field(container: dict[str, Any], pod: dict[str, Any]) -> bool:
    """5.6.3: a field set on the pod, or on this container."""
    own = container.get("securityContext") or {}
    return any(v is not None for v in pod.values()) or any(v is not None for v in own.values())


def in_default(kind: str, namespace: str, name: str, placed: bool = True) -> str:
    """5.6.4: an object that names no namespace goes where it is applied, which nobody says here."""
    if namespace != "default":
        return PASS
    given = {
        ("ServiceAccount", "default"),
        ("Service", "kubernetes"),
        ("ConfigMap", "kube-root-ca.crt"),
    }
    if (kind, name) in given:
        return NA
    return FAIL if placed else UNKNOWN


# ------------------------------------------------------------------ namespaces


def namespace_rows(held: Folder, namespace: str) -> dict[Row, str]:
    """5.2.1, 5.3.2 and the account's side of 5.1.5."""
    declared = held.objects.get(("Namespace", "", namespace))
    missing = UNKNOWN if declared is None else FAIL
    anything = bool(held.unreadable)  # what does not parse may hold objects of every kind
    declared = declared or {}
    labels = (declared.get("metadata") or {}).get("labels") or {}
    busy = any(k in WORKLOADS and n == namespace for k, n, _ in held.objects)
    policies = any(k == "NetworkPolicy" and n == namespace for k, n, _ in held.objects)
    account = held.objects.get(("ServiceAccount", namespace, "default"))
    row = ("Namespace", "", namespace)
    plugins = ("plugin policy of the cluster", ""), ("plugin policy", namespace)
    unplaced = any(
        k == "NetworkPolicy" and not (obj.get("metadata") or {}).get("namespace")
        for (k, _, _), obj in held.objects.items()
    )
    covered = any((k, n) in plugins for k, n, _ in held.objects)
    found: dict[Row, str] = {
        ("5.3.2", *row): PASS
        if policies
        else UNKNOWN
        if covered or anything or unplaced
        else missing
    }
    found[("5.6.4", "ServiceAccount", namespace, "default")] = in_default(
        "ServiceAccount", namespace, "default"
    )
    if busy:
        verdict = UNKNOWN
        if account is not None:
            verdict = fails_if(account.get("automountServiceAccountToken") is not False)
        found[("5.1.5", "ServiceAccount", namespace, "default")] = verdict
    if busy and namespace not in LEFT_OUT_NAMESPACES:
        enforced = holds_pods(labels)
        verdict = PASS if enforced else UNKNOWN if judged_by_policy(held, namespace) else missing
        found[("5.2.1", *row)] = verdict
    elif namespace not in LEFT_OUT_NAMESPACES:
        enforced = "pod-security.kubernetes.io/enforce" in labels
        if anything or held.unread_pods & {"", namespace}:
            found[("5.2.1", *row)] = PASS if enforced else UNKNOWN
    return found


def holds_pods(labels: dict[str, str]) -> bool:
    """Tell whether the labels make Pod Security refuse any pod: a level that is one, of a version."""
    version = labels.get("pod-security.kubernetes.io/enforce-version") or "latest"
    if version != "latest" and not (version[:3] == "v1." and version[3:].isdecimal()):
        return False
    return labels.get("pod-security.kubernetes.io/enforce") in ("baseline", "restricted")


def judged_by_policy(held: Folder, namespace: str) -> bool:
    """Tell whether a policy object could judge pods of this namespace."""
    return any(
        k in JUDGE_ALL or (k in JUDGE_THEIR_NAMESPACE and n == namespace)
        for k, n, _ in held.objects
    )
