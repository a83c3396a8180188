"""Gaps: what customers ask for that no article answers."""

from datetime import datetime

from sqlalchemy import func, select

from crm_core import gaps
from crm_core.models import Gap, GapQuestion
from crm_core.reports.base import Report, ReportKind
from crm_core.work import Work

_LISTED = 200
_COLUMNS = ("gap", "language", "questions", "first", "last", "state", "answers", "article")


async def make(work: Work, since: datetime) -> Report:
    """One row for each gap with a question since then, open ones first, the most asked first; 200 at most.

    `questions` are those since then, `answers` is how often agents answered one of all its questions in a ticket,
    `article` is the one that closed it.
    """
    count, first, last = func.count(), func.min(GapQuestion.at), func.max(GapQuestion.at)
    statement = (
        select(Gap, count, first, last)
        .join(GapQuestion, GapQuestion.gap_id == Gap.id)
        .where(GapQuestion.at >= since)
        .group_by(Gap.id)
        .order_by(Gap.state != gaps.OPEN, count.desc(), last.desc())
        .limit(_LISTED)
    )
    rows = (await work.session.execute(statement)).all()
    answers = await gaps.answers_of(work, [gap.id for gap, *_ in rows])
    return Report(
        _COLUMNS,
        [
            (gap.number, gap.language, questions, begun, newest, gap.state, len(answers.get(gap.id, ())), gap.slug)
            for gap, questions, begun, newest in rows
        ],
    )


REPORT = ReportKind("gaps", "questions that no article answers, by what they ask for", make)
