"""Whoever asked never decides, however they come: by no account, file, name or later change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.accounts import Account, Actor
from bot.approval.policy.execution import may_execute
from bot.approval.policy.file.document import parse
from bot.approval.policy.rights import may_approve, may_propose, needed
from bot.approval.policy.sealed import Needed, Review
from bot.approval.policy.votes import Quorum, Tally, Verdict, Vote, tally
from bot.errors import BadPolicy
from tests.fakes.policies import DIGEST, ONE, POLICY, START, TEXT, actor, approved, seal

LATER = START + timedelta(minutes=1)


@pytest.mark.parametrize(
    "account",
    [Account("T0HOME", "U0DEV"), Account("T0AWAY", "U0DEV"), Account("local", "dev")],
    ids=["same", "second workspace", "terminal"],
)
@pytest.mark.parametrize("groups", [(), ("S0REVIEW",), ("S0DUTY",)], ids=str)
def test_from_no_account_and_through_no_group(account: Account, groups: tuple[str, ...]) -> None:
    assert not may_approve(POLICY, seal(), actor(account, *groups), LATER).allowed


@pytest.mark.parametrize(
    "account",
    [Account("T0HOME", "u0dev"), Account("T0HOME", "U0DEV2"), Account("T0AWAY", "U0LEAD2")],
    ids=["other spelling", "longer", "another's id elsewhere"],
)
def test_an_account_is_known_exactly_or_not_at_all(account: Account) -> None:
    decision = may_approve(POLICY, seal(), actor(account), LATER)
    assert "no person" in decision.reasons[0]


def test_asked_through_a_bot_the_bot_is_no_requester() -> None:
    asking = actor(Account("T0HOME", "U0OAKUM"), is_bot=True)
    assert "Bots" in may_propose(POLICY, ONE, asking).reasons[0]
    as_person = actor("developer", is_bot=True)
    assert not may_propose(POLICY, ONE, as_person).allowed


def test_a_requester_recorded_as_somebody_else_is_still_the_account_that_asked() -> None:
    sealed = replace(seal(), requester_person="duty")
    decision = may_approve(POLICY, sealed, actor("developer"), LATER)
    assert "Who asked" in decision.reasons[0]


def test_a_vote_let_through_by_mistake_is_not_counted_and_not_executed() -> None:
    decision = may_execute(POLICY, approved(seal(), "developer"), LATER, {})
    assert "pending" in decision.reasons[0]
    assert tally([Vote("developer", Verdict.APPROVE)], Quorum(1, "developer")) is Tally.PENDING


def test_a_vote_of_the_requesters_account_under_another_name_is_not_executed() -> None:
    vote = Review("lead-one", actor("developer"), Verdict.APPROVE, DIGEST, START)
    decision = may_execute(POLICY, replace(seal(), reviews=(vote,)), LATER, {})
    assert not decision.allowed
    assert "belongs to another person" in decision.reasons[0]


def test_one_human_cannot_be_written_as_two_people() -> None:
    for line in (
        "    slack_users: [U0DEV]",
        "    slack_users: [T0AWAY/U0DEV]",
        "    slack_groups: [S0DUTY]",
        "    slack_users: [U0TWIN]\n    kubernetes: {user: developer}",
    ):
        with pytest.raises(BadPolicy, match="is already"):
            parse(TEXT.replace("teams:\n", f"  twin:\n{line}\nteams:\n"))


def test_an_edit_of_the_policy_that_would_allow_it_voids_what_was_asked() -> None:
    loose = parse(TEXT.replace("prod: {}", "prod: {sandbox: true}"))
    decision = may_approve(loose, seal(), actor("developer"), LATER)
    assert "policy has changed" in decision.reasons[0]
    renamed = parse(TEXT.replace("developer", "dev").replace("user: dev}", "user: developer}"))
    assert not may_approve(renamed, seal(), actor("developer"), LATER).allowed
    assert not may_execute(renamed, approved(seal(), "lead-one"), LATER, {}).allowed


def test_who_asked_and_is_meanwhile_mapped_to_another_person_executes_nothing() -> None:
    swapped = parse(TEXT.replace("U0DEV", "U0TMP").replace("U0LEAD3", "U0DEV"))
    sealed = replace(approved(seal(), "lead-one"), policy_version=swapped.version)
    decision = may_execute(swapped, sealed, LATER, {})
    assert "no longer belongs" in decision.reasons[0]


def test_only_a_sandbox_counts_the_requester() -> None:
    for policy, cluster in ((POLICY, "prod"), (POLICY, "checked")):
        found = needed(policy, replace(ONE, cluster=cluster), actor("developer"))
        assert isinstance(found, Needed)
        assert not found.quorum.requester_counts
    assert Quorum(1, "developer").requester_counts is False


def forwarded(by: Actor) -> Actor:
    """Whoever forwards a message is in the envelope; the words of the message are not asked."""
    return by


def test_a_forwarded_or_edited_request_is_that_of_whoever_sent_it() -> None:
    sealed = replace(
        seal(requester="lead-one"), requester=forwarded(actor("lead-one")), digest="edited"
    )
    assert not may_approve(POLICY, sealed, actor("lead-one"), LATER).allowed
    votes = Review("lead-two", actor("lead-two"), Verdict.APPROVE, DIGEST, START)
    decision = may_execute(POLICY, replace(sealed, reviews=(votes,)), LATER, {})
    assert "something else" in decision.reasons[0]
