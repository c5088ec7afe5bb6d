"""Puts the admission policy together: what the executor's account may send, and nothing else."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from deploy.admission.fields import (
    MOST_ENTRIES,
    Tree,
    below,
    entries,
    images,
    quoted,
    tree_of,
    unchanged,
    volumes,
)
from deploy.admission.samples import samples
from deploy.admission.shapes import shaped
from tools import vocabulary
from tools.changes import OPERATION
from tools.cluster.writer import WRITABLE
from tools.objects.kinds import KINDS
from tools.planning.drafting import MADE_BY
from tools.planning.rollout import IN_PLACE, spec_path
from tools.plans import Pattern
from tools.types import Verb

NAME = "oakum-executor"
ACCOUNT = "system:serviceaccount:oakum:oakum-executor"
API = "admissionregistration.k8s.io/v1"
REVIEW = "CREATE authorization.k8s.io/v1/localsubjectaccessreviews"
_LISTS = ("containers", "initContainers")
_OPERATIONS = {Verb.PATCH: "UPDATE", Verb.CREATE: "CREATE", Verb.DELETE: "DELETE"}
_SERVER_SET: tuple[Pattern, ...] = (
    ("metadata", "annotations", OPERATION),
    ("metadata", "generation"),
    ("metadata", "managedFields"),
    ("metadata", "resourceVersion"),
)
"""What every update changes."""
_SERVER_SET_OF: Mapping[str, tuple[Pattern, ...]] = {
    "DaemonSet": (("metadata", "annotations", "deprecated.daemonset.template.generation"),),
}
"""What else the server changes itself with a kind's template."""

HEAD = """\
# Holds the account of Oakum's executor to what its actions can change. Written by
# `python -m deploy.admission` from the actions themselves; a test compares them.
#
#   kubectl apply -f executor.yaml
#
# Needs Kubernetes 1.30 or later, and an administrator: Oakum's own accounts cannot touch it. It is
# looked at for whatever system:serviceaccount:oakum:oakum-executor writes in the whole cluster, dry
# runs too, and refuses all but these:
#
# - an update of the kinds that are changed in place, where only fields differ that some action of the
#   vocabulary declares; every other field, also one that this file does not know, has to stay;
# - the creation of an object that has exactly the shape of one of Oakum's templates;
# - the deletion of one object of the kinds that can be deleted, by its uid and resource version;
# - a question whether a person may do something.
#
# It bounds which fields change, not which way: it lets an undo set `privileged: true` again. Two are
# bound further, so that an undo which would loosen them is refused here and is for a person to make:
# an image goes from a tag to a digest of its own repository only, and no volume that a container
# mounts becomes a folder of the node. What the server fills in is that of Kubernetes 1.34 and
# earlier; a later one that fills in more has its creations refused until this file is written anew.
"""


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the policy and its binding."""
    every = {
        "apiGroups": ["*"],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"],
        "resources": ["*/*"],
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [every]},
        "matchConditions": [
            {"name": "executor", "expression": f"request.userInfo.username == '{ACCOUNT}'"}
        ],
        "variables": [{"name": k, "expression": v} for k, v in _variables().items()],
        "validations": list(_validations()),
    }
    policy = {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": spec,
    }
    binding = {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "validationActions": ["Deny"]},
    }
    return policy, binding


def text() -> str:
    """Write the file."""
    written = [
        yaml.dump(each, Dumper=_Dumper, sort_keys=False, width=1_000) for each in documents()
    ]
    return HEAD + "---\n".join(written)


def resource(kind: str) -> str:
    """Name a kind as requests do: group, version and plural."""
    return f"{KINDS[kind].group_version}/{KINDS[kind].plural}"


def declared(kind: str) -> tuple[Pattern, ...]:
    """List what any action may touch on a kind."""
    return tuple(
        pattern
        for entry in vocabulary.ACTIONS.values()
        if kind in entry.kinds
        for pattern in entry.touches(kind)
    )


def _variables() -> Mapping[str, str]:
    """Give what the validations have in common; the server works out only what is asked for."""
    cron = f"request.resource.resource == '{KINDS['CronJob'].plural}'"
    inner, outer = (
        "".join(f".?{part}" for part in spec_path(kind)) for kind in ("CronJob", "Deployment")
    )
    found = {
        "what": (
            "[request.operation, [request.resource.?group.orValue(''), request.resource.version, "
            "request.resource.resource, request.?subResource.orValue('')].filter(part, part != '').join('/')]"
            ".join(' ')"
        ),
        "was": "dyn(oldObject)",
        "now": "dyn(object)",
    }
    for age in ("was", "now"):
        whole, pod = f"variables.{age}", f"variables.{age}Pod"
        found[f"{age}Pod"] = f"({cron} ? {whole}{inner} : {whole}{outer}).orValue({{}})"
        for field in (*_LISTS, "volumes"):
            found[f"{age}{_capital(field)}"] = f"{pod}.?{field}.orValue([])"
    mounts = " + ".join(
        f"c.?{field}.orValue([]).map(m, m.name)" for field in ("volumeMounts", "volumeDevices")
    )
    containers = " + ".join(f"variables.was{_capital(field)}" for field in _LISTS)
    found["mounted"] = f"({containers}).map(c, {mounts})"
    found["upTo"] = str(list(range(MOST_ENTRIES)))
    return found


def _capital(field: str) -> str:
    return field[0].upper() + field[1:]


def _validations() -> Iterable[dict[str, str]]:
    """Give every rule, the widest first."""
    sent = {verb: [resource(kind) for kind in sorted(WRITABLE[verb])] for verb in Verb}
    allowed = [f"{_OPERATIONS[verb]} {each}" for verb in Verb for each in sent[verb]]
    yield _rule(
        "the request is none that it ever sends",
        [f"variables.what in {quoted([*allowed, REVIEW])}"],
    )
    for kind in sorted(WRITABLE[Verb.PATCH]):
        yield _update(kind)
    yield from _pod_updates()
    yield from _creations()
    yield from _deletions()


def _update(kind: str) -> dict[str, str]:
    """Bound an update of one kind outside its pod specification, which has rules of its own."""
    patterns = [*_SERVER_SET, *_SERVER_SET_OF.get(kind, ()), *declared(kind)]
    tree = tree_of(patterns)
    if kind in IN_PLACE:
        *place, last = map(str, spec_path(kind))
        below(tree, place)[last] = {}
    return _rule(
        f"an update of a {kind} changes a field that no action does",
        unchanged("variables.was", "variables.now", tree),
        [f"UPDATE {resource(kind)}"],
    )


def _pod_updates() -> Iterable[dict[str, str]]:
    """Bound an update of a workload's pod specification, alike for all kinds but for images."""
    trees = {kind: below(tree_of(declared(kind)), map(str, spec_path(kind))) for kind in IN_PLACE}
    updates = {kind: f"UPDATE {resource(kind)}" for kind in IN_PLACE}
    pinned = [kind for kind, tree in trees.items() if _images(tree)]
    tree = trees[pinned[0]]
    if any(_without_images(each) != _without_images(tree) for each in trees.values()):
        raise ValueError("actions touch other fields in the pods of one kind than of another")
    own = {**tree, **{field: {} for field in (*_LISTS, "volumes")}}
    yield _rule(
        "a pod specification is changed where no action does",
        unchanged("variables.wasPod", "variables.nowPod", own),
        updates.values(),
    )
    for field in _LISTS:
        old, new = (f"variables.{age}{_capital(field)}" for age in ("was", "now"))
        yield _rule(
            f"{field} are changed where no action does",
            entries(old, new, tree[field]["*"]),
            updates.values(),
        )
        yield _rule(
            f"an image of {field} goes anywhere but from a tag to a digest of its repository",
            images(old, new),
            [updates[kind] for kind in pinned],
        )
        yield _rule(
            f"an image of {field} is changed",
            [f"{old}.map(c, c.image) == {new}.map(c, c.image)"],
            [updates[kind] for kind in IN_PLACE if kind not in pinned],
        )
    yield _rule(
        "a volume is changed, or becomes a folder of the node that a container mounts",
        volumes("variables.wasVolumes", "variables.nowVolumes"),
        updates.values(),
    )


