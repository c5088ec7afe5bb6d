"""CIS section 5 judged a second time: plain, slow, over raw dicts, sharing no code with `tools`.

Written from the reading alone (how section 5 is judged from objects), without looking at the
checks, so that an error must be made twice to stay unseen. `judge(folder)` gives one verdict per
(control, kind, namespace, name). A row that is missing means the same as `not-applicable`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.oracle.manifests import WORKLOADS, Folder, all_containers, owner_of, read, template_of

Row = tuple[str, str, str, str]
"""(control, kind, namespace or empty, name)."""

PASS, FAIL, UNKNOWN, NA = "pass", "fail", "unknown", "not-applicable"

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
        elif kind in ("Role", "ClusterRole") and not built_in(obj):
            for control, verdict in role_rows(held, kind, obj).items():
                rows[(control, *key)] = verdict
        elif kind in ("RoleBinding", "ClusterRoleBinding") and not built_in(obj):
            for control, verdict in binding_rows(obj).items():
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
    """Tell by os.name or by a node selector."""
    selector = spec.get("nodeSelector") or {}
    return (
        (spec.get("os") or {}).get("name") == "windows"
        or selector.get("kubernetes.io/os") == "windows"
        or selector.get("beta.kubernetes.io/os") == "windows"
    )


def workload_rows(held: Folder, key: tuple[str, str, str], obj: dict[str, Any]) -> dict[str, str]:
    """Judge one workload by everything that concerns pods."""
    kind, namespace, _ = key
    spec = template_of(kind, obj)
    pairs = all_containers(held, key, spec)
    windows = is_windows(spec)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    rows = {
        "5.1.5": fails_if(account == "default"),
        "5.1.6": token_row(held, namespace, account, spec),
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


def fails_if(bad: bool) -> str:
    """Say fail or pass."""
    return FAIL if bad else PASS


def token_row(held: Folder, namespace: str, account: str, spec: dict[str, Any]) -> str:
    """Judge whether the API token is mounted in effect; an account that is not here may say no."""
    if spec.get("automountServiceAccountToken") is not None:
        return fails_if(spec["automountServiceAccountToken"])
    found = held.objects.get(("ServiceAccount", namespace, account))
    if found is None:
        return UNKNOWN
    return fails_if(found.get("automountServiceAccountToken") is not False)


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
    """Give the capabilities added or dropped, upper case, without CAP_."""
    held = (container.get("securityContext") or {}).get("capabilities") or {}
    return {str(n).upper().removeprefix("CAP_") for n in held.get(which) or []}


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


# ------------------------------------------------------------------ RBAC


def built_in(obj: dict[str, Any]) -> bool:
    """Tell what Kubernetes itself brings."""
    meta = obj.get("metadata") or {}
    labels = meta.get("labels") or {}
    return labels.get("kubernetes.io/bootstrapping") == "rbac-defaults" or str(
        meta.get("name")
    ).startswith("system:")


def binding_rows(obj: dict[str, Any]) -> dict[str, str]:
    """5.1.1 and 5.1.7."""
    reference = obj.get("roleRef") or {}
    subjects = obj.get("subjects") or []
    masters = [s for s in subjects if s.get("kind") == "Group" and s["name"] == "system:masters"]
    admin = reference.get("kind") == "ClusterRole" and reference.get("name") == "cluster-admin"
    return {
        "5.1.1": fails_if(admin and len(masters) < len(subjects)),
        "5.1.7": fails_if(bool(masters)),
    }


def rules_of(held: Folder, obj: dict[str, Any], seen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Give a role's rules; of an aggregated one not filled in, those of what it selects."""
    rules = obj.get("rules") or []
    selectors = (obj.get("aggregationRule") or {}).get("clusterRoleSelectors")
    if rules or selectors is None:
        return rules
    name = obj["metadata"]["name"]
    found: list[dict[str, Any]] = []
    for (kind, _, other_name), other in held.objects.items():
        if kind != "ClusterRole" or other_name == name or other_name in seen:
            continue
        labels = (other.get("metadata") or {}).get("labels") or {}
        if any(selects(s, labels) for s in selectors):
            found += rules_of(held, other, (*seen, name))
    return found


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Match a label selector as the API does."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for need in selector.get("matchExpressions") or []:
        key, values = need["key"], need.get("values") or []
        holds = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[need["operator"]]
        if not holds:
            return False
    return True


