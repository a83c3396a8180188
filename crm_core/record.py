"""The customer's record: everything known of one person on one card, and every change of a field written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, func, select

from crm_core import attributes, contacts, customers, orders, staff
from crm_core.attributes import Held
from crm_core.contacts import Reach
from crm_core.conversations import name_of
from crm_core.models import (
    ACTIVE,
    Consent,
    Contact,
    ContactKind,
    Conversation,
    Customer,
    CustomerChange,
    CustomerNote,
    CustomerTag,
    Identity,
    Staff,
    StageChange,
    Ticket,
)
from crm_core.orders import Figures
from crm_core.rules.record import (
    LONGEST_COMPANY,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_CONTACTS,
    MOST_TAGS,
    RecordRefused,
    check_birthday,
    check_contact,
    check_language,
    check_lines,
    check_tag,
    check_text,
    check_time_zone,
    same_contact,
)
from crm_core.storage.ids import new_id
from crm_core.work import Work

FIELDS: Final = ("name", "language", "time_zone", "birthday", "company", "owner")  # what has one value
_FIELD_OF: Final = {ContactKind.NAME: "further_name"}  # in the journal; the others are called as they are
_NOTES_SHOWN = 5
_SEVERAL = 100  # merges in a row before it is taken for a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes a record (None: no colleague), and from where: "chat", "desk", "import", "command" or "merge"."""

    staff_id: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a colleague wrote down about a customer, in clear."""

    id: int
    body: str
    staff_id: int | None
    by: str  # the colleague's name, "" for none
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A whole record in clear."""

    customer: Customer
    name: str  # "" when it is not known
    contacts: list[Reach]  # the main one of each kind first
    birthday: date | None
    stage_since: datetime
    owner: str  # a colleague's name, "" for nobody
    tags: list[str]
    attributes: list[Held]
    notes: list[Note]  # the newest, newest first
    note_count: int
    consents: dict[str, tuple[bool, datetime]]  # purpose -> the newest word, and when
    identities: list[Identity]
    bought: Figures
    tickets: list[Ticket]  # active ones, oldest first
    last_contact: datetime | None  # when they last wrote

    def of_kind(self, kind: ContactKind) -> list[Reach]:
        """The contacts of one kind."""
        return [one for one in self.contacts if one.kind == kind]


# ---- reading ----


async def card(work: Work, customer: Customer) -> Card:
    """Everything on record of a customer; raises RecordRefused for one who was erased."""
    if customer.key is None:
        raise RecordRefused("record_erased", number=customer.number or 0)
    work.remember(customer)
    written, note_count = await _newest_notes(work, customer)
    by = {one.staff_id for one in written} | {customer.owner_id}
    names = await _staff_names(work, {one for one in by if one is not None})
    identities, last_contact = await _identities(work, customer.id)
    return Card(
        customer=customer,
        name=await name_of(work, customer),
        contacts=await contacts.of(work, customer.id),
        birthday=birthday_of(work, customer),
        stage_since=await _stage_since(work, customer),
        owner=names.get(customer.owner_id or 0, ""),
        tags=await customers.tags_of(work, customer.id),
        attributes=(await attributes.of(work, [customer.id]))[customer.id],
        notes=[await _note(work, one, names) for one in written],
        note_count=note_count,
        consents=await _consents(work, customer.id),
        identities=identities,
        bought=(await orders.figures(work, [customer.id]))[customer.id],
        tickets=await _active_tickets(work, customer.id),
        last_contact=last_contact,
    )


async def by_number(work: Work, number: int) -> Customer | None:
    """The customer with this number; for one who was merged away, whoever they turned out to be."""
    found = await work.session.scalar(select(Customer).where(Customer.number == number))
    return await kept(work, found) if found is not None else None


async def kept(work: Work, customer: Customer) -> Customer:
    """Whose record this is now: the customer, or whoever they were merged into."""
    for _ in range(_SEVERAL):
        if customer.merged_into is None:
            break
        customer = await work.session.get_one(Customer, customer.merged_into)
    work.remember(customer)
    return customer


def birthday_of(work: Work, customer: Customer) -> date | None:
    """The day a customer was born, None when it is not known."""
    if customer.birthday is None or customer.key is None:
        return None
    return date.fromisoformat(
        work.vault.open(customer.birthday, f"customer.birthday:{customer.id}", customer.key, customer.id)
    )


