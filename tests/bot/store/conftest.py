"""The time that store tests take for now."""

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 3, 4, 10, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW
