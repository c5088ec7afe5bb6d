"""Every action of the vocabulary as it is lived through on a lab: its object, what is asked, how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.lab.changing import workload as _workload
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.narrow_role import NarrowRole, RuleLimit
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import ContainerResources, SetResources
from tools.changes import OutcomeKind
from tools.objects.kinds import KINDS
from tools.planning.hardening import Setting
from tools.types import Action, Target

WORK = "living"
APART = "living-apart"
"""For what concerns a whole namespace."""
REPOSITORY = "lab.local/pulled"
"""A small image that the lab has by tag and by digest, as after a pull."""
APP_REPOSITORY = "lab.local/app"
"""An image that needs no root and no command, by digest."""

Json = dict[str, Any]
workload = partial(_workload, namespace=WORK)


@dataclass(frozen=True)
class Act:
    """One action on one object."""

    action: Callable[[Target], Action]
    """Made for the object, with its uid where it is there."""
    kind: str = "Deployment"
    namespace: str = WORK
    objects: tuple[Json, ...] = ()
    """What is there before, by the name of the act."""
    ends: OutcomeKind = OutcomeKind.VERIFIED
    undone: OutcomeKind | None = OutcomeKind.UNDONE
    """None: it has no undo."""
    words: str = ""
    """Of the reason, where it is not verified."""

    def target(self, name: str) -> Target:
        kind = KINDS[self.kind]
        namespace = self.namespace if kind.namespaced else ""
        return Target("lab", kind.group_version, self.kind, namespace, name)


def obj(api_version: str, kind: str, name: str, namespace: str = WORK, **rest: Any) -> Json:
    """Give an object of a few fields."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def harden(target: Target) -> Action:
    """Stop a workload running privileged."""
    settings = (Setting.PRIVILEGED,)
    return HardenWorkload(target=target, settings=settings, answers=("privileged_container",))


def _everything(target: Target) -> Action:
    return HardenWorkload(
        target=target,
        settings=tuple(Setting),
        users=(ContainerUser(uid=1000, source=UserSource.PERSON),),
        answers=(
            *("privileged_container", "host_network", "host_pid", "host_ipc"),
            *("host_path_volume", "root_user", "seccomp_not_set", "capabilities_not_dropped"),
            *("privilege_escalation_allowed", "service_account_token_mounted"),
        ),
    )


def _bad(name: str) -> Json:
    bad = workload(name)
    pod = bad["spec"]["template"]["spec"]
    pod |= {"hostNetwork": True, "hostPID": True, "hostIPC": True}
    pod["volumes"] = [{"name": "host", "hostPath": {"path": "/tmp"}}]
    pod["containers"][0]["ports"] = [{"containerPort": 8099, "hostPort": 8099}]
    return bad


def _no_host_port(target: Target) -> Action:
    settings = (Setting.PRIVILEGED, Setting.HOST_PORTS)
    answers = ("privileged_container", "host_port")
    return HardenWorkload(target=target, settings=settings, answers=answers)


def _ported(name: str) -> Json:
    made = workload(name, kind="DaemonSet")
    ports = [{"containerPort": 8098, "hostPort": 8098}]
    made["spec"]["template"]["spec"]["containers"][0]["ports"] = ports
    return made


def _pulled(name: str) -> Json:
    made = workload(name)
    made["spec"]["template"]["spec"]["containers"][0]["image"] = f"{REPOSITORY}:1"
    return made


