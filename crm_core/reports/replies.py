"""Replies: how long customers wait for the bot and for a person, by stage of the relationship and language."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Label, and_, func, select, type_coerce

from crm_core.models import (
    Conversation,
    Customer,
    Identity,
    Interaction,
    Kind,
    Lane,
    Outbox,
    OutboxState,
    Stage,
    Ticket,
)
from crm_core.reports.base import Chart, People, Report, ReportKind, Series, among, quantile
from crm_core.work import Work

_COLUMNS = (
    "stage",
    "language",
    "bot_replies",
    "bot_median_seconds",
    "bot_p90_seconds",
    "tickets",
    "answered",
    "person_median_minutes",
    "person_p90_minutes",
)
_SECOND = 1_000_000
_Waits = defaultdict[tuple[str, str], "Counter[int]"]  # stage and language -> seconds -> how often


async def make(work: Work, since: datetime, people: People | None = None) -> Report:
    """One row for all, one for each stage, and one for each stage and language ("all" stands for any).

    The bot's time is that from taking up a message until the channel confirmed the reply. A person's is that from the
    opening of a ticket until the first words of a colleague in it; tickets that wait are counted, their time is not.
    Stages are those of today.
    """
    bot, person, tickets = await _bot(work, since, people), await _person(work, since, people), Counter[Any]()
    for (stage, language), waits in (await _tickets(work, since, people)).items():
        tickets[stage, language] += waits
    keys = sorted(bot.keys() | person.keys() | tickets.keys(), key=_place)
    stages = list(dict.fromkeys(stage for stage, _ in keys))
    rows = [_row("all", "all", keys, bot, person, tickets)]
    for stage in stages:
        own = [key for key in keys if key[0] == stage]
        rows.append(_row(stage, "all", own, bot, person, tickets))
        rows += [_row(stage, language, [(stage, language)], bot, person, tickets) for _, language in own]
    of_stages = [row for row in rows[1:] if row[1] == "all"]
    chart = Chart("bars", ("minutes",), tuple(Series(row[0], (row[7],)) for row in of_stages if row[7] is not None))
    return Report(_COLUMNS, rows, chart)


def _place(key: tuple[str, str]) -> tuple[int, str]:
    return list(Stage).index(Stage(key[0])), key[1]


def _row(
    stage: str, language: str, keys: list[tuple[str, str]], bot: _Waits, person: _Waits, tickets: "Counter[Any]"
) -> tuple[Any, ...]:
    by_bot = list(sum((bot[key] for key in keys if key in bot), Counter[int]()).items())
    by_person = list(sum((person[key] for key in keys if key in person), Counter[int]()).items())
    answered = sum(number for _, number in by_person)
    return (
        stage,
        language,
        sum(number for _, number in by_bot),
        quantile(by_bot, 0.5),
        quantile(by_bot, 0.9),
        sum(tickets[key] for key in keys),
        answered,
        _minutes(quantile(by_person, 0.5)),
        _minutes(quantile(by_person, 0.9)),
    )


def _minutes(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


def _seconds(start: Any, end: Any) -> Label[int]:
    """How long it took, to be grouped by as "waited"."""
    return ((type_coerce(end, BigInteger) - type_coerce(start, BigInteger)) // _SECOND).label("waited")


async def _bot(work: Work, since: datetime, people: People | None) -> _Waits:
    waited = _seconds(Outbox.created_at, Outbox.settled_at)
    statement = (
        select(Customer.stage, Identity.language, waited, func.count())
        .select_from(Interaction)
        .join(Outbox, and_(Outbox.interaction_id == Interaction.id, Outbox.lane == Lane.REPLY))
        .join(Conversation, Conversation.id == Interaction.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            Interaction.at >= since,
            Interaction.kind == Kind.REPLY,
            Outbox.state == OutboxState.SENT,
            among(Conversation.customer_id, people),
        )
        .group_by(Customer.stage, Identity.language, "waited")
    )
    return await _waits(work, statement)


async def _person(work: Work, since: datetime, people: People | None) -> _Waits:
    first = (
        select(Interaction.ticket_id, func.min(Interaction.at).label("at"))
        .where(Interaction.kind == Kind.AGENT, Interaction.at >= since, Interaction.ticket_id.is_not(None))
        .group_by(Interaction.ticket_id)
        .subquery()
    )
    waited = _seconds(Ticket.opened_at, first.c.at)
    statement = (
        select(Customer.stage, Identity.language, waited, func.count())
        .select_from(Ticket)
        .join(first, first.c.ticket_id == Ticket.id)
        .join(Conversation, Conversation.id == Ticket.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(Ticket.opened_at >= since, among(Ticket.customer_id, people))
        .group_by(Customer.stage, Identity.language, "waited")
    )
    return await _waits(work, statement)


async def _waits(work: Work, statement: Any) -> _Waits:
    found: _Waits = defaultdict(Counter)
    for stage, language, seconds, number in (await work.session.execute(statement)).all():
        found[stage, language][seconds] += number
    return found


async def _tickets(work: Work, since: datetime, people: People | None) -> dict[tuple[str, str], int]:
    statement = (
        select(Customer.stage, Identity.language, func.count())
        .select_from(Ticket)
        .join(Conversation, Conversation.id == Ticket.conversation_id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(Ticket.opened_at >= since, among(Ticket.customer_id, people))
        .group_by(Customer.stage, Identity.language)
    )
    return {(stage, language): number for stage, language, number in (await work.session.execute(statement)).all()}


REPORT = ReportKind(
    "replies", "how long customers wait for the bot and for a person, by stage and language", make, make
)
