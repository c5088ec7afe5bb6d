"""What holds for every action on every object of the test folders.

After the patch the answered checks pass, only declared fields differ, undo restores, a second time
there is nothing to do, and whatever changes in between makes the patch fail.
"""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonpatch
import pytest
from msgspec import structs

from tests.fakes.live_objects import (
    WORKLOADS,
    around,
    documents,
    leaves,
    patched,
    sample,
    target,
    verdicts,
)
from tools import vocabulary
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.pause_rollout import PauseRollout
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.actions.restart import Restart
from tools.actions.scale import Scale
from tools.actions.set_resources import ContainerResources, SetResources
from tools.actions.undo_change import UndoChange
from tools.errors import Moved
from tools.planning.hardening import Setting
from tools.planning.patching import json_patch
from tools.planning.rollout import IN_PLACE, containers_of, spec_of
from tools.plans import Done, Plan, Reason, Refusal
from tools.types import Action, Operation, Verb, Verdict

ANNOTATION = "oakum.dev/operation"
OKAY = {Verdict.PASS, Verdict.NOT_APPLICABLE}
ALL = around(
    RoleBinding=(), ClusterRoleBinding=(), ServiceAccount=(), Service=(), Ingress=(), Pod=()
)


def hardenings(obj: dict[str, Any]) -> Iterator[HardenWorkload]:
    """Give every single setting, all at once, and some by chance."""
    user = ContainerUser(uid=10001, source=UserSource.PERSON)
    spec = spec_of(obj["kind"], obj)
    volumes = tuple(v["name"] for v in spec.get("volumes") or () if v.get("hostPath"))
    chances = [tuple(sample(f"{obj['metadata']['uid']}{i}", list(Setting), 8)) for i in range(6)]
    for settings in (*((each,) for each in Setting), tuple(Setting), *chances):
        gone = volumes if Setting.HOST_PATHS in settings else ()
        yield HardenWorkload(target=target(obj), settings=settings, users=(user,), empty_dirs=gone)


def others(obj: dict[str, Any]) -> Iterator[Action]:
    """Give the actions on a workload that are no hardening."""
    at = target(obj)
    yield OwnServiceAccount(target=at, account="of-its-own", confirmed=True)
    if obj["kind"] in ("Deployment", "StatefulSet"):
        yield Scale(target=at, replicas=obj["spec"].get("replicas", 1) + 2)
        yield Scale(target=at, replicas=0)
    if obj["kind"] != "CronJob":
        yield Restart(target=at, at="2026-11-24T12:00:00Z")
    if obj["kind"] in ("Deployment", "CronJob"):
        yield PauseRollout(target=at, paused=True)
        yield PauseRollout(target=at, paused=False)
    names = [c["name"] for c in containers_of(spec_of(obj["kind"], obj))]
    amounts = tuple(
        ContainerResources(
            name,
            request_cpu_millicores=1000,
            limit_cpu_millicores=2500,
            request_memory_mib=96,
            limit_memory_mib=2048,
        )
        for name in names
    )
    if amounts:
        yield SetResources(target=at, containers=amounts)


def _plans() -> Iterator[tuple[Action, dict[str, Any], Plan]]:
    """Give every plan with a patch that the folders lead to."""
    actions: list[tuple[Action, dict[str, Any]]] = []
    for obj in documents(*IN_PLACE):
        actions += [(action, obj) for action in (*hardenings(obj), *others(obj))]
    for obj in documents("Namespace"):
        actions += [
            (LabelNamespace(target=target(obj), enforce=level, warn=Level.RESTRICTED), obj)
            for level in (Level.BASELINE, Level.RESTRICTED)
        ]
    actions += [(AccountTokenOff(target=target(o)), o) for o in documents("ServiceAccount")]
    for obj in documents("RoleBinding", "ClusterRoleBinding"):
        for subject in obj.get("subjects") or ():
            place = subject.get("namespace") if subject["kind"] == "ServiceAccount" else None
            named = BoundSubject(SubjectKind(subject["kind"]), subject["name"], place)
            actions.append((RemoveSubject(target=target(obj), subject=named), obj))
    for wanted, obj in actions:
        action = vocabulary.decode(vocabulary.encode(wanted))
        plan = vocabulary.plan(action, obj, ALL)
        if isinstance(plan, Plan):
            yield action, obj, plan
        else:
            assert plan.public


@cache
def plans() -> list[tuple[Action, dict[str, Any], Plan]]:
    """Work all plans out once; nobody changes them."""
    return list(_plans())


def patch_of(plan: Plan) -> Operation:
    """Give the one operation of a plan that is a patch."""
    (patch,) = [each for each in plan.operations if each.verb is Verb.PATCH]
    return patch


def done(plan: Plan, obj: dict[str, Any]) -> dict[str, Any]:
    """Carry a plan's patch out, as the server would."""
    after = patched(obj, json_patch(patch_of(plan), obj, {ANNOTATION: "op-1"}))
    assert after["metadata"]["annotations"].pop(ANNOTATION) == "op-1"
    if not after["metadata"]["annotations"] and "annotations" not in obj["metadata"]:
        del after["metadata"]["annotations"]
    after["metadata"]["resourceVersion"] = "42"
    return after


def test_the_folders_lead_to_many_plans() -> None:
    kinds = {type(action) for action, _, _ in plans()}
    assert len(plans()) > 1000
    assert len(kinds) == 9


