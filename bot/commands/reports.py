"""`report`: what the records say, as a table, as JSON or as CSV."""

import asyncio
import csv
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.options import AsJson, Config, Refused, opened, say_json, say_table, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.reports import Report, ReportKind
    from crm_core.work import Work


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command("report")(report)


def report(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which report; without one, they are listed.")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How many days back it looks.")] = 30,
    segment: Annotated[
        str, typer.Option("--segment", help='Only these customers: a saved segment, or such as "language = zh".')
    ] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Print a report, or list the reports.

    Days are those of the shop's time zone. Printing a report that lists customers is an audit entry.
    """
    from crm_core.reports import REPORTS

    if not name:
        if as_json:
            say_json([{"report": one.name, "about": one.about} for one in REPORTS.values()])
        else:
            say_table(("report", "about"), [(one.name, one.about) for one in REPORTS.values()])
        return
    if name not in REPORTS:
        raise Refused(f"There is no report {name!r}; there are {', '.join(REPORTS)}.")
    if segment and REPORTS[name].make_of is None:
        able = ", ".join(one.name for one in REPORTS.values() if one.make_of is not None)
        raise Refused(f"The report {name!r} is not about customers, so it takes no --segment; these do: {able}.")
    settings = settings_of(config)
    since, found = asyncio.run(_make(settings, name, days, segment))
    if as_json:
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        of_whom = {"segment": segment} if segment else {}
        say_json({"report": name, "since": since, **of_whom, "columns": found.columns, "rows": rows})
    elif as_csv:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(found.columns)
        out.writerows([_cell(value) for value in row] for row in found.rows)
    else:
        say_table(found.columns, found.rows)


async def _make(settings: "Settings", name: str, days: int, segment: str) -> tuple[datetime, "Report"]:
    from crm_core.reports import REPORTS, enter_look

    kind = REPORTS[name]
    async with opened(settings) as records:
        async with records.read() as work:
            midnight = work.now.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
            since = midnight - timedelta(days=days - 1)
            found = await _made(work, kind, since, segment, settings.shop.time_zone)
        if kind.lists_customers:
            async with records.write() as work:
                enter_look(work, None, kind, found)
    return since, found


async def _made(work: "Work", kind: "ReportKind", since: datetime, segment: str, zone: str) -> "Report":
    from crm_core.reports import people_of

    if segment and kind.make_of is not None:
        return await kind.make_of(work, since, await people_of(work, segment, zone))
    return await kind.make(work, since)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value
