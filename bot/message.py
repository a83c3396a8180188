"""What crosses the counter, on any channel: Incoming, Reply, Button, Attachment, and the Delivery a courier carries."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ATTACHMENT_KINDS = ("photo", "document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A photo or a document; the bytes stay with whoever `ref` points to until somebody asks for them."""

    kind: Literal["photo", "document"]
    ref: str  # the channel's own reference: a Telegram file_id, or "file:<id>" for bytes that we keep ourselves
    file_name: str = ""
    mime: str = ""
    size: int = 0  # bytes, 0 when the channel did not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a person did on a channel, decoded from one raw update."""

    channel: str  # "memory", "webchat", "telegram:<bot id>"
    external_id: str  # unique on that channel; together they are the inbox key
    sender: str  # the sender's address on the channel: a Telegram user id, a web visitor's id
    chat: str  # where an answer goes; the sender again in a private chat
    thread: str = ""  # for staff: where it was written ("ticket:<id>", "campaign:<id>"); "" is the talk with the bot
    text: str = ""  # the words, or the caption of an attachment
    press: str = ""  # "<token>.<index>" of the pressed button; "" when nothing was pressed
    press_id: str = ""  # what the channel wants back to stop the button's spinner
    attachment: Attachment | None = None
    phone: str = ""  # the sender's own number, when the update shares it and the channel vouches that it is theirs
    unsupported: str = ""  # the kind of media that we do not take ("sticker", "voice"), else ""
    message_id: str = ""  # the channel's id of this message, unique within the chat
    reply_to: str = ""  # the channel's id of the message that this one answers
    reachable: bool | None = None  # set when the update only says that the person blocked (False) or unblocked us
    new_chat: str = ""  # set when the update only says that this group has a new id
    language: str = ""  # what the sender's app speaks, as a hint ("en", "zh-hans")
    name: str = ""  # how the sender calls themselves
    sent_at: datetime | None = None  # aware; None when the channel does not say
    group: bool = False  # written in a group of colleagues, not in a private chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button under a reply: its label for people, its act and arguments for the counter."""

    label: str
    act: str = ""  # a name of `crm_core.rules.access.ACTS`; "" for a link
    args: dict[str, Any] = field(default_factory=dict)  # ids and numbers only: never words of a person
    url: str = ""  # an http(s) address that opens instead of an act


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handler wants said; the counter turns it into an interaction and an outbox row."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()  # rows of buttons
    prompt: str = ""  # a quiet question above the buttons ("Did this help?")
    titled: bool = False  # the first line is a title and shown bold
    article: str = ""  # the id of the article that these words come from
    attachment: Attachment | None = None  # a file of ours that goes with the text as its caption: `Turn.keep`


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button as a channel draws it: the label and the opaque data that comes back when it is pressed."""

    label: str
    data: str  # at most 64 bytes, Telegram's limit
    url: str = ""  # opens this address instead; nothing comes back then


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that the courier hands to a channel."""

    outbox_id: int
    chat: str
    text: str
    titled: bool = False  # the first line is bold
    keys: tuple[tuple[Key, ...], ...] = ()
    attachment: Attachment | None = None  # goes with the text as its caption
    edits: str = ""  # the channel's id of the message to edit in place; "" sends a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a channel says of a delivered message."""

    message_id: str
    file_ref: str = ""  # the channel's reference of an uploaded file, so that the next copy needs no upload
