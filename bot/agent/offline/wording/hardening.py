"""One manifest fragment that answers several failing controls of one workload.

Shown as words, never applied. Used by `bot.agent.offline.answers.judged`.
"""

from collections.abc import Iterable, Sequence

from tools.types import Finding, ResourceRef

SETTINGS: dict[str, tuple[str, ...]] = {
    "5.1.5": ("serviceAccountName",),
    "5.1.6": ("automountServiceAccountToken",),
    "5.2.2": ("privileged",),
    "5.2.3": ("hostPID",),
    "5.2.4": ("hostIPC",),
    "5.2.5": ("hostNetwork",),
    "5.2.6": ("allowPrivilegeEscalation",),
    "5.2.7": ("runAsNonRoot", "runAsUser"),
    "5.2.8": ("capabilities.drop", "capabilities.add"),
    "5.2.9": ("capabilities.drop", "capabilities.add"),
    "5.6.2": ("seccompProfile.type",),
}
"""Which settings decide a control, by the names that `tools.queries` gives them."""

_POD: dict[str, tuple[str, ...]] = {
    "5.1.5": ("serviceAccountName: {name}  # CIS 5.1.5, an account of its own",),
    "5.1.6": ("automountServiceAccountToken: false  # CIS 5.1.6",),
    "5.2.3": ("hostPID: false  # CIS 5.2.3",),
    "5.2.4": ("hostIPC: false  # CIS 5.2.4",),
    "5.2.5": ("hostNetwork: false  # CIS 5.2.5",),
}
_POD_CONTEXT: dict[str, tuple[str, ...]] = {
    "5.2.7": ("runAsNonRoot: true  # CIS 5.2.7",),
    "5.6.2": ("seccompProfile:  # CIS 5.6.2", "  type: RuntimeDefault"),
}
_CONTAINER: dict[str, tuple[str, ...]] = {
    "5.2.2": ("privileged: false  # CIS 5.2.2",),
    "5.2.6": ("allowPrivilegeEscalation: false  # CIS 5.2.6",),
    "5.2.9": ("capabilities:  # CIS 5.2.8, 5.2.9", "  drop: [ALL]"),
}
_OWN_USER = ("runAsNonRoot: true  # CIS 5.2.7", "runAsUser: 10001")
_BY_HAND: dict[str, str] = {
    "5.2.11": "replace the hostPath volumes (CIS 5.2.11) by a volume of the cluster's storage",
    "5.2.12": "remove hostPort (CIS 5.2.12) and use a Service",
    "5.4.1": "mount the Secret as a file instead of environment variables (CIS 5.4.1)",
    "5.6.4": "move it out of the namespace default (CIS 5.6.4)",
    "5.2.10": "do not run it as a Windows HostProcess container (CIS 5.2.10)",
}

_CIS_OF = {
    "privileged-containers": "5.2.2",
    "privilege-escalation": "5.2.6",
    "run-as-non-root": "5.2.7",
    "run-as-user": "5.2.7",
    "capabilities-restricted": "5.2.9",
    "seccomp-restricted": "5.6.2",
}
"""Controls of the Pod Security Standards that the same fields fix."""
_WHOLE: dict[tuple[str, str], str] = {
    (
        "Namespace",
        "5.3.2",
    ): "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: default-deny\n"
    "  namespace: {name}\nspec:  # denies all; then allow what is needed, DNS first\n  podSelector: {{}}\n"
    "  policyTypes: [Ingress, Egress]",
    (
        "Namespace",
        "5.2.1",
    ): "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n"
    "    pod-security.kubernetes.io/enforce: baseline\n    pod-security.kubernetes.io/warn: restricted",
    ("ServiceAccount", "5.1.5"): "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n"
    "  namespace: {namespace}\nautomountServiceAccountToken: false",
}
"""Whole manifests for what is no workload, by kind and control."""


def fragment(ref: ResourceRef, failing: Sequence[Finding]) -> str:
    """Write the fragment for what fails; empty where nothing of it is a field to set."""
    controls = {_CIS_OF.get(control, control) for item in failing for control in item.controls}
    whole = next(
        (text for key, text in _WHOLE.items() if key in {(ref.kind, c) for c in controls}), ""
    )
    if whole:
        return f"```yaml\n{whole.format(name=ref.name, namespace=ref.namespace)}\n```"
    if "5.2.8" in controls:
        controls.add("5.2.9")
    pod = [line.format(name=ref.name) for line in _lines(_POD, controls)]
    overridden = {item.container for item in failing if _overrides(item)}
    context = _lines(_POD_CONTEXT, controls - ({"5.2.7"} if overridden else set()))
    body = list(pod)
    if context:
        body += ["securityContext:", *(f"  {line}" for line in context)]
    own = _lines(_CONTAINER, controls)
    body += _containers(ref, failing, own, overridden)
    return "```yaml\n" + "\n".join(_nest(ref.kind, body)) + "\n```" if body else ""


def _overrides(finding: Finding) -> bool:
    """Tell whether a container itself says that it runs as root, so that the pod's word is not heard."""
    return "5.2.7" in finding.controls and any(
        "ontainers[" in item.path and item.value in ("0", "false") for item in finding.evidence
    )


def _containers(
    ref: ResourceRef, failing: Sequence[Finding], own: Sequence[str], overridden: set[str]
) -> list[str]:
    """Write what containers must set themselves, those of the start before the others."""
    names = dict.fromkeys(item.container for item in failing if item.container)
    first = {item.container for item in failing for proof in item.evidence if "initC" in proof.path}
    body: list[str] = []
    for key, chosen in (
        ("initContainers", [name for name in names if name in first]),
        (
            "containers",
            [name for name in names if name not in first] or ([] if first else [ref.name]),
        ),
    ):
        entries: list[str] = []
        for name in chosen[:5]:
            lines = [*(_OWN_USER if name in overridden else ()), *own]
            if lines:
                entries += [
                    f"- name: {name}",
                    "  securityContext:",
                    *(f"    {line}" for line in lines),
                ]
        body += [f"{key}:", *entries] if entries else []
    return body


def by_hand(failing: Iterable[Finding]) -> str:
    """Say what no single field fixes; empty when nothing."""
    controls = dict.fromkeys(control for item in failing for control in item.controls)
    return "; ".join(_BY_HAND[control] for control in controls if control in _BY_HAND)


def _lines(table: dict[str, tuple[str, ...]], controls: set[str]) -> list[str]:
    return [line for control, lines in table.items() if control in controls for line in lines]


def _nest(kind: str, body: list[str]) -> list[str]:
    path = {
        "Pod": ["spec"],
        "CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
    }.get(kind, ["spec", "template", "spec"])
    outer = [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
    return outer + [f"{'  ' * len(path)}{line}" for line in body]
