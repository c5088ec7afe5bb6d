"""The real git, which knows nothing of ours: makes checkouts for tests, and looks at what became of them."""

import shutil
import subprocess
from pathlib import Path

import pytest

NEEDED = [
    pytest.mark.git,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]
"""Marks of a test that asks it."""


def git(folder: Path, *arguments: str) -> str:
    """Run it in a folder; gives what it prints."""
    named = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0")
    done = subprocess.run(
        ["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout
