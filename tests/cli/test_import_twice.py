"""Whatever a file holds: imported twice, or exported and imported again, it leaves what one run leaves."""

import asyncio
import json
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from bot.exports import export_customers, export_orders
from bot.importing.fields import Manner
from bot.importing.reading import How
from bot.imports import Wishes, import_customers, import_orders
from bot.opening import open_records
from crm_core.work import Records
from knowledge_base.exporters import ExportError
from tests.builders import settings_in

HOW = How(manner=Manner(zone=ZoneInfo("UTC")))
_WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
_EMAIL = st.integers(0, 9).map(lambda number: f"c{number}@example.com")
_PHONE = st.integers(0, 5).map(lambda number: f"+1500555010{number}")
_CUSTOMER = st.fixed_dictionaries(
    {},
    optional={
        "external_ref": st.integers(0, 5).map(lambda number: f"C{number}"),
        "email": _EMAIL,
        "phone": _PHONE,
        "name": _WORDS,
        "language": st.sampled_from(["en", "zh"]),
        "tags": st.lists(_WORDS, max_size=3),
        "consent": st.booleans(),
        "birthday": st.dates(date(1900, 1, 1), date(2020, 1, 1)).map(str),
        "company": _WORDS,
        "address": _WORDS,
        "more_emails": st.lists(_EMAIL, max_size=2),
        "more_names": st.lists(_WORDS, max_size=2),
    },
)
_TIME = st.datetimes().map(lambda when: f"{when.isoformat()}Z")
_MINOR = st.integers(0, 10**12)
_LINE = st.fixed_dictionaries({"product": _WORDS, "quantity": st.integers(1, 99), "unit_price_minor": _MINOR})
_ORDER = st.fixed_dictionaries(
    {
        "external_ref": st.integers(0, 12).map(lambda number: f"R{number}"),
        "customer_email": _EMAIL,
        "state": st.sampled_from(["placed", "paid", "shipped", "已发货", "cancelled", "refunded"]),
        "total_minor": _MINOR,
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
        "placed_at": _TIME,
        "lines": st.lists(_LINE, max_size=3),
    },
    optional={"tracking": _WORDS, "state_at": _TIME},
)
_BOOKKEEPING = {"import_run", "audit_entry", "meta", "sequence"}


async def everything(records: Records) -> dict[str, list[Any]]:
    """Every row of every table but those that count the imports themselves."""
    async with records.read() as work:
        connection = await work.session.connection()
        tables = await connection.run_sync(lambda one: inspect(one).get_table_names())
        return {
            table: sorted(map(repr, (await work.session.execute(text(f"SELECT * FROM {table}"))).all()))
            for table in tables
            if table not in _BOOKKEEPING
        }


async def _twice(people: list[dict[str, Any]], bought: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = await open_records(settings_in(folder))
        try:
            await _both(records, folder, people, bought)
            once = await everything(records)
            taken = await _both(records, folder, people, bought)
            assert [one.added + one.changed + one.apart for one in taken] == [0, 0]
            assert await everything(records) == once
            await _out_and_in(records, folder)
            assert await everything(records) == once
        finally:
            await records.database.close()


async def _out_and_in(records: Records, folder: Path) -> None:
    """Export everything in every form, and import that."""
    for form in ("jsonl", "csv", "xlsx"):
        people, bought = folder / f"people.{form}", folder / f"bought.{form}"
        with suppress(ExportError):  # there may be nobody, or no order
            await export_customers(records, people)
            taken = (await import_customers(records, people, HOW, "en", Wishes())).taken
            assert (taken.added, taken.changed) == (0, 0), (form, taken)
            await export_orders(records, bought)
            taken = (await import_orders(records, bought, HOW, Wishes())).taken
            assert (taken.added, taken.changed) == (0, 0), (form, taken)


async def _both(
    records: Records, folder: Path, people: list[dict[str, Any]], bought: list[dict[str, Any]]
) -> list[Any]:
    for kind, lines in (("customers", people), ("orders", bought)):
        (folder / f"{kind}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    wishes = Wishes(skip_bad=True, keep_apart=True)
    first = await import_customers(records, folder / "customers.jsonl", HOW, "en", wishes)
    second = await import_orders(records, folder / "orders.jsonl", HOW, wishes)
    return [first.taken, second.taken]


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(_CUSTOMER, min_size=1, max_size=12), st.lists(_ORDER, min_size=1, max_size=12))
def test_an_import_run_twice_leaves_what_one_run_leaves(
    people: list[dict[str, Any]], bought: list[dict[str, Any]]
) -> None:
    """Rows that cannot be taken are skipped both times, rows of the same person and orders of nobody included."""
    asyncio.run(_twice(people, bought))
