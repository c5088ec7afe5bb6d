"""The closed union of actions, listed by hand: decodes, refuses, and finds the one that plans.

Everything outside is refused: unknown actions and fields, wildcards, patches, names and kinds that an
action does not take, places outside the given scope. Decoded again before anything is carried out.
Used by `tools.change`, the query that proposes, and `bot.approval`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct, structs

from tools.actions import (
    account_token_off,
    delete_object,
    deny_traffic,
    deploy_app,
    harden_workload,
    label_namespace,
    narrow_role,
    own_service_account,
    pause_rollout,
    pin_image,
    remove_subject,
    restart,
    scale,
    set_resources,
    undo_change,
)
from tools.errors import BadAction, NotAllowed
from tools.objects.kinds import KINDS
from tools.planning.judging import claims
from tools.plans import Around, Json, Pattern, Plan, Refusal
from tools.scope import Scope
from tools.types import Action, Target

MAX_BYTES = 16_384
"""The longest encoded action that is looked at."""


class Entry(Struct, frozen=True):
    """One action of the vocabulary."""

    plan: Callable[[Any, Json | None, Around], Plan | Refusal]
    kinds: tuple[str, ...]
    """Kinds that its target may have."""
    answers: tuple[str, ...]
    """Checks that it can answer."""
    needs: tuple[str, ...]
    """Kinds to read in the target's namespace (ClusterRoleBinding: all) for `Around.others`."""
    touches: Callable[[str], tuple[Pattern, ...]]
    """By the target's kind, every field that a patch of it may touch."""


def _entry(module: Any) -> Entry:
    """Take what an action's module declares."""
    return Entry(module.plan, module.KINDS, module.ANSWERS, module.NEEDS, module.touches)


ACTIONS: Mapping[type[Action], Entry] = {
    harden_workload.HardenWorkload: _entry(harden_workload),
    own_service_account.OwnServiceAccount: _entry(own_service_account),
    account_token_off.AccountTokenOff: _entry(account_token_off),
    label_namespace.LabelNamespace: _entry(label_namespace),
    deny_traffic.DenyTraffic: _entry(deny_traffic),
    remove_subject.RemoveSubject: _entry(remove_subject),
    narrow_role.NarrowRole: _entry(narrow_role),
    set_resources.SetResources: _entry(set_resources),
    scale.Scale: _entry(scale),
    restart.Restart: _entry(restart),
    pause_rollout.PauseRollout: _entry(pause_rollout),
    pin_image.PinImage: _entry(pin_image),
    deploy_app.DeployApp: _entry(deploy_app),
    delete_object.DeleteObject: _entry(delete_object),
    undo_change.UndoChange: _entry(undo_change),
}
"""Every action. A new one is a file in `tools.actions` and a line here and in the union below."""

Vocabulary = (
    harden_workload.HardenWorkload
    | own_service_account.OwnServiceAccount
    | account_token_off.AccountTokenOff
    | label_namespace.LabelNamespace
    | deny_traffic.DenyTraffic
    | remove_subject.RemoveSubject
    | narrow_role.NarrowRole
    | set_resources.SetResources
    | scale.Scale
    | restart.Restart
    | pause_rollout.PauseRollout
    | pin_image.PinImage
    | deploy_app.DeployApp
    | delete_object.DeleteObject
    | undo_change.UndoChange
)
"""What is decoded: exactly the keys of ACTIONS."""

_DECODER = msgspec.json.Decoder(Vocabulary)
_RBAC = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
_DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def decode(data: bytes) -> Action:
    """Decode an action; BadAction for anything outside the vocabulary, which it never repeats."""
    if len(data) > MAX_BYTES:
        raise BadAction(f"An action has at most {MAX_BYTES} bytes.")
    try:
        action = cast(Action, _DECODER.decode(data))
    except msgspec.ValidationError as error:
        raise BadAction("That is no action that Oakum knows.", _where(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAction("That is no action: it is not JSON.") from error
    _check_target(action)
    return action


def encode(action: Action) -> bytes:
    """Give the canonical bytes: sorted keys, no spaces, defaults left in."""
    return msgspec.json.encode(action, order="sorted")


def within(action: Action, scope: Scope) -> None:
    """Raise NotAllowed for a target outside the clusters and namespaces given.

    A Namespace counts as inside itself; other cluster-scoped objects are inside only where all
    namespaces are.
    """
    if not scope.shows(action.target.ref):
        raise NotAllowed("That place is not open to changes from here.")


def actions_for(check_id: str) -> tuple[type[Action], ...]:
    """List the actions that can answer a check, in the order of the vocabulary."""
    return tuple(action for action, entry in ACTIONS.items() if check_id in entry.answers)


def needs(action: Action) -> tuple[str, ...]:
    """List the kinds that its plan wants in `Around.others`."""
    return ACTIONS[type(action)].needs


def plan(action: Action, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out what the action would do to the object as it was read (None: there is none).

    What it fixes and what it leaves open is judged by the checks. Those that the action is to answer and
    will not are named in the plan's notes, unless they are fine as they are or told of as open.
    """
    entry = ACTIONS[type(action)]
    made = entry.plan(action, obj, around)
    if isinstance(made, Refusal):
        return made
    found = claims(made, action.target, obj or {}, entry.answers, around)
    unanswered = (check for check in action.answers if check not in {*found.fixed, *found.told})
    notes = (*made.notes, *(f"It does not answer {check}." for check in unanswered))
    return structs.replace(made, answers=found.fixed, left=found.left, notes=notes)


def _check_target(action: Action) -> None:
    """Refuse kinds, versions, names and checks that the action does not take."""
    entry, target = ACTIONS[type(action)], action.target
    if target.kind not in entry.kinds:
        raise BadAction("That action is not for that kind.", f"It is for {', '.join(entry.kinds)}.")
    _check_name(target)
    foreign = [check for check in action.answers if check not in entry.answers]
    if foreign:
        raise BadAction("That action does not answer that check.", "Take another action.")


def _check_name(target: Target) -> None:
    """Refuse a version, namespace or name that no object of the kind can have."""
    kind = KINDS[target.kind]
    if target.api_version != kind.group_version:
        raise BadAction(f"{target.kind} is changed as {kind.group_version} only.")
    if bool(target.namespace) != kind.namespaced:
        raise BadAction(
            f"{target.kind} needs a namespace."
            if kind.namespaced
            else f"{target.kind} has no namespace."
        )
    if target.kind not in _RBAC and not _DNS_NAME.fullmatch(target.name):
        raise BadAction("That is no name that such an object can have.")


def _where(error: msgspec.ValidationError) -> str:
    """Say which field was refused, without its value and without names that are not ours."""
    place = re.search(r"at `(\$[A-Za-z0-9_.\[\]]*)`", str(error))
    return f"Refused at {place.group(1)}." if place else ""
