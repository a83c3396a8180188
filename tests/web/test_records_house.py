"""The pages over the real records: the same story as over the house in memory, with what must stay hidden."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.web.house import HOME, NotHere, Visitor
from bot.web.records_house import CHANNEL
from crm_core import articles, histories, staff
from crm_core.histories import Past, PastMessage
from crm_core.models import Role
from tests.builders import settings_in
from tests.web.conftest import Page
from tests.web.records_served import RealServed, over_records

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[RealServed]:
    """The pages over an empty database."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as opened:
        yield opened


@asynccontextmanager
async def _both(served: RealServed) -> AsyncIterator[tuple[Page, Page]]:
    async with (
        served.page("/chat/socket", await served.visitor_cookie()) as customer,
        served.page("/desk/socket", await served.staff_cookie(), {}) as desk,
    ):
        yield customer, desk


async def _thread(page: Page, group: str) -> dict[str, Any]:
    while True:
        for thread in (await page.hear("threads"))["threads"]:
            if thread["group"] == group:
                found: dict[str, Any] = thread
                return found


async def test_a_question_is_answered_with_its_source_and_resumed(served: RealServed) -> None:
    """The answer names its page; the quiet question beside its buttons comes from the bot."""
    cookie = await served.visitor_cookie()
    async with served.page("/chat/socket", cookie) as page:
        await page.send(type="say", client_id="c-1", text="How long does delivery take?")
        await page.hear("ack")
        messages: list[dict[str, Any]] = []
        while len(messages) < 2:
            messages += (await page.hear("messages"))["messages"]
        own, answer = messages

    assert (own["author"], own["client_id"]) == ("you", "c-1")
    assert answer["author"] == "bot"
    assert answer["source"]
    assert answer["prompt"]
    assert {button["style"] for row in answer["buttons"] for button in row} == {"yes", "no"}
    async with served.page("/chat/socket", cookie, cursor=own["rev"]) as page:
        again = (await page.hear("messages"))["messages"]
        assert [message["id"] for message in again] == [answer["id"]]


