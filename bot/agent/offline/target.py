"""Finds out what the names of a question are in the cluster: namespaces, workloads, or nothing.

Used by the plans of `bot.agent.offline`.
"""

import difflib
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.agent.offline.question.phrases import NAMELIKE, OTHER
from bot.agent.offline.question.reading import Ask, read
from bot.agent.offline.talk import Call, Got, Said, Talk, ask
from tools.images import short_name
from tools.queries.result import WorkloadRow, Workloads
from tools.queries.wording import names

_PLURAL = re.compile(r"\b(?:they|them|their|those|these|others?|rest|ones|denen|diese\w*)\b", re.I)
_OBJECT = re.compile(r"(?<![\w/.-])([a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9.-]*[a-z0-9])(?![\w/])")


@dataclass(frozen=True, slots=True)
class Target:
    """What a question is about in the cluster."""

    cluster: str = ""
    namespaces: tuple[str, ...] = ()
    """Empty: all that may be seen."""
    rows: tuple[WorkloadRow, ...] = ()
    """Workloads that the question names."""
    unknown: tuple[str, ...] = ()
    """Words that stand like names and are none."""
    note: str = ""
    """What was assumed, or which names there are instead of an unknown one."""
    known: tuple[str, ...] = ()
    """Namespaces of the cluster."""
    failed: str = ""
    """Why nothing could be looked at; then the rest is empty."""

    @property
    def lost(self) -> bool:
        """True when the question names only things that do not exist."""
        return bool(self.unknown) and not self.rows and not self.namespaces

    @property
    def nothing(self) -> str:
        """Say which names are not there; empty when none was taken for one."""
        said = names((f"`{word}`" for word in self.unknown if _like_a_name(word)), 3)
        return f"I found nothing named {said} in what I may see." if said else ""


def _like_a_name(word: str) -> bool:
    return bool(re.search(r"[-\d/]", word)) and not word.startswith("/")


def about_of(talk: Talk, question: Ask) -> tuple[str, ...]:
    """Give the controls that a question is about; those of the thread when it leans on what was said."""
    if question.about or not question.follows:
        return question.about
    if question.words or OTHER.search(question.text):
        return _asked_before(talk)
    for said in reversed(talk.earlier):
        focus = said.facts.get("focus")
        if not said.by_person and isinstance(focus, list) and focus:
            return tuple(str(item) for item in focus[:6])  # pyright: ignore[reportUnknownVariableType]
        if said.by_person and (earlier := read(said.text).about):
            return earlier
    return ()


def _asked_before(talk: Talk) -> tuple[str, ...]:
    """Give what the person asked of the last object, for the same question on another one."""
    for said in reversed(talk.earlier):
        if said.by_person:
            earlier = read(said.text)
            if earlier.about or not earlier.follows:
                return earlier.about
    return ()


def resolve(
    talk: Talk, question: Ask, inherit: bool = True
) -> Generator[list[Call], list[Got], Target]:
    """Look the question's names up; without any, those of the thread where it leans on it."""
    clusters = _clusters(talk, question)
    if not clusters:
        return Target(failed=f"Which cluster is meant: {names(talk.clusters)}?")
    first = yield from _resolve_in(talk, question, clusters[0], inherit)
    for cluster in clusters[1:3]:
        more = yield from _resolve_in(talk, question, cluster, inherit)
        notes = dict.fromkeys(note for note in (first.note, more.note) if note)
        first = replace(first, rows=(*first.rows, *more.rows), note=" ".join(notes))
    return first


def _clusters(talk: Talk, question: Ask) -> list[str]:
    """Give the clusters meant; an empty name is the only one there is; none when that is unclear."""
    if talk.cluster or len(talk.clusters) < 2:
        return [talk.cluster]
    named = clusters_in(question.text, talk.clusters)
    earlier = _earlier_cluster(talk)
    return named or ([earlier] if earlier else [])


def clusters_in(text: str, clusters: Iterable[str]) -> list[str]:
    """Name the clusters that a text names."""
    return [
        name for name in clusters if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.I)
    ]


def _resolve_in(
    talk: Talk, question: Ask, cluster: str, inherit: bool
) -> Generator[list[Call], list[Got], Target]:
    others = set(talk.clusters) if len(talk.clusters) > 1 else set[str]()
    words = [word for word in question.words if word not in others]
    places = [word for word in question.places if word not in others]
    own = bool(words)
    if inherit and question.follows and not words:
        if OTHER.search(question.text):
            return (yield from _others(talk, cluster))
        words, places = earlier_names(talk, plural=bool(_PLURAL.search(question.text)))
        words = [word for word in words if word not in others]
        places = [word for word in places if word not in others]
    if not words:
        return Target(cluster)
    got = yield from ask("find_workloads", cluster=cluster, words=words)
    if not isinstance(got.data, Workloads):
        return Target(cluster, failed=got.failed)
    sure = tuple(word for word in question.sure if word in places) if own else tuple(places)
    target = _settle(got.data, cluster, words, places, sure, question.text if own else "")
    if target.lost and own:
        return (yield from _misspelt(target, cluster, words))
    return target


