"""What the checks say of an object as it is and as a plan would leave it: fixed, and still open. Pure.

The checks are those of every scan; the object is masked before they see it, as a scan's objects are.
Of a namespace and a service account it is taken that workloads are there. Used by `tools.vocabulary`,
by the actions, and for what Pod Security says of a pod template.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from knowledge import catalogue
from tools import redact
from tools.discovery import checks
from tools.objects.core import ServiceAccount
from tools.objects.kinds import KINDS
from tools.planning.patching import applied
from tools.plans import Around, Json, Plan
from tools.pod_security import NEWEST
from tools.rbac import binding_of, role_of
from tools.types import Gap, Judgement, Severity, Subject, Target, Verb, Verdict
from tools.workload import WORKLOAD_KINDS, Inventory, Item, Workload, ref_of, workload_of

BENCHMARK = "cis-1.12"
"""By which it is said what stays open."""
ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("baseline", "restricted")
"""Levels of Pod Security that refuse pods."""

_GOOD = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE})
_MOST_NAMES = 10
_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "podman.sock")
"""Of container runtimes: who reaches one starts any container on the node, as root."""


_KINDS: Mapping[Subject, tuple[str, ...]] = {
    Subject.WORKLOAD: WORKLOAD_KINDS,
    Subject.ROLE: ("Role", "ClusterRole"),
    Subject.BINDING: ("RoleBinding", "ClusterRoleBinding"),
    Subject.SERVICE_ACCOUNT: ("ServiceAccount",),
    Subject.NAMESPACE: ("Namespace",),
}
"""What a check is about; one of anything else is not judged here."""


class Claims(Struct, frozen=True):
    """What a plan comes to, by the checks."""

    fixed: tuple[str, ...]
    """Checks that fail before and pass after, worst first."""
    told: frozenset[str] = frozenset()
    """Checks that are fine before, or told of in `left`."""
    left: tuple[str, ...] = ()
    """Of a workload: one sentence for each check that fails all the same, worst first."""


def claims(
    plan: Plan, target: Target, obj: Json, candidates: Sequence[str], around: Around
) -> Claims:
    """Judge a target before and after a plan. Where nothing of the plan shows on it, its own word stands."""
    operation = next((each for each in plan.operations if _is_of(each.target, target)), None)
    if operation is None or not candidates:
        return Claims(plan.answers)
    made = [each.manifest for each in plan.operations if each.verb is Verb.CREATE]
    before = _Seen(target.cluster, obj, inventory(target, around))
    failing = [check for check in candidates if before.fails(check)]
    fine = frozenset(check for check in candidates if before.passes(check))
    if operation.verb is Verb.DELETE:
        return Claims(tuple(failing), fine)
    after = _Seen(target.cluster, applied(obj, operation.changes), inventory(target, around, made))
    fixed = sorted(
        (c for c in failing if after.passes(c)), key=lambda check: -_severity(check).rank
    )
    left = after.still_open()
    return Claims(tuple(fixed), fine | left.keys(), tuple(left.values()))


def enforced(around: Around) -> str:
    """Give the level that the target's namespace enforces; empty where it refuses nothing or was not read."""
    level = str((around.namespace_labels or {}).get(ENFORCE) or "")
    return level if level in LEVELS else ""


def violations(cluster: str, obj: Json, level: str, standard: int = NEWEST) -> dict[str, str]:
    """Say by check why Pod Security refuses the pods of a template at a level; empty where it does not."""
    if not level:
        return {}
    seen = _Seen(cluster, obj, Inventory(cluster, live=True, standard=standard))
    ids = dict.fromkeys(
        check for control in catalogue.controls(f"pss-{level}") for check in control.checks
    )
    return {check: seen.reason(check) for check in ids if seen.fails(check)}


