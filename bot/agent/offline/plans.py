"""Which plan answers which question. Used by `bot.agent.offline.model`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.agent.offline.answers import (
    asked,
    changes,
    explained,
    fixes,
    guided,
    images,
    judged,
    listed,
    rights,
    standards,
)
from bot.agent.offline.orders.plan import ordered
from bot.agent.offline.question.clauses import clauses
from bot.agent.offline.question.reading import Ask, Wish, read
from bot.agent.offline.talk import Plan, Said, Talk
from bot.agent.offline.target import clusters_in
from bot.agent.offline.wording import questions, words

_PLANS: dict[Wish, Callable[[Talk, Ask], Plan]] = {
    Wish.HELP: guided.explain_self,
    Wish.CHANGE: changes.change,
    Wish.APPROVALS: asked.tell,
    Wish.LOGS: listed.show_log,
    Wish.EVENTS: listed.show_events,
    Wish.SUPPLY: guided.supply_chain,
    Wish.IMAGES: images.show_images,
    Wish.SETTINGS: listed.show_settings,
    Wish.RIGHTS: rights.who_can,
    Wish.CLUSTERS: listed.show_clusters,
    Wish.NAMESPACES: listed.show_namespaces,
    Wish.WORKLOADS: listed.show_workloads,
    Wish.MORE: listed.show_more,
    Wish.FIX: fixes.show_fix,
    Wish.EXPLAIN: explained.explain,
    Wish.COUNT: judged.count,
    Wish.SCAN: judged.look,
    Wish.GUIDANCE: guided.guidance,
}


MOST_WISHES = 3
"""Wishes of one message that are answered."""

_EACH = (Wish.SCAN, Wish.COUNT, Wish.IMAGES, Wish.WORKLOADS, Wish.NAMESPACES, Wish.RIGHTS)
"""Answered for one cluster after the other where several are named."""

_JUDGING = (Wish.SCAN, Wish.COUNT, Wish.EXPLAIN, Wish.GUIDANCE)


def plan(talk: Talk) -> Plan:
    """Choose how a question is answered."""
    talk = changes.continued(talk)
    if (pressed := changes.pressed(talk)) is not None:
        return pressed
    return _ordered_or_asked(talk)


def _ordered_or_asked(talk: Talk) -> Plan:
    """Work out what a message orders; answer it as a question where it orders nothing."""
    done = yield from ordered(talk)
    if done is not None:
        return done
    wanted = clauses(talk.question)
    asked = _one(talk) if len(wanted) < 2 else _one_by_one(talk, wanted)
    return (yield from asked)


def _one_by_one(talk: Talk, wanted: Sequence[str]) -> Plan:
    """Answer each wish of a message; `it` is what the one before named."""
    said = ""
    mixed = any(read(text).wish is not Wish.CHANGE for text in wanted)
    for number, text in enumerate(wanted[:MOST_WISHES]):
        before = tuple(Said(True, earlier, {}) for earlier in wanted[:number])
        one = replace(talk, question=text, earlier=(*talk.earlier, *before))
        part = (yield from ordered(one)) if mixed and number else None
        part = part or (yield from _one(one))
        said = words.join(said, part)
    left = ". ".join(wanted[MOST_WISHES:])
    return words.join(said, f"Not looked at; ask for it by itself: {left}" if left else "")


def _one(talk: Talk) -> Plan:
    question = read(talk.question)
    if question.wish in _JUDGING and standards.unchecked(question):
        return (yield from standards.say_unchecked(question))
    if question.wish in _JUDGING and (said := standards.special(question)):
        return (yield from said)
    if question.wish is Wish.CHANGE and not changes.on_what_was_shown(talk, question):
        return f"{questions.NO_SUCH_CHANGE} {questions.NOTHING}"
    answer = _PLANS[question.wish]
    named = clusters_in(question.text, talk.clusters) if len(talk.clusters) > 1 else []
    if question.wish not in _EACH or len(named) < 2:
        return (yield from answer(talk, question))
    return (yield from _for_each(talk, question, named))


def _for_each(talk: Talk, question: Ask, clusters: Sequence[str]) -> Plan:
    said = ""
    for cluster in clusters[:3]:
        part = yield from _PLANS[question.wish](replace(talk, cluster=cluster), question)
        said = words.join(said, part)
    return said
