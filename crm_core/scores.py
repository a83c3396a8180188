"""RFM: how lately, how often and for how much each customer bought, in fifths of everybody who bought, 5 the best."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, delete, func, insert, select, type_coerce

from crm_core import orders, walking
from crm_core.models import NOT_BOUGHT, Customer, Order, Payment, PaymentKind, RfmScore
from crm_core.work import Work

BATCH: Final = 500  # customers in one transaction
_WALK: Final = "rfm"
_NIGHT: Final = timedelta(hours=3)  # a day's scores are reckoned from three in the morning on
_BOUGHT: Final = Order.state.not_in(NOT_BOUGHT)


@dataclass(frozen=True, slots=True)
class Walk:
    """One night's way through the customers; `cursor` is the last one scored, None when all are."""

    night: date
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Borders:
    """The four values between the fifths of each measure; money by currency, in minor units."""

    recency: tuple[int, ...] = ()  # microseconds since 1970 UTC, of the last order
    frequency: tuple[int, ...] = ()
    money: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """What one customer gets, 1 to 5 each."""

    recency: int
    frequency: int
    money: int


def score_of(value: int, borders: Sequence[int]) -> int:
    """1 to 5: in which fifth a value lies; equal values share the lower one."""
    return 1 + bisect_left(borders, value)


def night_of(now: datetime, zone: str) -> date:
    """The day whose scores are the newest that may be reckoned; days are those of the shop's zone."""
    return (now.astimezone(ZoneInfo(zone)) - _NIGHT).date()


def beginning_of(night: date, zone: str) -> datetime:
    """From when on the scores of a night are reckoned."""
    return datetime.combine(night, time(), ZoneInfo(zone)) + _NIGHT


async def walk_of(work: Work) -> Walk | None:
    """The last walk; None before the first."""
    value = await walking.noted(work, _WALK)
    if not value:
        return None
    night, _, cursor = value.partition("|")
    return Walk(date.fromisoformat(night), int(cursor) if cursor else None)


async def remember(work: Work, walk: Walk) -> None:
    """Write down how far a walk came."""
    await walking.note(work, _WALK, f"{walk.night}|{'' if walk.cursor is None else walk.cursor}")


async def measure(work: Work) -> Borders:
    """Where the fifths of everybody who bought begin; reads every order, so it wants a work that only reads."""
    placed = type_coerce(Order.placed_at, BigInteger)
    return Borders(
        recency=await _fifths(work, _each(func.max(placed))),
        frequency=await _fifths(work, _each(func.count())),
        money={currency: await _fifths(work, _each(_spent(), currency)) for currency in await _currencies(work)},
    )


async def _currencies(work: Work) -> Sequence[str]:
    return (await work.session.scalars(select(Order.currency).where(_BOUGHT).distinct())).all()


def _each(value: ColumnElement[Any], currency: str = "") -> Select[Any]:
    """One value for each customer who bought, in a currency or at all."""
    rows = select(value.label("value")).where(_BOUGHT).group_by(Order.customer_id)
    return rows.where(Order.currency == currency) if currency else rows


def _spent() -> ColumnElement[Any]:
    back = select(func.sum(Payment.amount_minor)).where(
        Payment.order_id == Order.id, Payment.kind == PaymentKind.REFUND
    )
    return func.sum(Order.total_minor - func.coalesce(back.correlate(Order).scalar_subquery(), 0))


async def _fifths(work: Work, each: Select[Any]) -> tuple[int, ...]:
    """The greatest value of each of the four lower fifths."""
    rows = each.subquery()
    cut = select(rows.c.value, func.ntile(5).over(order_by=rows.c.value).label("fifth")).subquery()
    borders = select(func.max(cut.c.value)).where(cut.c.fifth < 5).group_by(cut.c.fifth).order_by(cut.c.fifth)
    return tuple(map(int, (await work.session.scalars(borders)).all()))


async def next_customers(work: Work, cursor: int) -> Sequence[int]:
    """The next 500 past the cursor who bought something; nobody who was erased or merged away."""
    bought = select(Order.id).where(Order.customer_id == Customer.id, _BOUGHT).exists()
    return await walking.next_customers(work, cursor, BATCH, bought)


async def reckon(work: Work, customer_ids: Collection[int], borders: Borders) -> dict[int, Score]:
    """The scores of these customers; money counts in the currency in which they ordered most often."""
    found = {}
    for customer_id, figures in (await orders.figures(work, customer_ids)).items():
        if figures.last_at is None:
            continue
        main = figures.spent[0]
        found[customer_id] = Score(
            recency=score_of(_micros(figures.last_at), borders.recency),
            frequency=score_of(figures.orders, borders.frequency),
            money=score_of(main.value_minor, borders.money.get(main.currency, ())),
        )
    return found


def _micros(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, moment.tzinfo)) // timedelta(microseconds=1)


async def write(work: Work, scores: Mapping[int, Score]) -> None:
    """Put these scores in place of what was there, up to 500."""
    if not scores:
        return
    await work.session.execute(delete(RfmScore).where(RfmScore.customer_id.in_(scores)))
    rows = [
        {"customer_id": one, "recency": got.recency, "frequency": got.frequency, "money": got.money, "at": work.now}
        for one, got in scores.items()
    ]
    await work.session.execute(insert(RfmScore), rows)


async def forget_old(work: Work, before: datetime) -> int:
    """Take away up to 500 scores of those who count no more: their orders came back, or they are somebody else now."""
    old = select(RfmScore.customer_id).where(RfmScore.at < before).limit(BATCH)
    ids = (await work.session.scalars(old)).all()
    await work.session.execute(delete(RfmScore).where(RfmScore.customer_id.in_(ids)))
    return len(ids)
