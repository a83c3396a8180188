"""The timeline: everything said, done, ordered, sent, consented and changed with one customer, newest first."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, union_all

from crm_core.conversations import body_of
from crm_core.models import (
    Consent,
    Conversation,
    Customer,
    CustomerChange,
    CustomerNote,
    Interaction,
    Kind,
    Merge,
    Order,
    OrderEvent,
    OrderState,
    Payment,
    Staff,
    StageChange,
    Ticket,
    TicketEvent,
)
from crm_core.storage.ids import read_id
from crm_core.work import Work

PAGE: Final = 15  # entries of one page
# A ticket's life beside the words, which stand in the timeline themselves.
_TICKET_EVENTS = ("opened", "claimed", "handed_on", "resolved", "reopened", "rated")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEVERAL = 100  # merges in a row before it is taken for a circle


class What(StrEnum):
    """What kind of thing happened, as `Entry.kind` says it beside the kinds of interactions."""

    CREATED = "created"
    TALK = "talk"
    TICKET = "ticket"
    ORDERED = "ordered"
    ORDER = "order"
    PAYMENT = "payment"
    CONSENT = "consent"
    CHANGE = "change"
    STAGE = "stage"
    MERGE = "merge"
    NOTE = "note"


_PLACES = list(What)  # what comes later in the same moment, and stands in the cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened."""

    what: What
    kind: str  # of an interaction, a ticket event, an order's state, a payment; the field of a change; the new stage
    at: datetime
    text: str = ""  # words that were said or noted, in clear; the order's number; why a stage changed
    before: str = ""  # of a change, in clear
    after: str = ""
    number: int | None = None  # of the ticket or of the record that was merged
    granted: bool = False  # of a consent
    minor: int = 0  # money in minor units
    currency: str = ""
    by: str = ""  # the colleague's name, "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries, newest first, and the cursor by which the older ones are asked for; "" when these are all."""

    entries: list[Entry]
    older: str


@dataclass(frozen=True, slots=True)
class _Page:
    """What the entries of one page are made with: the work, and the names of the colleagues in it."""

    work: Work
    names: Mapping[int, str]


async def page(work: Work, customer: Customer, before: str = "", limit: int = PAGE) -> Page:
    """The newest things that happened, or those before a cursor; with whatever the records merged into it hold.

    Empty for a customer who was erased. A cursor that is none is taken for the beginning.
    """
    if customer.key is None:
        return Page(entries=[], older="")
    ids = await _records(work, customer)
    parts = [select(part.subquery()) for part in _parts(customer.id, ids)]
    rows = union_all(*parts).subquery()
    statement = select(rows.c.at, rows.c.place, rows.c.id)
    if (cursor := _read_cursor(before)) is not None:
        statement = statement.where(_past(rows.c, cursor))
    statement = statement.order_by(rows.c.at.desc(), rows.c.place.desc(), rows.c.id.desc()).limit(limit + 1)
    places = [(row[0], row[1], row[2]) for row in (await work.session.execute(statement)).all()]
    shown = places[:limit]
    entries = await _entries(work, [(_PLACES[place], row_id) for _at, place, row_id in shown])
    return Page(entries=entries, older=_cursor(*shown[-1]) if len(places) > limit else "")


async def _records(work: Work, customer: Customer) -> list[int]:
    """The customer and everybody who was merged into them, whose keys are at hand then."""
    work.remember(customer)
    found = [customer.id]
    fresh = [customer.id]
    for _ in range(_SEVERAL):
        rows = (await work.session.scalars(select(Customer).where(Customer.merged_into.in_(fresh)))).all()
        fresh = [row.id for row in rows if row.id not in found and row.key is not None]
        if not fresh:
            break
        found += fresh
        for row in rows:
            work.remember(row)
    return found


