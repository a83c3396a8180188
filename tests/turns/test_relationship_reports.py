"""The reports of needs and relationships: what is asked about, who stands where, who is at risk, how long they wait."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from crm_core import customers, gaps
from crm_core.models import Customer, Interaction, Kind, Order, RfmScore, Stage, StageChange
from crm_core.reports import REPORTS, Report, people_of
from crm_core.reports.base import quantile, spans_of
from crm_core.reports.needs import rising
from crm_core.storage.ids import new_id
from tests.builders import House, open_house

BEGUN = datetime(2026, 11, 18, tzinfo=UTC)
WHO_MAY_BE_A_PART = ("needs", "relationships", "at-risk", "rfm", "replies")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A shop that draws no turns by itself."""
    async with open_house(tmp_path, KNOWLEDGE__JUDGE_SHARE="0") as opened:
        yield opened


async def made(house: House, name: str, since: datetime = BEGUN, language: str = "") -> Report:
    """A report of everybody, or of the customers with this language."""
    async with house.app.records.read() as work:
        kind = REPORTS[name]
        if not language:
            return await kind.make(work, since)
        assert kind.make_of is not None
        return await kind.make_of(work, since, await people_of(work, f"language = {language}", "UTC"))


async def rows_of(house: House, name: str, since: datetime = BEGUN, language: str = "") -> list[dict[str, Any]]:
    report = await made(house, name, since, language)
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


async def somebody(house: House, language: str = "en", **fields: Any) -> int:
    async with house.app.records.write() as work:
        customer = customers.create(work, language=language, name="", source="import")
        for name, value in fields.items():
            setattr(customer, name, value)
    return customer.id


async def order(house: House, customer_id: int, days_ago: float, minor: int = 1000, **fields: Any) -> None:
    async with house.app.records.write() as work:
        row = {
            "id": new_id(), "source": "shop", "external_ref": str(next(house.numbers)), "customer_id": customer_id,
            "state": "paid", "total_minor": minor, "currency": "EUR", "placed_at": work.now - timedelta(days=days_ago),
            **fields,
        }  # fmt: skip
        await work.session.execute(insert(Order), [row])


# ---- needs ----


async def test_questions_count_for_what_was_shown_by_language(house: House) -> None:
    ana, li = house.customer("ana"), house.customer("li", "zh")
    await ana.says("refund please")
    await ana.says("where is my order")
    await li.says("我要退款")
    await li.says("怎么退款")

    rows = await rows_of(house, "needs")

    assert [(row["topic"], row["language"], row["asked"], row["title"]) for row in rows] == [
        ("refund", "zh", 2, "退款"),
        ("refund", "en", 1, "Refunds"),
        ("track", "en", 1, "Tracking"),
    ]
    assert {row["answered"] for row in rows} == {True}
    assert [row["topic"] for row in await rows_of(house, "needs", language="zh")] == ["refund"]


async def test_what_no_article_answers_counts_for_its_gap(house: House) -> None:
    """Before it is put into one it is unsorted; a gap that was closed is answered."""
    ana = house.customer()
    await ana.says("zebra xylophone quagga")
    assert [(row["kind"], row["asked"], row["answered"]) for row in await rows_of(house, "needs")] == [
        ("unsorted", 1, False)
    ]

    (asked,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE)
    async with house.app.records.write() as work:
        question = gaps.Question(interaction_id=asked.id, cause=gaps.ESCALATED, at=asked.at)
        gap = await gaps.assign(work, None, [question], language="en")
    (row,) = await rows_of(house, "needs")
    assert (row["kind"], row["topic"], row["title"], row["answered"]) == ("gap", str(gap.number), None, False)

    async with house.app.records.write() as work:
        await gaps.close(work, gap.number, 7)
    assert [row["answered"] for row in await rows_of(house, "needs")] == [True]


async def test_greetings_are_no_need(house: House) -> None:
    ana = house.customer()
    await ana.says("hello")
    await ana.says("/agent")

    assert await rows_of(house, "needs") == []


async def test_a_topic_is_compared_with_the_days_right_before(house: House) -> None:
    """What lies longer ago than twice the time counts for nothing."""
    ana = house.customer()
    await ana.says("refund please")
    house.hands.move(days=4)
    for _ in range(2):
        await ana.says("refund please")
    house.hands.move(days=3)
    for _ in range(3):
        await ana.says("I want my money back")
    since = datetime(2026, 11, 23, tzinfo=UTC)  # the last three days; the three before them begin on the 20th

    (row,) = await rows_of(house, "needs", since)

    assert (row["asked"], row["before"], row["change"]) == (3, 2, 0.5)


