"""A service account of its own for a workload, without a token.

Refused where the account it has now holds rights, or where its token is plainly in use, unless a
person confirms that the workload does without. Rights are not copied: they are for people to give.
"""

import copy
from collections.abc import Iterator

from tools.planning.drafting import (
    UNDO_CREATED,
    Draft,
    creation,
    found,
    high,
    medium,
    patch_plan,
    taken,
)
from tools.planning.patching import as_list, as_object, value_at
from tools.planning.rollout import IN_PLACE, is_windows, rights_of, spec_of, spec_path
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, DnsName, Risk

KINDS = IN_PLACE
NEEDS = ("ServiceAccount", "RoleBinding", "ClusterRoleBinding")
ANSWERS = ("default_service_account_used", "service_account_token_mounted")
_CLOUD = (
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
)
"""Annotations of an account that give its pods an identity at a cloud."""

_SERVER_GROUPS = ("system:serviceaccounts", "system:authenticated")


class OwnServiceAccount(Action, frozen=True, kw_only=True, tag="own_service_account"):
    """The new account's name, and whether a person confirmed that present rights may go."""

    account: DnsName
    confirmed: bool = False


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of the pod specification that are set."""
    place = tuple(map(str, spec_path(kind)))
    return tuple(
        (*place, field)
        for field in ("serviceAccountName", "serviceAccount", "automountServiceAccountToken")
    )


def plan(action: OwnServiceAccount, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the account to create and the patch of the workload."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    spec = spec_of(target.kind, there)
    present = str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")
    if present == action.account:
        return Refusal(
            Reason.ALREADY_FINE, f"{target.kind} {target.name} already runs as {present}."
        )
    account = _account(present, around)
    create = creation(target, "v1", _manifest(action.account, account))
    in_use = tuple(_in_use(present, target.namespace, spec, account, around))
    refusal = taken((create,), around) or _refused(action, present, in_use)
    if refusal:
        return refusal
    patched = patch_plan(
        Draft(
            target,
            there,
            _changed(target.kind, there, action.account),
            touches(target.kind),
            _risks(in_use),
            _notes(spec),
        ),
        around,
    )
    if isinstance(patched, Refusal):
        return patched
    return Plan(
        (create, *patched.operations),
        patched.risk,
        patched.disruption,
        patched.touches,
        patched.answers,
        f"{patched.undo} {UNDO_CREATED}",
        handover=patched.handover,
        notes=patched.notes,
    )


def _account(name: str, around: Around) -> Json:
    """Find the present account; empty where it is not there or was not read."""
    for account in around.others.get("ServiceAccount", ()):
        if value_at(account, ("metadata", "name")) == name:
            return account
    return {}


def _manifest(name: str, present: Json) -> Json:
    """Write the account: no token, and the present one's pull secrets, or images could not be pulled."""
    manifest: Json = {
        "kind": "ServiceAccount",
        "metadata": {"name": name},
        "automountServiceAccountToken": False,
    }
    if present.get("imagePullSecrets"):
        manifest["imagePullSecrets"] = copy.deepcopy(present["imagePullSecrets"])
    return manifest


def _changed(kind: str, obj: Json, account: str) -> Json:
    """Name the account in both spellings: the server reads the old one where the new one goes."""
    after = copy.deepcopy(obj)
    spec = spec_of(kind, after)
    spec["serviceAccountName"] = account
    spec["serviceAccount"] = account
    if spec.get("automountServiceAccountToken") is True:
        spec["automountServiceAccountToken"] = False
    return after


def _in_use(name: str, namespace: str, spec: Json, account: Json, around: Around) -> Iterator[str]:
    """Say what the workload loses with its present account, as far as that can be seen."""
    yield from rights_of(name, namespace, around)
    yield from (f"its account says {key}" for key in _CLOUD if _annotation(account, key))
    if spec.get("automountServiceAccountToken") is True:
        yield "it asks for its account's token (automountServiceAccountToken)"
    for volume in map(as_object, as_list(spec.get("volumes"))):
        for source in map(as_object, as_list(value_at(volume, ("projected", "sources")))):
            if "serviceAccountToken" in source:
                yield f"volume {volume.get('name')} holds a token of its account"


def _annotation(account: Json, key: str) -> bool:
    """Tell whether an account carries an annotation."""
    return bool(as_object(value_at(account, ("metadata", "annotations"))).get(key))


def _refused(action: OwnServiceAccount, present: str, in_use: tuple[str, ...]) -> Refusal | None:
    """Refuse what would take rights or a token in use away, unless a person confirmed it."""
    if not in_use or action.confirmed:
        return None
    return Refusal(
        Reason.NEEDS_PERSON,
        f"{action.target.kind} {action.target.name} may need its account {present}: "
        f"{'; '.join(in_use[:3])}.",
        "Confirm that it works without, or give the new account its rights first.",
    )


def _risks(in_use: tuple[str, ...]) -> tuple[Risk, ...]:
    """Judge the loss of the present account."""
    if in_use:
        return (high(f"It loses what its account has: {'; '.join(in_use[:3])}."),)
    return (medium("If it speaks to the Kubernetes API, it no longer can."),)


def _notes(spec: Json) -> tuple[str, ...]:
    """Say what was not looked at."""
    notes = (
        f"Rights given to groups ({', '.join(_SERVER_GROUPS)}) stay, the account's own do not.",
        "serviceAccount goes along: it is the old name of serviceAccountName, and the server keeps both alike.",
    )
    if spec.get("automountServiceAccountToken") is True:
        notes = (
            *notes,
            "automountServiceAccountToken goes along: the pod asks for a token, and the new account is to have none.",
        )
    return (*notes, "It runs on Windows.") if is_windows(spec) else notes
