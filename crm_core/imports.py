"""Taking over customers and orders from files: what is known already is brought up to date, nothing is taken away."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, cast

from sqlalchemy import Table, bindparam, insert, select

from crm_core import attributes, contacts, customers, orders, record
from crm_core.conversations import name_of
from crm_core.identities import SHOP
from crm_core.models import (
    Attribute,
    AttributeValue,
    Base,
    Consent,
    Contact,
    ContactKind,
    Customer,
    CustomerTag,
    Identity,
    NameToken,
    Purpose,
    Stage,
)
from crm_core.numbers import next_numbers
from crm_core.record import By
from crm_core.rules import names
from crm_core.rules.attributes import Value
from crm_core.rules.contacts import normal_email
from crm_core.rules.orders import OrderDraft, OrderLineDraft, OrderRefused, PaymentDraft
from crm_core.rules.record import MOST_CONTACTS, MOST_TAGS
from crm_core.storage.ids import new_id
from crm_core.work import Work

ADDED, CHANGED, SAME, REFUSED = "added", "changed", "same", "refused"
_NOT_THEIR_OWN = ("import", "sample")  # sources of consent that a later import may correct


class CustomerDraft(NamedTuple):
    """A customer as a file has them, every value in normal form; what is empty is left as it is."""

    email: str = ""
    phone: str = ""
    reference: str = ""  # the shop's own number
    name: str = ""
    language: str = ""
    time_zone: str = ""
    company: str = ""
    birthday: date | None = None
    address: str = ""
    further: tuple[tuple[ContactKind, str], ...] = ()  # contacts beside the main ones
    tags: tuple[str, ...] = ()
    consent: bool | None = None
    attributes: tuple[tuple[str, Value], ...] = ()  # by key, as `rules.attributes.check` gave them

    @property
    def contacts(self) -> list[tuple[ContactKind, str]]:
        """Every contact, the main one of each kind before the others."""
        main = ((ContactKind.EMAIL, self.email), (ContactKind.PHONE, self.phone), (ContactKind.ADDRESS, self.address))
        return [*[one for one in main if one[1]], *self.further]


class OrderOnFile(NamedTuple):
    """An order as a file has it; whose it is, is said by a reference, an e-mail address or a phone number."""

    source: str
    external_ref: str
    state: str
    total_minor: int
    currency: str
    placed_at: datetime
    email: str = ""
    phone: str = ""
    reference: str = ""
    state_at: datetime | None = None
    tracking: str = ""
    carrier: str = ""
    lines: tuple[OrderLineDraft, ...] | None = None  # None leaves them as they are
    events: tuple[tuple[str, datetime], ...] = ()
    payments: tuple[PaymentDraft, ...] = ()

    @property
    def owner(self) -> str:
        """Whose it is, as the file says it."""
        return self.email or self.phone or self.reference

    @property
    def rows(self) -> int:
        """How many rows it is."""
        return 1 + len(self.lines or ()) + len(self.events) + len(self.payments)

    def of(self, customer_id: int) -> OrderDraft:
        """The order with its customer, 0 for nobody yet."""
        return OrderDraft(
            source=self.source,
            external_ref=self.external_ref,
            customer_id=customer_id,
            state=self.state,
            total_minor=self.total_minor,
            currency=self.currency,
            placed_at=self.placed_at,
            state_at=self.state_at,
            tracking=self.tracking,
            carrier=self.carrier,
            lines=self.lines,
            events=self.events,
            payments=self.payments,
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for a whole import of customers: where it comes from, and what its values mean."""

    source: str
    language: str  # of new customers whose own is not known
    country: str = ""  # whose phone numbers those without a country are
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


