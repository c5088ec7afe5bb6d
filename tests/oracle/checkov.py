"""Runs checkov over the corpus in its own environment, without a network, and reads its verdicts.

checkov pins libraries that clash with ours, so it lives in `.venv-checkov`, made from its own lock
(`make test`). It is started with an empty environment, `--skip-download` and the switch that
turns its update check off; proxies point at a closed port, so that an attempt to call out fails.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv-checkov" / "bin" / "checkov"
MISSING = "checkov's own environment is missing; make test makes it"
NOWHERE = "http://127.0.0.1:9"

Verdicts = dict[tuple[str, str, str, str], dict[str, bool]]
"""(story, kind, namespace, name) -> check id -> passed."""


def verdicts(corpus: Path, home: Path) -> Verdicts:
    """Judge a folder of stories; of an object that is there twice the last in path order counts.

    `home` is an empty folder that checkov may write to.
    """
    command = [str(PROGRAM), "-d", str(corpus.resolve()), "--framework", "kubernetes"]
    command += ["--skip-download", "--compact", "--soft-fail", "-o", "json"]
    done = subprocess.run(
        command,
        capture_output=True,
        check=True,
        timeout=300,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LOG_LEVEL": "ERROR",
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
            "http_proxy": NOWHERE,
            "https_proxy": NOWHERE,
        },
    )
    results = json.loads(done.stdout)["results"]
    found: Verdicts = {}
    records = results["passed_checks"] + results["failed_checks"]
    for record in sorted(records, key=lambda r: Path(r["file_path"]).parts):
        key = _key(record)
        found.setdefault(key, {})[record["check_id"]] = record["check_result"]["result"] == "PASSED"
    return found


def _key(record: dict[str, Any]) -> tuple[str, str, str, str]:
    """Read which object of which story a record is of."""
    kind, namespace, name = record["resource"].split(".", 2)
    return record["file_path"].split("/")[1], kind, namespace, name
