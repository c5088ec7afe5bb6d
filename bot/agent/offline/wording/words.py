"""Words for results: short sentences with the names, numbers and fields that code found.

Pure. Used by the plans of `bot.agent.offline`.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from knowledge.catalogue import sections
from knowledge.types import Control, Guide
from tools import posture
from tools.images import Pin
from tools.queries.result import ControlRead, Explained, ImageRow, Scanned, Setting, WorkloadRow
from tools.queries.wording import names, one_line
from tools.types import Evidence, Finding, Gap, ResourceRef, Scan, Verdict

FOOTER = "_No language model was used for this answer._"
MAX_ROWS = 10
"""Objects that a text names; a table holds the rest."""
_PINS = {
    Pin.DIGEST: "is pinned by digest",
    Pin.TAG: "is not pinned by digest: tag only",
    Pin.LATEST: "is not pinned: tag `latest` only",
    Pin.NO_TAG: "is not pinned: no tag, which means latest",
    Pin.INVALID: "is not pinned: not a valid image reference",
}
_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.S)


def place(ref: ResourceRef) -> str:
    """Name an object: `Deployment shop/web`."""
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"


def number(control: Control | str, benchmark: str = "cis-1.12") -> str:
    """Write a control as people do: `CIS 5.2.2`, or `Pod Security restricted, run-as-non-root`."""
    name = control if isinstance(control, str) else control.id
    of = benchmark if isinstance(control, str) else control.benchmark
    return f"CIS {name}" if of.startswith("cis") else f"{of} {name}"


def is_section(number_: str) -> bool:
    """Tell whether a number is a whole section (`5.2`), which no single control has."""
    return number_ in sections("cis-1.12")


def scope_of(scan: Scan) -> str:
    """Say what was scanned: `namespace shop of cluster demo`."""
    if not scan.namespaces:
        return f"cluster {scan.cluster}"
    several = "s" if len(scan.namespaces) > 1 else ""
    return f"namespace{several} {names(scan.namespaces, 5)} of cluster {scan.cluster}"


def looked_at(scan: Scan) -> str:
    """Say what was read, so that nothing found means something."""
    shown = [counted(count, kind) for kind, count in scan.objects.items() if count]
    return f"Looked at: {names(shown, 8) or 'no objects'} in {scope_of(scan)}."


def counted(count: int, kind: str) -> str:
    """Write a number with its kind: `1 Deployment`, `2 Deployments`, `3 NetworkPolicies`."""
    if count == 1:
        return f"1 {kind}"
    return (
        f"{count} {kind[:-1]}ies"
        if kind.endswith("y")
        else f"{count} {kind}{'es' * kind.endswith('s') or 's'}"
    )


def not_looked_at(gaps: Iterable[Gap]) -> str:
    """Say what could not be read; empty when all was."""
    missing = posture.not_looked_at(gaps)
    if not missing:
        return ""
    listed = names((f"{one_line(gap.what, 80)} ({one_line(gap.why, 100)})" for gap in missing), 3)
    return f"Not looked at: {listed}."


def row(finding: Finding) -> str:
    """One finding as a list item, with the field that decided."""
    decided = next(iter(finding.evidence), None)
    proof = f" (`{field_of(decided)}`)" if decided else ""
    return f"- {place(finding.ref)}: {one_line(finding.reason, 220).rstrip('.')}{proof}"


def reason(finding: Finding) -> str:
    """Why one finding fails, as a list item below its object's name."""
    return "- " + row(finding).removeprefix(f"- {place(finding.ref)}: ")


def reasons(findings: Sequence[Finding], benchmark: str, limit: int) -> str:
    """Why one object fails, each reason once with all controls that it decides; then how many more."""
    same: dict[str, list[Finding]] = {}
    for item in findings:
        same.setdefault(reason(item), []).append(item)
    lines = [
        line + tag(replace(items[0], controls=controls_in(items)), benchmark)
        for line, items in same.items()
    ]
    more = [f"- and {len(lines) - limit} more"] if len(lines) > limit else []
    return "\n".join([*lines[:limit], *more])


