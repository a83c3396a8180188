"""Fixtures for turns: one house per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A small shop that is open."""
    async with open_house(tmp_path) as opened:
        yield opened
