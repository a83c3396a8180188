"""What a report is: a name, what it is about, and a function that only reads."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from crm_core.work import Work

_SLICE = 15 * 60  # seconds: no time zone is shifted by less


@dataclass(slots=True)
class Report:
    """A table; cells are texts, numbers, truth values, times, None, or lists of texts."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report; `make` looks at what happened since an aware time, whose zone is the one that days are counted in."""

    name: str
    about: str
    make: Callable[[Work, datetime], Awaitable[Report]]


def slice_of(column: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    """The quarter of an hour that a time falls into, for grouping on every database alike."""
    return type_coerce(column, BigInteger) // (_SLICE * 1_000_000)


def day_of(number: int, since: datetime) -> date:
    """The local day of a quarter of an hour."""
    return datetime.fromtimestamp(int(number) * _SLICE, since.tzinfo).date()
