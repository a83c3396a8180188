"""Taking over customers and orders from files: what is known already is brought up to date, nothing is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from crm_core import attributes, consents, contacts, orders, record
from crm_core.conversations import name_of
from crm_core.drafts import CustomerDraft, OrderOnFile, Terms
from crm_core.identities import SHOP
from crm_core.models import AttributeValue, Consent, Contact, ContactKind, Customer, CustomerTag, Identity, Purpose
from crm_core.newcomers import NewRows
from crm_core.proofs import Clash, Person, email_blind, owners_of, people, phone_blind, who
from crm_core.record import By
from crm_core.rules.orders import OrderRefused
from crm_core.rules.record import MOST_CONTACTS, MOST_TAGS
from crm_core.storage.ids import new_id
from crm_core.work import Work

ADDED, CHANGED, SAME, REFUSED = "added", "changed", "same", "refused"
_NOT_THEIR_OWN = ("import", "sample")  # sources of consent that a later import may correct


@dataclass(slots=True, kw_only=True)
class Taken:
    """How many were new, brought up to date, or known just so; `kept_out` opted out by themselves and stay so."""

    added: int = 0
    changed: int = 0
    same: int = 0
    bad: int = 0
    apart: int = 0  # orders kept until their customer is known
    kept_out: int = 0
    passed: int = 0  # messages of staff, and of people who were erased
    notes: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        """Count one more."""
        setattr(self, what, getattr(self, what) + 1)


@dataclass(slots=True)
class Plan:
    """What one draft does: who it is (None: somebody new), which fields change, and why it cannot be taken."""

    draft: CustomerDraft
    person: Person | None = None
    customer: Customer | None = None  # the person's row
    changes: list[tuple[str, str]] = field(default_factory=list)
    clash: Clash | None = None
    kept_out: bool = False

    @property
    def what(self) -> str:
        """Added, changed, same or refused."""
        if self.clash is not None:
            return REFUSED
        return ADDED if self.person is None else CHANGED if self.changes else SAME


# ---- customers ----


async def plan_customers(work: Work, drafts: Sequence[CustomerDraft], terms: Terms) -> list[Plan]:
    """What each of these drafts (some hundreds at most) would do, in order; nothing is written."""
    reaches = [_proofs(draft) for draft in drafts]
    found = await people(
        work,
        [draft.reference for draft in drafts],
        [email for emails, _ in reaches for email in emails],
        [phone for _, phones in reaches for phone in phones],
    )
    plans = []
    for draft, (emails, phones) in zip(drafts, reaches, strict=True):
        plan = Plan(draft)
        try:
            plan.person = who(found, draft.reference, emails, phones)
        except Clash as clash:
            plan.clash = clash
        plans.append(plan)
    known = [plan for plan in plans if plan.person is not None]
    if known:
        ids = [plan.person.id for plan in known if plan.person is not None]
        rows = {row.id: row for row in await work.session.scalars(select(Customer).where(Customer.id.in_(ids)))}
        held = await _held(work, ids)
        for plan in known:
            plan.customer = rows[plan.person.id] if plan.person is not None else None
            await _compare(work, plan, held, terms)
    return plans


def _proofs(draft: CustomerDraft) -> tuple[list[str], list[str]]:
    """A draft's e-mail addresses and its phone numbers."""
    reaches = draft.contacts
    emails = [value for kind, value in reaches if kind == ContactKind.EMAIL]
    return emails, [value for kind, value in reaches if kind == ContactKind.PHONE]


@dataclass(slots=True)
class _Held:
    """What some customers have on record beside their own row, by customer."""

    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    tags: dict[int, set[str]] = field(default_factory=dict)
    said: dict[int, tuple[bool, str]] = field(default_factory=dict)  # about marketing last, and how
    attributes: dict[int, dict[int, AttributeValue]] = field(default_factory=dict)
    references: dict[int, set[str]] = field(default_factory=dict)


async def _held(work: Work, ids: Sequence[int]) -> _Held:
    held = _Held()
    for contact in await contacts.rows_of(work, ids):
        held.contacts.setdefault(contact.customer_id, []).append(contact)
    for row in await work.session.scalars(select(CustomerTag).where(CustomerTag.customer_id.in_(ids))):
        held.tags.setdefault(row.customer_id, set()).add(row.tag)
    statement = (
        select(Consent.customer_id, Consent.granted, Consent.source)
        .where(Consent.customer_id.in_(ids), Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id)
    )
    held.said = {row[0]: (row[1], row[2]) for row in (await work.session.execute(statement)).all()}
    for value in await work.session.scalars(select(AttributeValue).where(AttributeValue.customer_id.in_(ids))):
        held.attributes.setdefault(value.customer_id, {})[value.attribute_id] = value
    numbered = select(Identity).where(Identity.customer_id.in_(ids), Identity.channel == SHOP)
    for identity in await work.session.scalars(numbered):
        held.references.setdefault(identity.customer_id or 0, set()).add(identity.external_id)
    return held


