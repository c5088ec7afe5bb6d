"""Measures redaction on the project's own sets: leaks, damage, and time by the size of the text.

Over a bound (`MAX_LEAKS`, no damage) it ends with 1. `-v` lists what leaked and what was damaged.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable

from tests.fakes import planted
from tools import redact

MAX_LEAKS = 0.02
"""The most of the planted texts, and of the planted objects, that may keep a credential."""


def leaked(items: Iterable[planted.Planted]) -> list[str]:
    """Name what keeps a credential after redaction."""
    return [item.what for item in items if any(one in masked(item.value) for one in item.secrets)]


def masked(value: object) -> str:
    """Redact a text, or an object as JSON."""
    if isinstance(value, dict):
        return json.dumps(redact.document(value), ensure_ascii=False).replace("\\\\", "\\")
    return redact.text(str(value))


def damaged(texts: Iterable[str]) -> list[str]:
    """Name the harmless texts that do not stay as they are."""
    return [text for text in texts if redact.text(text) != text]


def _seconds(texts: list[str]) -> float:
    started = time.process_time()
    for text in texts:
        redact.text(text)
    return time.process_time() - started


def main() -> int:
    """Print the figures of each set; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true")
    verbose = parser.parse_args().verbose
    broken = False
    for name in planted.SETS:
        texts, objects, kept = planted.texts(name), planted.objects(name), planted.kept(name)
        found = {
            "leaks in texts": (leaked(texts), len(texts), MAX_LEAKS),
            "leaks in objects": (leaked(objects), len(objects), MAX_LEAKS),
            "damage": (damaged(kept), len(kept), 0.0),
        }
        for what, (bad, total, most) in found.items():
            print(f"{name} set, {what}: {len(bad)} of {total} ({len(bad) / total:.1%})")
            broken = broken or len(bad) > most * total
            if verbose:
                print(*(f"  {one}" for one in bad), sep="\n")
        lines = [*kept, *(item.value for item in texts)]
        per_kilobyte = 1000 * _seconds(lines) / (sum(map(len, lines)) / 1024)
        print(f"{name} set, time: {per_kilobyte:.1f} ms of CPU a kilobyte")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
