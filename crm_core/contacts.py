"""Contacts: the further names, e-mail addresses, phone numbers and postal addresses of a customer, sealed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from crm_core.models import Contact, ContactKind, Customer
from crm_core.rules.contacts import normal_email, normal_phone, phone_forms
from crm_core.storage.ids import new_id
from crm_core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A contact in clear."""

    id: int
    customer_id: int
    kind: ContactKind
    value: str
    label: str
    main: bool
    verified_at: datetime | None


def add(
    work: Work,
    customer: Customer,
    kind: ContactKind,
    value: str,
    *,
    country: str = "",
    label: str = "",
    main: bool = False,
    verified: bool = False,
) -> Contact:
    """One more contact; whoever adds a main one sees to it that the former is main no longer."""
    contact_id = new_id()
    contact = Contact(
        id=contact_id,
        customer_id=customer.id,
        kind=kind,
        value=seal(work, contact_id, value, customer.key, customer.id),
        blind=blind_of(work, kind, value, country),
        label=label,
        main=main,
        verified_at=work.now if verified else None,
        created_at=work.now,
    )
    work.session.add(contact)
    return contact


def seal(work: Work, contact_id: int, value: str, key: bytes | None, owner: int) -> bytes:
    """Seal a contact for its place."""
    return work.vault.seal(value, f"contact.value:{contact_id}", key, owner)


def blind_of(work: Work, kind: str, value: str, country: str = "") -> str | None:
    """The blind index of an e-mail address or a phone number; nothing else is looked up exactly."""
    if kind == ContactKind.EMAIL:
        return work.vault.blind(normal_email(value), "email")
    if kind == ContactKind.PHONE:
        return work.vault.blind(normal_phone(value, country), "phone")
    return None


async def value_of(work: Work, contact: Contact) -> str:
    """A contact in clear."""
    key = await work.key_of(contact.customer_id)
    return work.vault.open(contact.value, f"contact.value:{contact.id}", key, contact.customer_id)


async def of(work: Work, customer_id: int) -> list[Reach]:
    """All contacts of a customer in clear: names, e-mails, phones, addresses, the main one of each kind first.

    Empty for a customer who was erased.
    """
    if await work.key_of(customer_id) is None:
        return []
    rows = await rows_of(work, [customer_id])
    kinds = list(ContactKind)
    rows.sort(key=lambda row: (kinds.index(ContactKind(row.kind)), not row.main, row.id))
    return [
        Reach(
            id=row.id,
            customer_id=row.customer_id,
            kind=ContactKind(row.kind),
            value=await value_of(work, row),
            label=row.label,
            main=row.main,
            verified_at=row.verified_at,
        )
        for row in rows
    ]


async def rows_of(work: Work, customer_ids: Collection[int]) -> list[Contact]:
    """The contacts of these customers as they are stored."""
    return list((await work.session.scalars(select(Contact).where(Contact.customer_id.in_(customer_ids)))).all())


async def by_email(work: Work, email: str) -> Sequence[Customer]:
    """The customers with exactly this address (case aside), oldest first; nobody who was erased or merged away."""
    return await _by_blinds(work, ContactKind.EMAIL, [work.vault.blind(normal_email(email), "email")])


async def by_phone(work: Work, phone: str, country: str = "") -> Sequence[Customer]:
    """The customers with this number, however it was written; `country` is whose number it is if it does not say."""
    forms = [work.vault.blind(form, "phone") for form in phone_forms(phone, country)]
    return await _by_blinds(work, ContactKind.PHONE, forms)


async def owners_of_emails(work: Work, emails: Iterable[str]) -> dict[str, Customer]:
    """The customers with these addresses, by address in normal form; the oldest of several."""
    blinds = {work.vault.blind(normal, "email"): normal for normal in map(normal_email, emails)}
    statement = (
        select(Contact.blind, Customer)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(
            Contact.blind.in_(blinds),
            Contact.kind == ContactKind.EMAIL,
            Customer.key.is_not(None),
            Customer.merged_into.is_(None),
        )
        .order_by(Customer.id.desc())
    )
    return {blinds[blind]: customer for blind, customer in (await work.session.execute(statement)).all() if blind}


async def _by_blinds(work: Work, kind: ContactKind, blinds: Sequence[str]) -> Sequence[Customer]:
    statement = (
        select(Customer)
        .where(
            Customer.id.in_(select(Contact.customer_id).where(Contact.blind.in_(blinds), Contact.kind == kind)),
            Customer.key.is_not(None),
            Customer.merged_into.is_(None),
        )
        .order_by(Customer.id)
    )
    found = (await work.session.scalars(statement)).all()
    for customer in found:
        work.remember(customer)
    return found
