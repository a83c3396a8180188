"""Taking over customers and orders from files: what is known already is brought up to date, nothing is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from crm_core import contacts, customers, orders
from crm_core.contacts import owners_of_emails
from crm_core.conversations import name_of
from crm_core.models import Consent, ContactKind, Customer, CustomerTag, Order, OrderLine, Purpose
from crm_core.rules.contacts import normal_email, normal_phone
from crm_core.work import Work

_NOT_THEIR_OWN = ("import", "sample")  # sources of consent that a later import may correct


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    """A customer as a file has them; what is empty is left as it is."""

    email: str
    name: str = ""
    language: str = ""
    phone: str = ""
    tags: tuple[str, ...] = ()
    consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One product of an order in a file."""

    product: str
    sku: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order as a file has it."""

    source: str
    external_ref: str
    customer_email: str
    state: str
    total_minor: int
    currency: str
    placed_at: datetime
    lines: tuple[LineDraft, ...]


@dataclass(slots=True, kw_only=True)
class Taken:
    """How many were new, brought up to date, or known just so; `kept_out` opted out by themselves and stay so."""

    added: int = 0
    changed: int = 0
    same: int = 0
    kept_out: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        """Count one more."""
        setattr(self, what, getattr(self, what) + 1)


async def take_customers(work: Work, drafts: Sequence[CustomerDraft], source: str, language: str, taken: Taken) -> None:
    """Store customers, known by their e-mail address; `language` is for new ones whose own is not known.

    Only objects of the session are touched, so in a unit that reads this tells what would be done and does nothing.
    """
    there = await owners_of_emails(work, [draft.email for draft in drafts])
    ids = [one.id for one in there.values()]
    tags = await _tags(work, ids)
    said = await _last_words(work, ids)
    for draft in drafts:
        customer = there.get(normal_email(draft.email))
        if customer is None:
            customer = customers.create(work, language=draft.language or language, name=draft.name, source=source)
            contacts.add(work, customer, ContactKind.EMAIL, draft.email, main=True)
            if draft.phone:
                contacts.add(work, customer, ContactKind.PHONE, draft.phone, main=True)
            customers.tag(work, customer.id, draft.tags)
            if draft.consent is not None:
                customers.give_consent(work, customer.id, draft.consent, source)
            taken.added += 1
            continue
        work.remember(customer)
        changed = await _update(work, customer, draft)
        if missing := set(draft.tags) - tags.get(customer.id, set()):
            customers.tag(work, customer.id, missing)
            changed = True
        taken.count("changed" if _agree(work, customer.id, draft, source, said, taken) or changed else "same")


async def _update(work: Work, customer: Customer, draft: CustomerDraft) -> bool:
    changed = False
    if draft.name and draft.name != await name_of(work, customer):
        customer.name = customers.seal_name(work, customer.id, draft.name, customer.key)
        await customers.index_names(work, customer)
        changed = True
    if draft.language and draft.language != customer.language:
        customer.language = draft.language
        changed = True
    phones = [one for one in await contacts.of(work, customer.id) if one.kind == ContactKind.PHONE]
    if draft.phone and normal_phone(draft.phone) not in [normal_phone(one.value) for one in phones]:
        contacts.add(work, customer, ContactKind.PHONE, draft.phone, main=not phones)
        changed = True
    return changed


def _agree(
    work: Work, customer_id: int, draft: CustomerDraft, source: str, said: dict[int, tuple[bool, str]], taken: Taken
) -> bool:
    """Write down a consent that is news. A file never overrules somebody's own opt-out."""
    granted, by = said.get(customer_id, (None, ""))
    if draft.consent is None or draft.consent == granted:
        return False
    if draft.consent and granted is False and by not in _NOT_THEIR_OWN:
        taken.kept_out += 1
        return False
    customers.give_consent(work, customer_id, draft.consent, source)
    return True


async def _tags(work: Work, ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for row in await work.session.scalars(select(CustomerTag).where(CustomerTag.customer_id.in_(ids))):
        found.setdefault(row.customer_id, set()).add(row.tag)
    return found


async def _last_words(work: Work, ids: Sequence[int]) -> dict[int, tuple[bool, str]]:
    """What each of these customers said last about marketing, and how."""
    statement = (
        select(Consent.customer_id, Consent.granted, Consent.source)
        .where(Consent.customer_id.in_(ids), Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id)
    )
    return {row[0]: (row[1], row[2]) for row in (await work.session.execute(statement)).all()}


async def take_orders(work: Work, drafts: Sequence[OrderDraft], taken: Taken, *, write: bool) -> None:
    """Store orders, known by source and external reference; all their customers have to be on record."""
    owners = await owners_of_emails(work, [draft.customer_email for draft in drafts])
    for draft in drafts:
        customer_id = owners[normal_email(draft.customer_email)].id
        outcome = await _compare(work, draft, customer_id)
        taken.count(outcome)
        if write and outcome != "same":
            await orders.upsert(
                work,
                source=draft.source,
                external_ref=draft.external_ref,
                customer_id=customer_id,
                state=draft.state,
                total_minor=draft.total_minor,
                currency=draft.currency,
                placed_at=draft.placed_at,
                lines=[
                    {
                        "product": line.product,
                        "sku": line.sku,
                        "quantity": line.quantity,
                        "unit_price_minor": line.unit_price_minor,
                    }
                    for line in draft.lines
                ],
            )


async def _compare(work: Work, draft: OrderDraft, customer_id: int) -> str:
    order = await work.session.scalar(
        select(Order).where(Order.source == draft.source, Order.external_ref == draft.external_ref)
    )
    if order is None:
        return "added"
    rows = await work.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id))
    on_record = (
        order.customer_id,
        order.state,
        order.total_minor,
        order.currency,
        order.placed_at,
        [(row.product, row.sku, row.quantity, row.unit_price_minor) for row in rows],
    )
    in_file = (
        customer_id,
        draft.state,
        draft.total_minor,
        draft.currency,
        draft.placed_at,
        [(line.product, line.sku, line.quantity, line.unit_price_minor) for line in draft.lines],
    )
    return "same" if on_record == in_file else "changed"