async def test_a_pressed_button_stays_pressed(served: RealServed) -> None:
    """The message comes again with what was chosen."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.send(type="say", client_id="c-1", text="How long does delivery take?")
        answer = None
        while answer is None:
            batch = (await page.hear("messages"))["messages"]
            answer = next((message for message in batch if message["buttons"]), None)
        await page.send(type="press", client_id="c-2", data=answer["buttons"][0][0]["data"])
        pressed = None
        while pressed is None:
            batch = (await page.hear("messages"))["messages"]
            pressed = next((message for message in batch if message["id"] == answer["id"]), None)

        assert pressed["pressed"] == 0


async def test_from_question_to_resolution(served: RealServed) -> None:
    """Ask for a person, claim, note, reply, resolve: each sees their side, and the note stays inside."""
    async with _both(served) as (customer, desk):
        await customer.send(type="say", client_id="c-1", text="/agent")
        waiting = await _thread(desk, "queue")
        thread = waiting["id"]
        await desk.send(type="open", thread=thread, cursor=0)
        await desk.send(type="say", client_id="d-1", thread=thread, text=f"/claim {waiting['number']}")
        mine = await _thread(desk, "mine")
        assert mine["actions"] == ["reply", "handon", "resolve"]
        await desk.send(type="say", client_id="d-2", thread=thread, mode="note", text="Known from last week")
        assert (await desk.hear_text("Known from last week", thread))["author"] == "note"
        await desk.send(type="say", client_id="d-3", thread=thread, mode="reply", text="Good morning!")
        said = await desk.hear_text("Good morning!", thread)
        assert (said["author"], said["state"], said["client_id"]) == ("agent", "sent", "d-3")
        reply = await customer.hear_text("Good morning!")
        assert (reply["author"], reply["name"]) == ("agent", "Chen Yue")
        await desk.send(type="say", client_id="d-4", thread=thread, text=f"/resolve {waiting['number']}")
        assert (await _thread(desk, "done"))["number"] == waiting["number"]


async def test_plain_words_in_the_own_talk_reach_no_customer(served: RealServed) -> None:
    """Each ticket has a thread of its own here, so words beside them go to nobody, even with a ticket in hand."""
    async with _both(served) as (customer, desk):
        await customer.send(type="say", client_id="c-1", text="/agent")
        waiting = await _thread(desk, "queue")
        await desk.send(type="say", client_id="d-1", thread=waiting["id"], text="/claim")
        await _thread(desk, "mine")
        await desk.send(type="say", client_id="d-2", thread="home", text="Between us: a difficult one")
        assert "went to nobody" in (await desk.hear_text("went to nobody", "home"))["text"]
        await desk.send(type="say", client_id="d-3", thread="home", text="/reply Not for you either")
        await desk.hear_text("Which ticket", "home")
        await desk.send(type="say", client_id="d-4", thread=waiting["id"], mode="reply", text="Good morning!")
        heard: list[str] = []
        while not heard or "Good morning!" not in heard[-1]:
            heard += [message["text"] for message in (await customer.hear("messages"))["messages"]]

    assert not [words for words in heard if "difficult" in words or "Not for you" in words]


async def test_a_known_colleague_goes_on_in_a_second_browser(served: RealServed) -> None:
    """The same name, role and talk; both browsers stay signed in, and the link works once."""
    first = await served.staff_cookie("Chen Yue")
    async with served.app.records.write() as work:
        (chen,) = await staff.everybody(work)
        link = f"/desk/enter/{staff.invite_again(work, chen)}"
    async with served.client() as phone, served.client() as late:
        second = (await phone.post(link)).cookies["frontdesk_staff"]
        assert (await late.post(link)).status_code == 403
    here, there = await served.records_house.staff(first), await served.records_house.staff(second)

    assert first != second
    assert here is not None
    assert here == there
    async with served.page("/desk/socket", first, {}) as desk, served.page("/desk/socket", second, {}) as phone_page:
        await phone_page.send(type="say", client_id="d-1", thread="home", text="/queue")
        await desk.hear_text("/queue", "home")


async def test_customers_never_see_notes_or_events(served: RealServed) -> None:
    """Not even when they read everything again from the start."""
    cookie = await served.visitor_cookie()
    async with served.page("/desk/socket", await served.staff_cookie(), {}) as desk:
        async with served.page("/chat/socket", cookie) as customer:
            await customer.send(type="say", client_id="c-1", text="/agent")
            waiting = await _thread(desk, "queue")
        await desk.send(type="open", thread=waiting["id"], cursor=0)
        await desk.send(type="say", client_id="d-2", thread=waiting["id"], mode="note", text="Secret among us")
        await desk.hear_text("Secret among us", waiting["id"])
    visitor = await served.records_house.visitor(cookie)
    whole = await served.records_house.messages(visitor, "", 0, 200)

    assert whole
    assert {message.author for message in whole} <= {"you", "bot", "agent"}
    assert not [message for message in whole if "Secret" in message.text]


async def test_a_marketer_sees_campaigns_and_no_tickets(served: RealServed) -> None:
    """Denied by default: the list is empty of tickets, and a ticket's thread is not here."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as customer:
        await customer.send(type="say", client_id="c-1", text="/agent")
        while (await customer.hear("standing"))["owner"] != "queue":
            pass
    async with served.page("/desk/socket", await served.staff_cookie(role=Role.AGENT), {}) as agent:
        ticket = await _thread(agent, "queue")
    async with served.page("/desk/socket", await served.staff_cookie("Wei", Role.MARKETER), {}) as marketer:
        listed = (await marketer.hear("threads"))["threads"]
        await marketer.send(type="open", thread=ticket["id"], cursor=0)

        assert listed == []
        assert (await marketer.hear("gone"))["thread"] == ticket["id"]


