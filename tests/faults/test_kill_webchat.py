"""The process is killed while people write in the web chat: what was acknowledged is kept, what was not comes again."""

import asyncio
import json
import random
import urllib.request
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from crm_core import conversations
from crm_core.models import Conversation, Identity, Interaction, Kind
from crm_core.work import Work
from tests.faults.conftest import MakeDesk
from tests.faults.process import PATIENCE, kills, until
from tests.ports import free_port

KILLS = 6
VISITORS = 8
WORDS_EACH = 25
_QUESTIONS = ("how long does delivery take, {}", "how do I get a refund, {}", "how do I track my order, {}")


class Page:
    """What the page does: keep what was not acknowledged, and after every break send it again and read on."""

    def __init__(self, port: int, name: str, chance: random.Random) -> None:
        self.said = {f"{name}-{n}": _QUESTIONS[n % 3].format(f"{name} {n}") for n in range(WORDS_EACH)}
        self.shown: dict[str, dict[str, Any]] = {}  # message id -> message, as the page draws them
        self.unsent = list(self.said)
        self._cursor = 0
        self._chance = chance
        self._address = f"127.0.0.1:{port}"
        self._cookie = ""
        self._acknowledged = asyncio.Event()

    @property
    def answers(self) -> list[str]:
        """The bot's words that the page shows, in order."""
        shown = sorted(self.shown.values(), key=lambda message: str(message["order"]))
        return [message["text"] for message in shown if message["author"] == "bot"]

    def read_anew(self) -> None:
        """Forget what is shown, as a page does that is loaded again."""
        self.shown.clear()
        self._cursor = 0

    async def live(self) -> None:
        """Until everything is acknowledged and answered."""
        while self.unsent or len(self.answers) < len(self.said):
            try:
                await self._visit()
            except (OSError, WebSocketException):
                await asyncio.sleep(0.05)  # as a page does before it comes back

    async def _visit(self) -> None:
        if not self._cookie:
            self._cookie = await asyncio.to_thread(self._fetch_cookie)
        address, origin = f"ws://{self._address}/chat/socket", Origin(f"http://{self._address}")
        async with connect(address, additional_headers={"Cookie": self._cookie}, origin=origin) as socket:
            await socket.send(json.dumps({"type": "hello", "cursor": self._cursor, "language": "en"}))
            speaking = asyncio.create_task(self._speak(socket))
            try:
                while self.unsent or len(self.answers) < len(self.said):
                    self._hear(json.loads(await socket.recv()))
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)

    def _fetch_cookie(self) -> str:
        with urllib.request.urlopen(f"http://{self._address}/chat", timeout=5) as page:
            return str(page.headers["Set-Cookie"]).partition(";")[0]

    async def _speak(self, socket: Any) -> None:
        """Say what is not acknowledged in order; now and then wait until it is."""
        for client_id in list(self.unsent):
            await socket.send(json.dumps({"type": "say", "client_id": client_id, "text": self.said[client_id]}))
            if self._chance.random() < 0.6:
                while client_id in self.unsent:
                    self._acknowledged.clear()
                    await self._acknowledged.wait()

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ack":
            if frame["client_id"] in self.unsent:
                self.unsent.remove(frame["client_id"])
            self._acknowledged.set()
        elif frame["type"] == "messages":
            self._cursor = frame["cursor"]
            self.shown.update({message["id"]: message for message in frame["messages"]})


@pytest.mark.fault
@pytest.mark.timeout(240)
async def test_people_in_the_web_chat_lose_and_repeat_nothing(make_desk: MakeDesk, chance: random.Random) -> None:
    """Two hundred messages, six kills: each recorded once in its order, each answered once in what the page shows."""
    port = free_port()
    desk = make_desk(web={"enabled": True, "port": port})
    pages = [Page(port, f"v{n}", chance) for n in range(VISITORS)]
    await asyncio.to_thread(desk.start)
    living = [asyncio.create_task(page.live()) for page in pages]
    waiting = []
    deaths = kills(KILLS)
    for death in range(deaths):
        goal = VISITORS * WORDS_EACH * (death + 1) // (deaths + 2)
        await asyncio.to_thread(until, lambda goal=goal: _taken(pages) >= goal, "so much is acknowledged")  # type: ignore[misc]
        await asyncio.sleep(chance.uniform(0.0, 0.02))
        await asyncio.to_thread(desk.kill)
        waiting.append(sum(len(page.unsent) for page in pages))
        await asyncio.to_thread(desk.start)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*living)
    assert (await asyncio.to_thread(desk.ask_to_leave))[0] == 0
    assert all(waiting), f"all was said before a kill: {waiting}"
    recorded = await asyncio.to_thread(desk.look, _words_on_record)
    print(f"{deaths} kills, not acknowledged at each {waiting}")  # noqa: T201
    assert sorted(recorded) == sorted(list(page.said.values()) for page in pages)
    for page in pages:
        assert Counter(page.answers) == Counter(_expected(page)), page.said


@pytest.mark.fault
async def test_words_whose_acknowledgement_got_lost_are_recorded_once(
    make_desk: MakeDesk, chance: random.Random
) -> None:
    """Taken and answered, then killed before the page heard of it: the page sends the same client id again."""
    port = free_port()
    desk = make_desk(web={"enabled": True, "port": port})
    page = Page(port, "v", chance)
    page.said = {"v-0": "how long does delivery take"}
    for _ in range(2):
        await asyncio.to_thread(desk.start)
        page.unsent = list(page.said)
        page.read_anew()
        async with asyncio.timeout(PATIENCE):
            await page.live()
        await asyncio.to_thread(desk.kill)
    assert await asyncio.to_thread(desk.look, _words_on_record) == [["how long does delivery take"]]
    assert len(page.answers) == 1


def _taken(pages: list[Page]) -> int:
    return sum(WORDS_EACH - len(page.unsent) for page in pages)


def _expected(page: Page) -> list[str]:
    texts = ("Delivery takes 3 to 5 working days.", "We refund within 14 days.", "The tracking number is in your mail.")
    return [texts[n % 3] for n in range(len(page.said))]


async def _words_on_record(work: Work) -> list[list[str]]:
    """Per visitor, what is on record of their words, in its order."""
    statement = (
        select(Identity.external_id, Interaction)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .join(Interaction, Interaction.conversation_id == Conversation.id)
        .where(Interaction.kind == Kind.MESSAGE)
        .order_by(Interaction.id)
    )
    found: dict[str, list[str]] = {}
    for visitor, said in (await work.session.execute(statement)).all():
        found.setdefault(visitor, []).append(await conversations.body_of(work, said))
    return list(found.values())
