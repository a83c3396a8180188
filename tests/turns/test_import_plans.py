"""Whose a row of a file is, is looked up in indexes: importing takes no longer for a row the more are on record."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from crm_core.drafts import CustomerDraft, OrderOnFile, Terms
from crm_core.imports import plan_customers
from crm_core.proofs import owners_of
from crm_core.work import Work
from tests.builders import House

DRAFTS = [CustomerDraft(email=f"ana{n}@example.com", reference=f"C{n}", name="Ana") for n in range(100)]
ORDER = OrderOnFile("import", "A-1", "paid", 100, "EUR", datetime(2026, 11, 1, tzinfo=UTC), "ana@example.com")


async def plans(work: Work, asked: list[tuple[str, Any]]) -> list[str]:
    """How SQLite means to answer these questions."""
    connection = await work.session.connection()
    found = []
    for sql, values in asked:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        found += [row["detail"] for row in rows.mappings()]
    return found


@pytest.mark.sqlite_only("it reads how SQLite means to find the rows")
async def test_nobody_else_is_looked_at_to_know_whose_a_row_is(house: House) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if sql.startswith("SELECT"):
            asked.append((sql, values))

    async with house.app.records.read() as work:
        engine = work.session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        await plan_customers(work, DRAFTS, Terms(source="import", language="en"))
        await owners_of(work, [ORDER])
        event.remove(engine, "before_cursor_execute", note)
        found = await plans(work, asked)

    assert len(asked) >= 3
    assert any("ix_contact_blind" in step for step in found)
    assert not [step for step in found if step.startswith("SCAN") or "merged_into" in step]
