"""Who we know: customers and all that is on their record, their identities, staff, invites, sessions and consent."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Double, Index, Text, UniqueConstraint, text
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


class Stage(StrEnum):
    """Where a relationship stands; moved by `crm_core.rules.lifecycle`, never by hand."""

    LEAD = "lead"  # has bought nothing yet
    ACTIVE = "active"
    AT_RISK = "at_risk"  # is quieter than they used to be
    LOST = "lost"
    WON_BACK = "won_back"  # bought again after having been lost


class Customer(Base):
    """A person we serve. What names or reaches them is sealed under their own key, here and in `Contact`."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_stage", "stage"),
        Index("ix_customer_company", "company"),
        # Only of those who were merged away: SQLite would take it to find all the others, one after the other.
        Index(
            "ix_customer_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )
    id: Mapped[Id]
    number: Mapped[int | None] = mapped_column(unique=True)  # what people say and write
    key: Mapped[bytes | None] = mapped_column(Sealed)  # wrapped by the master key; None once erased
    name: Mapped[bytes | None] = mapped_column(Sealed)  # what we call them; further names are contacts
    named: Mapped[int] = mapped_column(default=0)  # which edition of `rules.names` made their name tokens, 0: none yet
    birthday: Mapped[bytes | None] = mapped_column(Sealed)
    birth_day: Mapped[Word | None]  # "03-27" in clear, so that segments can ask who has a birthday soon
    company: Mapped[Name | None]
    language: Mapped[Word]
    time_zone: Mapped[Name | None]
    stage: Mapped[Word] = mapped_column(default=Stage.LEAD)  # how it came to that is `StageChange`
    owner_id: Mapped[int | None] = mapped_column(references("staff.id"), index=True)
    source: Mapped[Word]  # "chat", "import" or "sample"
    created_at: Mapped[datetime] = mapped_column(index=True)
    merged_into: Mapped[int | None] = mapped_column(references("customer.id"))  # who they turned out to be
    erased_at: Mapped[datetime | None]


class ContactKind(StrEnum):
    """What a contact is."""

    NAME = "name"  # a further name: a maiden name, the same name in other letters
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"


class Contact(Base):
    """One way to reach or call a customer, sealed; exact e-mails and phones are found by their blind index."""

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_blind", "blind", "kind"),)
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Word]
    value: Mapped[bytes] = mapped_column(Sealed)
    blind: Mapped[Word | None]  # of the normal form (`rules.contacts`)
    label: Mapped[Word] = mapped_column(default="")  # "home", "work"
    main: Mapped[bool] = mapped_column(default=False)  # the one to use, of its kind
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class NameToken(Base):
    """A keyed hash of one way to write one of a customer's names (`rules.names`), by which they are found again."""

    __tablename__ = "name_token"
    __table_args__ = ({"sqlite_with_rowid": False},)
    token: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(
        references("customer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class AttributeKind(StrEnum):
    """What kind of value an attribute takes."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"


class Attribute(Base):
    """A field of the customer's record that the operator defined."""

    __tablename__ = "attribute"
    id: Mapped[Id]
    key: Mapped[Word] = mapped_column(unique=True)  # a lower-case word, as segments and files write it
    kind: Mapped[Word]
    labels: Mapped[dict[str, Any]]  # language -> what people read
    choices: Mapped[list[Any]]  # of a choice
    personal: Mapped[bool]  # sealed, and no segment may ask for it
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class AttributeValue(Base):
    """What one customer has in one attribute: a text (dates as 2026-03-01, "yes" or "no"), a number, or sealed."""

    __tablename__ = "attribute_value"
    __table_args__ = (
        Index("ix_attribute_value_text", "attribute_id", "text"),
        Index("ix_attribute_value_number", "attribute_id", "number"),
    )
    customer_id: Mapped[int] = mapped_column(
        references("customer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    attribute_id: Mapped[int] = mapped_column(
        references("attribute.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    text: Mapped[Name | None]
    number: Mapped[float | None] = mapped_column(Double)
    sealed: Mapped[bytes | None] = mapped_column(Sealed)
    at: Mapped[datetime]


class CustomerNote(Base):
    """What staff wrote down about a customer, sealed; notes on a ticket are interactions."""

    __tablename__ = "customer_note"
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None]
    body: Mapped[bytes] = mapped_column(Sealed)
    at: Mapped[datetime]


class CustomerChange(Base):
    """One field of the record changed, by whom, from what to what; append-only, the values sealed."""

    __tablename__ = "customer_change"
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    field: Mapped[Name]  # "name", "email", "tag", "attribute:size"
    before: Mapped[bytes | None] = mapped_column(Sealed)
    after: Mapped[bytes | None] = mapped_column(Sealed)
    staff_id: Mapped[int | None]
    source: Mapped[Word]  # "chat", "desk", "import", "merge"
    at: Mapped[datetime]


class StageChange(Base):
    """One movement of a customer's stage, and why; append-only."""

    __tablename__ = "stage_change"
    __table_args__ = (Index("ix_stage_change_customer_id", "customer_id", "id"), Index("ix_stage_change_at", "at"))
    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"))
    before: Mapped[Word]
    after: Mapped[Word]
    reason: Mapped[Word]  # as `crm_core.rules.lifecycle.Standing` says it: first_order, quiet, long_gone …
    at: Mapped[datetime]


class RfmScore(Base):
    """Recency, frequency and money of one customer, 1 (least) to 5 among all; reckoned anew now and then."""

    __tablename__ = "rfm_score"
    customer_id: Mapped[int] = mapped_column(
        references("customer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    recency: Mapped[int]
    frequency: Mapped[int]
    money: Mapped[int]
    at: Mapped[datetime]


class Merge(Base):
    """Two records that turned out to be one person: what moved, so that it can be moved back for 30 days."""

    __tablename__ = "merge"
    id: Mapped[Id]
    kept_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    merged_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    proof: Mapped[Word]  # "link", "phone", "login" or "person"
    staff_id: Mapped[int | None]
    moved: Mapped[dict[str, Any]]  # table -> ids of the rows that changed hands, and what they were before
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None]


class MergeSuggestion(Base):
    """Two records that may be one person, for somebody to decide; `first_id` is the lower id."""

    __tablename__ = "merge_suggestion"
    __table_args__ = (UniqueConstraint("first_id", "second_id"),)
    id: Mapped[Id]
    first_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"))
    second_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), index=True)
    reason: Mapped[Word]  # "phone", "order"
    at: Mapped[datetime]
    decided_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[int | None]
    accepted: Mapped[bool | None]


class IdentityLink(Base):
    """A one-time way to go on elsewhere as the same customer; only its hash is stored."""

    __tablename__ = "identity_link"
    id: Mapped[Id]
    token_hash: Mapped[Name] = mapped_column(unique=True)
    identity_id: Mapped[int] = mapped_column(references("identity.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None]  # identity


class UsedNonce(Base):
    """A signed login that was used: never again. Rows live until the login would have expired anyway."""

    __tablename__ = "used_nonce"
    nonce_hash: Mapped[Name] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Segment(Base):
    """A saved question about customers, in the segment language."""

    __tablename__ = "segment"
    id: Mapped[Id]
    name: Mapped[Word] = mapped_column(unique=True)
    text: Mapped[str] = mapped_column(Text)
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class CustomerTag(Base):
    """A word that somebody pinned on a customer."""

    __tablename__ = "customer_tag"
    __table_args__ = (Index("ix_customer_tag_tag", "tag", "customer_id"),)
    customer_id: Mapped[int] = mapped_column(references("customer.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[Word] = mapped_column(primary_key=True)


class Staff(Base):
    """A colleague. Their name is shown to customers and is not sealed."""

    __tablename__ = "staff"
    id: Mapped[Id]
    name: Mapped[Name]
    role: Mapped[Word]
    team: Mapped[Word] = mapped_column(default="")
    pin_hash: Mapped[Name | None]  # argon2id
    pin_failures: Mapped[int] = mapped_column(default=0)  # since the last right one
    pin_locked_until: Mapped[datetime | None]
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
    proof: Mapped[Word | None]  # how we know whose it is, beyond writing to us: "link", "login", "phone"
    proven_at: Mapped[datetime | None]


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
    channel: Mapped[Name | None]  # where it was given …
    interaction_id: Mapped[int | None]  # … by which of the customer's words …
    text_digest: Mapped[Name | None]  # … to which words of ours (`ConsentText`)
    staff_id: Mapped[int | None]  # who entered it for them
    at: Mapped[datetime]
