"""Campaigns, their recipients, and follow-ups."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Word, references


class CampaignState(StrEnum):
    """Where a campaign stands."""

    APPROVING = "approving"  # so many would get it that a second person has to agree first
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class Campaign(Base):
    """A message to many customers; rows, not a timer, say what is still to do."""

    __tablename__ = "campaign"
    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    texts: Mapped[dict[str, Any]]  # language -> text
    audience: Mapped[str] = mapped_column(Text)  # "all", "language:zh", "tag:tea"
    state: Mapped[Word] = mapped_column(index=True)
    created_by: Mapped[int | None]  # staff; None from the command line
    created_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # rows that still wait then are not sent any more
    cursor: Mapped[int] = mapped_column(default=0)  # the last customer materialised
    materialised_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    reason: Mapped[Word | None]  # why it was paused


class CampaignRecipient(Base):
    """One customer of one campaign: excluded with a reason, or with an outbox row that knows the rest."""

    __tablename__ = "campaign_recipient"
    __table_args__ = (
        UniqueConstraint("campaign_id", "customer_id"),
        UniqueConstraint("campaign_id", "identity_id"),
        Index("ix_campaign_recipient_feed", "campaign_id", "outbox_id", "excluded"),
    )
    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(references("campaign.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    identity_id: Mapped[int | None]
    language: Mapped[Word]
    excluded: Mapped[Word | None]
    outbox_id: Mapped[int | None] = mapped_column(unique=True)


class FollowUp(Base):
    """One follow-up to one customer: each kind once per person, ever."""

    __tablename__ = "follow_up"
    __table_args__ = (UniqueConstraint("kind", "customer_id"),)
    id: Mapped[Id]
    kind: Mapped[Word]  # after_resolved, after_first_contact
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"))
    excluded: Mapped[Word | None]
    outbox_id: Mapped[int | None] = mapped_column(unique=True)
    at: Mapped[datetime]
