"""Questions a day: how many customers asked, what the matcher decided, and whether answers helped."""

from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import func, not_, or_, select

from crm_core.models import Interaction, Kind
from crm_core.reports.base import Report, ReportKind, day_of, slice_of
from crm_core.work import Work

_DECISIONS = ("answer", "suggest", "escalate")
_NO_QUESTION = ("no_words", "empty")


async def make(work: Work, since: datetime) -> Report:
    """One row a day, those without a question included; greetings and the like are no questions."""
    counts: dict[date, Counter[str]] = {}
    slices = slice_of(Interaction.at)
    asked = (
        select(slices, Interaction.decision, func.count())
        .where(Interaction.at >= since, Interaction.kind == Kind.MESSAGE, Interaction.decision.in_(_DECISIONS))
        .where(
            or_(
                Interaction.reason.is_(None),
                not_(
                    or_(
                        Interaction.reason.startswith("smalltalk", autoescape=True),
                        Interaction.reason.in_(_NO_QUESTION),
                    )
                ),
            )
        )
        .group_by(slices, Interaction.decision)
    )
    for number, decision, count in (await work.session.execute(asked)).all():
        counts.setdefault(day_of(number, since), Counter())[str(decision)] += count
    helped = (
        select(slices, Interaction.helped, func.count())
        .where(Interaction.at >= since, Interaction.kind == Kind.REPLY, Interaction.helped.is_not(None))
        .group_by(slices, Interaction.helped)
    )
    for number, yes, count in (await work.session.execute(helped)).all():
        counts.setdefault(day_of(number, since), Counter())["helped" if yes else "not_helped"] += count
    return Report(
        ("day", "asked", "answered", "suggested", "escalated", "helped", "not_helped"),
        [_row(day, counts.get(day, Counter())) for day in _days(since, work.now)],
    )


def _days(since: datetime, now: datetime) -> list[date]:
    first, last = since.date(), now.astimezone(since.tzinfo).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _row(day: date, count: "Counter[str]") -> tuple[object, ...]:
    decided = [count[decision] for decision in _DECISIONS]
    return day.isoformat(), sum(decided), *decided, count["helped"], count["not_helped"]


REPORT = ReportKind("questions", "questions a day: answered, suggested, escalated, and whether answers helped", make)
