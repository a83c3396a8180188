"""The reports of knowledge: what articles settled, what no article answers, how often answers are wrong."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core import articles, gaps, learning
from crm_core.models import Interaction, Kind
from crm_core.reports import REPORTS
from crm_core.reports.answers import interval
from tests.builders import House, open_house

BEGUN = datetime(2026, 11, 18, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A shop that draws no turns by itself."""
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0") as opened:
        yield opened


async def rows_of(house: House, name: str, since: datetime = BEGUN) -> list[dict[str, Any]]:
    async with house.app.records.read() as work:
        report = await REPORTS[name].make(work, since)
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


async def card(house: House, slug: str = "refund", since: datetime = BEGUN) -> dict[str, int]:
    """The figures of one article that are not 0."""
    (row,) = [row for row in await rows_of(house, "articles", since) if row["article"] == slug]
    return {name: value for name, value in row.items() if isinstance(value, int) and value}


async def measures(house: House, since: datetime = BEGUN) -> dict[str, Any]:
    return {row["measure"]: row["value"] for row in await rows_of(house, "answers", since)}


async def judged(house: House, slug: str | None, *, decision: str = "answer", skipped: bool = False) -> None:
    """The newest question is drawn, its first candidate was the refund, and a colleague judges it."""
    asked = (await house.rows(Interaction, Interaction.kind == Kind.MESSAGE))[-1]
    async with house.app.records.write() as work:
        row = learning.draw(
            work, asked, language="en", decision=decision, confidence=0.9, candidates=("refund", "track")
        )
    async with house.app.records.write() as work:
        await learning.judge(work, row.id, 7, slug, skipped=skipped)


# ---- the scorecard ----


async def test_an_answer_that_nobody_came_back_about_is_resolved(house: House) -> None:
    ana = house.customer()
    await ana.says("refund please")
    await ana.presses("Yes, thank you")
    house.hands.move(days=8)
    await ana.says("refund please")

    assert await card(house) == {"shown": 2, "helped": 1, "resolved": 2}


async def test_a_ticket_within_a_day_is_deducted_as_escalated(house: House) -> None:
    """Only the answers of this conversation, and only those before the ticket."""
    ana = house.customer()
    await ana.says("refund please")
    await house.customer("bo").says("refund please")
    house.hands.move(hours=23)
    await ana.says("/agent")

    assert await card(house) == {"shown": 2, "escalated_after": 1, "resolved": 1}


@pytest.mark.parametrize(("hours", "figures"), [(25, {"returned": 1}), (7 * 24 + 1, {"resolved": 1})])
async def test_a_ticket_within_a_week_is_deducted_as_returned(
    house: House, hours: int, figures: dict[str, int]
) -> None:
    ana = house.customer()
    await ana.says("refund please")
    house.hands.move(hours=hours)
    await ana.says("/agent")

    assert await card(house) == {"shown": 1, **figures}


async def test_who_is_shown_the_same_again_within_a_week_has_returned(house: House) -> None:
    """The first answer did not settle it, the last one did as far as anybody knows; another article is no return."""
    ana = house.customer()
    await ana.says("refund please")
    await ana.says("where is my order")
    house.hands.move(days=6)
    await ana.says("I want my money back")

    assert await card(house) == {"shown": 2, "returned": 1, "resolved": 1}
    assert await card(house, "track") == {"shown": 1, "resolved": 1}


async def test_an_answer_is_deducted_once_for_however_many_reasons(house: House) -> None:
    ana = house.customer()
    await ana.says("refund please")
    await judged(house, None)
    await ana.presses("Not quite")
    await ana.presses("Talk to a person")

    assert await card(house) == {"shown": 1, "not_helped": 1, "escalated_after": 1, "wrong": 1}


@pytest.mark.parametrize(
    ("slug", "how", "wrong"),
    [
        ("refund", {}, False),
        ("track", {}, True),
        (None, {}, True),
        (None, {"skipped": True}, False),
        ("track", {"decision": "suggest"}, False),
    ],
)
async def test_an_answer_is_wrong_when_staff_judged_so(
    house: House, slug: str | None, how: dict[str, Any], wrong: bool
) -> None:
    await house.customer().says("refund please")
    await judged(house, slug, **how)

    assert await card(house) == {"shown": 1, "wrong" if wrong else "resolved": 1}