def _cron_job(name: str) -> Json:
    template = workload(name)["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    return obj("batch/v1", "CronJob", name, spec=spec)


def _job(name: str) -> Json:
    template = workload(name)["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    return obj("batch/v1", "Job", name, spec={"suspend": True, "template": template})


def _binding(name: str, kind: str, role: str, *subjects: Json) -> Json:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    place = WORK if kind == "RoleBinding" else ""
    version = "rbac.authorization.k8s.io/v1"
    return obj(version, kind, name, place, roleRef=reference, subjects=list(subjects))


def user(name: str) -> Json:
    """Name a user in a binding."""
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


def _resources(target: Target) -> Action:
    amounts = ContainerResources(
        container="shell", request_cpu_millicores=10, limit_memory_mib=1024
    )
    return SetResources(target=target, containers=(amounts,))


def _own_account(target: Target) -> Action:
    return OwnServiceAccount(
        target=target,
        account="own-account-made",
        confirmed=True,
        answers=("default_service_account_used", "service_account_token_mounted"),
    )


def _token_off(target: Target) -> Action:
    return AccountTokenOff(target=target, answers=("default_service_account_automount",))


def _label(target: Target) -> Action:
    answers = ("namespace_without_pod_security",)
    return LabelNamespace(target=target, enforce=Level.BASELINE, answers=answers)


def _deny(target: Target) -> Action:
    return DenyTraffic(target=target, answers=("namespace_without_network_policy",))


def deploy(digest: str, name: str = "deployed") -> Action:
    """Deploy an app of an image that the lab has."""
    target = Act(harden).target(name)
    image = f"{APP_REPOSITORY}@{digest}"
    return DeployApp(target=target, image=image, port=8080, replicas=1, user=1000)


def _narrow(target: Target) -> Action:
    limit = RuleLimit(rule=0, resources=("pods",))
    return NarrowRole(target=target, limits=(limit,), answers=("secret_reader",))


def _remove(target: Target) -> Action:
    subject = BoundSubject(kind=SubjectKind.SERVICE_ACCOUNT, name="bystander", namespace=WORK)
    return RemoveSubject(target=target, subject=subject)


def _delete(target: Target) -> Action:
    return DeleteObject(target=target)


def _deletion(thing: Json) -> Act:
    return Act(_delete, thing["kind"], objects=(thing,), undone=None)


_NO_NODE = {"nodeSelector": {"no.node/has": "this"}}
_NEVER = {"ends": OutcomeKind.UNVERIFIED, "undone": OutcomeKind.UNVERIFIED}


def _nowhere(name: str) -> Json:
    made = workload(name, kind="DaemonSet")
    made["spec"]["template"]["spec"] |= _NO_NODE
    return made


def _pod(name: str) -> Json:
    return obj("v1", "Pod", name, spec=workload(name)["spec"]["template"]["spec"])


_SERVICE = {"selector": {"app": "apart"}, "ports": [{"port": 80, "targetPort": 8080}]}
_READS_SECRETS = {"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": ["get", "list"]}

ACTS: dict[str, Act] = {
    "all-settings": Act(_everything, objects=(_bad("all-settings"),)),
    "stateful": Act(harden, "StatefulSet", objects=(workload("stateful", kind="StatefulSet"),)),
    "daemon": Act(_no_host_port, "DaemonSet", objects=(_ported("daemon"),)),
    "cron": Act(harden, "CronJob", objects=(_cron_job("cron"),), words="next run", **_NEVER),
    "own-account": Act(_own_account, objects=(workload("own-account"),)),
    "resources": Act(_resources, objects=(workload("resources"),)),
    "scaled-up": Act(
        lambda target: Scale(target=target, replicas=2), objects=(workload("scaled-up"),)
    ),
    "restarted": Act(
        lambda target: Restart(target=target, at="2026-01-01T00:00:00Z"),
        objects=(workload("restarted"),),
    ),
    "paused": Act(
        lambda target: PauseRollout(target=target, paused=True), objects=(workload("paused"),)
    ),
    "suspended": Act(
        lambda target: PauseRollout(target=target, paused=True),
        "CronJob",
        objects=(_cron_job("suspended"),),
    ),
    "default": Act(_token_off, "ServiceAccount", APART),
    APART: Act(
        _label,
        "Namespace",
        APART,
        objects=(_workload("apart", APART), _workload("idle", APART, replicas=0)),
    ),
    "doomed-deployment": _deletion(workload("doomed-deployment", replicas=0)),
    "doomed-stateful-set": _deletion(
        workload("doomed-stateful-set", kind="StatefulSet", replicas=0)
    ),
    "doomed-daemon-set": _deletion(_nowhere("doomed-daemon-set")),
    "doomed-cron-job": _deletion(_cron_job("doomed-cron-job")),
    "doomed-job": _deletion(_job("doomed-job")),
    "doomed-pod": _deletion(_pod("doomed-pod")),
    "doomed-policy": _deletion(
        obj("networking.k8s.io/v1", "NetworkPolicy", "doomed-policy", spec={"podSelector": {}})
    ),
    "doomed-account": _deletion(obj("v1", "ServiceAccount", "doomed-account")),
    "doomed-binding": _deletion(_binding("doomed-binding", "RoleBinding", "view", user("eve"))),
}
"""By the name of the object, what Oakum carries out itself."""

PINNED = Act(lambda target: PinImage(target=target), objects=(_pulled("pinned"),))
"""The one whose undo the shipped admission policy refuses: an image goes to a digest, not back."""

TRAFFIC = Act(
    _deny, "Namespace", APART, objects=(obj("v1", "Service", "apart", APART, spec=_SERVICE),)
)
"""The one whose target is another act's too."""

HANDED_OVER: dict[str, Act] = {
    "reads-secrets": Act(
        _narrow,
        "Role",
        objects=(
            obj("rbac.authorization.k8s.io/v1", "Role", "reads-secrets", rules=[_READS_SECRETS]),
        ),
    ),
    "living-admins": Act(
        _remove,
        "ClusterRoleBinding",
        objects=(
            _binding(
                *("living-admins", "ClusterRoleBinding", "cluster-admin"),
                user("ada"),
                {"kind": "ServiceAccount", "name": "bystander", "namespace": WORK},
            ),
        ),
    ),
}
"""By the name of the object, what an administrator has to do."""
