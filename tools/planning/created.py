"""What a new object is, without what others put beside it: to tell whether it still is what was made.

Name and place are the target's; the rest of the metadata, status and what the server or a controller
hands out by itself count for nothing. Pure. Used by the undo and `tools.change`.
"""

from tools.changes import digest_of
from tools.planning.patching import as_list, as_object, dotted, unlike
from tools.plans import Json

MADE_UP = ("uid", "creationTimestamp")
"""Metadata that the server makes up for a new object, anew in every dry run."""
MOVING = ("managedFields", "resourceVersion", "generation", "selfLink")
"""Metadata that moves by itself."""
_ADDRESSES = ("clusterIP", "clusterIPs", "healthCheckNodePort")
_TOKENS = ("secrets", "imagePullSecrets")
"""What a controller of some distributions adds to each new ServiceAccount."""
_BESIDE = ("apiVersion", "kind", "metadata", "status")


def body_digest(obj: Json) -> str:
    """Digest what an object is."""
    left_out = (*_BESIDE, *_TOKENS) if obj.get("kind") == "ServiceAccount" else _BESIDE
    return digest_of({k: v for k, v in without_addresses(obj).items() if k not in left_out})


def without_addresses(obj: Json) -> Json:
    """Give a Service without what the server picks anew for each; any other object as it is.

    That it has no address is nothing that the server picks.
    """
    if obj.get("kind") != "Service":
        return obj
    asked = as_object(obj.get("spec"))
    picked = () if asked.get("clusterIP") == "None" else _ADDRESSES
    spec = {k: v for k, v in asked.items() if k not in picked}
    if "ports" in spec:
        ports = map(as_object, as_list(spec["ports"]))
        spec["ports"] = [{k: v for k, v in port.items() if k != "nodePort"} for port in ports]
    return obj | ({"spec": spec} if spec else {})


def other_than_made(manifest: Json, digest: str, obj: Json) -> str:
    """Say in what an object is other than it was made; empty where it is not.

    `digest` is its `body_digest` when it was made; empty where that is not known, and then only what the
    manifest asks for is compared, of a NetworkPolicy also that nothing more is allowed.
    """
    if digest and body_digest(obj) == digest:
        return ""
    asked = {key: value for key, value in manifest.items() if key not in _BESIDE}
    field = unlike(asked, obj)
    if field is not None:
        return dotted(field)
    if digest:
        return "something was added to it"
    more = as_object(obj.get("spec")).keys() - as_object(manifest.get("spec")).keys()
    return ", ".join(sorted(more)) if obj.get("kind") == "NetworkPolicy" else ""
