"""Which of checkov's policies are ours, and every way in which the two are known to differ.

A difference is explained by the pattern of the object, not by its name, so that a new manifest of
the same kind is explained too and one of another kind is not. The test fails on a difference that
nothing here explains, and on a line here that explains none any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracle.manifests import containers_of
from tests.oracle.reading import capabilities, effective, is_windows

SAME_POLICY: dict[str, tuple[str, ...]] = {
    "5.1.3": ("CKV_K8S_49",),
    "5.1.5": ("CKV_K8S_41",),
    "5.1.6": ("CKV_K8S_38",),
    "5.1.11": ("CKV_K8S_156",),
    "5.1.12": ("CKV_K8S_155",),
    "5.2.2": ("CKV_K8S_16",),
    "5.2.3": ("CKV_K8S_17",),
    "5.2.4": ("CKV_K8S_18",),
    "5.2.5": ("CKV_K8S_19",),
    "5.2.6": ("CKV_K8S_20",),
    "5.2.7": ("CKV_K8S_23",),
    "5.2.8": ("CKV_K8S_28",),
    "5.2.9": ("CKV_K8S_25", "CKV_K8S_37"),
    "5.2.12": ("CKV_K8S_26",),
    "5.4.1": ("CKV_K8S_35",),
    "5.6.2": ("CKV_K8S_31",),
    "5.6.3": ("CKV_K8S_29", "CKV_K8S_30"),
    "5.6.4": ("CKV_K8S_21",),
}
"""Control -> checkov's checks. Two must both pass (5.2.9), or either (5.6.3)."""

EITHER = {"5.6.3"}

NOT_MAPPED = {
    "5.1.1": "none",
    "5.1.2": "CKV2_K8S_5 judges bindings to service accounts, not roles",
    "5.1.4": "none",
    "5.1.7": "none",
    "5.1.8": "CKV_K8S_157 and 158 want all of an operation, CKV2_K8S_3 judges bindings",
    "5.1.9": "none",
    "5.1.10": "CKV2_K8S_2 judges bindings, and mixes pods/exec in",
    "5.1.13": "none",
    "5.2.1": "none",
    "5.2.10": "none",
    "5.2.11": "CKV_K8S_27 knows the Docker socket only",
    "5.3.2": "CKV2_K8S_6 asks for a policy that selects the pod",
}
"""Controls that only the second implementation compares, with what checkov has instead."""


@dataclass(frozen=True)
class Case:
    """One object on which the two differ."""

    control: str
    kind: str
    ours: str
    """Our verdict; `none` where we give no row."""
    theirs: str
    """`pass` or `fail`."""
    obj: dict[str, Any]
    spec: dict[str, Any]
    """The pod spec; empty for other kinds."""
    owned: bool
    """Owned by another workload of the story, which stands for it."""
    injected: bool
    """What it owns is not as its template says."""
    account: dict[str, Any] | None
    """The service account that its pods run as; None where the folder does not hold it."""


@dataclass(frozen=True)
class Explanation:
    """Why the two differ on objects of one pattern."""

    controls: tuple[str, ...]
    why: str
    holds: Callable[[Case], bool]


def _contexts(case: Case) -> list[dict[str, Any]]:
    """Give the security contexts of all containers of the spec."""
    return [c.get("securityContext") or {} for c in containers_of(case.spec)]


def _some_container(case: Case, holds: Callable[[dict[str, Any]], bool]) -> bool:
    return any(holds(c) for c in containers_of(case.spec))


def _pod(case: Case) -> dict[str, Any]:
    return case.spec.get("securityContext") or {}


def _profile(context: dict[str, Any]) -> str | None:
    return (context.get("seccompProfile") or {}).get("type")


def _name(case: Case) -> str:
    return case.obj["metadata"]["name"]


def _built_in(case: Case) -> bool:
    labels = case.obj["metadata"].get("labels") or {}
    return "kubernetes.io/bootstrapping" in labels


def _only_null_references(case: Case) -> bool:
    return _some_container(
        case,
        lambda c: any(e.get("secretRef", 0) is None for e in c.get("envFrom") or []),
    )


def _root_in_init(case: Case) -> bool:
    return any(
        effective(c, _pod(case), "runAsUser") == 0
        or (
            effective(c, _pod(case), "runAsUser") is None
            and effective(c, _pod(case), "runAsNonRoot") is not True
        )
        for c in case.spec.get("initContainers") or []
    )


