"""Makes a role smaller by words: exactly what is said, or one question. Used by `answers.changes`."""

from typing import Any, cast

import yaml

from bot.agent.offline.question.narrowing import limits_of, read_loss
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.question.wishes import Change
from bot.agent.offline.talk import Plan, Talk, ask
from bot.agent.offline.wording.proposed import said
from tools.queries.result import ObjectRead

_HOW = (
    "What is it to lose? Say verbs, resources or both, for example: remove delete on secrets from role "
    "NAME in NAMESPACE."
)


def narrow(talk: Talk, question: Ask, wanted: Change) -> Plan:
    """Work out what is left of the rules that give what is to go."""
    places = [place for place in question.places if place != wanted.name.lower()]
    place = {"kind": wanted.kind or "Role", "name": wanted.name, "cluster": talk.cluster}
    if place["kind"] == "Role" and places:
        place["namespace"] = places[0]
    if not wanted.name:
        return _HOW
    got = yield from ask("read_object", **place)
    if not isinstance(got.data, ObjectRead):
        return got.failed
    rules = _rules(got.data)
    loss = read_loss(question.text)
    if loss is None:
        return f"{_HOW} It has {len(rules)} rules now."
    limits = limits_of(rules, loss)
    if isinstance(limits, str):
        return f"{limits} Is all of it to go, or which of it is to stay? Say each verb and each resource that goes."
    if not limits:
        return f"{place['kind']} {wanted.name} gives none of that; there is nothing to take away."
    return said((yield from ask("propose_access", **place, limits=limits)))


def _rules(read: ObjectRead) -> list[Any]:
    """Take the rules out of the object as it was read."""
    document = yaml.safe_load(read.yaml)
    rules = cast("dict[str, Any]", document).get("rules") if isinstance(document, dict) else None
    return cast("list[Any]", rules) if isinstance(rules, list) else []
