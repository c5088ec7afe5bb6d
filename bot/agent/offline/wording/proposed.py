"""What the offline model says of a change that was worked out, or of why none was. Pure.

Used by `bot.agent.offline.answers.changes`.
"""

import yaml

from bot.agent.offline.talk import Got
from bot.agent.offline.wording import words
from tools.plans import Refusal
from tools.queries.proposing.change import changed_fields
from tools.queries.result import NotPlanned, Planned

_FIELDS = 8
"""Fields of a change that are written out; its card shows all."""


def said(got: Got) -> str:
    """Say what a query worked out."""
    match got.data:
        case Planned() as data:
            return _planned(data)
        case NotPlanned() as data:
            return _not_planned(data)
        case _:
            return got.failed


def _planned(data: Planned) -> str:
    """Say what would happen to one object."""
    head = f"To {data.title} (cluster {data.ref.cluster}), this would happen:"
    return f"{head}\n{_facts(data)}"


def _facts(data: Planned) -> str:
    """List what a plan comes to."""
    plan = data.plan
    fields = changed_fields(plan.operations)
    facts = [
        f"Risk: {plan.risk.level.value}. {' '.join(plan.risk.reasons)}",
        f"Disruption: {' '.join(plan.disruption.facts)}" if plan.disruption.facts else "",
        *(f"`{field}`" for field in fields[:_FIELDS]),
        f"and {len(fields) - _FIELDS} more fields" if len(fields) > _FIELDS else "",
        f"Undo: {plan.undo}" if plan.undo else "",
        f"For somebody else to apply: {plan.handover}" if plan.handover else "",
        *plan.notes,
        *(f"Stays open: {one}" for one in data.left),
    ]
    return "\n".join(f"- {fact}" for fact in facts if fact)


def _not_planned(data: NotPlanned) -> str:
    """Say why not, and what can be done."""
    refusal: Refusal = data.refusal
    if data.worked_out:
        head = f"Not proposed (why: below). By hand: {data.title} (cluster {data.ref.cluster})."
        return f"{head}\n{_facts(data.worked_out)}"
    shown = ""
    if refusal.manifest:
        text = yaml.safe_dump(refusal.manifest, sort_keys=False, allow_unicode=True, width=200)
        shown = f"```yaml\n{text.rstrip()}\n```"
    head = f"There is nothing to propose for: {data.title}. {refusal.public} {refusal.hint}".strip()
    return words.join(head, shown)
