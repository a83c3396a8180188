"""Teaching at the desk over the records: from a question to the next customer's answer, in one running process."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.models import Role
from tests.builders import settings_in
from tests.web.conftest import Page
from tests.web.records_served import RealServed, over_records

_QUESTION = "may I bring an elephant inside"
_ANSWER = "Elephants may come in on Sundays."


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[RealServed]:
    """The pages over an empty database."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as opened:
        yield opened


async def _ticket(page: Page) -> str:
    while True:
        for thread in (await page.hear("threads"))["threads"]:
            if thread["group"] == "queue":
                return str(thread["id"])


async def _until(page: Page, label: str) -> str:
    """The data of the button with this label, as soon as there is one."""
    while True:
        for message in (await page.hear("messages"))["messages"]:
            for button in (button for row in message["buttons"] for button in row):
                if button["label"] == label:
                    return str(button["data"])


async def _ask(served: RealServed) -> list[dict[str, Any]]:
    """What a new customer hears when they ask."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.send(type="say", client_id="c-1", text=_QUESTION)
        messages: list[dict[str, Any]] = []
        while len(messages) < 2:
            messages += (await page.hear("messages"))["messages"]
        return messages


async def test_what_was_approved_at_the_desk_is_what_the_next_customer_gets(served: RealServed) -> None:
    """The question is marked for the desk alone; the answer is there as soon as the approval is committed."""
    asked = await _ask(served)
    assert not any(message["asked"] for message in asked), "customers need not know"
    async with served.page("/chat/socket", await served.visitor_cookie()) as customer:
        await customer.send(type="say", client_id="c-1", text=_QUESTION)
        await customer.send(type="say", client_id="c-2", text="/agent")
        async with (
            served.page("/desk/socket", await served.staff_cookie(), {}) as wei,
            served.page("/desk/socket", await served.staff_cookie("Mia", Role.SUPERVISOR), {}) as mia,
        ):
            thread = await _ticket(wei)
            await wei.send(type="open", thread=thread, cursor=0)
            question = await wei.hear_text(_QUESTION, thread)
            assert question["asked"]
            await wei.send(type="say", client_id="d-1", thread=thread, mode="reply", text=_ANSWER)
            await wei.hear_text(_ANSWER, thread)
            await wei.send(type="say", client_id="d-2", thread=thread, mode="say", text=f"/learn {question['id']}")
            new = await _until(wei, "New article from the answer")
            await wei.send(type="press", client_id="d-3", thread=thread, data=new)
            await mia.hear_text("Chen Yue proposes something for the articles: /proposals", "home")
            await mia.send(type="say", client_id="m-1", text="/proposals")
            await mia.send(type="press", client_id="m-2", data=await _until(mia, "Approve"))

            while (await _ask(served))[-1]["text"] != _ANSWER:
                continue
