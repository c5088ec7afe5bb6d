"""Pin images to the digest that all pods of the workload run: what runs now is what runs next.

The digest is read from the pods, never given: so no action can choose an image. It has to be one of
the registry's; the id of an image that only a node has is none.
"""

import copy
from collections.abc import Iterator

from tools.images import parse
from tools.planning.drafting import Draft, found, low, not_read, patch_plan
from tools.planning.patching import as_list, as_object, value_at
from tools.planning.rollout import containers_of, selects, spec_of, spec_path
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, DnsLabel

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
NEEDS = ("Pod",)
ANSWERS = ()

_FROM_DOCKER = "docker-pullable://"


class PinImage(Action, frozen=True, kw_only=True, tag="pin_image"):
    """Which containers; none means all."""

    containers: tuple[DnsLabel, ...] = ()


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the image of every container."""
    place = tuple(map(str, spec_path(kind)))
    return tuple((*place, field, "*", "image") for field in ("containers", "initContainers"))


def plan(action: PinImage, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the images."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    if "Pod" not in around.others:
        return not_read("Pod")
    after = copy.deepcopy(there)
    containers = containers_of(spec_of(target.kind, after))
    strange = set(action.containers) - {str(each.get("name")) for each in containers}
    if strange:
        return Refusal(
            Reason.MISSING, f"{target.kind} {target.name} has no container {min(strange)}."
        )
    pods = list(_pods(there, around))
    for container in containers:
        if action.containers and container.get("name") not in action.containers:
            continue
        refusal = _pin(container, pods)
        if refusal:
            return refusal
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            (low("The same images run; only a new tag no longer reaches the pods by itself."),),
            notes=(
                "Updates of the image have to be rolled out on purpose from now on.",
                "Where deploy/admission is in force Oakum cannot take it back itself, for that lets an image "
                "go to a digest only: Undo gives the patch for an administrator.",
            ),
        ),
        around,
    )


def _pods(workload: Json, around: Around) -> Iterator[Json]:
    """Give the pods that the workload's selector selects and that are not on their way out."""
    selector = as_object(value_at(workload, ("spec", "selector")))
    for pod in around.others["Pod"]:
        metadata = as_object(pod.get("metadata"))
        phase = as_object(pod.get("status")).get("phase")
        if metadata.get("deletionTimestamp") or phase in ("Succeeded", "Failed"):
            continue
        if selector and selects(selector, as_object(metadata.get("labels"))):
            yield pod


def _pin(container: Json, pods: list[Json]) -> Refusal | None:
    """Pin one container's image in place; refuses where the pods do not agree on one digest."""
    name = str(container.get("name"))
    image = parse(str(container.get("image")))
    if image is None:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"What container {name} names is not a valid image reference.",
            "Correct the image first.",
        )
    if image.pinned:
        return None
    running = {_status(pod, name) for pod in pods}
    if not pods or "" in running:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"Not every pod runs container {name} yet, so its digest is not known.",
            "Wait until the rollout is finished.",
        )
    if len(running) > 1:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"The pods run {len(running)} different images as container {name}.",
            "Finish the rollout, or restart it, so that all run the same.",
        )
    runs = parse(running.pop().removeprefix(_FROM_DOCKER))
    if not runs or not runs.digest.startswith("sha256:") or runs.place != image.place:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"What container {name} runs has no digest of {image.name}: the image is only "
            "on the node, or came from somewhere else.",
            "Push it to a registry and deploy it from there.",
        )
    container["image"] = f"{image.name}@{runs.digest}"
    return None


def _status(pod: Json, container: str) -> str:
    """Give what a pod says it runs as a container; empty where it does not say."""
    for field in ("containerStatuses", "initContainerStatuses"):
        for status in map(as_object, as_list(as_object(pod.get("status")).get(field))):
            if status.get("name") == container:
                return str(status.get("imageID") or "")
    return ""
