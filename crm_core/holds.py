"""What holds marketing back: whether a campaign's or follow-up's message may reach somebody at this moment."""

from datetime import time, timedelta

from sqlalchemy import func, or_, select

from crm_core import consents
from crm_core.models import (
    ACTIVE,
    Campaign,
    CampaignRecipient,
    CampaignState,
    Conversation,
    Customer,
    Identity,
    Lane,
    Outbox,
    OutboxState,
    Ticket,
)
from crm_core.rules import marketing, quiet_hours
from crm_core.rules.consent import covers
from crm_core.work import Work

MARKETING_LANES = (Lane.CAMPAIGN, Lane.FOLLOW_UP)


async def may_send(
    work: Work, row: Outbox, quiet: tuple[time, time] | None, zone: str, weekly_cap: int
) -> marketing.Verdict:
    """Whether a campaign's or follow-up's row may leave now, decided in the claim transaction."""
    recipient = await work.session.scalar(select(CampaignRecipient).where(CampaignRecipient.outbox_id == row.id))
    if recipient is not None:
        campaign = await work.session.get_one(Campaign, recipient.campaign_id)
        if campaign.state == CampaignState.CANCELLED:
            return marketing.Verdict(suppress="cancelled")
        if campaign.state == CampaignState.PAUSED:
            return marketing.Verdict(wait=work.now + timedelta(minutes=1))
    conversation = await work.session.get_one(Conversation, row.conversation_id)
    standing = await _standing(work, conversation)
    return marketing.verdict(standing, work.now, quiet_hours.quiet_until(work.now, quiet, zone), weekly_cap)


async def _standing(work: Work, conversation: Conversation) -> marketing.Standing:
    identity = await work.session.get_one(Identity, conversation.identity_id)
    customer = await work.session.get(Customer, conversation.customer_id) if conversation.customer_id else None
    if customer is None:
        return marketing.Standing(
            consented=False, blocked=False, unreachable=False, erased=True, open_ticket=False, sent_this_week=0
        )
    agreed = await consents.agreed(work, [customer.id])
    open_ticket = await work.session.scalar(
        select(Ticket.id).where(Ticket.customer_id == customer.id, Ticket.state.in_(ACTIVE)).limit(1)
    )
    sent = await work.session.scalar(
        select(func.count())
        .select_from(Outbox)
        .join(Conversation, Conversation.id == Outbox.conversation_id)
        .where(
            Conversation.customer_id == customer.id,
            Outbox.lane.in_(MARKETING_LANES),
            or_(Outbox.state == OutboxState.SENT, Outbox.state == OutboxState.IN_DOUBT),
            Outbox.settled_at > work.now - marketing.WEEK,
        )
    )
    return marketing.Standing(
        consented=covers(agreed.get(customer.id, ()), identity.channel),
        blocked=identity.blocked_at is not None,
        unreachable=identity.unreachable_at is not None,
        erased=customer.key is None,
        open_ticket=open_ticket is not None,
        sent_this_week=sent or 0,
    )
