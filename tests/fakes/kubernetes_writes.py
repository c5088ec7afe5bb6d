"""The writes of the API server on loopback: JSON Patch, creating apply, delete, access reviews.

Done as the real server does: dry runs change nothing, a test that fails is 422, a resourceVersion that
moved is 409, as are a uid that is another and a create over what is there. Every write that was done
is kept, so that tests count effects.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

Obj = dict[str, Any]


class Request(Protocol):
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def dry(self) -> bool: ...


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: Obj
    audit_id: str = ""
    warnings: tuple[str, ...] = ()


@dataclass
class Effect:
    """One write that was done: not a dry run, and not refused."""

    verb: str
    kind: str
    name: str
    operation_id: str
    audit_id: str


class Refused(Exception):
    """The server says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _none(*_: Any) -> None:
    """Do nothing."""


@dataclass
class Writes:
    """Takes writes to the objects of one fake. The hooks may be set by tests."""

    objects: dict[str, list[Any]]
    effects: list[Effect] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    """Sent with every answer to a write of an object."""
    before: Callable[[Request], None] = _none
    """Called before each write: where somebody else changes something in between."""
    admit: Callable[[Obj, bool], None] = _none
    """Called with the object to be stored and whether it is a dry run: may change it, or refuse it
    by raising `Refused`."""
    allowed: Callable[[Obj], bool] = lambda spec: True
    """The answer to an access review, by its spec."""
    _version: int = 5000
    _audit: int = 0

    def answer(self, request: Request, base: str, namespace: str, plural: str) -> Answer:
        """Do one write."""
        self._audit += 1
        audit_id = f"audit-{self._audit}"
        self.before(request)
        try:
            if plural == "localsubjectaccessreviews":
                return self._review(request, audit_id)
            status, body = self._do(request, base, namespace, audit_id)
        except Refused as refused:
            failure = {"kind": "Status", "status": "Failure", "message": refused.message}
            return Answer(refused.status, {**failure, "code": refused.status}, audit_id)
        return Answer(status, body, audit_id, self.warnings)

    def change(self, base: str, name: str, edit: Callable[[Obj], None]) -> None:
        """Change an object as somebody else would."""
        [obj] = [each for each in self.objects[base] if each["metadata"]["name"] == name]
        edit(obj)
        obj["metadata"]["resourceVersion"] = self._next()

    def _next(self) -> str:
        self._version += 1
        return str(self._version)

    def _review(self, request: Request, audit_id: str) -> Answer:
        review = json.loads(request.body)
        review["status"] = {"allowed": self.allowed(review["spec"])}
        return Answer(201, review, audit_id)

    def _do(self, request: Request, base: str, namespace: str, audit_id: str) -> tuple[int, Obj]:
        name = request.path.rpartition("/")[2]
        listed = self.objects.setdefault(base, [])
        found = [
            obj
            for obj in listed
            if obj["metadata"]["name"] == name and obj["metadata"].get("namespace", "") == namespace
        ]
        old = found[0] if found else None
        if request.method == "DELETE":
            status, new = self._delete(request, old, name)
        elif request.headers["Content-Type"] == "application/apply-patch+yaml":
            status, new = self._create(request, old)
        elif request.headers["Content-Type"] == "application/json-patch+json":
            status, new = self._patch(request, old, name)
        else:
            raise Refused(415, "unsupported media type")
        if request.method != "DELETE":
            self.admit(new, request.dry)
        if not request.dry:
            if old is not None:
                listed.remove(old)
            if request.method != "DELETE":
                listed.append(new)
            verb = {"DELETE": "delete"}.get(request.method, "create" if old is None else "patch")
            noted = (new["metadata"].get("annotations") or {}).get("oakum.dev/operation-id", "")
            self.effects.append(Effect(verb, new.get("kind", ""), name, noted, audit_id))
        return status, new

    def _delete(self, request: Request, old: Obj | None, name: str) -> tuple[int, Obj]:
        if old is None:
            raise Refused(404, f'"{name}" not found')
        wanted = json.loads(request.body).get("preconditions") or {}
        for key, value in wanted.items():
            if old["metadata"].get(key) != value:
                raise Refused(409, f"the {key} in the precondition does not match")
        return 200, old

    def _create(self, request: Request, old: Obj | None) -> tuple[int, Obj]:
        if "fieldManager" not in request.query:
            raise Refused(400, "fieldManager is required for apply patch")
        new = json.loads(request.body)
        given = new["metadata"].pop("resourceVersion", "")
        if old is not None:
            if given and given != old["metadata"]["resourceVersion"]:
                raise Refused(409, "the object has been modified")
            raise Refused(500, "this fake does not merge: an apply to what is there")
        new["metadata"]["uid"] = f"uid-made-{self._next()}"
        new["metadata"]["resourceVersion"] = self._next()
        new["metadata"]["generation"] = 1
        self._managed(new, request.query["fieldManager"], "Apply")
        return 201, new

    def _patch(self, request: Request, old: Obj | None, name: str) -> tuple[int, Obj]:
        if old is None:
            raise Refused(404, f'"{name}" not found')
        new = copy.deepcopy(old)
        for step in json.loads(request.body):
            _step(new, step)
        if new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]:
            raise Refused(409, "the object has been modified")
        if new["metadata"].get("uid") != old["metadata"].get("uid"):
            raise Refused(409, "the uid is another")
        if new != old:
            new["metadata"]["resourceVersion"] = self._next()
            if new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
            self._managed(new, request.query.get("fieldManager", "unknown"), "Update")
        return 200, new

    def _managed(self, obj: Obj, manager: str, operation: str) -> None:
        entry = {"manager": manager, "operation": operation, "time": "2026-01-01T00:00:00Z"}
        kept = [m for m in obj["metadata"].get("managedFields", []) if m["manager"] != manager]
        obj["metadata"]["managedFields"] = [*kept, entry]


def _step(obj: Obj, step: Obj) -> None:
    """Carry out one operation of RFC 6902."""
    parts = [p.replace("~1", "/").replace("~0", "~") for p in step["path"].split("/")[1:]]
    parent: Any = obj
    for part in parts[:-1]:
        parent = _below(parent, part)
    key: Any = int(parts[-1]) if isinstance(parent, list) and parts[-1] != "-" else parts[-1]
    if step["op"] == "test":
        if _below(parent, str(key)) != step["value"]:
            raise Refused(422, "the server rejected our request due to an error in our request")
    elif step["op"] == "add" and isinstance(parent, list):
        parent.insert(len(parent) if key == "-" else key, step["value"])
    elif step["op"] == "add":
        parent[key] = step["value"]
    elif step["op"] in ("replace", "remove"):
        _below(parent, str(key))
        if step["op"] == "remove":
            del parent[key]
        else:
            parent[key] = step["value"]
    else:
        raise Refused(400, f"unknown operation {step['op']}")


def _below(parent: Any, part: str) -> Any:
    try:
        return parent[int(part)] if isinstance(parent, list) else parent[part]
    except (KeyError, IndexError, TypeError, ValueError):
        raise Refused(422, "the server rejected our request: no such path") from None
