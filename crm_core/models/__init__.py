"""The nouns: every table as a mapped class; docs/map.md names the owning table of every fact."""

from crm_core.models.base import Base
from crm_core.models.boxes import SETTLED, Inbox, InboxState, Lane, Lease, MessageLink, Outbox, OutboxState
from crm_core.models.desk import ACTIVE, AuditEntry, Meta, Sequence, Ticket, TicketEvent, TicketState
from crm_core.models.knowledge import Article, ArticleState, ArticleVersion, Judgement, Proposal, SynonymGroup
from crm_core.models.marketing import Campaign, CampaignRecipient, CampaignState, FollowUp
from crm_core.models.people import (
    DESK_ROLES,
    STAFF_ROLES,
    Consent,
    Customer,
    CustomerTag,
    Identity,
    Invite,
    Purpose,
    Role,
    Staff,
    WebSession,
)
from crm_core.models.shop import Order, OrderLine
from crm_core.models.talk import TO_CUSTOMER, Attachment, Conversation, Dialogue, Interaction, Kind, StoredFile

__all__ = [
    "ACTIVE",
    "DESK_ROLES",
    "SETTLED",
    "STAFF_ROLES",
    "TO_CUSTOMER",
    "Article",
    "ArticleState",
    "ArticleVersion",
    "Attachment",
    "AuditEntry",
    "Base",
    "Campaign",
    "CampaignRecipient",
    "CampaignState",
    "Consent",
    "Conversation",
    "Customer",
    "CustomerTag",
    "Dialogue",
    "FollowUp",
    "Identity",
    "Inbox",
    "InboxState",
    "Interaction",
    "Invite",
    "Judgement",
    "Kind",
    "Lane",
    "Lease",
    "MessageLink",
    "Meta",
    "Order",
    "OrderLine",
    "Outbox",
    "OutboxState",
    "Proposal",
    "Purpose",
    "Role",
    "Sequence",
    "Staff",
    "StoredFile",
    "SynonymGroup",
    "Ticket",
    "TicketEvent",
    "TicketState",
    "WebSession",
]
