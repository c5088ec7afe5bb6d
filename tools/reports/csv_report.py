"""A scan as CSV: one row for each finding, then one for each thing that could not be looked at.

Cells that a spreadsheet would take as a formula get an apostrophe before them, and control signs are
escaped, because names and values come from clusters. Pure. Used by the terminal and by answers that attach a file.
"""

import csv
import io

from tools.posture import not_looked_at, ordered
from tools.types import Evidence, Finding, Scan
from tools.visible import visible

COLUMNS = (
    "severity",
    "verdict",
    "controls",
    "check",
    "cluster",
    "namespace",
    "kind",
    "name",
    "container",
    "pods",
    "reason",
    "evidence",
    "fingerprint",
)
NOT_LOOKED_AT = "not-looked-at"
"""The verdict of rows that say what is missing; `name` says what, `reason` why."""
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""owasp.org/www-community/attacks/CSV_Injection, full-width forms included."""


def render(scan: Scan) -> str:
    """Write the findings that a scan kept, worst first, with lines ending in CR LF."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for found in ordered(scan.findings):
        writer.writerow([safe_cell(cell) for cell in _row(found)])
    for gap in not_looked_at(scan.gaps):
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "verdict": NOT_LOOKED_AT,
            "cluster": scan.cluster,
            "namespace": gap.namespace,
            "kind": gap.kind,
            "name": gap.what,
            "reason": gap.why,
        }
        writer.writerow([safe_cell(cell) for cell in row.values()])
    return out.getvalue()


def safe_cell(cell: str) -> str:
    """Prefix a cell that a spreadsheet would run; signs that nobody sees become escapes."""
    return visible(f"'{cell}" if cell.startswith(_FORMULA) else cell)


def _row(found: Finding) -> tuple[str, ...]:
    """Give the cells of one finding, in the order of COLUMNS."""
    ref = found.ref
    return (
        found.severity.value,
        found.verdict.value,
        " ".join(found.controls),
        found.check,
        ref.cluster,
        ref.namespace,
        ref.kind,
        ref.name,
        found.container,
        str(found.pods),
        found.reason,
        "; ".join(_fact(fact) for fact in found.evidence),
        found.fingerprint,
    )


def _fact(fact: Evidence) -> str:
    """Write one piece of evidence, with its object where that is not the finding's own."""
    of = f" of {fact.ref.kind} {fact.ref.namespace}/{fact.ref.name}" if fact.ref else ""
    return f"{fact.path}{of} = {fact.value}"
