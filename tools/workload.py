"""Any workload as one shape: its pod template, all its containers, its pods; and lookups over kinds.

Holds how a pod specification is read (container over pod over default, owners), not what
is right or wrong: that is for the checks. Used by the checks, the scan and the queries.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, structs

from tools.access import Rights
from tools.objects.core import Namespace, ServiceAccount
from tools.objects.kinds import BUILT_IN_WORKLOADS, JUDGING_POLICIES, KINDS, TEMPLATED_KINDS, Kind
from tools.objects.meta import Metadata
from tools.objects.pod import Container as ContainerSpec
from tools.objects.pod import PodSecurityContext, PodSpec, PodTemplate, SecurityContext
from tools.pod_security import NEWEST
from tools.types import ANY_KIND, PASSED, Evidence, Gap, Judgement, ResourceRef, Verdict, evidence
from tools.windows import is_windows

WORKLOAD_KINDS = (*TEMPLATED_KINDS, *BUILT_IN_WORKLOADS)
"""Kinds with a pod specification that is judged, owners before what they own."""

POLICY_KINDS = ("ValidatingAdmissionPolicyBinding", *JUDGING_POLICIES, "Constraint")
"""Kinds whose objects may judge pods at admission (`tools.objects.policy`)."""

DEFAULT = "default"
"""Namespace of an object that names none; service account of a pod that names none."""


class Sort(StrEnum):
    """Which of the three lists of a pod a container stands in, in the order they are looked at."""

    INIT = "init"
    ORDINARY = "ordinary"
    EPHEMERAL = "ephemeral"


_FIELDS = (
    (Sort.INIT, "initContainers"),
    (Sort.ORDINARY, "containers"),
    (Sort.EPHEMERAL, "ephemeralContainers"),
)


class Container(Struct, gc=False):
    """One container with the values that hold for it: its own, else the pod's, else the default."""

    name: str
    path: str
    """For example `spec.template.spec.initContainers[0]`."""
    sort: Sort
    spec: ContainerSpec
    pod: PodSpec
    """The specification it stands in."""
    pod_path: str
    privileged: bool
    allow_privilege_escalation: bool | None
    """None where it is not set; Kubernetes then allows it."""
    run_as_user: int | None
    run_as_non_root: bool
    seccomp: str | None
    """Type of the profile in effect by the fields; None where neither level sets one."""
    host_process: bool
    added: tuple[str, ...]
    """Capabilities in upper case without CAP_, in the order written: whatever may be meant counts."""
    dropped: tuple[str, ...]
    """Capabilities in upper case, else as written: runtimes put CAP_ before each, so that a name
    with CAP_ drops nothing."""

    @property
    def label(self) -> str:
        """How a reason names it: sort and name."""
        ordinary = self.sort is Sort.ORDINARY
        return f"container {self.name}" if ordinary else f"{self.sort} container {self.name}"


class Workload(Struct, gc=False):
    """One workload, or a pod that no workload of the scan owns."""

    ref: ResourceRef
    metadata: Metadata
    """The object's own."""
    spec: PodSpec
    path: str
    """Where `spec` stands in the object."""
    annotations: Mapping[str, Any]
    """Of the pods."""
    annotations_path: str
    containers: tuple[Container, ...]
    """Init, ordinary, ephemeral."""
    windows: bool
    account: str
    """The service account in effect."""
    pods: int = 0
    """Running pods seen that come from it; 1 for a pod itself."""
    owned: tuple["Workload", ...] = ()
    """What it owns that is not as its template says, such as a pod with something injected: one of
    each that are alike. `judge_whole` judges it too."""


class Item(Struct, gc=False):
    """An object that is judged as it is: a Namespace, a ServiceAccount, any object in a namespace."""

    ref: ResourceRef
    object: Any
    """The kind's struct; for a workload the Workload."""


