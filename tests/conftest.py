"""Plugins that every test may use: what stands in for the far end of a wire, and the real cluster."""

pytest_plugins = [
    "tests.fakes.postgres",
    "tests.fakes.stores",
    "tests.lab.fixtures",
    "tests.nothing_skipped",
    "tests.side_by_side",
]
