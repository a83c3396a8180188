"""What the staff's list shows: tickets with their people and the facts beside them, a few statements for all."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from crm_core import orders
from crm_core.models import (
    ACTIVE,
    Consent,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Interaction,
    Kind,
    Staff,
    Ticket,
    TicketState,
)
from crm_core.work import Work

LISTED = 200  # tickets that a list shows at most
LATELY = timedelta(hours=1)  # how long a resolved ticket stays in the list of whoever resolved it
_PREVIEWED = (Kind.MESSAGE, Kind.AGENT)
_TRIED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket of the list with the people around it."""

    ticket: Ticket
    identity: Identity
    customer: Customer
    assignee: Staff | None
    last: Interaction | None  # the newest words of the customer or of an agent


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is known of one customer without opening anything sealed."""

    tags: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    orders: int = 0  # as `crm_core.orders.Figures` counts them
    totals: dict[str, int] = field(default_factory=dict)  # currency -> minor units
    consents: dict[str, tuple[bool, datetime]] = field(default_factory=dict)  # purpose -> the newest word and when
    tried: list[Interaction] = field(default_factory=list)  # the bot's answers, and questions it could not answer


async def tickets_for(work: Work, staff_id: int, *within: ColumnElement[bool]) -> list[TicketLine]:
    """Active tickets (of those `within` a condition), longest wait first, and what this colleague resolved lately."""
    lately = and_(
        Ticket.state == TicketState.RESOLVED,
        Ticket.assignee_id == staff_id,
        Ticket.resolved_at > work.now - LATELY,
    )
    statement = (
        select(Ticket, Identity, Customer, Staff)
        .join(Conversation, Conversation.id == Ticket.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Staff, Staff.id == Ticket.assignee_id)
        .where(or_(Ticket.state.in_(ACTIVE), lately), *within)
        .order_by(Ticket.waiting_since.is_(None), Ticket.waiting_since, Ticket.opened_at)
        .limit(LISTED)
    )
    rows = (await work.session.execute(statement)).all()
    last = await _last_words(work, [row[0].conversation_id for row in rows])
    for row in rows:
        work.remember(row[2])
    return [
        TicketLine(
            ticket=row[0], identity=row[1], customer=row[2], assignee=row[3], last=last.get(row[0].conversation_id)
        )
        for row in rows
    ]


async def _last_words(work: Work, conversation_ids: Collection[int]) -> dict[int, Interaction]:
    newest = (
        select(func.max(Interaction.id))
        .where(Interaction.conversation_id.in_(conversation_ids), Interaction.kind.in_(_PREVIEWED))
        .group_by(Interaction.conversation_id)
    )
    rows = await work.session.scalars(select(Interaction).where(Interaction.id.in_(newest)))
    return {row.conversation_id: row for row in rows}


async def facts_of(work: Work, customer_ids: Collection[int]) -> dict[int, Facts]:
    """Tags, channels, orders, consent and what the bot tried, for many customers."""
    facts: dict[int, Facts] = {customer_id: Facts() for customer_id in customer_ids}
    if not facts:
        return facts
    await _tags(work, facts)
    await _channels(work, facts)
    await _orders(work, facts)
    await _consents(work, facts)
    await _tries(work, facts)
    return facts


async def _tags(work: Work, facts: dict[int, Facts]) -> None:
    statement = select(CustomerTag.customer_id, CustomerTag.tag).where(CustomerTag.customer_id.in_(facts))
    for customer_id, tag in (await work.session.execute(statement.order_by(CustomerTag.tag))).all():
        facts[customer_id].tags.append(tag)


async def _channels(work: Work, facts: dict[int, Facts]) -> None:
    statement = select(Identity.customer_id, Identity.channel).where(Identity.customer_id.in_(facts))
    for customer_id, channel in (await work.session.execute(statement.order_by(Identity.id))).all():
        if customer_id is not None:
            facts[customer_id].channels.append(channel)


async def _orders(work: Work, facts: dict[int, Facts]) -> None:
    for customer_id, found in (await orders.figures(work, facts.keys())).items():
        facts[customer_id].orders = found.orders
        facts[customer_id].totals = {spent.currency: spent.value_minor for spent in found.spent}


async def _consents(work: Work, facts: dict[int, Facts]) -> None:
    statement = select(Consent).where(Consent.customer_id.in_(facts)).order_by(Consent.id)
    for row in await work.session.scalars(statement):
        facts[row.customer_id].consents[row.purpose] = (row.granted, row.at)


async def _tries(work: Work, facts: dict[int, Facts]) -> None:
    """Per customer the last answers that came from an article, and the last questions that were handed over.

    Whose they are says the conversation: after a merge its earlier words are still sealed for who it was then.
    """
    number = func.row_number().over(partition_by=Conversation.customer_id, order_by=Interaction.id.desc())
    ranked = (
        select(Interaction.id, Conversation.customer_id, number.label("place"))
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .where(
            Conversation.customer_id.in_(facts),
            or_(Interaction.article_id.is_not(None), Interaction.decision.is_not(None)),
        )
        .subquery()
    )
    statement = (
        select(ranked.c.customer_id, Interaction)
        .join(ranked, ranked.c.id == Interaction.id)
        .where(ranked.c.place <= 2 * _TRIED)
        .order_by(Interaction.id)
    )
    by_customer: dict[int, list[Interaction]] = defaultdict(list)
    for customer_id, row in (await work.session.execute(statement)).all():
        by_customer[customer_id].append(row)
    for customer_id, rows in by_customer.items():
        facts[customer_id].tried = rows


async def staff_names(work: Work, staff_ids: Collection[int]) -> dict[int, str]:
    """How these colleagues are called."""
    if not staff_ids:
        return {}
    statement = select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids))
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all()}


async def newest(work: Work, conversation_id: int, kinds: Sequence[str], count: int) -> int:
    """The id with which the newest `count` visible interactions begin, by their times; 0 when there are fewer."""
    statement = (
        select(Interaction.id)
        .where(Interaction.conversation_id == conversation_id, Interaction.kind.in_(kinds))
        .order_by(Interaction.id.desc())
        .offset(count - 1)
        .limit(1)
    )
    return (await work.session.scalar(statement)) or 0
