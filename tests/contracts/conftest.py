"""The channels under test as fixtures: `world` is every one of them, `telegram` is Telegram over either library."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.worlds import TELEGRAM, WORLDS, Telegram, World, telegram_world


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with WORLDS[request.param]() as opened:
        yield opened


@pytest.fixture(params=TELEGRAM)
async def telegram(request: pytest.FixtureRequest) -> AsyncIterator[Telegram]:
    async with telegram_world(TELEGRAM[request.param]) as opened:
        yield opened