async def test_an_article_that_is_gone_keeps_its_figures(house: House) -> None:
    await house.customer().says("refund please")
    await house.app.book.load_configured(house.app.records, [])

    rows = await rows_of(house, "articles")

    assert [(row["article"], row["title"], row["shown"]) for row in rows] == [("refund", None, 1)]


async def test_the_languages_of_an_article_count_together_and_a_draft_stands_at_the_end(house: House) -> None:
    await house.customer("ana").says("refund please")
    await house.customer("li", "zh").says("我要退款")
    async with house.app.records.write() as work:
        await articles.unpublish(work, "track", "en", 7)

    rows = await rows_of(house, "articles")

    assert (rows[0]["article"], rows[0]["shown"], rows[0]["resolved"]) == ("refund", 2, 2)
    assert [row["article"] for row in rows[1:]] == ["cancel", "delivery", "track"]


# ---- gaps ----


async def test_gaps_are_listed_with_questions_times_and_answers(house: House) -> None:
    """Open ones come first, however few their questions; the article that closed one stands beside it."""
    wei = await house.colleague()
    for name in ("ana", "bo"):
        await house.customer(name).says("zebra xylophone")
    await wei.says("/claim 1")
    await wei.says("/reply We have no zebras.")
    async with house.app.records.write() as work:
        first = await gaps.assign(work, None, await gaps.ungrouped(work, BEGUN, 10), language="en")
        await gaps.close(work, first.number, 7, "zebras")
    house.hands.move(hours=1)
    await house.customer("cy").says("quantum marmalade")
    async with house.app.records.write() as work:
        await gaps.assign(work, None, await gaps.ungrouped(work, BEGUN, 10), language="zh")

    opened, closed = await rows_of(house, "gaps")

    assert [opened[name] for name in ("gap", "language", "questions", "state", "answers", "article")] == [
        2, "zh", 1, "open", 0, None,
    ]  # fmt: skip
    assert [closed[name] for name in ("gap", "language", "questions", "state", "answers", "article")] == [
        1, "en", 2, "closed", 1, "zebras",
    ]  # fmt: skip
    assert closed["first"] < closed["last"] < opened["first"] == opened["last"]
    assert [row["gap"] for row in await rows_of(house, "gaps", house.hands.now - timedelta(minutes=1))] == [2]


# ---- answers ----


async def test_shares_and_the_wrong_answers_among_the_judged_are_counted(house: House) -> None:
    """A skipped turn and one that waits are drawn but not judged; an escalated one is judged and no wrong answer."""
    cases: list[tuple[str | None, dict[str, Any]]] = [
        ("refund", {}),
        ("track", {}),
        (None, {}),
        (None, {"skipped": True}),
        (None, {"decision": "escalate"}),
    ]
    for number, (slug, how) in enumerate(cases):
        await house.customer(f"c{number}").says("refund please")
        await judged(house, slug, **how)
    await house.customer("c0").presses("Not quite")
    await house.customer("di").says("zebra xylophone")

    found = await measures(house)

    assert (found["messages"], found["answered"], found["suggested"], found["escalated"]) == (6, 0.8333, 0.0, 0.1667)
    assert (found["drawn to be judged"], found["answered of those drawn"]) == (5, 0.8)
    assert (found["judged"], found["wrong answers among the judged"], found["wrong answer rate"]) == (4, 2, 0.5)
    assert 0 < found["wrong answer rate at least (95 %)"] < 0.5 < found["wrong answer rate at most (95 %)"] < 1
    assert (found["clicked helped"], found["clicked not helped"]) == (0, 1)


async def test_of_nothing_there_is_no_share(house: House) -> None:
    found = await measures(house)

    assert (found["messages"], found["judged"]) == (0, 0)
    assert found["answered"] is found["wrong answer rate"] is found["wrong answer rate at most (95 %)"] is None


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 100, 0.0215, 0.1118), (1, 2, 0.0945, 0.9055)],
)
def test_the_interval_is_that_of_wilson(hits: int, of: int, low: float, high: float) -> None:
    """Figures as published for the score interval."""
    assert interval(hits, of) == pytest.approx((low, high), abs=0.0002)
