"""RFM: how many customers bought how recently and how often, each in five classes."""

from datetime import datetime

from sqlalchemy import func, select

from crm_core.models import Customer, RfmScore
from crm_core.reports.base import Chart, People, Report, ReportKind, Series, among, living
from crm_core.work import Work

_CLASSES = range(1, 6)


async def make(work: Work, _since: datetime, people: People | None = None) -> Report:
    """One row for each of the 25 fields as it stands now: 5 is the most recent, the most often, the most spent.

    `money` is the mean class of what those in the field spent, None where nobody is.
    """
    statement = (
        select(RfmScore.recency, RfmScore.frequency, func.count(), func.sum(RfmScore.money))
        .join(Customer, Customer.id == RfmScore.customer_id)
        .where(living(), among(Customer.id, people))
        .group_by(RfmScore.recency, RfmScore.frequency)
    )
    found = {
        (recency, frequency): (number, int(money))
        for recency, frequency, number, money in (await work.session.execute(statement)).all()
    }
    rows: list[tuple[object, ...]] = []
    for recency in reversed(_CLASSES):
        for frequency in _CLASSES:
            number, money = found.get((recency, frequency), (0, 0))
            rows.append((recency, frequency, number, round(money / number, 1) if number else None))
    grid = tuple(
        Series(str(recency), tuple(float(found.get((recency, frequency), (0, 0))[0]) for frequency in _CLASSES))
        for recency in reversed(_CLASSES)
    )
    chart = Chart("grid", tuple(map(str, _CLASSES)), grid)
    return Report(("recency", "frequency", "customers", "money"), rows, chart)


REPORT = ReportKind("rfm", "how many customers bought how recently and how often, in five classes each", make, make)