class Inventory(Struct):
    """Lookups across the kinds that one scan read. Checks get it beside their subject."""

    cluster: str
    live: bool
    """False for a folder of manifests."""
    standard: int = NEWEST
    """Minor version of Kubernetes 1 whose Pod Security policies hold (`tools.pod_security`)."""
    workloads: tuple[Workload, ...] = ()
    """All that are judged, of the namespaces of the scan."""
    namespaces: Mapping[str, Namespace] = {}
    accounts: Mapping[tuple[str, str], ServiceAccount] = {}
    """By namespace and name."""
    network_policies: Mapping[str, tuple[str, ...]] = {}
    """Names by namespace."""
    unplaced_policies: tuple[str, ...] = ()
    """NetworkPolicies of a folder that name no namespace; above they stand under `default`."""
    busy: frozenset[str] = frozenset()
    """Namespaces with at least one workload or pod."""
    policies: tuple[ResourceRef, ...] = ()
    """Objects of POLICY_KINDS that were found."""
    plugin_policies: tuple[ResourceRef, ...] = ()
    """Objects of `tools.objects.kinds.PLUGIN_POLICIES` that were found."""
    engines: tuple[ResourceRef, ...] = ()
    """Workloads that are known policy engines."""
    missing: Mapping[str, tuple[Gap, ...]] = {}
    """Kinds that could not be read (whole or in part), with what is missing."""
    rights: Rights = field(default_factory=Rights)
    """Roles and bindings; in a scan of some namespaces the cluster's too."""
    scoped: bool = False
    """The scan looks into some namespaces only: what RoleBindings give elsewhere is not read."""
    partial: bool = False
    """The source holds what somebody put there, not all that the cluster has (a folder by hand)."""
    token_secrets: frozenset[tuple[str, str]] = frozenset()
    """Namespace and name of Secrets that a folder says hold the token of an account."""
    named_only: frozenset[tuple[str, str, str]] = frozenset()
    """Kind, namespace and name of objects that a partial source does not hold and others name."""

    def unread(self, kinds: Iterable[str], namespace: str = "") -> str:
        """Say which of the kinds could not be read (there, or at all) and why; empty if all were."""
        wanted = tuple(kinds)
        missing = {kind: self._gaps(kind, namespace) for kind in wanted}
        said = [f"{kind}: {gaps[0].why}" for kind, gaps in missing.items() if gaps]
        anything = self._gaps(ANY_KIND, namespace) if wanted else ()
        return "; ".join([*said, *(f"objects of any kind: {gap.why}" for gap in anything[:1])])

    def _gaps(self, kind: str, namespace: str) -> tuple[Gap, ...]:
        gaps = self.missing.get(kind, ())
        return tuple(gap for gap in gaps if not namespace or gap.namespace in ("", namespace))

    def not_held(self, kind: str, namespace: str, name: str) -> str:
        """Say that the folder does not hold an object that others name; empty where it does."""
        if (kind, namespace, name) not in self.named_only:
            return ""
        subject = "/".join(filter(None, (namespace, name)))
        return f"The folder does not hold {kind} {subject}: other objects only name it."

    def holds_account(self, namespace: str, name: str) -> bool:
        """Tell whether it is known what a service account says, or that there is none."""
        key = (namespace, name)
        return ("ServiceAccount", *key) not in self.named_only and (
            key in self.accounts or not self.partial
        )

    def account_ref(self, namespace: str, name: str) -> ResourceRef:
        """Make the reference of a service account, whether it was found or not."""
        account = self.accounts.get((namespace, name))
        uid = account.metadata.uid if account else None
        return ResourceRef(self.cluster, "v1", "ServiceAccount", namespace, name, uid or "")


NOT_ON_WINDOWS = Judgement(Verdict.NOT_APPLICABLE, "Windows pods do not have this setting.")


def capability(name: str) -> str:
    """Give an added capability's one spelling: upper case, without CAP_."""
    return name.upper().removeprefix("CAP_")


def name_of(metadata: Metadata) -> str:
    """Name an object; a manifest that leaves the name to the server has its generateName."""
    return metadata.name or metadata.generate_name or ""


def namespace_of(kind: Kind, metadata: Metadata) -> str:
    """Give the namespace an object is in; empty for a cluster-scoped kind."""
    return (metadata.namespace or DEFAULT) if kind.namespaced else ""


def ref_of(cluster: str, kind: Kind, metadata: Metadata) -> ResourceRef:
    """Make the reference of one object of a kind."""
    return ResourceRef(
        cluster,
        kind.group_version,
        kind.kind,
        namespace_of(kind, metadata),
        name_of(metadata),
        metadata.uid or "",
    )


_ATTRIBUTES = {"jobTemplate": "job_template", "jobTargetRef": "job_target_ref"}


def template_of(kind: str, obj: Any) -> PodTemplate:
    """Find the pod template of a workload object; an empty one where the object has none."""
    path = KINDS[kind].template_path
    if path == "spec":
        return PodTemplate(metadata=obj.metadata, spec=obj.spec)
    found = obj
    for part in path.split(".")[:-1]:
        found = getattr(found, _ATTRIBUTES.get(part, part), None)
    return found or PodTemplate()


def containers_of(spec: PodSpec, path: str) -> tuple[Container, ...]:
    """List all containers of a pod specification: init, ordinary, ephemeral."""
    lists = (spec.init_containers, spec.containers, spec.ephemeral_containers)
    return tuple(
        _container(container, f"{path}.{field}[{index}]", sort, spec, path)
        for (sort, field), listed in zip(_FIELDS, lists, strict=True)
        if listed
        for index, container in enumerate(listed)
    )


def _container(
    spec: ContainerSpec, path: str, sort: Sort, pod_spec: PodSpec, pod_path: str
) -> Container:
    """Work out what holds for one container."""
    own = spec.security_context
    outer = pod_spec.security_context
    user = outer.run_as_user if outer else None
    non_root = outer.run_as_non_root if outer else None
    seccomp = outer.seccomp_profile if outer else None
    windows = outer.windows_options if outer else None
    host_process = windows.host_process if windows else None
    privileged, escalation, added, dropped = None, None, (), ()
    if own:
        privileged, escalation = own.privileged, own.allow_privilege_escalation
        user = user if own.run_as_user is None else own.run_as_user
        non_root = non_root if own.run_as_non_root is None else own.run_as_non_root
        seccomp = own.seccomp_profile or seccomp
        if own.windows_options and own.windows_options.host_process is not None:
            host_process = own.windows_options.host_process
        if own.capabilities:
            added = tuple(capability(name) for name in own.capabilities.add or ())
            dropped = tuple(name.upper() for name in own.capabilities.drop or ())
    return Container(
        name=spec.name,
        path=path,
        sort=sort,
        spec=spec,
        pod=pod_spec,
        pod_path=pod_path,
        privileged=privileged is True,
        allow_privilege_escalation=escalation,
        run_as_user=user,
        run_as_non_root=non_root is True,
        seccomp=seccomp.type if seccomp else None,
        host_process=host_process is True,
        added=added,
        dropped=dropped,
    )


