"""Relationships: how many customers stand at which stage, and how they came to it."""

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select

from crm_core.models import Customer, Stage, StageChange
from crm_core.reports.base import Chart, People, Report, ReportKind, Series, Spans, among, living, spans_of
from crm_core.work import Work

_COLUMNS = (
    "stage",
    "customers",
    "at_the_start",
    "new",
    "entered",
    "left",
    *(f"from_{one}" for one in Stage),
    "reasons",
)


async def make(work: Work, since: datetime, people: People | None = None) -> Report:
    """One row for each stage: customers now and at the start, and what happened in between.

    New customers are leads first. Entered and left count movements, so who came and went counts in both; `from_…` is
    where those who entered came from, and reasons says why and how often.
    """
    spans = spans_of(since, work.now)
    now = await _now(work, people)
    new = await _new(work, since, spans, people)
    moves = await _moves(work, since, spans, people)
    rows: list[tuple[object, ...]] = []
    for stage in Stage:
        come, reasons = Counter[str](), Counter[str]()
        for (before, after, reason, _span), number in moves.items():
            if after == stage:
                come[before] += number
                reasons[reason] += number
        left = sum(number for (before, *_rest), number in moves.items() if before == stage)
        begun = new.total() if stage == Stage.LEAD else 0
        rows.append(
            (
                str(stage),
                now[stage],
                now[stage] - come.total() - begun + left,
                begun,
                come.total(),
                left,
                *(come[before] for before in Stage),
                [f"{reason} {number}" for reason, number in reasons.most_common()],
            )
        )
    return Report(_COLUMNS, rows, _chart(now, new, moves, spans))


_Moves = dict[tuple[str, str, str, int], int]  # before, after, reason and span -> how many


async def _now(work: Work, people: People | None) -> "Counter[str]":
    statement = (
        select(Customer.stage, func.count()).where(living(), among(Customer.id, people)).group_by(Customer.stage)
    )
    return Counter(dict((await work.session.execute(statement)).all()))


async def _new(work: Work, since: datetime, spans: Spans, people: People | None) -> "Counter[int]":
    span = spans.place(Customer.created_at)
    statement = (
        select(span, func.count())
        .where(Customer.created_at >= since, living(), among(Customer.id, people))
        .group_by("span")
    )
    return Counter({max(place, 0): number for place, number in (await work.session.execute(statement)).all()})


async def _moves(work: Work, since: datetime, spans: Spans, people: People | None) -> _Moves:
    span = spans.place(StageChange.at)
    statement = (
        select(StageChange.before, StageChange.after, StageChange.reason, span, func.count())
        .join(Customer, Customer.id == StageChange.customer_id)
        .where(StageChange.at >= since, living(), among(Customer.id, people))
        .group_by(StageChange.before, StageChange.after, StageChange.reason, "span")
    )
    found = (await work.session.execute(statement)).all()
    moves: _Moves = {}
    for before, after, reason, place, number in found:
        key = (before, after, reason, max(place, 0))
        moves[key] = moves.get(key, 0) + number
    return moves


def _chart(now: "Counter[str]", new: "Counter[int]", moves: _Moves, spans: Spans) -> Chart:
    """How many stood at each stage at the end of each span, counted back from now."""
    drawn = []
    for stage in Stage:
        standing, values = now[stage], []
        for place in reversed(range(len(spans.starts))):
            values.append(float(standing))
            for (before, after, _reason, at), number in moves.items():
                if at == place:
                    standing += number * ((before == stage) - (after == stage))
            standing -= new[place] if stage == Stage.LEAD else 0
        drawn.append(Series(stage, tuple(reversed(values))))
    return Chart("lines", spans.days, tuple(drawn))


REPORT = ReportKind("relationships", "how many customers stand at which stage, and how they came to it", make, make)
