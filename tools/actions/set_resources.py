"""Set what containers of a workload ask for and may use of processor and memory."""

import copy
from typing import Annotated

from msgspec import Meta, Struct

from tools.planning.drafting import Draft, found, low, medium, patch_plan
from tools.planning.patching import as_object
from tools.planning.quantities import amount, cpu, memory
from tools.planning.rollout import IN_PLACE, containers_of, not_in_place, spec_of, spec_path
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, DnsLabel, Risk

KINDS = IN_PLACE
NEEDS = ()
ANSWERS = ()

Millicores = Annotated[int, Meta(ge=1, le=256_000)]
Mebibytes = Annotated[int, Meta(ge=4, le=4_194_304)]


class ContainerResources(Struct, frozen=True, forbid_unknown_fields=True):
    """Amounts for one container; None leaves what is there."""

    container: DnsLabel
    request_cpu_millicores: Millicores | None = None
    limit_cpu_millicores: Millicores | None = None
    request_memory_mib: Mebibytes | None = None
    limit_memory_mib: Mebibytes | None = None


class SetResources(Action, frozen=True, kw_only=True, tag="set_resources"):
    """Amounts, each container at most once."""

    containers: Annotated[tuple[ContainerResources, ...], Meta(min_length=1, max_length=50)]


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the amounts of every container."""
    place = tuple(map(str, spec_path(kind)))
    return tuple(
        (*place, field, "*", "resources", sort, name)
        for field in ("containers", "initContainers")
        for sort in ("requests", "limits")
        for name in ("cpu", "memory")
    )


def plan(action: SetResources, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the containers' resources."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    listed = {str(c.get("name")): c for c in containers_of(spec_of(target.kind, after))}
    if len({wanted.container for wanted in action.containers}) < len(action.containers):
        return Refusal(Reason.NO_SAFE_FIX, "A container is named more than once.")
    for wanted in action.containers:
        container = listed.get(wanted.container)
        if container is None:
            return Refusal(
                Reason.MISSING,
                f"{target.kind} {target.name} has no container {wanted.container}.",
            )
        refusal = _set(container, wanted)
        if refusal:
            return refusal
    refusal = not_in_place(target, there, after)
    if refusal:
        return refusal
    return patch_plan(
        Draft(target, there, after, touches(target.kind), _risks(there, action)), around
    )


def _written(wanted: ContainerResources) -> dict[tuple[str, str], str]:
    """Write the amounts as quantities, by sort and name."""
    amounts = {
        ("requests", "cpu"): wanted.request_cpu_millicores and cpu(wanted.request_cpu_millicores),
        ("limits", "cpu"): wanted.limit_cpu_millicores and cpu(wanted.limit_cpu_millicores),
        ("requests", "memory"): wanted.request_memory_mib and memory(wanted.request_memory_mib),
        ("limits", "memory"): wanted.limit_memory_mib and memory(wanted.limit_memory_mib),
    }
    return {place: str(quantity) for place, quantity in amounts.items() if quantity}


def _set(container: Json, wanted: ContainerResources) -> Refusal | None:
    """Set one container's amounts in place; a request above its limit is refused as the server does."""
    if not _written(wanted):
        return Refusal(Reason.NO_SAFE_FIX, f"No amount is given for container {wanted.container}.")
    if not isinstance(container.get("resources"), dict):
        container["resources"] = {}
    resources = as_object(container["resources"])
    for (sort, name), quantity in _written(wanted).items():
        if not isinstance(resources.get(sort), dict):
            resources[sort] = {}
        held = as_object(resources[sort])
        if amount(held.get(name)) != amount(quantity):
            held[name] = quantity
    for name in ("cpu", "memory"):
        request = amount(as_object(resources.get("requests")).get(name))
        limit = amount(as_object(resources.get("limits")).get(name))
        if request is not None and limit is not None and request > limit:
            return Refusal(
                Reason.NO_SAFE_FIX,
                f"Container {wanted.container} would ask for more {name} than its limit.",
                f"Give both the request and the limit of {name}.",
            )
    return None


def _risks(obj: Json, action: SetResources) -> tuple[Risk, ...]:
    """Judge limits, which stop or slow a container, above requests, which only place it."""
    risks = [low("Pods may be placed on other nodes, or wait for room.")]
    for wanted in action.containers:
        if wanted.limit_memory_mib:
            reason = f"Container {wanted.container} is killed when it uses more memory than that."
            risks.append(medium(reason))
        if wanted.limit_cpu_millicores:
            risks.append(medium(f"Container {wanted.container} is slowed at its processor limit."))
    return tuple(risks)