class Clash(Exception):
    """A draft contradicts what is on record.

    `key` says why: two_people, shared_phone, erased_person, contact_many or tag_many.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


class Person(NamedTuple):
    """A customer whom a proof key names."""

    id: int
    number: int | None


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


# ---- who is who ----


@dataclass(slots=True)
class People:
    """The customers on record whom references, e-mail addresses and phone numbers name; blinds, not words."""

    by_reference: dict[str, Person] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)  # references of people who were erased
    by_email: dict[str, Person] = field(default_factory=dict)
    by_phone: dict[str, dict[int, Person]] = field(default_factory=dict)
    blinds: dict[tuple[str, str], str] = field(default_factory=dict)  # of what was asked for
    reachable: set[int] = field(default_factory=set)  # those with an e-mail address or a reference


# Made once, of tables instead of mapped classes: an import asks them thousands of times.
_customer, _contact, _identities = (cast(Table, one.__table__) for one in (Customer, Contact, Identity))
_ALIVE = (_customer.c.key.is_not(None), _customer.c.merged_into.is_(None))
_BY_REFERENCES = (
    select(_identities.c.external_id, _customer.c.id, _customer.c.number)
    .join(_customer, _customer.c.id == _identities.c.customer_id)
    .where(_identities.c.channel == SHOP, _identities.c.external_id.in_(bindparam("references", expanding=True)))
    .where(*_ALIVE)
)
_BY_BLINDS = (
    select(_contact.c.blind, _contact.c.kind, _customer.c.id, _customer.c.number)
    .join(_customer, _customer.c.id == _contact.c.customer_id)
    .where(_contact.c.blind.in_(bindparam("blinds", expanding=True)), *_ALIVE)
    .order_by(_customer.c.id.desc())
)


async def people(work: Work, references: Iterable[str], emails: Iterable[str], phones: Iterable[str]) -> People:
    """Whom these name; phones are in normal form. Nobody who was erased or merged away."""
    found = People()
    if wanted := set(references) - {""}:
        asked = {"references": list(wanted)}
        for reference, person_id, number in (await work.session.execute(_BY_REFERENCES, asked)).all():
            found.by_reference[reference] = Person(person_id, number)
        found.erased = await _erased(work, wanted - found.by_reference.keys())
    found.blinds = {("email", email): email_blind(work, email) for email in emails if email}
    found.blinds |= {("phone", phone): phone_blind(work, phone) for phone in phones if phone}
    if found.blinds:
        asked = {"blinds": list(set(found.blinds.values()))}
        for blind, kind, person_id, number in (await work.session.execute(_BY_BLINDS, asked)).all():
            if blind is not None and kind == ContactKind.EMAIL:
                found.by_email[blind] = Person(person_id, number)  # the oldest of several stays
            elif blind is not None and kind == ContactKind.PHONE:
                found.by_phone.setdefault(blind, {})[person_id] = Person(person_id, number)
    if found.by_phone:
        found.reachable = await _reachable(work, {one for some in found.by_phone.values() for one in some})
    return found


async def _erased(work: Work, references: Collection[str]) -> set[str]:
    """Those of these references whose customers were erased."""
    if not references:
        return set()
    gone = {customers.gone_address(work, SHOP, one): one for one in references}
    statement = select(Identity.external_id).where(Identity.channel == SHOP, Identity.external_id.in_(gone))
    return {gone[one] for one in await work.session.scalars(statement)}


async def _reachable(work: Work, ids: Collection[int]) -> set[int]:
    mailed = select(Contact.customer_id).where(Contact.customer_id.in_(ids), Contact.kind == ContactKind.EMAIL)
    numbered = select(Identity.customer_id).where(Identity.customer_id.in_(ids), Identity.channel == SHOP)
    found = [*(await work.session.scalars(mailed)).all(), *(await work.session.scalars(numbered)).all()]
    return {one for one in found if one is not None}


def email_blind(work: Work, email: str) -> str:
    """By which an e-mail address is found."""
    return work.vault.blind(normal_email(email), "email")


def phone_blind(work: Work, phone: str) -> str:
    """By which a phone number in normal form is found."""
    return work.vault.blind(phone, "phone")


def who(found: People, reference: str, emails: Sequence[str], phones: Sequence[str]) -> Person | None:
    """The customer whom these proof keys name, None for somebody new; raises Clash when they name two people.

    The shop's reference and e-mail addresses decide. A phone number may be a household's: it decides only where the
    draft or the customer has neither. A reference of somebody who was erased is nobody's any more.
    """
    if reference in found.erased:
        raise Clash("erased_person", reference=reference)
    named = [found.by_reference.get(reference), *(found.by_email.get(found.blinds["email", one]) for one in emails)]
    people_named = {one.id: one for one in named if one is not None}
    if len(people_named) > 1:
        numbers = sorted(str(one.number or "?") for one in people_named.values())
        raise Clash("two_people", numbers=" and ".join(f"#{one}" for one in numbers))
    if people_named:
        return next(iter(people_named.values()))
    alone = not reference and not emails
    for phone in phones:
        owners = found.by_phone.get(found.blinds["phone", phone], {})
        fitting = [one for one in owners.values() if alone or one.id not in found.reachable]
        if len(fitting) > 1:
            raise Clash("shared_phone", phone=phone)
        if fitting:
            return fitting[0]
    return None


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


class NewRows:
    """The rows of new customers, sealed before the transaction opens that writes them; their numbers come then."""

    def __init__(self, work: Work, drafts: Sequence[CustomerDraft], terms: Terms) -> None:
        self._work = work
        self._terms = terms
        self.customers: list[dict[str, Any]] = []
        self.others: dict[type[Base], list[dict[str, Any]]] = {
            table: [] for table in (Contact, NameToken, CustomerTag, AttributeValue, Identity, Consent)
        }
        for draft in drafts:
            self._add(draft)

    @property
    def count(self) -> int:
        """How many rows they are."""
        return len(self.customers) + sum(map(len, self.others.values()))

    async def write(self, work: Work) -> None:
        """Number the customers, and insert everything."""
        if not self.customers:
            return
        first = await next_numbers(work, "customer", len(self.customers))
        await work.session.flush()
        for number, row in enumerate(self.customers, start=first):
            row["number"] = number
            work.new_keys[row["id"]] = row["key"]
        await work.session.execute(insert(cast(Table, Customer.__table__)), self.customers)
        for table, rows in self.others.items():
            if rows:
                await work.session.execute(insert(cast(Table, table.__table__)), rows)

    def _add(self, draft: CustomerDraft) -> None:
        work, vault = self._work, self._work.vault
        customer_id = new_id()
        key = vault.new_customer_key(customer_id)  # told to `Work.new_keys` by the work that writes it
        birthday = draft.birthday
        self.customers.append(
            {
                "id": customer_id,
                "key": key,
                "name": customers.seal_name(work, customer_id, draft.name, key),
                "named": names.EDITION,
                "birthday": _seal_birthday(work, customer_id, birthday, key) if birthday else None,
                "birth_day": f"{birthday:%m-%d}" if birthday else None,
                "company": draft.company or None,
                "language": draft.language or self._terms.language,
                "time_zone": draft.time_zone or None,
                "stage": Stage.LEAD.value,
                "source": self._terms.source,
                "created_at": work.now,
            }
        )
        self._add_contacts(draft, customer_id, key)
        all_names = [draft.name, *(value for kind, value in draft.further if kind == ContactKind.NAME)]
        self.others[NameToken] += [
            {"token": token, "customer_id": customer_id} for token in customers.name_tokens(work, all_names)
        ]
        self.others[CustomerTag] += [{"customer_id": customer_id, "tag": tag} for tag in draft.tags]
        if draft.attributes:
            self._add_attributes(draft, customer_id, key)
        if draft.reference:
            self.others[Identity].append(
                _identity(work, customer_id, draft.reference, draft.language or self._terms.language)
            )
        if draft.consent is not None:
            self.others[Consent].append(
                {
                    "id": new_id(),
                    "customer_id": customer_id,
                    "purpose": Purpose.MARKETING.value,
                    "granted": draft.consent,
                    "source": self._terms.source,
                    "at": work.now,
                }
            )

    def _add_contacts(self, draft: CustomerDraft, customer_id: int, key: bytes) -> None:
        kinds: set[str] = set()
        for kind, value in draft.contacts:
            contact_id = new_id()
            blind = None
            if kind == ContactKind.EMAIL:
                blind = email_blind(self._work, value)
            elif kind == ContactKind.PHONE:
                blind = phone_blind(self._work, value)
            self.others[Contact].append(
                {
                    "id": contact_id,
                    "customer_id": customer_id,
                    "kind": kind.value,
                    "value": contacts.seal(self._work, contact_id, value, key, customer_id),
                    "blind": blind,
                    "label": "",
                    "main": kind not in kinds,
                    "verified_at": None,
                    "created_at": self._work.now,
                }
            )
            kinds.add(kind)

    def _add_attributes(self, draft: CustomerDraft, customer_id: int, key: bytes) -> None:
        for name, value in draft.attributes:
            attribute = self._terms.attributes[name]
            sealed = attributes.seal(self._work, attribute.id, customer_id, value, key) if attribute.personal else None
            clear = None if attribute.personal else value
            self.others[AttributeValue].append(
                {
                    "customer_id": customer_id,
                    "attribute_id": attribute.id,
                    "text": clear if isinstance(clear, str) else None,
                    "number": clear if isinstance(clear, float) else None,
                    "sealed": sealed,
                    "at": self._work.now,
                }
            )


def _seal_birthday(work: Work, customer_id: int, day: date, key: bytes) -> bytes:
    return work.vault.seal(day.isoformat(), f"customer.birthday:{customer_id}", key, customer_id)


def _identity(work: Work, customer_id: int, reference: str, language: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "channel": SHOP,
        "external_id": reference,
        "chat": "",
        "customer_id": customer_id,
        "language": language,
        "created_at": work.now,
    }


async def change_customer(work: Work, plan: Plan, terms: Terms) -> None:
    """Bring a customer up to a plan of this very transaction; every change is journalled."""
    customer = plan.customer
    assert customer is not None
    by = By(staff_id=None, source=terms.source)
    work.remember(customer)
    for what, text in plan.changes:
        if what == "reference":
            await work.session.execute(
                insert(cast(Table, Identity.__table__)), [_identity(work, customer.id, text, customer.language)]
            )
        elif what == "tag":
            await record.add_tag(work, customer, text, by)
        elif what == "consent":
            customers.give_consent(work, customer.id, text == "yes", terms.source)
        elif what.startswith("contact:"):
            kind = ContactKind(what.removeprefix("contact:"))
            await record.add_contact(work, customer, kind, text, by, country=terms.country)
        else:
            await record.change(work, customer, what, text, by)
    await work.session.flush()


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


class Addressed(Protocol):
    """What says whose it is: the shop's reference, an e-mail address, a phone number in normal form."""

    @property
    def reference(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...


async def owners_of(work: Work, found: Sequence[Addressed]) -> list[Person | Clash | None]:
    """Whose each of these orders is: a customer, nobody on record, or a clash. Nothing else decides that."""
    known = await people(
        work, [one.reference for one in found], [one.email for one in found], [one.phone for one in found]
    )
    owners: list[Person | Clash | None] = []
    for one in found:
        emails, phones = [one.email] if one.email else [], [one.phone] if one.phone else []
        try:
            owners.append(who(known, one.reference, emails, phones))
        except Clash as clash:
            owners.append(clash)
    return owners


async def take_orders(work: Work, found: Sequence[OrderOnFile], taken: Taken, *, write: bool) -> list[OrderRefused]:
    """Store orders whose customers are all on record; why some were refused, in order."""
    owners = await owners_of(work, found)
    drafts = [one.of(owner.id) for one, owner in zip(found, owners, strict=True) if isinstance(owner, Person)]
    outcomes = await orders.upsert_many(work, drafts, write=write, alive=True)
    for outcome in outcomes:
        taken.count("bad" if outcome.refused is not None else outcome.what)
    return [outcome.refused for outcome in outcomes if outcome.refused is not None]
