"""One turn: who speaks, what they said, what the matcher thinks of it, and the tools a handler needs to answer."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.message import Attachment, Button, Incoming, Reply
from bot.texts import Texts
from crm_core.conversations import Words, record
from crm_core.files import MADE, FileStore
from crm_core.models import Conversation, Customer, Dialogue, Identity, Interaction, Kind, Outbox, Role, Staff, Ticket
from crm_core.rules.access import Principal, Scope
from crm_core.rules.knowledge import Draft
from crm_core.rules.lifecycle import Lifecycle
from crm_core.tombstones import Tombstones
from crm_core.touching import principal_of
from crm_core.work import Work
from knowledge_base import Article, Match
from knowledge_base.calibration import Calibration
from knowledge_base.replay import JudgedQuestion, Replay


class Articles(Protocol):
    """What the counter needs of the knowledge base."""

    @property
    def calibration(self) -> Calibration | None:
        """From which confidence on it answers, and how often that was wrong; None when nothing is known of it."""
        ...

    def match(self, text: str, language: str) -> Match:
        """Which article answers `text`."""
        ...

    def find(self, article_id: str, language: str) -> Article | None:
        """The article with this id in this language."""
        ...

    async def replay(self, draft: Draft, judged: Sequence[JudgedQuestion]) -> Replay:
        """What the draft in place of the article of its id and language would change; with no transaction open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What every handler may know about the shop it serves."""

    name: str
    zone: str
    texts: Texts
    articles: Articles
    files: FileStore
    tombstones: Tombstones
    elsewhere: dict[str, str] = field(default_factory=dict)  # where one can go on: "telegram" -> address before a token
    staff_group: tuple[str, str] | None = None  # channel and chat of the group that is told of tickets
    unclaimed_after_minutes: int = 10
    quiet: tuple[Any, Any] | None = None
    weekly_cap: int = 3
    country: str = ""  # whose phone numbers are meant that do not say
    agents_see: Scope = Scope.ALL
    broadcast_needs_second_from: int = 1000  # recipients
    pin_memory_kib: int = 65_536
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    understand: Callable[[Sequence[tuple[str, str]]], Awaitable[None]] | None = None  # before these are matched
    judge_share: float = 0.0  # of the questions, drawn at random, that staff may be asked to judge
    judge_per_week: int = 5  # by one colleague
    second_person_approves: bool = True
    chance: Callable[[], float] = random.random  # 0 to 1

    def beside(self, channel: str) -> dict[str, str]:
        """Where somebody who writes on this channel can go on, as in `elsewhere`; empty for nowhere."""
        return {place: address for place, address in self.elsewhere.items() if place != place_of(channel)}


def place_of(channel: str) -> str:
    """What kind of place a channel is: "telegram" of "telegram:12345"."""
    return channel.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that was pressed: its row, its place and what it means."""

    row: Outbox
    index: int
    label: str
    act: str
    args: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Turn:
    """Everything about one incoming while it is answered; lives inside one write transaction."""

    incoming: Incoming
    work: Work
    shop: Shop
    identity: Identity
    conversation: Conversation
    customer: Customer | None = None
    staff: Staff | None = None
    ticket: Ticket | None = None  # the conversation's current one
    earlier: Ticket | None = None  # resolved less than a day ago: writing may reopen it
    dialogue: Dialogue | None = None
    match: Match | None = None
    found: Any = None  # what the handler's `ahead` found out before this transaction opened
    named: set[int] = field(default_factory=set)  # customers whose words were read for that
    pressed: Pressed | None = None
    borrowed: bool = False  # the button that was pressed is somebody else's, or there is no such one below those words
    interaction: Interaction | None = None  # what was written down of the incoming
    new: bool = False  # this person writes for the first time
    command: str = ""  # "/claim" of "/claim 12"
    argument: str = ""

    @property
    def language(self) -> str:
        """What this person reads."""
        return self.identity.language

    @property
    def role(self) -> Role:
        """What this person may do."""
        return Role(self.staff.role) if self.staff else Role.CUSTOMER

    @property
    def principal(self) -> Principal:
        """This person as the table of `rules.access` sees them."""
        if self.staff is not None:
            return principal_of(self.staff, self.shop.agents_see)
        return Principal(role=Role.CUSTOMER, id=self.customer.id if self.customer is not None else 0)

    @property
    def text(self) -> str:
        """The words, in normal form."""
        return self.incoming.text

    def say(self, key: str, /, **values: Any) -> str:
        """A sentence in this person's language."""
        return self.shop.texts.say(self.language, key, **values)

    def reply(self, key: str, /, *rows: tuple[Button, ...], **values: Any) -> Reply:
        """A reply of one sentence, with rows of buttons."""
        return Reply(text=self.say(key, **values), buttons=rows)

    def button(self, key: str, act: str, /, **args: Any) -> Button:
        """A button labelled in this person's language."""
        return Button(label=self.say(key), act=act, args=args)

    async def file(
        self,
        kind: Kind | None = None,
        *,
        conversation: Conversation | None = None,
        ticket: Ticket | None = None,
        text: str | None = None,
    ) -> Interaction:
        """Write the incoming down, once; in a customer's conversation when an agent speaks to them or about them."""
        if self.interaction is not None:
            return self.interaction
        self.interaction = await record(
            self.work,
            conversation or self.conversation,
            Words(
                kind=kind or self._kind(),
                text=self._words() if text is None else text,
                source_key=f"{self.incoming.channel}:{self.incoming.external_id}"[:190],
                thread=self.incoming.thread[:40] if conversation is None else "",
                staff_id=self.staff.id if self.staff else None,
                ticket_id=ticket.id if ticket else None,
                decision=self.match.decision if self.match else None,
                confidence=self.confidence,
                reason=self.match.reason if self.match else self.incoming.unsupported[:40] or None,
                attachment=self._attachment(),
            ),
        )
        return self.interaction

    @property
    def confidence(self) -> float | None:
        """How sure the matcher was of its best candidate, 0 to 1."""
        if self.match is None or not self.match.candidates:
            return None
        return float(self.match.candidates[0].confidence)

    def _kind(self) -> Kind:
        if self.incoming.press:
            return Kind.PRESS
        return Kind.COMMAND if self.staff else Kind.MESSAGE

    def _words(self) -> str:
        return self.pressed.label if self.pressed else self.incoming.text

    async def keep(self, file_name: str, data: bytes) -> Attachment:
        """Keep a picture (PNG) that was made for this person, to go with a reply; after 30 days it is removed."""
        mime = "image/png"
        row = await self.shop.files.keep(self.work, self.identity, file_name=file_name, kind=MADE, mime=mime, data=data)
        return Attachment(kind="photo", ref=f"file:{row.id}", file_name=file_name, mime=mime, size=len(data))

    def _attachment(self) -> dict[str, Any] | None:
        file = self.incoming.attachment
        return filed(file, self.incoming.channel) if file is not None else None


