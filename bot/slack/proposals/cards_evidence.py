"""Checks and findings on a card: which ones a change answers, and what they said afterwards. Pure."""

from collections.abc import Iterable, Sequence
from functools import cache

from bot.slack.proposals.literal import literal, named, value
from knowledge import catalogue
from tools.discovery import checks as known_checks
from tools.posture import ordered
from tools.types import Finding, Verdict

SHOWN = 8
_WORDS = {
    Verdict.PASS: "✅",
    Verdict.NOT_APPLICABLE: "✅",
    Verdict.FAIL: "❌",
    Verdict.UNKNOWN: "❔",
}


def checks(ids: Sequence[str], where: str) -> list[str]:
    """Name checks line by line with the controls that they answer, in mrkdwn; `where` the rest stands."""
    shown = [f"• {_named(one)}" for one in ids[:SHOWN]]
    more = len(ids) - len(shown)
    return [*shown, *([f"…and {more} more{where}"] if more > 0 else [])]


def evidence(findings: Sequence[Finding]) -> list[str]:
    """Say line by line what the checks found, in the order that findings have everywhere."""
    lines = [_line(one) for one in ordered(findings)[:SHOWN]]
    more = len(findings) - len(lines)
    return [*lines, *([f"…and {more} more"] if more > 0 else [])]


def _line(finding: Finding) -> str:
    line = f"{_WORDS[finding.verdict]} {_named(finding.check)} on {named(finding.ref)}"
    if finding.reason:
        return f"{line}: {literal(finding.reason, 200)}"
    seen = next(iter(finding.evidence), None)
    return line if seen is None else f"{line}: {value(f'{seen.path} = {seen.value}', 160)}"


def _named(check: str) -> str:
    known = known_checks().get(check)
    title = known.check.title if known is not None else check.replace("_", " ").capitalize()
    controls = _controls(check)
    return literal(title, 100) + (f" ({', '.join(controls)})" if controls else "")


@cache
def _controls(check: str) -> tuple[str, ...]:
    """List the controls of the first benchmark that has any for a check."""
    for benchmark in catalogue.benchmark_names():
        found: Iterable[str] = (
            one.id for one in catalogue.controls(benchmark) if check in one.checks
        )
        if ids := tuple(found)[:3]:
            return tuple(f"{benchmark} {one}" for one in ids)
    return ()
