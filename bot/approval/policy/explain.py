"""Sentences about what a policy says of a case: who could do what, until when, and why.

Pure; used by `oakum policy explain`, and for cards and refusals.
"""

from datetime import datetime, timedelta

from bot.approval.policy.execution import stopped
from bot.approval.policy.grounds import no_rule
from bot.approval.policy.people import Circle, Person, listed
from bot.approval.policy.rules import (
    Case,
    Policy,
    Rule,
    UndoBy,
    approvals_needed,
    deciding,
    mismatches,
)

MAX_NEAR = 5
"""The most rules that are named as nearly matching."""


def explain(policy: Policy, case: Case, now: datetime, person: str = "") -> tuple[str, ...]:
    """Say what the policy allows in a case; with a person id, also what that person may do."""
    if case.cluster not in policy.clusters:
        return (f"The policy names no cluster {case.cluster}, so nobody may do anything there.",)
    rule = deciding(policy, case)
    if rule is None:
        return (no_rule(case), *_near(policy, case))
    sentences = [
        f"The rule {rule.name!r} decides: the first for {case.action} of {case.risk} risk in "
        f"{case.namespace} on {case.cluster}.",
        f"May propose: {_circle(rule.propose)}.",
        _approvals(policy, case, rule),
        _execution(rule),
        _undo(rule),
        *_terms(policy, case),
    ]
    if holding := stopped(policy, case, now):
        sentences += holding.reasons
    if person:
        sentences += _of_person(policy, case, rule, person)
    return tuple(sentences)


def _near(policy: Policy, case: Case) -> list[str]:
    """Name the rules that miss the case by one side only, and the side."""
    missed = ((rule.name, mismatches(rule.where, case)) for rule in policy.rules)
    near = [f"The rule {name!r} is not for this {m[0]}." for name, m in missed if len(m) == 1]
    return near[:MAX_NEAR]


def _circle(circle: Circle) -> str:
    """Write who belongs: the names of the rule, and the people where a name stands for others."""
    named = listed(circle.names)
    if circle.people and circle.people != frozenset(circle.names):
        named += f" ({listed(sorted(circle.people))})"
    if circle.groups:
        groups = listed(sorted(group.id for group in circle.groups))
        named += f", with the policy's people in the Slack user group {groups}"
    return named


def _approvals(policy: Policy, case: Case, rule: Rule) -> str:
    count = approvals_needed(rule, case.action)
    many = "1 approval is" if count == 1 else f"{count} approvals by different people are"
    own = "never the requester's own"
    if policy.clusters[case.cluster].sandbox:
        own = "the requester's own too, for the cluster is a sandbox"
    why = ""
    if rule.approvals is None and count > 1:
        why = f" {case.action} needs {count} unless a rule says otherwise."
    return (
        f"May approve or deny: {_circle(rule.approve)}; {many} needed, {own}; one denial is "
        f"final.{why}"
    )


def _execution(rule: Rule) -> str:
    start = "Oakum executes it by itself once it is approved"
    if rule.execute is not None:
        start = f"Once it is approved it waits for a start by {_circle(rule.execute)}"
    return f"{start}; {_length(rule.expiry)} after it was sealed, approvals are void."


def _undo(rule: Rule) -> str:
    if not rule.undo:
        return "An undo needs an approval of its own."
    words = {UndoBy.REQUESTER: "the requester", UndoBy.APPROVER: "whoever approved"}
    who = " or ".join(words[by] for by in UndoBy if by in rule.undo_by)
    return f"For {_length(rule.undo)} after the execution {who} may undo it without a new vote."


def _length(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    count, unit = (minutes, "minute") if rest or not hours else (hours, "hour")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _terms(policy: Policy, case: Case) -> list[str]:
    if not policy.clusters[case.cluster].access_check:
        return []
    return [
        f"{case.cluster} asks for an access check: Kubernetes must allow the requester and every "
        "approver what the action does."
    ]


def _of_person(policy: Policy, case: Case, rule: Rule, name: str) -> list[str]:
    person = policy.people.get(name)
    if person is None:
        return [f"The policy knows no person {name}, so {name} may do nothing."]
    sentences = [
        _belongs(person, rule.propose, "propose this"),
        _belongs(person, rule.approve, _deciding_on(policy, case)),
    ]
    if rule.execute is not None:
        sentences.append(_belongs(person, rule.execute, "start it once it is approved"))
    if policy.clusters[case.cluster].access_check and person.kubernetes is None:
        sentences.append(f"{name} is mapped to no Kubernetes user, so every access check refuses.")
    return sentences


def _deciding_on(policy: Policy, case: Case) -> str:
    whose = "this" if policy.clusters[case.cluster].sandbox else "what others propose of this"
    return f"approve or deny {whose}"


def _belongs(person: Person, circle: Circle, what: str) -> str:
    if person.id in circle.people:
        return f"{person.id} may {what}: the rule names {listed(circle.names)}."
    if circle.groups:
        groups = listed(sorted(group.id for group in circle.groups))
        return f"{person.id} may {what} only while in the Slack user group {groups}."
    return f"{person.id} may not {what}: not among {listed(circle.names)}."