def _parts(customer_id: int, ids: Collection[int]) -> list[Select[Any]]:
    """Where and when things happened: one statement per table."""
    talks = select(Conversation.id).where(Conversation.customer_id.in_(ids))
    shown = Interaction.kind.not_in((Kind.EVENT, Kind.COMMAND))
    orders = select(Order.id).where(Order.customer_id.in_(ids))
    tickets = select(Ticket.id).where(Ticket.customer_id.in_(ids))
    return [
        _part(What.TALK, Interaction, Interaction.conversation_id.in_(talks), shown),
        _part(What.TICKET, TicketEvent, TicketEvent.ticket_id.in_(tickets), TicketEvent.kind.in_(_TICKET_EVENTS)),
        _part(What.ORDERED, Order, Order.customer_id.in_(ids), at=Order.placed_at),
        _part(What.ORDER, OrderEvent, OrderEvent.order_id.in_(orders), OrderEvent.state != OrderState.PLACED),
        _part(What.PAYMENT, Payment, Payment.order_id.in_(orders)),
        _part(What.CONSENT, Consent, Consent.customer_id.in_(ids)),
        _part(What.CHANGE, CustomerChange, CustomerChange.customer_id.in_(ids)),
        _part(What.STAGE, StageChange, StageChange.customer_id.in_(ids)),
        _part(What.MERGE, Merge, Merge.kept_id.in_(ids)),
        # The notes of a record that was merged away were copied to the one that was kept.
        _part(What.NOTE, CustomerNote, CustomerNote.customer_id == customer_id),
        _part(What.CREATED, Customer, Customer.id == customer_id, at=Customer.created_at),
    ]


def _part(what: What, table: Any, *where: ColumnElement[bool], at: Any = None) -> Select[Any]:
    moment = table.at if at is None else at
    return select(moment.label("at"), literal(_PLACES.index(what)).label("place"), table.id.label("id")).where(*where)


def _past(columns: Any, cursor: tuple[datetime, int, int]) -> ColumnElement[bool]:
    at, place, row_id = cursor
    return or_(
        columns.at < at,
        and_(columns.at == at, columns.place < place),
        and_(columns.at == at, columns.place == place, columns.id < row_id),
    )


def _cursor(at: datetime, place: int, row_id: int) -> str:
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{place}.{row_id}"


def _read_cursor(text: str) -> tuple[datetime, int, int] | None:
    numbers = [read_id(part.removeprefix("-")) for part in text.split(".")]
    if len(numbers) != 3:
        return None
    micros, place, row_id = numbers
    if micros is None or place is None or row_id is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=-micros if text.startswith("-") else micros), place, row_id
    except OverflowError:
        return None


# ---- the entries ----


async def _entries(work: Work, places: Sequence[tuple[What, int]]) -> list[Entry]:
    wanted: dict[What, list[int]] = defaultdict(list)
    for what, row_id in places:
        wanted[what].append(row_id)
    rows = {what: await _rows(work, what, ids) for what, ids in wanted.items()}
    names = await _names(work, [row for some in rows.values() for row in some])
    making = _Page(work, names)
    made = {(what, row[0].id): await _MAKERS[what](making, *row) for what, some in rows.items() for row in some}
    return [made[place] for place in places if place in made]


async def _rows(work: Work, what: What, ids: Collection[int]) -> Sequence[Any]:
    return (await work.session.execute(_STATEMENTS[what](ids))).all()


async def _names(work: Work, rows: Collection[Any]) -> dict[int, str]:
    ids = {one for row in rows if (one := getattr(row[0], "staff_id", None)) is not None}
    if not ids:
        return {}
    found = await work.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {row[0]: row[1] for row in found.all()}


def _by_id(table: Any) -> Callable[[Collection[int]], Select[*tuple[Any, ...]]]:
    return lambda ids: select(table).where(table.id.in_(ids))


