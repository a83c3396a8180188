"""Needs: what customers ask about, which of it rises, and what no article answers."""

import math
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, not_, or_, select

from crm_core import articles
from crm_core.models import Conversation, Gap, GapQuestion, Identity, Interaction, Kind
from crm_core.reports.base import Chart, People, Report, ReportKind, Series, Spans, among, days_before, spans_of
from crm_core.work import Work

_COLUMNS = ("topic", "kind", "title", "category", "language", "asked", "before", "change", "rising", "answered")
_NO_QUESTION = ("no_words", "empty")
_LISTED = 300
_DRAWN = 5
_FEW = 5  # what is asked less often is not called rising
_SURE = 2.0  # standard deviations


class Topic(NamedTuple):
    """What is asked about: an article or a gap, or questions that belong to neither yet."""

    kind: str  # article, gap, unsorted
    name: str  # an article's id, a gap's number, ""


_Counts = dict[tuple[Topic, str], "Counter[int]"]  # topic and language -> span -> questions


async def make(work: Work, since: datetime, people: People | None = None) -> Report:
    """One row for each topic and language, the most asked first; 300 at most.

    Questions count for the article that was shown for them, else for the gap that they were put into; those that were
    handed over and are in no gap yet are unsorted. `before` counts as many days right before, `change` is the share by
    which a topic grew, and rising is what is asked more often than the growth of all questions explains. Answered is
    what an article was shown for, or whose gap is closed.
    """
    start, spans = days_before(since, work.now), spans_of(since, work.now)
    counts: _Counts = {}
    for count in (_shown, _in_gaps, _unsorted):
        await count(work, start, spans, people, counts)
    asked = {one: sum(number for span, number in found.items() if span >= 0) for one, found in counts.items()}
    total, total_before = sum(asked.values()), sum(found[-1] for found in counts.values())
    titles = {(row.slug, row.language): (row.title, row.category) for row in await articles.everything(work)}
    closed = await _closed(work)
    rows = []
    for key in sorted(counts, key=lambda one: (-asked[one], -counts[one][-1], one))[:_LISTED]:
        topic, language = key
        before = counts[key][-1]
        title, category = titles.get((topic.name, language), (None, None))
        rows.append(
            (
                topic.name,
                topic.kind,
                title,
                category,
                language,
                asked[key],
                before,
                round(asked[key] / before - 1, 4) if before else None,
                rising(asked[key], before, total, total_before),
                topic.kind == "article" or topic.name in closed,
            )
        )
    return Report(_COLUMNS, list(rows), _chart(counts, spans))


def rising(asked: int, before: int, total: int, total_before: int) -> bool:
    """Whether a topic is asked about more than the growth of all questions explains, and surely no accident.

    Nothing rises where nothing was asked before at all: there is nothing to compare with.
    """
    if not total_before or asked < _FEW:
        return False
    growth = total / total_before
    expected = before * growth
    return asked - expected >= _SURE * math.sqrt(asked + expected * growth)


async def _shown(work: Work, start: datetime, spans: Spans, people: People | None, counts: _Counts) -> None:
    span = spans.place(Interaction.at)
    statement = (
        select(Interaction.article_id, Identity.language, span, func.count())
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Interaction.at >= start,
            Interaction.kind == Kind.REPLY,
            Interaction.article_id.is_not(None),
            Conversation.customer_id.is_not(None),
            among(Conversation.customer_id, people),
        )
        .group_by(Interaction.article_id, Identity.language, "span")
    )
    for slug, language, place, number in (await work.session.execute(statement)).all():
        counts.setdefault((Topic("article", str(slug)), language), Counter())[place] += number


async def _in_gaps(work: Work, start: datetime, spans: Spans, people: People | None, counts: _Counts) -> None:
    span = spans.place(GapQuestion.at)
    statement = (
        select(Gap.number, Gap.language, span, func.count())
        .join(GapQuestion, GapQuestion.gap_id == Gap.id)
        .join(Interaction, Interaction.id == GapQuestion.interaction_id)
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .where(GapQuestion.at >= start, among(Conversation.customer_id, people))
        .group_by(Gap.number, Gap.language, "span")
    )
    for gap, language, place, number in (await work.session.execute(statement)).all():
        counts.setdefault((Topic("gap", str(gap)), language), Counter())[place] += number


async def _unsorted(work: Work, start: datetime, spans: Spans, people: People | None, counts: _Counts) -> None:
    span = spans.place(Interaction.at)
    statement = (
        select(Identity.language, span, func.count())
        .select_from(Interaction)
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Interaction.at >= start,
            Interaction.kind == Kind.MESSAGE,
            Interaction.decision == "escalate",
            Interaction.reason.is_not(None),
            not_(
                or_(Interaction.reason.startswith("smalltalk", autoescape=True), Interaction.reason.in_(_NO_QUESTION))
            ),
            Interaction.id.not_in(select(GapQuestion.interaction_id)),
            among(Conversation.customer_id, people),
        )
        .group_by(Identity.language, "span")
    )
    for language, place, number in (await work.session.execute(statement)).all():
        counts.setdefault((Topic("unsorted", ""), language), Counter())[place] += number


async def _closed(work: Work) -> set[str]:
    return {str(number) for number in await work.session.scalars(select(Gap.number).where(Gap.state == "closed"))}


def _chart(counts: _Counts, spans: Spans) -> Chart:
    """The topics that are asked about most, their languages together; what is unsorted is no topic."""
    topics: dict[Topic, Counter[int]] = {}
    for (topic, _language), found in counts.items():
        if topic.kind != "unsorted":
            topics.setdefault(topic, Counter()).update({span: number for span, number in found.items() if span >= 0})
    drawn = sorted((one for one in topics if topics[one].total()), key=lambda one: (-topics[one].total(), one))[:_DRAWN]
    places = range(len(spans.starts))
    return Chart(
        "lines",
        spans.days,
        tuple(Series(f"{one.kind}:{one.name}", tuple(float(topics[one][place]) for place in places)) for one in drawn),
    )


REPORT = ReportKind("needs", "what customers ask about, what of it rises, and what no article answers", make, make)
