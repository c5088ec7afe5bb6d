"""Make the pods of a workload safer: several settings, one patch, one rollout.

Live on Deployment, StatefulSet, DaemonSet and CronJob. For a Pod, Job, ReplicaSet or
ReplicationController the refusal carries the manifest for its owner to make again; for a mirror pod it
names the file on the node. A user id comes from a person or the image, never from here; the token of an
account that holds rights goes only where a person confirms that the workload does without.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from tools.planning.drafting import Draft, found, high, patch_plan
from tools.planning.hardening import (
    EMPTY_DIRS,
    RULES,
    Setting,
    Wishes,
    contradiction,
    keeps_root,
    settings_for,
)
from tools.planning.judging import enforced, violations
from tools.planning.patching import as_list, as_object, changes_between, same, touched
from tools.planning.rollout import (
    bindings_of,
    containers_of,
    is_windows,
    not_in_place,
    rights_of,
    spec_of,
    spec_path,
)
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, DnsLabel, Risk, Target

KINDS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "Job",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
)
NEEDS = ("RoleBinding", "ClusterRoleBinding", "ServiceAccount")
"""Read where they can be, to say whether the account whose token goes has rights, and whether it mounts one."""

ANSWERS = (
    *dict.fromkeys(check for rule in RULES.values() for check in rule.answers),
    "pss_host_namespaces",
    "pss_volume_types",
    "security_context_missing",
)


class UserSource(StrEnum):
    """Who said which user id a container can run as."""

    PERSON = "person"
    IMAGE = "image"


class ContainerUser(Struct, frozen=True, forbid_unknown_fields=True):
    """A user id that is known, not guessed: whoever submits the action vouches for the source."""

    uid: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    source: UserSource
    container: DnsLabel | None = None
    """None: every container that is not named."""


class HardenWorkload(Action, frozen=True, kw_only=True, tag="harden_workload"):
    """Settings to make safe on one workload, all of its containers alike."""

    settings: Annotated[tuple[Setting, ...], Meta(min_length=1, max_length=len(Setting))]
    users: Annotated[tuple[ContainerUser, ...], Meta(max_length=50)] = ()
    empty_dirs: Annotated[tuple[DnsLabel, ...], Meta(max_length=50)] = ()
    """hostPath volumes that a person gave up: they become empty folders."""
    confirmed: bool = False
    """Whether a person confirmed that rights which the token gives may go."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List every field below one kind's pod specification that a setting may touch."""
    place = tuple(map(str, spec_path(kind)))
    pod = ("securityContext",)
    return tuple(
        (*place, *path)
        for path in (
            *(
                (field, "*", *below)
                for field in ("containers", "initContainers")
                for below in (
                    ("securityContext", "privileged"),
                    ("securityContext", "allowPrivilegeEscalation"),
                    ("securityContext", "capabilities"),
                    ("securityContext", "runAsNonRoot"),
                    ("securityContext", "runAsUser"),
                    ("securityContext", "seccompProfile"),
                    ("securityContext", "readOnlyRootFilesystem"),
                    ("ports", "*", "hostPort"),
                )
            ),
            (*pod, "runAsNonRoot"),
            (*pod, "runAsUser"),
            (*pod, "seccompProfile"),
            ("hostNetwork",),
            ("hostPID",),
            ("hostIPC",),
            ("automountServiceAccountToken",),
            ("volumes",),
        )
    )


def plan(action: HardenWorkload, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out one patch for all settings."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    spec = spec_of(target.kind, after)
    level = enforced(around)
    broken = violations(target.cluster, there, level)
    needed = {setting for check in broken for setting in settings_for(check)}
    settings = [each for each in Setting if each in {*action.settings, *needed}]
    refusal = (
        _unfit(action, spec)
        or _in_use(action, spec, around)
        or _harden(settings, spec, _wishes(action))
        or _unmoved(action, there, after)
    )
    if refusal is None or broken:
        still = violations(target.cluster, after, level)
        beyond = [why for check, why in still.items() if not refusal or not settings_for(check)]
        refusal = _inadmissible(refusal, beyond, target, level)
    refusal = refusal or not_in_place(target, there, after)
    if refusal:
        return refusal
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            _risks(action, settings, spec, around),
            (
                *_notes(action, spec_of(target.kind, there), spec),
                *_along(action, settings, there, after, level),
                *_kept(action, settings, spec),
            ),
        ),
        around,
    )


_KEPT = "Whoever owns it changes that first: Oakum knows no change for it."


def _inadmissible(
    refusal: Refusal | None, beyond: Iterable[str], target: Target, level: str
) -> Refusal | None:
    """Say at once all that keeps pods from being admitted; `beyond`: what no setting of Oakum's mends.

    The server takes a template that breaks the level and then makes no pod of it.
    """
    why = " ".join((*([refusal.public] if refusal else []), *beyond))
    if not why:
        return None
    public = (
        f"Namespace {target.namespace} enforces {level} and lets {target.kind} {target.name} make no "
        f"pods until all of it is met: {why}"
    )
    if refusal is None:
        return Refusal(Reason.NO_SAFE_FIX, public, _KEPT)
    return structs.replace(refusal, public=public)


def _unmoved(action: HardenWorkload, before: Json, after: Json) -> Refusal | None:
    """Refuse where nothing would change: it is so already, or what is not so has to stay."""
    if not same(before, after):
        return None
    kept = _kept(action, action.settings, spec_of(action.target.kind, after))
    if kept:
        return Refusal(Reason.NEEDS_PERSON, " ".join(kept), _WITHOUT_ROOT)
    what = f"{action.target.kind} {action.target.name}"
    return Refusal(Reason.ALREADY_FINE, f"{what} already has all of that.")


