"""Leases: one holder at a time; every change of hands begins a new epoch."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core import leases
from tests.builders import House, open_house

_A, _B = "elsewhere:1:1", "elsewhere:2:2"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


async def take(house: House, holder: str, *, afresh: bool = False) -> int | None:
    async with house.app.records.write() as work:
        return await leases.take(work, "send:test", holder, afresh=afresh)


async def test_a_lease_is_one_holders_until_its_term_is_over(house: House) -> None:
    assert await take(house, _A) == 1
    assert await take(house, _B) is None

    house.hands.move(seconds=14)
    assert await take(house, _A) == 1
    house.hands.move(seconds=14)
    assert await take(house, _B) is None
    house.hands.move(seconds=2)
    assert await take(house, _B) == 2
    assert await take(house, _A) is None


async def test_a_released_lease_is_free_at_once(house: House) -> None:
    await take(house, _A)
    async with house.app.records.write() as work:
        await leases.release(work, "send:test", _B)
    assert await take(house, _B) is None

    async with house.app.records.write() as work:
        await leases.release(work, "send:test", _A)
    assert await take(house, _B) == 2


async def test_a_holder_that_begins_afresh_begins_a_new_epoch(house: House) -> None:
    """What it had in flight before is known to nobody any more."""
    assert await take(house, _A, afresh=True) == 1
    assert await take(house, _A) == 1
    assert await take(house, _A, afresh=True) == 2
    assert await take(house, _B, afresh=True) is None


async def test_a_holder_on_this_machine_whose_process_is_gone_is_replaced_at_once(house: House) -> None:
    host = leases.this_process().partition(":")[0]

    assert await take(house, f"{host}:999999999:1") == 1
    assert await take(house, leases.this_process()) == 2
    assert await take(house, _B) is None
