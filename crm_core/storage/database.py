"""Engines and sessions: one write connection and a pool of readers on SQLite, one pool elsewhere."""

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.sql import Insert

from crm_core.storage import one_hop

_READERS = 4
_BUSY_MS = 5_000
_GLANCE = "frontdesk_glance"  # an option of connections that open no transaction


class DatabaseError(Exception):
    """The database cannot be used; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


# Full, locked, read-only, away, out of memory: by the primary result codes of SQLite.
_OUT_OF_ORDER = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
)  # fmt: skip


def is_out_of_order(error: BaseException) -> bool:
    """Whether the database itself could not work just now, which is no fault of what was to be written."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _OUT_OF_ORDER
    return isinstance(error, OperationalError | InterfaceError)


class Database:
    """Hands out sessions: `write()` commits when its block ends well, `read()` can change nothing.

    Whoever opened a session commits it; nobody in the middle does. Tested with SQLite 3.40 (aiosqlite); PostgreSQL goes
    through the same code and is not covered by the tests yet.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._prepare_folder()
            # Eight write connections had the same throughput and seven times the p99 (see docs/decisions/0007).
            self._writer = _sqlite_engine(url, pool_size=1, read_only=False)
            self._reader = _sqlite_engine(url, pool_size=_READERS, read_only=True)
        else:
            self._writer = self._reader = create_async_engine(
                url, pool_size=10, pool_pre_ping=True, hide_parameters=True
            )
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autoflush=False)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        glancing = self._reader.execution_options(**{_GLANCE: True})
        self._glances = async_sessionmaker(glancing, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One write transaction: committed at the end of the block, rolled back when it raises."""
        async with self._write_sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; SQLite refuses any change made through it."""
        async with self._read_sessions() as session:
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """As `read`, without the crossings that a transaction costs: for one statement, which is its own snapshot."""
        async with self._glances() as session:
            yield session

    async def check(self) -> None:
        """Raise DatabaseError when nothing can be read."""
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:
            raise DatabaseError("database_unreachable", why=str(error)) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    def migration_engine(self) -> AsyncEngine:
        """An engine of its own for migrations, with foreign keys off; the caller disposes of it."""
        if self.is_sqlite:
            return _sqlite_engine(
                self.url.render_as_string(hide_password=False), pool_size=1, read_only=False, foreign_keys=False
            )
        return create_async_engine(self.url)

    def _prepare_folder(self) -> None:
        name = self.url.database
        if not name or name == ":memory:":
            raise DatabaseError("database_needs_file", url=str(self.url))
        folder = Path(name).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError("database_folder", path=str(folder), why=str(error)) from error
        if not os.access(folder, os.W_OK):
            raise DatabaseError("database_folder", path=str(folder), why="not writable")


def insert_new(session: AsyncSession, table: type[Any]) -> Insert:
    """An INSERT that leaves rows alone whose key is there already."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return insert(table).prefix_with("OR IGNORE", dialect="sqlite")


def _sqlite_engine(url: str, *, pool_size: int, read_only: bool, foreign_keys: bool = True) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,  # values never stand in error messages, and so not in the log
        connect_args={"isolation_level": None, "async_creator_fn": one_hop.connect},
    )
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if not read_only:
            _enter_wal(cursor)
            cursor.execute("PRAGMA synchronous=FULL")
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
