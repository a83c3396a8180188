"""What a question may ask about: every field with its type, and how a comparison with it becomes SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final, cast

from sqlalchemy import Boolean, ColumnElement, ScalarSelect, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from crm_core.models import (
    ACTIVE,
    NOT_BOUGHT,
    AttributeKind,
    AttributeValue,
    CampaignRecipient,
    Consent,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Order,
    OrderLine,
    Outbox,
    OutboxState,
    Payment,
    PaymentKind,
    Purpose,
    RfmScore,
    Staff,
    Stage,
    Ticket,
)


class Kind(StrEnum):
    """What a field holds, and so what may be asked of it."""

    WORD = "word"  # one of many words
    CHOICE = "choice"  # one of a few words
    PIN = "pin"  # any number of words at once: tags, products
    FLAG = "flag"  # yes or no, yes when nothing is said
    YES_NO = "yes_no"
    COUNT = "count"
    NUMBER = "number"
    MONEY = "money"
    MOMENT = "moment"  # a point in time, asked for by days of the shop's zone
    DAY = "day"
    BIRTHDAY = "birthday"  # a day of any year
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Span:
    """Does it lie in [low, high)? None is no border; moments are asked in UTC, days as dates."""

    low: datetime | date | None
    high: datetime | date | None


@dataclass(frozen=True, slots=True)
class Among:
    """Is it one of these? `within` asks only of what happened then."""

    values: tuple[str, ...]
    within: Span | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """Is it less, more …? `holds` compares a value, or a column, with the bound; money is in minor units."""

    holds: Callable[[Any, Any], Any]
    bound: float
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Is anything on record?"""


