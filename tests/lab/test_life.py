"""Each action on a real cluster through all of the product, from its finding to verified and back.

Everything is lived through at once, in one executor, under the shipped admission policy; then each
test looks at what came of its part. What the accounts did stands in the API server's audit log.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.approval import wording
from bot.store.ledger import Entry, Event
from bot.store.operations import Phase
from tests.lab import acts, audit, killed
from tests.lab.acts import ACTS, APART, HANDED_OVER, TRAFFIC, Act
from tests.lab.audit import Access
from tests.lab.changing import RBAC, WRITER_FILES
from tests.lab.cluster import Lab
from tests.lab.containers import pulled
from tests.lab.images import BUSYBOX
from tests.lab.lives import (
    DENIED,
    DEPLOYED,
    OTHERS,
    PINNED,
    UNPINNED,
    Lives,
    granted,
    live,
    objects,
)
from tests.lab.living import Lived, ended
from tests.lab.versions import PAUSE
from tools import vocabulary
from tools.changes import OutcomeKind
from tools.objects.kinds import KINDS
from tools.types import Action, Verb, Verdict

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAMESPACE = acts.WORK


@pytest.fixture(scope="module")
def lives(
    lab: Lab, accounts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lives]:
    """Live through everything."""
    if lab.audit_log is None:
        pytest.skip("the cluster given gives no audit log, and its images cannot be named anew")
    folder = tmp_path_factory.mktemp("living")
    for namespace in OTHERS:
        lab.fresh_namespace(namespace)
    pause = f"registry.k8s.io/pause:{PAUSE}"
    try:
        with pulled(BUSYBOX, acts.REPOSITORY), pulled(pause, acts.APP_REPOSITORY) as digest:
            lab.kubectl("apply", "-f", "-", stdin=granted())
            lab.kubectl("create", "-f", "-", stdin=objects())
            yield asyncio.run(live(lab, accounts, folder, digest))
    finally:
        cluster_wide = ("clusterrolebinding", "living-admins", "--ignore-not-found")
        lab.kubectl("delete", *cluster_wide)
        lab.kubectl("delete", "--wait=false", "namespace", *OTHERS)


def _asked(lived: Lived) -> Action:
    return vocabulary.decode(lived.case.proposal.action)


def _plain(obj: dict[str, Any] | None) -> dict[str, Any]:
    """Give what people set of an object."""
    assert obj
    metadata = {"labels": obj["metadata"].get("labels")}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": metadata}


def _not_failing(lives: Lives, action: Action) -> set[str]:
    """Give the checks that an action answers although they had found nothing."""
    target = action.target
    return {
        check
        for check in action.answers
        if (check, target.kind, target.namespace, target.name) not in lives.failed
    }


BY_OAKUM = {**ACTS, DENIED: TRAFFIC, DEPLOYED: Act(acts.harden)}
TAKEN_BACK = [name for name, act in BY_OAKUM.items() if act.undone]
FOR_GOOD = [name for name, act in BY_OAKUM.items() if not act.undone]


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_from_the_finding_to_verified_and_back(lives: Lives, name: str) -> None:
    act, lived = BY_OAKUM[name], lives.of(name)
    action, proposal = _asked(lived), lived.case.proposal
    assert _not_failing(lives, action) == set()
    assert ended(lived.case) is act.ends, proposal.reason
    assert act.words in proposal.reason
    ending = wording.ending_of(lived.case)
    assert ending
    if act.ends is OutcomeKind.VERIFIED:
        assert set(action.answers) <= {one.check for one in ending.findings}
        assert {one.verdict for one in ending.findings} <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert lived.undo
    assert ended(lived.undo) is act.undone, lived.undo.proposal.reason
    by_a_vote = name == "restarted"
    said = {review.person for review in lived.undo.reviews}
    assert said == ({"bob"} if by_a_vote else {"ann"})
    if lived.before is None:
        assert lived.changed
        assert lived.after is None
    elif name != DENIED:
        assert _plain(lived.changed) != _plain(lived.before)
        assert _plain(lived.after) == _plain(lived.before)


@pytest.mark.parametrize("name", FOR_GOOD)
def test_a_deletion_has_two_approvals_and_no_undo(lives: Lives, name: str) -> None:
    lived = lives.of(name)
    assert ended(lived.case) is OutcomeKind.VERIFIED, lived.case.proposal.reason
    assert {review.person for review in lived.case.reviews} == {"bob", "cat"}
    assert lived.before
    assert lived.changed is None
    assert lived.refusal
    assert "cannot be undone" in lived.refusal.text


@pytest.mark.parametrize("name", HANDED_OVER)
def test_what_is_for_an_administrator_is_handed_over_and_seen_when_done(
    lives: Lives, name: str
) -> None:
    lived = lives.of(name)
    assert _not_failing(lives, _asked(lived)) == set()
    assert ended(lived.case) is OutcomeKind.VERIFIED, lived.case.proposal.reason
    assert lived.case.steps == ()
    assert lived.changed != lived.before


def test_a_namespaces_label_is_previewed_by_the_server_and_by_our_own_check(lives: Lives) -> None:
    rehearsal = wording.rehearsal_of(lives.of(APART).case.proposal)
    assert rehearsal
    assert any("existing pods" in warning for warning in rehearsal.warnings)
    seen = [line.partition(":")[0] for line in rehearsal.preview]
    assert sorted(seen) == ["Deployment apart", "Deployment idle"]


def test_a_pinned_image_runs_by_digest_and_the_admission_policy_lets_it_go_nowhere_else(
    lives: Lives,
) -> None:
    lived = lives.of(PINNED)
    assert ended(lived.case) is OutcomeKind.VERIFIED, lived.case.proposal.reason
    assert _containers(lived.before)["image"] == f"{acts.REPOSITORY}:1"
    assert _containers(lived.changed)["image"].startswith(f"{acts.REPOSITORY}@sha256:")
    assert lived.undo
    assert "Oakum's executor: an image" in lived.undo.proposal.reason


def test_an_image_without_a_repository_digest_is_not_pinned(lives: Lives) -> None:
    rehearsal = wording.rehearsal_of(lives.of(UNPINNED).case.proposal)
    assert rehearsal
    assert "no digest" in rehearsal.reason


def _containers(obj: dict[str, Any] | None) -> Any:
    assert obj
    return obj["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("name", ["edited", "again", "raced"])
def test_what_is_another_by_now_is_stale_and_left_alone(lives: Lives, name: str) -> None:
    lived = lives.of(name)
    assert ended(lived.case) is OutcomeKind.STALE, lived.case.proposal.reason
    assert _containers(lived.changed)["securityContext"]["privileged"] is True


def test_what_somebody_approved_whom_the_cluster_does_not_let_do_it_is_refused(
    lives: Lives,
) -> None:
    lived = lives.of("unentitled")
    assert ended(lived.case) is OutcomeKind.REFUSED
    assert "dan" in lived.case.proposal.reason
    assert lived.case.steps == ()
    assert _containers(lived.changed)["securityContext"]["privileged"] is True


def test_scaling_and_a_changing_status_do_not_make_it_stale(lives: Lives) -> None:
    lived = lives.of("scaled")
    assert ended(lived.case) is OutcomeKind.VERIFIED, lived.case.proposal.reason
    assert lived.changed
    assert lived.changed["spec"]["replicas"] == 2


def test_pods_that_pod_security_refuses_afterwards_are_reported_from_events(lives: Lives) -> None:
    lived = lives.of("refused")
    assert ended(lived.case) is OutcomeKind.UNVERIFIED
    assert "violates PodSecurity" in lived.case.proposal.reason
    assert _suggests_undo(lived)


def test_a_rollout_that_never_gets_ready_says_so_and_is_taken_back(lives: Lives) -> None:
    lived = lives.of("needs-root")
    assert ended(lived.case) is OutcomeKind.UNVERIFIED
    assert "did not come up" in lived.case.proposal.reason
    assert _suggests_undo(lived)
    assert lived.undo
    assert ended(lived.undo) is OutcomeKind.UNDONE, lived.undo.proposal.reason
    assert _plain(lived.after) == _plain(lived.before)


def _suggests_undo(lived: Lived) -> bool:
    ending = wording.ending_of(lived.case)
    return ending is not None and ending.suggest_undo


Line = tuple[str, str, str, str, str]
"""Audit id, verb, kind of resource, namespace and name of one write."""


def _in_the_ledger(entries: list[Entry]) -> list[Line]:
    """List the writes that the ledger says were done."""
    intended = {
        str(one.facts["operation"]): one.facts["changes"]
        for one in entries
        if one.event is Event.INTENDED
    }
    lines: list[Line] = []
    for one in entries:
        if one.event is not Event.RECORDED or one.facts["outcome"] != OutcomeKind.APPLIED:
            continue
        operation = intended[str(one.facts["operation"])]
        kind, namespace, name = (operation["target"][x] for x in ("kind", "namespace", "name"))
        plural = KINDS[kind].plural
        lines.append((str(one.facts["audit_id"]), operation["verb"], plural, namespace, name))
    return lines


def _in_the_audit_log(found: list[audit.Request]) -> list[Line]:
    """List the writes that the API server says were done. It answers 201 to a patch that creates."""
    lines: list[Line] = []
    for one in audit.changes(found):
        assert one.access
        verb = Verb.CREATE if one.code == 201 else one.access.verb
        namespace = "" if one.access.resource == "namespaces" else one.namespace
        lines.append((one.audit_id, verb, one.access.resource, namespace, one.name))
    return lines


def test_audit_log_and_ledger_agree_line_by_line(lives: Lives) -> None:
    written = _in_the_ledger(lives.entries)
    answered = [one for one in lives.executor if one.name != killed.NAME]
    assert sorted(written) == sorted(_in_the_audit_log(answered))
    assert len({line[0] for line in written}) == len(written)
    assert not lives.verification.troubles
    assert not lives.verification.unsigned


def test_a_process_killed_between_write_and_record_leaves_one_write_that_another_finds(
    lives: Lives,
) -> None:
    """Its answer, and the audit id in it, went with the process: the operation's id is what agrees."""
    one = lives.killed()
    assert [step.phase for step in one.left.steps] == [Phase.INTENDED]
    assert ended(one.case) is OutcomeKind.VERIFIED, one.case.proposal.reason
    assert one.changed["metadata"]["generation"] == 2
    assert _containers(one.changed)["securityContext"]["privileged"] is False
    [sent] = [
        each
        for each in lives.executor
        if each.name == killed.NAME
        and each.access
        and each.access.verb == "patch"
        and "dryRun" not in each.uri
    ]
    assert sent.code == 200
    [(_, *line)] = _in_the_ledger(one.entries)
    assert line == ["patch", "deployments", NAMESPACE, killed.NAME]
    assert sent.user_agent.endswith(f"operation/{one.case.steps[0].id}")
    assert Event.TAKEN_OVER in {entry.event for entry in one.entries}
    assert not one.verification.troubles
    assert one.second_ended_with == 0


def test_every_write_that_the_server_refused_was_intended_before(lives: Lives) -> None:
    intended = {one.facts["operation"] for one in lives.entries if one.event is Event.INTENDED}
    refused = [one for one in lives.executor if one.code >= 400 and "dryRun" not in one.uri]
    refused = [one for one in refused if one.access and one.access.verb in ("patch", "delete")]
    assert {one.user_agent.partition("operation/")[2] for one in refused} <= intended
    assert "raced" in {one.name for one in refused}


def test_the_executor_uses_every_grant_of_its_account_and_lacks_none(lives: Lives) -> None:
    writers = [(RBAC / file).read_text() for file in WRITER_FILES]
    assert audit.used(lives.executor) == audit.granted(*writers)
    rbac = "rbac.authorization.k8s.io"
    handed_over = {Access(rbac, kind, "get") for kind in ("roles", "clusterrolebindings")}
    assert {one.access for one in lives.executor if not one.allowed} == handed_over


def test_the_executor_lacks_nothing_to_read_with(lives: Lives) -> None:
    """That the reader's account uses all that it is granted, its own test shows."""
    assert audit.used(lives.reader) <= audit.granted((RBAC / "reader.yaml").read_text())
    assert [one for one in lives.reader if not one.allowed] == []
