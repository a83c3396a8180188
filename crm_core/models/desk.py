"""Tickets and what happened to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references


class TicketState(StrEnum):
    """The category of a ticket's state; names may be customised, the category drives logic."""

    OPEN = "open"  # in the queue, or with an agent who owes an answer
    WAITING = "waiting"  # the customer's turn
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    CLOSED = "closed"


ACTIVE = (TicketState.OPEN, TicketState.WAITING, TicketState.SNOOZED)


class Ticket(Base):
    """A question that a person takes care of. `current_of` is the conversation while it is the current one."""

    __tablename__ = "ticket"
    __table_args__ = (Index("ix_ticket_queue", "state", "assignee_id", "opened_at"),)
    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    conversation_id: Mapped[int] = mapped_column(references("conversation.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    current_of: Mapped[int | None] = mapped_column(unique=True)
    first_interaction_id: Mapped[int]
    state: Mapped[Word]
    team: Mapped[Word] = mapped_column(default="")  # whose queue it waits in; "": everybody's
    assignee_id: Mapped[int | None] = mapped_column(references("staff.id"))
    reason: Mapped[Word]  # why it was opened: asked_for_person, weak, not_helped …
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]  # since when the customer waits for us; None when it is their turn
    alerted_at: Mapped[datetime | None]  # when the staff were last reminded that nobody claimed it
    told_at: Mapped[datetime | None]  # when the customer was told once that it takes longer
    resolved_at: Mapped[datetime | None] = mapped_column(index=True)
    rating: Mapped[int | None]  # 1 to 5

    @property
    def active(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in ACTIVE


class TicketEvent(Base):
    """One thing that happened to a ticket; the ticket's state is the fold of these."""

    __tablename__ = "ticket_event"
    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(references("ticket.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Word]  # opened, claimed, handed_on, answered, wrote, resolved, reopened, rated, alerted
    staff_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Sequence(Base):
    """The next number of a numbered thing."""

    __tablename__ = "sequence"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[int]


class Meta(Base):
    """Facts about this shop's installation: which key sealed it, whether the sample was loaded."""

    __tablename__ = "meta"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[Name]


class ImportRun(Base):
    """One file of customers, orders or messages on its way in: how far it came, so that it can go on from there."""

    __tablename__ = "import_run"
    id: Mapped[Id]
    kind: Mapped[Word]  # "customers", "orders", "history"
    digest: Mapped[Name] = mapped_column(unique=True)  # of the file's bytes and of how it is to be read
    cursor: Mapped[int]  # rows of the file that are done
    total: Mapped[int]
    counts: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
