"""Migrations: an empty file becomes what the models say; the newest revision is known; a newer database is refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    column,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)

from crm_core import contacts, customers
from crm_core.models import Base, Contact, Customer
from crm_core.numbers import next_number
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.migrations import FOLDER, HEAD, migrate, revision, stored_fingerprint
from crm_core.storage.mysql import NAMES as MYSQL
from crm_core.storage.vault import Vault
from crm_core.work import Records
from tests import servers


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(servers.url_in(tmp_path, bare=True))
    yield opened
    await opened.close()


def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_an_empty_file_becomes_exactly_what_the_models_say(database: Database) -> None:
    assert await migrate(database)

    def differences(connection: Connection) -> list[object]:
        wanted = Base.metadata
        if connection.dialect.name in MYSQL:
            wanted = MetaData(naming_convention=wanted.naming_convention)
            for one in Base.metadata.sorted_tables:
                for key in one.to_metadata(wanted).foreign_key_constraints:
                    key.deferrable = key.initially = None
        return list(compare_metadata(MigrationContext.configure(connection), wanted))

    async with database.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(revision) == HEAD


async def test_a_database_that_is_up_to_date_is_left_alone(database: Database) -> None:
    await migrate(database)

    assert not await migrate(database)


async def test_a_database_of_a_newer_frontdesk_is_refused_and_not_touched(database: Database) -> None:
    await migrate(database)
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseError) as refused:
        await migrate(database)

    assert (refused.value.key, refused.value.values["revision"]) == ("database_newer", "9999")
    async with database.read() as session:
        assert (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar() == "9999"


async def tables_of(database: Database) -> list[str]:
    async with database.read() as session:
        return await (await session.connection()).run_sync(lambda connection: inspect(connection).get_table_names())


@pytest.mark.skipif(servers.CHOICE == "mariadb", reason="MariaDB cannot take tables back: see the next test")
async def test_a_migration_that_fails_leaves_nothing_behind(database: Database) -> None:
    """DDL is part of the transaction: an empty database is empty again."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE outbox (id INTEGER)"))

    with pytest.raises(Exception, match="outbox"):
        await migrate(database)

    assert await tables_of(database) == ["outbox"]


@pytest.mark.skipif(servers.CHOICE != "mariadb", reason="the others take tables back: see the test before")
async def test_a_migration_that_was_cut_off_midway_is_refused_until_the_backup_is_back(database: Database) -> None:
    servers.ask(database.url, "CREATE TABLE outbox (id INTEGER)")
    with pytest.raises(Exception, match="outbox"):
        await migrate(database)
    servers.ask(database.url, "DROP TABLE outbox")

    for _ in range(2):
        with pytest.raises(DatabaseError) as refused:
            await migrate(database)
        assert refused.value.key == "database_half_migrated"
    async with database.read() as session:
        assert await (await session.connection()).run_sync(revision) is None


async def at_revision(database: Database, wanted: str) -> None:
    """Bring an empty database up to an earlier revision only."""

    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)

    engine = database.migration_engine()
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


