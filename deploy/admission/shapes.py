"""Writes down in CEL that a created object has exactly a template's shape, taken from the template.

The templates are asked for several objects, in which every choice differs. Where all agree, the value
is fixed; where they differ, HOLES says what may stand there, and without an entry nothing is written
at all: a new choice in a template cannot be forgotten here. What the server itself fills in is listed
in SERVER. Everything else is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.admission.fields import quoted
from tools.actions.deploy_app import Image
from tools.changes import OPERATION

Path = tuple[str, ...]
Rules = Mapping[Path, str]
"""By path a rule in CEL about the value `{x}`."""

_NAME = "app.kubernetes.io/name"
_POD: Path = ("spec", "template", "spec")
_CONTAINER: Path = (*_POD, "containers", "0")
_PORT = "1024 <= {x} && {x} <= 65535"
_CPU = "isQuantity({x}) && quantity({x}).compareTo(quantity('16')) <= 0"
_MEMORY = "isQuantity({x}) && quantity({x}).compareTo(quantity('64Gi')) <= 0"
_OWN_NAME = "{x} == object.metadata.name"
_ANY = ""

_IMAGE = str(Image.__metadata__[0].pattern).replace(r"\A", "^").replace(r"\Z", "$")
"""The action's own pattern, in the spelling of the server's expressions."""

_EVERYWHERE: Rules = {
    ("metadata", "name"): _ANY,
    ("metadata", "namespace"): _ANY,
    ("metadata", "annotations", OPERATION): _ANY,
    ("metadata", "labels", _NAME): _OWN_NAME,
}

HOLES: Mapping[str, Rules] = {
    "app Deployment": {
        ("spec", "replicas"): "1 <= {x} && {x} <= 20",
        ("spec", "selector", "matchLabels", _NAME): _OWN_NAME,
        ("spec", "template", "metadata", "labels", _NAME): _OWN_NAME,
        (*_POD, "serviceAccountName"): _OWN_NAME,
        (*_CONTAINER, "image"): f"{{x}}.matches('{_IMAGE}')",
        (*_CONTAINER, "ports", "0", "containerPort"): _PORT,
        (*_CONTAINER, "resources", "requests", "cpu"): _CPU,
        (*_CONTAINER, "resources", "requests", "memory"): _MEMORY,
        (*_CONTAINER, "resources", "limits", "memory"): _MEMORY,
        (*_CONTAINER, "securityContext", "runAsUser"): "1 <= {x}",
    },
    "app Service": {("spec", "selector", _NAME): _OWN_NAME},
    "app NetworkPolicy": {
        ("spec", "podSelector", "matchLabels", _NAME): _OWN_NAME,
        ("spec", "ingress", "0", "ports", "0", "port"): _PORT,
    },
    "ServiceAccount": {("imagePullSecrets",): "{x}.all(s, s.all(k, k == 'name'))"},
    "deny incoming NetworkPolicy": {("metadata", "name"): "{x} == 'default-deny'"},
    "deny both NetworkPolicy": {("metadata", "name"): "{x} == 'default-deny'"},
    "allow NetworkPolicy": {
        ("metadata", "name"): "{x}.startsWith('allow-')",
        ("spec", "podSelector", "matchLabels"): "size({x}) > 0",
        ("spec", "ingress", "0", "ports"): (
            "{x}.all(p, 'port' in p && p.all(k, k in ['port', 'protocol']))"
        ),
    },
}
"""By template, what may stand where people, or the cluster, choose."""

_STRATEGY = (
    "size({x}) == 2 && {x}.type == 'RollingUpdate' && size({x}.rollingUpdate) == 2 && "
    "{x}.rollingUpdate.maxSurge == '25%' && {x}.rollingUpdate.maxUnavailable == '25%'"
)
_METADATA: Rules = {
    ("metadata", field): _ANY
    for field in ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
}
SERVER: Mapping[str, Rules] = {
    "app Deployment": {
        ("status",): "size({x}) == 0",
        ("spec", "progressDeadlineSeconds"): "{x} == 600",
        ("spec", "revisionHistoryLimit"): "{x} == 10",
        ("spec", "strategy"): _STRATEGY,
        ("spec", "template", "metadata", "creationTimestamp"): "{x} == null",
        (*_POD, "dnsPolicy"): "{x} == 'ClusterFirst'",
        (*_POD, "restartPolicy"): "{x} == 'Always'",
        (*_POD, "schedulerName"): "{x} == 'default-scheduler'",
        (*_POD, "serviceAccount"): _OWN_NAME,
        (*_POD, "terminationGracePeriodSeconds"): "{x} == 30",
        (*_CONTAINER, "imagePullPolicy"): "{x} == 'IfNotPresent'",
        (*_CONTAINER, "terminationMessagePath"): "{x} == '/dev/termination-log'",
        (*_CONTAINER, "terminationMessagePolicy"): "{x} == 'File'",
    },
    "app Service": {
        ("status",): _ANY,
        ("spec", "clusterIP"): "{x} != 'None'",
        ("spec", "clusterIPs"): _ANY,
        ("spec", "internalTrafficPolicy"): "{x} == 'Cluster'",
        ("spec", "ipFamilies"): _ANY,
        ("spec", "ipFamilyPolicy"): "{x} == 'SingleStack'",
        ("spec", "sessionAffinity"): "{x} == 'None'",
    },
}
"""By template, what the server fills in where a manifest says nothing."""


def shaped(template: str, manifests: Sequence[dict[str, Any]]) -> list[str]:
    """Say in clauses that `object` is one that the template makes."""
    named: list[Any] = [
        {**each, "metadata": {**each["metadata"], "annotations": {OPERATION: "any"}}}
        for each in manifests
    ]
    writer = _Writer({**_EVERYWHERE, **HOLES[template]}, {**_METADATA, **SERVER.get(template, {})})
    return writer.value("object", named, ())


class _Writer:
    """Writes clauses for one template."""

    def __init__(self, holes: Rules, server: Rules) -> None:
        self._holes = holes
        self._server = server

    def value(self, x: str, samples: list[Any], path: Path) -> list[str]:
        """Say that an expression is what the samples have at a path."""
        if path in self._holes:
            return _filled(self._holes[path], x)
        first = samples[0]
        if all(isinstance(each, dict) for each in samples):
            return self._object(x, samples, path)
        if all(isinstance(each, list) and len(each) == len(first) for each in samples):
            entries = [
                clause
                for index in range(len(first))
                for clause in self.value(
                    f"{x}[{index}]", [each[index] for each in samples], (*path, str(index))
                )
            ]
            return [f"size({x}) == {len(first)}", *entries]
        if any(each != first for each in samples):
            raise ValueError(f"HOLES does not say what may stand at {'.'.join(path)}")
        return [f"{x} == {_literal(first)}"]

    def _object(self, x: str, samples: list[dict[str, Any]], path: Path) -> list[str]:
        """Say that an expression has the members of the samples and no others."""
        names = list(dict.fromkeys(name for each in samples for name in each))
        filled_in = [key[-1] for key in self._server if key[:-1] == path]
        clauses = [f"{x}.all(k, k in {quoted([*names, *filled_in])})"]
        needed = [name for name in names if all(name in each for each in samples)]
        clauses += [f"'{name}' in {x}" for name in needed]
        for name in names:
            inner = self.value(
                _member(x, name), [each[name] for each in samples if name in each], (*path, name)
            )
            clauses += inner if name in needed else _if_there(x, name, inner)
        for name in filled_in:
            rule = self._server[(*path, name)]
            clauses += _if_there(x, name, _filled(rule, _member(x, name)))
        return clauses


def _filled(rule: str, x: str) -> list[str]:
    return [rule.replace("{x}", x)] if rule else []


def _if_there(x: str, name: str, clauses: list[str]) -> list[str]:
    """Ask something of a member that may be absent."""
    return [f"!('{name}' in {x}) || ({' && '.join(clauses)})"] if clauses else []


def _member(x: str, name: str) -> str:
    return f"{x}.{name}" if name.isidentifier() else f"{x}['{name}']"


def _literal(value: Any) -> str:
    """Write a scalar in CEL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)
