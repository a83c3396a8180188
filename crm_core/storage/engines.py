"""Engines for each database: one connection that writes, holding the write lock, and a few that only read."""

import time
from typing import Any

from sqlalchemy import URL, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_core.storage import mysql, one_hop

_READERS = 4
_PATIENCE = 60  # seconds until a writer gives up waiting for another process
_BUSY_MS = 5_000
_BRIEF_MS = 250  # how long emptying the write-ahead log waits for readers, while nobody can write
_LOG_PAGES = 4_000  # in the write-ahead log before a commit has to bring them into the file
_GLANCE = "frontdesk_glance"  # an option of connections that open no transaction
WRITE_LOCK = 0x46726F6E74  # the write lock's number among the advisory locks of a PostgreSQL database


def writing(url: URL) -> AsyncEngine:
    """The one connection that writes: each of its transactions begins by taking the database's write lock."""
    if url.get_backend_name() == "sqlite":
        # Eight write connections had the same throughput and seven times the p99 (see docs/decisions/0007).
        return _sqlite(url, pool_size=1, read_only=False)
    engine = _server(url, pool_size=1, read_only=False)
    take = "SELECT version_num FROM alembic_version FOR UPDATE"
    if url.get_backend_name() == "postgresql":
        take = f"SELECT pg_advisory_xact_lock({WRITE_LOCK})"
    _begin_with(engine.sync_engine, take)
    return engine


def reading(url: URL) -> AsyncEngine:
    """A few connections whose transactions see one moment and can change nothing."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size=_READERS, read_only=True)
    return _server(url, pool_size=_READERS, read_only=True)


def glancing(engine: AsyncEngine) -> AsyncEngine:
    """The same connections without transactions: each statement is its own moment."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_GLANCE: True})
    return engine.execution_options(isolation_level="AUTOCOMMIT")


async def empty_log(writer: AsyncEngine) -> bool:
    """Bring SQLite's write-ahead log into its file and cut it to nothing; False while somebody reads from it.

    On the other databases there is nothing to do: their logs are theirs (docs/howto/privacy.md).
    """
    if writer.dialect.name != "sqlite":
        return True
    async with glancing(writer).connect() as connection:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout={_BRIEF_MS}")
        try:
            found = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        finally:
            await connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_MS}")
    return bool(found[0] == 0)  # else it was busy


async def settle_log(reader: AsyncEngine) -> None:
    """Bring what stands in SQLite's write-ahead log into its file, as far as nobody reads older pages; nobody waits."""
    if reader.dialect.name == "sqlite":
        async with glancing(reader).connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


def migrating(url: URL) -> AsyncEngine:
    """A connection that changes tables, with foreign keys off where tables could not be rebuilt otherwise."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size=1, read_only=False, foreign_keys=False)
    if url.get_backend_name() == "postgresql":
        return writing(url)
    # Their tables are changed outside any transaction, so what is written between is committed at once, too.
    engine = _server(url, pool_size=1, read_only=False, isolation_level="AUTOCOMMIT")

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        _run(connection, "SET SESSION foreign_key_checks=0")

    return engine


def _server(url: URL, *, pool_size: int, read_only: bool, isolation_level: str = "") -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        pool_pre_ping=True,
        hide_parameters=True,  # values never stand in error messages, and so not in the log
        isolation_level=isolation_level or ("REPEATABLE READ" if read_only else "READ COMMITTED"),
        connect_args=_session_settings(url, read_only=read_only),
    )
    if read_only and url.get_backend_name() in mysql.NAMES:

        @event.listens_for(engine.sync_engine, "connect")
        def set_up(connection: Any, _record: object) -> None:
            _run(connection, "SET SESSION TRANSACTION READ ONLY")

    return engine


def _session_settings(url: URL, *, read_only: bool) -> dict[str, Any]:
    """What each driver takes with the connection: patience for locks, no writing, strict values."""
    if url.get_backend_name() in mysql.NAMES:
        # Without ONLY_FULL_GROUP_BY: MariaDB does not see that a row's columns follow from its primary key.
        strict = "STRICT_ALL_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
        patience = f"SET SESSION sql_mode='{strict}', innodb_lock_wait_timeout={_PATIENCE}"
        return {"charset": "utf8mb4", "init_command": patience}
    settings = {"lock_timeout": f"{_PATIENCE}s", "default_transaction_read_only": "on" if read_only else "off"}
    if url.get_driver_name() == "asyncpg":
        return {"server_settings": settings}
    return {"options": " ".join(f"-c {name}={value}" for name, value in settings.items())}


def _begin_with(engine: Engine, statement: str) -> None:
    """Run a statement whenever a transaction begins."""

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(statement).close()


def _run(connection: Any, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _sqlite(url: URL, *, pool_size: int, read_only: bool, foreign_keys: bool = True) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        hide_parameters=True,
        connect_args={"isolation_level": None, "async_creator_fn": one_hop.connect},
    )
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if not read_only:
            _enter_wal(cursor)
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
            cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or replaced is overwritten with zeros
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        # The driver's own BEGIN is deferred: two writers would both read, and one would lose its update.
        if not connection.get_execution_options().get(_GLANCE):
            connection.exec_driver_sql(begin)

    return engine


def _enter_wal(cursor: Any) -> None:
    """Switching to WAL wants the file alone for a moment and does not wait for it by itself."""
    for attempt in range(50):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            if "locked" not in str(error) or attempt == 49:
                raise
            time.sleep(0.05)  # noqa: TID251 - SQLite offers nothing to wait for here, and nothing runs yet
        else:
            return
