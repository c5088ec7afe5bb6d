"""A pytest plugin: which tests share a process where several run side by side (`pytest -n`).

Those of one file stay together, so that what they share is made once; those of tests/lab too, since a
machine has one lab.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class ByFile(LoadScopeScheduling):
    """Hands out tests by file, the lab's as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/lab" if file.startswith("tests/lab/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Give the order to pytest-xdist."""
    return ByFile(config, log)