_STATEMENTS: dict[What, Callable[[Collection[int]], Select[*tuple[Any, ...]]]] = {
    What.TALK: _by_id(Interaction),
    What.TICKET: lambda ids: (
        select(TicketEvent, Ticket.number)
        .join(Ticket, Ticket.id == TicketEvent.ticket_id)
        .where(TicketEvent.id.in_(ids))
    ),
    What.ORDERED: _by_id(Order),
    What.ORDER: lambda ids: (
        select(OrderEvent, Order.external_ref)
        .join(Order, Order.id == OrderEvent.order_id)
        .where(OrderEvent.id.in_(ids))
    ),
    What.PAYMENT: lambda ids: (
        select(Payment, Order.external_ref, Order.currency)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id.in_(ids))
    ),
    What.CONSENT: _by_id(Consent),
    What.CHANGE: _by_id(CustomerChange),
    What.STAGE: _by_id(StageChange),
    What.MERGE: lambda ids: (
        select(Merge, Customer.number).join(Customer, Customer.id == Merge.merged_id).where(Merge.id.in_(ids))
    ),
    What.NOTE: _by_id(CustomerNote),
    What.CREATED: _by_id(Customer),
}


async def _talk(on: _Page, row: Interaction) -> Entry:
    gone = row.customer_id is not None and await on.work.key_of(row.customer_id) is None
    text = "" if gone else await body_of(on.work, row)
    return Entry(what=What.TALK, kind=row.kind, at=row.at, text=text, by=on.names.get(row.staff_id or 0, ""))


async def _ticket(on: _Page, row: TicketEvent, number: int) -> Entry:
    stars = str(row.detail.get("stars", ""))
    by = on.names.get(row.staff_id or 0, "")
    return Entry(what=What.TICKET, kind=row.kind, at=row.at, number=number, by=by, text=stars)


async def _ordered(_on: _Page, row: Order) -> Entry:
    return Entry(
        what=What.ORDERED,
        kind=OrderState.PLACED,
        at=row.placed_at,
        text=row.external_ref,
        minor=row.total_minor,
        currency=row.currency,
    )


async def _order(_on: _Page, row: OrderEvent, external_ref: str) -> Entry:
    return Entry(what=What.ORDER, kind=row.state, at=row.at, text=external_ref)


async def _payment(_on: _Page, row: Payment, external_ref: str, currency: str) -> Entry:
    return Entry(
        what=What.PAYMENT, kind=row.kind, at=row.at, text=external_ref, minor=row.amount_minor, currency=currency
    )


async def _consent(_on: _Page, row: Consent) -> Entry:
    return Entry(what=What.CONSENT, kind=row.purpose, at=row.at, granted=row.granted)


async def _change(on: _Page, row: CustomerChange) -> Entry:
    key = await on.work.key_of(row.customer_id)

    def opened(column: str, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return on.work.vault.open(sealed, f"customer_change.{column}:{row.id}", key, row.customer_id)

    return Entry(
        what=What.CHANGE,
        kind=row.field,
        at=row.at,
        before=opened("before", row.before),
        after=opened("after", row.after),
        by=on.names.get(row.staff_id or 0, ""),
    )


async def _stage(_on: _Page, row: StageChange) -> Entry:
    return Entry(what=What.STAGE, kind=row.after, at=row.at, before=row.before, after=row.after, text=row.reason)


async def _merge(on: _Page, row: Merge, number: int | None) -> Entry:
    kind = "undone" if row.undone_at is not None else "merged"
    by = on.names.get(row.staff_id or 0, "")
    return Entry(what=What.MERGE, kind=kind, at=row.at, number=number, text=row.proof, by=by)


async def _note(on: _Page, row: CustomerNote) -> Entry:
    key = await on.work.key_of(row.customer_id)
    body = on.work.vault.open(row.body, f"customer_note.body:{row.id}", key, row.customer_id)
    return Entry(what=What.NOTE, kind="note", at=row.at, text=body, by=on.names.get(row.staff_id or 0, ""))


async def _created(_on: _Page, row: Customer) -> Entry:
    return Entry(what=What.CREATED, kind=row.source, at=row.created_at)


_MAKERS: dict[What, Callable[..., Awaitable[Entry]]] = {
    What.TALK: _talk,
    What.TICKET: _ticket,
    What.ORDERED: _ordered,
    What.ORDER: _order,
    What.PAYMENT: _payment,
    What.CONSENT: _consent,
    What.CHANGE: _change,
    What.STAGE: _stage,
    What.MERGE: _merge,
    What.NOTE: _note,
    What.CREATED: _created,
}
