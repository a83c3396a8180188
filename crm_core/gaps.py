"""Gaps: questions that no article answered, grouped by what they ask for, until somebody closes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, and_, exists, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, aliased

from crm_core import audit
from crm_core.models import Gap, GapQuestion, Interaction, Kind, Ticket
from crm_core.numbers import next_number
from crm_core.rules.knowledge import KnowledgeRefused
from crm_core.storage.database import insert_new
from crm_core.storage.ids import new_id
from crm_core.work import Work

OPEN: Final = "open"
CLOSED: Final = "closed"
ESCALATED: Final = "escalated"
NOT_HELPED: Final = "not_helped"

_TURNED_DOWN = timedelta(hours=1)  # a ticket within this time, and no answer before it: no suggestion was the right one
_THE_TICKET = timedelta(days=1)  # a question's ticket was opened within this time
_NO_QUESTION = ("no_words", "empty")
_SHOWN = 5  # questions of one gap that are listed
_ANSWERS = 3  # agents' answers of one gap that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A customer's question that wants an article; its words stay with the interaction."""

    interaction_id: int
    cause: str  # escalated, not_helped
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGap:
    """One gap with what is known of it; words are opened by `crm_core.conversations.words_of`."""

    gap: Gap
    count: int
    first: datetime
    last: datetime
    questions: tuple[int, ...]  # interactions, the newest first, a few of them
    answers: tuple[int, ...]  # interactions in which agents answered such a question, the newest first, a few of them


async def ungrouped(work: Work, since: datetime, limit: int) -> list[Question]:
    """Questions since then that belong to no gap yet, oldest first.

    They were escalated by the matcher (small talk is none), got suggestions that were all turned down, or got an answer
    that did not help. Several causes of one question count once.
    """
    grouped = select(GapQuestion.interaction_id)
    escalated = (
        select(Interaction.id, Interaction.at)
        .where(
            Interaction.kind == Kind.MESSAGE,
            Interaction.at >= since,
            _unanswered(),
            Interaction.id.not_in(grouped),
        )
        .order_by(Interaction.at)
        .limit(limit)
    )
    found = {
        row[0]: Question(interaction_id=row[0], cause=ESCALATED, at=row[1])
        for row in (await work.session.execute(escalated)).all()
    }
    asked = aliased(Interaction)
    question = (
        select(func.max(asked.id))
        .where(
            asked.conversation_id == Interaction.conversation_id,
            asked.id < Interaction.id,
            asked.kind == Kind.MESSAGE,
            asked.decision.is_not(None),
        )
        .correlate(Interaction)
        .scalar_subquery()
    )
    unhelpful = (
        select(question.label("question"), Interaction.at)
        .where(Interaction.kind == Kind.REPLY, Interaction.at >= since, Interaction.helped.is_(False))
        .subquery()
    )
    statement = (
        select(unhelpful.c.question, func.max(unhelpful.c.at))
        .where(unhelpful.c.question.is_not(None), unhelpful.c.question.not_in(grouped))
        .group_by(unhelpful.c.question)
        .order_by(func.max(unhelpful.c.at))
        .limit(limit)
    )
    for interaction_id, at in (await work.session.execute(statement)).all():
        found.setdefault(interaction_id, Question(interaction_id=interaction_id, cause=NOT_HELPED, at=at))
    return sorted(found.values(), key=lambda one: (one.at, one.interaction_id))[:limit]


def _unanswered() -> ColumnElement[bool]:
    """Whether the matcher handed a question over, or nothing that it suggested was the right one."""
    answer = aliased(Interaction)
    answered = exists().where(
        answer.conversation_id == Interaction.conversation_id,
        answer.id > Interaction.id,
        answer.article_id.is_not(None),
        answer.at <= Ticket.opened_at,
    )
    turned_down = exists().where(
        Ticket.conversation_id == Interaction.conversation_id,
        Ticket.opened_at >= Interaction.at,
        _span(Interaction.at, Ticket.opened_at) <= _micros(_TURNED_DOWN),
        ~answered.correlate(Interaction, Ticket),
    )
    no_small_talk = and_(
        Interaction.reason.is_not(None),
        ~Interaction.reason.startswith("smalltalk", autoescape=True),
        Interaction.reason.not_in(_NO_QUESTION),
    )
    return or_(
        and_(Interaction.decision == "escalate", no_small_talk),
        and_(Interaction.decision == "suggest", turned_down.correlate(Interaction)),
    )


