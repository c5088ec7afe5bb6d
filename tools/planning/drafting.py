"""What all plans have in common: the object is the one meant, its patch and owner, risks put together.

Pure. Used by the actions, one of which is added without touching this file.
"""

from collections.abc import Iterable

from msgspec import Struct

from tools.planning.ownership import owner_of
from tools.planning.patching import as_object, changes_between, fixed_by, matches, touched
from tools.planning.rollout import disruption_of
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Operation, Risk, RiskLevel, Target, Verb

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Where the cluster's own parts run."""

MADE_BY = "app.kubernetes.io/managed-by"
"""Label of what Oakum creates; its value is no owner (`tools.planning.ownership`)."""

UNDO_FIELDS = "Sets the same fields back, as long as nobody changed them since."
UNDO_CREATED = "Deletes what it created, and nothing else, each by its uid."

RBAC_HANDOVER = (
    "Kubernetes lets only those change a role or binding who hold every permission left in it: an "
    "administrator has to apply this."
)
"""Why changes of RBAC objects are handed over."""


class Draft(Struct, frozen=True):
    """An existing object as it should be, with what its action knows about that."""

    target: Target
    before: Json
    after: Json
    touches: tuple[Pattern, ...]
    risks: tuple[Risk, ...]
    notes: tuple[str, ...] = ()


def found(target: Target, obj: Json | None) -> Json | Refusal:
    """Give the object if it is the one that the target means."""
    if obj is None:
        where = f" in {target.namespace}" if target.namespace else ""
        return Refusal(
            Reason.MISSING,
            f"There is no {target.kind} {target.name}{where}.",
            "Look at what there is.",
        )
    metadata = as_object(obj.get("metadata"))
    meant = (target.kind, target.name, target.namespace)
    there = (obj.get("kind", target.kind), metadata.get("name"), metadata.get("namespace", ""))
    if meant != (*there[:2], there[2] or (target.namespace and "default")):
        return Refusal(Reason.MISSING, f"What was read is not {target.kind} {target.name}.")
    if target.uid and metadata.get("uid") != target.uid:
        return Refusal(
            Reason.MISSING,
            f"{target.kind} {target.name} was made again since: it is another object.",
            "Look at it again.",
        )
    if metadata.get("deletionTimestamp"):
        return Refusal(Reason.MISSING, f"{target.kind} {target.name} is being deleted.")
    return obj


def patch_plan(draft: Draft, around: Around) -> Plan | Refusal:
    """Make the plan of a patch; refuses where nothing would change."""
    target = draft.target
    changes = changes_between(draft.before, draft.after)
    if not changes:
        return Refusal(Reason.ALREADY_FINE, f"{target.kind} {target.name} is already so.")
    paths = tuple(touched(changes))
    outside = [path for path in paths if not matches(path, draft.touches)]
    if outside:
        raise AssertionError(f"an action left its fields: {outside[0]}")
    meant = Target(
        target.cluster,
        target.api_version,
        target.kind,
        target.namespace,
        target.name,
        str(as_object(draft.before.get("metadata")).get("uid") or ""),
    )
    disruption = disruption_of(target, draft.before, changes, around)
    owner = owner_of(draft.before, paths)
    return Plan(
        operations=(Operation(Verb.PATCH, meant, changes, fixed_by(draft.before, changes)),),
        risk=combined((*draft.risks, *place_risks(target, draft.before, disruption.restarts))),
        disruption=disruption,
        touches=draft.touches,
        undo=UNDO_FIELDS,
        handover=f"{owner} would write it back." if owner else "",
        notes=draft.notes,
    )


def place_risks(target: Target, obj: Json, restarts: bool) -> tuple[Risk, ...]:
    """Give the risks that come from where the object is and how many pods it has."""
    risks: list[Risk] = []
    if target.namespace in SYSTEM_NAMESPACES or target.name in SYSTEM_NAMESPACES:
        risks.append(Risk(RiskLevel.HIGH, ("It is part of the cluster itself.",)))
    spec = as_object(obj.get("spec"))
    alone = target.kind in ("Deployment", "StatefulSet") and spec.get("replicas", 1) == 1
    if restarts and (alone or as_object(spec.get("strategy")).get("type") == "Recreate"):
        risks.append(Risk(RiskLevel.MEDIUM, ("Nothing else serves while its pods are replaced.",)))
    if restarts and target.kind == "DaemonSet":
        risks.append(Risk(RiskLevel.MEDIUM, ("It runs on every node.",)))
    return tuple(risks)


def low(reason: str) -> Risk:
    """Give a low risk for one reason."""
    return Risk(RiskLevel.LOW, (reason,))


def medium(reason: str) -> Risk:
    """Give a medium risk for one reason."""
    return Risk(RiskLevel.MEDIUM, (reason,))


def high(reason: str) -> Risk:
    """Give a high risk for one reason."""
    return Risk(RiskLevel.HIGH, (reason,))


def combined(risks: Iterable[Risk]) -> Risk:
    """Take the highest level and all reasons, those of the highest level first."""
    ordered = sorted(risks, key=lambda risk: -risk.level.rank)
    reasons = dict.fromkeys(reason for risk in ordered for reason in risk.reasons)
    return Risk(ordered[0].level, tuple(reasons))


def creation(beside: Target, api_version: str, manifest: Json) -> Operation:
    """Make the step that creates an object in the place of another (a Namespace: in itself)."""
    namespace = beside.namespace or beside.name
    metadata = as_object(manifest["metadata"])
    whole: Json = {
        "apiVersion": api_version,
        **manifest,
        "metadata": {
            "name": metadata["name"],
            "namespace": namespace,
            "labels": {MADE_BY: "oakum", **as_object(metadata.get("labels"))},
        },
    }
    target = Target(beside.cluster, api_version, manifest["kind"], namespace, metadata["name"])
    return Operation(Verb.CREATE, target, manifest=whole)


def taken(operations: Iterable[Operation], around: Around) -> Refusal | None:
    """Refuse to create what is there already, or where that could not be read."""
    for operation in operations:
        target = operation.target
        listed = around.others.get(target.kind)
        if listed is None:
            return not_read(target.kind)
        if any(as_object(obj.get("metadata")).get("name") == target.name for obj in listed):
            return Refusal(
                Reason.NO_SAFE_FIX,
                f"There already is a {target.kind} {target.name} in {target.namespace}.",
                "Choose another name, or change the one that is there.",
            )
    return None


def not_read(kind: str) -> Refusal:
    """Refuse because a kind that decides could not be read."""
    return Refusal(
        Reason.NOT_READ,
        f"It depends on {kind} objects, which could not be read.",
        f"Let Oakum's account list them, or change it by hand with {kind} objects in view.",
    )
