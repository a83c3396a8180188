"""Where a database file is: a copy of one that was in use is noticed, one that was left in order is not."""

import shutil
from itertools import count
from pathlib import Path

import pytest

from crm_core import sending
from tests.builders import House, open_house

pytestmark = pytest.mark.sqlite_only("a file that is copied")


async def _paused(house: House) -> str | None:
    async with house.app.records.read() as work:
        return await sending.paused(work)


def _copy(there: Path, here: Path, *, only_main: bool) -> None:
    (here / "var").mkdir(parents=True)
    for file in sorted((there / "var").iterdir()):
        if file.is_file() and not (only_main and file.name.endswith(("-wal", "-shm"))):
            shutil.copy(file, here / "var" / file.name)


@pytest.mark.parametrize("only_main", [True, False])
async def test_a_file_that_was_copied_while_in_use_sends_nothing(tmp_path: Path, only_main: bool) -> None:
    (tmp_path / "there").mkdir()
    async with open_house(tmp_path / "there") as house:
        await house.customer().says("hello")
        _copy(tmp_path / "there", tmp_path / "here", only_main=only_main)
        assert await _paused(house) is None

    async with open_house(tmp_path / "here") as copy:
        assert await _paused(copy) == "copied"
        assert await copy.customer("ben").says("how do I get a refund") == []


async def test_a_file_that_was_left_in_order_may_be_taken_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    async with open_house(tmp_path / "there") as house:
        await house.customer().says("hello")
    _copy(tmp_path / "there", tmp_path / "here", only_main=True)

    async with open_house(tmp_path / "here") as copy:
        assert await _paused(copy) is None
        copy.numbers = count(100)
        assert len(await copy.customer("ben").says("how do I get a refund")) == 1


async def test_a_start_after_a_crash_is_no_copy(tmp_path: Path) -> None:
    async with open_house(tmp_path) as crashed:
        await crashed.customer().says("hello")
        async with open_house(tmp_path) as house:  # nobody left the first one in order
            assert await _paused(house) is None