def set_birthday(work: Work, customer: Customer, day: date | None) -> None:
    """Put a birthday into the row: sealed, its day of the year in clear beside it. It is not written down as a change.

    Who changes a record on somebody's behalf uses `change`.
    """
    customer.birthday = customers.seal_birthday(work, customer.id, day, customer.key) if day else None
    customer.birth_day = f"{day:%m-%d}" if day else None


async def notes(work: Work, customer: Customer, limit: int) -> list[Note]:
    """The newest notes about a customer, newest first."""
    rows = await _notes(work, customer, limit)
    names = await _staff_names(work, {one.staff_id for one in rows if one.staff_id is not None})
    return [await _note(work, one, names) for one in rows]


async def _newest_notes(work: Work, customer: Customer) -> tuple[Sequence[CustomerNote], int]:
    rows = await _notes(work, customer, _NOTES_SHOWN)
    if len(rows) < _NOTES_SHOWN:
        return rows, len(rows)
    count = select(func.count()).select_from(CustomerNote).where(CustomerNote.customer_id == customer.id)
    return rows, await work.session.scalar(count) or 0


async def _notes(work: Work, customer: Customer, limit: int) -> Sequence[CustomerNote]:
    statement = select(CustomerNote).where(CustomerNote.customer_id == customer.id)
    return (await work.session.scalars(statement.order_by(CustomerNote.id.desc()).limit(limit))).all()


async def _note(work: Work, row: CustomerNote, names: dict[int, str]) -> Note:
    key = await work.key_of(row.customer_id)
    body = work.vault.open(row.body, f"customer_note.body:{row.id}", key, row.customer_id)
    return Note(id=row.id, body=body, staff_id=row.staff_id, by=names.get(row.staff_id or 0, ""), at=row.at)


async def _staff_names(work: Work, staff_ids: set[int]) -> dict[int, str]:
    if not staff_ids:
        return {}
    rows = await work.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids)))
    return {row[0]: row[1] for row in rows.all()}


async def _stage_since(work: Work, customer: Customer) -> datetime:
    newest = select(StageChange.at).where(StageChange.customer_id == customer.id).order_by(StageChange.id.desc())
    return await work.session.scalar(newest.limit(1)) or customer.created_at


async def _consents(work: Work, customer_id: int) -> dict[str, tuple[bool, datetime]]:
    rows = await work.session.scalars(select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.id))
    return {row.purpose: (row.granted, row.at) for row in rows}


async def _identities(work: Work, customer_id: int) -> tuple[list[Identity], datetime | None]:
    """A customer's identities, oldest first, and when a message last came from one of them."""
    statement = (
        select(Identity, Conversation.last_in_at)
        .outerjoin(Conversation, Conversation.identity_id == Identity.id)
        .where(Identity.customer_id == customer_id)
        .order_by(Identity.id)
    )
    rows = (await work.session.execute(statement)).all()
    return [row[0] for row in rows], max((row[1] for row in rows if row[1] is not None), default=None)


async def _active_tickets(work: Work, customer_id: int) -> list[Ticket]:
    statement = select(Ticket).where(Ticket.customer_id == customer_id, Ticket.state.in_(ACTIVE))
    return list((await work.session.scalars(statement.order_by(Ticket.id))).all())


# ---- changing ----


def journal(work: Work, customer: Customer, field: str, before: str | None, after: str | None, by: By) -> None:
    """Write down that a field went from one value to another; None is no value."""
    change_id = new_id()

    def sealed(column: str, text: str | None) -> bytes | None:
        if text is None:
            return None
        return work.vault.seal(text, f"customer_change.{column}:{change_id}", customer.key, customer.id)

    work.session.add(
        CustomerChange(
            id=change_id,
            customer_id=customer.id,
            field=field,
            before=sealed("before", before),
            after=sealed("after", after),
            staff_id=by.staff_id,
            source=by.source,
            at=work.now,
        )
    )
    work.desk_changed = True


def check_open(customer: Customer) -> None:
    """Raise RecordRefused for the record of somebody who was erased or turned out to be somebody else."""
    if customer.key is None:
        raise RecordRefused("record_erased", number=customer.number or 0)
    if customer.merged_into is not None:
        raise RecordRefused("record_merged", number=customer.number or 0)


