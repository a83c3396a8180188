"""What the web needs from the rest of the house: one protocol, and the values that cross it."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.web.bell import Listener

HOME = "home"  # a staff member's own talk with the bot
Author = Literal["you", "bot", "agent", "customer", "system", "note"]


def public_key(address: str) -> str:
    """A short name for an address that a page may hold: the address cannot be read back from it."""
    return hashlib.sha256(b"frontdesk page key\0" + address.encode()).hexdigest()[:16]


class NotHere(Exception):
    """There is no such thing, or this viewer may not see it: the same words for both."""


class FileRefused(Exception):
    """This file is not kept; `key` names the sentence that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the pages say about the shop: only facts that the configuration or the records hold."""

    names: Mapping[str, str]  # by language
    languages: tuple[str, ...] = ("en", "zh")
    sample: bool = False  # the sample shop is loaded, so all content is sample data
    commands: tuple[str, ...] = ()  # what customers may ask for by a press, as "/status"
    continues: bool = False  # whether there is another place, such as Telegram, to go on in
    suggestions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # questions to start with, by language
    login_origins: tuple[str, ...] = ()  # sites that may frame the chat and say who is logged in there

    def name(self, language: str) -> str:
        """The shop's name in this language, or in any."""
        return self.names.get(language) or next(iter(self.names.values()), "Frontdesk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A customer at the web chat. The address is what the records know; the token is what the cookie holds."""

    address: str
    token: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A staff member at the desk."""

    id: str
    address: str  # the staff member's own web chat address
    name: str
    roles: tuple[str, ...]
    language: str = ""
    commands: tuple[str, ...] = ()  # the commands this role may give, as "/queue"
    team: str = ""


Viewer = Visitor | Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class WebButton:
    """A button as a page draws it."""

    label: str
    data: str  # "<token>.<index>"
    url: str = ""  # an http(s) address: drawn as a link, nothing comes back
    style: Literal["", "quiet", "yes", "no", "primary", "plain", "person"] = ""  # "" is a pill


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFile:
    """A stored attachment as a page shows it."""

    kind: Literal["photo", "document"]
    file_name: str
    size: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebMessage:
    """One thing said or done, as its viewer may see it. A later `rev` of the same id replaces the earlier one."""

    id: str
    rev: int
    order: str  # where it stands in the talk; never changes, and sorts as text
    author: Author
    at: datetime
    name: str = ""
    text: str = ""
    titled: bool = False
    kind: str = "message"  # message, reply, agent, note, press, event, campaign, card
    event: str = ""  # what happened, for an event: opened, claimed, resolved …; the text is then a colleague's name
    thread: str = ""  # in the own talk: the thread that the bot's words are about
    prompt: str = ""  # a quiet question beside the buttons
    source: str | None = None  # the title of the article that the answer came from
    sure: float | None = None  # how sure the bot was, for the desk
    asked: bool = False  # a question that the matcher looked at, for the desk: it can be explained and taught
    buttons: tuple[tuple[WebButton, ...], ...] = ()
    pressed: int | None = None
    state: str | None = None  # sent, queued, in_flight, in_doubt, failed
    attachment: WebFile | None = None
    client_id: str | None = None  # the id that the viewer's own page gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whose turn it is in a customer's conversation, for the bar above it."""

    owner: Literal["bot", "queue", "agent"] = "bot"
    number: int | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebThread:
    """One line of the desk's list."""

    id: str
    group: Literal["bot", "queue", "mine", "others", "done", "campaigns"]
    title: str
    preview: str = ""
    number: int | None = None
    subject: str = ""
    channel: str = ""
    language: str = ""
    since: datetime | None = None
    waits: bool = False
    due: datetime | None = None  # when the next reply is promised; None when nothing is promised
    state: str = ""
    unread: bool = False
    overdue: bool = False
    assignee: str = ""
    actions: tuple[str, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """The bytes of an attachment."""

    file_name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the process can work: the database, and each channel's own word."""

    database: bool
    channels: Mapping[str, bool]

    @property
    def ready(self) -> bool:
        """Ready means that messages can be kept; a channel that is down delays but loses nothing."""
        return self.database


class House(Protocol):
    """The rest of the house, as the web sees it. Every read decides for itself what this viewer may see."""

    async def shop(self) -> Shop:
        """The shop's facts for the pages."""

    async def health(self) -> Health:
        """Ask the database and the channels."""

    async def visitor(self, token: str | None) -> Visitor:
        """The visitor of this cookie, or a new one. Writes nothing: a visitor is recorded with the first message."""

    async def follow_link(self, visitor: Visitor, token: str, language: str) -> bool:
        """Let this visitor go on as the customer who asked for a one-time link elsewhere; False when it is no good."""

    async def log_in(self, visitor: Visitor, token: str, language: str) -> Visitor | None:
        """Let the visitor be whom the shop's own site has signed: the same one, another when this one is somebody else.

        None when the token is no good.
        """

    async def staff(self, token: str | None) -> Staff | None:
        """The staff member of this session, or None when it is unknown, ended or revoked."""

    async def enter(self, invite: str, language: str) -> str | None:
        """Use up a one-time link and begin a session: its token, or None when the link is used, late or unknown."""

    async def leave(self, token: str) -> None:
        """End this session."""

    async def standing(self, visitor: Visitor) -> Standing:
        """Whose turn it is in this visitor's conversation."""

    async def messages(self, viewer: Viewer, thread: str, after: int, limit: int) -> Sequence[WebMessage]:
        """What changed past the cursor, by rising rev; past 0 the newest `limit` by their times. Raises NotHere.

        Past the highest rev of a batch is only what changed later, even where older words were left out.
        """

    async def threads(self, staff: Staff) -> Sequence[WebThread]:
        """The staff member's list: the own talk with the bot, queue, tickets, campaigns."""

    async def save_file(self, viewer: Viewer, file_name: str, mime: str, data: bytes) -> str:
        """Keep an uploaded file and return its reference "file:<id>". Raises FileRefused."""

    async def own_file(self, viewer: Viewer, file_id: str) -> WebFile:
        """What is known of a file that this viewer uploaded and may send. Raises NotHere."""

    async def open_file(self, viewer: Viewer, file_id: str) -> StoredFile:
        """The bytes of a file that this viewer may see. Raises NotHere."""

    def listen(self, viewer: Viewer) -> AbstractContextManager[Listener]:
        """A listener that wakes when something new may be there for this viewer."""
