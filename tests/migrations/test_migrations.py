"""Migrations: an empty file becomes what the models say; the newest revision is known; a newer database is refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text

from crm_core import contacts, customers
from crm_core.models import Base, Contact, Customer
from crm_core.numbers import next_number
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.migrations import FOLDER, HEAD, migrate, revision, stored_fingerprint
from crm_core.storage.vault import Vault
from crm_core.work import Records


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    yield opened
    await opened.close()


def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_an_empty_file_becomes_exactly_what_the_models_say(database: Database) -> None:
    assert await migrate(database)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

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


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database) -> None:
    """DDL is part of the transaction: an empty file is empty again."""
    async with database.write() as session:
        await session.execute(text("CREATE TABLE outbox (id INTEGER)"))

    with pytest.raises(Exception, match="outbox"):
        await migrate(database)

    async with database.read() as session:
        tables = (await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).all()
    assert list(tables) == ["outbox"]


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
            }
        )
    async with database.write() as session:
        await session.execute(
            text(
                "INSERT INTO customer (id, key, name, email, email_blind, phone, phone_blind, language, source,"
                " created_at) VALUES (:id, :key, :name, :email, :email_blind, :phone, :phone_blind, 'en', 'import', 1)"
            ),
            people,
        )
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


async def test_an_empty_database_was_sealed_with_no_key(database: Database) -> None:
    assert await stored_fingerprint(database) is None
    await migrate(database)
    assert await stored_fingerprint(database) is None
