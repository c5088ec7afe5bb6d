"""A pytest plugin: which tests share a process where several run side by side (`pytest -n`).

Those of one file stay together, so that what they share is made once; all that need the lab run one
after the other, since a machine has one.
"""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group."""
    for item in items:
        group = "lab" if item.get_closest_marker("lab") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