async def _compare(work: Work, plan: Plan, held: _Held, terms: Terms) -> None:
    """Write down into the plan what is new in its draft."""
    draft, customer = plan.draft, plan.customer
    assert customer is not None
    work.remember(customer)
    if draft.reference and draft.reference not in held.references.get(customer.id, ()):
        plan.changes.append(("reference", draft.reference))
    on_record = {
        "name": await name_of(work, customer) if draft.name else "",
        "language": customer.language,
        "time_zone": customer.time_zone,
        "company": customer.company,
    }
    plan.changes += [
        (one, getattr(draft, one)) for one, now in on_record.items() if getattr(draft, one) not in {"", now}
    ]
    if draft.birthday and draft.birthday != record.birthday_of(work, customer):
        plan.changes.append(("birthday", draft.birthday.isoformat()))
    there = held.contacts.get(customer.id, [])
    new = [one for one in draft.contacts if not await _has(work, there, *one)]
    plan.changes += [(f"contact:{kind}", value) for kind, value in new]
    tags = held.tags.get(customer.id, set())
    folded = {tag.casefold() for tag in tags}
    missing = [tag for tag in draft.tags if tag.casefold() not in folded]
    plan.changes += [("tag", tag) for tag in missing]
    values = held.attributes.get(customer.id, {})
    for key, value in draft.attributes:
        attribute = terms.attributes[key]
        row = values.get(attribute.id)
        if row is None or await attributes.read(work, row, attribute.kind) != value:
            plan.changes.append((f"attribute:{key}", attributes.shown(value)))
    granted, by = held.said.get(customer.id, (None, ""))
    if draft.consent is not None and draft.consent != granted:
        plan.kept_out = draft.consent and granted is False and by not in _NOT_THEIR_OWN
        if not plan.kept_out:
            plan.changes.append(("consent", "yes" if draft.consent else "no"))
    for kind in ContactKind:
        if sum(one.kind == kind for one in there) + sum(one[0] == kind for one in new) > MOST_CONTACTS:
            plan.clash = Clash("contact_many", most=MOST_CONTACTS)
    if len(tags) + len(missing) > MOST_TAGS:
        plan.clash = Clash("tag_many", most=MOST_TAGS)


async def _has(work: Work, there: Sequence[Contact], kind: ContactKind, value: str) -> bool:
    """Whether a contact is among those on record: by its blind index, else by its words."""
    if kind == ContactKind.EMAIL:
        return email_blind(work, value) in {one.blind for one in there}
    if kind == ContactKind.PHONE:
        return phone_blind(work, value) in {one.blind for one in there}
    for one in there:
        if one.kind == kind and (await contacts.value_of(work, one)).casefold() == value.casefold():
            return True
    return False


async def change_customer(work: Work, plan: Plan, terms: Terms) -> None:
    """Bring a customer up to a plan of this very transaction; every change is journalled."""
    customer = plan.customer
    assert customer is not None
    by = By(staff_id=None, source=terms.source)
    work.remember(customer)
    for what, text in plan.changes:
        if what == "reference":
            work.session.add(_reference(work, customer, text))
        elif what == "tag":
            await record.add_tag(work, customer, text, by)
        elif what == "consent":
            consents.give(work, customer.id, text == "yes", terms.source)
        elif what.startswith("contact:"):
            kind = ContactKind(what.removeprefix("contact:"))
            await record.add_contact(work, customer, kind, text, by, country=terms.country)
        else:
            await record.change(work, customer, what, text, by)
    await work.session.flush()


def _reference(work: Work, customer: Customer, text: str) -> Identity:
    return Identity(
        id=new_id(),
        channel=SHOP,
        external_id=text,
        chat="",
        customer_id=customer.id,
        language=customer.language,
        created_at=work.now,
    )


async def take_customers(work: Work, drafts: Sequence[CustomerDraft], terms: Terms, taken: Taken) -> None:
    """Store a few customers in this transaction, whatever is on record of them; who clashes is counted as bad."""
    plans = await plan_customers(work, drafts, terms)
    await NewRows(work, [plan.draft for plan in plans if plan.what == ADDED], terms).write(work)
    for plan in plans:
        if plan.what == CHANGED:
            await change_customer(work, plan, terms)
        count(taken, plan)


def count(taken: Taken, plan: Plan) -> None:
    """Count what became of a draft."""
    taken.count("bad" if plan.clash is not None else plan.what)
    taken.kept_out += plan.kept_out and plan.clash is None


# ---- orders ----


async def take_orders(work: Work, found: Sequence[OrderOnFile], taken: Taken, *, write: bool) -> list[OrderRefused]:
    """Store orders whose customers are all on record; why some were refused, in order."""
    owners = await owners_of(work, found)
    drafts = [one.of(owner.id) for one, owner in zip(found, owners, strict=True) if isinstance(owner, Person)]
    outcomes = await orders.upsert_many(work, drafts, write=write, alive=True)
    for outcome in outcomes:
        taken.count("bad" if outcome.refused is not None else outcome.what)
    return [outcome.refused for outcome in outcomes if outcome.refused is not None]
