"""What this floor hands out: references, evidence, findings, gaps, scans; targets, actions, operations.

Finding, Evidence, ResourceRef and Gap are msgspec Structs because one scan makes a hundred
thousand of them. Holds data, and the one way to make evidence of a value. Used by every module of
the floor and by `bot`.
"""

import re
from datetime import datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tools import redact


class All(Enum):
    """Everything of its sort, said outright: no empty or missing value ever stands for it."""

    ALL = "all"


ALL = All.ALL

Namespaces = tuple[str, ...] | All
"""Namespaces by name, or ALL of a cluster; an empty tuple is none of them."""


class Verdict(StrEnum):
    """What a check says of one object. Unknown is never shown as pass."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Severity(StrEnum):
    """How bad a failing finding is; ours, see each check. Drives exit codes and order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANK[self]


_RANK = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 2, Severity.CRITICAL: 3}


class Subject(StrEnum):
    """What a check is handed, one at a time (see `tools.scan`)."""

    WORKLOAD = "workload"
    """`tools.workload.Workload`: one pod template with all its containers."""
    ROLE = "role"
    """A Role or ClusterRole."""
    BINDING = "binding"
    """A RoleBinding or ClusterRoleBinding."""
    SERVICE_ACCOUNT = "service-account"
    NAMESPACE = "namespace"
    OBJECT = "object"
    """Any object that a user made, of the kinds the check names."""
    CLUSTER = "cluster"
    """The whole cluster, once: for controls that objects alone cannot settle."""


class ResourceRef(Struct, frozen=True, gc=False):
    """Names one object of one cluster."""

    cluster: str
    api_version: str
    kind: str
    namespace: str
    """Empty for cluster-scoped kinds."""
    name: str
    uid: str = ""
    """Set once the object was seen on a live cluster; empty in a folder of manifests."""


class Evidence(Struct, frozen=True, gc=False):
    """One field that decided, as it was read. Redacted, at most 300 bytes of value."""

    path: str
    """Field path, for example `spec.template.spec.containers[0].securityContext.privileged`."""
    value: str
    """The value as JSON text, long lists shortened; `(not set)` where the absence decides."""
    ref: ResourceRef | None = None
    """Set when the field is of another object than the finding's own."""
    resource_version: str = ""


NOT_SET = "(not set)"
"""The evidence value where the absence of a field decides."""

MAX_VALUE_BYTES = 300
"""The longest evidence value, in bytes of UTF-8; a longer one is cut and ends in `...`."""

_LAST_NAME = re.compile(r"[^\[\].']+|(?<=\[')[^']+")
_PLAIN = {True: "true", False: "false"}


def evidence(path: str, value: object, ref: ResourceRef | None = None) -> Evidence:
    """Make evidence of a decoded value; None becomes `(not set)`, the rest JSON text.

    It is masked first, by the name of the field that the path ends in. A long value keeps the first
    elements of its lists, whole; only a text that is long itself is cut.
    """
    if value is None:
        return Evidence(path, NOT_SET, ref)
    if isinstance(value, bool):
        return Evidence(path, _PLAIN[value], ref)
    if not isinstance(value, int):
        value = redact.field(_LAST_NAME.findall(path)[-1], msgspec.to_builtins(value))
    encoded = msgspec.json.encode(value)
    for most in _MOST if len(encoded) > MAX_VALUE_BYTES and not isinstance(value, str) else ():
        encoded = msgspec.json.encode(_with_shorter_lists(value, most))
        if len(encoded) <= MAX_VALUE_BYTES:
            break
    if len(encoded) > MAX_VALUE_BYTES:
        return Evidence(path, encoded[: MAX_VALUE_BYTES - 3].decode(errors="ignore") + "...", ref)
    return Evidence(path, encoded.decode(), ref)


_MOST = (16, 8, 4, 2, 1)
"""Elements of each list that a long value keeps: the most with which it fits."""