async def change(work: Work, customer: Customer, field: str, text: str, by: By) -> None:
    """Set a field that has one value: one of FIELDS, or "attribute:" and its key; "" leaves it empty.

    `text` is what somebody wrote; raises RecordRefused for what the field cannot hold.
    """
    check_open(customer)
    if field.startswith("attribute:"):
        await _change_attribute(work, customer, field.removeprefix("attribute:"), text, by)
    elif field == "name":
        await _change_name(work, customer, text, by)
    elif field == "birthday":
        before = birthday_of(work, customer)
        day = check_birthday(text, work.now.date()) if text else None
        set_birthday(work, customer, day)
        _journal_if_new(work, customer, field, before.isoformat() if before else None, _iso(day), by)
    elif field == "owner":
        await _change_owner(work, customer, text, by)
    elif field == "language":
        await _change_language(work, customer, text, by)
    elif field == "time_zone":
        zone = check_time_zone(text) if text else None
        _journal_if_new(work, customer, field, customer.time_zone, zone, by)
        customer.time_zone = zone
    elif field == "company":
        company = check_text(text, LONGEST_COMPANY) if text else None
        _journal_if_new(work, customer, field, customer.company, company, by)
        customer.company = company
    else:
        raise RecordRefused("record_no_field", field=field[:40])
    await work.session.flush()  # the next turn of this batch must find it


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _journal_if_new(work: Work, customer: Customer, field: str, before: str | None, after: str | None, by: By) -> None:
    if before != after:
        journal(work, customer, field, before, after, by)


async def _change_name(work: Work, customer: Customer, text: str, by: By) -> None:
    before = await name_of(work, customer)
    name = check_text(text, LONGEST_NAME) if text else ""
    customer.name = customers.seal_name(work, customer.id, name, customer.key)
    _journal_if_new(work, customer, "name", before or None, name or None, by)
    await customers.index_names(work, customer)


async def _change_owner(work: Work, customer: Customer, text: str, by: By) -> None:
    before = (await _staff_names(work, {customer.owner_id})).get(customer.owner_id) if customer.owner_id else None
    owner = await staff.by_name(work, text) if text else None
    if text and owner is None:
        raise RecordRefused("colleague_unknown", name=text[:60])
    customer.owner_id = owner.id if owner else None
    _journal_if_new(work, customer, "owner", before, owner.name if owner else None, by)


async def _change_language(work: Work, customer: Customer, text: str, by: By) -> None:
    """What they read; they are written to in it on every channel from now on."""
    language = check_language(text)
    _journal_if_new(work, customer, "language", customer.language, language, by)
    customer.language = language
    for identity in await work.session.scalars(select(Identity).where(Identity.customer_id == customer.id)):
        identity.language = language


async def _change_attribute(work: Work, customer: Customer, key: str, text: str, by: By) -> None:
    attribute = await attributes.by_key(work, key)
    if attribute is None or attribute.archived_at is not None:
        raise RecordRefused("attribute_unknown", attribute=key[:40])
    held = [one for one in (await attributes.of(work, [customer.id]))[customer.id] if one.attribute is attribute]
    before = attributes.shown(held[0].value) if held else None
    after = None
    if text:
        value = attributes.check(attribute.kind, text, key=key, choices=list(map(str, attribute.choices)))
        await attributes.put(work, customer, attribute, value)
        after = attributes.shown(value)
    else:
        await attributes.clear(work, customer, attribute)
    _journal_if_new(work, customer, f"attribute:{key}", before, after, by)


async def add_contact(
    work: Work,
    customer: Customer,
    kind: ContactKind,
    text: str,
    by: By,
    *,
    country: str = "",
    label: str = "",
) -> Contact:
    """One more name, e-mail, phone or address; the first of its kind is the main one."""
    check_open(customer)
    value = check_contact(kind, text, country)
    there = [one for one in await contacts.of(work, customer.id) if one.kind == kind]
    if any(same_contact(kind, one.value, value, country) for one in there):
        raise RecordRefused("contact_known", value=value[:80])
    if len(there) >= MOST_CONTACTS:
        raise RecordRefused("contact_many", most=MOST_CONTACTS)
    contact = contacts.add(work, customer, kind, value, country=country, label=label[:40], main=not there)
    journal(work, customer, _field(kind), None, value, by)
    await _settle_contacts(work, customer, kind)
    return contact


