"""Who we know: customers and their identities, staff, invites, sessions and consent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class Role(StrEnum):
    """What somebody may do is decided by this word in `crm_core.rules.access`."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MARKETER = "marketer"
    ADMIN = "admin"


STAFF_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.MARKETER, Role.ADMIN)
DESK_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)  # those who work tickets


class Purpose(StrEnum):
    """What a consent is for."""

    MARKETING = "marketing"


class Customer(Base):
    """A person we serve. Name, e-mail and phone are sealed under the customer's own key."""

    __tablename__ = "customer"
    id: Mapped[Id]
    key: Mapped[bytes | None] = mapped_column(Sealed)  # wrapped by the master key; None once erased
    name: Mapped[bytes | None] = mapped_column(Sealed)
    email: Mapped[bytes | None] = mapped_column(Sealed)
    email_blind: Mapped[Word | None] = mapped_column(index=True)
    phone: Mapped[bytes | None] = mapped_column(Sealed)
    phone_blind: Mapped[Word | None] = mapped_column(index=True)
    language: Mapped[Word]
    source: Mapped[Word]  # "chat", "import" or "sample"
    created_at: Mapped[datetime] = mapped_column(index=True)


class CustomerTag(Base):
    """A word that somebody pinned on a customer."""

    __tablename__ = "customer_tag"
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[Word] = mapped_column(primary_key=True)


class Staff(Base):
    """A colleague. Their name is shown to customers and is not sealed."""

    __tablename__ = "staff"
    id: Mapped[Id]
    name: Mapped[Name]
    role: Mapped[Word]
    hand_ticket_id: Mapped[int | None]  # the ticket in hand in a private chat
    hand_at: Mapped[datetime | None]  # when they last took or used it
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Identity(Base):
    """One address of a customer or a staff member on one channel, never both."""

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        CheckConstraint("customer_id IS NULL OR staff_id IS NULL", name="one_owner"),
    )
    id: Mapped[Id]
    channel: Mapped[Name]
    external_id: Mapped[Name]
    chat: Mapped[Name]  # where their private messages go
    customer_id: Mapped[int | None] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None] = mapped_column(references("staff.id", ondelete="CASCADE"), index=True)
    language: Mapped[Word]
    created_at: Mapped[datetime]
    unreachable_at: Mapped[datetime | None]  # the channel said 403: blocked us or gone
    blocked_at: Mapped[datetime | None]  # we blocked them; the row is kept


class Invite(Base):
    """A one-time way to become staff, or for a colleague to come in by another account; only its hash is stored."""

    __tablename__ = "invite"
    id: Mapped[Id]
    token_hash: Mapped[Name] = mapped_column(unique=True)
    role: Mapped[Word]
    name: Mapped[Name]
    staff_id: Mapped[int | None] = mapped_column(references("staff.id", ondelete="CASCADE"))  # who is known already
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None]  # identity


class WebSession(Base):
    """A browser that may speak for an identity; only the hash of its cookie is stored."""

    __tablename__ = "web_session"
    id: Mapped[Id]
    token_hash: Mapped[Name] = mapped_column(unique=True)
    identity_id: Mapped[int] = mapped_column(references("identity.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Consent(Base):
    """A yes or a no to a purpose; append-only, the newest row counts."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_newest", "customer_id", "purpose", "id"),)
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"))
    purpose: Mapped[Word]
    granted: Mapped[bool]
    source: Mapped[Word]  # how it was given: a command, a button, an import, the sample
    at: Mapped[datetime]