def _span(start: InstrumentedAttribute[datetime], end: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(end, BigInteger) - type_coerce(start, BigInteger)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


async def assign(work: Work, number: int | None, questions: Sequence[Question], *, language: str) -> Gap:
    """Add questions to the gap with this number, or to a new one for None; returns the gap.

    `language` is that of most of its questions. A question that belongs to a gap already stays there. New questions
    open a closed gap again: what closed it did not answer them. KnowledgeRefused for an unknown number.
    """
    if number is None:
        number = await next_number(work, "gap")
        gap = Gap(id=new_id(), number=number, language=language[:40], state=OPEN, opened_at=work.now)
        work.session.add(gap)
        await work.session.flush()
    else:
        gap = await _known(work, number)
        gap.language = language[:40]
        gap.state, gap.closed_at, gap.closed_by, gap.slug = OPEN, None, None, None
    rows = [
        {"interaction_id": one.interaction_id, "gap_id": gap.id, "cause": one.cause, "at": one.at} for one in questions
    ]
    if rows:
        await work.session.execute(insert_new(work.session, GapQuestion), rows)
    await work.session.flush()
    return gap


async def open_gaps(work: Work, limit: int) -> list[OpenGap]:
    """The open gaps with most questions first, with a few of these and what agents answered them."""
    count, first, last = func.count(), func.min(GapQuestion.at), func.max(GapQuestion.at)
    statement = (
        select(Gap, count, first, last)
        .join(GapQuestion, GapQuestion.gap_id == Gap.id)
        .where(Gap.state == OPEN)
        .group_by(Gap.id)
        .order_by(count.desc(), last.desc())
        .limit(limit)
    )
    rows = (await work.session.execute(statement)).all()
    ids = [row[0].id for row in rows]
    questions, answers = await _questions(work, ids), await answers_of(work, ids)
    return [
        OpenGap(
            gap=row[0],
            count=row[1],
            first=row[2],
            last=row[3],
            questions=tuple(questions.get(row[0].id, ())),
            answers=tuple(answers.get(row[0].id, ())[:_ANSWERS]),
        )
        for row in rows
    ]


async def _questions(work: Work, gap_ids: Sequence[int]) -> dict[int, list[int]]:
    place = func.row_number().over(partition_by=GapQuestion.gap_id, order_by=GapQuestion.at.desc())
    ranked = (
        select(GapQuestion.gap_id, GapQuestion.interaction_id, place.label("place"))
        .where(GapQuestion.gap_id.in_(gap_ids))
        .subquery()
    )
    statement = (
        select(ranked.c.gap_id, ranked.c.interaction_id).where(ranked.c.place <= _SHOWN).order_by(ranked.c.place)
    )
    found: dict[int, list[int]] = {}
    for gap_id, interaction_id in (await work.session.execute(statement)).all():
        found.setdefault(gap_id, []).append(interaction_id)
    return found


async def answers_of(work: Work, gap_ids: Sequence[int]) -> dict[int, list[int]]:
    """Gap's id -> the interactions in which agents answered its questions, the newest first.

    An answer is what an agent said in the ticket that a question opened or belongs to: its own, or the one that was
    opened in the same conversation within a day after it.
    """
    said = aliased(Interaction)
    statement = (
        select(GapQuestion.gap_id, said.id)
        .join(Interaction, Interaction.id == GapQuestion.interaction_id)
        .join(
            Ticket,
            or_(
                Ticket.id == Interaction.ticket_id,
                and_(
                    Interaction.ticket_id.is_(None),
                    Ticket.conversation_id == Interaction.conversation_id,
                    Ticket.opened_at >= Interaction.at,
                    _span(Interaction.at, Ticket.opened_at) <= _micros(_THE_TICKET),
                ),
            ),
        )
        .join(said, and_(said.ticket_id == Ticket.id, said.kind == Kind.AGENT, said.id > Interaction.id))
        .where(GapQuestion.gap_id.in_(gap_ids))
        .distinct()
        .order_by(said.id.desc())
    )
    found: dict[int, list[int]] = {}
    for gap_id, interaction_id in (await work.session.execute(statement)).all():
        found.setdefault(gap_id, []).append(interaction_id)
    return found


async def groups(work: Work, since: datetime, limit: int) -> dict[int, tuple[str, list[int]]]:
    """Gap's number -> its language and its questions since then, newest last; the newest `limit` of all gaps."""
    statement = (
        select(Gap.number, Gap.language, GapQuestion.interaction_id)
        .join(GapQuestion, GapQuestion.gap_id == Gap.id)
        .where(GapQuestion.at >= since)
        .order_by(GapQuestion.at.desc(), GapQuestion.interaction_id.desc())
        .limit(limit)
    )
    found: dict[int, tuple[str, list[int]]] = {}
    for number, language, interaction_id in reversed((await work.session.execute(statement)).all()):
        found.setdefault(number, (language, []))[1].append(interaction_id)
    return found


async def close(work: Work, number: int, staff_id: int | None, slug: str | None = None) -> Gap:
    """Settle a gap, by an article or because none is wanted; one that is closed already stays as it is."""
    gap = await _known(work, number)
    if gap.state == CLOSED:
        return gap
    gap.state, gap.closed_at, gap.closed_by, gap.slug = CLOSED, work.now, staff_id, slug
    audit.enter(work, staff_id, "gap.close", f"gap:{number}", slug=slug)
    await work.session.flush()
    return gap


async def gap_of(work: Work, interaction_id: int) -> Gap | None:
    """The gap that a question belongs to."""
    statement = select(Gap).join(GapQuestion, GapQuestion.gap_id == Gap.id)
    return await work.session.scalar(statement.where(GapQuestion.interaction_id == interaction_id))


async def _known(work: Work, number: int) -> Gap:
    gap = await work.session.scalar(select(Gap).where(Gap.number == number))
    if gap is None:
        raise KnowledgeRefused("gap_unknown", number=number)
    return gap
