"""A tree becomes one SQL expression over the customers: parameters only, days computed in the shop's zone."""

import operator
from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, not_, or_, true

from crm_core.segments.fields import Among, Asked, Kind, Known, Measure, Span
from crm_core.segments.tree import Ago, All, And, Coming, Condition, Money, Named, Not, Op, Or, Saved, Tree, Unit

_HOLDS: Final[dict[Op, Callable[[Any, Any], Any]]] = {
    Op.IS: operator.eq,
    Op.LESS: operator.lt,
    Op.MOST: operator.le,
    Op.MORE: operator.gt,
    Op.LEAST: operator.ge,
}
_DAY: Final = timedelta(days=1)


def compile(tree: Tree, now: datetime, zone: str) -> ColumnElement[bool]:  # noqa: A001 - what it does
    """The condition on `Customer` that a tree asks for, true or false of everybody; `zone` is the shop's."""
    match tree:
        case All():
            return true()
        case And(parts):
            return and_(*(compile(part, now, zone) for part in parts))
        case Or(parts):
            return or_(*(compile(part, now, zone) for part in parts))
        case Not(part):
            return not_(compile(part, now, zone))
        case Condition(_field, _op, Saved(_name, inner)):
            return compile(inner, now, zone)
        case Condition(field, Op.NOT | Op.UNKNOWN as op, value, within):
            opposite = Condition(field, Op.IS if op is Op.NOT else Op.KNOWN, value, within)
            return not_(compile(opposite, now, zone))
        case Condition(field):
            return field.where(_asked(tree, now.astimezone(ZoneInfo(zone)).date(), zone))


def _asked(one: Condition, today: date, zone: str) -> Asked:
    kind, value = one.field.kind, one.value
    if one.op is Op.KNOWN:
        return Known()
    if kind is Kind.BIRTHDAY:
        return Among(birthdays(value, today) if isinstance(value, Coming | Named) else (str(value),))
    if isinstance(value, Money):
        return Measure(_HOLDS[one.op], value.minor, value.currency)
    if isinstance(value, Decimal):
        return Measure(_HOLDS[one.op], int(value) if kind is Kind.COUNT else float(value))
    if kind in {Kind.MOMENT, Kind.DAY}:
        low, high = _span(one.op, cast("date | Ago | Coming | Named", value), today)
        return Span(low, high) if kind is Kind.DAY else _moments(low, high, zone)
    values = value if isinstance(value, tuple) else (str(value),)
    return Among(values, _moments(*_span(Op.MOST, one.within, today), zone) if one.within else None)


def _moments(low: date | None, high: date | None, zone: str) -> Span:
    return Span(_midnight(low, zone), _midnight(high, zone))


def _span(op: Op, value: date | Ago | Coming | Named, today: date) -> tuple[date | None, date | None]:
    """The first day that fits, and the first after it that does not; None for no border."""
    if isinstance(value, Coming):
        return today, later(today, value.count, value.unit) + _DAY
    if isinstance(value, Ago):
        edge = later(today, -value.count, value.unit)
        return {
            Op.LESS: (edge + _DAY, today + _DAY),
            Op.MOST: (edge, today + _DAY),
            Op.IS: (edge, edge + _DAY),
            Op.MORE: (None, edge),
            Op.LEAST: (None, edge + _DAY),
        }[op]
    day = today if isinstance(value, Named) else value
    return {
        Op.LESS: (None, day),
        Op.MOST: (None, day + _DAY),
        Op.IS: (day, day + _DAY),
        Op.MORE: (day + _DAY, None),
        Op.LEAST: (day, None),
    }[op]


def later(day: date, count: int, unit: Unit) -> date:
    """So many days, weeks, months or years after a day (before it below 0); 31 March and a month is 30 April."""
    if unit in {Unit.DAYS, Unit.WEEKS}:
        return day + timedelta(days=count * (7 if unit is Unit.WEEKS else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit is Unit.YEARS else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def birthdays(value: Coming | Named, today: date) -> tuple[str, ...]:
    """The birthdays ("03-27") that are meant; who was born on 29 February has it on the 28th in other years."""
    if isinstance(value, Coming):
        count = (later(today, value.count, value.unit) - today).days + 1
        days = [today + timedelta(days=place) for place in range(count)]
    elif value is Named.TODAY:
        days = [today]
    else:
        first = today.replace(day=1) if value is Named.THIS_MONTH else later(today.replace(day=1), 1, Unit.MONTHS)
        days = [first + timedelta(days=place) for place in range(monthrange(first.year, first.month)[1])]
    found = dict.fromkeys(f"{day:%m-%d}" for day in days)
    if any(not isleap(day.year) and (day.month, day.day) == (2, 28) for day in days):
        found["02-29"] = None
    return tuple(found)


def _midnight(day: date | None, zone: str) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
