"""Hardening pods that nobody would write: what is planned answers its checks and can be taken back."""

import pytest
import yaml

from tests.fakes.live_objects import BENCHMARKS, NOW, around, live, patched, sample, target
from tests.fakes.memory_reader import MemoryReader
from tests.oracle.random_pods import pods
from tools import vocabulary
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.undo_change import UndoChange
from tools.planning.hardening import Setting
from tools.planning.patching import json_patch
from tools.plans import Around, Done, Plan, Reason, Refusal
from tools.scan import scan
from tools.types import Verdict

COUNT = 400
SEED = 20261124


def deployments() -> list[dict[str, object]]:
    """Give Deployments of random pods; a template has no ephemeral containers."""
    found = []
    for pod in pods(COUNT, SEED):
        spec = {key: value for key, value in pod["spec"].items() if key != "ephemeralContainers"}
        name = pod["metadata"]["name"]
        metadata = {"name": name, "namespace": "shop"}
        outer = {"replicas": 2, "template": {"spec": spec}}
        kind = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
        found.append(live({**kind, "spec": outer}, f"u-{name}"))
    return found


def action_on(obj: dict[str, object], number: int) -> HardenWorkload:
    """Ask for everything on each third object, else for some settings by chance."""
    some = tuple(sample(str(number), list(Setting), len(Setting)))
    user = ContainerUser(uid=10001, source=UserSource.IMAGE)
    volumes = obj["spec"]["template"]["spec"].get("volumes") or ()
    gone = tuple(v["name"] for v in volumes if v.get("hostPath") is not None)
    chosen = some if number % 3 else tuple(Setting)
    return HardenWorkload(
        target=target(obj),
        settings=chosen,
        users=(user,),
        empty_dirs=gone if Setting.HOST_PATHS in chosen else (),
    )


@pytest.mark.slow
async def test_what_is_planned_answers_its_checks_and_can_be_taken_back() -> None:
    changed, expected = [], {}
    refusals: dict[Reason, int] = {}
    for number, obj in enumerate(deployments()):
        action = action_on(obj, number)
        plan = vocabulary.plan(action, obj, around())
        if isinstance(plan, Refusal):
            refusals[plan.reason] = refusals.get(plan.reason, 0) + 1
            assert number % 3 or plan.reason is Reason.NO_SAFE_FIX, plan
            continue
        after = patched(obj, json_patch(plan.operations[0], obj))
        changed.append(after)
        expected[obj["metadata"]["name"]] = plan.answers
        undo = UndoChange(target=action.target, operation_id="op-12345678")
        done = (Done(plan.operations[0], obj["metadata"]["uid"]),)
        back = vocabulary.plan(undo, after, Around(now=NOW, done=done))
        assert isinstance(back, Plan), back
        assert patched(after, json_patch(back.operations[0], after)) == obj
    assert len(changed) > COUNT / 2, refusals
    reader = MemoryReader(yaml.safe_dump_all(changed))
    wrong = []
    for benchmark in BENCHMARKS:
        result = await scan(reader, benchmark=benchmark, keep_all=True, now=lambda: NOW)
        wrong += [
            (finding.ref.name, finding.check, finding.reason)
            for finding in result.findings
            if finding.check in expected.get(finding.ref.name, ())
            and finding.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        ]
    assert wrong == []
