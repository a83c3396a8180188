"""What trust rests on: keys, secrets, erasures, approvals by a second person, and the chained audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.models.base import Base, Id, Name, Word, references
from crm_core.storage.types import Sealed


class DataKey(Base):
    """A key of the house ("house", "index"), wrapped by the master key: changing the master leaves what it sealed."""

    __tablename__ = "data_key"
    name: Mapped[Word] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(Sealed)
    created_at: Mapped[datetime]


class Rekeying(Base):
    """One change of the master key: how far the keys under it are wrapped anew, so that it can go on from there."""

    __tablename__ = "rekeying"
    id: Mapped[Id]
    before: Mapped[Word]  # fingerprint of the master key that goes
    after: Mapped[Word]  # and of the one that comes
    cursor: Mapped[int]  # the last customer whose key is wrapped anew
    count: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Secret(Base):
    """A secret of the installation (the bot's token), sealed under the house key."""

    __tablename__ = "secret"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(Sealed)
    changed_at: Mapped[datetime]


class ConsentText(Base):
    """One version of the words by which somebody was asked for consent, kept as they were shown."""

    __tablename__ = "consent_text"
    digest: Mapped[Name] = mapped_column(primary_key=True)  # SHA-256 of language and words
    language: Mapped[Word]
    words: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime]


class Erasure(Base):
    """One person to be forgotten, and how far that is; the tombstone beside the key file outlives this row."""

    __tablename__ = "erasure"
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(unique=True)
    asked_by: Mapped[int | None]  # staff; None: the customer, the command line, or a tombstone
    source: Mapped[Word]  # "customer", "staff", "command", "tombstone"
    asked_at: Mapped[datetime]
    counts: Mapped[dict[str, Any]]  # table -> rows cleared
    finished_at: Mapped[datetime | None] = mapped_column(index=True)


class InteractionAbout(Base):
    """Whom something said in staff's own talk names: it is emptied when they are erased."""

    __tablename__ = "interaction_about"
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    interaction_id: Mapped[int] = mapped_column(
        references("interaction.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class Approval(Base):
    """An act that needs a second person: who asked for what, and who decided; they hold no personal data and stay."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_waiting", "decided_at", "expires_at"),)
    id: Mapped[Id]
    act: Mapped[Word]
    args: Mapped[dict[str, Any]]  # ids and choices, never personal data
    asked_by: Mapped[int]  # staff
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_by: Mapped[int | None]  # staff, never who asked
    decided_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    done_at: Mapped[datetime | None]


class AuditEntry(Base):
    """One privileged act or look at personal data; append-only, by triggers too."""

    __tablename__ = "audit_entry"
    id: Mapped[Id]
    staff_id: Mapped[int | None]  # None: the command line
    act: Mapped[Word]
    subject: Mapped[Name]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class AuditLink(Base):
    """One link of the audit chain; the links of entries whose time is over stay. Append-only, by triggers too."""

    __tablename__ = "audit_link"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 … without a gap
    entry_id: Mapped[int] = mapped_column(unique=True)
    entry_hash: Mapped[Name]  # SHA-256 of the entry
    hash: Mapped[Name]  # SHA-256 of the hash before, the number and the entry's
    at: Mapped[datetime]
