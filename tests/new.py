"""Writes the files of a new part: `python -m tests.new check|query|guidance ID`.

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
from tools.queries.scoping import pick_cluster


class Arguments(BaseModel):
    """FILL-IN."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """FILL-IN."""
    reader = pick_cluster(context, arguments.cluster)
    return Result(f"FILL-IN about {reader.name}")
'''

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
    "query": {"tools/queries/{id}.py": QUERY},
    "guidance": {"knowledge/guidance/{id}.md": GUIDE},
}


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
        path.write_text(text, encoding="utf-8")
        print(f"Written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
