"""Reads the API server's audit log: who asked for what, and whether it was allowed."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml


class Access(NamedTuple):
    """One verb on one kind of resource, as a role grants it."""

    group: str
    """Empty for core."""
    resource: str
    """With its subresource: `pods`, `pods/log`."""
    verb: str


class _User(msgspec.Struct):
    username: str = ""


class _Object(msgspec.Struct):
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    group: str = msgspec.field(name="apiGroup", default="")


class _Status(msgspec.Struct):
    code: int = 0


class _Event(msgspec.Struct):
    verb: str
    uri: str = msgspec.field(name="requestURI")
    user: _User = msgspec.field(default_factory=_User)
    object: _Object | None = msgspec.field(name="objectRef", default=None)
    status: _Status = msgspec.field(name="responseStatus", default_factory=_Status)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    audit_id: str = msgspec.field(name="auditID", default="")
    user_agent: str = msgspec.field(name="userAgent", default="")


class Request(NamedTuple):
    """One request that the API server answered."""

    user: str
    uri: str
    access: Access | None
    """None for requests that concern no resource, such as discovery."""
    code: int
    allowed: bool
    """What authorization said; an allowed request can still end in 404."""
    audit_id: str
    user_agent: str
    namespace: str = ""
    """Of the object concerned; a Namespace is in itself."""
    name: str = ""


def end(log: Path) -> int:
    """Give the place in the log where what comes next will begin."""
    return log.stat().st_size


def requests(log: Path, user: str, after: int = 0) -> list[Request]:
    """List the requests of one user from a place in the log on (see `end`)."""
    with log.open("rb") as file:
        file.seek(after)
        events = [_DECODER.decode(line) for line in file if line.endswith(b"\n")]
    return [_request(event) for event in events if event.user.username == user]


def changes(found: Iterable[Request]) -> list[Request]:
    """Pick what changed something: no reading, no dry run, no access review, nothing that was refused."""
    return [
        one
        for one in found
        if one.access
        and one.access.verb not in ("get", "list")
        and one.access.resource != "localsubjectaccessreviews"
        and "dryRun" not in one.uri
        and one.code < 400
    ]


def used(found: Iterable[Request]) -> set[Access]:
    """Collect what was used of what is granted.

    A patch that made its object (201: server-side apply) was asked for as create too.
    """
    allowed = [one for one in found if one.access and one.allowed]
    made = {one.access._replace(verb="create") for one in allowed if one.access and one.code == 201}
    return {one.access for one in allowed if one.access} | made


def granted(*manifests: str) -> set[Access]:
    """Spell out what the Roles and ClusterRoles of manifests grant."""
    return {
        Access(group, resource, verb)
        for text in manifests
        for document in yaml.safe_load_all(text)
        if document["kind"] in ("Role", "ClusterRole")
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


_DECODER = msgspec.json.Decoder(_Event)


def _request(event: _Event) -> Request:
    access = None
    if event.object is not None:
        parts = (event.object.resource, event.object.subresource)
        access = Access(event.object.group, "/".join(filter(None, parts)), event.verb)
    allowed = event.annotations.get("authorization.k8s.io/decision") == "allow"
    return Request(
        event.user.username,
        event.uri,
        access,
        event.status.code,
        allowed,
        event.audit_id,
        event.user_agent,
        event.object.namespace if event.object else "",
        event.object.name if event.object else "",
    )
