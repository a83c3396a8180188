"""The channels under test, each with the people at its other end; a new channel is one entry in WORLDS."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Protocol

from bot.channels import Channel, FileGone, RawUpdate
from bot.channels.memory import Memory
from bot.channels.pace import Pace
from bot.channels.telegram import Library, TelegramChannel, make_channel
from bot.channels.webchat import WebChat
from bot.message import Attachment, Delivery, Incoming, Sent
from tests.telegram_server import TOKEN, TelegramServer
from tests.telegram_server.state import State

PATIENCE = 20.0  # seconds until a test gives up waiting for a thing that should have happened long ago
PERSON = "5"
HELLO = Delivery(outbox_id=1, chat=PERSON, text="Hello")


class World(Protocol):
    """A channel and the people at its other end."""

    @property
    def channel(self) -> Channel: ...

    async def says(self, text: str) -> None:
        """The person writes; returns when the words are on their way, not when they have arrived."""

    async def brings(self, delivery: Delivery) -> Sent:
        """Bring this to its person as the courier does; on a pulled channel it is committed by then."""

    async def heard(self) -> list[str]:
        """The texts that have reached the person, in order."""


@dataclass
class Telegram:
    """A Telegram channel, and the strict server in Telegram's place."""

    server: TelegramServer
    library: Library
    channel: TelegramChannel

    @property
    def state(self) -> State:
        return self.server.state

    def another_channel(self, **changes: Any) -> TelegramChannel:
        """A second channel of the same bot, as after a restart."""
        given: dict[str, Any] = {
            "token": TOKEN,
            "library": self.library,
            "pace": Pace(30, 1, 20),
            "load_file": load_file,
            "api_base": self.server.url,
        }
        return make_channel(**(given | changes))

    async def says(self, text: str) -> None:
        await self.state.feed({"kind": "text", "user": int(PERSON), "text": text})

    async def brings(self, delivery: Delivery) -> Sent:
        return await self.channel.send(delivery)

    async def heard(self) -> list[str]:
        return [entry.get("text", entry.get("caption", "")) for entry in self.state.logged()]


@dataclass
class Told:
    """The memory channel: people are heard and spoken to directly."""

    channel: Memory = field(default_factory=Memory)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def says(self, text: str) -> None:
        key = str(next(self.numbers))
        self.channel.say(
            Incoming(channel=self.channel.name, external_id=key, sender=PERSON, chat=PERSON, text=text, message_id=key)
        )

    async def brings(self, delivery: Delivery) -> Sent:
        return await self.channel.send(delivery)

    async def heard(self) -> list[str]:
        return [delivery.text for delivery in self.channel.heard]


class WebPage:
    """The web chat and one page, which says a thing until it is acknowledged and reads what is committed when rung."""

    def __init__(self) -> None:
        self.channel = WebChat(load_file=load_file, ring=self._rung)
        self._committed: list[Delivery] = []
        self._read: list[str] = []
        self._unsaid: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._numbers = count(1)

    async def says(self, text: str) -> None:
        self._unsaid.put_nowait({"type": "say", "client_id": f"c-{next(self._numbers)}", "text": text})

    async def brings(self, delivery: Delivery) -> Sent:
        self._committed.append(delivery)
        return await self.channel.send(delivery)

    async def heard(self) -> list[str]:
        return self._read

    def _rung(self, address: str) -> None:
        if address == PERSON:
            self._read = [delivery.text for delivery in self._committed if delivery.chat == address]

    async def speak(self) -> None:
        """Say what is to be said, in order."""
        while True:
            frame = await self._unsaid.get()
            while not await self._acknowledged(frame):
                pass

    async def _acknowledged(self, frame: dict[str, Any]) -> bool:
        try:
            await self.channel.take(PERSON, frame)
        except OSError:
            return False
        return True


async def load_file(attachment: Attachment) -> bytes:
    if attachment.ref == "file:gone" or not attachment.ref.startswith("file:"):
        raise FileGone("file_gone")
    return b"%PDF of " + attachment.ref.encode()


@asynccontextmanager
async def telegram_world(library: Library) -> AsyncIterator[Telegram]:
    async with TelegramServer() as server:
        server.state.open_chat(int(PERSON))
        channel = make_channel(
            token=TOKEN, library=library, pace=Pace(30, 1, 20), load_file=load_file, api_base=server.url
        )
        await channel.open()
        yield Telegram(server, library, channel)
        await channel.close()


@asynccontextmanager
async def memory_world() -> AsyncIterator[Told]:
    told = Told()
    await told.channel.open()
    yield told
    await told.channel.close()


@asynccontextmanager
async def webchat_world() -> AsyncIterator[WebPage]:
    page = WebPage()
    await page.channel.open()
    speaking = asyncio.create_task(page.speak())
    yield page
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)
    await page.channel.close()


TELEGRAM: dict[str, Library] = {"telegram-aiogram": "aiogram", "telegram-ptb": "python-telegram-bot"}
WORLDS: dict[str, Callable[[], AbstractAsyncContextManager[World]]] = {
    "memory": memory_world,
    "webchat": webchat_world,
    **{name: partial(telegram_world, library) for name, library in TELEGRAM.items()},
}


class Inbox:
    """An intake that remembers, and that fails or waits when it is told to."""

    def __init__(self) -> None:
        self.rows: dict[str, RawUpdate] = {}
        self.handed_over: list[str] = []  # every key, as often as it came
        self.failures = 0
        self.open = asyncio.Event()
        self.open.set()
        self._changed = asyncio.Condition()

    async def take(self, updates: Sequence[RawUpdate]) -> None:
        async with self._changed:
            self.handed_over += [update.external_id for update in updates]
            self._changed.notify_all()
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("The disk is full.")
        async with self._changed:
            self.rows.update({update.external_id: update for update in updates})
            self._changed.notify_all()

    async def until(self, condition: Callable[["Inbox"], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def until_rows(self, count: int) -> list[RawUpdate]:
        await self.until(lambda inbox: len(inbox.rows) >= count)
        return list(self.rows.values())


@asynccontextmanager
async def receiving(channel: Channel, inbox: Inbox) -> AsyncIterator[None]:
    """Receive within the block, and stop in good order when it is left."""
    task = asyncio.create_task(channel.receive(inbox.take))
    try:
        yield
    finally:
        async with asyncio.timeout(PATIENCE):
            await channel.stop_receiving()
            await task
