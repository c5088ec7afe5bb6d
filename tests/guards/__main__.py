"""Takes each guard out in turn, in a copy of the source; the tests that hold it must then fail.

`python -m tests.guards [FILE...]`: files of tests/guards without their ending, all by default. Exits 1
and names the guards whose absence no test noticed, or whose text is no longer found.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COPIED = ("bot", "tools", "knowledge", "tests", "deploy")
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "*.db")


def copy(target: Path) -> None:
    """Copy what the tests need."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, target / folder, ignore=IGNORED)
    shutil.copy(ROOT / "pyproject.toml", target)


def outcome(copied: Path, tests: list[str]) -> int:
    """Run tests in the copy until the first fails: 0 passed, 1 failed, else they did not run."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*command, *tests], cwd=copied, capture_output=True, check=False)
    return done.returncode


def without(copied: Path, guard: dict[str, Any], tests: list[str]) -> str:
    """Take one guard out and put it back; say what is wrong, or nothing where a test failed."""
    file = copied / guard["file"]
    text = file.read_text(encoding="utf-8")
    if guard["old"] not in text:
        return "is not found in its file"
    try:
        file.write_text(text.replace(guard["old"], guard["new"]), encoding="utf-8")
        code = outcome(copied, guard.get("tests", tests))
        return {0: "is missed by no test", 1: ""}.get(code, "stops its tests from running")
    finally:
        file.write_text(text, encoding="utf-8")


def main() -> int:
    """Try every guard of the files named."""
    wanted = sys.argv[1:]
    files = [
        f for f in sorted(Path(__file__).parent.glob("*.yaml")) if not wanted or f.stem in wanted
    ]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder)
        copy(copied)
        for file in files:
            listed = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            if outcome(copied, listed["tests"]):
                print(f"{file.stem}: its tests fail with every guard in place")
                return 1
            for guard in listed["guards"]:
                wrong = without(copied, guard, listed["tests"])
                bad += bool(wrong)
                print(f"{file.stem}: {guard['name']}: {wrong or 'missed at once'}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