def filed(file: Attachment, channel: str) -> dict[str, Any]:
    """A file as `crm_core.conversations.record` writes it down."""
    return {
        "channel": channel,
        "ref": file.ref,
        "kind": file.kind,
        "file_name": file.file_name,
        "mime": file.mime[:190],
        "size": file.size,
    }


Answer = Callable[[Turn], Awaitable[list[Reply]]]
Ahead = Callable[[Turn], Awaitable[Callable[[], Any] | None]]
Talk = Callable[[Turn], Awaitable[list[Reply] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One kind of conversation: its commands, its button acts, and what it does with plain words.

    A command or act is (what it is called in `rules.access.ACTS`, who answers it). `talk` returns None when the words
    are not for this handler; the next one in `HANDLERS` is asked then.

    `ahead` is for acts that have to match or to work something out at length, which no transaction may wait for. It is
    called with a turn that can change nothing, reads what is needed and returns a function (or None: nothing to find
    out). That runs with no transaction open, may return an awaitable, and what comes of it is `Turn.found`.
    """

    name: str
    commands: Mapping[str, tuple[str, Answer]] = field(default_factory=dict)
    acts: Mapping[str, Answer] = field(default_factory=dict)
    ahead: Mapping[str, Ahead] = field(default_factory=dict)
    talk: Talk | None = None
