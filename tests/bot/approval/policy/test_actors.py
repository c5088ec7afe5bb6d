"""Named people pressing one after the other: what each press is answered, and what comes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.accounts import Account, Actor
from bot.approval.policy.execution import may_execute
from bot.approval.policy.rights import may_approve, may_propose
from bot.approval.policy.rules import Case
from bot.approval.policy.sealed import Review
from bot.approval.policy.votes import Verdict
from tests.fakes.policies import (
    DIGEST,
    LAB,
    ONE,
    POLICY,
    START,
    TWO,
    actor,
    seal,
)
from tools.types import RiskLevel

YES, NO = Verdict.APPROVE, Verdict.DENY
DEV, LEAD1, LEAD2, LEAD3 = (
    actor(name) for name in ("developer", "lead-one", "lead-two", "lead-three")
)
LEAD1_AWAY = actor(Account("T0AWAY", "U0LEAD1"))
DEV_AWAY = actor(Account("T0AWAY", "U0DEV"))
DUTY_A = actor(Account("T0HOME", "U0ANYONE"), "S0DUTY")
DUTY_B = actor(Account("T0HOME", "U0OTHER"), "S0DUTY")
STRANGER = actor(Account("T0HOME", "U0STRANGER"))
REVIEWER = actor(Account("T0HOME", "U0STRANGER"), "S0REVIEW")
BOTH = actor("lead-one", "S0DUTY")
LOCAL = actor(Account("local", "dev"))

Press = tuple[Actor, Verdict, str]

SEQUENCES: dict[str, tuple[Case, str, list[Press], str]] = {
    "one approval by another is enough": (ONE, "developer", [(LEAD1, YES, "")], "approved"),
    "own approval": (ONE, "developer", [(DEV, YES, "Who asked")], "pending"),
    "own denial": (ONE, "lead-one", [(LEAD1, NO, "Who asked")], "pending"),
    "own approval, then another's": (
        ONE, "lead-one", [(LEAD1, YES, "Who asked"), (LEAD2, YES, "")], "approved",
    ),
    "nobody the policy knows": (ONE, "developer", [(STRANGER, YES, "no person")], "pending"),
    "in a named group, but nobody's account": (
        ONE, "developer", [(REVIEWER, YES, "no person")], "pending",
    ),
    "two people in one account": (ONE, "developer", [(BOTH, YES, "more than one")], "pending"),
    "a person with no right to it": (
        TWO, "lead-one", [(DUTY_A, YES, "duty is not among leads and developer")], "pending",
    ),
    "late denial": (
        ONE, "developer", [(LEAD1, YES, ""), (LEAD2, NO, "already approved")], "approved",
    ),
    "late approval": (
        ONE, "developer", [(LEAD1, NO, ""), (LEAD2, YES, "already denied")], "denied",
    ),
    "one of two": (TWO, "developer", [(LEAD1, YES, "")], "pending"),
    "two of two": (TWO, "developer", [(LEAD1, YES, ""), (LEAD2, YES, "")], "approved"),
    "one person twice": (
        TWO, "developer", [(LEAD1, YES, ""), (LEAD1, YES, "already counted")], "pending",
    ),
    "one person from two places": (
        TWO, "developer", [(LEAD1, YES, ""), (LEAD1_AWAY, YES, "already counted")], "pending",
    ),
    "one person from two places is the same requester": (
        TWO, "lead-one", [(LEAD1_AWAY, YES, "Who asked"), (LEAD2, YES, "")], "pending",
    ),
    "change of mind is no second vote": (
        TWO, "developer", [(LEAD1, YES, ""), (LEAD1, NO, "already counted")], "pending",
    ),
    "two for, one veto": (
        TWO, "developer",
        [(LEAD1, YES, ""), (LEAD2, NO, ""), (LEAD3, YES, "already denied")], "denied",
    ),
    "third of two": (
        TWO, "developer",
        [(LEAD1, YES, ""), (LEAD2, YES, ""), (LEAD3, YES, "already approved")], "approved",
    ),
    "members of a group that is one person": (
        ONE, "developer", [(DUTY_A, YES, ""), (DUTY_B, YES, "already counted")], "approved",
    ),
    "a sandbox's requester": (LAB, "developer", [(DEV, YES, "")], "approved"),
    "a sandbox's terminal": (LAB, "developer", [(LOCAL, YES, "")], "approved"),
    "a terminal elsewhere": (ONE, "lead-one", [(LOCAL, YES, "terminal's user")], "pending"),
    "the requester from elsewhere": (ONE, "developer", [(DEV_AWAY, YES, "Who asked")], "pending"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("case", "requester", "presses", "end"), SEQUENCES.values(), ids=SEQUENCES.keys()
)
def test_a_sequence_of_presses(case: Case, requester: str, presses: list[Press], end: str) -> None:
    sealed = seal(case, requester)
    for number, (pressing, verdict, refusal) in enumerate(presses):
        now = START + timedelta(seconds=number)
        decision = may_approve(POLICY, sealed, pressing, now)
        assert decision.allowed is not bool(refusal), decision
        assert refusal in " ".join(decision.reasons)
        if decision.allowed:
            person = decision.reasons[0].split()[0]
            review = Review(person, pressing, verdict, DIGEST, now)
            sealed = replace(sealed, reviews=(*sealed.reviews, review))
    executed = may_execute(POLICY, sealed, START + timedelta(minutes=1), {})
    assert executed.allowed is (end == "approved"), executed
    if not executed.allowed:
        assert end in executed.reasons[0]


STANDINGS = {
    "is_guest": "Guests",
    "is_bot": "Bots",
    "is_deactivated": "deactivated",
    "is_foreign": "other organisations",
}


@pytest.mark.parametrize("fact", STANDINGS)
def test_who_never_counts(fact: str) -> None:
    for refusing, reason in ((True, STANDINGS[fact]), (None, "could not be learnt")):
        asking = actor("developer", **{fact: refusing})
        proposing = may_propose(POLICY, ONE, asking)
        approving = may_approve(POLICY, seal(), actor("lead-one", **{fact: refusing}), START)
        for decision in (proposing, approving):
            assert not decision.allowed
            assert reason in decision.reasons[0]
            assert decision.temporary is (refusing is None)


def test_unknown_groups_count_against_whoever_may_be_known_by_them() -> None:
    unknown = replace(actor("lead-one"), groups=None)
    decision = may_approve(POLICY, seal(), unknown, START)
    assert not decision.allowed
    assert decision.temporary
    assert "user groups" in decision.reasons[0]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case("prod2", "shop", "harden_workload", RiskLevel.LOW), "on prod2"),
        (Case("pro", "shop", "harden_workload", RiskLevel.LOW), "on pro,"),
        (Case("checked", "shop2", "harden_workload", RiskLevel.LOW), "in shop2"),
        (Case("checked", "sho", "harden_workload", RiskLevel.LOW), "in sho "),
        (Case("checked", "shop", "harden", RiskLevel.LOW), "for harden "),
        (Case("checked", "shop", "harden_workload", RiskLevel.MEDIUM), "medium risk"),
        (Case("prod", "kube-system", "harden_workload", RiskLevel.LOW), "in kube-system"),
        (Case("prod", "(cluster)", "harden_workload", RiskLevel.LOW), "in the cluster itself"),
        (Case("prod", "", "harden_workload", RiskLevel.LOW), "No rule"),
    ],
)
def test_no_rule_means_no(case: Case, said: str) -> None:
    decision = may_propose(POLICY, case, actor("developer"))
    assert not decision.allowed
    assert said in decision.reasons[0]
    assert decision.rule == ""
