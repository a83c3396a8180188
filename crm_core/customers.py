"""Customers: welcoming a new one, their fields, tags and consent."""

import re
from collections.abc import Iterable

from sqlalchemy import select

from crm_core.models import (
    CampaignRecipient,
    Consent,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Order,
    Purpose,
    Ticket,
)
from crm_core.storage.ids import new_id
from crm_core.work import Work


def create(work: Work, *, language: str, name: str, source: str) -> Customer:
    """A new customer with a key of their own."""
    customer_id = new_id()
    key = work.vault.new_customer_key(customer_id)
    customer = Customer(
        id=customer_id,
        key=key,
        name=work.vault.seal(name, f"customer.name:{customer_id}", key, customer_id) if name else None,
        language=language,
        source=source,
        created_at=work.now,
    )
    work.session.add(customer)
    work.remember(customer)
    return customer


def welcome(
    work: Work, *, channel: str, external_id: str, chat: str, language: str, name: str
) -> tuple[Identity, Customer, Conversation]:
    """A person we see for the first time: customer, identity and conversation."""
    customer = create(work, language=language, name=name, source="chat")
    identity, conversation = add_identity(work, channel, external_id, chat, language, customer_id=customer.id)
    return identity, customer, conversation


def add_identity(
    work: Work,
    channel: str,
    external_id: str,
    chat: str,
    language: str,
    *,
    customer_id: int | None = None,
    staff_id: int | None = None,
) -> tuple[Identity, Conversation]:
    """An address of a customer or of a staff member, with its conversation."""
    identity = Identity(
        id=new_id(),
        channel=channel,
        external_id=external_id,
        chat=chat,
        customer_id=customer_id,
        staff_id=staff_id,
        language=language,
        created_at=work.now,
    )
    conversation = Conversation(
        id=new_id(),
        identity_id=identity.id,
        customer_id=customer_id,
        version=0,
        last_rev=0,
        created_at=work.now,
    )
    work.session.add_all((identity, conversation))
    return identity, conversation


def set_contact(work: Work, customer: Customer, *, email: str = "", phone: str = "") -> None:
    """Seal a customer's e-mail address and phone number and keep a blind index of each."""
    if email:
        customer.email = work.vault.seal(email, f"customer.email:{customer.id}", customer.key, customer.id)
        customer.email_blind = work.vault.blind(email.strip().lower(), "email")
    if phone:
        digits = re.sub(r"[^\d+]", "", phone)
        customer.phone = work.vault.seal(phone, f"customer.phone:{customer.id}", customer.key, customer.id)
        customer.phone_blind = work.vault.blind(digits, "phone")


async def has_dealings(work: Work, customer_id: int) -> bool:
    """Whether anything but talk is on record of a customer: a ticket, an order, a consent, a campaign."""
    for table in (Ticket, Order, Consent, CampaignRecipient):
        if await work.session.scalar(select(table.id).where(table.customer_id == customer_id).limit(1)) is not None:
            return True
    return False


async def by_email(work: Work, email: str) -> Customer | None:
    """The customer with exactly this address (case aside); None when there is none."""
    blind = work.vault.blind(email.strip().lower(), "email")
    return await work.session.scalar(select(Customer).where(Customer.email_blind == blind).limit(1))


def tag(work: Work, customer_id: int, tags: Iterable[str]) -> None:
    """Pin words on a new customer."""
    work.session.add_all(CustomerTag(customer_id=customer_id, tag=word) for word in sorted(set(tags)))


async def tags_of(work: Work, customer_id: int) -> list[str]:
    """The words pinned on a customer, in order."""
    statement = select(CustomerTag.tag).where(CustomerTag.customer_id == customer_id).order_by(CustomerTag.tag)
    return list((await work.session.scalars(statement)).all())


def give_consent(work: Work, customer_id: int, granted: bool, source: str) -> None:
    """Write down a yes or a no to marketing; the newest row counts from the moment it is committed."""
    work.session.add(
        Consent(
            id=new_id(),
            customer_id=customer_id,
            purpose=Purpose.MARKETING,
            granted=granted,
            source=source,
            at=work.now,
        )
    )


async def consented(work: Work, customer_ids: Iterable[int]) -> dict[int, bool]:
    """What each of these customers last said about marketing; who said nothing is absent."""
    statement = (
        select(Consent.customer_id, Consent.granted)
        .where(Consent.customer_id.in_(list(customer_ids)), Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id)
    )
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all()}
