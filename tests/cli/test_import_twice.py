"""Whatever a file holds: imported twice, or exported and imported again, it leaves what one run leaves."""

import asyncio
import json
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from bot.exports import export_customers, export_orders
from bot.importing.fields import Manner
from bot.importing.reading import How
from bot.importing.runs import Wishes
from bot.imports import import_customers, import_orders
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
_STATE = st.fixed_dictionaries({"state": st.sampled_from(["paid", "shipped"]), "at": _TIME})
_PAYMENT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["payment", "payment", "refund"]),
        "amount_minor": st.integers(1, 10**6),
        "external_ref": st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=9).filter(
            str.strip
        ),
        "at": _TIME,
    }
)
_ORDER: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "external_ref": st.integers(0, 12).map(lambda number: f"R{number}"),
        "customer_email": _EMAIL,
        "state": st.sampled_from(["placed", "paid", "shipped", "已发货", "cancelled", "refunded"]),
        "total_minor": _MINOR,
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
        "placed_at": _TIME,
        "lines": st.lists(_LINE, max_size=3),
    },
    optional={
        "tracking": _WORDS,
        "state_at": _TIME,
        "states": st.lists(_STATE, max_size=3),
        "payments": st.lists(_PAYMENT, max_size=3, unique_by=lambda one: str(one["external_ref"])),
    },
)
_PAID: dict[str, Any] = {
    "external_ref": "R1",
    "customer_email": "c1@example.com",
    "state": "shipped",
    "total_minor": 1250,
    "currency": "EUR",
    "placed_at": "2026-03-01T09:30:00Z",
    "lines": [],
    "states": [{"state": "shipped", "at": "2026-03-02T08:00:00.000001Z"}],
    "payments": [
        {"kind": "payment", "amount_minor": 1250, "external_ref": 'P, "1"', "at": "2026-03-01T09:31:00Z"},
        {"kind": "refund", "amount_minor": 250, "external_ref": "=P;2", "at": "2026-03-04T09:31:00Z"},
    ],
}
_ALL = Wishes(skip_bad=True, keep_apart=True)
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
    first = await import_customers(records, _lines(folder, "customers", people), HOW, "en", _ALL)
    second = await import_orders(records, _lines(folder, "orders", bought), HOW, _ALL)
    return [first.taken, second.taken]


def _lines(folder: Path, kind: str, lines: list[dict[str, Any]]) -> Path:
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(_CUSTOMER, min_size=1, max_size=12), st.lists(_ORDER, min_size=1, max_size=12))
def test_an_import_run_twice_leaves_what_one_run_leaves(
    people: list[dict[str, Any]], bought: list[dict[str, Any]]
) -> None:
    """Rows that cannot be taken are skipped both times, rows of the same person and orders of nobody included."""
    asyncio.run(_twice(people, bought))


async def _moved(bought: list[dict[str, Any]], form: str) -> None:
    """Orders of ten customers leave a shop in this form and come into an empty one, which says the same of them."""
    people = [{"email": f"c{number}@example.com"} for number in range(10)]
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        old, new = [await open_records(settings_in(Path(one))) for one in (here, there)]
        try:
            await _both(old, Path(here), people, bought)
            await import_customers(new, _lines(Path(there), "customers", people), HOW, "en", _ALL)
            with suppress(ExportError):  # there may be no order
                await export_orders(old, Path(here) / f"out.{form}")
                await import_orders(new, Path(here) / f"out.{form}", HOW, Wishes())
                assert await _said(new, Path(there)) == await _said(old, Path(here))
        finally:
            for records in (old, new):
                await records.database.close()


async def _said(records: Records, folder: Path) -> list[str]:
    await export_orders(records, folder / "said.jsonl")
    return sorted((folder / "said.jsonl").read_text(encoding="utf-8").splitlines())


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(_ORDER, min_size=1, max_size=12), st.sampled_from(["csv", "xlsx", "jsonl"]))
@example([_PAID], "csv")
@example([_PAID], "xlsx")
def test_orders_come_into_an_empty_shop_as_they_left(bought: list[dict[str, Any]], form: str) -> None:
    """States with their times, payments and refunds included, whatever their references hold."""
    asyncio.run(_moved(bought, form))
