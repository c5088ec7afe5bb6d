"""Which images run: by tag or digest, by registry, with `latest`. Used by `bot.agent.offline.plans`."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from bot.agent.offline.answers.guided import guidance
from bot.agent.offline.answers.listed import nothing_named
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.talk import Plan, Talk, ask
from bot.agent.offline.target import Target, resolve
from bot.agent.offline.wording import words
from tools.images import HUB, Pin, parse
from tools.queries.result import ImageRow, WorkloadRow, Workloads
from tools.queries.wording import names
from tools.types import Gap

_INVALID = "no valid reference"
"""Stands for the registry of what is no reference."""
_LATEST = re.compile(r"\blatest\b|\b(?:no|without|missing|ohne)\b.{0,12}\btags?\b|untagged", re.I)
_UNPINNED = re.compile(
    r"\bnot\b.{0,25}\b(?:digest|pinned)|\bun-?pinned|\bby tags?\b|\bn[o']t pinned|without .{0,12}digest|(?:mutable|floating) tags?|nicht .{0,25}(?:digest|pinn)",
    re.I,
)
_PINNED = re.compile(
    r"\b(?:which|what|list|show|welche\w*)\b.{0,30}\b(?:pinned|by digest|digests?)\b", re.I
)
_HOST = re.compile(r"(?<![\w@/.-])((?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?)(?![\w@-])", re.I)
_KNOWN_HOSTS = {
    r"docker[\s-]?hub|docker\.io|\bhub\b": (HUB,),
    r"\bquay\b": ("quay.io",),
    r"\bghcr\b|github (?:packages|registr)": ("ghcr.io",),
    r"\bgcr\b|google (?:container )?registr": ("gcr.io",),
    r"\bmcr\b|microsoft": ("mcr.microsoft.com",),
}
_LABEL = {HUB: "Docker Hub"}
_REGISTRIES = re.compile(r"registr(?:y|ies)\b", re.I)


def show_images(talk: Talk, question: Ask) -> Plan:
    """List the images asked for, and say how many are pinned by digest."""
    hosts = _hosts(question.text)
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and not hosts and target.note):
        return target.failed or target.note
    if target.lost and not hosts:
        if len(question.text.split()) > 7:
            return (yield from guidance(talk, question, target.nothing))
        return nothing_named(target.unknown)
    rows, cluster, gaps = target.rows, target.cluster, ()
    if rows:
        cluster = rows[0].ref.cluster
    else:
        spaces = list(target.namespaces)
        got = yield from ask("find_workloads", cluster=target.cluster, namespaces=spaces)
        if not isinstance(got.data, Workloads):
            return got.failed
        rows, cluster = got.data.rows, got.data.cluster
        gaps = got.result.gaps if got.result else ()
    return _listed(question, target, rows, cluster, gaps)


def _listed(
    question: Ask,
    target: Target,
    rows: Sequence[WorkloadRow],
    cluster: str,
    gaps: tuple[Gap, ...],
) -> str:
    what, wanted = _filter(question.text)
    images = [(row, image) for row in rows for image in row.images]
    kept = [(row, image) for row, image in images if wanted(image)]
    kept.sort(key=lambda pair: bool(pair[1].digest))
    lines = [words.image_text(row, image) for row, image in kept]
    if len(lines) > words.MAX_ROWS:
        lines = [*lines[: words.MAX_ROWS], f"- and {len(lines) - words.MAX_ROWS} more"]
    where = f"namespace {names(target.namespaces)}" if target.namespaces else f"cluster {cluster}"
    pinned = sum(bool(image.digest) for _, image in images)
    registries = Counter(_registry(image) for _, image in images)
    by_registry = names((f"{host} ({count})" for host, count in registries.most_common()), 8)
    return words.join(
        f"**{len(kept)} of {len(images)} image references in {where} {what}.**"
        if what
        else _pinned_head(pinned, len(images), where),
        "\n".join(lines),
        f"By registry: {by_registry}." if _REGISTRIES.search(question.text) and images else "",
        "A tag can be moved to another image at any time; a digest (`@sha256:...`) cannot. To pin one, write the digest "
        "that its registry gives for the tag you tested behind its name."
        if pinned < len(images) and not _hosts(question.text)
        else "",
        f"Looked at: {words.counted(len(rows), 'workload')} in {where}.",
        target.note,
        words.not_looked_at(gaps),
    )


def _filter(text: str) -> tuple[str, Callable[[ImageRow], bool]]:
    """Say which images are asked for, and how to tell them; without words, all."""
    hosts = _hosts(text)
    if hosts:
        return (
            f"come from {_LABEL.get(hosts[0], f'`{hosts[0]}`')}",
            lambda image: any(_registry(image).endswith(host) for host in hosts),
        )
    if _LATEST.search(text):
        return (
            "use the tag latest or none",
            lambda image: image.pin in (Pin.LATEST, Pin.NO_TAG),
        )
    if _UNPINNED.search(text):
        return "are not pinned by digest", lambda image: not image.digest
    if _PINNED.search(text):
        return "are pinned by digest", lambda image: bool(image.digest)
    return "", lambda _: True


def _registry(image: ImageRow) -> str:
    ref = parse(image.image)
    return ref.registry if ref else _INVALID


def _hosts(text: str) -> tuple[str, ...]:
    for pattern, hosts in _KNOWN_HOSTS.items():
        if re.search(pattern, text, re.I):
            return hosts
    return tuple(host.lower() for host in _HOST.findall(text) if ":" not in host)[:3]


def _pinned_head(pinned: int, total: int, where: str) -> str:
    if not total:
        return f"No images were found in {where}."
    if pinned == total == 1:
        return f"**Yes: the one image reference in {where} is pinned by digest.**"
    if pinned == total:
        return f"**Yes: all {total} image references in {where} are pinned by digest.**"
    if not pinned:
        return f"**No: none of the {total} image references in {where} is pinned by digest.**"
    return f"**{pinned} of {total} image references in {where} are pinned by digest, {total - pinned} are not.**"