async def test_files_go_from_hand_to_hand_and_no_further(served: RealServed) -> None:
    """The customer's photo reaches the desk; another visitor finds nothing under its address."""
    async with served.client() as ana, served.client() as eve, served.client() as agent:
        await ana.get("/chat")
        await eve.get("/chat")
        await agent.post(f"/desk/enter/{await served.invite()}")
        kept = (await ana.post("/chat/upload", files={"file": ("spout.png", PNG)})).json()
        cookie = ana.cookies["frontdesk_visitor"]
        async with served.page("/chat/socket", cookie) as page:
            await page.send(type="say", client_id="c-1", text="", attachment=kept["ref"])
            batch = (await page.hear("messages"))["messages"]
        address = batch[0]["attachment"]["url"]
        own, others, desks = await ana.get(address), await eve.get(address), await agent.get(address)
        eves_cookie = eve.cookies["frontdesk_visitor"]

    assert batch[0]["attachment"]["file_name"] == "spout.png"
    assert own.content == desks.content == PNG
    assert others.status_code == 404
    stranger = await served.records_house.visitor(eves_cookie)
    with pytest.raises(NotHere):
        await served.records_house.own_file(stranger, kept["ref"].removeprefix("file:"))


async def test_a_visitors_address_cannot_be_turned_into_the_cookie(served: RealServed) -> None:
    """The records know a digest; a made-up cookie is another visitor."""
    first = await served.records_house.visitor(None)
    again = await served.records_house.visitor(first.token)
    other = await served.records_house.visitor("x" * 43)

    assert isinstance(first, Visitor)
    assert again == first
    assert first.token not in first.address
    assert other.address != first.address
    assert (await served.records_house.visitor("short")).token != "short"


async def test_only_what_customers_may_get_is_suggested_to_them(served: RealServed) -> None:
    """Questions of articles that are drafts or archived stay inside."""
    async with served.app.records.write() as work:
        for row in await articles.everything(work):
            await articles.archive(work, row.slug, row.language, None)
        await articles.unpublish(work, "refund", "en", None)
        shown = await articles.publish(work, "delivery", "en", None)

    suggestions = (await served.records_house.shop()).suggestions

    assert [words.lower() for words in suggestions["en"]] == [shown.phrasings[0].lower()]
    assert suggestions["zh"] == ()


async def test_a_page_opens_with_the_newest_words_whatever_was_imported_since(served: RealServed) -> None:
    """A history has the times of its words: it hides nothing that was said later, and is no news to a page."""
    cookie = await served.visitor_cookie()
    async with served.page("/chat/socket", cookie) as page:
        await page.send(type="say", client_id="c-1", text="How long does delivery take?")
        spoken: list[str] = []
        while len(spoken) < 2:
            spoken += [one["id"] for one in (await page.hear("messages"))["messages"]]
    house = served.records_house
    visitor = await house.visitor(cookie)
    before = await house.messages(visitor, HOME, 0, 5)

    async with served.app.records.write() as work:
        await histories.take(work, _old_words(visitor.address, 20), Past(channel=CHANNEL, language="en"), write=True)

    opened = sorted(await house.messages(visitor, HOME, 0, 5), key=lambda one: one.order)
    assert [one.id for one in opened][-len(spoken) :] == spoken
    assert [one.text for one in opened][: -len(spoken)] == [f"old {n}" for n in range(15 + len(spoken), 20)]
    assert await house.messages(visitor, HOME, max(one.rev for one in opened), 5) == []
    few = await house.messages(visitor, HOME, 0, len(spoken))
    assert [one.id for one in few] == spoken
    assert await house.messages(visitor, HOME, few[-1].rev, 50) == []
    already_open = await house.messages(visitor, HOME, max(one.rev for one in before), 50)
    assert [one.text for one in already_open] == [f"old {n}" for n in range(20)]


def _old_words(chat: str, count: int) -> list[PastMessage]:
    return [
        PastMessage(
            chat=chat, message=str(n), theirs=True, text=f"old {n}", at=datetime(2026, 1, 3, 8, n, tzinfo=UTC), nth=0,
            name="", opens=n == 0,
        )
        for n in range(count)
    ]  # fmt: skip
