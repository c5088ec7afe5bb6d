"""What an action does, in a few words made by code from its fields. Pure.

Used by the queries that propose, and wherever a person is told what was asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tools.actions.account_token_off import AccountTokenOff
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.harden_workload import HardenWorkload
from tools.actions.label_namespace import LabelNamespace
from tools.actions.narrow_role import NarrowRole
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.remove_subject import RemoveSubject
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import ContainerResources, SetResources
from tools.actions.undo_change import UndoChange
from tools.planning.quantities import cpu, memory
from tools.types import Action, Target

_SURE = "; a person confirmed that the rights it has now may go"


def title(action: Action) -> str:
    """Say what an action does: `scale Deployment shop/web to 2 replicas`."""
    return _WORDS[type(action)](action, place(action.target))


def place(target: Target) -> str:
    """Name an object: `Deployment shop/web`, or `ClusterRole admin` without a namespace."""
    where = f"{target.namespace}/{target.name}" if target.namespace else target.name
    return f"{target.kind} {where}"


def _harden(action: HardenWorkload, where: str) -> str:
    users = [
        f"user {user.uid}{f' in {user.container}' if user.container else ''}"
        for user in action.users
    ]
    folders = [f"an empty folder for volume {name}" for name in action.empty_dirs]
    sure = _SURE if action.confirmed else ""
    return f"harden {where}: {_listed((*action.settings, *users, *folders))}{sure}"


def _token_off(action: AccountTokenOff, where: str) -> str:
    return f"switch the token of {where} off{_SURE if action.confirmed else ''}"


def _own_account(action: OwnServiceAccount, where: str) -> str:
    sure = _SURE if action.confirmed else ""
    return f"give {where} a service account of its own, {action.account}, without a token{sure}"


def _labels(action: LabelNamespace, where: str) -> str:
    modes = (("enforce", action.enforce), ("audit", action.audit), ("warn", action.warn))
    return f"label {where} for Pod Security: {_listed(f'{m} {v}' for m, v in modes if v)}"


def _deny(action: DenyTraffic, where: str) -> str:
    ways = "to and from" if action.egress else "to"
    return f"deny traffic {ways} the pods of {where}, but for its Services"


def _remove(action: RemoveSubject, where: str) -> str:
    subject = action.subject
    inside = f"{subject.namespace}/" if subject.namespace else ""
    return f"take {subject.kind} {inside}{subject.name} out of {where}"


def _narrow(action: NarrowRole, where: str) -> str:
    several = "s" if len(action.limits) > 1 else ""
    return f"narrow rule{several} {_listed(str(limit.rule) for limit in action.limits)} of {where}"


def _amounts(wanted: ContainerResources) -> str:
    parts = (
        ("requests cpu", wanted.request_cpu_millicores, cpu),
        ("requests memory", wanted.request_memory_mib, memory),
        ("limits cpu to", wanted.limit_cpu_millicores, cpu),
        ("limits memory to", wanted.limit_memory_mib, memory),
    )
    given = (f"{words} {write(value)}" for words, value, write in parts if value is not None)
    return f"container {wanted.container} {_listed(given)}"


def _resources(action: SetResources, where: str) -> str:
    return f"set resources of {where}: {'; '.join(_amounts(each) for each in action.containers)}"


def _pause(action: PauseRollout, where: str) -> str:
    what = "the runs" if action.target.kind == "CronJob" else "the rollout"
    return f"{'pause' if action.paused else 'resume'} {what} of {where}"


def _pin(action: PinImage, where: str) -> str:
    which = f" ({_listed(action.containers)})" if action.containers else ""
    return f"pin the images of {where}{which} to the digests that its pods run"


def _deploy(action: DeployApp, where: str) -> str:
    user = f", as user {action.user}" if action.user else ""
    return (
        f"deploy {where} from image {action.image}, port {action.port}, "
        f"{_count(action.replicas)}{user}"
    )


def _scale(action: Scale, where: str) -> str:
    return f"scale {where} to {_count(action.replicas)}"


def _count(replicas: int) -> str:
    return "1 replica" if replicas == 1 else f"{replicas} replicas"


def _listed(items: Iterable[str]) -> str:
    return ", ".join(str(item) for item in items)


_WORDS: Mapping[type[Action], Callable[[Any, str], str]] = {
    HardenWorkload: _harden,
    OwnServiceAccount: _own_account,
    AccountTokenOff: _token_off,
    LabelNamespace: _labels,
    DenyTraffic: _deny,
    RemoveSubject: _remove,
    NarrowRole: _narrow,
    SetResources: _resources,
    Scale: _scale,
    Restart: lambda _, where: f"restart the pods of {where}",
    PauseRollout: _pause,
    PinImage: _pin,
    DeployApp: _deploy,
    DeleteObject: lambda _, where: f"delete {where}",
    UndoChange: lambda _, where: f"undo a change of {where}",
}
