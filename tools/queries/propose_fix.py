"""Work out a safe fix of one object's findings for people to approve, all of one object in one call.

Without `controls`: the worst that fail. Kinds: workloads, Namespace, ServiceAccount, bindings of one subject.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from tools.actions.account_token_off import AccountTokenOff
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.remove_subject import BoundSubject, RemoveSubject
from tools.cluster.reader import Reader
from tools.objects.kinds import KINDS, TEMPLATED_KINDS
from tools.planning.hardening import RULES, Setting
from tools.planning.patching import as_list, as_object
from tools.plans import Reason, Refusal
from tools.queries.context import QueryContext
from tools.queries.proposing.change import (
    find_object,
    only_judged,
    planned_on,
    propose,
    refused,
    said_confirmed,
    said_empty,
    said_user,
)
from tools.queries.proposing.fixing import Wanted, failing_of, wanted_of
from tools.queries.proposing.fragments import of_plan, of_refusal
from tools.queries.result import Fix, Result
from tools.queries.wording import names
from tools.types import Action, Finding, ResourceRef, Target
from tools.workload import WORKLOAD_KINDS

_ACCESS = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")


class RunAs(BaseModel):
    """A user id that the person named."""

    model_config = ConfigDict(extra="forbid")

    uid: int = Field(ge=1, le=2**31 - 1)
    container: str = Field(default="", max_length=63)


class Arguments(BaseModel):
    """Which object, and what of it is to be fixed."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=253, description="Exact name.")
    kind: str = Field(default="", max_length=60, description="Empty: a workload of that name.")
    namespace: str = Field(default="", max_length=63, description="Of a namespaced object.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    controls: list[Annotated[str, Field(max_length=60)]] = Field(
        default_factory=list[str],
        max_length=40,
        description="Controls (5.2.2) or check ids to answer; empty: the worst that fail.",
    )
    settings: list[Setting] = Field(
        default_factory=list[Setting],
        max_length=len(Setting),
    )
    everything: bool = Field(default=False)
    run_as: list[RunAs] = Field(default_factory=list[RunAs], max_length=50)
    empty_dirs: list[Annotated[str, Field(max_length=63)]] = Field(
        default_factory=list[str],
        max_length=50,
        description="hostPath volumes that the person gave up.",
    )
    confirmed: bool = Field(
        default=False,
        description="The person confirmed that its token's rights may go.",
    )


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Work the fix out; says why there is none, and what a person has to say first."""
    reader, target = await find_object(
        context, arguments.cluster, arguments.kind, arguments.namespace, arguments.name
    )
    ref = target.ref
    unsaid = _unsaid(arguments, context)
    if unsaid:
        return refused(ref, _title(ref), Reason.NEEDS_PERSON, unsaid, "Ask the person for it.")
    if target.kind in TEMPLATED_KINDS:
        return only_judged(ref)
    if target.kind in _ACCESS:
        return await _access(context, reader, target, ref)
    failing = await failing_of(context, reader, ref)
    wanted = wanted_of(
        target.kind, failing, arguments.controls, arguments.settings, arguments.everything
    )
    if isinstance(wanted, Refusal):
        return refused(ref, _title(ref), wanted.reason, wanted.public, wanted.hint)
    if target.kind in WORKLOAD_KINDS:
        action, left = await _workload(arguments, context, (reader, target), wanted)
        return await propose(context, reader, action, left, failing)
    other = _other(target, wanted, arguments.confirmed)
    return await propose(context, reader, other, (), failing)


async def shown(
    context: QueryContext, ref: ResourceRef, failing: Sequence[Finding], controls: Sequence[str]
) -> Fix | None:
    """Work out what `run` would propose, to be read only; None for kinds that are not fixed so.

    What nobody said (a user id, a volume to give up) is left out, and named.
    """
    reader = context.readers[ref.cluster]
    if ref.kind not in (*WORKLOAD_KINDS, "Namespace", "ServiceAccount"):
        return None
    wanted = wanted_of(ref.kind, failing, controls, (), everything=not controls)
    if isinstance(wanted, Refusal):
        return Fix("", (f"{wanted.public} {wanted.hint}".strip(),))
    target = Target(ref.cluster, ref.api_version, ref.kind, ref.namespace, ref.name)
    arguments = Arguments(name=ref.name)
    if ref.kind in WORKLOAD_KINDS:
        free = replace(wanted, asked=False)
        action, left = await _workload(arguments, context, (reader, target), free)
    else:
        action, left = _other(target, wanted, confirmed=False), list[str]()
    _, made = await planned_on(context, reader, action)
    obj = await reader.get(KINDS[ref.kind], ref.namespace, ref.name) or {}
    if isinstance(made, Refusal):
        said = () if made.manifest else (f"{made.public} {made.hint}".strip(),)
        return Fix(of_refusal(made, obj), (*said, *left))
    owner = (made.handover,) if made.handover else ()
    open_ = (f"Stays open: {one}" for one in made.left)
    return Fix(of_plan(made, obj), (*owner, *made.notes, *left, *open_))


async def _access(
    context: QueryContext, reader: Reader, target: Target, ref: ResourceRef
) -> Result:
    """Take the only subject out of a binding; what more there is to choose is for people to say."""
    obj = await reader.get(KINDS[target.kind], target.namespace, target.name)
    if target.kind.endswith("Role"):
        return refused(
            ref,
            _title(ref),
            Reason.NEEDS_PERSON,
            "What a role is to be left with is for people to say, rule by rule.",
            "Say for each rule which verbs and resources it needs.",
        )
    subjects = [as_object(each) for each in as_list(as_object(obj).get("subjects"))]
    if len(subjects) != 1:
        named = names(f"{each.get('kind')} {each.get('name')}" for each in subjects)
        public = f"{target.kind} {target.name} names {named or 'nobody'}."
        hint = "Say whom it is no longer to name, or ask to delete a RoleBinding as a whole."
        return refused(ref, _title(ref), Reason.NEEDS_PERSON, public, hint)
    only = subjects[0]
    given = {key: only[key] for key in ("kind", "name", "namespace") if only.get(key)}
    try:
        subject = msgspec.convert(given, BoundSubject)
    except msgspec.ValidationError:
        public = f"Whom {target.kind} {target.name} names cannot be written in an action."
        return refused(ref, _title(ref), Reason.NO_SAFE_FIX, public, "An administrator edits it.")
    return await propose(context, reader, RemoveSubject(target=target, subject=subject))


def _title(ref: ResourceRef) -> str:
    return f"fix {ref.kind} {f'{ref.namespace}/' if ref.namespace else ''}{ref.name}"


def _unsaid(arguments: Arguments, context: QueryContext) -> str:
    """Name what only the asker can say and did not; empty where all was said."""
    for given in arguments.run_as:
        if not said_user(context, given.uid, given.container):
            return (
                f"The person asking did not name the user id {given.uid} in this thread, and it is "
                "never guessed."
            )
    for volume in arguments.empty_dirs:
        if not said_empty(context, volume):
            return (
                f"The person asking did not say in this thread that volume {volume} may become an "
                "empty folder."
            )
    if arguments.confirmed and not said_confirmed(context, arguments.name):
        return "The person asking did not confirm in this thread that its present rights may go."
    return ""


async def _workload(
    arguments: Arguments, context: QueryContext, place: tuple[Reader, Target], wanted: Wanted
) -> tuple[Action, list[str]]:
    """Put all settings into one action; what needs a person's word is left out unless asked for."""
    _, target = place
    if not wanted.settings:
        own = OwnServiceAccount(target=target, account=target.name, answers=wanted.account_checks)
        return own, []
    settings, left = list(wanted.settings), list[str]()
    if not wanted.asked:
        settings, left = await _possible(arguments, context, place, wanted)
    if wanted.account_checks:
        left.append(
            "Its service account: a change of its own, own_service_account, gives it another one."
        )
    return _harden(arguments, target, wanted, settings), left


