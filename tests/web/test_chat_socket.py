"""The customer's socket: acknowledged after commit, recorded once, resumed past a cursor, closed to other sites."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.web.protocol import LONGEST_TEXT, NO_SESSION, POLICY
from tests.web.conftest import Served


async def test_a_question_is_acknowledged_and_answered(served: Served) -> None:
    """Say, ack, and both sides arrive past the cursor."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.send(type="say", client_id="c-1", text="How long does delivery take?")

        assert await page.hear("ack") == {"type": "ack", "client_id": "c-1"}
        answer = await page.hear_text("6 to 9 working days")
        assert (answer["author"], answer["source"]) == ("bot", "Delivery abroad")


async def test_nothing_is_acknowledged_before_the_intake_returned(served: Served) -> None:
    """While the commit waits the page hears of other things, but not that its words are safe."""
    served.house.gate = asyncio.Event()
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.hear("standing")
        await page.send(type="say", client_id="c-1", text="hello")
        await served.house.arrived.wait()
        heard = asyncio.create_task(page.socket.recv())
        served.house.bell.ring()
        for _ in range(50):
            await asyncio.sleep(0)

        assert not heard.done()
        assert not served.house.taken
        served.house.gate.set()
        assert json.loads(await heard) == {"type": "ack", "client_id": "c-1"}
        assert len(served.house.taken) == 1


async def test_the_same_client_id_twice_is_one_message_and_two_acks(served: Served) -> None:
    """A page that did not hear the ack sends again; that harms nobody."""
    cookie = await served.visitor_cookie()
    async with served.page("/chat/socket", cookie) as page:
        await page.send(type="say", client_id="c-1", text="delivery?")
        await page.hear("ack")
    async with served.page("/chat/socket", cookie) as page:
        await page.send(type="say", client_id="c-1", text="delivery?")
        await page.hear("ack")

        assert [incoming.text for incoming in served.house.taken] == ["delivery?"]


async def test_a_page_resumes_past_its_cursor(served: Served) -> None:
    """What the page has is not sent again; what happened meanwhile is."""
    cookie = await served.visitor_cookie()
    async with served.page("/chat/socket", cookie) as page:
        await page.send(type="say", client_id="c-1", text="delivery?")
        await page.hear_text("working days")
    (talk,) = served.house.talks.values()
    seen = talk.rev
    talk.add("agent", "Good morning, this is Yue.", name="Chen Yue", kind="agent")

    async with served.page("/chat/socket", cookie, cursor=seen) as page:
        frame = await page.hear("messages")
        assert [message["text"] for message in frame["messages"]] == ["Good morning, this is Yue."]
        assert frame["cursor"] == seen + 1


async def test_a_changed_message_comes_again_under_its_id(served: Served) -> None:
    """A pressed button is an upsert of the message that carries it."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.send(type="say", client_id="c-1", text="delivery?")
        answer = await page.hear_text("working days")
        await page.send(type="press", client_id="c-2", data=answer["buttons"][0][0]["data"])
        again = await page.hear_text("working days")

        assert (again["id"], again["pressed"]) == (answer["id"], 0)
        assert again["rev"] > answer["rev"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_another_sites_page_gets_no_socket(served: Served, origin: str | None) -> None:
    """A wrong Origin, or none, is refused before the handshake."""
    with pytest.raises(InvalidStatus) as refusal:
        async with served.page("/chat/socket", await served.visitor_cookie(), origin=origin):
            pass

    assert refusal.value.response.status_code == 403


async def test_without_a_cookie_there_is_no_talk(served: Served) -> None:
    """The page can read why, and loads itself again."""
    with pytest.raises(ConnectionClosed) as closed:
        async with served.page("/chat/socket", "") as page:
            await page.socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == NO_SESSION


@pytest.mark.parametrize(
    ("frame", "key"),
    [
        ({"type": "say", "client_id": "c", "text": "x" * (LONGEST_TEXT + 1)}, "too_long"),
        ({"type": "say", "client_id": "c", "text": "   "}, "empty"),
        ({"type": "say", "client_id": "c", "text": "\ud800"}, "bad_frame"),
        ({"type": "say", "client_id": "c", "text": "look", "attachment": "file:somebody-elses"}, "file_gone"),
        ({"type": "dance", "client_id": "c"}, "bad_frame"),
        ({"type": "press", "client_id": "c", "data": "x" * 65}, "bad_frame"),
    ],
)
async def test_what_cannot_be_taken_is_refused_by_name(served: Served, frame: dict[str, object], key: str) -> None:
    """The page learns which message it was and why, and the socket stays open."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.send(**frame)
        assert await page.hear("refused") == {"type": "refused", "client_id": "c", "key": key}

        await page.send(type="say", client_id="d", text="x" * 1000)
        assert (await page.hear("ack"))["client_id"] == "d"


async def test_a_page_that_sends_only_noise_is_closed(served: Served) -> None:
    """Noise is not answered for ever."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        for _ in range(20):
            await page.socket.send("not json")
        with pytest.raises(ConnectionClosed) as closed:
            await page.hear("ack")

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == POLICY


async def test_at_shutdown_the_page_hears_bye(served: Served) -> None:
    """The page then comes back by itself, so nothing is lost when the server is restarted."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await page.hear("standing")
        leaving = asyncio.create_task(served.server.stop())

        assert await page.hear("bye") == {"type": "bye"}
        await leaving


async def test_while_the_channel_is_leaving_nothing_is_acknowledged(served: Served) -> None:
    """The words stay in the page, which hears bye and sends them again to whoever serves next."""
    async with served.page("/chat/socket", await served.visitor_cookie()) as page:
        await served.house.webchat.stop_receiving()
        await page.send(type="say", client_id="c-1", text="hello")

        assert await page.hear("bye") == {"type": "bye"}
        assert not served.house.taken
