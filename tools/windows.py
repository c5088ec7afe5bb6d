"""Which pods run on Windows, and so do not have the settings of Linux.

A pod does where it can run nowhere else: by spec.os.name, else by its node selector and its required node
affinity, else because all its containers are processes of a Windows host. What is preferred, what excludes
another system and one of several terms say nothing. Source: https://kubernetes.io/docs/concepts/windows/
and the scheduler's reading of node affinity (terms are alternatives, expressions of one hold together).
Used by `workload`, the checks of Pod Security and the plans.
"""

from tools.objects.pod import NodeSelectorTerm, PodSpec

_WINDOWS = "windows"
_LABELS = ("kubernetes.io/os", "beta.kubernetes.io/os")


def is_windows(spec: PodSpec) -> bool:
    """Tell whether pods run on Windows and nowhere else."""
    if spec.os is not None and spec.os.name:
        return says_windows(spec)
    systems = _systems(spec)
    return systems == {_WINDOWS} if systems is not None else _of_the_host(spec)


def says_windows(spec: PodSpec) -> bool:
    """Tell whether spec.os.name is windows: what Pod Security goes by, unlike `is_windows`."""
    return spec.os is not None and spec.os.name == _WINDOWS


def _systems(spec: PodSpec) -> set[str] | None:
    """Give the systems of the nodes that take the pods; None where nothing says it."""
    selector = spec.node_selector or {}
    found = [{selector[label]} for label in _LABELS if label in selector]
    node = spec.affinity.node_affinity if spec.affinity else None
    required = node.required_during_scheduling_ignored_during_execution if node else None
    terms = [_of_term(term) for term in (required.node_selector_terms if required else None) or ()]
    said = [term for term in terms if term is not None]
    if said and len(said) == len(terms):
        found.append(set[str]().union(*said))
    return _common(found)


def _of_term(term: NodeSelectorTerm) -> set[str] | None:
    """Give the systems that one term leaves; None where it does not say."""
    said = [
        set(each.values or ())
        for each in term.match_expressions or ()
        if each.key in _LABELS and each.operator == "In"
    ]
    return _common(said)


def _common(sets: list[set[str]]) -> set[str] | None:
    """Give what stands in all sets; None without any."""
    return sets[0].intersection(*sets[1:]) if sets else None


def _of_the_host(spec: PodSpec) -> bool:
    """Tell whether all containers are processes of a Windows host, as the API asks for if one is."""
    outer = spec.security_context.windows_options if spec.security_context else None
    containers = [
        *(spec.init_containers or ()),
        *(spec.containers or ()),
        *(spec.ephemeral_containers or ()),
    ]
    contexts = [each.security_context for each in containers]
    own = [context.windows_options if context else None for context in contexts]
    default = outer.host_process if outer else None
    said = [
        default if each is None or each.host_process is None else each.host_process for each in own
    ]
    return bool(said) and all(said)