def _others(talk: Talk, cluster: str) -> Generator[list[Call], list[Got], Target]:
    """Find what stands beside the objects that the thread spoke of."""
    before, _ = earlier_names(talk, plural=False)
    if not before:
        return Target(cluster)
    said = yield from ask("find_workloads", cluster=cluster, words=before)
    if not isinstance(said.data, Workloads) or not said.data.rows:
        return Target(cluster, failed=said.failed)
    spaces = list(dict.fromkeys(row.ref.namespace for row in said.data.rows))[:20]
    beside = yield from ask("find_workloads", cluster=cluster, namespaces=spaces)
    if not isinstance(beside.data, Workloads):
        return Target(cluster, failed=beside.failed)
    named = {row.ref for row in said.data.rows}
    rows = tuple(row for row in beside.data.rows if row.ref not in named)
    if rows:
        return Target(cluster, tuple(spaces), rows, known=beside.data.known_namespaces)
    return Target(cluster, failed=f"There is no other workload in namespace {names(spaces)}.")


def _misspelt(
    target: Target, cluster: str, words: Sequence[str]
) -> Generator[list[Call], list[Got], Target]:
    """Take words that name nothing for the workload or namespace of nearly that name, if there is one."""
    listed = yield from ask("find_workloads", cluster=cluster)
    if not isinstance(listed.data, Workloads):
        return target
    known = {row.ref.name: row for row in listed.data.rows}
    for word in words:
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.82) if len(word) > 4 else []
        if near:
            rows = tuple(row for row in listed.data.rows if row.ref.name == near[0])
            note = f"There is nothing named `{word}`; I took it to mean {near[0]}."
            return replace(target, rows=rows, unknown=(), note=note)
    return target


def earlier_names(talk: Talk, plural: bool) -> tuple[list[str], list[str]]:
    """Names that the thread spoke of last: for `it` an object, for `those` where they are."""
    for said in reversed(talk.earlier):
        if said.by_person:
            question = read(said.text)
            words = list(question.places if plural else question.words)
            if words:
                return words, list(question.places)
        elif not plural and (found := _subjects(said)):
            return found, []
    return [], []


def _subjects(said: Said) -> list[str]:
    """Objects that an answer named first: from its facts, else from its text."""
    subjects = said.facts.get("subjects")
    if isinstance(subjects, list) and subjects:
        return [_subject(item) for item in subjects[:3]]  # pyright: ignore[reportUnknownVariableType]
    return [f"{namespace}/{name}" for namespace, name in _OBJECT.findall(said.text)[:1]]


def _subject(item: Mapping[str, Any]) -> str:
    return f"{item.get('namespace', '')}/{item.get('name', '')}"


def _earlier_cluster(talk: Talk) -> str:
    for said in reversed(talk.earlier):
        for cluster in talk.clusters:
            if re.search(rf"(?<![\w-]){re.escape(cluster)}(?![\w-])", said.text):
                return cluster
    return ""


def _settle(
    data: Workloads,
    cluster: str,
    words: list[str],
    places: list[str],
    sure: tuple[str, ...],
    text: str,
) -> Target:
    places_only = [word for word in places if len(_uses(word, text)) < 2]
    known = data.known_namespaces
    namespaces = [word for word in words if word in known]
    rows = [row for row in data.rows if not _only_as_place(row, words, namespaces, places_only)]
    inside = [row for row in rows if row.ref.namespace in namespaces]
    unknown = [
        word
        for word in data.unmatched
        if "/" not in word and word != data.cluster and word not in NAMELIKE
    ]
    notes: list[str] = []
    for word in [word for word in unknown if word in places]:
        near = _near(word, known)
        if near:
            namespaces.append(near)
            unknown.remove(word)
            notes.append(f"There is no namespace `{word}`; I took it to mean {near}.")
        elif word in sure:
            notes.append(f"There is no namespace `{word}`; there are: {names(known, 12)}.")
    return Target(
        cluster,
        tuple(dict.fromkeys(namespaces)),
        tuple(inside or rows),
        tuple(unknown),
        " ".join(notes),
        known,
    )


def _uses(word: str, text: str) -> list[str]:
    return re.findall(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text, re.I)


def _only_as_place(
    row: WorkloadRow, words: list[str], namespaces: list[str], places: list[str]
) -> bool:
    """Tell whether a workload matched only by a word that stands for a namespace."""
    naming = [word for word in words if word not in namespaces or word not in places]
    ref = row.ref
    images = {short_name(item.image.lower()) for item in row.images}
    mine = {ref.name, f"{ref.namespace}/{ref.name}", f"{ref.kind}/{ref.name}".lower(), *images}
    mine |= {item.image.lower() for item in row.images}
    return not any(word in mine for word in naming)


def _near(word: str, known: tuple[str, ...]) -> str:
    """Give the one namespace that a word must mean, or nothing."""
    inside = [
        name
        for name in known
        if word in name.split("-") or name.startswith(word) or word.startswith(name)
    ]
    if len(inside) == 1 and len(word) > 2:
        return inside[0]
    close = difflib.get_close_matches(word, known, n=2, cutoff=0.75)
    return close[0] if len(close) == 1 else ""