def test_only_declared_fields_differ() -> None:
    for action, obj, plan in plans():
        before, after = leaves(obj), leaves(done(plan, obj))
        changed = {
            path
            for path in {*before, *after}
            if before.get(path, ...) != after.get(path, ...)
            and path != ("metadata", "resourceVersion")
        }
        assert changed, action
        for path in changed:
            value = before.get(path, after.get(path))
            hollow = value in ({}, []) and any(_begins(p, path) for p in plan.touches)
            assert hollow or any(_below(path, pattern) for pattern in plan.touches), (action, path)


def _below(path: tuple[Any, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) >= len(pattern) and _begins(path[: len(pattern)], pattern)


def _begins(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all("*" in (a, b) or a == b for a, b in zip(one, other, strict=False))


def test_undo_restores_the_object() -> None:
    for action, obj, plan in plans():
        after = done(plan, obj)
        creates = [op for op in plan.operations if op.verb is Verb.CREATE]
        did = (
            *(Done(op, f"made-{i}") for i, op in enumerate(creates)),
            Done(patch_of(plan), obj["metadata"]["uid"]),
        )
        if not plan.undoable or action.target.kind.endswith("Binding"):
            continue
        back = vocabulary.plan(
            UndoChange(target=action.target, operation_id="op-12345678"),
            after,
            structs.replace(ALL, done=did),
        )
        assert isinstance(back, Plan), (action, back)
        restored = patched(after, json_patch(patch_of(back), after))
        restored["metadata"]["resourceVersion"] = "41"
        assert restored == obj, action
        deletes = [op.target.uid for op in back.operations if op.verb is Verb.DELETE]
        assert deletes == [f"made-{i}" for i in reversed(range(len(creates)))]


def test_a_second_time_there_is_nothing_to_do() -> None:
    for action, obj, plan in plans():
        again = vocabulary.plan(action, done(plan, obj), ALL)
        assert isinstance(again, Refusal), action
        assert again.reason is Reason.ALREADY_FINE or "changes owners" in again.public, action


def test_what_changes_in_between_makes_the_patch_fail() -> None:
    for action, obj, plan in plans():
        operation = patch_of(plan)
        patch = json_patch(operation, obj)
        for moved in meddled(obj, operation):
            with pytest.raises((jsonpatch.JsonPatchException, jsonpatch.JsonPointerException)):
                patched(moved, patch)
            with pytest.raises(Moved):
                json_patch(operation, moved)
        assert {"op": "replace", "path": "/metadata/resourceVersion", "value": "41"} in patch, (
            action
        )


def meddled(obj: dict[str, Any], operation: Operation) -> Iterator[dict[str, Any]]:
    """Give the object as others may leave it: made again, a container before it, a value changed."""
    again = copy.deepcopy(obj)
    again["metadata"]["uid"] = "another"
    yield again
    lists = {fixed.path[:-2] for fixed in operation.fixed}
    for path in lists:
        shifted = copy.deepcopy(obj)
        at(shifted, path).insert(0, {"name": "put-before-it", "image": "x"})
        yield shifted
    for change in operation.changes:
        if change.before is None or not isinstance(change.before, str | int | bool | list | dict):
            continue
        other = copy.deepcopy(obj)
        at(other, change.path[:-1])[change.path[-1]] = "something else"
        yield other


def at(obj: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        obj = obj[part]
    return obj


def test_a_field_that_appears_in_between_is_seen() -> None:
    """JSON patch cannot test for absence; the next reading can, and the resourceVersion has moved."""
    for _, obj, plan in plans():
        operation = patch_of(plan)
        for change in operation.changes:
            parent = at(obj, change.path[:-1])
            if change.path[-1] in parent if isinstance(parent, dict) else True:
                continue
            other = copy.deepcopy(obj)
            at(other, change.path[:-1])[change.path[-1]] = "somebody's"
            with pytest.raises(Moved):
                json_patch(operation, other)


def pod_in(namespace: str) -> dict[str, Any]:
    """Give a pod: the default account is judged only in a namespace with workloads."""
    spec = {"containers": [{"name": "app", "image": "registry.example/app:1"}]}
    metadata = {"name": "one", "namespace": namespace, "uid": "pod-1"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.slow
async def test_the_answered_checks_pass() -> None:
    answered: set[str] = set()
    for action, obj, plan in plans():
        if not plan.answers or action.target.kind.endswith("Binding"):
            continue
        made = [op.manifest for op in plan.operations if op.verb is Verb.CREATE]
        if action.target.kind == "ServiceAccount":
            made.append(pod_in(action.target.namespace))
        said = await verdicts(done(plan, obj), *made)
        wrong = {c: said[c] for c in plan.answers if c in said and said[c] not in OKAY}
        assert not wrong, (action, wrong)
        answered |= {check for check in plan.answers if check in said}
    judged = {check for entry in vocabulary.ACTIONS.values() for check in entry.answers}
    assert judged - answered <= {
        "cluster_admin_binding",
        "system_masters_binding",
        "namespace_without_network_policy",
        *vocabulary.ACTIONS[vocabulary.narrow_role.NarrowRole].answers,
    }


@pytest.mark.slow
async def test_the_manifest_of_what_cannot_be_changed_in_place_passes_too() -> None:
    seen = 0
    for obj in documents(*(set(WORKLOADS) - set(IN_PLACE))):
        for action in hardenings(obj):
            refusal = vocabulary.plan(action, obj, ALL)
            assert isinstance(refusal, Refusal)
            if refusal.reason is not Reason.MAKE_AGAIN:
                continue
            seen += 1
            assert not {"uid", "resourceVersion", "managedFields"} & {*refusal.manifest["metadata"]}
            said = await verdicts(refusal.manifest)
            for setting in action.settings:
                for check in vocabulary.harden_workload.RULES[setting].answers:
                    assert said.get(check, Verdict.PASS) in OKAY, (action, check)
    assert seen > 100
