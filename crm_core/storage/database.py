"""Sessions over the engines: one that writes at a time, and a few that read."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, inspect, text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError  # noqa: A004 - of the pool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.sql import Insert

from crm_core.storage import engines
from crm_core.storage.mysql import NAMES as MYSQL
from crm_core.storage.mysql import is_out_of_order as mysql_is_out_of_order


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
    if type(cause).__module__.startswith("pymysql"):
        return mysql_is_out_of_order(cause)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | InterfaceError | TimeoutError | ConnectionError)


class Database:
    """Hands out sessions: `write()` commits when its block ends well, `read()` can change nothing.

    Whoever opened a session commits it; nobody in the middle does. What holds on SQLite holds on PostgreSQL
    and MariaDB, too (docs/decisions/0020).
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._prepare_folder()
        self._writer, self._reader = engines.writing(self.url), engines.reading(self.url)
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autoflush=False)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        self._glances = async_sessionmaker(engines.glancing(self._reader), expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One write transaction: committed at the end of the block, rolled back when it raises."""
        async with self._write_sessions.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one moment; the database refuses any change made through it."""
        async with self._read_sessions() as session:
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """As `read`, without the crossings that a transaction costs: for one statement, which is its own snapshot."""
        async with self._glances() as session:
            yield session

    async def empty_log(self) -> bool:
        """Let nothing that was deleted stand in a write-ahead log of ours any more; False: try again soon."""
        return await engines.empty_log(self._writer)

    async def settle_log(self) -> None:
        """Between large transactions: bring a write-ahead log of ours into the file, so that no commit has to."""
        await engines.settle_log(self._reader)

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
        await self._reader.dispose()

    def migration_engine(self) -> AsyncEngine:
        """An engine of its own for migrations; the caller disposes of it."""
        return engines.migrating(self.url)

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
    """An INSERT that leaves rows alone whose key is there already; how many those were, it does not tell."""
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    if dialect in MYSQL:
        key = inspect(table).primary_key[0].name
        # INSERT IGNORE would also let pass what breaks a foreign key or does not fit its column.
        return mysql.insert(table).on_duplicate_key_update({key: text(key)})
    return insert(table).prefix_with("OR IGNORE", dialect="sqlite")
