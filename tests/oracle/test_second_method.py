"""Our verdicts beside checkov's, object by object; every difference is explained in `differences`."""

import pytest

from tests.oracle import checkov, manifests, reading, scanned
from tests.oracle.differences import (
    EITHER,
    EXPLANATIONS,
    NOT_MAPPED,
    SAME_POLICY,
    Case,
    Explanation,
)
from tests.oracle.scanned import CORPUS, STORIES

COMPARED_AT_LEAST = 2000
SEEN_BY_CHECKOV = {*manifests.WORKLOADS, "Role", "ClusterRole", "ServiceAccount"} - {
    *manifests.PATHS
}
"""Kinds that checkov knows: none whose pod template only a controller of its own uses."""

pytestmark = [
    pytest.mark.checkov,
    pytest.mark.skipif(not checkov.PROGRAM.exists(), reason=checkov.MISSING),
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> checkov.Verdicts:
    return checkov.verdicts(CORPUS, tmp_path_factory.mktemp("checkov"))


@pytest.fixture(scope="module")
def compared(theirs: checkov.Verdicts) -> tuple[int, list[Case]]:
    count, cases = 0, []
    for story in STORIES:
        held = manifests.read(CORPUS / story)
        rows = scanned.rows(scanned.scanned(story))
        for key, obj in held.objects.items():
            results = theirs.get(
                (story, key[0], obj["metadata"].get("namespace", "default"), key[2])
            )
            for control, verdict in _verdicts(key, results or {}).items():
                count += 1
                ours = rows.get((control, *key), "none")
                if ours != verdict:
                    cases.append(_case(held, key, control, ours, verdict))
    return count, cases


def _verdicts(key: tuple[str, str, str], results: dict[str, bool]) -> dict[str, str]:
    """Put checkov's results for one object into verdicts of our controls."""
    found = {}
    for control, checks in SAME_POLICY.items():
        if control == "5.1.5" and key[2] != "default":
            continue
        if all(check in results for check in checks):
            passed = [results[check] for check in checks]
            good = any(passed) if control in EITHER else all(passed)
            found[control] = "pass" if good else "fail"
    return found


def _case(
    held: manifests.Folder, key: tuple[str, str, str], control: str, ours: str, theirs: str
) -> Case:
    kind, namespace, _ = key
    obj = held.objects[key]
    spec = manifests.template_of(kind, obj) if kind in manifests.WORKLOADS else {}
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    return Case(
        control=control,
        kind=kind,
        ours=ours,
        theirs=theirs,
        obj=obj,
        spec=spec,
        owned=manifests.owner_of(held, obj) is not None,
        injected=any(each != spec for each in manifests.owned_specs(held, key)),
        account=held.objects.get(("ServiceAccount", namespace, account)),
    )


def _explains(explanation: Explanation, case: Case) -> bool:
    return case.control in explanation.controls and explanation.holds(case)


def test_every_difference_is_explained(compared: tuple[int, list[Case]]) -> None:
    count, cases = compared
    assert count >= COMPARED_AT_LEAST
    unexplained = [
        f"{c.control} {c.kind} {c.obj['metadata']['name']}: ours {c.ours}, checkov {c.theirs}"
        for c in cases
        if not any(_explains(e, c) for e in EXPLANATIONS)
    ]
    assert not unexplained


def test_every_explanation_still_applies(compared: tuple[int, list[Case]]) -> None:
    _, cases = compared
    idle = [e.why for e in EXPLANATIONS if not any(_explains(e, c) for c in cases)]
    assert not idle


def test_checkov_saw_every_object_but_few(theirs: checkov.Verdicts) -> None:
    unseen = {
        (story, kind, name)
        for story in STORIES
        for (kind, _, name), obj in manifests.read(CORPUS / story).objects.items()
        if kind in SEEN_BY_CHECKOV
        and (story, kind, obj["metadata"].get("namespace", "default"), name) not in theirs
    }
    # checkov opens `kind: List` and no other list, and drops a file of which one document is broken
    listed = ("cache-0", "kube-apiserver-node-1", "pipeline-x1", "report-29001-abcde")
    broken = {("broken", "Pod", "before-the-break")}
    assert unseen == broken | {("dump", "Pod", name) for name in listed}


def test_every_control_that_objects_answer_is_mapped_or_says_why_not() -> None:
    controls = {row[0] for story in STORIES for row in reading.judge(CORPUS / story)}
    assert controls == set(SAME_POLICY) | set(NOT_MAPPED)
