"""What is on record of customers and orders, in clear and some at a time, for whoever may take it elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from crm_core import attributes, contacts, customers, record
from crm_core.attributes import Held
from crm_core.conversations import name_of
from crm_core.identities import SHOP
from crm_core.models import (
    Contact,
    ContactKind,
    Customer,
    CustomerTag,
    Identity,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
)
from crm_core.orders import whole
from crm_core.work import Work

AT_ONCE: Final = 200  # customers or orders that are read together


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOut:
    """A customer in clear."""

    customer: Customer
    reference: str  # the shop's own number, "" for none
    name: str
    birthday: date | None
    contacts: tuple[tuple[ContactKind, str], ...]  # the main one of each kind first
    tags: tuple[str, ...]
    consent: bool | None
    attributes: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOut:
    """An order with whose it is, in clear."""

    order: Order
    email: str
    phone: str
    reference: str
    lines: tuple[OrderLine, ...]
    events: tuple[OrderEvent, ...]
    payments: tuple[Payment, ...]


async def customers_after(work: Work, last: int) -> list[CustomerOut]:
    """The next customers behind the id `last`; nobody who was erased or merged away. A look at personal data."""
    statement = select(Customer).where(Customer.id > last, Customer.key.is_not(None), Customer.merged_into.is_(None))
    rows = (await work.session.scalars(statement.order_by(Customer.id).limit(AT_ONCE))).all()
    for row in rows:
        work.remember(row)
    ids = [row.id for row in rows]
    reaches = await _reaches(work, ids)
    references = await _references(work, ids)
    consents = await customers.consented(work, ids)
    held = await attributes.of(work, ids)
    tags: dict[int, list[str]] = {}
    tagged = select(CustomerTag).where(CustomerTag.customer_id.in_(ids)).order_by(CustomerTag.tag)
    for tag in await work.session.scalars(tagged):
        tags.setdefault(tag.customer_id, []).append(tag.tag)
    return [
        CustomerOut(
            customer=row,
            reference=references.get(row.id, ""),
            name=await name_of(work, row),
            birthday=record.birthday_of(work, row),
            contacts=tuple(reaches.get(row.id, ())),
            tags=tuple(tags.get(row.id, ())),
            consent=consents.get(row.id),
            attributes=tuple(held[row.id]),
        )
        for row in rows
    ]


async def orders_after(work: Work, last: int) -> list[OrderOut]:
    """The next orders behind the id `last`, with an address of their customers. A look at personal data."""
    statement = select(Order).join(Customer, Customer.id == Order.customer_id)
    statement = statement.where(Order.id > last, Customer.key.is_not(None)).order_by(Order.id).limit(AT_ONCE)
    rows = (await work.session.scalars(statement)).all()
    owners = sorted({row.customer_id for row in rows})
    reaches = await _reaches(work, owners)
    references = await _references(work, owners)
    return [
        OrderOut(
            order=one.order,
            email=_first(reaches.get(one.order.customer_id, ()), ContactKind.EMAIL),
            phone=_first(reaches.get(one.order.customer_id, ()), ContactKind.PHONE),
            reference=references.get(one.order.customer_id, ""),
            lines=one.lines,
            events=one.events,
            payments=one.payments,
        )
        for one in await whole(work, rows)
    ]


def _first(reaches: Sequence[tuple[ContactKind, str]], kind: ContactKind) -> str:
    return next((value for one, value in reaches if one == kind), "")


async def _reaches(work: Work, ids: Sequence[int]) -> dict[int, list[tuple[ContactKind, str]]]:
    """The contacts of customers, the main one of each kind first."""
    statement = select(Contact).where(Contact.customer_id.in_(ids)).order_by(Contact.main.desc(), Contact.id)
    found: dict[int, list[tuple[ContactKind, str]]] = {}
    for row in await work.session.scalars(statement):
        if await work.key_of(row.customer_id) is not None:
            value = await contacts.value_of(work, row)
            found.setdefault(row.customer_id, []).append((ContactKind(row.kind), value))
    return found


async def _references(work: Work, ids: Sequence[int]) -> dict[int, str]:
    statement = select(Identity.customer_id, Identity.external_id)
    statement = statement.where(Identity.customer_id.in_(ids), Identity.channel == SHOP).order_by(Identity.id.desc())
    return {row[0]: row[1] for row in (await work.session.execute(statement)).all() if row[0] is not None}
