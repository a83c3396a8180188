"""The database itself refuses to change what is append-only, also for who writes to it beside Frontdesk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm_core import audit, audit_chain
from crm_core.models import AuditEntry, AuditLink, Customer, CustomerChange, StageChange
from crm_core.storage import triggers
from crm_core.storage.database import Database
from crm_core.storage.ids import new_id
from crm_core.storage.migrations import migrate
from tests.builders import House, open_house

_LONG_AGO = timedelta(days=triggers.KEPT_DAYS + 1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One row at least in every table that is append-only, as old as the database's own clock goes."""
    async with open_house(tmp_path) as opened:
        opened.hands.now = datetime.now(UTC)
        await opened.customer().says("/subscribe")
        (customer,) = await opened.rows(Customer)
        async with opened.app.records.write() as work:
            audit.enter(work, 1, "customer.show", "customer:1")
            fields = {"customer_id": customer.id, "at": work.now}
            work.session.add(StageChange(id=new_id(), before="lead", after="active", reason="first_order", **fields))
            work.session.add(CustomerChange(id=new_id(), field="name", source="chat", **fields))
        await audit_chain.link_all(opened.app.records)
        yield opened


async def attempt(database: Database, statement: str) -> None:
    async with database.write() as session:
        await session.execute(text(statement))


async def missing(database: Database) -> list[str]:
    async with database.read() as session:
        return await (await session.connection()).run_sync(triggers.missing)


@pytest.mark.parametrize("table", ["audit_entry", "audit_link", "consent", "stage_change", "customer_change"])
async def test_no_row_that_is_append_only_can_be_changed(house: House, table: str) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        await attempt(house.app.records.database, f"UPDATE {table} SET at = at + 1")


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
async def test_no_young_entry_and_no_link_can_be_removed(house: House, table: str) -> None:
    before = await house.how_many(AuditEntry)
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        await attempt(house.app.records.database, f"DELETE FROM {table}")

    assert await house.how_many(AuditEntry) == await house.how_many(AuditLink) == before


async def test_an_entry_that_is_nearly_a_year_old_cannot_be_removed(house: House) -> None:
    house.hands.now -= _LONG_AGO - timedelta(days=2)
    async with house.app.records.write() as work:
        audit.enter(work, 1, "nearly", "x")

    with pytest.raises(DBAPIError, match="append-only"):
        await attempt(house.app.records.database, "DELETE FROM audit_entry WHERE act = 'nearly'")


async def test_an_entry_that_is_older_than_a_year_can_be_removed_and_its_link_cannot(house: House) -> None:
    house.hands.now -= _LONG_AGO
    async with house.app.records.write() as work:
        audit.enter(work, 1, "old", "x")
    await audit_chain.link_all(house.app.records)

    await attempt(house.app.records.database, "DELETE FROM audit_entry WHERE act = 'old'")

    assert await house.how_many(AuditEntry, AuditEntry.act == "old") == 0
    with pytest.raises(DBAPIError, match="append-only"):
        await attempt(house.app.records.database, "DELETE FROM audit_link WHERE seq = 2")


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
async def test_no_row_can_be_put_in_the_place_of_another(house: House, table: str) -> None:
    """SQLite's and MariaDB's REPLACE remove a row without saying so."""
    if house.app.records.database.url.get_backend_name() == "postgresql":
        pytest.skip("PostgreSQL has no REPLACE")
    with pytest.raises(DBAPIError, match="append-only"):
        await attempt(house.app.records.database, f"REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
async def test_no_table_of_the_audit_log_can_be_emptied_at_once(house: House, table: str) -> None:
    if house.app.records.database.url.get_backend_name() != "postgresql":
        pytest.skip("only PostgreSQL has triggers for it")
    with pytest.raises(DBAPIError, match="append-only"):
        await attempt(house.app.records.database, f"TRUNCATE {table}")


async def test_a_trigger_that_is_gone_is_missed_and_comes_back_at_the_next_start(house: House) -> None:
    database = house.app.records.database
    assert await missing(database) == []

    on = " ON audit_entry" if database.url.get_backend_name() == "postgresql" else ""
    await attempt(database, f"DROP TRIGGER tr_audit_entry_update{on}")
    assert await missing(database) == ["tr_audit_entry_update"]

    assert await migrate(database)
    assert await missing(database) == []
    assert not await migrate(database)


@pytest.mark.sqlite_only("elsewhere the statement of a trigger is not kept as it was given")
async def test_a_trigger_that_does_nothing_any_more_is_missed(house: House) -> None:
    database = house.app.records.database
    await attempt(database, "DROP TRIGGER tr_audit_link_delete")
    await attempt(database, "CREATE TRIGGER tr_audit_link_delete BEFORE DELETE ON audit_link BEGIN SELECT 1; END")

    assert await missing(database) == ["tr_audit_link_delete"]


async def test_forgetting_a_customer_still_takes_what_hangs_on_them(house: House) -> None:
    """Append-only is not for ever: what belongs to a person goes with them."""
    await attempt(house.app.records.database, "DELETE FROM consent")
    await attempt(house.app.records.database, "DELETE FROM customer_change")
    await attempt(house.app.records.database, "DELETE FROM stage_change")