def inventory(target: Target, around: Around, made: Iterable[Json] = ()) -> Inventory:
    """Give what checks look up beside their subject: the namespace's service accounts, with new ones."""
    namespace = target.namespace or target.name
    listed = around.others.get("ServiceAccount")
    created = [each for each in made if each.get("kind") == "ServiceAccount"]
    accounts = [msgspec.convert(each, ServiceAccount) for each in (*(listed or ()), *created)]
    unread = {} if listed is not None else {"ServiceAccount": (Gap("ServiceAccount", "not read"),)}
    return Inventory(
        target.cluster,
        live=True,
        accounts={(namespace, each.metadata.name or ""): each for each in accounts},
        busy=frozenset({namespace}),
        missing=unread,
        partial=around.partial,
    )


class _Seen:
    """One object under the eyes of the checks."""

    def __init__(self, cluster: str, obj: Json, around: Inventory) -> None:
        self._inventory = around
        self._kind = str(obj.get("kind"))
        self._subject = _subject(cluster, self._kind, redact.document(obj))

    def fails(self, check: str) -> bool:
        """Tell whether a check fails."""
        said = self._judged(check, self._subject)
        return said is not None and said.verdict is Verdict.FAIL

    def passes(self, check: str) -> bool:
        """Tell whether a check passes, or has nothing to judge."""
        said = self._judged(check, self._subject)
        return said is None or said.verdict in _GOOD

    def reason(self, check: str) -> str:
        """Say why a check fails, with every container that does by name."""
        said = self._judged(check, self._subject)
        if said is None:
            return ""
        others = self._containers(check)[1:]
        if not said.container or not others:
            return said.reason
        more = f", {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
        named = f" (and {', '.join(others[:_MOST_NAMES])}{more})"
        return said.reason.replace(f" (and {len(others)} more)", named, 1)

    def still_open(self) -> dict[str, str]:
        """Say by check what a workload fails by the benchmark, worst first; nothing of any other kind."""
        if not isinstance(self._subject, Workload):
            return {}
        found: dict[str, list[str]] = {}
        for control in catalogue.controls(BENCHMARK):
            for check in control.checks:
                if checks()[check].check.subject is Subject.WORKLOAD and self.fails(check):
                    found.setdefault(check, []).append(control.id)
        sockets = tuple(self._sockets())
        lines = [
            (not (sockets and check == "host_path_volume"), -_severity(check).rank, check, ids)
            for check, ids in found.items()
        ]
        return {
            check: f"{(self.reason(check) if plain else _stays(sockets)).rstrip('.')} ({', '.join(ids)})."
            for plain, _, check, ids in sorted(lines)
        }

    def _containers(self, check: str) -> list[str]:
        """Name the containers that fail a check, each judged alone."""
        if not isinstance(self._subject, Workload):
            return []
        alone = (
            (one.name, self._judged(check, structs.replace(self._subject, containers=(one,))))
            for one in self._subject.containers
        )
        return [name for name, said in alone if said and said.verdict is Verdict.FAIL]

    def _sockets(self) -> Iterator[str]:
        """Give the paths of a container runtime's socket that the pod mounts."""
        assert isinstance(self._subject, Workload)
        for volume in self._subject.spec.volumes or ():
            path = (volume.host_path.path if volume.host_path else "") or ""
            if path.rpartition("/")[2] in _SOCKETS:
                yield path

    def _judged(self, check: str, subject: Any) -> Judgement | None:
        module = checks()[check]
        about = subject is not None and self._kind in _KINDS.get(module.check.subject, ())
        return module.judge(subject, self._inventory) if about else None


def _subject(cluster: str, kind_name: str, obj: Json) -> Any:
    """Give an object as its checks take it; None for one that cannot be read."""
    kind = KINDS[kind_name]
    try:
        read: Any = msgspec.convert(obj, kind.struct)
    except msgspec.ValidationError:
        return None
    if kind_name in WORKLOAD_KINDS:
        return workload_of(cluster, kind, read)
    ref = ref_of(cluster, kind, read.metadata)
    if kind_name.endswith("Binding"):
        return binding_of(ref, read)
    return role_of(ref, read) if kind_name.endswith("Role") else Item(ref, read)


def _stays(sockets: Sequence[str]) -> str:
    return f"The node's container runtime socket stays mounted: {', '.join(sockets)}"


def _severity(check: str) -> Severity:
    return checks()[check].check.severity


def _is_of(one: Target, other: Target) -> bool:
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)