def _empty_context(case: Case) -> bool:
    """Find a security context that is written and sets nothing, or a container with none."""
    written = [
        case.spec.get("securityContext"),
        *(c.get("securityContext") for c in containers_of(case.spec)),
    ]
    return any(x is not None and all(v is None for v in x.values()) for x in written)


def _star_beside(case: Case) -> bool:
    return any("*" in r and r != "*" for r in case.obj["rules"][0].get("resources") or [])


def _later_star(case: Case) -> bool:
    first, *later = case.obj["rules"]
    fields = ("verbs", "resources", "apiGroups")
    return not any("*" in (first.get(f) or []) for f in fields) and any(
        "*" in (r.get(f) or []) for r in later for f in fields
    )


CONTAINERS = ("5.2.2", "5.2.6", "5.2.7", "5.2.8", "5.2.9", "5.2.12", "5.4.1", "5.6.2", "5.6.3")
PODS = (*CONTAINERS, "5.1.6", "5.2.3", "5.2.4", "5.2.5", "5.6.4")

EXPLANATIONS = (
    Explanation(
        PODS,
        "checkov judges pods and sets of an owner again; here the owner's template stands for them",
        lambda c: c.owned and c.ours == "none",
    ),
    Explanation(
        ("5.1.3", "5.1.11", "5.1.12"),
        "built-in roles are left out here",
        lambda c: _built_in(c) and c.ours == "none",
    ),
    Explanation(
        ("5.2.6", "5.2.7", "5.2.8", "5.2.9", "5.6.2"),
        "checkov does not know Windows",
        lambda c: is_windows(c.spec) and c.ours == "not-applicable",
    ),
    Explanation(
        ("5.2.12",),
        "checkov judges ports of pods on the host network, where hostPort is filled in",
        lambda c: c.spec.get("hostNetwork") is True and c.ours == "not-applicable",
    ),
    Explanation(
        ("5.2.12",),
        "checkov counts hostPort 0 and null as host ports",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and not any(
                p.get("hostPort") for x in containers_of(c.spec) for p in x.get("ports") or []
            )
        ),
    ),
    Explanation(
        ("5.1.6",),
        "checkov does not look at the service account's own setting",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and c.spec.get("automountServiceAccountToken") is None
            and (c.account or {}).get("automountServiceAccountToken") is False
        ),
    ),
    Explanation(
        ("5.1.6",),
        "checkov does not ask what a service account sets that the folder does not hold",
        lambda c: (
            (c.ours, c.theirs) == ("unknown", "fail")
            and c.spec.get("automountServiceAccountToken") is None
            and c.account is None
        ),
    ),
    Explanation(
        ("5.1.6",),
        "checkov does not look at tokens that volumes project",
        lambda c: (
            (c.ours, c.theirs) in (("fail", "pass"), ("unknown", "pass"), ("unknown", "fail"))
            and any((v.get("projected") or {}).get("sources") for v in c.spec.get("volumes") or [])
        ),
    ),
    Explanation(
        CONTAINERS,
        "checkov does not look at ephemeral containers",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass") and bool(c.spec.get("ephemeralContainers"))
        ),
    ),
    Explanation(
        PODS,
        "checkov does not know that what is owned may not be as its owner's template says",
        lambda c: (c.ours, c.theirs) in (("fail", "pass"), ("unknown", "pass")) and c.injected,
    ),
    Explanation(
        ("5.2.7",),
        "checkov does not look at init containers for root",
        lambda c: (c.ours, c.theirs) == ("fail", "pass") and _root_in_init(c),
    ),
    Explanation(
        ("5.2.7",),
        "for checkov runAsNonRoot true is enough, even beside runAsUser 0",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and _some_container(
                c,
                lambda x: (
                    effective(x, _pod(c), "runAsUser") == 0
                    and effective(x, _pod(c), "runAsNonRoot") is True
                ),
            )
        ),
    ),
    Explanation(
        ("5.2.7",),
        "checkov forgets the pod's runAsUser where a container takes back runAsNonRoot",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and bool(_pod(c).get("runAsUser"))
            and any(x.get("runAsNonRoot") is False for x in _contexts(c))
        ),
    ),
    Explanation(
        ("5.2.8",),
        "checkov does not look at what is added back after ALL is dropped",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and _some_container(c, lambda x: bool(capabilities(x, "add") & {"NET_RAW", "ALL"}))
        ),
    ),
    Explanation(
        ("5.2.8", "5.2.9"),
        "checkov believes a privileged container that drops capabilities",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and any(x.get("privileged") is True for x in _contexts(c))
        ),
    ),
    Explanation(
        ("5.2.8",),
        "checkov knows NET_RAW in capital letters only",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and _some_container(c, lambda x: "NET_RAW" in capabilities(x, "drop"))
        ),
    ),
    Explanation(
        ("5.2.8", "5.2.9"),
        "checkov takes CAP_ALL for ALL, of which a runtime makes CAP_CAP_ALL",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and _some_container(c, lambda x: "CAP_ALL" in capabilities(x, "drop"))
        ),
    ),
    Explanation(
        ("5.2.9",),
        "checkov allows nothing to be added; NET_BIND_SERVICE is allowed here",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and _some_container(c, lambda x: "NET_BIND_SERVICE" in capabilities(x, "add"))
        ),
    ),
    Explanation(
        ("5.4.1",),
        "checkov takes a reference that is null for one",
        lambda c: (c.ours, c.theirs) == ("pass", "fail") and _only_null_references(c),
    ),
    Explanation(
        ("5.6.2",),
        "of a CronJob checkov sees the pod's seccomp profile only, not the containers'",
        lambda c: (c.ours, c.theirs) == ("pass", "fail") and c.kind == "CronJob",
    ),
    Explanation(
        ("5.6.2",),
        "checkov does not accept a Localhost profile",
        lambda c: (
            (c.ours, c.theirs) == ("pass", "fail")
            and "Localhost" in [_profile(x) for x in (_pod(c), *_contexts(c))]
        ),
    ),
    Explanation(
        ("5.6.2",),
        "where the pod sets a profile, checkov does not see a container that overrides it",
        lambda c: (
            _profile(_pod(c)) is not None
            and any(_profile(x) not in (None, _profile(_pod(c))) for x in _contexts(c))
        ),
    ),
    Explanation(
        ("5.6.2",),
        "checkov believes the seccomp annotation, which Kubernetes no longer reads",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and "seccomp.security.alpha.kubernetes.io/pod"
            in (c.obj["metadata"].get("annotations") or {})
        ),
    ),
    Explanation(
        ("5.6.3",),
        "an empty security context counts as one for checkov, whose parser adds line marks to it",
        lambda c: (c.ours, c.theirs) == ("fail", "pass") and _empty_context(c),
    ),
    Explanation(
        ("5.1.3",),
        "checkov looks at the first rule of a role only",
        lambda c: (c.ours, c.theirs) == ("fail", "pass") and _later_star(c),
    ),
    Explanation(
        ("5.1.3",),
        "checkov takes */subresource and resource/* for wildcards",
        lambda c: (c.ours, c.theirs) == ("pass", "fail") and _star_beside(c),
    ),
    Explanation(
        ("5.1.11",),
        "checkov wants approve on signers as well",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and not any("approve" in (r.get("verbs") or []) for r in c.obj["rules"])
        ),
    ),
    Explanation(
        ("5.1.12",),
        "checkov does not count delete and deletecollection",
        lambda c: (
            (c.ours, c.theirs) == ("fail", "pass")
            and any(
                {"delete", "deletecollection"} & set(r.get("verbs") or []) for r in c.obj["rules"]
            )
        ),
    ),
    Explanation(
        ("5.1.3", "5.1.11", "5.1.12"),
        "checkov passes an aggregated role whose rules the folder does not hold",
        lambda c: (
            (c.ours, c.theirs) == ("unknown", "pass")
            and "aggregationRule" in c.obj
            and not c.obj.get("rules")
        ),
    ),
    Explanation(
        ("5.1.5",),
        "the default account of a namespace without workloads is not judged here",
        lambda c: c.ours == "none",
    ),
    Explanation(
        ("5.6.4",),
        "checkov puts into default what names no namespace; here it is unknown where it will go",
        lambda c: (
            (c.ours, c.theirs) == ("unknown", "fail") and not c.obj["metadata"].get("namespace")
        ),
    ),
    Explanation(
        ("5.6.4",),
        "what Kubernetes itself keeps in default is not the user's own",
        lambda c: (
            c.ours == "none"
            and (c.kind, _name(c))
            in {
                ("ConfigMap", "kube-root-ca.crt"),
                ("Service", "kubernetes"),
                ("ServiceAccount", "default"),
            }
        ),
    ),
)