def _creations() -> Iterable[dict[str, str]]:
    """Hold what is created to the templates: of one kind, any of its templates."""
    made = samples()
    for kind in sorted(WRITABLE[Verb.CREATE]):
        shapes = [
            shaped(each.template, each.manifests)
            for each in made
            if each.manifests[0]["kind"] == kind
        ]
        whole = [_joined(clauses) for clauses in shapes]
        either = whole if len(whole) == 1 else [" ||\n".join(f"(\n{one}\n)" for one in whole)]
        yield _rule(
            f"a {kind} is created that no template makes", either, [f"CREATE {resource(kind)}"]
        )


def _deletions() -> Iterable[dict[str, str]]:
    """Ask of a deletion that it means one object as it was read."""
    deletions = [f"DELETE {resource(kind)}" for kind in sorted(WRITABLE[Verb.DELETE])]
    given = "request.?options.?preconditions.?{}.hasValue()"
    yield _rule(
        "something is deleted that is not named with its uid and resource version",
        ["request.?name.orValue('') != ''", given.format("uid"), given.format("resourceVersion")],
        deletions,
    )
    yield _rule(
        "the default account is deleted",
        ["request.?name.orValue('') != 'default'"],
        [f"DELETE {resource('ServiceAccount')}"],
    )
    yield _rule(
        "a Service is deleted that Oakum did not make",
        [f"variables.was.metadata.?labels[?'{MADE_BY}'].orValue('') == 'oakum'"],
        [f"DELETE {resource('Service')}"],
    )


def _rule(message: str, clauses: Iterable[str], when: Iterable[str] = ()) -> dict[str, str]:
    """Make a validation: all clauses hold, for the requests that it is about."""
    about = list(when)
    joined = _joined(clauses)
    expression = f"!(variables.what in {quoted(about)}) || (\n{joined}\n)" if about else joined
    return {"expression": expression, "message": f"Oakum's executor: {message}."}


def _joined(clauses: Iterable[str]) -> str:
    """Ask for all clauses."""
    return " &&\n".join(f"({each})" if " || " in each else each for each in clauses)


def _images(tree: Tree) -> bool:
    """Tell whether images may change."""
    return any("image" in tree[field]["*"] for field in _LISTS)


def _without_images(tree: Tree) -> Tree:
    """Leave the images of containers out."""
    lists = {field: {k: v for k, v in tree[field]["*"].items() if k != "image"} for field in _LISTS}
    return {**tree, **lists}


class _Dumper(yaml.SafeDumper):
    """Writes what has several lines as they are."""


def _written(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _written)