def grants(rule: dict[str, Any], verbs: set[str], group: str, resource: str) -> bool:
    """Tell whether a rule allows one of the verbs on a resource (with its subresource)."""
    held_verbs = set(rule.get("verbs") or [])
    held_groups = set(rule.get("apiGroups") or [])
    held_resources = set(rule.get("resources") or [])
    if not (held_verbs & verbs or "*" in held_verbs):
        return False
    if not (group in held_groups or "*" in held_groups):
        return False
    wanted = {resource, "*"}
    if "/" in resource:
        wanted.add("*/" + resource.split("/")[1])
    return bool(held_resources & wanted)


def role_rows(held: Folder, kind: str, obj: dict[str, Any]) -> dict[str, str]:
    """Judge the rules of a Role or ClusterRole."""
    rules = rules_of(held, obj)
    wide = [r for r in rules if not r.get("resourceNames")]
    cluster = kind == "ClusterRole"

    def some(where: list[dict[str, Any]], verbs: str, group: str, *resources: str) -> bool:
        return any(grants(r, set(verbs.split()), group, x) for r in where for x in resources)

    rbac, hooks = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
    star = any(
        "*" in (r.get(part) or []) for r in rules for part in ("verbs", "resources", "apiGroups")
    )
    strong = some(wide, "bind escalate", rbac, "roles")
    strong |= some(wide, "impersonate", "", "serviceaccounts")
    if cluster:
        strong |= some(wide, "bind escalate", rbac, "clusterroles")
        strong |= some(wide, "impersonate", "", "users", "groups")
        strong |= extras(wide)
    rows = {
        "5.1.2": fails_if(some(wide, "get list watch", "", "secrets")),
        "5.1.3": fails_if(star),
        "5.1.4": fails_if(some(wide, "create", "", "pods")),
        "5.1.8": fails_if(strong),
        "5.1.13": fails_if(some(wide, "create", "", "serviceaccounts/token")),
    }
    if not cluster:
        return rows | dict.fromkeys(("5.1.9", "5.1.10", "5.1.11", "5.1.12"), NA)
    node_proxy = any(grants(r, set(r.get("verbs") or []), "", "nodes/proxy") for r in wide)
    kinds = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
    approve = some(
        rules, "update patch", "certificates.k8s.io", "certificatesigningrequests/approval"
    )
    change = some(rules, "create update patch delete deletecollection", hooks, *kinds)
    return rows | {
        "5.1.9": fails_if(some(wide, "create", "", "persistentvolumes")),
        "5.1.10": fails_if(node_proxy),
        "5.1.11": fails_if(approve),
        "5.1.12": fails_if(change),
    }


def extras(rules: list[dict[str, Any]]) -> bool:
    """Tell whether extra fields of users may be impersonated; each key is a subresource."""
    for rule in rules:
        keys = [x for x in rule.get("resources") or [] if x.split("/")[0] == "userextras"]
        if any(grants(rule, {"impersonate"}, "authentication.k8s.io", x) for x in keys):
            return True
        if grants(rule, {"impersonate"}, "authentication.k8s.io", "userextras"):
            return True
    return False


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
    found: dict[Row, str] = {
        ("5.3.2", *row): PASS if policies else UNKNOWN if anything else missing
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
        enforced = "pod-security.kubernetes.io/enforce" in labels
        verdict = PASS if enforced else UNKNOWN if judged_by_policy(held, namespace) else missing
        found[("5.2.1", *row)] = verdict
    elif namespace not in LEFT_OUT_NAMESPACES:
        enforced = "pod-security.kubernetes.io/enforce" in labels
        if anything or held.unread_pods & {"", namespace}:
            found[("5.2.1", *row)] = PASS if enforced else UNKNOWN
    return found


def judged_by_policy(held: Folder, namespace: str) -> bool:
    """Tell whether a policy object could judge pods of this namespace."""
    return any(
        k in ("ValidatingAdmissionPolicyBinding", "ClusterPolicy", "constraint")
        or (k == "Policy" and n == namespace)
        for k, n, _ in held.objects
    )
