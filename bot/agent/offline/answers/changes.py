"""Changes that are asked for: worked out by the queries that propose, with a question where one is open.

Nothing is changed here or by those queries. Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.agent.offline.answers.narrowed import narrow
from bot.agent.offline.question.phrases import PRONOUN
from bot.agent.offline.question.reading import Ask, Wish, read
from bot.agent.offline.question.wishes import (
    Change,
    Sort,
    is_fix,
    loosens,
    read_change,
    read_fix,
)
from bot.agent.offline.talk import Call, Plan, Talk, ask
from bot.agent.offline.target import Target, about_of, earlier_names, resolve
from bot.agent.offline.wording import questions, words
from bot.agent.offline.wording.proposed import said
from tools.discovery import checks
from tools.objects.kinds import KINDS
from tools.queries.result import WorkloadRow, Workloads
from tools.queries.wording import names

MOST = 3
"""Objects of one request that are looked at; more are asked for one after the other."""
_REPLIES: dict[str, str] = {
    questions.SAY_UID: r"\d",
    questions.WHICH_CONTAINER: r"^\W*(?:container )?[a-z0-9-]+\W*$",
    questions.WHICH_OBJECT: r"^\W*(?:the one |the )?(?:in )?(?:namespace )?[a-z0-9/-]+(?: one)?\W*$",
    questions.HOW_MANY: r"\d|\bzero\b",
    questions.WHICH_LEVEL: r"\b(?:baseline|restricted)\b",
    questions.WHICH_AMOUNTS: r"\d",
    questions.WHICH_SUBJECT: r"\b(?:user|group|service ?account)\b",
    questions.WHAT_TO_DEPLOY: r"\bport\b|sha256|\bin\b|\bcalled\b|\bnamespace\b",
    questions.FOLDER: r"\bempty\b|\bleer",
    questions.CONFIRM: r"\bconfirm|bestätig",
}
"""By a question of ours, what a message must hold to be its answer."""
_QUESTION = re.compile(
    r"^\W*(?:why|what|how|which|who|where|is|are|does|do|show|list|scan|explain|warum|was|wie|welche)\b",
    re.I,
)
_PLURAL = re.compile(r"\b(?:them|those|these|all|both|each|alle|beide)\b", re.I)
_SHORT = 14
"""Words of a message that may be the reply to a question of ours."""

_PRESSED = re.compile(
    r"^Propose (?:a fix for (?P<check>[a-z][a-z0-9_]*) on|again for) (?P<kind>[A-Za-z]+)/(?P<name>[\w.:-]*\w)"
    r"(?: in namespace (?P<namespace>[a-z0-9-]+))?(?: of cluster (?P<cluster>[\w.:-]*\w))?"
    r"(?:\.?$|\. (?P<reply>.*)$|, otherwise than what was rejected .*?\): (?P<guidance>.*)$)",
    re.S,
)
"""What the buttons below a finding and of a rejected card ask."""


def pressed(talk: Talk) -> Plan | None:
    """Answer what a button asks: the object is written out. None where it is no such question."""
    found = _PRESSED.search(talk.question)
    if not found:
        return None
    if found["check"]:
        return _fix_written(talk, found)
    place = f"{found['namespace']}/{found['name']}" if found["namespace"] else found["name"]
    cluster = found["cluster"] if found["cluster"] in talk.clusters else ""
    return change(replace(talk, cluster=cluster), read(f"{found['guidance']} for {place}"))


def _fix_written(talk: Talk, found: re.Match[str]) -> Plan:
    """Fix one finding of the object that is written out, with what was said since."""
    place = {"name": found["name"], "kind": found["kind"]}
    place |= {"namespace": found["namespace"]} if found["namespace"] else {}
    place |= {"cluster": found["cluster"]} if found["cluster"] in talk.clusters else {}
    wanted = Change(Sort.FIX, read_fix(found["reply"] or ""))
    got = yield [_fix_call(wanted, place, [found["check"]])]
    return said(got[0])


def continued(talk: Talk) -> Talk:
    """Read a short reply to a question of ours as part of the request that it was asked about."""
    if len(talk.earlier) < 2 or len(talk.question.split()) > _SHORT:
        return talk
    asked, ours = talk.earlier[-2:]
    open_ = [mark for mark in _REPLIES if not ours.by_person and mark in ours.text]
    answered = [mark for mark in open_ if re.search(_REPLIES[mark], talk.question, re.I)]
    if not asked.by_person or not answered or _QUESTION.search(talk.question):
        return talk
    own = read(talk.question)
    if own.wish is Wish.CHANGE and own.words and questions.FOLDER not in answered:
        return talk
    before = continued(replace(talk, question=asked.text, earlier=talk.earlier[:-2])).question
    return replace(talk, question=f"{before.rstrip(' .')}. {_reply(talk.question, answered)}")


def _reply(text: str, answered: Sequence[str]) -> str:
    """Write out what a bare word or number stands for."""
    bare = text.strip(" .!")
    if re.fullmatch(r"\d+", bare):
        return f"as user {bare}" if questions.SAY_UID in answered else f"to {bare}"
    if re.fullmatch(r"[a-z0-9-]+", bare) and questions.WHICH_CONTAINER in answered:
        return f"container {bare}"
    if re.fullmatch(r"[a-z0-9-]+", bare) and questions.WHICH_OBJECT in answered:
        return f"in {bare}"
    return text


def on_what_was_shown(talk: Talk, question: Ask) -> bool:
    """Tell whether a change is of what the thread spoke of, or of a role: both are read here."""
    narrows = read_change(question.text).sort is Sort.NARROW
    return narrows or bool(not question.words and PRONOUN.search(question.text))


def change(talk: Talk, question: Ask) -> Plan:
    """Work out what is asked for, and say what would happen, what is missing, or why it is not possible."""
    wanted = read_change(question.text)
    if wanted.sort is Sort.NARROW:
        return (yield from narrow(talk, question, wanted))
    if never := _never(wanted, question.text):
        return never
    if wanted.sort is Sort.DEPLOY:
        return (yield from _deploy(talk, question, wanted))
    if wanted.kind and wanted.kind not in _WORKLOADS:
        return (yield from _by_kind(talk, question, wanted))
    return (yield from _on_what_is_named(talk, question, wanted))


def _on_what_is_named(talk: Talk, question: Ask, wanted: Change) -> Plan:
    """Change the workloads or namespaces that the words name."""
    target = yield from resolve(talk, question)
    if target.failed:
        return target.failed
    if target.note:
        return words.join(target.note, _AS_IT_IS)
    if wanted.sort in (Sort.LABELS, Sort.DENY) or _only_namespaces(target, question, wanted):
        return (yield from _on_namespaces(talk, question, wanted, target))
    rows = _meant(talk, target, question) or (yield from _called_like_a_place(question, target))
    if not rows:
        return (yield from _nothing_named(talk, question, target))
    several = _several(rows)
    if several:
        return several
    missing = _missing(wanted, rows)
    if missing:
        return missing
    about = _about(talk, question) if wanted.sort is Sort.FIX else []
    calls = [_call(wanted, row, about, target.cluster) for row in rows[:MOST]]
    got = yield calls
    return words.join(*(said(item) for item in got), _rest(rows), _left(wanted))


def _never(wanted: Change, text: str) -> str:
    """Say that a change is none that is proposed; empty where it may be one."""
    if wanted.sort is not Sort.FIX:
        return ""
    if loosens(text):
        return f"{questions.LESS_SAFE} {questions.NOTHING}"
    return "" if wanted.facts or is_fix(text) else f"{questions.NO_SUCH_CHANGE} {questions.NOTHING}"


_AS_IT_IS = "Name it as it is there; nothing was asked for."


def _called_like_a_place(question: Ask, target: Target) -> Any:
    """Find workloads that are called like a namespace, where nothing says that the namespace is meant."""
    if not target.namespaces or re.search(
        r"\b(?:namespaces?|ns|namensraum)\b", question.text, re.I
    ):
        return []
    got = yield from ask("find_workloads", cluster=target.cluster, words=list(question.words))
    rows = got.data.rows if isinstance(got.data, Workloads) else ()
    return [row for row in rows if row.ref.name in question.words]


_OWN_ACCOUNT = {"5.1.5", "default_service_account_used"}
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod")


def _nothing_named(talk: Talk, question: Ask, target: Target) -> Plan:
    """Say that a request names no workload, and which there are; show how it is done for a control."""
    asked = names((f"`{word}`" for word in target.unknown), 3)
    head = f"I found no workload named {asked} in what I may see." if asked else ""
    more = {"namespaces": list(target.namespaces)} if target.namespaces else {}
    more |= {"cluster": target.cluster} if target.cluster else {}
    got = yield [Call("find_workloads", more)]
    rows = got[0].data.rows if isinstance(got[0].data, Workloads) else ()
    there = f"There are: {names((words.place(row.ref) for row in rows), 12)}." if rows else ""
    wish = "Name the one that is to be changed; nothing was asked for."
    return words.join(f"{head} {there}".strip(), wish, target.note)


def _about(talk: Talk, question: Ask) -> list[str]:
    """Give the checks that a text names by id, or the controls that it is about."""
    written = [
        word for word in re.findall(r"[a-z]+(?:_[a-z]+)+", question.text) if word in checks()
    ]
    return list(dict.fromkeys(written)) or list(about_of(talk, question))


def _only_namespaces(target: Target, question: Ask, wanted: Change) -> bool:
    """Tell whether a fix is of a namespace itself."""
    about = set(question.about)
    return (
        wanted.sort is Sort.FIX
        and bool(target.namespaces)
        and bool(about)
        and about <= {"5.2.1", "5.3.2"}
    )


def _meant(talk: Talk, target: Target, question: Ask) -> list[WorkloadRow]:
    """Keep workloads that are called so, where any is; `it` is what the last answer was about."""
    if not question.words and not _PLURAL.search(question.text):
        before, _ = earlier_names(talk, plural=False)
        first = [row for row in target.rows if f"{row.ref.namespace}/{row.ref.name}" in before[:1]]
        return first or list(target.rows)
    called = [row for row in target.rows if row.ref.name in _last_parts(question)]
    return called or list(target.rows)


def _last_parts(question: Ask) -> set[str]:
    return {word.rsplit("/", 1)[-1] for word in question.words}


def _several(rows: Sequence[WorkloadRow]) -> str:
    """Ask which is meant where one name stands for several workloads."""
    by_name: dict[str, list[WorkloadRow]] = {}
    for row in rows:
        by_name.setdefault(row.ref.name, []).append(row)
    for name, found in by_name.items():
        if len(found) > 1:
            listed = names((words.place(row.ref) for row in found), 8)
            return f"{name} is the name of several workloads: {listed}. {questions.WHICH_OBJECT}?"
    return ""


def _missing(wanted: Change, rows: Sequence[WorkloadRow]) -> str:
    """Ask for what a change needs and the request does not say."""
    if wanted.sort is Sort.SCALE and "replicas" not in wanted.facts:
        return questions.HOW_MANY
    if wanted.sort is not Sort.RESOURCES:
        return ""
    if not set(wanted.facts) - {"container"}:
        return questions.WHICH_AMOUNTS
    containers = [image.container for row in rows[:1] for image in row.images]
    if "container" not in wanted.facts and len(containers) > 1:
        return f"{words.place(rows[0].ref)} has several. {questions.WHICH_CONTAINER}: {names(containers)}?"
    return ""


def _call(wanted: Change, row: WorkloadRow, about: list[str], cluster: str) -> Call:
    """Make the call for one workload."""
    ref = row.ref
    given: dict[str, Any] = {"name": ref.name, "kind": ref.kind, "namespace": ref.namespace}
    given |= {"cluster": ref.cluster} if cluster else {}
    if wanted.sort is Sort.FIX:
        return _fix_call(wanted, given, about)
    facts = dict(wanted.facts)
    if wanted.sort is Sort.RESOURCES:
        only = next(iter(row.images), None)
        container = facts.pop("container", only.container if only else ref.name)
        facts = {"resources": [{"container": container, **facts}]}
    return Call("propose_change", {"change": wanted.sort.value, **given, **facts})


def _fix_call(wanted: Change, place: dict[str, Any], about: list[str]) -> Call:
    """Make the call that fixes one object; an account of its own, once that is confirmed."""
    facts = dict(wanted.facts)
    if facts.get("confirmed") and set(about) <= _OWN_ACCOUNT and about:
        given = {"change": Sort.ACCOUNT.value, "confirmed": True}
        return Call("propose_change", given | place)
    if about or facts.get("settings"):
        facts.pop("everything", None)
    return Call("propose_fix", place | facts | ({"controls": about} if about else {}))


def _on_namespaces(talk: Talk, question: Ask, wanted: Change, target: Target) -> Plan:
    """Change namespaces themselves."""
    if not target.namespaces:
        return words.join("Which namespace is meant?", target.note)
    if wanted.sort is Sort.LABELS and not wanted.facts:
        return questions.WHICH_LEVEL
    more = {"cluster": target.cluster} if target.cluster else {}
    calls = [
        Call("propose_fix", {"name": name, "kind": "Namespace", "controls": list(question.about), **more})
        if wanted.sort is Sort.FIX
        else Call("propose_change", {"change": wanted.sort.value, "name": name, "kind": "Namespace", **wanted.facts, **more})
        for name in target.namespaces[:MOST]
    ]  # fmt: skip
    got = yield calls
    return words.join(*(said(item) for item in got))


def _by_kind(talk: Talk, question: Ask, wanted: Change) -> Plan:
    """Change an object that is no workload, as its kind and name are written."""
    if wanted.sort is Sort.SUBJECT and not wanted.facts:
        return questions.WHICH_SUBJECT
    if wanted.sort in (Sort.LABELS,) and not wanted.facts:
        return questions.WHICH_LEVEL
    given: dict[str, Any] = {"name": wanted.name, "kind": wanted.kind}
    inside = [place for place in question.places if place != wanted.name.lower()]
    if inside and wanted.kind != "Namespace":
        given["namespace"] = inside[0]
    elif wanted.kind in KINDS and KINDS[wanted.kind].namespaced:
        return f"In which namespace is {wanted.kind} {wanted.name}? {questions.WHICH_OBJECT}?"
    if len(talk.clusters) > 1 and talk.cluster:
        given["cluster"] = talk.cluster
    if wanted.sort is Sort.SUBJECT:
        query, facts = "propose_access", dict(wanted.facts)
    elif wanted.sort is Sort.FIX:
        sure = {key: True for key in ("confirmed",) if key in wanted.facts}
        query, facts = "propose_fix", {"controls": list(question.about), **sure}
    else:
        query, facts = "propose_change", {"change": wanted.sort.value, **wanted.facts}
    got = yield [Call(query, given | {key: value for key, value in facts.items() if value != []})]
    return said(got[0])


def _deploy(talk: Talk, question: Ask, wanted: Change) -> Plan:
    """Deploy from the template, once all that it needs is said."""
    facts = dict(wanted.facts)
    needed = {
        "name": "a name",
        "namespace": "a namespace",
        "image": "an image by digest (with @sha256: and 64 digits)",
        "port": "the port that it listens on (1024 or higher)",
    }
    missing = [what for key, what in needed.items() if key not in facts]
    if missing:
        return f"{questions.WHAT_TO_DEPLOY} {names(missing)}. It has no command, volume or token of its own."
    got = yield [Call("propose_app", facts)]
    return said(got[0])


def _left(wanted: Change) -> str:
    """Say what the words seem to want beside what was worked out."""
    others = names(sort.value for sort in wanted.also)
    return f"Not worked out, ask for it by itself: {others}." if others else ""


def _rest(rows: Sequence[WorkloadRow]) -> str:
    if len(rows) <= MOST:
        return ""
    others = names((words.place(row.ref) for row in rows[MOST:]), 8)
    return f"Ask for the rest separately: {others}."