def _with_shorter_lists(value: Any, most: int) -> Any:
    """Cut lists after whole elements, and say in a last one how many are left out."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _with_shorter_lists(item, most) for key, item in entries.items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        kept = [_with_shorter_lists(item, most) for item in items[:most]]
        return kept + ([f"and {len(items) - most} more"] if len(items) > most else [])
    return value


class Finding(Struct, frozen=True, gc=False):
    """What one check says of one object, with the fields that decided."""

    check: str
    controls: tuple[str, ...]
    """Control ids of the benchmark scanned that the check answers."""
    severity: Severity
    verdict: Verdict
    ref: ResourceRef
    container: str
    """The first deciding container, or empty."""
    reason: str
    evidence: tuple[Evidence, ...]
    fingerprint: str
    """Stable over scans: check, cluster, kind, namespace, name, container; never uid or words."""
    pods: int = 0
    """How many pods of this workload the scan saw; 0 for other objects and for bare templates."""


ANY_KIND = "*"
"""The kind of a gap that could hold objects of every kind: a file that does not parse."""


class Gap(Struct, frozen=True, gc=False):
    """Something that could not be looked at although this source should have given it."""

    what: str
    """A kind, a file (with its line), or one object."""
    why: str
    kind: str = ""
    """The Kubernetes kind concerned, so that checks needing it turn unknown; `Pod` for whatever makes
    pods; ANY_KIND where it may be each; empty where it decides nothing."""
    namespace: str = ""
    """Where what is missing stands; empty where that is not certain."""
    refused: bool = False
    """True for a kind that is deliberately not granted: makes checks unknown, is not listed."""


class ControlResult(Struct, frozen=True, gc=False):
    """One control's line of a scan."""

    id: str
    title: str
    section: str
    verdict: Verdict
    counts: dict[Verdict, int]
    """Findings by verdict, all four keys present."""
    reason: str = ""
    """Why it is unknown or not applicable, for controls without findings."""


class Scan(Struct, frozen=True):
    """One pass over one cluster, judged by one benchmark."""

    id: str
    cluster: str
    benchmark: str
    namespaces: tuple[str, ...]
    """As it is stored: empty for the whole cluster; see `scope`."""
    started_at: datetime
    finished_at: datetime
    summary: dict[Verdict, int]
    """Findings by verdict, all four keys present."""
    controls: tuple[ControlResult, ...]
    findings: tuple[Finding, ...]
    """Fail and unknown; passes and not-applicable too when the scan was asked to keep them."""
    gaps: tuple[Gap, ...]
    objects: dict[str, int] = {}
    """How many objects of each kind in its scope were read: what an answer says it looked at."""
    built_in: dict[str, int] = {}
    """How many roles and bindings of each kind are left out as Kubernetes' own (`tools.bootstrap`)."""
    kubernetes: str = ""
    """The version of Kubernetes whose rules held, and why that one: `tools.pod_security.Standard.said`.
    Empty for a benchmark whose rules do not follow it."""

    @property
    def scope(self) -> Namespaces:
        """What was looked into."""
        return self.namespaces or ALL


class Check(Struct, frozen=True, gc=False):
    """What a check module declares as `CHECK`; its id is the file's stem, its docstring the page."""

    title: str
    """The bad thing, in a few words: `Privileged container`."""
    severity: Severity
    subject: Subject
    kinds: tuple[str, ...]
    """Kinds whose absence from the scan makes the verdict unknown, beyond the subject's own."""
    source: str
    """URL of the rule."""


class Judgement(Struct, frozen=True, gc=False):
    """What a check's `judge(subject, cluster)` returns; the scan turns it into a Finding.

    A check returns None instead for an object that its rule leaves out: then nothing is counted.
    """

    verdict: Verdict
    reason: str = ""
    """One sentence with the names that matter; empty for a pass."""
    container: str = ""
    evidence: tuple[Evidence, ...] = ()


PASSED = Judgement(Verdict.PASS)
"""The one pass that checks share, so that a pass costs nothing."""


class ClusterSource(StrEnum):
    """How a cluster is reached."""

    KUBECONFIG = "kubeconfig"
    IN_CLUSTER = "in-cluster"
    FOLDER = "folder"