_WITHOUT_ROOT = (
    "Let the pod's fsGroup give the volume its group instead and take the container out, or say the user "
    "id that it is to run as."
)


def _unfit(action: HardenWorkload, spec: Json) -> Refusal | None:
    """Refuse a workload that these settings are not for, and names that it does not have."""
    if not containers_of(spec):
        return Refusal(Reason.NO_SAFE_FIX, f"{action.target.name} has no containers to be read.")
    if is_windows(spec):
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"{action.target.name} runs on Windows, which does not have these settings.",
        )
    if len({user.container for user in action.users}) < len(action.users):
        return Refusal(Reason.NO_SAFE_FIX, "A container is given more than one user id.")
    names = {container.get("name") for container in containers_of(spec)}
    volumes = {as_object(volume).get("name") for volume in as_list(spec.get("volumes"))}
    strange = [user.container for user in action.users if user.container not in {None, *names}]
    strange += [name for name in action.empty_dirs if name not in volumes]
    if strange:
        return Refusal(
            Reason.MISSING,
            f"{action.target.kind} {action.target.name} has no container or volume {strange[0]}.",
        )
    return None


def _in_use(action: HardenWorkload, spec: Json, around: Around) -> Refusal | None:
    """Refuse to take a token that gives rights away, unless a person confirmed it."""
    is_off = spec.get("automountServiceAccountToken") is False
    if Setting.TOKEN not in action.settings or is_off or action.confirmed:
        return None
    holding = bindings_of(_account(spec), action.target.namespace, around)
    if not holding:
        return None
    return Refusal(
        Reason.NEEDS_PERSON,
        f"{action.target.kind} {action.target.name} may need its token, as {holding[0]} gives its "
        f"account {_account(spec)} rights.",
        "Confirm that it works without, or take the rights away first.",
    )


def _account(spec: Json) -> str:
    """Name the service account that a pod specification runs as."""
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def _harden(settings: Iterable[Setting], spec: Json, wishes: Wishes) -> Refusal | None:
    """Carry the settings out in place, in their order; all that stands against them is said at once."""
    refusals = [refusal for each in settings if (refusal := RULES[each].change(spec, wishes))]
    if not refusals:
        return contradiction(spec)
    if len(refusals) == 1:
        return refusals[0]
    public = " ".join(dict.fromkeys(each.public for each in refusals))
    hint = " ".join(dict.fromkeys(each.hint for each in refusals))
    person = any(each.reason is Reason.NEEDS_PERSON for each in refusals)
    return Refusal(Reason.NEEDS_PERSON if person else refusals[0].reason, public, hint)


def _wishes(action: HardenWorkload) -> Wishes:
    return Wishes(
        {user.container or "": user.uid for user in action.users}, frozenset(action.empty_dirs)
    )


def _risks(
    action: HardenWorkload, settings: Iterable[Setting], spec: Json, around: Around
) -> tuple[Risk, ...]:
    """Collect the risk of each setting, and of what people gave up."""
    risks = [RULES[setting].risk for setting in settings]
    if action.empty_dirs:
        risks.append(EMPTY_DIRS)
    if Setting.TOKEN in action.settings:
        rights = rights_of(_account(spec), action.target.namespace, around)
        if rights:
            risks.append(
                high(f"It may need its token, as far as can be seen: {'; '.join(rights[:3])}.")
            )
    return tuple(risks)


def _notes(action: HardenWorkload, before: Json, after: Json) -> tuple[str, ...]:
    """Say which container gets which user id, and who said so."""
    sources = {user.container: user.source for user in action.users}
    notes: list[str] = []
    for old, new in zip(containers_of(before), containers_of(after), strict=True):
        uid = as_object(new.get("securityContext")).get("runAsUser")
        if uid is None or uid == as_object(old.get("securityContext")).get("runAsUser"):
            continue
        name = new.get("name")
        source = sources.get(str(name), sources.get(None))
        who = "its image says" if source is UserSource.IMAGE else "a person said"
        notes.append(f"Container {name} runs as user {uid}, as {who}.")
    return tuple(notes)


def _along(
    action: HardenWorkload, settings: Sequence[Setting], before: Json, after: Json, level: str
) -> Iterator[str]:
    """Say of each setting and field that nobody asked for why it goes along."""
    more = ", ".join(setting for setting in settings if setting not in action.settings)
    if more:
        yield (
            f"Goes along: {more}, because namespace {action.target.namespace} enforces {level} and "
            "lets it make no pods without."
        )
    paths = list(touched(changes_between(before, after)))
    own = {field for setting in settings for field in _FIELDS.get(setting, ())}
    for setting in settings:
        for field, why in RULES[setting].along.items():
            if field not in own and any(path[-1] == field for path in paths):
                yield f"{field} goes along with {setting}: {why}."
    if (*spec_path(action.target.kind), "securityContext", "runAsUser") in paths:
        yield "The pod's own runAsUser 0 goes along with non-root: each container has its own user."


_FIELDS = {
    Setting.ESCALATION: ("allowPrivilegeEscalation",),
    Setting.HOST_PORTS: ("hostPort",),
}
"""Fields of their own that other settings take along."""


def _kept(action: HardenWorkload, settings: Iterable[Setting], spec: Json) -> tuple[str, ...]:
    """Name the containers that stay root, and why."""
    if not {Setting.NON_ROOT, Setting.CAPABILITIES} & set(settings):
        return ()
    wishes = _wishes(action)
    names = [str(each.get("name")) for each in containers_of(spec) if keeps_root(each, wishes)]
    return tuple(
        f"Container {name} keeps its user and capabilities: its command changes owners of files "
        "(chown), which takes root."
        for name in names
    )
