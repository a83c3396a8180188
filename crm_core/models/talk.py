"""What was said and done: conversations, interactions, attachments and dialogues."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class Kind(StrEnum):
    """What an interaction is."""

    MESSAGE = "message"  # a customer's words
    PRESS = "press"  # a button that somebody pressed; the body is its label
    REPLY = "reply"  # the bot's words
    AGENT = "agent"  # an agent's words to the customer
    NOTE = "note"  # staff's words that the customer never sees
    COMMAND = "command"  # a staff member's words to the bot
    EVENT = "event"  # something that happened to a ticket; reason is its key
    CAMPAIGN = "campaign"
    FOLLOW_UP = "follow_up"


TO_CUSTOMER = (Kind.REPLY, Kind.AGENT, Kind.CAMPAIGN, Kind.FOLLOW_UP)


class Conversation(Base):
    """The lasting talk with one identity. Every turn moves `version`; every visible change moves `last_rev`."""

    __tablename__ = "conversation"
    id: Mapped[Id]
    identity_id: Mapped[int] = mapped_column(references("identity.id", ondelete="CASCADE"), unique=True)
    customer_id: Mapped[int | None] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    version: Mapped[int] = mapped_column(default=0)
    last_rev: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(index=True)
    last_in_at: Mapped[datetime | None]

    def next_rev(self) -> int:
        """Count one visible change."""
        self.last_rev += 1
        return self.last_rev


class Interaction(Base):
    """One thing said or done; it holds the words, sealed under the customer's key (staff's own: the house key)."""

    __tablename__ = "interaction"
    __table_args__ = (Index("ix_interaction_rev", "conversation_id", "rev"),)
    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(references("conversation.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None]
    rev: Mapped[int]
    kind: Mapped[Word]
    body: Mapped[bytes] = mapped_column(Sealed)
    titled: Mapped[bool] = mapped_column(default=False)
    source_key: Mapped[Name | None] = mapped_column(unique=True)  # the inbox key it came from: recorded once, ever
    thread: Mapped[Word] = mapped_column(default="")
    staff_id: Mapped[int | None]
    ticket_id: Mapped[int | None] = mapped_column(index=True)
    article_id: Mapped[Name | None]  # what the bot answered with
    decision: Mapped[Word | None]  # what the matcher said of a question: answer, suggest, escalate
    confidence: Mapped[float | None]
    reason: Mapped[Word | None]  # why it decided so, or what happened (events)
    helped: Mapped[bool | None]  # the customer's word on an answer
    at: Mapped[datetime] = mapped_column(index=True)


class Attachment(Base):
    """A photo or document of an interaction; the bytes are the channel's, or ours under `ref` "file:<id>"."""

    __tablename__ = "attachment"
    id: Mapped[Id]
    interaction_id: Mapped[int] = mapped_column(references("interaction.id", ondelete="CASCADE"), index=True)
    channel: Mapped[Name]
    ref: Mapped[Name]
    kind: Mapped[Word]
    file_name: Mapped[bytes] = mapped_column(Sealed)
    mime: Mapped[Name]
    size: Mapped[int]


class StoredFile(Base):
    """A file that we keep ourselves: sealed bytes under the files folder, named by this id."""

    __tablename__ = "stored_file"
    id: Mapped[Id]
    identity_id: Mapped[int] = mapped_column(references("identity.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(references("customer.id", ondelete="CASCADE"))
    file_name: Mapped[bytes] = mapped_column(Sealed)
    kind: Mapped[Word]
    mime: Mapped[Name]
    size: Mapped[int]
    created_at: Mapped[datetime]


ORDER_DIALOGUE = "order"  # people may leave this kind by asking something else: their words are matched all the same


class Dialogue(Base):
    """Where a many-step dialogue stands in one conversation."""

    __tablename__ = "dialogue"
    conversation_id: Mapped[int] = mapped_column(
        references("conversation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[Word]
    step: Mapped[Word]
    answers: Mapped[dict[str, Any]]  # ids, choices and campaign texts; a person's words are held as interaction ids
    updated_at: Mapped[datetime]
