"""What a person reads about a case: who could do what, how many, until when, and why not."""

from datetime import datetime

from bot.approval.policy.explain import explain
from bot.approval.policy.file.document import parse
from bot.approval.policy.rules import Case
from tests.fakes.policies import LAB, ONE, POLICY, START, TEXT, TWO
from tools.types import RiskLevel

SATURDAY = datetime.fromisoformat("2026-03-07T12:00+01:00")


def said(case: Case, person: str = "", at: datetime = START) -> str:
    return "\n".join(explain(POLICY, case, at, person))


def test_the_rule_its_people_and_its_numbers() -> None:
    text = said(TWO)
    assert "The rule 'two' decides" in text
    assert (
        "May propose: developer and leads (developer, lead-one, lead-three and lead-two)." in text
    )
    assert "2 approvals by different people are needed, never the requester's own" in text
    assert "30 minutes after it was sealed, approvals are void" in text
    assert "An undo needs an approval of its own." in text


def test_groups_terms_freezes_and_the_kill_switch() -> None:
    assert "Slack user group S0REVIEW" in said(ONE)
    assert "For 10 minutes after the execution the requester or whoever approved" in said(ONE)
    assert "the requester's own too, for the cluster is a sandbox" in said(LAB)
    assert "The freeze 'weekend' holds" in said(ONE, at=SATURDAY)
    assert "freeze" not in said(ONE)
    killed = parse(TEXT.replace("kill_switch: false", "kill_switch: true"))
    assert any("kill switch" in sentence for sentence in explain(killed, ONE, START))


def test_an_action_that_needs_two_says_that_nothing_else_was_said() -> None:
    delete = Case("lab", "shop", "delete_object", RiskLevel.HIGH)
    assert "delete_object needs 2 unless a rule says otherwise" in said(delete)


def test_where_no_rule_is_for_it_the_nearest_are_named() -> None:
    text = said(Case("checked", "web", "harden_workload", RiskLevel.LOW))
    assert "no rule means no" in text
    assert "The rule 'one' is not for this namespace." in text
    assert "nobody may do anything there" in said(Case("x", "shop", "delete_object", RiskLevel.LOW))


def test_one_person() -> None:
    assert "lead-one may propose this: the rule names developer and leads." in said(TWO, "lead-one")
    assert "lead-one may approve or deny what others propose of this" in said(TWO, "lead-one")
    assert "duty may not propose this: not among developer and leads." in said(TWO, "duty")
    assert "knows no person ghost" in said(TWO, "ghost")
    assert "approve or deny this" in said(LAB, "developer")
