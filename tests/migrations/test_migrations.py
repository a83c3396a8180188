"""Migrations: an empty file becomes what the models say; the newest revision is known; a newer database is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from crm_core.models import Base
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.migrations import FOLDER, HEAD, migrate, revision, stored_fingerprint


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


async def test_an_empty_database_was_sealed_with_no_key(database: Database) -> None:
    assert await stored_fingerprint(database) is None
    await migrate(database)
    assert await stored_fingerprint(database) is None
