"""Intake: an update is confirmed to its channel only when it is safe on disk."""

import pytest
from sqlalchemy.exc import DBAPIError

from bot.channels import RawUpdate
from crm_core.models import Inbox
from tests.builders import House


def on_disk(house: House) -> int:
    """How many updates somebody who opens the database now would find."""
    return int(house.beside("SELECT count(*) FROM inbox")[0][0])


async def test_what_the_intake_has_taken_is_on_disk(house: House) -> None:
    """The channel may confirm it then, and not earlier."""
    await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])

    assert on_disk(house) == 1


async def test_an_intake_that_cannot_write_says_so(house: House) -> None:
    """The channel confirms nothing, and hands it over again later."""
    house.beside("ALTER TABLE inbox RENAME TO away")

    with pytest.raises(DBAPIError):
        await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])

    house.beside("ALTER TABLE away RENAME TO inbox")
    await house.app.intake.take("memory", [RawUpdate(external_id="1", sender="ana", raw="{}")])
    assert await house.how_many(Inbox) == 1
