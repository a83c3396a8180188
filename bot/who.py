"""Who is speaking and whose turn it is, for many incomings with one statement per channel."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from bot.message import Incoming
from crm_core.models import Conversation, Customer, Dialogue, Identity, Staff, Ticket, TicketState
from crm_core.storage.types import UtcTime
from crm_core.tickets import REOPENABLE
from crm_core.work import Work

Address = tuple[str, str]  # channel, sender


@dataclass(slots=True)
class Known:
    """What the records hold about one sender, as objects of the work's session."""

    identity: Identity
    conversation: Conversation
    customer: Customer | None
    staff: Staff | None
    ticket: Ticket | None
    dialogue: Dialogue | None
    earlier: Ticket | None  # resolved less than a day ago: writing may reopen it


_Earlier = aliased(Ticket)
_known = (
    select(Identity, Conversation, Customer, Staff, Ticket, Dialogue, _Earlier)
    .join(Conversation, Conversation.identity_id == Identity.id)
    .outerjoin(Customer, Customer.id == Identity.customer_id)
    .outerjoin(Staff, Staff.id == Identity.staff_id)
    .outerjoin(Ticket, Ticket.current_of == Conversation.id)
    .outerjoin(Dialogue, Dialogue.conversation_id == Conversation.id)
    .outerjoin(
        _Earlier,
        (_Earlier.conversation_id == Conversation.id)
        & (_Earlier.state == TicketState.RESOLVED)
        & (_Earlier.resolved_at > bindparam("day_ago", type_=UtcTime)),
    )
    .where(Identity.channel == bindparam("channel"), Identity.external_id.in_(bindparam("senders", expanding=True)))
    .order_by(_Earlier.resolved_at)
)
_known_and_held = _known.with_for_update(of=Conversation)


async def know(work: Work, incomings: Iterable[Incoming], *, hold: bool = True) -> dict[Address, Known]:
    """Everything a turn needs to know about its sender; senders we never met are absent.

    Their conversations are held for the transaction, unless it only looks.
    """
    known = {}
    statement = _known_and_held if hold else _known
    for channel, senders in _by_channel(incomings).items():
        asked = {"channel": channel, "senders": senders, "day_ago": work.now - REOPENABLE}
        for row in (await work.session.execute(statement, asked)).all():
            found = Known(*row)
            if found.customer is not None:
                work.remember(found.customer)
            known[channel, found.identity.external_id] = found  # the newest resolved ticket comes last and stays
    return known


def _by_channel(incomings: Iterable[Incoming]) -> dict[str, list[str]]:
    senders: dict[str, list[str]] = defaultdict(list)
    for incoming in incomings:
        senders[incoming.channel].append(incoming.sender)
    return senders
