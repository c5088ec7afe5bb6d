"""Cards as they are drawn: within Slack's limits, readable, and harmless whatever a cluster says."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.approval import wording
from bot.approval.policy.file.document import parse
from bot.slack.config import Profile
from bot.slack.mrkdwn import units
from bot.slack.proposals.cards import View, card
from bot.slack.proposals.literal import literal, value
from bot.slack.proposals.notes import due_with, note
from bot.store.operations import Phase, Step
from bot.store.outbox import App
from bot.store.proposals import Case, Proposal, State
from bot.store.reviews import Review
from bot.types import ThreadKey
from tests.fakes.proposed import POLICY, TEAM, TEXT, harden, operation, passed, rehearsal
from tests.fakes.slack.limits import check_message
from tools import vocabulary
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.scale import Scale
from tools.changes import Outcome, OutcomeKind, Rehearsal
from tools.changes import State as Rehearsed
from tools.types import Change, Disruption, Operation, Risk, RiskLevel, Target, Verb

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
HOSTILE = (
    "<!channel> <@UBOB> <https://evil.example|here> [x](https://evil.example) https://evil.example "
    "*bold* _it_ ~no~ `code` ```fence``` &lt;!here&gt; mailto:a@b.example\u202e\x00\n# head"
)


def proposal(state=State.PENDING, action=None, **changes):
    wanted = harden() if action is None or isinstance(action, bytes) else action
    values = {
        "id": "a" * 32,
        "action": action if isinstance(action, bytes) else vocabulary.encode(wanted),
        "target": wanted.target,
        "requester": "ann",
        "account": (TEAM, "UANN"),
        "thread": ThreadKey(TEAM, "C1", "1.1"),
        "submitted_at": NOW,
        "changed_at": NOW,
        "state": state,
        "rehearsal": msgspec.json.encode(rehearsal(wanted, seal=None)),
        "policy_version": POLICY.version,
        "needed": 1,
        "until": NOW + timedelta(minutes=30),
        "app": App.ASSISTANT,
    }
    return Proposal(**(values | changes))


def view(**changes):
    return View(
        **(
            {"policy": POLICY, "alive": True, "team": TEAM, "profile": Profile.MODERN, "now": NOW}
            | changes
        )
    )


def step(kind=OutcomeKind.APPLIED, **changes):
    detail = msgspec.json.encode(Outcome(kind, "x.0", **changes))
    target = harden().target
    return Step(
        "x.0", "x", 0, target, False, Phase.RECORDED, "d", NOW, b"", "applied", "au-1", detail
    )


def text_of(shown):
    return str(shown.blocks)


@pytest.mark.parametrize(
    ("state", "profile", "alive"), list(product(State, Profile, (True, False)))
)
def test_every_state_is_within_slacks_limits(state, profile, alive):
    steps = (step(),) if state in {State.EXECUTING, State.DONE} else ()
    case = Case(proposal(state, outcome="verified" if state is State.DONE else ""), (), steps)

    shown = card(case, view(profile=profile, alive=alive))

    check_message(shown.text, list(shown.blocks), modern=False)
    open_now = state in {State.DRAFT, State.PENDING, State.APPROVED, State.EXECUTING}
    assert ("no sign of life" in text_of(shown)) == (open_now and not alive)


@pytest.mark.parametrize("outcome", list(OutcomeKind))
def test_every_ending_says_whether_something_was_changed(outcome):
    untouched = outcome in {OutcomeKind.REFUSED, OutcomeKind.STALE, OutcomeKind.FAILED}
    steps = () if untouched else (step(outcome),)

    shown = card(Case(proposal(State.DONE, outcome=outcome.value), (), steps), view())

    assert ("nothing was changed" in text_of(shown)) == untouched
    assert ("proposal.undo" in text_of(shown)) == (not untouched)
    assert ("✅ *" in text_of(shown)) == (outcome in {OutcomeKind.VERIFIED, OutcomeKind.UNDONE})


@pytest.mark.parametrize(
    ("state", "outcome"), [(State.EXPIRED, ""), (State.DONE, OutcomeKind.STALE.value)]
)
def test_what_was_not_carried_out_in_time_says_how_to_go_on(state, outcome):
    assert "ask for it again" in text_of(card(Case(proposal(state, outcome=outcome)), view()))
    assert "ask for it again" not in text_of(card(Case(proposal(State.PENDING)), view()))


def test_nothing_is_called_checked_that_was_not():
    unknown = Case(proposal(State.DONE, outcome="unknown"), (), (step(OutcomeKind.UNKNOWN),))

    shown = text_of(card(unknown, view()))

    assert "Checked afterwards" not in shown
    assert "audit id `au-1`" in shown


def test_who_is_asked_to_approve_reads_where_it_is_and_how_risky():
    said = note("wanted", Case(proposal()), view())

    assert said is not None
    assert (
        "seccomp profile* on `Deployment/web` in `shop` (cluster `prod`), risk medium" in said.text
    )


@pytest.mark.parametrize("state", [State.DENIED, State.WITHDRAWN, State.EXPIRED])
def test_what_nobody_carried_out_says_that_nothing_was_changed(state):
    assert "nothing was changed" in text_of(card(Case(proposal(state)), view()))


def test_what_would_change_nothing_is_not_called_impossible():
    made = rehearsal(harden(), Rehearsed.NO_CHANGE, diff=())

    shown = text_of(
        card(Case(proposal(State.BLOCKED, rehearsal=msgspec.json.encode(made))), view())
    )

    assert "Nothing to change" in shown
    assert "Cannot be done" not in shown


def test_what_can_no_longer_be_decided_is_not_weighed():
    for state in (State.BLOCKED, State.EXPIRED, State.DENIED, State.WITHDRAWN):
        assert "*Risk*" not in text_of(card(Case(proposal(state)), view()))
    handed_over = card(Case(proposal(State.HANDED_OVER)), view())
    assert "*Risk*" in text_of(handed_over)
    assert "in a file of this thread" in text_of(handed_over)
    assert [one.name for one in handed_over.files] == ["oakum-aaaaaaaa-patch.txt"]


def test_what_broke_off_half_way_is_not_called_unchanged():
    steps = (step(), replace(step(), id="x.1", ordinal=1, outcome="refused"))
    case = Case(proposal(State.DONE, outcome="failed", reason="Done: Deployment web."), (), steps)

    shown = text_of(card(case, view()))

    assert "Broke off after 1 of 2 steps" in shown
    assert "nothing was changed" not in shown
    assert "proposal.undo" in shown


def test_the_card_holds_all_that_an_approver_has_to_know():
    shown = text_of(card(Case(proposal()), view()))

    for words in (
        "Harden web: no privileged containers, seccomp profile",
        "`Deployment/web` in `shop` (cluster `prod`)",
        r"container app › securityContext\n• `privileged`: `true` → `false`",
        r"\n• `allowPrivilegeEscalation`: not set → `false`",
        r"securityContext › seccompProfile\n• `type`: not set → `RuntimeDefault`",
        "Privileged container (cis-1.12 5.2.2)",
        "*Risk* 🟡 medium: A process that needs the host's devices stops working.",
        "*Disrupts* 2 replicas are replaced one after the other.",
        "*Undo* The fields are set back to what they were, in another rollout.",
        "Asked for by <@UANN>",
        "Needs 1 approval by leads or on-call, never by who asked",
        "<!date^1772622000^{date_short_pretty} {time}|2026-03-04 11:00 UTC>",
    ):
        assert words in shown, words


def test_what_stays_open_is_told():
    made = rehearsal(
        harden(), seal=None, left=("The node's container runtime socket stays (5.2.11).",)
    )

    shown = text_of(card(Case(proposal(rehearsal=msgspec.json.encode(made))), view()))

    assert "*Stays open*" in shown
    assert "container runtime socket stays (5.2.11)" in shown


@pytest.mark.parametrize(
    ("account", "undo_of", "outcome", "said"),
    [
        ("UANN", "b" * 32, "undone", "undone by <@UANN>"),
        ("UANN", "b" * 32, "", "to be undone by <@UANN>"),
        ("UBOB", "b" * 32, "undone", "approved by <@UBOB>"),
        ("UBOB", "", "verified", "approved by <@UBOB>"),
    ],
)
def test_who_undoes_a_change_does_not_approve_it(account, undo_of, outcome, said):
    review = Review("a" * 32, account[1:].lower(), (TEAM, account), "approve", "", "d", NOW)
    state = State.DONE if outcome else State.APPROVED
    about = proposal(state, undo_of=undo_of, outcome=outcome)

    shown = text_of(card(Case(about, (review,), (step(),)), view()))

    assert said in shown
    assert ("approved by" in shown) == ("approved" in said)


def test_what_cannot_be_undone_is_marked():
    deleting = DeleteObject(target=harden().target)
    made = Rehearsal(
        rehearsal(harden()).state,
        diff=((Operation(Verb.DELETE, deleting.target), ()),),
        risk=Risk(RiskLevel.HIGH, ("It is gone for good.",)),
        undo="A deletion cannot be undone.",
    )
    case = Case(proposal(action=deleting, rehearsal=msgspec.json.encode(made), needed=2))

    shown = text_of(card(case, view()))

    assert "Delete Deployment web" in shown
    assert "deletes `Deployment/web`" in shown
    assert "*Undo* ⚠️ A deletion cannot be undone." in shown
    assert "Approve this change?" in shown


@pytest.mark.parametrize(
    ("action", "title"),
    [
        (Scale(target=harden().target, replicas=1), "Scale web to 1 replica"),
        (
            LabelNamespace(
                target=Target("prod", "v1", "Namespace", "", "shop"),
                enforce=Level.BASELINE,
                warn=Level.RESTRICTED,
            ),
            "Pod Security of namespace shop: enforce baseline, warn restricted",
        ),
        (
            DenyTraffic(target=Target("prod", "v1", "Namespace", "", "shop"), egress=True),
            "Deny incoming and outgoing traffic in shop unless it is let through",
        ),
        (
            DeployApp(target=harden().target, image=f"a.example/web@sha256:{'0' * 64}", port=8080),
            "Deploy web from a.example/web",
        ),
    ],
)
def test_titles_say_what_is_done(action, title):
    assert wording.title(proposal(action=action)) == title


def test_every_action_has_a_title():
    assert set(wording._TITLES) == set(vocabulary.ACTIONS)


def hostile(text):
    """Give a case in which everything from outside is this text."""
    wanted = harden()
    op = operation(wanted)
    change = Change(("metadata", "annotations", text), before=text, after=text)
    made = rehearsal(
        wanted,
        seal=None,
        reason=text,
        hint=text,
        diff=((op, (change,)),),
        warnings=(text,) * 9,
        preview=(text,) * 9,
        notes=(text,) * 9,
        undo=text,
        risk=Risk(RiskLevel.HIGH, (text,) * 9),
        disruption=Disruption(True, (text,) * 9),
        answers=(text,) * 20,
        manifest={"kind": text},
    )
    found = msgspec.structs.replace(passed(wanted), reason=text, check=text)
    review = Review("a" * 32, "bob", (TEAM, "UBOB"), "approve", text, "d", NOW)
    steps = (step(findings=(found,) * 20, warnings=(text,)),)
    target = msgspec.structs.replace(wanted.target, name=text, namespace=text, cluster=text)
    return made, review, steps, target


def assert_harmless(shown, mentions=("<@UANN>", "<@UBOB>", "<@UCAT>")):
    for block in shown.blocks:
        for one in [block.get("text", {}), *block.get("elements", [])]:
            text = one.get("text", "") if isinstance(one.get("text"), str) else ""
            for known in mentions:
                text = text.replace(known, "")
            while "<!date^" in text:
                begin = text.index("<!date^")
                text = text[:begin] + text[text.index(">", begin) + 1 :]
            assert "<" not in text.replace("&lt;", ""), text
            assert "https://" not in text
            assert "mailto:a" not in text
            assert "\u202e" not in text


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("text", [HOSTILE, "x" * 5_000, "<!channel>" * 400, "`" * 900, "&" * 3_000])
def test_nothing_that_a_cluster_says_mentions_links_or_formats(state, text):
    made, review, steps, target = hostile(text)
    held = proposal(
        state,
        target=target,
        action=b"{}",
        rehearsal=msgspec.json.encode(made),
        reason=text,
        outcome="verified" if state is State.DONE else "",
    )
    case = Case(held, (review,) * 5, steps if state in {State.EXECUTING, State.DONE} else ())

    shown = card(case, view())

    check_message(shown.text, list(shown.blocks))
    assert_harmless(shown)
    outside_code = re.sub(r"`[^`]*`", "", text_of(shown))
    assert "*bold*" not in outside_code
    assert "_it_" not in outside_code
    for kind in (*due_with(case), "reminder", "expired"):
        said = note(kind, case, view())
        if said is not None:
            check_message(said.text, list(said.blocks))
            assert_harmless(said)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=st.text(max_size=400), state=st.sampled_from(list(State)))
def test_any_text_gives_a_card_that_slack_takes(text, state):
    made, review, steps, target = hostile(text)
    held = proposal(
        state, target=target, action=b"{}", rehearsal=msgspec.json.encode(made), reason=text
    )
    case = Case(held, (review,), steps if state in {State.EXECUTING, State.DONE} else ())

    shown = card(case, view())

    check_message(shown.text, list(shown.blocks))
    assert_harmless(shown)


def test_who_reads_in_the_classic_profile_is_told_times_in_utc():
    shown = text_of(card(Case(proposal()), view(profile=Profile.CLASSIC)))

    assert "until 2026-03-04 11:00 UTC" in shown
    assert "<!date" not in shown


def test_an_approved_change_says_what_holds_it_back():
    frozen = parse(
        TEXT + "freezes:\n  - {name: release, zone: Europe/Berlin, clusters: [prod], "
        "from: 2026-03-04 00:00, until: 2026-03-05 08:00}\n"
    )
    stopped = parse(TEXT.replace("kill_switch: false", "kill_switch: true"))
    case = Case(proposal(State.APPROVED))

    assert "The freeze 'release' holds until 2026-03-05 08:00" in text_of(
        card(case, view(policy=frozen))
    )
    assert "kill switch is on" in text_of(card(case, view(policy=stopped)))


def test_somebody_of_another_workspace_is_named_but_not_mentioned():
    shown = text_of(card(Case(proposal(account=("T0AWAY", "UANN"))), view()))

    assert "UANN (T0AWAY)" in shown
    assert "<@UANN>" not in shown


def test_a_terminals_user_is_named():
    shown = text_of(card(Case(proposal(account=("local", "ann"))), view()))

    assert "Asked for by ann (local)" in shown


def test_no_account_of_who_asked_is_called_to_approve():
    policy = parse(TEXT.replace("ann: {slack_users: [UANN]}", "ann: {slack_users: [UANN, UANN2]}"))

    said = note("wanted", Case(proposal()), view(policy=policy))
    own = note("wanted", Case(proposal(requester_may_approve=True)), view(policy=policy))

    assert said is not None
    assert "<@UBOB>" in said.text
    assert "UANN" not in said.text
    assert own is not None
    assert "<@UANN2>" in own.text


@pytest.mark.parametrize("text", ["&" * 1_000, "<" * 1_000, "_" * 1_000, "`" * 1_000, "𝒳" * 1_000])
def test_escaping_never_takes_more_than_twice_the_room(text):
    assert units(literal(text, 100)) <= 200
    assert units(value(text, 100)) <= 200


def test_in_a_private_conversation_it_says_that_nobody_else_can_approve_it():
    private = ThreadKey(TEAM, "DUANN", "1.1")
    case = Case(proposal(thread=private))
    own = Case(proposal(thread=private, requester_may_approve=True))

    assert "Nobody else sees this conversation" in text_of(card(case, view()))
    assert list(due_with(case)) == []
    assert note("reminder", case, view()) is None
    assert "Nobody else" not in text_of(card(own, view()))
