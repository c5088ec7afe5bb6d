"""How capabilities that a container keeps are told. Used by the checks of capabilities."""

from tools.types import Evidence, Judgement, evidence
from tools.workload import Container, failed


def capability_failure(deciding: list[Container], enough: tuple[str, ...]) -> Judgement:
    """Judge a workload failed by the capabilities of these containers.

    Dropping any one of `enough` would have been enough. A container that is privileged, that adds
    something although it drops enough, or that drops a name with CAP_, says so.
    """
    first = deciding[0]
    idle = [name for name in first.dropped if name.startswith("CAP_")]
    if first.privileged:
        why = "is privileged, so that what it drops does not count"
    elif any(name in first.dropped for name in enough):
        why = f"adds {', '.join(first.added)}"
    elif idle:
        why = f"drops {', '.join(idle)}, which drops nothing: names are written without CAP_"
    else:
        why = f"does not drop {' or '.join(enough)}"
    return failed([(container, _capability_fact(container)) for container in deciding], why)


def _capability_fact(container: Container) -> Evidence:
    """Show what decided on the capabilities of one container."""
    path = f"{container.path}.securityContext"
    if container.privileged:
        return evidence(f"{path}.privileged", True)
    own = container.spec.security_context
    return evidence(f"{path}.capabilities", own.capabilities if own else None)
