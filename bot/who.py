"""Who is speaking and whose turn it is, for many incomings with one statement per channel."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from bot.message import Incoming
from crm_core.models import Conversation, Customer, Dialogue, Identity, Staff, Ticket
from crm_core.work import Work

Address = tuple[str, str]  # channel, sender


@dataclass(slots=True, kw_only=True)
class Known:
    """What the records hold about one sender, as objects of the work's session."""

    identity: Identity
    conversation: Conversation
    customer: Customer | None
    staff: Staff | None
    ticket: Ticket | None
    dialogue: Dialogue | None


async def know(work: Work, incomings: Iterable[Incoming]) -> dict[Address, Known]:
    """Everything a turn needs to know about its sender; senders we never met are absent."""
    known = {}
    for channel, senders in _by_channel(incomings).items():
        statement = (
            select(Identity, Conversation, Customer, Staff, Ticket, Dialogue)
            .join(Conversation, Conversation.identity_id == Identity.id)
            .outerjoin(Customer, Customer.id == Identity.customer_id)
            .outerjoin(Staff, Staff.id == Identity.staff_id)
            .outerjoin(Ticket, Ticket.current_of == Conversation.id)
            .outerjoin(Dialogue, Dialogue.conversation_id == Conversation.id)
            .where(Identity.channel == channel, Identity.external_id.in_(senders))
            .with_for_update(of=Conversation)
        )
        for row in (await work.session.execute(statement)).all():
            found = Known(
                identity=row[0], conversation=row[1], customer=row[2], staff=row[3], ticket=row[4], dialogue=row[5]
            )
            if found.customer is not None:
                work.remember(found.customer)
            known[channel, found.identity.external_id] = found
    return known


@dataclass(frozen=True, slots=True)
class Glimpse:
    """As much as must be known before matching: the language, and whether the bot has the turn."""

    language: str
    bots_turn: bool


async def glimpse(work: Work, incomings: Iterable[Incoming]) -> dict[Address, Glimpse]:
    """Whose turn it is for each known sender, read without objects or locks."""
    seen = {}
    for channel, senders in _by_channel(incomings).items():
        statement = (
            select(Identity.external_id, Identity.language, Identity.staff_id, Ticket.id, Dialogue.kind)
            .join(Conversation, Conversation.identity_id == Identity.id)
            .outerjoin(Ticket, Ticket.current_of == Conversation.id)
            .outerjoin(Dialogue, Dialogue.conversation_id == Conversation.id)
            .where(Identity.channel == channel, Identity.external_id.in_(senders))
        )
        for sender, language, staff_id, ticket_id, dialogue in (await work.session.execute(statement)).all():
            seen[channel, sender] = Glimpse(language, staff_id is None and ticket_id is None and dialogue is None)
    return seen


def _by_channel(incomings: Iterable[Incoming]) -> dict[str, list[str]]:
    senders: dict[str, list[str]] = defaultdict(list)
    for incoming in incomings:
        senders[incoming.channel].append(incoming.sender)
    return senders