def workload_of(
    cluster: str, kind: Kind, obj: Any, owned: tuple[Workload, ...] = (), pods: int = 0
) -> Workload:
    """Read one object of WORKLOAD_KINDS, with what it owns in the end and the number of its pods."""
    template = template_of(kind.kind, obj)
    spec = template.spec or PodSpec()
    path = kind.template_path
    return Workload(
        ref=ref_of(cluster, kind, obj.metadata),
        metadata=obj.metadata,
        spec=spec,
        path=path,
        annotations=(template.metadata.annotations if template.metadata else None) or {},
        annotations_path=path.removesuffix("spec") + "metadata.annotations",
        containers=containers_of(spec, path),
        windows=is_windows(spec),
        account=spec.service_account_name or spec.service_account or DEFAULT,
        pods=1 if kind.kind == "Pod" else pods,
        owned=owned,
    )


def judge_whole(
    judge: Callable[[Any, Any], Judgement | None], subject: Any, cluster: Inventory
) -> Judgement | None:
    """Judge a subject by a check; a workload by what it owns too, of which the worst counts."""
    said = judge(subject, cluster)
    for each in subject.owned if isinstance(subject, Workload) else ():
        other = judge(each, cluster)
        if other and _rank(other) > _rank(said):
            said = _of_owned(each.ref, other)
    return said


def _rank(judgement: Judgement | None) -> int:
    verdict = judgement.verdict if judgement else Verdict.PASS
    return {Verdict.FAIL: 2, Verdict.UNKNOWN: 1}.get(verdict, 0)


def _of_owned(ref: ResourceRef, judgement: Judgement) -> Judgement:
    """Say of which object a judgement is, in words and at its evidence."""
    reason = f"{ref.kind} {ref.name} is not as its owner's template: {judgement.reason}"
    facts = (structs.replace(each, ref=each.ref or ref) for each in judgement.evidence)
    return structs.replace(judgement, reason=reason, evidence=tuple(facts))


def failed(deciding: list[tuple[Container, Evidence]], why: str) -> Judgement:
    """Judge a workload failed by these containers: the first is named, evidence lists all.

    `deciding` holds at least one container, in the workload's order, with the field that decided;
    `why` is the rest of a sentence that begins with the container.
    """
    first = deciding[0][0]
    label = first.label
    more = len({c.name for c, _ in deciding}) - 1
    others = f" (and {more} more)" if more else ""
    return Judgement(
        Verdict.FAIL,
        f"{label[0].upper()}{label[1:]}{others} {why}.",
        first.name,
        tuple(fact for _, fact in deciding),
    )


def setting(container: Container, attribute: str, field: str) -> Evidence:
    """Show a security setting where it is set: in the container, else in the pod, else not at all."""
    own = getattr(container.spec.security_context, attribute, None)
    outer = getattr(container.pod.security_context, attribute, None)
    inherited = own is None and outer is not None
    path = container.pod_path if inherited else container.path
    value = outer if inherited else own
    return evidence(f"{path}.securityContext.{field}", value)


def judge_as_written(
    subject: Workload,
    find: Callable[[PodSecurityContext | SecurityContext], Iterable[tuple[str, object]]],
    why: str,
) -> Judgement:
    """Fail where a security context, the pod's or any container's, holds something that is refused.

    Each is looked at by itself, whatever another level says. `find` gives the fields (below
    securityContext) and values that are refused; `why` is the rest of a sentence that begins with
    the pod or the container.
    """
    outer = subject.spec.security_context
    of_pod = [
        evidence(f"{subject.path}.securityContext.{field}", value)
        for field, value in (find(outer) if outer else ())
    ]
    deciding = [
        (c, evidence(f"{c.path}.securityContext.{field}", value))
        for c in subject.containers
        if c.spec.security_context
        for field, value in find(c.spec.security_context)
    ]
    if not of_pod:
        return failed(deciding, why) if deciding else PASSED
    first = deciding[0][0].name if deciding else ""
    facts = (*of_pod, *(fact for _, fact in deciding))
    return Judgement(Verdict.FAIL, f"The pod {why}.", first, facts)


def unmasked(context: PodSecurityContext | SecurityContext) -> Iterable[tuple[str, object]]:
    """Give procMount where a container sets another than Default; for `judge_as_written`."""
    mount = getattr(context, "proc_mount", None)
    return () if mount in (None, "Default") else (("procMount", mount),)
