"""What belongs to one person in every table: the one list by which they are exported and erased."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from crm_core.merging import parts_of
from crm_core.models import (
    Attachment,
    AttributeValue,
    Base,
    CampaignRecipient,
    Consent,
    Contact,
    ContactKind,
    Conversation,
    Customer,
    CustomerChange,
    CustomerNote,
    CustomerTag,
    Dialogue,
    Erasure,
    FollowUp,
    GapQuestion,
    Identity,
    IdentityLink,
    Inbox,
    InboxState,
    Interaction,
    InteractionAbout,
    Judgement,
    Merge,
    MergeSuggestion,
    MessageLink,
    NameToken,
    Order,
    OrderApart,
    OrderEvent,
    OrderLine,
    Outbox,
    Payment,
    Proposal,
    RfmScore,
    StageChange,
    StoredFile,
    Ticket,
    TicketEvent,
    WebSession,
)
from crm_core.work import Work

# What holds nothing of a customer, or only words that a colleague has read and made the shop's own.
NOBODYS: Final = frozenset({
    "approval", "article", "article_version", "attribute", "audit_entry", "audit_link", "campaign", "consent_text",
    "data_key", "gap", "import_run", "invite", "lease", "meta", "rekeying", "secret", "segment", "sequence", "staff",
    "synonym_group", "used_nonce",
})  # fmt: skip


class Fate(StrEnum):
    """What becomes of a person's rows when they are erased."""

    DELETED = "deleted"
    EMPTIED = "emptied"  # the row stays as a figure, what says anything of the person is cleared
    KEPT = "kept"  # says nothing of the person once the others are cleared


@dataclass(frozen=True, slots=True)
class Person:
    """One person: the ids of all records that their history stands in."""

    ids: tuple[int, ...]

    @property
    def identities(self) -> Select[int]:
        """Their addresses."""
        return select(Identity.id).where(Identity.customer_id.in_(self.ids))

    @property
    def conversations(self) -> Select[int]:
        """Their talks."""
        return select(Conversation.id).where(Conversation.customer_id.in_(self.ids))

    @property
    def interactions(self) -> Select[int]:
        """What was said in their talks."""
        return select(Interaction.id).where(Interaction.conversation_id.in_(self.conversations))

    @property
    def tickets(self) -> Select[int]:
        """Their tickets."""
        return select(Ticket.id).where(Ticket.customer_id.in_(self.ids))

    @property
    def orders(self) -> Select[int]:
        """Their orders."""
        return select(Order.id).where(Order.customer_id.in_(self.ids))

    @property
    def about(self) -> Select[int]:
        """What was said about them in staff's own talk."""
        return select(InteractionAbout.interaction_id).where(InteractionAbout.customer_id.in_(self.ids))


async def person(work: Work, customer_id: int) -> Person:
    """The person whose record this is, with whatever was merged into it."""
    return Person(tuple(await parts_of(work, customer_id)))


async def summary(work: Work, whole: Person) -> dict[str, int]:
    """How much is kept of somebody, in the kinds that they know: messages, files, contacts, notes, orders, tickets."""
    counted = {
        "messages": (Interaction.id, Interaction.conversation_id.in_(whole.conversations) & (Interaction.body != b"")),
        "files": (Attachment.id, Attachment.interaction_id.in_(whole.interactions)),
        "contacts": (Contact.id, Contact.customer_id.in_(whole.ids)),
        "notes": (CustomerNote.id, CustomerNote.customer_id.in_(whole.ids)),
        "orders": (Order.id, Order.customer_id.in_(whole.ids)),
        "tickets": (Ticket.id, Ticket.customer_id.in_(whole.ids)),
    }
    return {
        what: await work.session.scalar(select(func.count(column)).where(theirs)) or 0
        for what, (column, theirs) in counted.items()
    }


Theirs = Callable[[Person], ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of one table that are a person's: which, what becomes of them, and whether the person is given them."""

    table: type[Base]
    theirs: Theirs
    fate: Fate
    empty: Mapping[str, Any] = field(default_factory=dict)  # column -> what it holds once it was emptied
    exported: bool = False

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table.__tablename__)


def _own(column: Any) -> Theirs:
    return lambda one: column.in_(one.ids)


def _said(column: Any) -> Theirs:
    return lambda one: column.in_(one.interactions)


def _came_in(one: Person) -> ColumnElement[bool]:
    """Updates of theirs; what came in and is not answered yet begins a new record."""
    addresses = select(Identity.channel, Identity.external_id).where(Identity.customer_id.in_(one.ids))
    return tuple_(Inbox.channel, Inbox.sender).in_(addresses) & (Inbox.state != InboxState.RECEIVED)


def _apart(one: Person) -> ColumnElement[bool]:
    """Orders kept apart that an e-mail address or a phone number of theirs proves."""

    def blinds(kind: ContactKind) -> Select[Any]:
        return select(Contact.blind).where(
            Contact.customer_id.in_(one.ids), Contact.kind == kind, Contact.blind.is_not(None)
        )

    return or_(
        OrderApart.email_blind.in_(blinds(ContactKind.EMAIL)), OrderApart.phone_blind.in_(blinds(ContactKind.PHONE))
    )


