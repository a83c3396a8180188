"""Tickets: opened never without their first interaction, claimed by one winner, current for one conversation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from crm_core.conversations import Words, record
from crm_core.models import (
    ACTIVE,
    DESK_ROLES,
    Conversation,
    Interaction,
    Kind,
    Staff,
    Ticket,
    TicketEvent,
    TicketState,
)
from crm_core.numbers import next_number
from crm_core.storage.ids import new_id
from crm_core.work import Work

HAND_TERM = timedelta(minutes=30)
REOPENABLE = timedelta(days=1)  # how long after it was resolved a ticket is opened again by writing


class TicketRefused(Exception):
    """This cannot be done with this ticket; `key` names the sentence in the texts, the transaction stays usable."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def minutes_waiting(ticket: Ticket, now: datetime) -> int:
    """For how long the customer has waited for us."""
    return int((now - (ticket.waiting_since or ticket.opened_at)).total_seconds() // 60)


def note_event(work: Work, ticket: Ticket, kind: str, staff_id: int | None = None, **detail: Any) -> None:
    """Write down one thing that happened to a ticket."""
    ticket.changed_at = work.now
    work.desk_changed = True
    work.session.add(
        TicketEvent(id=new_id(), ticket_id=ticket.id, kind=kind, staff_id=staff_id, detail=detail, at=work.now)
    )


async def _show(work: Work, conversation: Conversation, ticket: Ticket, reason: str, staff: Staff | None) -> None:
    """An event in the ticket's thread; the reason is a key, the body at most a colleague's name."""
    await record(
        work,
        conversation,
        Words(
            kind=Kind.EVENT,
            text=staff.name if staff else "",
            reason=reason,
            ticket_id=ticket.id,
            staff_id=staff.id if staff else None,
        ),
    )


async def open_ticket(work: Work, conversation: Conversation, first: Interaction, reason: str) -> Ticket:
    """Open a ticket for a conversation from the interaction that made it necessary."""
    assert conversation.customer_id is not None
    ticket = Ticket(
        id=new_id(),
        number=await next_number(work, "ticket"),
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        current_of=conversation.id,
        first_interaction_id=first.id,
        state=TicketState.OPEN,
        reason=reason,
        opened_at=work.now,
        changed_at=work.now,
        waiting_since=work.now,
    )
    work.session.add(ticket)
    first.ticket_id = ticket.id
    note_event(work, ticket, "opened", reason=reason)
    await _show(work, conversation, ticket, "opened", None)
    return ticket


async def customer_wrote(work: Work, ticket: Ticket, interaction: Interaction) -> None:
    """The customer added something: it is our turn again."""
    interaction.ticket_id = ticket.id
    if ticket.state == TicketState.WAITING:
        ticket.state = TicketState.OPEN
    ticket.waiting_since = ticket.waiting_since or work.now
    note_event(work, ticket, "wrote")


async def reopen(work: Work, conversation: Conversation, ticket: Ticket, interaction: Interaction) -> None:
    """The customer wrote again after it was resolved: the same ticket, the same agent if they still are on the desk."""
    holder = await work.session.get(Staff, ticket.assignee_id) if ticket.assignee_id is not None else None
    if holder is not None and (holder.revoked_at is not None or holder.role not in DESK_ROLES):
        ticket.assignee_id = None
    ticket.state = TicketState.OPEN
    ticket.current_of = conversation.id
    ticket.resolved_at = None
    ticket.told_at = None
    ticket.alerted_at = ticket.waiting_since = work.now
    interaction.ticket_id = ticket.id
    note_event(work, ticket, "reopened")
    await _show(work, conversation, ticket, "reopened", None)


async def claim(
    work: Work, conversation: Conversation, ticket: Ticket, staff: Staff, *, take_over: bool = False
) -> None:
    """Give a ticket to `staff`. One winner: the row only moves while nobody (or, taking over, the same one) has it."""
    if not ticket.active:
        raise TicketRefused("ticket_not_active", number=ticket.number)
    if ticket.assignee_id == staff.id:
        return
    if ticket.assignee_id is None and not take_over and ticket.team not in ("", staff.team):
        raise TicketRefused("ticket_of_team", number=ticket.number, team=ticket.team)
    if ticket.assignee_id is not None and not take_over:
        other = await work.session.get_one(Staff, ticket.assignee_id)
        raise TicketRefused("ticket_taken", number=ticket.number, name=other.name)
    held = Ticket.assignee_id.is_(None) if ticket.assignee_id is None else Ticket.assignee_id == ticket.assignee_id
    moved = await work.session.execute(
        update(Ticket)
        .where(Ticket.id == ticket.id, held)
        .values(assignee_id=staff.id)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # the result of an UPDATE is a CursorResult
        raise TicketRefused("ticket_taken_meanwhile", number=ticket.number)
    ticket.assignee_id = staff.id
    conversation.version += 1
    note_event(work, ticket, "claimed", staff.id)
    await _show(work, conversation, ticket, "claimed", staff)


def check_own(ticket: Ticket, staff: Staff) -> None:
    """Raise TicketRefused unless the ticket is active and in this person's hands."""
    if not ticket.active:
        raise TicketRefused("ticket_not_active", number=ticket.number)
    if ticket.assignee_id != staff.id:
        raise TicketRefused("ticket_not_yours", number=ticket.number)


def answered(work: Work, ticket: Ticket, staff: Staff) -> None:
    """An agent answered: the customer's turn."""
    ticket.state = TicketState.WAITING
    ticket.waiting_since = None
    note_event(work, ticket, "answered", staff.id)


async def resolve(work: Work, conversation: Conversation, ticket: Ticket, staff: Staff) -> None:
    """Done: the conversation is the bot's again."""
    ticket.state = TicketState.RESOLVED
    ticket.current_of = None
    ticket.resolved_at = work.now
    ticket.waiting_since = None
    conversation.version += 1
    note_event(work, ticket, "resolved", staff.id)
    await _show(work, conversation, ticket, "resolved", staff)
    await let_go(work, ticket)


async def hand_on(
    work: Work, conversation: Conversation, ticket: Ticket, staff: Staff, to: Staff | None, team: str | None = None
) -> None:
    """Give a ticket to a colleague, or back to the queue when `to` is None: that of a `team`, "" for everybody's."""
    ticket.assignee_id = to.id if to else None
    ticket.team = ticket.team if team is None else team
    if to is None:
        ticket.alerted_at = work.now
        ticket.state = TicketState.OPEN
        ticket.waiting_since = ticket.waiting_since or work.now
    conversation.version += 1
    note_event(work, ticket, "handed_on", staff.id, to=to.id if to else None)
    await _show(work, conversation, ticket, "handed_on" if to else "back_to_queue", to or staff)
    await let_go(work, ticket)


def take_in_hand(work: Work, staff: Staff, ticket: Ticket) -> None:
    """In a private chat, plain text goes to this ticket's customer from now on."""
    staff.hand_ticket_id = ticket.id
    staff.hand_at = work.now


async def let_go(work: Work, ticket: Ticket) -> None:
    """Nobody has this ticket in hand any more."""
    holders = await work.session.scalars(select(Staff).where(Staff.hand_ticket_id == ticket.id))
    for holder in holders:
        holder.hand_ticket_id = None
        holder.hand_at = None


def hand_is_fresh(staff: Staff, ticket: Ticket, now: datetime) -> bool:
    """Whether plain text may go to the ticket in hand: it is still theirs, active, and used within half an hour."""
    return (
        staff.hand_at is not None
        and now - staff.hand_at <= HAND_TERM
        and ticket.active
        and ticket.assignee_id == staff.id
    )


def rate(work: Work, ticket: Ticket, stars: int) -> None:
    """The customer's word on a resolved ticket, 1 to 5; the last one counts."""
    ticket.rating = stars
    note_event(work, ticket, "rated", stars=stars)


async def by_number(work: Work, number: int) -> Ticket | None:
    """The ticket with this number."""
    return await work.session.scalar(select(Ticket).where(Ticket.number == number))


async def queue(work: Work, limit: int = 20, *within: ColumnElement[bool]) -> Sequence[Ticket]:
    """Tickets that nobody has (of those `within` a condition), longest wait first."""
    statement = (
        select(Ticket)
        .where(Ticket.state.in_(ACTIVE), Ticket.assignee_id.is_(None), *within)
        .order_by(func.coalesce(Ticket.waiting_since, Ticket.opened_at))
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()


async def mine(work: Work, staff_id: int, limit: int = 50) -> Sequence[Ticket]:
    """The active tickets of one person, longest wait first."""
    statement = (
        select(Ticket)
        .where(Ticket.state.in_(ACTIVE), Ticket.assignee_id == staff_id)
        .order_by(Ticket.waiting_since.is_(None), Ticket.waiting_since, Ticket.opened_at)
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()


async def unclaimed(work: Work, waited: timedelta, limit: int = 100) -> Sequence[Ticket]:
    """Tickets that nobody claimed for `waited` since they were opened or the staff were last reminded."""
    before = work.now - waited
    statement = (
        select(Ticket)
        .where(
            Ticket.state.in_(ACTIVE),
            Ticket.assignee_id.is_(None),
            func.coalesce(Ticket.waiting_since, Ticket.opened_at) <= before,
            or_(Ticket.alerted_at.is_(None), Ticket.alerted_at <= before),
        )
        .order_by(func.coalesce(Ticket.waiting_since, Ticket.opened_at))
        .limit(limit)
    )
    return (await work.session.scalars(statement)).all()
