"""Builders: a whole shop in a folder, people who speak in it, and short ways to look at what is on record."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select

from bot.app import App, open_app
from bot.channels.memory import Memory, encode
from bot.config import Settings, load_settings
from bot.counter import Counter
from bot.courier import Courier
from bot.message import Attachment, Delivery, Incoming
from bot.throttle import Throttle
from bot.turn import Articles, Shop
from crm_core import articles, conversations, staff
from crm_core.models import Base, Campaign, Conversation, Identity, Interaction, Lane, Outbox, Ticket
from crm_core.rules.knowledge import Draft
from knowledge_base.calibration import Calibration
from knowledge_base.replay import JudgedQuestion, Replay
from tests import servers
from tests.databases import lay_down

_ARTICLES = (
    ("delivery", "en", "Delivery times", "Delivery takes 3 to 5 working days.",
     ("how long does delivery take", "when will my parcel arrive", "delivery time", "how many days is shipping")),
    ("refund", "en", "Refunds", "We refund within 14 days.",
     ("how do I get a refund", "I want my money back", "refund please", "when is my refund paid")),
    ("cancel", "en", "Cancelling", "You can cancel until it leaves.",
     ("how do I cancel my order", "cancel my order please", "I want to cancel", "stop my order")),
    ("track", "en", "Tracking", "The tracking number is in your mail.",
     ("how do I track my order", "where is my order", "tracking number", "track my parcel")),
    ("delivery", "zh", "配送时间", "配送需要三到五个工作日。",
     ("配送要多久", "快递几天能到", "什么时候能收到货", "多久能送到")),
    ("refund", "zh", "退款", "我们会在十四天内退款。",
     ("怎么退款", "我要退款", "退款什么时候到账", "钱什么时候退给我")),
)  # fmt: skip
_FIELDS = ("id", "language", "title", "answer", "phrasings")
ARTICLES = "".join(json.dumps(dict(zip(_FIELDS, one, strict=True)), ensure_ascii=False) + "\n" for one in _ARTICLES)


@dataclass(slots=True)
class Hands:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 18, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def move(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


def settings_in(folder: Path, **environ: str) -> Settings:
    """Settings of a small shop in a folder; `environ` as FRONTDESK_ variables without the prefix."""
    articles = folder / "articles.jsonl"
    if not articles.exists():
        articles.write_text(ARTICLES, encoding="utf-8")
    config = folder / "config.toml"
    if not config.exists():
        config.write_text(
            '[shop]\nname = "Test Shop"\n[web]\nenabled = false\n[knowledge]\narticles = "articles.jsonl"\n'
            "judge_share = 0\n"  # no question is drawn by chance; tests of judging set the share
            '[marketing]\nquiet_hours = ""\n[receiving]\nper_minute = 100000\n'
            "[access]\npin_memory_kib = 64\n",  # a PIN is hashed quickly
            encoding="utf-8",
        )
    return load_settings(
        config, {**servers.environ(folder), **{f"FRONTDESK_{key}": value for key, value in environ.items()}}
    )


class NothingPublished:
    """What articles that a test made need beside `match` and `find`."""

    calibration: Calibration | None = None

    async def replay(self, draft: Draft, judged: Sequence[JudgedQuestion]) -> Replay:
        """Nobody publishes anything here."""
        raise AssertionError(f"{draft.slug} was tried out")


@dataclass(slots=True)
class Person:
    """Somebody at the memory channel."""

    house: "House"
    sender: str
    language: str = "en"
    group: str = ""

    async def says(self, text: str, **more: Any) -> list[str]:
        """Say something; returns the words that this person heard in answer."""
        return [one.text for one in await self.does(text=text, **more)]

    async def does(self, **fields: Any) -> list[Delivery]:
        """Send any incoming; returns the deliveries to this person that followed."""
        before = len(self.house.memory.heard)
        self.house.put(self.incoming(**fields))
        await self.house.settle()
        return [one for one in self.house.memory.heard[before:] if one.chat == (self.group or self.sender)]

    def incoming(self, **fields: Any) -> Incoming:
        """An incoming of this person."""
        number = next(self.house.numbers)
        return Incoming(
            **{
                "channel": self.house.memory.name,
                "external_id": f"u{number}",
                "sender": self.sender,
                "chat": self.group or self.sender,
                "message_id": f"in{number}",
                "language": self.language,
                "group": bool(self.group),
                **fields,
            }
        )

    async def presses(self, label: str) -> list[str]:
        """Press the newest button with this label that this person was sent."""
        return [one.text for one in await self.does(press=self.button(label))]

    @property
    def words(self) -> list[str]:
        """All the words delivered to this person, in order."""
        return [one.text for one in self.heard]

    @property
    def labels(self) -> list[str]:
        """The labels of the buttons under what this person heard last."""
        return [key.label for row in self.heard[-1].keys for key in row]

    def button(self, label: str) -> str:
        """What the newest button with this label sends when it is pressed."""
        for delivery in reversed(self.heard):
            for key in (key for row in delivery.keys for key in row):
                if key.label == label:
                    return key.data
        raise AssertionError(f"{self.sender} has no button {label!r}; heard {self.words[-3:]}")

    async def sends_photo(self, caption: str = "") -> list[str]:
        """Send a photo."""
        photo = Attachment(kind="photo", ref="photo-1", file_name="spout.jpg", mime="image/jpeg", size=7)
        return [one.text for one in await self.does(text=caption, attachment=photo)]

    @property
    def heard(self) -> list[Delivery]:
        """Everything delivered to this person."""
        return [one for one in self.house.memory.heard if one.chat == (self.group or self.sender)]


@dataclass(slots=True)
class House:
    """A whole Frontdesk over the memory channel, driven by hand: nothing runs unless a test lets it."""

    app: App
    memory: Memory
    hands: Hands
    numbers: "count[int]" = field(default_factory=count)
    pending: list[Incoming] = field(default_factory=list)
    known: list["Person"] = field(default_factory=list)  # whom a test wants to meet again

    def put(self, incoming: Incoming) -> None:
        """Let something wait to be handed to the intake."""
        self.pending.append(incoming)

    async def settle(self) -> None:
        """Take in, answer and deliver until nothing moves any more."""
        await self.answer()
        await self.app.couriers[self.memory.name].deliver_waiting()

    async def take_in(self) -> None:
        """Let the intake commit what waits, and answer nothing yet."""
        updates = [encode(one) for one in self.pending]
        self.pending.clear()
        if updates:
            await self.app.intake.take(self.memory.name, updates)

    async def answer(self) -> None:
        """Take in and answer what waits, and deliver nothing yet."""
        await self.take_in()
        while await self.app.counter.answer_waiting() or await self.app.counter.ahead():
            pass

    def beside(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run SQL as somebody else who has the database open; the rows of the last statement."""
        return servers.ask(self.app.settings.database_url, *statements)

    @property
    def nobody_writes(self) -> bool:
        """Whether the database is free to be written to, as somebody else finds it."""
        return servers.is_free(self.app.settings.database_url)

    def read_from(self, articles: Articles) -> None:
        """Let the counter answer from other articles."""
        self.serve(replace(self.app.shop, articles=articles))

    def serve(self, shop: Shop) -> None:
        """Let the counter serve another shop."""
        app = self.app
        app.shop = shop
        decoders = {self.memory.name: self.memory.decode}
        app.counter = Counter(app.records, shop, decoders, Throttle(0), lambda _incoming: None)

    def crash_sender(self) -> None:
        """The process that sends is gone with what it knew; another takes its place when the lease is over."""
        self.hands.move(seconds=16)
        old = self.app
        channel = self.memory
        old.couriers[channel.name] = Courier(old.records, old.shop, channel, f"holder-{next(self.numbers)}")

    def customer(self, name: str = "ana", language: str = "en") -> Person:
        """A customer."""
        return Person(self, name, language)

    async def colleague(self, name: str = "Wei", role: str = "agent", language: str = "en", group: str = "") -> Person:
        """A staff member who has redeemed an invite."""
        async with self.app.records.write() as work:
            token = staff.invite(work, role, name)
        person = Person(self, name.lower(), language)
        await person.says(f"/start {token}")
        person.group = group
        return person

    async def ring(self, name: str) -> None:
        """Let one alarm ring, then settle."""
        from scheduler import JOBS

        await self.app.clock.ring(next(job for job in JOBS if job.name == name))
        await self.settle()

    async def rows(self, table: type[Base], *where: Any) -> Sequence[Any]:
        """Rows of a table."""
        async with self.app.records.read() as work:
            statement = select(table).where(*where).order_by(*inspect(table).primary_key)
            return (await work.session.scalars(statement)).all()

    async def how_many(self, table: type[Base], *where: Any) -> int:
        """How many rows of a table."""
        async with self.app.records.read() as work:
            return (await work.session.scalar(select(func.count()).select_from(table).where(*where))) or 0

    async def talk_of(self, sender: str) -> list[tuple[str, str]]:
        """What is on record of somebody's conversation: kind and words, in order."""
        async with self.app.records.read() as work:
            conversation = await work.session.scalar(
                select(Conversation)
                .join(Identity, Identity.id == Conversation.identity_id)
                .where(Identity.external_id == sender)
            )
            assert conversation is not None, f"nobody called {sender} is on record"
            rows = await work.session.scalars(
                select(Interaction).where(Interaction.conversation_id == conversation.id).order_by(Interaction.rev)
            )
            return [(row.kind, await conversations.body_of(work, row)) for row in rows.all()]

    async def learn(self, slug: str, language: str, wording: str) -> None:
        """Teach an article a phrasing, and let the matcher know it."""
        async with self.app.records.write() as work:
            await articles.add_phrasing(work, slug, language, wording, None)
        await self.app.book.refresh(self.app.records)

    async def ticket(self) -> Ticket:
        """The only ticket there is."""
        (ticket,) = await self.rows(Ticket)
        assert isinstance(ticket, Ticket)
        return ticket

    async def campaign(self) -> Campaign:
        """The only campaign there is."""
        (campaign,) = await self.rows(Campaign)
        assert isinstance(campaign, Campaign)
        return campaign

    async def outbox(self, lane: Lane) -> list[Outbox]:
        """The rows of a lane, oldest first."""
        return list(await self.rows(Outbox, Outbox.lane == lane))


