"""A plan as YAML that people read: the fields that it sets, and what it creates. Pure.

Used by `propose_fix`, for whoever asks how something would be fixed.
"""

from collections.abc import Iterable
from typing import Any

import yaml
from msgspec import UNSET

from tools import redact
from tools.planning.patching import changes_between, value_at
from tools.planning.rollout import as_manifest
from tools.plans import Json, Plan, Refusal
from tools.types import Change, FieldPath, Verb

_OFF_WHEN_ABSENT = ("hostNetwork", "hostPID", "hostIPC")


def of_plan(plan: Plan, obj: Json) -> str:
    """Write a plan's patches and new objects as YAML documents; deletions are left out."""
    documents: list[Any] = []
    for each in plan.operations:
        if each.verb is Verb.PATCH:
            documents.append(_tree(obj, each.changes))
        elif each.verb is Verb.CREATE:
            documents.append(each.manifest)
    return _yaml(documents)


def of_refusal(refusal: Refusal, obj: Json) -> str:
    """Write what an object's owner would change of it to make it again; empty where there is no manifest."""
    if not refusal.manifest:
        return ""
    changes = changes_between(as_manifest(obj), refusal.manifest)
    return _yaml([_tree(obj, changes)] if changes else [])


def _tree(obj: Json, changes: Iterable[Change], path: FieldPath = ()) -> Any:
    """Put changes under the fields that lead to them; an entry of a list carries its name."""
    below: dict[str | int, list[Change]] = {}
    for change in changes:
        if len(change.path) == len(path):
            return _after(change)
        below.setdefault(change.path[len(path)], []).append(change)
    made = {key: _tree(obj, each, (*path, key)) for key, each in below.items()}
    if not all(isinstance(key, int) for key in made):
        return made
    return [_named(value_at(obj, (*path, key)), each) for key, each in sorted(made.items())]


def _after(change: Change) -> Any:
    """Give the new value; for a field taken out null, or false where absence means that."""
    if change.after is not UNSET:
        return change.after
    return False if change.path[-1] in _OFF_WHEN_ABSENT else None


def _named(entry: Any, fields: Any) -> Any:
    keys = ("name",) if "name" in entry else ("containerPort", "protocol")
    return {**{key: entry[key] for key in keys if key in entry}, **fields}


def _yaml(documents: list[Any]) -> str:
    shown = [redact.document(each) for each in documents]
    return yaml.safe_dump_all(shown, sort_keys=False, allow_unicode=True, width=200).rstrip()
