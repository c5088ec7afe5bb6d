"""Answers from the guidance: what a control asks, why, how to fix; and what no object can show.

Used by `bot.agent.offline.plans`.
"""

import re
from collections.abc import Sequence

from bot.agent.allowed import catalogue_words
from bot.agent.offline.answers import standards
from bot.agent.offline.answers.standards import read_controls
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Got, Plan, Talk, ask
from bot.agent.offline.target import about_of, resolve
from bot.agent.offline.wording import components, words
from knowledge.types import Control, Passage
from tools.queries.result import ControlRead, Found, Workloads

SELF = (
    "I find and explain security gaps in Kubernetes clusters, and propose fixes that people approve; "
    "I change nothing by myself.\n"
    "Ask me for example:\n"
    "- which workloads in NAMESPACE run privileged, and why does it matter?\n"
    "- which namespaces have no network policy?\n"
    "- why is WORKLOAD flagged and OTHER not?\n"
    "- how do I fix it?\n"
    "- stop WORKLOAD in NAMESPACE running privileged\n"
    "- what does the benchmark say about anonymous access to the kubelet?\n"
    "- how many pods fail at least one check?\n"
    "- which images are not pinned by digest?"
)
_ELSEWHERE = re.compile(
    r"\bkubelets?\b|\betcd\b|\bapi[\s-]?server\b|scheduler|controller[\s-]?manager|encrypt\w*|\baudit\w*|"
    r"\bfile\b|\bfiles\b|file mode|ownership|\btls\b|ciphers?|certificates?\b|rotation|profiling|anonymous|kube-?config|"
    r"admission plug-?in|\bnodes?\b(?!.{0,3}proxy)|at rest|worker|control[\s-]plane|--[a-z]",
    re.I,
)
_EVIDENCE: tuple[tuple[str, str, str, str], ...] = (
    (
        r"\bfips\b|validated crypto",
        "FIPS 140 validation",
        "FIPS 140 validated cryptography",
        "the number of the NIST CMVP certificate for the cryptographic module inside the image, with its exact version, "
        "and proof that the module runs in FIPS mode on a node whose kernel does too",
    ),
    (
        r"\bsboms?\b|cyclone ?dx|\bspdx\b|bill of materials",
        "an SBOM",
        "software bill of materials SBOM",
        "an SBOM (SPDX or CycloneDX) made by the build and attached to the image's digest, best as a signed attestation",
    ),
    (
        r"\bsigned\b|signatures?|signier|cosign|\bslsa\b|attestation|provenance",
        "a signature",
        "image signatures cosign",
        "a signature over the image's digest that verifies against an identity or key that you name beforehand, "
        "and an admission policy that demands it",
    ),
    (
        r"\bcves?\b|cve-\d|vulnerab|schwachstelle",
        "known vulnerabilities",
        "image vulnerabilities scanning",
        "a scanner's report on the image's digest (for example from Trivy or Grype), with its date and database version",
    ),
)


_HOW = re.compile(r"\b(?:how|what|which|should|wie|was|why|when|where|explain)\b", re.I)
_AT_ADMISSION = (
    "CIS 5.5.1 (Image provenance enforced at admission) asks for that policy; "
    "whether one verifies here cannot be told from objects alone."
)


def explain_self(talk: Talk, question: Ask) -> Plan:
    """Say what can be asked."""
    yield from ()
    where = f" Clusters here: {', '.join(talk.clusters)}." if talk.clusters else ""
    return SELF + where


def guidance(talk: Talk, question: Ask, note: str = "") -> Plan:
    """Answer from the guidance; a question outside it is answered with an honest nothing.

    Args:
        talk: the conversation.
        question: as read.
        note: what else is to be said, for example that a name is unknown.
    """
    said = standards.special(question)
    if said:
        return (yield from said)
    about = question.controls or about_of(talk, question)
    wording = _search_words(talk, question)
    found = yield from ask("search_guidance", question=wording, limit=8)
    if (
        isinstance(found.data, Found)
        and not found.data.passages
        and (trade := trade_words(question.text))
    ):
        found = yield from ask("search_guidance", question=trade, limit=8)
    hits = found.data.controls if isinstance(found.data, Found) else ()
    lead = _lead(question, about, hits)
    passages = found.data.passages if isinstance(found.data, Found) else ()
    if (
        passages
        and not passages[0].controls
        and not question.controls
        and not _narrow(question, about)
    ):
        return words.join(note, _from_passage(passages[0], hits))
    if not lead:
        return words.join(note, _nothing(found))
    benchmark = lead[0].benchmark if isinstance(lead[0], Control) else question.benchmark
    reads = yield from read_controls([_id(item) for item in lead[:3]], benchmark)
    if not reads:
        return words.join(note, _nothing(found))
    return words.join(note, _control(reads, hits))


