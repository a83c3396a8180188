"""What waits: the inbox, the outbox, the links to delivered copies, and the leases of those who empty them."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class InboxState(StrEnum):
    """Where a raw update stands."""

    RECEIVED = "received"
    DONE = "done"
    SET_ASIDE = "set_aside"  # failed three times or cannot be decoded; kept for the operator


class Inbox(Base):
    """One raw update, sealed; emptied when its turn is done."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index("ix_inbox_waiting", "state", "channel", "sender", "id"),
    )
    id: Mapped[Id]
    channel: Mapped[Name]
    external_id: Mapped[Name]
    sender: Mapped[Name]  # one sender's updates are answered in order
    raw: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    error: Mapped[Name | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]


class Lane(IntEnum):
    """Who goes first; order holds within a chat and lane."""

    AGENT = 1
    REPLY = 2
    COPY = 3
    FOLLOW_UP = 4
    CAMPAIGN = 5


class OutboxState(StrEnum):
    """Where a delivery stands; see docs/promises.md."""

    QUEUED = "queued"
    IN_FLIGHT = "in_flight"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


SETTLED = (OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED, OutboxState.EXPIRED, OutboxState.CANCELLED)


class Outbox(Base):
    """One message to one chat and the only place that knows whether it was delivered."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_heads", "channel", "state", "chat", "lane", "id"),)
    id: Mapped[Id]
    channel: Mapped[Name]
    chat: Mapped[Name]
    thread: Mapped[Word] = mapped_column(default="")  # rows for staff: "ticket:<id>", "campaign:<id>", else ""
    lane: Mapped[int]
    conversation_id: Mapped[int | None] = mapped_column(
        references("conversation.id", ondelete="CASCADE"), index=True
    )  # whose talk it belongs to; None for a group of colleagues
    interaction_id: Mapped[int | None] = mapped_column(
        references("interaction.id", ondelete="CASCADE"), index=True
    )  # the words; None while they are still to be rendered at the claim
    subject: Mapped[Word | None] = mapped_column(
        index=True
    )  # what a row rendered at the claim is about: "card:<ticket>"…
    token: Mapped[Word | None] = mapped_column(unique=True)  # what its buttons carry
    buttons: Mapped[dict[str, Any] | None]  # {"prompt": question above them, "rows": rows of {"label", "act", "args"}}
    pressed: Mapped[int | None]  # the index of the button that was pressed
    state: Mapped[Word]
    reason: Mapped[Word | None]
    attempts: Mapped[int] = mapped_column(default=0)  # how often a request may have left
    failures: Mapped[int] = mapped_column(default=0)  # how often it surely did not leave
    epoch: Mapped[int] = mapped_column(default=0)  # the lease under which it was claimed
    not_before: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class MessageLink(Base):
    """Which delivered copy on a channel belongs to which outbox row, and so to which interaction and ticket."""

    __tablename__ = "message_link"
    channel: Mapped[Name] = mapped_column(primary_key=True)
    chat: Mapped[Name] = mapped_column(primary_key=True)
    message_id: Mapped[Name] = mapped_column(primary_key=True)
    outbox_id: Mapped[int] = mapped_column(references("outbox.id", ondelete="CASCADE"), index=True)


class Lease(Base):
    """Who polls or sends for a bot just now; the epoch fences off whoever held it before."""

    __tablename__ = "lease"
    name: Mapped[Name] = mapped_column(primary_key=True)
    holder: Mapped[Name]  # host:pid:start
    epoch: Mapped[int]
    expires_at: Mapped[datetime]