class Trouble:
    """What a network does to deliveries: each one it `strikes` meets the next of these fates, then all is well again.

    A fate is an error to raise, or "crash" (the sender dies before the request leaves). With `arrives` the message
    reaches the person all the same.
    """

    def __init__(
        self,
        memory: Memory,
        *fates: Exception | str,
        arrives: bool = False,
        strikes: Callable[[Delivery], bool] = lambda _delivery: True,
    ) -> None:
        self._memory = memory
        self._fates = list(fates)
        self._arrives = arrives
        self._strikes = strikes
        memory.trouble = self

    def __call__(self, delivery: Delivery) -> None:
        """Strike this delivery, or let it pass."""
        if not self._fates or not self._strikes(delivery):
            return
        fate = self._fates.pop(0)
        if self._arrives:
            self._memory.heard.append(delivery)
        raise asyncio.CancelledError if isinstance(fate, str) else fate


@asynccontextmanager
async def open_house(
    folder: Path, memory: Memory | None = None, hands: Hands | None = None, **environ: str
) -> AsyncIterator[House]:
    """A Frontdesk in a folder; opened again in the same folder, with the same channel, it goes on where it was."""
    memory = memory or Memory()
    hands = hands or Hands()
    settings = settings_in(folder, **environ)
    await lay_down(settings.database_url)
    app = await open_app(settings, lambda _settings, _records, _files: [memory], hands)
    try:
        yield House(app, memory, hands)
    finally:
        await app.close()