# In this order they are cleared: what is found by something stands before it.
INBOX: Final = Part(table=Inbox, theirs=_came_in, fate=Fate.DELETED)
DELIVERIES: Final = Part(
    table=Outbox,
    theirs=lambda one: Outbox.conversation_id.in_(one.conversations),
    fate=Fate.EMPTIED,
    empty={"chat": "", "buttons": None, "token": None},
    exported=True,
)
FILES: Final = Part(
    table=StoredFile,
    theirs=lambda one: or_(StoredFile.customer_id.in_(one.ids), StoredFile.identity_id.in_(one.identities)),
    fate=Fate.DELETED,
    exported=True,
)
PARTS: Final = (
    INBOX,
    Part(table=OrderApart, theirs=_apart, fate=Fate.DELETED, exported=True),
    Part(
        table=MessageLink,
        theirs=lambda one: MessageLink.outbox_id.in_(
            select(Outbox.id).where(Outbox.conversation_id.in_(one.conversations))
        ),
        fate=Fate.DELETED,
    ),
    DELIVERIES,
    Part(
        table=Attachment,
        theirs=lambda one: or_(
            Attachment.interaction_id.in_(one.interactions), Attachment.interaction_id.in_(one.about)
        ),
        fate=Fate.DELETED,
        exported=True,
    ),
    FILES,
    Part(table=GapQuestion, theirs=_said(GapQuestion.interaction_id), fate=Fate.DELETED),
    Part(
        table=Judgement,
        theirs=lambda one: Judgement.interaction_id.in_(one.interactions) & Judgement.verdict.is_(None),
        fate=Fate.DELETED,
    ),
    Part(
        table=Proposal,
        theirs=lambda one: or_(Proposal.customer_id.in_(one.ids), Proposal.interaction_id.in_(one.interactions)),
        fate=Fate.EMPTIED,
        empty={"title": None, "wording": None, "answer": None},
        exported=True,
    ),
    Part(table=Interaction, theirs=lambda one: Interaction.id.in_(one.about), fate=Fate.EMPTIED, empty={"body": b""}),
    Part(table=InteractionAbout, theirs=_own(InteractionAbout.customer_id), fate=Fate.DELETED),
    Part(
        table=Interaction,
        theirs=lambda one: or_(
            Interaction.conversation_id.in_(one.conversations), Interaction.ticket_id.in_(one.tickets)
        ),
        fate=Fate.EMPTIED,
        empty={"body": b"", "source_key": None},
        exported=True,
    ),
    Part(table=Dialogue, theirs=lambda one: Dialogue.conversation_id.in_(one.conversations), fate=Fate.DELETED),
    Part(table=IdentityLink, theirs=lambda one: IdentityLink.identity_id.in_(one.identities), fate=Fate.DELETED),
    Part(table=WebSession, theirs=lambda one: WebSession.identity_id.in_(one.identities), fate=Fate.DELETED),
    Part(table=Contact, theirs=_own(Contact.customer_id), fate=Fate.DELETED, exported=True),
    Part(table=NameToken, theirs=_own(NameToken.customer_id), fate=Fate.DELETED),
    Part(table=AttributeValue, theirs=_own(AttributeValue.customer_id), fate=Fate.DELETED, exported=True),
    Part(table=CustomerNote, theirs=_own(CustomerNote.customer_id), fate=Fate.DELETED, exported=True),
    Part(table=CustomerChange, theirs=_own(CustomerChange.customer_id), fate=Fate.DELETED, exported=True),
    Part(table=CustomerTag, theirs=_own(CustomerTag.customer_id), fate=Fate.DELETED, exported=True),
    Part(table=RfmScore, theirs=_own(RfmScore.customer_id), fate=Fate.DELETED, exported=True),
    Part(
        table=MergeSuggestion,
        theirs=lambda one: or_(MergeSuggestion.first_id.in_(one.ids), MergeSuggestion.second_id.in_(one.ids)),
        fate=Fate.DELETED,
    ),
    Part(
        table=Merge,
        theirs=lambda one: or_(Merge.kept_id.in_(one.ids), Merge.merged_id.in_(one.ids)),
        fate=Fate.EMPTIED,
        empty={"moved": {}},
    ),
    Part(table=Order, theirs=_own(Order.customer_id), fate=Fate.EMPTIED, empty={"tracking": None}, exported=True),
    Part(table=OrderLine, theirs=lambda one: OrderLine.order_id.in_(one.orders), fate=Fate.KEPT, exported=True),
    Part(table=OrderEvent, theirs=lambda one: OrderEvent.order_id.in_(one.orders), fate=Fate.KEPT, exported=True),
    Part(table=Payment, theirs=lambda one: Payment.order_id.in_(one.orders), fate=Fate.KEPT, exported=True),
    Part(table=Ticket, theirs=_own(Ticket.customer_id), fate=Fate.EMPTIED, empty={"current_of": None}, exported=True),
    Part(table=TicketEvent, theirs=lambda one: TicketEvent.ticket_id.in_(one.tickets), fate=Fate.KEPT, exported=True),
    Part(table=StageChange, theirs=_own(StageChange.customer_id), fate=Fate.KEPT, exported=True),
    Part(table=Consent, theirs=_own(Consent.customer_id), fate=Fate.KEPT, exported=True),
    Part(table=CampaignRecipient, theirs=_own(CampaignRecipient.customer_id), fate=Fate.KEPT, exported=True),
    Part(table=FollowUp, theirs=_own(FollowUp.customer_id), fate=Fate.KEPT, exported=True),
    Part(
        table=Conversation,
        theirs=_own(Conversation.customer_id),
        fate=Fate.KEPT,
        exported=True,
    ),
    Part(
        table=Identity,
        theirs=_own(Identity.customer_id),
        fate=Fate.EMPTIED,
        empty={"chat": "", "proof": None, "proven_at": None},  # and what the channel knows them by
        exported=True,
    ),
    Part(
        table=Customer,
        theirs=_own(Customer.id),
        fate=Fate.EMPTIED,
        empty=dict.fromkeys(("key", "name", "birthday", "birth_day", "company", "time_zone", "owner_id")),
        exported=True,
    ),
    Part(table=Erasure, theirs=_own(Erasure.customer_id), fate=Fate.KEPT),
)
