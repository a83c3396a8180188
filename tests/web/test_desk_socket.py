"""The desk's socket: only with a session, one thread beside the own talk, the same handlers as everywhere."""

import pytest
from websockets.exceptions import ConnectionClosed

from bot.web.protocol import NO_SESSION
from tests.web.conftest import Page, Served
from tests.web.sample_talks import fill


async def _threads_until(page: Page, number: int, group: str) -> dict[str, object]:
    while True:
        for thread in (await page.hear("threads"))["threads"]:
            if thread["number"] == number and thread["group"] == group:
                found: dict[str, object] = thread
                return found


async def test_without_a_session_there_is_no_desk(served: Served) -> None:
    """Neither nothing nor a customer's cookie opens it."""
    for cookie in ("", await served.visitor_cookie()):
        with pytest.raises(ConnectionClosed) as closed:
            async with served.page("/desk/socket", cookie, {}) as page:
                await page.socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == NO_SESSION


async def test_the_list_shows_queue_and_tickets(served: Served) -> None:
    """Whoever waits longest stands first."""
    fill(served.house)
    async with served.page("/desk/socket", await served.staff_cookie(), {}) as page:
        listed = (await page.hear("threads"))["threads"]

        assert [(thread["group"], thread["number"]) for thread in listed] == [
            ("queue", 1047),
            ("queue", 1049),
            ("mine", 1042),
        ]


async def test_claim_note_reply_resolve(served: Served) -> None:
    """An action is an ordinary say with a command; the customer sees the reply and never the note."""
    cookie = await served.visitor_cookie()
    async with (
        served.page("/chat/socket", cookie) as customer,
        served.page("/desk/socket", await served.staff_cookie(), {}) as desk,
    ):
        await customer.send(type="say", client_id="c-1", text="I want a person")
        thread = str((await _threads_until(desk, 1042, "queue"))["id"])
        await desk.send(type="open", thread=thread, cursor=0)
        await desk.hear_text("I want a person", thread)
        await desk.send(type="say", client_id="d-1", thread=thread, text="/claim 1042")
        await _threads_until(desk, 1042, "mine")
        await desk.send(type="say", client_id="d-2", thread=thread, mode="note", text="Known from last week")
        note = await desk.hear_text("Known from last week", thread)
        await desk.send(type="say", client_id="d-3", thread=thread, mode="reply", text="Good morning!")
        await desk.hear_text("Good morning!", thread)
        await desk.send(type="say", client_id="d-4", thread=thread, text="/resolve 1042")
        while (await desk.hear_text("Chen Yue", thread))["event"] != "resolved":
            pass

        assert note["author"] == "note"
        reply = await customer.hear_text("Good morning!")
        assert (reply["author"], reply["name"]) == ("agent", "Chen Yue")
    said = [(incoming.text, incoming.thread) for incoming in served.house.taken[1:]]
    assert said == [
        ("/claim 1042", thread),
        ("/note Known from last week", thread),
        ("/reply Good morning!", thread),
        ("/resolve 1042", thread),
    ]
    (talk,) = served.house.talks.values()
    assert any(message.author == "note" for message in talk.messages)
    async with served.page("/chat/socket", cookie) as customer:
        whole = await customer.hear("messages")
        assert not [message for message in whole["messages"] if "Known from" in message["text"]]


async def test_a_thread_that_is_not_here_is_gone(served: Served) -> None:
    """The same frame for missing and forbidden."""
    async with served.page("/desk/socket", await served.staff_cookie(), {}) as page:
        await page.send(type="open", thread="ticket:nobody", cursor=0)

        assert await page.hear("gone") == {"type": "gone", "thread": "ticket:nobody"}


async def test_a_revoked_colleague_says_nothing_more(served: Served) -> None:
    """The session is looked up again before each word."""
    cookie = await served.staff_cookie()
    async with served.page("/desk/socket", cookie, {}) as page:
        await page.hear("threads")
        await served.house.leave(cookie)
        await page.send(type="say", client_id="d-1", thread="", text="/queue")
        with pytest.raises(ConnectionClosed) as closed:
            await page.hear("ack")

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == NO_SESSION
    assert not served.house.taken