async def test_the_picture_of_needs_has_the_days_and_the_topics_in_all_languages(house: House) -> None:
    ana, li = house.customer("ana"), house.customer("li", "zh")
    await li.says("怎么退款")
    house.hands.move(days=2)
    await ana.says("refund please")
    await ana.says("where is my order")

    chart = (await made(house, "needs")).chart

    assert chart is not None
    assert chart.places == ("2026-11-18", "2026-11-19", "2026-11-20")
    assert [(one.name, one.values) for one in chart.series] == [
        ("article:refund", (1, 0, 1)),
        ("article:track", (0, 0, 1)),
    ]


@pytest.mark.parametrize(
    ("asked", "before", "total", "total_before", "rises"),
    [
        (20, 5, 200, 200, True),
        (20, 20, 200, 200, False),
        (40, 20, 200, 100, False),  # everything doubled
        (60, 10, 200, 100, True),
        (4, 0, 200, 200, False),  # too few to say
        (5, 0, 200, 200, True),
        (50, 0, 200, 0, False),  # nothing to compare with
        (22, 18, 200, 200, False),  # may be an accident
    ],
)
def test_what_rises(asked: int, before: int, total: int, total_before: int, rises: bool) -> None:
    assert rising(asked, before, total, total_before) is rises


# ---- relationships ----


async def test_stages_are_counted_with_their_movements(house: House) -> None:
    ana, bo, li = [await somebody(house, language) for language in ("en", "en", "zh")]
    house.hands.move(days=3)
    for one in (ana, bo):
        await order(house, one, 0)
    await house.ring("relationships")
    house.hands.move(days=121)
    await house.ring("relationships")
    since = house.hands.now.replace(hour=0) - timedelta(days=123)

    found = {row["stage"]: row for row in await rows_of(house, "relationships", since)}

    assert {stage: row["customers"] for stage, row in found.items()} == {
        "lead": 1, "active": 0, "at_risk": 2, "lost": 0, "won_back": 0,
    }  # fmt: skip
    assert {stage: row["at_the_start"] for stage, row in found.items() if row["at_the_start"]} == {"lead": 3}
    assert (found["active"]["entered"], found["active"]["left"], found["active"]["from_lead"]) == (2, 2, 2)
    assert (found["at_risk"]["from_active"], found["at_risk"]["reasons"]) == (2, ["quiet 2"])
    assert sum(row["customers"] for row in await rows_of(house, "relationships", since, "zh")) == 1
    assert li


async def test_the_picture_of_stages_goes_back_from_now(house: House) -> None:
    """Each day shows who stood where at its end; who was not there yet stood nowhere."""
    ana = await somebody(house)
    house.hands.move(days=1)
    await order(house, ana, 0)
    await house.ring("relationships")
    await somebody(house)
    house.hands.move(days=1)

    chart = (await made(house, "relationships")).chart

    assert chart is not None
    lines = {one.name: one.values for one in chart.series}
    assert (lines["lead"], lines["active"], lines["lost"]) == ((1, 1, 1), (0, 1, 1), (0, 0, 0))


async def test_who_is_erased_or_merged_away_is_counted_nowhere(house: House) -> None:
    ana = await somebody(house)
    await somebody(house, key=None, stage=Stage.AT_RISK)
    await somebody(house, merged_into=ana, stage=Stage.AT_RISK)

    assert sum(row["customers"] for row in await rows_of(house, "relationships")) == 1
    assert await rows_of(house, "at-risk") == []


# ---- at risk ----


async def test_who_is_at_risk_is_listed_by_worth_and_by_number_only(house: House) -> None:
    poor, rich = await somebody(house, number=11), await somebody(house, number=12)
    await order(house, poor, 130)
    for days_ago, minor in ((150, 5000), (170, 5050), (190, 3000)):
        await order(house, rich, days_ago, minor)
    await order(house, rich, 140, 99_999, state="cancelled")
    await order(house, rich, 150, 700, currency="JPY")
    await house.ring("relationships")
    async with house.app.records.write() as work:
        work.session.add(
            StageChange(id=new_id(), customer_id=rich, before="lost", after="at_risk", reason="in_touch", at=work.now)
        )
        (await work.session.get_one(Customer, rich)).stage = Stage.AT_RISK

    rows = await rows_of(house, "at-risk")

    assert [(row["number"], row["reason"], row["quiet_days"], row["usual_days"]) for row in rows] == [
        (12, "in_touch", 150, 20),
        (11, "quiet", 130, None),
    ]
    assert rows[0]["spent"] == ["130.50 EUR", "700 JPY"]
    assert (rows[0]["orders"], rows[0]["last_order"].date()) == (4, datetime(2026, 6, 21, tzinfo=UTC).date())
    assert not {"name", "id"} & rows[0].keys()


