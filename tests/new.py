"""Writes the files of a new part: `python -m tests.new check|action|query|guidance ID`.

What is to be written stands there as FILL-IN; `make check` fails until none is left.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECK = '''"""FILL-IN: the bad thing in a few words.

FILL-IN: why it matters, in a sentence or two.

Fix: FILL-IN.

    spec:
      FILL-IN: false

Source: FILL-IN.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="FILL-IN",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://FILL-IN",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that FILL-IN."""
    if not subject.spec.host_pid:
        return PASSED
    fact = evidence(f"{subject.path}.FILL-IN", True)
    return Judgement(Verdict.FAIL, "FILL-IN.", "", (fact,))
'''

CASES = """# The form is described in tests/tools/checks/test_cases.py; at least one pass, fail and unknown.
- name: FILL-IN fails
  manifests: |
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: shop}
    spec: {containers: [{name: a, image: a}]}
  expect:
    - object: Pod shop/a
      verdict: fail
"""

QUERY = '''"""FILL-IN: what it answers, in a sentence or two. The model reads this."""

from pydantic import BaseModel, ConfigDict, Field

from tools.queries.context import QueryContext
from tools.queries.result import Result
from tools.queries.looking.scoping import pick_cluster


class Arguments(BaseModel):
    """FILL-IN."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """FILL-IN."""
    reader = pick_cluster(context, arguments.cluster)
    return Result(f"FILL-IN about {reader.name}")
'''

ACTION = '''"""FILL-IN: what it does to one object, in a sentence.

FILL-IN: what it refuses, and why it can be undone.
"""

import copy

from tools.planning.patching import as_object, value_at
from tools.planning.drafting import Draft, found, medium, patch_plan
from tools.plans import Around, Json, Pattern, Plan, Refusal
from tools.types import Action

KINDS = ("Deployment",)
NEEDS = ()
ANSWERS = ()


class {name}(Action, frozen=True, kw_only=True, tag="{id}"):
    """FILL-IN: what can be chosen."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the fields of its target that it may touch."""
    return (("spec", "FILL-IN"),)


def plan(action: {name}, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out FILL-IN."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    after = copy.deepcopy(there)
    as_object(value_at(after, ("spec",)))["FILL-IN"] = False
    risks = (medium("FILL-IN: what may stop working."),)
    return patch_plan(Draft(target, there, after, touches(target.kind), risks), around)
'''

ACTION_TEST = """from tests.fakes.live_objects import around, live, target
from tools import vocabulary
from tools.actions.{id} import {name}
from tools.plans import Plan


def test_it_does_what_it_says() -> None:
    metadata = {"name": "web", "namespace": "shop"}
    obj = live(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"FILL-IN": True}}
    )
    action = vocabulary.decode(vocabulary.encode({name}(target=target(obj))))
    made = vocabulary.plan(action, obj, around())
    assert isinstance(made, Plan)
"""

NEXT_FOR_ACTIONS = (
    "Then: two lines in tools/vocabulary.py (ACTIONS and the union), its words in "
    "tools/queries/proposing/titles.py, a query that proposes it, a sample in tests/fakes/drawn_actions.py, "
    "a guard in tests/guards/actions.yaml, and deploy/admission for the executor's account."
)

GUIDE = """---
title: FILL-IN
controls: [FILL-IN]
sources:
  - https://FILL-IN
questions:
  - FILL-IN
---
## What it asks
FILL-IN

## Why it matters
FILL-IN

## How to look
FILL-IN

## How to fix
```yaml
FILL-IN: true
```

## When an exception is reasonable
FILL-IN
"""

FILES = {
    "check": {
        "tools/checks/pods/{id}.py": CHECK,
        "tests/tools/checks/cases/{id}.yaml": CASES,
    },
    "action": {
        "tools/actions/{id}.py": ACTION,
        "tests/tools/actions/test_{id}.py": ACTION_TEST,
    },
    "query": {"tools/queries/{id}.py": QUERY},
    "guidance": {"knowledge/guidance/{id}.md": GUIDE},
}


def filled(text: str, name: str) -> str:
    """Put the id, and the class that is named by it, where a template has them."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    return text.replace("{id}", name).replace("{name}", camel)


def main(arguments: list[str]) -> int:
    """Write the files unless one of them is there."""
    if len(arguments) != 2 or arguments[0] not in FILES:
        print(f"make new kind={'|'.join(FILES)} id=name_of_it")
        return 2
    kind, name = arguments
    if not re.fullmatch(r"[a-z][a-z0-9_]+", name):
        print(f"{name} is no id: small letters, digits and underscores, a letter first.")
        return 2
    targets = {ROOT / path.format(id=name): text for path, text in FILES[kind].items()}
    if there := [path for path in targets if path.exists()]:
        print(f"{there[0].relative_to(ROOT)} is there already.")
        return 1
    for path, text in targets.items():
        path.write_text(filled(text, name), encoding="utf-8")
        print(f"Written: {path.relative_to(ROOT)}")
    if arguments[0] == "action":
        print(NEXT_FOR_ACTIONS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
