"""At risk: the customers who are quieter than they used to be, why we think so, and what they are worth."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, case, func, select

from crm_core import relationships
from crm_core.models import NOT_BOUGHT, Customer, Order, Stage, StageChange
from crm_core.reports.base import People, Report, ReportKind, among, living
from crm_core.rules.lifecycle import own_days, visits_of
from crm_core.rules.orders import plain_money
from crm_core.work import Work

_COLUMNS = ("number", "reason", "since", "last_order", "quiet_days", "usual_days", "orders", "spent")
_LISTED = 200
_DAY = timedelta(days=1)


async def make(work: Work, since: datetime, people: People | None = None) -> Report:
    """One row for each customer at risk now, by number only, those who spent most first; 200 at most.

    `usual_days` usually lie between two of their visits, or of the shop's customers for who came less than three times;
    None where too little is known. Spent is what they bought and kept, by currency.
    """
    found = await _at_risk(work, people)
    ids = [row.id for row in found]
    histories = await relationships.histories_of(work, ids)
    spent, reasons = await _spent(work, ids), await _reasons(work, ids)
    shop_days = await relationships.usual_days(work)
    rows: list[tuple[object, ...]] = []
    for one in found:
        visits = visits_of(histories[one.id].orders)
        usual = own_days(visits)
        reason, at = reasons.get(one.id, (None, None))
        last = visits[-1] if visits else None
        rows.append(
            (
                one.number,
                reason,
                at.astimezone(since.tzinfo) if at else None,
                last.astimezone(since.tzinfo) if last else None,
                (work.now - last) // _DAY if last else None,
                _rounded(shop_days if usual is None else usual),
                len(histories[one.id].orders),
                [plain_money(minor, currency) for currency, minor in spent[one.id].most_common()],
            )
        )
    return Report(_COLUMNS, rows)


async def _at_risk(work: Work, people: People | None) -> "Sequence[Row[int, int | None]]":
    """The most valuable first, by what they spent in the currency that the shop sells in most."""
    statement = select(Order.currency).group_by(Order.currency).order_by(func.count().desc(), Order.currency)
    currency = await work.session.scalar(statement.limit(1)) or ""
    value = func.coalesce(func.sum(case((Order.currency == currency, Order.total_minor), else_=0)), 0)
    at_risk = (
        select(Customer.id, Customer.number)
        .outerjoin(Order, (Order.customer_id == Customer.id) & Order.state.not_in(NOT_BOUGHT))
        .where(Customer.stage == Stage.AT_RISK, living(), among(Customer.id, people))
        .group_by(Customer.id, Customer.number)
        .order_by(value.desc(), Customer.id)
        .limit(_LISTED)
    )
    return (await work.session.execute(at_risk)).all()


async def _spent(work: Work, ids: Sequence[int]) -> dict[int, "Counter[str]"]:
    statement = (
        select(Order.customer_id, Order.currency, func.sum(Order.total_minor))
        .where(Order.customer_id.in_(ids), Order.state.not_in(NOT_BOUGHT))
        .group_by(Order.customer_id, Order.currency)
    )
    spent: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for customer_id, currency, minor in (await work.session.execute(statement)).all():
        spent[customer_id][currency] += int(minor)
    return spent


async def _reasons(work: Work, ids: Sequence[int]) -> dict[int, tuple[str, datetime]]:
    """The newest movement of each."""
    statement = (
        select(StageChange.customer_id, StageChange.reason, StageChange.at)
        .where(StageChange.customer_id.in_(ids), StageChange.after == Stage.AT_RISK)
        .order_by(StageChange.id)
    )
    return {row[0]: (row[1], row[2]) for row in (await work.session.execute(statement)).all()}


def _rounded(days: float | None) -> int | None:
    return None if days is None else round(days)


REPORT = ReportKind(
    "at-risk", "the customers at risk now: why, their last order, what they spent", make, make, lists_customers=True
)