Asked = Among | Span | Measure | Known
Where = Callable[[Asked], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask about. `where` must be true or false of everybody, never unknown: it may stand behind `not`."""

    name: str
    kind: Kind
    where: Where = field(compare=False, repr=False)
    example: str = ""
    nullable: bool = False  # some have nothing there: it may be asked whether it is known
    choices: tuple[str, ...] = ()
    dated: bool = False  # each of its words has a day: it may be asked for those within a span

    @property
    def written(self) -> str:
        """How it is written in a question."""
        return self.name.replace("_", " ") if self.name in _SPACED else self.name


_SPACED: Final = ("bought_sku", "open_ticket", "consent_marketing")
_LONG: Final = timedelta(days=45)  # in which so much happens that everybody is looked up by themselves
_other: Final = aliased(Order)


def _is(column: InstrumentedAttribute[Any], asked: Asked) -> ColumnElement[bool]:
    """The comparison of a column that holds something; a value may be anything but NULL."""
    match asked:
        case Among(values):
            return column.in_(values)
        case Span(low, high):
            borders = [column >= low] if low is not None else []
            return and_(column.is_not(None), *borders, *([column < high] if high is not None else []))
        case Measure(holds, bound):
            return and_(column.is_not(None), holds(column, bound))
        case Known():
            return column.is_not(None)


def _column(column: InstrumentedAttribute[Any], asked: Asked) -> ColumnElement[bool]:
    """A column of the customer; whoever has nothing there fits nothing."""
    return and_(column.is_not(None), _is(column, asked))


def _among(people: Select[Any]) -> ColumnElement[bool]:
    """Whoever one of these rows belongs to; the first column is the customer's id."""
    return Customer.id.in_(people)


def _rows(people: Select[Any], column: InstrumentedAttribute[Any], asked: Asked) -> ColumnElement[bool]:
    """Whoever has a row whose column fits."""
    return _among(people.where(_is(column, asked)))


def _owner(asked: Asked) -> ColumnElement[bool]:
    if isinstance(asked, Known):
        return Customer.owner_id.is_not(None)
    assert isinstance(asked, Among)
    names = select(Staff.id).where(Staff.name.in_(asked.values))
    return and_(Customer.owner_id.is_not(None), Customer.owner_id.in_(names))


def _tag(asked: Asked) -> ColumnElement[bool]:
    return _rows(select(CustomerTag.customer_id), CustomerTag.tag, asked)


def _channel(asked: Asked) -> ColumnElement[bool]:
    """Has an address on that channel at which they can be written to; "telegram" is any bot of ours there."""
    assert isinstance(asked, Among)
    ways = [one for name in asked.values for one in (Identity.channel == name, _begins(Identity.channel, f"{name}:"))]
    return (
        select(Identity.id)
        .where(
            Identity.customer_id == Customer.id,
            Identity.blocked_at.is_(None),
            Identity.unreachable_at.is_(None),
            or_(*ways),
        )
        .exists()
    )


def _begins(column: InstrumentedAttribute[str], start: str) -> ColumnElement[bool]:
    return column.startswith(start, autoescape=True)


def _consent(asked: Asked) -> ColumnElement[bool]:
    """What somebody said last counts; ids grow with time."""
    assert isinstance(asked, Among)
    newest = (
        select(Consent.granted)
        .where(Consent.customer_id == Customer.id, Consent.purpose == Purpose.MARKETING)
        .order_by(Consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = asked.values == ("yes",)
    return func.coalesce(newest, not wanted, type_=Boolean).is_(wanted)


def _open_ticket(asked: Asked) -> ColumnElement[bool]:
    assert isinstance(asked, Among)
    found = _among(select(Ticket.customer_id).where(Ticket.state.in_(ACTIVE)))
    return found if asked.values == ("yes",) else not_(found)


def _rating(asked: Asked) -> ColumnElement[bool]:
    """The rating that they gave last."""
    newest = select(func.max(Ticket.id)).where(Ticket.rating.is_not(None)).group_by(Ticket.customer_id)
    return _rows(select(Ticket.customer_id).where(Ticket.id.in_(newest)), Ticket.rating, asked)


_BOUGHT: Final = and_(*(Order.state != one for one in NOT_BOUGHT))


def _bought(column: InstrumentedAttribute[str], asked: Asked) -> ColumnElement[bool]:
    people = select(Order.customer_id).join(OrderLine, OrderLine.order_id == Order.id).where(_BOUGHT)
    if isinstance(asked, Among) and asked.within is not None:
        people = people.where(_is(Order.placed_at, asked.within))
    return _rows(people, column, asked)


def _newest(people: Select[Any], at: InstrumentedAttribute[Any], asked: Asked) -> ColumnElement[bool]:
    """Whose newest row lies in the span: one within it, and none after it."""
    low, high = _borders(asked)
    return _within(people, at, low, high, None if high is None else at >= high)


def _oldest(people: Select[Any], at: InstrumentedAttribute[Any], asked: Asked) -> ColumnElement[bool]:
    """Whose oldest row lies in the span: one within it, and none before it."""
    low, high = _borders(asked)
    return _within(people, at, low, high, None if low is None else at < low)


def _borders(asked: Asked) -> tuple[Any, Any]:
    assert isinstance(asked, Span | Known)
    return (asked.low, asked.high) if isinstance(asked, Span) else (None, None)


def _within(
    people: Select[Any], at: InstrumentedAttribute[Any], low: Any, high: Any, but_none: ColumnElement[bool] | None
) -> ColumnElement[bool]:
    (owner,) = people.selected_columns
    own = people.where(owner == Customer.id)
    borders = [*([at >= low] if low is not None else []), *([at < high] if high is not None else [])]
    few = low is not None and (high is None or high - low < _LONG)
    if few:  # the database may begin with them
        fits = _among(people.where(owner.is_not(None), *borders))
    else:
        fits = own.where(*borders).exists()
    return fits if but_none is None else and_(fits, not_(own.where(but_none).exists()))


def _counted(people: Select[Any], asked: Asked) -> ColumnElement[bool]:
    """A count by customer, looked up for each who fits everything that is cheaper to find out."""
    assert isinstance(asked, Measure)
    (owner,) = people.selected_columns
    own = people.with_only_columns(func.count()).where(owner == Customer.id)
    return _boolean(asked.holds(own.scalar_subquery(), asked.bound))


def _boolean(expression: Any) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", expression)


def _own_orders(total: ColumnElement[Any], currency: str) -> ScalarSelect[Any]:
    own = select(total).where(Order.customer_id == Customer.id, Order.currency == currency, _BOUGHT)
    return own.scalar_subquery()


def _spent(asked: Asked) -> ColumnElement[bool]:
    """Totals less what was given back. Few were ever given something back: for the others no payment is looked at."""
    assert isinstance(asked, Measure)
    refunds = select(func.sum(Payment.amount_minor)).where(
        Payment.order_id == Order.id, Payment.kind == PaymentKind.REFUND
    )
    back = func.coalesce(refunds.correlate(Order).scalar_subquery(), 0)
    refunded = select(_other.customer_id).join(Payment, Payment.order_id == _other.id)
    spent = case(
        (
            Customer.id.in_(refunded.where(Payment.kind == PaymentKind.REFUND)),
            _own_orders(func.coalesce(func.sum(Order.total_minor - back), 0), asked.currency),
        ),
        else_=_own_orders(func.coalesce(func.sum(Order.total_minor), 0), asked.currency),
    )
    return _boolean(asked.holds(spent, asked.bound))


def _average(asked: Asked) -> ColumnElement[bool]:
    """Of those who ordered in that currency. Multiplied instead of divided: whole numbers stay exact."""
    assert isinstance(asked, Measure)
    ordered = and_(func.count() > 0, _boolean(asked.holds(func.sum(Order.total_minor), asked.bound * func.count())))
    return _boolean(_own_orders(case((ordered, 1), else_=0), asked.currency) == 1)


def attribute(key: str, attribute_id: int, kind: str, choices: tuple[str, ...]) -> Field:
    """The field of an attribute that the operator defined, and that is not personal."""
    column = AttributeValue.number if kind == AttributeKind.NUMBER else AttributeValue.text
    people = select(AttributeValue.customer_id).where(AttributeValue.attribute_id == attribute_id)

    def where(asked: Asked) -> ColumnElement[bool]:
        if isinstance(asked, Span):  # dates are kept as words that sort as they do
            asked = Span(*(one and one.isoformat() for one in (asked.low, asked.high)))  # type: ignore[arg-type]
        return _rows(people, column, asked)

    return Field(f"attribute.{key}", _KINDS[AttributeKind(kind)], where, nullable=True, choices=choices)


_KINDS: Final = {
    AttributeKind.TEXT: Kind.WORD,
    AttributeKind.NUMBER: Kind.NUMBER,
    AttributeKind.DATE: Kind.DAY,
    AttributeKind.CHOICE: Kind.CHOICE,
    AttributeKind.YES_NO: Kind.YES_NO,
}
_ORDERED: Final = select(Order.customer_id).where(_BOUGHT)
_WROTE: Final = select(Conversation.customer_id).where(Conversation.last_in_at.is_not(None))
_RECEIVED: Final = (
    select(CampaignRecipient.customer_id)
    .join(Outbox, Outbox.id == CampaignRecipient.outbox_id)
    .where(Outbox.state == OutboxState.SENT)
)


def _nowhere(asked: Asked) -> ColumnElement[bool]:
    raise AssertionError(f"a segment is compiled as the question that it is, {asked}")


_FIELDS: Final = (
    Field("language", Kind.WORD, partial(_column, Customer.language), "language = zh"),
    Field(
        "stage", Kind.CHOICE, partial(_column, Customer.stage), "stage in (at_risk, lost)", choices=tuple(Stage)
    ),
    Field("owner", Kind.WORD, _owner, "owner = Wei", nullable=True),
    Field("company", Kind.WORD, partial(_column, Customer.company), 'company = "Tea & Co"', nullable=True),
    Field("source", Kind.WORD, partial(_column, Customer.source), "source = import"),
    Field("time_zone", Kind.WORD, partial(_column, Customer.time_zone), "time_zone = Asia/Shanghai", nullable=True),
    Field("created", Kind.MOMENT, partial(_column, Customer.created_at), "created >= 2026-03-01"),
    Field("birthday", Kind.BIRTHDAY, partial(_column, Customer.birth_day), "birthday in 7 days", nullable=True),
    Field("tag", Kind.PIN, _tag, "tag vip"),
    Field("consent_marketing", Kind.FLAG, _consent, "consent marketing"),
    Field("channel", Kind.PIN, _channel, "channel telegram"),
    Field(
        "last_contact", Kind.MOMENT, partial(_newest, _WROTE, Conversation.last_in_at), "last_contact within 7 days",
        nullable=True,
    ),
    Field("orders", Kind.COUNT, partial(_counted, _ORDERED), "orders >= 3"),
    Field("spent", Kind.MONEY, _spent, "spent >= 500 CNY"),
    Field("average_order", Kind.MONEY, _average, "average_order > 99.50 EUR"),
    Field(
        "first_order", Kind.MOMENT, partial(_oldest, _ORDERED, Order.placed_at), "first_order < 90 days ago",
        nullable=True,
    ),
    Field(
        "last_order", Kind.MOMENT, partial(_newest, _ORDERED, Order.placed_at), "last_order over 30 days ago",
        nullable=True,
    ),
    Field(
        "bought", Kind.PIN, partial(_bought, OrderLine.product), 'bought "Oolong 100 g" within 90 days', dated=True
    ),
    Field("bought_sku", Kind.PIN, partial(_bought, OrderLine.sku), "bought sku OO-100", dated=True),
    Field("open_ticket", Kind.FLAG, _open_ticket, "open ticket"),
    Field("tickets", Kind.COUNT, partial(_counted, select(Ticket.customer_id)), "tickets > 1"),
    Field("rating", Kind.COUNT, _rating, "rating <= 2", nullable=True),
    Field(
        "campaigns", Kind.COUNT, partial(_counted, _RECEIVED), "campaigns = 0"
    ),
    Field(
        "recency", Kind.COUNT, partial(_rows, select(RfmScore.customer_id), RfmScore.recency), "recency >= 4",
        nullable=True,
    ),
    Field(
        "frequency", Kind.COUNT, partial(_rows, select(RfmScore.customer_id), RfmScore.frequency), "frequency = 5",
        nullable=True,
    ),
    Field(
        "money", Kind.COUNT, partial(_rows, select(RfmScore.customer_id), RfmScore.money), "money >= 3", nullable=True
    ),
    Field("segment", Kind.SEGMENT, _nowhere, "segment loyal"),
)  # fmt: skip
FIELDS: Final[Mapping[str, Field]] = {one.name: one for one in _FIELDS}