# ---- RFM ----


async def test_the_fields_of_rfm_are_counted(house: House) -> None:
    people = [await somebody(house, language) for language in ("en", "en", "zh")]
    async with house.app.records.write() as work:
        work.session.add_all(
            RfmScore(customer_id=one, recency=5, frequency=2, money=money, at=work.now)
            for one, money in zip(people, (1, 4, 3), strict=True)
        )

    report = await made(house, "rfm")
    rows = {row[:2]: row[2:] for row in report.rows}

    assert (len(rows), rows[5, 2], rows[1, 1]) == (25, (3, 2.7), (0, None))
    assert report.chart is not None
    assert (report.chart.series[0].name, report.chart.series[0].values) == ("5", (0, 3, 0, 0, 0))
    assert sum(row["customers"] for row in await rows_of(house, "rfm", language="zh")) == 1


# ---- replies ----


async def test_how_long_customers_wait_is_counted_by_stage_and_language(house: House) -> None:
    """The bot answers at once; Wei after ten minutes, and one ticket is still waiting."""
    wei = await house.colleague()
    ana, li = house.customer("ana"), house.customer("li", "zh")
    await ana.says("refund please")
    await ana.says("/agent")
    house.hands.move(minutes=10)
    await wei.says("/claim 1")
    await wei.says("Hello Ana")
    house.hands.move(minutes=10)
    await wei.says("Still there?")
    await li.says("/agent")

    found = {(row["stage"], row["language"]): row for row in await rows_of(house, "replies")}

    assert list(found) == [("all", "all"), ("lead", "all"), ("lead", "en"), ("lead", "zh")]
    whole, english, chinese = found["all", "all"], found["lead", "en"], found["lead", "zh"]
    assert (whole["tickets"], whole["answered"], whole["person_median_minutes"]) == (2, 1, 10.0)
    assert (english["tickets"], chinese["tickets"], chinese["person_median_minutes"]) == (1, 1, None)
    assert whole["bot_replies"] == english["bot_replies"] + chinese["bot_replies"] >= 3
    assert english["bot_median_seconds"] == 0


async def test_a_reply_that_left_late_has_its_time(house: House) -> None:
    ana = house.customer()
    house.put(ana.incoming(text="refund please"))
    await house.answer()
    house.hands.move(seconds=42)
    await house.settle()

    assert (await rows_of(house, "replies"))[0]["bot_median_seconds"] == 42


async def test_the_bots_words_to_colleagues_are_no_replies(house: House) -> None:
    wei = await house.colleague()
    await wei.says("/queue")

    assert [row["bot_replies"] for row in await rows_of(house, "replies")] == [0]


# ---- what they share ----


@pytest.mark.parametrize("name", WHO_MAY_BE_A_PART)
async def test_a_part_that_is_nobody_is_a_report_of_nothing(house: House, name: str) -> None:
    ana = house.customer()
    await ana.says("refund please")
    await ana.says("/agent")

    report = await made(house, name, language="tlh")

    assert [value for row in report.rows for value in row if isinstance(value, int) and value > 5] == []
    columns = {"asked", "customers", "at_the_start", "tickets", "bot_replies"} & set(report.columns)
    assert all(dict(zip(report.columns, row, strict=True))[name] == 0 for row in report.rows for name in columns)


@given(days=st.integers(1, 4000), hour=st.integers(0, 23))
def test_spans_cover_every_day_and_are_few(days: int, hour: int) -> None:
    now = datetime(2026, 11, 18, hour, 30, tzinfo=UTC)
    since = now.replace(hour=0, minute=0) - timedelta(days=days - 1)

    starts = spans_of(since, now).starts

    assert starts[0] == since
    assert len(starts) <= 12
    lengths = {(later - at).days for at, later in pairwise(starts[1:])}
    assert len(lengths) <= 1
    assert starts[-1] <= now


def test_spans_begin_at_midnight_where_the_clocks_change() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Berlin")
    starts = spans_of(datetime(2026, 10, 24, tzinfo=zone), datetime(2026, 10, 26, 12, tzinfo=UTC)).starts

    assert [start.isoformat() for start in starts] == [
        "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 50), max_size=60), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_quantile_of_counts_is_that_of_the_values(values: list[int], share: float) -> None:
    counts = [(value, values.count(value)) for value in set(values)]
    found = quantile(counts, share)

    if not values:
        assert found is None
        return
    assert found is not None
    below = sum(value < found for value in values)
    assert below < share * len(values) <= sum(value <= found for value in values)
