"""Alembic's scripts, and bringing a database up to date from inside the application."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_core.storage import mysql, triggers
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.vault import Vault

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"  # the newest revision; a test holds it against the scripts
FOLDER = Path(__file__).parent
_MARK = "migration_begun"  # a table that is there while tables change that no rollback would change back


async def migrate(database: Database, vault: Vault | None = None) -> bool:
    """Bring the database to the newest revision; True when something was done. Alembic is loaded only for that.

    Foreign keys are off meanwhile (rebuilding a SQLite table with them on deletes its cascaded children) and checked at
    the end; triggers are off meanwhile, too, and made anew, also where only they are missing. A database from a newer
    Frontdesk raises DatabaseError, and so does one with sealed fields that have to be sealed anew for another place
    when there is no vault.
    """
    async with database.read() as session:  # looking wants no write lock: another process may be busy
        connection = await session.connection()
        found = await connection.run_sync(revision)
        if found == HEAD and not await connection.run_sync(triggers.missing):
            return False
    engine = database.migration_engine()
    try:
        await _upgrade(engine, found, vault)
    finally:
        await engine.dispose()
    return True


async def stored_fingerprint(database: Database) -> str | None:
    """The fingerprint of the key that sealed this database; None for one that never held anything sealed."""

    def look(connection: Connection) -> str | None:
        if not inspect(connection).has_table("meta"):
            return None
        return connection.execute(text("SELECT value FROM meta WHERE name = 'key_fingerprint'")).scalar()

    async with database.read() as session:
        return await (await session.connection()).run_sync(look)


def revision(connection: Connection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


async def _upgrade(engine: AsyncEngine, found: str | None, vault: Vault | None) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseError("database_newer", revision=found, head=HEAD)

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        config.attributes["vault"] = vault
        if connection.dialect.name in mysql.NAMES:
            _in_steps(connection, config)
        else:
            _in_one_piece(connection, config)

    async with engine.begin() as connection:
        await connection.run_sync(run)


def _step_up(connection: Connection, config: "Config") -> None:
    from alembic import command

    triggers.drop(connection)
    command.upgrade(config, "head")
    triggers.create(connection)


def _in_one_piece(connection: Connection, config: "Config") -> None:
    _step_up(connection, config)
    if connection.dialect.name == "sqlite" and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
        raise DatabaseError("database_foreign_keys", rows=len(broken))


def _in_steps(connection: Connection, config: "Config") -> None:
    """Upgrade where tables cannot be part of a transaction, and leave a mark for whoever finds half of it."""
    if not connection.scalar(text("SELECT GET_LOCK(LEFT(CONCAT('frontdesk:', DATABASE()), 64), 60)")):
        raise DatabaseError("database_migrating")
    if inspect(connection).has_table(_MARK):
        raise DatabaseError("database_half_migrated")
    if revision(connection) is None:
        mysql.compare_text_by_bytes(connection)
    connection.execute(text(f"CREATE TABLE {_MARK} (number INTEGER)"))
    try:
        _step_up(connection, config)
    except DatabaseError:  # a step refuses in words before it changes anything
        connection.execute(text(f"DROP TABLE {_MARK}"))
        raise
    if broken := mysql.orphans(connection):
        raise DatabaseError("database_foreign_keys", rows=broken)
    connection.execute(text(f"DROP TABLE {_MARK}"))


def settle_foreign_keys(connection: Connection) -> None:
    """Between writing rows and changing their tables: PostgreSQL wants checks done by then that wait for the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
