"""Right before the write everything is asked again: time, policy, people, votes, access, freezes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.approval.policy.execution import may_execute, may_undo
from bot.approval.policy.file.document import parse
from bot.approval.policy.rights import may_approve, may_rehearse, needed
from bot.approval.policy.rules import Case
from bot.approval.policy.sealed import Needed
from bot.approval.policy.votes import Verdict
from tests.fakes.policies import (
    ONE,
    POLICY,
    START,
    TEXT,
    TTL,
    TWO,
    actor,
    approved,
    seal,
    voted,
)
from tools.types import RiskLevel

SECOND = timedelta(seconds=1)
LATER = START + timedelta(minutes=1)
CHECKED = replace(ONE, cluster="checked")
SATURDAY = datetime.fromisoformat("2026-03-07T12:00+01:00")


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (START, True),
        (START + TTL - SECOND, True),
        (START + TTL, False),
        (START + TTL + SECOND, False),
        (START - SECOND, True),
        (START - timedelta(hours=1), False),
    ],
    ids=["sealed", "TTL-1s", "TTL", "TTL+1s", "clocks apart", "clock stepped back"],
)
def test_the_time_to_approve_and_to_execute_is_exact(at: datetime, open_: bool) -> None:
    assert may_approve(POLICY, seal(), actor("lead-one"), at).allowed is open_
    assert may_execute(POLICY, approved(seal(), "lead-one"), at, {}).allowed is open_


def test_a_clock_stepped_back_after_a_vote_executes_nothing() -> None:
    sealed = voted(replace(seal(), sealed_at=START), [("lead-one", Verdict.APPROVE)])
    late = replace(sealed.reviews[0], at=START + timedelta(minutes=20))
    sealed = replace(sealed, reviews=(late,))
    assert may_execute(POLICY, sealed, START + timedelta(minutes=20), {}).allowed
    decision = may_execute(POLICY, sealed, START + timedelta(minutes=10), {})
    assert "clock" in decision.reasons[0]


def test_the_earlier_of_what_was_sealed_and_what_the_rule_says_ends_it() -> None:
    stretched = replace(approved(seal(), "lead-one"), expires_at=START + timedelta(days=3))
    assert not may_execute(POLICY, stretched, START + TTL, {}).allowed
    shortened = replace(approved(seal(), "lead-one"), expires_at=START + SECOND)
    assert not may_execute(POLICY, shortened, START + SECOND, {}).allowed


@pytest.mark.parametrize("facts", ["is_guest", "is_bot", "is_deactivated", "is_foreign"])
@pytest.mark.parametrize("lost", [True, None])
def test_an_approver_or_requester_who_no_longer_counts_stops_it(
    facts: str, lost: bool | None
) -> None:
    sealed = approved(seal(), "lead-one")
    gone = replace(sealed.reviews[0], actor=actor("lead-one", **{facts: lost}))
    by_approver = may_execute(POLICY, replace(sealed, reviews=(gone,)), LATER, {})
    assert "The approval of lead-one no longer counts" in by_approver.reasons[0]
    asked = replace(sealed, requester=actor("developer", **{facts: lost}))
    by_requester = may_execute(POLICY, asked, LATER, {})
    for decision in (by_approver, by_requester):
        assert not decision.allowed
        assert decision.temporary is (lost is None)


def test_an_approval_of_another_digest_or_from_before_the_seal_does_not_count() -> None:
    sealed = approved(seal(), "lead-one")
    for change in ({"digest": "other"}, {"at": START - timedelta(minutes=1)}):
        vote = replace(sealed.reviews[0], **change)
        decision = may_execute(POLICY, replace(sealed, reviews=(vote,)), LATER, {})
        assert "no longer counts" in decision.reasons[0]


def test_a_vote_of_somebody_the_rule_does_not_name_executes_nothing() -> None:
    narrowed = parse(TEXT.replace("approve: [leads, developer]", "approve: [lead-two, lead-three]"))
    sealed = approved(seal(TWO, policy=narrowed), "lead-one", "lead-two")
    assert "not among" in may_execute(narrowed, sealed, LATER, {}).reasons[0]


def test_two_votes_of_one_account_are_not_two_people() -> None:
    sealed = approved(seal(TWO), "lead-one", "lead-two")
    twice = replace(sealed.reviews[1], actor=sealed.reviews[0].actor)
    decision = may_execute(POLICY, replace(sealed, reviews=(sealed.reviews[0], twice)), LATER, {})
    assert "voted twice" in decision.reasons[0]


def test_a_denial_is_final_whatever_follows() -> None:
    sealed = voted(seal(), [("lead-one", Verdict.DENY), ("lead-two", Verdict.APPROVE)])
    assert "denied" in may_execute(POLICY, sealed, LATER, {}).reasons[0]


@pytest.mark.parametrize("action", ["deploy_app", "delete_object"])
def test_deploy_and_delete_need_two_unless_the_policy_says_otherwise(action: str) -> None:
    case = Case("lab", "shop", action, RiskLevel.HIGH)
    found = needed(POLICY, case, actor("developer"))
    assert isinstance(found, Needed)
    assert found.quorum.approvals == 2
    lab = "    approve: [leads, developer]\nfreezes:"
    said = parse(TEXT.replace(lab, lab.replace("\nf", "\n    approvals: 1\nf")))
    otherwise = needed(said, case, actor("developer"))
    assert isinstance(otherwise, Needed)
    assert otherwise.quorum.approvals == 1


def test_the_kill_switch_executes_and_undoes_nothing() -> None:
    killed = parse(TEXT.replace("kill_switch: false", "kill_switch: true"))
    sealed = approved(seal(policy=killed), "lead-one")
    for decision in (
        may_execute(killed, sealed, LATER, {}),
        may_undo(killed, sealed, START, actor("developer"), LATER),
    ):
        assert "kill switch" in decision.reasons[0]
        assert decision.temporary
    assert may_approve(killed, seal(policy=killed), actor("lead-one"), LATER).allowed


def test_a_freeze_holds_back_what_is_approved_and_says_until_when() -> None:
    shift = SATURDAY - START
    sealed = approved(seal(), "lead-one")
    sealed = replace(
        sealed,
        sealed_at=sealed.sealed_at + shift,
        expires_at=sealed.expires_at + shift,
        reviews=(replace(sealed.reviews[0], at=SATURDAY),),
    )
    decision = may_execute(POLICY, sealed, SATURDAY, {})
    assert decision.temporary
    assert "'weekend' holds until 2026-03-09 08:00 (Europe/Berlin)" in decision.reasons[0]
    assert may_execute(POLICY, replace(sealed, is_undo=True), SATURDAY, {}).allowed
    elsewhere = replace(sealed, case=CHECKED)
    access = {"developer": True, "lead-one": True}
    assert may_execute(POLICY, elsewhere, SATURDAY, access).allowed


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ({"developer": True, "lead-one": True}, ""),
        ({"developer": False, "lead-one": True}, "does not allow developer"),
        ({"developer": True, "lead-one": False}, "does not allow lead-one"),
        ({"developer": False, "lead-one": False}, "does not allow developer"),
        ({"developer": True, "lead-one": None}, "could not be learnt"),
        ({"lead-one": True}, "could not be learnt"),
        ({}, "could not be learnt"),
    ],
)
def test_kubernetes_must_allow_requester_and_approvers(
    access: dict[str, bool | None], said: str
) -> None:
    decision = may_execute(POLICY, approved(seal(CHECKED), "lead-one"), LATER, access)
    assert decision.allowed is (not said)
    assert said in decision.reasons[0]
    rehearsing = may_rehearse(POLICY, CHECKED, actor("developer"), access)
    assert rehearsing.allowed is (access.get("developer") is True)


STARTED = TEXT.replace("    undo_minutes: 10\n", "    execute: [lead-two]\n")


def test_who_may_execute_has_to_start_it_where_the_rule_names_them() -> None:
    policy = parse(STARTED)
    sealed = approved(seal(policy=policy), "lead-one")
    waiting = may_execute(policy, sealed, LATER, {})
    assert waiting.temporary
    assert "nobody did yet" in waiting.reasons[0]
    assert not may_execute(policy, sealed, LATER, {}, actor("lead-one")).allowed
    assert not may_execute(policy, sealed, LATER, {}, actor("lead-two", is_guest=True)).allowed
    assert may_execute(policy, sealed, LATER, {}, actor("lead-two")).allowed


@pytest.mark.parametrize(
    ("person", "after", "allowed"),
    [
        ("developer", timedelta(0), True),
        ("lead-one", timedelta(minutes=10) - SECOND, True),
        ("lead-one", timedelta(minutes=10), False),
        ("lead-one", timedelta(minutes=-1), False),
        ("lead-two", timedelta(minutes=1), False),
    ],
)
def test_undo_without_a_vote_is_for_those_concerned_and_for_a_time(
    person: str, after: timedelta, allowed: bool
) -> None:
    sealed = approved(seal(), "lead-one")
    decision = may_undo(POLICY, sealed, START, actor(person), START + after)
    assert decision.allowed is allowed, decision
    if not allowed:
        assert "needs an approval of its own" in decision.reasons[0]


def test_undo_without_a_vote_is_off_unless_said_and_void_when_the_policy_changes() -> None:
    sealed = approved(seal(TWO), "lead-one", "lead-two")
    assert not may_undo(POLICY, sealed, START, actor("developer"), START).allowed
    other = parse(TEXT + "\n")
    assert not may_undo(
        other, approved(seal(), "lead-one"), START, actor("lead-one"), START
    ).allowed
    denied = voted(seal(), [("lead-one", Verdict.DENY)])
    assert not may_undo(POLICY, denied, START, actor("lead-one"), START).allowed