async def _possible(
    arguments: Arguments, context: QueryContext, place: tuple[Reader, Target], wanted: Wanted
) -> tuple[list[Setting], list[str]]:
    """Keep the settings that need nobody's word; if all need one, keep them, to say so."""
    reader, target = place
    kept: list[Setting] = []
    left: list[str] = []
    for setting in wanted.settings:
        _, made = await planned_on(context, reader, _harden(arguments, target, wanted, [setting]))
        if isinstance(made, Refusal) and made.reason is Reason.NEEDS_PERSON:
            left.append(f"{made.public} {made.hint}")
        else:
            kept.append(setting)
    return (kept, left) if kept else (list(wanted.settings), [])


def _harden(
    arguments: Arguments, target: Target, wanted: Wanted, settings: list[Setting]
) -> HardenWorkload:
    """Make the action; it answers those of the wanted checks that these settings answer."""
    can = {check for setting in settings for check in RULES[setting].answers}
    can |= {"pss_host_namespaces", "security_context_missing"}
    return HardenWorkload(
        target=target,
        answers=tuple(check for check in wanted.checks if check in can),
        settings=tuple(setting for setting in Setting if setting in settings),
        users=tuple(
            ContainerUser(given.uid, UserSource.PERSON, given.container or None)
            for given in arguments.run_as
        ),
        empty_dirs=tuple(arguments.empty_dirs),
        confirmed=arguments.confirmed and Setting.TOKEN in settings,
    )


def _other(target: Target, wanted: Wanted, confirmed: bool) -> Action:
    """Make the action of what is no workload."""
    check = wanted.checks[0]
    if target.kind == "ServiceAccount":
        return AccountTokenOff(target=target, answers=(check,), confirmed=confirmed)
    if check == "namespace_without_network_policy":
        return DenyTraffic(target=target, answers=(check,))
    return LabelNamespace(target=target, answers=(check,), enforce=Level.BASELINE)
