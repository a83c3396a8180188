"""Erasing in the web chat: the page reads the goodbye, and whoever writes on from it is met for the first time."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.web.records_house import CHANNEL
from crm_core import erasing
from crm_core.models import Customer, Identity
from tests.builders import settings_in
from tests.web.conftest import Page
from tests.web.records_served import over_records


async def hears(page: Page, words: str) -> dict[str, Any]:
    """The message with these words."""
    while True:
        for message in (await page.hear("messages"))["messages"]:
            if words in message["text"]:
                found: dict[str, Any] = message
                return found


def button(message: dict[str, Any], label: str) -> str:
    """What a button below a message sends."""
    return next(str(one["data"]) for row in message["buttons"] for one in row if one["label"] == label)


@pytest.mark.parametrize("words_before", [1, 6])
async def test_a_page_goes_on_with_somebody_new(tmp_path: Any, words_before: int) -> None:
    """Its place in the talk that is gone hides nothing of the new one."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as served:
        records, shop = served.app.records, served.app.shop
        async with served.page("/chat/socket", await served.visitor_cookie()) as page:
            for number in range(words_before):
                await page.send(type="say", client_id=f"c-{number}", text="How long does delivery take?")
            await page.send(type="say", client_id="d-1", text="/deletemydata")
            sure = await hears(page, "forget you?")
            await page.send(type="press", client_id="d-2", data=button(sure, "Yes, forget me for good"))
            await hears(page, "It is under way")
            async with records.read() as work:
                (waiting,) = await erasing.waiting(work)
            assert await erasing.carry_out(records, shop.files, waiting)

            await page.send(type="say", client_id="e-1", text="How long does delivery take?")
            await hears(page, "How long does delivery take?")

        async with records.read() as work:
            old, new = (await work.session.scalars(select(Customer).order_by(Customer.id))).all()
            addresses = select(Identity.external_id).where(Identity.channel == CHANNEL).order_by(Identity.id)
            first, second = (await work.session.scalars(addresses)).all()
        assert (old.key, new.key is not None) == (None, True)
        assert first.startswith("erased:")
        assert second.startswith("visitor-")
