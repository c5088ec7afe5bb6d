"""Work out one `change` of one object for people to approve.

scale: replicas; set_resources: resources; pause, resume: a Deployment or CronJob; pin_images: containers
(none: all), to the digests that run; own_service_account: account, confirmed; account_token_off: confirmed;
pod_security_labels: enforce, audit, warn; deny_traffic: egress (that too); delete: no Namespace, volume, claim
or Secret. Fixes of findings: propose_fix.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from tools.actions import delete_object
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.pin_image import PinImage
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import ContainerResources, SetResources
from tools.errors import BadAction, BadArgument
from tools.objects.kinds import TEMPLATED_KINDS
from tools.plans import Reason
from tools.queries.context import QueryContext
from tools.queries.proposing.change import (
    find_object,
    only_judged,
    propose,
    refused,
    said_confirmed,
)
from tools.queries.proposing.titles import title
from tools.queries.result import Result
from tools.queries.wording import names
from tools.types import Action, Target

Name = Annotated[str, Field(max_length=253)]
Change = Literal[
    "scale",
    "restart",
    "pause",
    "resume",
    "set_resources",
    "pin_images",
    "own_service_account",
    "account_token_off",
    "pod_security_labels",
    "deny_traffic",
    "delete",
]
CHANGES: tuple[str, ...] = get_args(Change)
"""What can be asked for."""


class Resources(BaseModel):
    """Amounts of one container; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    container: str = Field(min_length=1, max_length=63)
    request_cpu_millicores: int | None = Field(default=None, ge=1, le=256_000)
    limit_cpu_millicores: int | None = Field(default=None, ge=1, le=256_000)
    request_memory_mib: int | None = Field(default=None, ge=4, le=4_194_304)
    limit_memory_mib: int | None = Field(default=None, ge=4, le=4_194_304)


class Arguments(BaseModel):
    """Which object and which change; only the fields of that change."""

    model_config = ConfigDict(extra="forbid")

    change: Change = Field()
    name: str = Field(min_length=1, max_length=253, description="Exact name of the object.")
    kind: str = Field(default="", max_length=60, description="Empty: a workload of that name.")
    namespace: str = Field(default="", max_length=63, description="Of a namespaced object.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    replicas: int | None = Field(default=None, ge=0, le=100)
    resources: list[Resources] = Field(default_factory=list[Resources], max_length=50)
    containers: list[Name] = Field(default_factory=list[str], max_length=50)
    account: str = Field(default="", max_length=253)
    confirmed: bool = Field(default=False, description="The person wrote that they confirm it.")
    enforce: Level | None = Field(default=None)
    audit: Level | None = Field(default=None)
    warn: Level | None = Field(default=None)
    egress: bool = Field(default=False)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Work the change out; says why there is none, and what is missing."""
    kind = arguments.kind or ("Namespace" if arguments.change in _OF_NAMESPACES else "")
    reader, target = await find_object(
        context, arguments.cluster, kind, arguments.namespace, arguments.name
    )
    if target.kind in TEMPLATED_KINDS:
        return only_judged(target.ref)
    action = _MAKERS[arguments.change](arguments, target, context)
    if arguments.confirmed and not said_confirmed(context, arguments.name):
        ref = target.ref
        public = "The person asking did not confirm in this thread that its present rights may go."
        hint = "Ask them; they write that they confirm it."
        return refused(ref, title(action), Reason.NEEDS_PERSON, public, hint)
    return await propose(context, reader, action)


def _scale(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    if arguments.replicas is None:
        raise BadArgument("How many replicas is it to have?", "Give `replicas`.")
    return Scale(target=target, replicas=arguments.replicas)


def _restart(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    return Restart(target=target, at=f"{context.now:%Y-%m-%dT%H:%M:%SZ}")


def _resources(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    amounts = [each for each in arguments.resources if len(each.model_dump(exclude_none=True)) > 1]
    if not amounts:
        raise BadArgument("Which amounts, and of which container?", "Give `resources`.")
    return SetResources(
        target=target,
        containers=tuple(ContainerResources(**each.model_dump()) for each in amounts),
    )


def _labels(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    if not (arguments.enforce or arguments.audit or arguments.warn):
        raise BadArgument("Which level is it to be held to?", "Give `enforce`, `audit` or `warn`.")
    return LabelNamespace(
        target=target,
        answers=("namespace_without_pod_security",) if arguments.enforce else (),
        enforce=arguments.enforce,
        audit=arguments.audit,
        warn=arguments.warn,
    )


def _own_account(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    return OwnServiceAccount(
        target=target,
        answers=("default_service_account_used",),
        account=arguments.account or arguments.name,
        confirmed=arguments.confirmed,
    )


def _deny(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    answers = ("namespace_without_network_policy",)
    return DenyTraffic(target=target, answers=answers, egress=arguments.egress)


def _delete(arguments: Arguments, target: Target, context: QueryContext) -> Action:
    if target.kind not in delete_object.KINDS:
        raise BadAction(
            f"Oakum never deletes a {target.kind}.", f"It deletes {names(delete_object.KINDS)}."
        )
    return DeleteObject(target=target)


_OF_NAMESPACES = ("pod_security_labels", "deny_traffic")
_MAKERS: Mapping[str, Callable[[Arguments, Target, QueryContext], Action]] = {
    "scale": _scale,
    "restart": _restart,
    "pause": lambda _, target, __: PauseRollout(target=target, paused=True),
    "resume": lambda _, target, __: PauseRollout(target=target, paused=False),
    "set_resources": _resources,
    "pin_images": lambda given, target, _: PinImage(
        target=target, containers=tuple(given.containers)
    ),
    "own_service_account": _own_account,
    "account_token_off": lambda given, target, _: AccountTokenOff(
        target=target, confirmed=given.confirmed
    ),
    "pod_security_labels": _labels,
    "deny_traffic": _deny,
    "delete": _delete,
}