def controls_in(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Give the controls of findings, each once."""
    return tuple(dict.fromkeys(control for item in findings for control in item.controls))


def tag(finding: Finding, benchmark: str) -> str:
    """Say by which control and how severe: ` [CIS 5.2.2, critical]`."""
    ids = ", ".join(finding.controls)
    rule = f"CIS {ids}" if benchmark.startswith("cis") else f"{benchmark} {ids}"
    return f" [{rule}, {finding.severity.value}]"


def field_of(evidence: Evidence) -> str:
    """Write a field and its value, as short as it stays clear."""
    path = re.sub(r"^.*?spec\.(?=containers|initContainers|ephemeral)", "", evidence.path)
    path = path.removeprefix("spec.template.").removeprefix("spec.jobTemplate.spec.template.")
    return f"{path}: {one_line(evidence.value, 80)}".replace("`", "'")


def rows(findings: Sequence[Finding], total: int) -> str:
    """List findings up to MAX_ROWS, and say how many more there are."""
    lines = [row(item) for item in findings[:MAX_ROWS]]
    if total > len(lines):
        lines.append(f"- and {total - len(lines)} more")
    return "\n".join(lines)


def section(guide: Guide | None, heading: str) -> str:
    """Give the text under a heading of a guide; empty without one."""
    if guide is None:
        return ""
    found = re.search(rf"(?ms)^#+\s*{heading}[^\n]*\n(.*?)(?=^#+\s|\Z)", guide.body)
    return found[1].strip() if found else ""


def sentences(text: str, limit: int) -> str:
    """Give the first whole sentences of prose, at most `limit` characters."""
    before, _, after = _FENCE.sub("\x00", text).partition("\x00")
    prose = " ".join((before if before.strip() else after.replace("\x00", " ")).split())
    kept = ""
    for sentence in re.split(r"(?<=[.!?:])\s+(?=[A-Z`0-9])", prose):
        if kept and len(kept) + len(sentence) > limit:
            break
        kept = f"{kept} {sentence}".strip()
    return kept.rstrip(":") + "." if kept.endswith(":") else kept


def asks(read: ControlRead) -> str:
    """Say what a control asks, with its setting and expected value."""
    control = read.control
    said = sentences(section(read.guide, "What it asks"), 400)
    if control.setting and control.expected:
        said += f" Setting: `{setting_of(control)}`; expected: `{_code(control.expected)}`."
    return said.strip()


def setting_of(control: Control) -> str:
    """Write a control's setting; several spellings of it are joined by `or`."""
    return _code(control.setting.replace("|", " or ").replace(";", ", "))


SHORT = 170
"""Characters of a reason that was not asked for."""


def why(read: ControlRead, limit: int = 330) -> str:
    """Why it matters, from the guidance; empty when none is written."""
    said = sentences(section(read.guide, "Why it matters"), limit)
    return f"Why it matters: {said}" if said else ""


def fix(read: ControlRead, whole: bool = False) -> str:
    """How to fix it: words and a fragment from the guidance, or the expected value."""
    text = section(read.guide, "How to fix")
    if not text:
        control = read.control
        if not control.expected:
            return ""
        return f"Fix: set `{setting_of(control)}` so that it is `{_code(control.expected)}`."
    said = sentences(text, 500 if whole else 220)
    block = next((item for item in _FENCE.finditer(text) if item[1] in ("yaml", "sh", "")), None)
    fragment = (
        f"\n```{block[1]}\n{_fragment(block[2]) if block[1] == 'yaml' else block[2].rstrip()}\n```"
        if block
        else ""
    )
    return f"Fix: {said}{fragment}" if said else f"Fix:{fragment}"


def fix_words(read: ControlRead) -> str:
    """How to fix it in words alone; empty where nothing is written."""
    said = sentences(section(read.guide, "How to fix"), 220)
    return f"Fix: {said}" if said else ""


def source(read: ControlRead) -> str:
    """Where it comes from, as links."""
    links = (read.guide.sources if read.guide else ()) or read.control.sources
    return f"Source: {' '.join(links[:2])}" if links else ""


def settings(rows_: Sequence[Setting], names_: Iterable[str]) -> str:
    """Write some settings in effect, in one line: `runAsNonRoot: (not set), runAsUser: (not set)`."""
    wanted = tuple(names_)
    shown = [f"`{item.name}: {item.value}`" for item in rows_ if item.name in wanted]
    return ", ".join(dict.fromkeys(shown))


def image_line(item: WorkloadRow) -> list[str]:
    """Images of a workload, each with whether it is pinned."""
    return [image_text(item, image) for image in item.images]


def image_text(item: WorkloadRow, image: ImageRow) -> str:
    """Write one image of a workload with whether it is pinned."""
    return f"- {place(item.ref)}: `{_code(image.image)}` {_PINS[image.pin]}"


def verdict_of(scan: Scan, control: str) -> tuple[Verdict, dict[Verdict, int], str]:
    """One control's verdict, counts and reason in a scan."""
    for item in scan.controls:
        if item.id == control:
            return item.verdict, item.counts, item.reason
    return Verdict.UNKNOWN, dict.fromkeys(Verdict, 0), "It was not judged."


def failing(data: Scanned) -> list[Finding]:
    """Failing findings of a scan."""
    return [item for item in data.rows if item.verdict is Verdict.FAIL]


def by_verdict(data: Explained, verdict: Verdict) -> list[Finding]:
    """Give the findings of one object with one verdict."""
    return [item for item in data.verdicts if item.verdict is verdict]


def controls_of(findings: Iterable[Finding]) -> str:
    """Control numbers of findings, each once."""
    return ", ".join(controls_in(findings))


def join(*parts: str) -> str:
    """Join paragraphs, leaving out empty ones."""
    return "\n\n".join(part for part in parts if part)


def _code(text: str) -> str:
    return one_line(text, 200).replace("`", "'")


def _fragment(text: str) -> str:
    """Cut a manifest to its pod specification, without what is not the fix; others stay whole."""
    lines = text.rstrip().splitlines()
    starts = [
        at for at, line in enumerate(lines) if line.strip() == "spec:" and line.startswith(" " * 4)
    ]
    if not starts or not any(line.strip() == "template:" for line in lines):
        first = "\n".join(lines).split("\n---")[0].splitlines()
        return "\n".join(first[:30])
    kept = [line for line in lines[starts[-1] :] if not re.match(r"^\s+image: ", line)]
    indent = len(kept[0]) - len(kept[0].lstrip())
    return "\n".join(line[indent:] for line in kept[:30])
