"""Plugins that every test may use: each is a stand-in from `tests.fakes`."""

pytest_plugins = ["tests.fakes.postgres"]