async def change_contact(
    work: Work, customer: Customer, contact_id: int, text: str, by: By, *, country: str = ""
) -> None:
    """Another value for a contact; that it was verified counts no longer."""
    check_open(customer)
    row, before = await _contact(work, customer, contact_id)
    kind = ContactKind(row.kind)
    value = check_contact(kind, text, country)
    others = [one for one in await contacts.of(work, customer.id) if one.kind == kind and one.id != row.id]
    if any(same_contact(kind, one.value, value, country) for one in others):
        raise RecordRefused("contact_known", value=value[:80])
    if value == before:
        return
    row.value = contacts.seal(work, row.id, value, customer.key, customer.id)
    row.blind = contacts.blind_of(work, kind, value, country)
    row.verified_at = None
    journal(work, customer, _field(kind), before, value, by)
    await _settle_contacts(work, customer, kind)


async def remove_contact(work: Work, customer: Customer, contact_id: int, by: By) -> None:
    """A contact that is theirs no more; if it was the main one, the oldest of its kind follows."""
    check_open(customer)
    row, before = await _contact(work, customer, contact_id)
    kind, main = ContactKind(row.kind), row.main
    await work.session.delete(row)
    journal(work, customer, _field(kind), before, None, by)
    await _settle_contacts(work, customer, kind)
    if main:
        statement = select(Contact).where(Contact.customer_id == customer.id, Contact.kind == kind)
        following = await work.session.scalar(statement.order_by(Contact.id).limit(1))
        if following is not None:
            following.main = True
            await work.session.flush()


async def make_main(work: Work, customer: Customer, contact_id: int, by: By) -> None:
    """Let this be the contact of its kind to use."""
    check_open(customer)
    row, value = await _contact(work, customer, contact_id)
    before = None
    for one in await contacts.rows_of(work, [customer.id]):
        if one.kind == row.kind and one.main and one.id != row.id:
            before = await contacts.value_of(work, one)
            one.main = False
    if not row.main:
        row.main = True
        journal(work, customer, f"main_{row.kind}", before, value, by)
    await work.session.flush()


async def find_contact(work: Work, customer: Customer, text: str, country: str = "") -> Reach | None:
    """The contact of a customer that somebody wrote, whatever its kind; None for none."""
    for one in await contacts.of(work, customer.id):
        if same_contact(one.kind, one.value, text, country):
            return one
    return None


def _field(kind: ContactKind) -> str:
    return _FIELD_OF.get(kind, str(kind))


async def _contact(work: Work, customer: Customer, contact_id: int) -> tuple[Contact, str]:
    row = await work.session.get(Contact, contact_id)
    if row is None or row.customer_id != customer.id:
        raise RecordRefused("contact_gone")
    return row, await contacts.value_of(work, row)


async def _settle_contacts(work: Work, customer: Customer, kind: ContactKind) -> None:
    await work.session.flush()
    if kind == ContactKind.NAME:
        await customers.index_names(work, customer)
        await work.session.flush()


async def add_tag(work: Work, customer: Customer, text: str, by: By) -> str:
    """Pin a word on a customer; one that is there in other letters stays as it is. Returns the word."""
    check_open(customer)
    word = check_tag(text)
    there = await customers.tags_of(work, customer.id)
    for one in there:
        if one.casefold() == word.casefold():
            return one
    if len(there) >= MOST_TAGS:
        raise RecordRefused("tag_many", most=MOST_TAGS)
    customers.tag(work, customer.id, [word])
    journal(work, customer, "tag", None, word, by)
    await work.session.flush()
    return word


async def remove_tag(work: Work, customer: Customer, text: str, by: By) -> str:
    """Take a word off a customer; raises RecordRefused when it is not on them. Returns the word."""
    check_open(customer)
    word = check_tag(text)
    for one in await customers.tags_of(work, customer.id):
        if one.casefold() == word.casefold():
            await work.session.execute(
                delete(CustomerTag).where(CustomerTag.customer_id == customer.id, CustomerTag.tag == one)
            )
            journal(work, customer, "tag", one, None, by)
            await work.session.flush()
            return one
    raise RecordRefused("tag_not_there", tag=word)


async def add_note(work: Work, customer: Customer, text: str, by: By) -> None:
    """Write something down about a customer that they never see."""
    check_open(customer)
    body = check_lines(text, LONGEST_NOTE)
    note_id = new_id()
    work.session.add(
        CustomerNote(
            id=note_id,
            customer_id=customer.id,
            staff_id=by.staff_id,
            body=work.vault.seal(body, f"customer_note.body:{note_id}", customer.key, customer.id),
            at=work.now,
        )
    )
    work.desk_changed = True
    await work.session.flush()
