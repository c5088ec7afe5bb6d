"""An object of a foreign kind -> whether rights are given by it, told by its fields.

OpenShift, Rancher, operators' bundles and managers of RBAC hold rules and bindings in kinds of their own.
Pure. Used by `unread`.
"""

from typing import Any

from tools.cluster.manifests.pod_signs import nodes

_BINDINGS = (
    *("clusterRoleBindings", "roleBindings", "additionalRoleBindings"),
    *("roleTemplateName", "globalRoleName"),
)
_BOUND = ("subjects", "userNames", "groupNames")
_OF_RULES = ("apiGroups", "resources", "nonResourceURLs")


def gives_rights(root: Any) -> str:
    """Name the kind that an object stands for, as in `Gap.kind`; empty where it gives no rights."""
    mappings = [each for each in nodes(root) if isinstance(each, dict)]
    if any(each.get(field) for each in mappings for field in _BINDINGS) or any(
        each.get("roleRef") and any(each.get(field) for field in _BOUND) for each in mappings
    ):
        return "ClusterRoleBinding"
    return "ClusterRole" if any(_is_rule(each) for each in mappings) else ""


def _is_rule(mapping: dict[str, Any]) -> bool:
    """Tell whether a mapping is a rule of RBAC: verbs, and texts that say on what."""
    if "level" in mapping:  # A rule of an audit policy.
        return False
    return _texts(mapping.get("verbs")) and any(_texts(mapping.get(each)) for each in _OF_RULES)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, str) for each in value)
