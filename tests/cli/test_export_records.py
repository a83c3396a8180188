"""`export customers` and `export orders`: one writer that defuses formulas, audited, nothing left behind halfway."""

import csv
import stat
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.models import AuditEntry
from crm_core.work import Records
from tests.cli.conftest import ShopFolder
from tests.cli.test_import import ANA, ORDER, counts

BAD = {"email": "bad@example.com", "name": "=HYPERLINK('x')", "company": "@SUM(A1)", "tags": ["+1", "-2"]}


@pytest.fixture
def filled(shop: ShopFolder) -> ShopFolder:
    """A shop with two customers and an order."""
    shop.does("import", "customers", shop.write("customers.jsonl", ANA, BAD))
    shop.does("import", "orders", shop.write("orders.jsonl", ORDER))
    return shop


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
@pytest.mark.parametrize("kind", ["customers", "orders"])
def test_what_was_exported_changes_nothing_when_it_is_imported(filled: ShopFolder, kind: str, form: str) -> None:
    file = filled.folder / f"out.{form}"

    ran = filled.does("export", kind, str(file))

    total = 2 if kind == "customers" else 1
    assert ran.out == f"{file}: {total} {kind} written as {form}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert counts(filled, kind, str(file)) == (0, 0, total)


def test_no_spreadsheet_takes_a_cell_for_a_formula(filled: ShopFolder) -> None:
    """In CSV an apostrophe stands before it; in a workbook every cell is a text."""
    filled.does("export", "customers", str(filled.folder / "out.csv"))
    filled.does("export", "customers", str(filled.folder / "out.xlsx"))

    with (filled.folder / "out.csv").open(encoding="utf-8-sig", newline="") as text:
        cells = [cell for row in csv.reader(text) for cell in row]
    assert "'=HYPERLINK('x')" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    with zipfile.ZipFile(filled.folder / "out.xlsx") as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK" in sheet
    assert "<f>" not in sheet
    assert sheet.count("<c ") == sheet.count('t="inlineStr"')


def test_that_personal_data_left_is_in_the_audit_log(filled: ShopFolder) -> None:
    filled.does("export", "customers", str(filled.folder / "out.csv"))

    async def look(records: Records) -> list[str]:
        async with records.read() as work:
            return list(await work.session.scalars(select(AuditEntry.act).where(AuditEntry.act.startswith("export"))))

    assert filled.with_records(look) == ["export.customers"]


def test_what_is_there_stays_unless_asked_and_other_forms_are_refused(filled: ShopFolder, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine", encoding="utf-8")

    assert "is there already" in filled.does("export", "customers", str(there)).err
    assert there.read_text(encoding="utf-8") == "mine"
    assert filled.does("export", "customers", str(there), "--overwrite").code == 0
    assert 'not written as ".ods"; the forms are jsonl csv xlsx' in filled.does("export", "orders", "out.ods").err
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".there")]


def test_an_empty_record_is_no_export(shop: ShopFolder) -> None:
    shop.does("migrate")

    assert shop.does("export", "orders", str(shop.folder / "out.csv")).err == "There are no orders to write.\n"
