"""Follow-ups: some days after a ticket was resolved or a first contact brought no order, once per person and kind."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Select, exists, select

from crm_core import consents, outbox
from crm_core.models import Conversation, Customer, FollowUp, Identity, Lane, Order, Ticket
from crm_core.rules.consent import covers
from crm_core.storage.ids import new_id
from crm_core.work import Work

_GIVEN_UP_AFTER = timedelta(days=14)  # what became due longer ago than this is no surprise worth sending
_EXPIRES = timedelta(days=2)


class FollowUpKind(StrEnum):
    """What a follow-up follows."""

    AFTER_RESOLVED = "after_resolved"
    AFTER_FIRST_CONTACT = "after_first_contact"


async def find(work: Work, follow_up_id: int) -> FollowUp | None:
    """One follow-up."""
    return await work.session.get(FollowUp, follow_up_id)


async def any_due(work: Work, kind: FollowUpKind, days: int) -> bool:
    """Whether there is anything to do, without taking the write lock."""
    return (await work.session.scalar(_due(work, kind, days).limit(1))) is not None


async def materialise(work: Work, kind: FollowUpKind, days: int, limit: int = 200) -> int:
    """Queue the follow-ups that became due, or write down why somebody is left out; returns how many were looked at."""
    customer_ids = (await work.session.scalars(_due(work, kind, days).limit(limit))).all()
    if not customer_ids:
        return 0
    agreed = await consents.agreed(work, customer_ids)
    addresses = await addresses_of(work, customer_ids, agreed)
    for customer_id in customer_ids:
        await _one(work, kind, customer_id, bool(agreed.get(customer_id)), addresses.get(customer_id))
    return len(customer_ids)


def _due(work: Work, kind: FollowUpKind, days: int) -> Select[int]:
    ready = work.now - timedelta(days=days)
    had = exists().where(FollowUp.customer_id == Customer.id, FollowUp.kind == kind)
    if kind is FollowUpKind.AFTER_RESOLVED:
        cause = exists().where(
            Ticket.customer_id == Customer.id,
            Ticket.resolved_at <= ready,
            Ticket.resolved_at > ready - _GIVEN_UP_AFTER,
        )
        return select(Customer.id).where(cause, ~had).order_by(Customer.id)
    return (
        select(Customer.id)
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(
            Conversation.last_in_at.is_not(None),
            Conversation.created_at <= ready,
            Conversation.created_at > ready - _GIVEN_UP_AFTER,
            ~exists().where(Order.customer_id == Customer.id),
            ~had,
        )
        .order_by(Customer.id)
        .distinct()
    )


async def _one(
    work: Work, kind: FollowUpKind, customer_id: int, agreed: bool, address: tuple[Identity, Conversation] | None
) -> None:
    follow_up = FollowUp(id=new_id(), kind=kind, customer_id=customer_id, at=work.now)
    work.session.add(follow_up)
    if not agreed:
        follow_up.excluded = "no_consent"
        return
    if address is None:
        follow_up.excluded = "no_address"
        return
    identity, conversation = address
    row = outbox.queue(
        work,
        channel=identity.channel,
        chat=identity.chat,
        lane=Lane.FOLLOW_UP,
        conversation_id=conversation.id,
        subject=f"followup:{follow_up.id}",
        expires_at=work.now + _EXPIRES,
    )
    follow_up.outbox_id = row.id


async def addresses_of(
    work: Work, customer_ids: Sequence[int], agreed: Mapping[int, Collection[str | None]]
) -> dict[int, tuple[Identity, Conversation]]:
    """Where each of these customers is reached: the identity that wrote last and is neither blocked nor unreachable.

    Only on the channels that they agreed to, None for all (`consents.agreed`).
    """
    statement = (
        select(Identity, Conversation)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(
            Identity.customer_id.in_(customer_ids),
            Identity.blocked_at.is_(None),
            Identity.unreachable_at.is_(None),
        )
        .order_by(Conversation.last_in_at)
    )
    return {
        row[0].customer_id: (row[0], row[1])
        for row in (await work.session.execute(statement)).all()
        if row[0].customer_id is not None and covers(agreed.get(row[0].customer_id, ()), row[0].channel)
    }
