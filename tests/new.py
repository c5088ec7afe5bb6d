"""Writes the files of a new part: `python -m tests.new check|query|guidance ID`.

Each file has the parts to fill in marked with an ellipsis; `make check` fails until they are filled.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECK = '''"""...: the bad thing in one sentence.

Why: ...

Fix:

    ...

Source: ...
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict
from tools.workload import Inventory, Workload

CHECK = Check(
    title="...",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="...",
)


def judge(workload: Workload, cluster: Inventory) -> Judgement:
    """Judge one workload."""
    return Judgement(Verdict.UNKNOWN, reason="...")
'''

CASES = """# Cases of {id}; the form is described in tests/tools/checks/test_cases.py.
[]
"""

QUERY = '''"""...: what the model reads about this query, in one or two sentences."""

from pydantic import BaseModel, ConfigDict

from tools.queries.context import QueryContext
from tools.queries.result import Result


class Arguments(BaseModel):
    """What it takes."""

    model_config = ConfigDict(extra="forbid")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Answer it."""
    ...
'''

GUIDE = """---
title: ...
controls: []
sources: []
questions:
  - ...
---

## What it asks

...

## Why it matters

...

## How to look

...

## How to fix

```yaml
...
```

## When an exception is reasonable

...
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
    pattern = r"[a-z0-9-]+" if kind == "guidance" else r"[a-z][a-z0-9_]+"
    if not re.fullmatch(pattern, name):
        print(f"{name} is no id for a {kind}: {pattern}")
        return 2
    targets = {ROOT / path.format(id=name): text for path, text in FILES[kind].items()}
    if there := [path for path in targets if path.exists()]:
        print(f"{there[0].relative_to(ROOT)} is there already.")
        return 1
    for path, text in targets.items():
        path.write_text(text.replace("{id}", name), encoding="utf-8")
        print(f"Written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