@pytest.mark.parametrize("earlier", ["0001", "0002"])
async def test_what_reached_customers_before_contacts_had_a_table_reaches_them_still(
    database: Database, earlier: str
) -> None:
    """E-mail and phone are sealed anew for their new place; an erased customer's are gone; nothing else is lost."""
    vault = Vault(b"k" * 32)
    await at_revision(database, earlier)
    people: list[dict[str, object]] = []
    for number in range(1, 703):
        key = vault.new_customer_key(number)
        mail, phone = f"c{number}@example.com", f"+4930{number:06}"
        people.append(
            {
                "id": number,
                "key": None if number == 7 else key,
                "name": vault.seal(f"Name {number}", f"customer.name:{number}", key, number),
                "email": vault.seal(mail, f"customer.email:{number}", key, number) if number % 3 else None,
                "email_blind": vault.blind(mail, "email") if number % 3 else None,
                "phone": vault.seal(phone, f"customer.phone:{number}", key, number) if number % 2 else None,
                "phone_blind": vault.blind(phone, "phone") if number % 2 else None,
                "language": "en",
                "source": "import",
                "created_at": 1,
            }
        )
    customer = table("customer", *map(column, people[0]))
    async with database.write() as session:
        await session.execute(insert(customer), people)
        await session.execute(text("INSERT INTO customer_tag (customer_id, tag) VALUES (5, 'tea')"))

    with pytest.raises(DatabaseError) as refused:
        await migrate(database)
    assert refused.value.key == "database_needs_key"
    await migrate(database, vault)

    records = Records(database, vault, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    async with records.read() as work:
        assert [one.id for one in await contacts.by_email(work, "C5@example.com ")] == [5]
        assert [one.id for one in await contacts.by_phone(work, "0049 30 000005")] == [5]
        assert await contacts.by_email(work, "c7@example.com") == []
        assert [(one.kind, one.value, one.main) for one in await contacts.of(work, 5)] == [
            ("email", "c5@example.com", True),
            ("phone", "+4930000005", True),
        ]
        whole = await work.session.scalar(select(func.count()).select_from(Contact))
        assert whole == sum((one["email"] is not None) + (one["phone"] is not None) for one in people if one["id"] != 7)
        assert await customers.tags_of(work, 5) == ["tea"]
        numbers = (await work.session.scalars(select(Customer.number).order_by(Customer.id))).all()
        assert list(numbers) == list(range(1, 703))
    async with records.write() as work:
        assert await next_number(work, "customer") == 703


def something(spot: Column[Any], row: int) -> object:
    """A value that fits a column; every pointer leads to the row with the same number."""
    values = {bytes: bytes([1, row]), bool: True, int: row, **dict.fromkeys((float, Decimal), 0.123456789012345)}
    return values.get(spot.type.python_type, f"{spot.name[:20]} é {row}")


def fill(connection: Connection) -> dict[str, list[dict[str, object]]]:
    """Three rows in every table; what was stored, by table."""
    found = MetaData()
    found.reflect(connection)
    empty = {"staff_id", "email", "phone"}  # an identity has one owner; what is sealed would have to open
    stored: dict[str, list[dict[str, object]]] = {}
    for one in found.sorted_tables:
        if one.name == "alembic_version":
            continue
        spots = [spot for spot in one.columns if not (spot.nullable and spot.name in empty)]
        stored[one.name] = [{spot.name: something(spot, row) for spot in spots} for row in (1, 2, 3)]
        connection.execute(insert(one), stored[one.name])
    return stored


def read_again(connection: Connection, name: str, names: list[str], order: str) -> list[dict[str, object]]:
    stored = table(name, *map(column, names))
    return [dict(row) for row in connection.execute(select(stored).order_by(stored.c[order])).mappings()]


@pytest.mark.parametrize("earlier", ["0001", "0002", "0003"])
async def test_whatever_stood_in_any_table_stands_there_still(database: Database, earlier: str) -> None:
    await at_revision(database, earlier)
    async with database.write() as session:
        stored = await (await session.connection()).run_sync(fill)

    await migrate(database, Vault(b"k" * 32))

    async with database.read() as session:
        connection = await session.connection()
        for name, rows in stored.items():
            there = {spot.name for spot in Base.metadata.tables[name].columns}
            names = [spot for spot in rows[0] if spot in there and (name, spot) != ("customer", "number")]
            again = await connection.run_sync(read_again, name, names, names[0])
            expected = [{spot: row[spot] for spot in names} for row in rows]
            assert [row for row in again if row in expected] == expected, name


async def test_an_empty_database_was_sealed_with_no_key(database: Database) -> None:
    assert await stored_fingerprint(database) is None
    await migrate(database)
    assert await stored_fingerprint(database) is None
