"""What a report is: a name, what it is about, and a function that only reads; some look at a part of the customers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Label, Select, and_, case, literal, select, true, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from crm_core import audit, saved_segments
from crm_core.models import Customer
from crm_core.work import Work

People = Select[int]
"""Selects the ids of the customers that a report looks at."""

_SLICE = 15 * 60  # seconds: no time zone is shifted by less
_MOST_SPANS = 12
_STEPS = (1, 2, 3, 5, 7, 10, 14, 15, 30, 60, 90, 180, 365)  # days


@dataclass(frozen=True, slots=True)
class Series:
    """One line, row or bar of a chart; None where nothing is known."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a report looks like as a picture; every series has a value for each place.

    Lines go over days (places are dates as 2026-11-18); of bars, the first value of each series counts; a grid has the
    series as rows, with whole numbers in its fields.
    """

    kind: Literal["lines", "bars", "grid"]
    places: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(slots=True)
class Report:
    """A table; cells are texts, numbers, truth values, times, None, or lists of texts. The chat draws the chart."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report; `make` looks at what happened since an aware time, whose zone is the one that days are counted in.

    `make_of` does the same for a part of the customers; None where a report is not about customers. One that lists
    customers is shown only with an audit entry (`enter_look`).
    """

    name: str
    about: str
    make: Callable[[Work, datetime], Awaitable[Report]]
    make_of: Callable[[Work, datetime, People | None], Awaitable[Report]] | None = None
    lists_customers: bool = False


@dataclass(frozen=True, slots=True)
class Spans:
    """The days of a report in at most twelve spans of equal length, which end today; the first may be shorter."""

    starts: tuple[datetime, ...]  # local midnights
    zone: Any

    def place(self, column: InstrumentedAttribute[datetime]) -> Label[int]:
        """The number of the span that a time falls into, to be grouped by as "span"; -1 for what was before them."""
        whens = [(column >= start, number) for number, start in reversed(list(enumerate(self.starts)))]
        return case(*whens, else_=literal(-1)).label("span")

    @property
    def days(self) -> tuple[str, ...]:
        """The first day of each span, as 2026-11-18."""
        return tuple(start.date().isoformat() for start in self.starts)


def spans_of(since: datetime, now: datetime) -> Spans:
    """The spans from the day of `since` to the day of `now`, in the zone of `since`."""
    first, last = since.date(), now.astimezone(since.tzinfo).date()
    days = max((last - first).days + 1, 1)
    step = next((one for one in _STEPS if days <= one * _MOST_SPANS), days)
    starts = [last + timedelta(days=1) - timedelta(days=step * number) for number in range(1, -(-days // step) + 1)]
    return Spans(tuple(_midnight(max(day, first), since) for day in reversed(starts)), since.tzinfo)


def days_before(since: datetime, now: datetime) -> datetime:
    """The beginning of the time as long as the one from `since` to now, and right before it."""
    last = now.astimezone(since.tzinfo).date()
    return _midnight(since.date() - timedelta(days=(last - since.date()).days + 1), since)


def _midnight(day: date, since: datetime) -> datetime:
    return datetime.combine(day, time(), since.tzinfo)


def enter_look(work: Work, staff_id: int | None, kind: ReportKind, found: Report) -> None:
    """Write down that somebody looks at a report that lists customers."""
    if kind.lists_customers:
        act = f"report.{kind.name.replace('-', '_')}"
        audit.enter(work, staff_id, act, f"report:{kind.name}", customers=len(found.rows))


def living() -> ColumnElement[bool]:
    """Customers who are on record: neither erased nor merged into another."""
    return and_(Customer.key.is_not(None), Customer.merged_into.is_(None))


def among(column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], people: People | None) -> Any:
    """Whether a customer's id is of those that a report looks at."""
    return true() if people is None else column.in_(people)


async def people_of(work: Work, segment: str, zone: str) -> People:
    """The customers that a question finds, or the saved segment of this name; raises SegmentError."""
    saved = await saved_segments.by_name(work, segment)
    tree = await saved_segments.read(work, saved.text if saved else segment)
    return select(Customer.id).where(saved_segments.found_by(tree, work, zone))


def quantile(counts: Sequence[tuple[int, int]], share: float) -> int | None:
    """The value that `share` (0 to 1) of all values do not exceed, of (value, how often) pairs; None of nothing."""
    whole = sum(count for _, count in counts)
    seen = 0
    for value, count in sorted(counts):
        seen += count
        if seen >= share * whole:
            return value
    return None


def slice_of(column: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """The quarter of an hour that a time falls into, for grouping on every database alike."""
    return type_coerce(column, BigInteger) // (_SLICE * 1_000_000)


def day_of(number: int, since: datetime) -> date:
    """The local day of a quarter of an hour."""
    return datetime.fromtimestamp(int(number) * _SLICE, since.tzinfo).date()