class ClusterConfig(Struct, frozen=True):
    """One configured cluster."""

    name: str
    source: ClusterSource
    context: str = ""
    """KUBECONFIG: the context's name; empty for the current one."""
    kubeconfig: str = ""
    """KUBECONFIG: path of the file; empty for the default."""
    folder: str = ""
    """FOLDER: path of the manifests."""
    apply_namespace: str = ""
    """FOLDER: where objects without a namespace go; empty where nobody says."""
    requests_per_second: float = 20.0
    """The most requests a second, over all readers of this cluster in this process."""
    timeout_s: float = 30.0
    """For one request."""
    configmaps: bool = False
    """Opens ConfigMap values (redacted)."""
    logs: bool = False
    """Opens pod logs (redacted)."""


class RiskLevel(StrEnum):
    """How much a change may break; set by code, never by a model."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low to 2 for high."""
        return list(RiskLevel).index(self)


class Risk(Struct, frozen=True):
    """A risk class with the sentences that led to it; never empty of reasons."""

    level: RiskLevel
    reasons: tuple[str, ...]


class Disruption(Struct, frozen=True):
    """What pods go through: whether any is made again, and replicas, strategy, budgets in words."""

    restarts: bool
    facts: tuple[str, ...]


DnsLabel = Annotated[str, Meta(max_length=63, pattern=r"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")]
"""RFC 1123 label: a namespace, a container, a volume. Checked where an action is decoded."""

DnsName = Annotated[str, Meta(max_length=253, pattern=r"\A[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")]
"""RFC 1123 subdomain: what most objects are named by."""

PathName = Annotated[
    str, Meta(max_length=253, pattern=r"\A[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?\Z")
]
"""A path segment as RBAC objects and subjects may be named, `system:node` too. No wildcard, no slash."""

CheckId = Annotated[str, Meta(max_length=63, pattern=r"\A[a-z][a-z0-9_]*\Z")]
"""The stem of a file of `tools.checks`."""


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """The one object that an action is about; for a new namespaced object the place and name of it."""

    cluster: PathName
    api_version: Annotated[str, Meta(max_length=63)]
    """The one of `tools.objects.kinds`; the vocabulary takes no other."""
    kind: Annotated[str, Meta(max_length=63)]
    namespace: Annotated[str, Meta(max_length=63, pattern=r"\A([a-z0-9]([-a-z0-9]*[a-z0-9])?)?\Z")]
    """Empty for cluster-scoped kinds."""
    name: PathName
    uid: Annotated[str, Meta(max_length=64, pattern=r"\A([A-Za-z0-9][A-Za-z0-9-]*)?\Z")] = ""
    """Empty where the object does not exist yet."""

    @property
    def ref(self) -> ResourceRef:
        """The object, as findings name it; of the place and name alone."""
        return ResourceRef(self.cluster, self.api_version, self.kind, self.namespace, self.name)


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action"):
    """Base of every action in `tools.actions`. Holds no person. `tools.vocabulary` decodes them."""

    target: Target
    answers: Annotated[tuple[CheckId, ...], Meta(max_length=40)] = ()
    """Ids of the checks whose findings it is to answer."""


class Verb(StrEnum):
    """What one operation does to one object."""

    PATCH = "patch"
    CREATE = "create"
    DELETE = "delete"


FieldPath = tuple[str | int, ...]
"""A field of an object: member names and list indexes from the root."""


class Change(Struct, frozen=True):
    """One touched field. UNSET stands for absent, None for a written null."""

    path: FieldPath
    before: Any | UnsetType = UNSET
    after: Any | UnsetType = UNSET


class Fixed(Struct, frozen=True):
    """A value that must still stand for the changes to mean what they meant: a container's name."""

    path: FieldPath
    value: Any


class Operation(Struct, frozen=True):
    """One cluster step on one object: PATCH has changes, CREATE a manifest, DELETE neither."""

    verb: Verb
    target: Target
    """PATCH and DELETE hold its uid as a precondition (DELETE the resourceVersion just read too)."""
    changes: tuple[Change, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    manifest: dict[str, Any] = {}
    """CREATE: the whole object, with name and namespace, without anything a server sets."""
