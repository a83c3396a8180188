"""Intake: an update is confirmed to its channel only when it is safe on disk."""

import contextlib
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from bot.channels import RawUpdate
from crm_core.models import Inbox
from tests.builders import House


def on_disk(house: House) -> int:
    """How many updates somebody who opens the file now would find."""
    with contextlib.closing(sqlite3.connect(house.file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM inbox").fetchone()
        return int(count)


async def test_what_the_intake_has_taken_is_on_disk(house: House) -> None:
    """The channel may confirm it then, and not earlier."""
    await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])

    assert on_disk(house) == 1


async def test_an_intake_that_cannot_write_says_so(house: House) -> None:
    """The channel confirms nothing, and hands it over again later."""
    with contextlib.closing(sqlite3.connect(house.file, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE inbox RENAME TO away")

    with pytest.raises(OperationalError):
        await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])

    with contextlib.closing(sqlite3.connect(house.file, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE away RENAME TO inbox")
    await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])
    assert await house.how_many(Inbox) == 1