def _control(reads: Sequence[ControlRead], hits: Sequence[Control]) -> str:
    """Word one control: what it asks, why, how to fix, what is related, the source."""
    first = reads[0]
    related = [
        f"{words.number(item)} ({item.title})"
        for item in dict.fromkeys((*(read.control for read in reads[1:]), *hits))
        if item.id != first.control.id
        and (item in hits[:3] or components.alike(item, first.control))
    ][:4]
    return words.join(
        f"**{words.number(first.control)}: {first.control.title}.** {words.asks(first)}",
        _level(first.control),
        words.why(first),
        words.fix(first),
        f"Related: {'; '.join(related)}." if related else "",
        words.source(first),
    )


def trade_words(text: str) -> str:
    """Give the words of a story about the control plane that the catalogue uses too; else nothing."""
    if not _ELSEWHERE.search(text):
        return ""
    known = catalogue_words()
    found = [word for word in re.findall(r"[a-z][a-z-]{2,}", text.lower()) if word in known]
    return " ".join(dict.fromkeys(found))[:300]


def _from_passage(passage: Passage, hits: Sequence[Control]) -> str:
    """Answer from a guide that belongs to no control."""
    related = "; ".join(f"{words.number(item)} ({item.title})" for item in hits[:3])
    return words.join(
        f"**{passage.title}.** {words.sentences(passage.text, 600)}",
        f"Related: {related}." if related else "",
        f"Source: {' '.join(passage.sources[:2])}" if passage.sources else "",
    )


def supply_chain(talk: Talk, question: Ask) -> Plan:
    """Say that cluster objects prove nothing about an image's inside, and what would."""
    claim, topic, proof = _claim(question.text)
    found = yield from ask("search_guidance", question=topic, limit=3)
    target = yield from resolve(talk, question)
    images: list[str] = []
    if not target.rows and (target.namespaces or _asks_images(question)):
        listed = yield from ask(
            "find_workloads", cluster=target.cluster, namespaces=list(target.namespaces)
        )
        target_rows = listed.data.rows if isinstance(listed.data, Workloads) else ()
    else:
        target_rows = target.rows
    for item in target_rows[: words.MAX_ROWS]:
        images += [f"- {words.place(item.ref)}: `{image.image}`" for image in item.images]
    passage = (
        found.data.passages[0] if isinstance(found.data, Found) and found.data.passages else None
    )
    head = (
        f"I have no evidence on {claim} of these images: nothing in the cluster's objects shows it, so I cannot tell."
        if target_rows
        else f"Cluster objects show nothing on {claim} of an image, so I have no evidence for it."
    )
    return words.join(
        head,
        "\n".join(images),
        f"What would count as evidence: {proof}.",
        _AT_ADMISSION if claim == "a signature" else "",
        f"Guidance: {passage.title}."
        + (f" {words.sentences(passage.text, 400)}" if _HOW.search(question.text) else "")
        if passage
        else "",
        f"Source: {' '.join(passage.sources[:2])}" if passage and passage.sources else "",
        target.note,
    )


def _asks_images(question: Ask) -> bool:
    return bool(
        re.search(
            r"\b(?:our|the|which|any|all|unsere?)\b.{0,20}\bimages?\b|\bcluster\b",
            question.text,
            re.I,
        )
    )


def _claim(text: str) -> tuple[str, str, str]:
    for pattern, claim, topic, proof in _EVIDENCE:
        if re.search(pattern, text, re.I):
            return claim, topic, proof
    return _EVIDENCE[2][1:]


def _search_words(talk: Talk, question: Ask) -> str:
    """Give the question, with what it leans on where it is too short to stand alone."""
    if question.follows and not question.about:
        before = next((said.text for said in reversed(talk.earlier) if said.by_person), "")
        return f"{before} {question.text}".strip()[:500]
    return question.text[:500] or "security"


def _lead(question: Ask, about: Sequence[str], hits: Sequence[Control]) -> list[Control | str]:
    """Choose which control answers: a written number, else a narrow topic, else the best hit."""
    if question.controls:
        return [*question.controls]
    if _narrow(question, about) and not (
        _ELSEWHERE.search(question.text) and hits and hits[0].id not in about
    ):
        same = [hit for hit in hits if hit.id in about]
        return [*same, *(item for item in about if item not in {hit.id for hit in same})]
    return [*components.first(question.text, hits)[:1]] or [*about]


def _narrow(question: Ask, about: Sequence[str]) -> bool:
    """Tell whether the topic is one thing, so that its control is surely meant."""
    return bool(about) and not any(topic.group for topic in question.topics)


def _id(item: Control | str) -> str:
    return item if isinstance(item, str) else item.id


def _level(control: Control) -> str:
    parts = [f"level {control.level}" if control.level else "", control.assessment.value]
    how = (
        f"Oakum checks it: {', '.join(control.checks)}."
        if control.checks
        else f"Not checked by Oakum: {control.unchecked.rstrip('.')}."
    )
    return f"({', '.join(part for part in parts if part)}; {control.benchmark}.) {how}"


def _nothing(found: Got) -> str:
    note = found.data.note if isinstance(found.data, Found) else found.failed
    return words.join(
        f"I do not know: the guidance holds nothing on this. {note}".strip(),
        SELF,
    )
