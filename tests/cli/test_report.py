"""Reports: what people did is counted in the shop's days; every report is listed and can be printed."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm_core.models import AuditEntry
from crm_core.reports import REPORTS
from crm_core.work import Records
from tests.builders import House, open_house
from tests.cli.conftest import ShopFolder, command

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def rows_of(house: House, name: str, since: datetime) -> list[dict[str, Any]]:
    """A report's rows by column."""
    async with house.app.records.read() as work:
        report = await REPORTS[name].make(work, since)
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


async def values_of(house: House, name: str, since: datetime) -> dict[str, Any]:
    """A report of measures."""
    return {row["measure"]: row["value"] for row in await rows_of(house, name, since)}


async def test_questions_are_counted_by_decision_and_local_day(tmp_path: Path) -> None:
    """17:00 in London is tomorrow in Shanghai; a greeting is no question, a day without one is a row."""
    async with open_house(tmp_path) as house:
        ana = house.customer()
        await ana.says("how long does delivery take")
        await ana.presses("Yes, thank you")
        await ana.says("hello")
        await ana.says("zebra xylophone")
        house.hands.now = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
        await house.customer("bo").says("refund please")

        found = await rows_of(house, "questions", datetime(2026, 11, 18, tzinfo=SHANGHAI))

    assert [(row["day"], row["asked"], row["answered"], row["escalated"]) for row in found] == [
        ("2026-11-18", 2, 1, 1),
        ("2026-11-19", 0, 0, 0),
        ("2026-11-20", 1, 1, 0),
    ]
    assert [(row["helped"], row["not_helped"]) for row in found] == [(1, 0), (0, 0), (0, 0)]


async def test_tickets_are_counted_with_their_median_times(tmp_path: Path) -> None:
    """Claimed after ten minutes, resolved after thirty, rated with four stars; another one waits in the queue."""
    async with open_house(tmp_path) as house:
        wei = await house.colleague()
        await house.customer("ana").says("/agent")
        house.hands.move(minutes=10)
        await wei.says("/claim 1")
        house.hands.move(minutes=20)
        await wei.says("/resolve")
        await house.customer("bo").says("/agent")

        found = await values_of(house, "tickets", datetime(2026, 11, 18, tzinfo=UTC))

    assert (found["opened"], found["open now"], found["unclaimed now"], found["resolved"]) == (2, 1, 1, 1)
    assert found["median minutes to first claim"] == pytest.approx(10, abs=0.1)
    assert found["median minutes to resolve"] == pytest.approx(30, abs=0.1)
    assert found["mean rating"] is None


async def test_articles_are_counted_by_how_they_were_received(tmp_path: Path) -> None:
    """Shown twice, once of no help; what was never shown stands at the end."""
    async with open_house(tmp_path) as house:
        await house.customer("ana").says("how long does delivery take")
        bo = house.customer("bo", "zh")
        await bo.says("配送要多久")
        await bo.presses("不太对")

        found = await rows_of(house, "articles", datetime(2026, 11, 18, tzinfo=UTC))

    first = found[0]
    assert (first["article"], first["shown"], first["helped"], first["not_helped"]) == ("delivery", 2, 0, 1)
    assert {row["shown"] for row in found[1:]} == {0}


async def test_what_happened_before_is_not_counted(tmp_path: Path) -> None:
    """Every report looks back no further than it was asked to."""
    async with open_house(tmp_path) as house:
        await house.customer("ana").says("how long does delivery take")
        await house.customer("ana").says("/agent")
        house.hands.move(days=3)
        since = house.hands.now

        asked = sum(row["asked"] for row in await rows_of(house, "questions", since))
        shown = sum(row["shown"] for row in await rows_of(house, "articles", since))

        assert (asked, shown, await rows_of(house, "deliveries", since)) == (0, 0, [])
        assert (await values_of(house, "tickets", since))["opened"] == 0


def test_without_a_name_the_reports_are_listed() -> None:
    """Neither settings nor records are needed for that."""
    ran = command("report")

    assert [line.split()[0] for line in ran.lines[1:]] == list(REPORTS)
    assert [one["report"] for one in command("report", "--json").json] == list(REPORTS)


def test_an_unknown_report_is_answered_with_the_list(shop: ShopFolder) -> None:
    """The sentence names those that are there."""
    ran = shop.does("report", "weather")

    assert (ran.code, ran.err) == (1, f"There is no report 'weather'; there are {', '.join(REPORTS)}.\n")


def test_a_report_may_be_of_a_segment(shop: ShopFolder) -> None:
    """A script sees in the answer whom it is about; a question that cannot be read is said to be so, and where."""
    shop.does("migrate")

    found = shop.does("report", "rfm", "--segment", "language = zh", "--json").json
    wrong = shop.does("report", "rfm", "--segment", "languge = zh")

    assert (found["segment"], len(found["rows"])) == ("language = zh", 25)
    assert (wrong.code, wrong.out) == (1, "")
    assert "languge" in wrong.err
    assert "Traceback" not in wrong.err


def test_a_report_that_is_not_about_customers_takes_no_segment(shop: ShopFolder) -> None:
    shop.does("migrate")

    ran = shop.does("report", "deliveries", "--segment", "language = zh")

    assert ran.code == 1
    assert "needs" in ran.err


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_can_be_printed_in_three_ways(shop: ShopFolder, name: str) -> None:
    """As a table, as JSON and as CSV, even of a shop where nothing has happened yet."""
    shop.does("migrate")

    table = shop.does("report", name)
    found = shop.does("report", name, "--json").json
    sheet = list(csv.reader(io.StringIO(shop.does("report", name, "--csv").out)))

    assert table.code == 0
    assert found.keys() == {"report", "since", "columns", "rows"}
    assert sheet[0] == found["columns"]
    assert len(sheet) - 1 == len(found["rows"]) == len(table.lines) - 1


@pytest.mark.parametrize("how", [(), ("--json",), ("--csv",), ("--segment", "language = zh")])
def test_who_prints_customers_leaves_a_trace_and_who_prints_figures_does_not(
    shop: ShopFolder, how: tuple[str, ...]
) -> None:
    shop.does("migrate")
    shop.does("report", "at-risk", *how)
    shop.does("report", "rfm", *how)

    async def looks(records: Records) -> list[tuple[int | None, str, str]]:
        async with records.read() as work:
            rows = await work.session.scalars(select(AuditEntry).where(AuditEntry.act.startswith("report.")))
            return [(one.staff_id, one.act, one.subject) for one in rows]

    assert shop.with_records(looks) == [(None, "report.at_risk", "report:at-risk")]
